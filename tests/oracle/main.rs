//! novamend beside the real thing: the same text, read by oslo.config of three ages, must come out the same.
//!
//! The environments come from `tests/oracle/make-venvs`. `NOVAMEND_ORACLE_DOCS` is how many documents each run makes up
//! (20,000 where it is not set), `NOVAMEND_SEED` repeats a run.

mod decisions;
#[path = "../harness/mod.rs"]
mod harness;
mod in_json;
mod novas;
mod parsing;
mod python;
mod random;
mod releases;
mod stacks;
mod uris;
mod values;

use std::process::ExitCode;

/// How many documents to make up.
fn documents() -> usize {
    std::env::var("NOVAMEND_ORACLE_DOCS").map_or(20_000, |text| text.parse().expect("a number of documents"))
}

fn main() -> ExitCode {
    harness::run(&[
        decisions::TESTS,
        parsing::TESTS,
        releases::TESTS,
        stacks::TESTS,
        uris::TESTS,
        values::TESTS,
    ])
}
