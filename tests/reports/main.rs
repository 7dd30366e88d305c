//! Reports for other programs, read by those that they are for: official schemas and real consumers, and a tool that makes the
//! edits of a report knowing nothing of novamend.

mod consumers;
mod edits;
#[path = "../harness/mod.rs"]
mod harness;
mod places;
#[path = "../oracle/python.rs"]
mod python;
#[path = "../oracle/run.rs"]
mod run;
mod schemas;

use std::process::ExitCode;

fn main() -> ExitCode {
    harness::run(&[consumers::TESTS, edits::TESTS, places::TESTS, schemas::TESTS])
}
