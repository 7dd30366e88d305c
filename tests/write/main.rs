//! Writing on real file systems: what is kept, what is refused, and what stays whole when something goes wrong.
//!
//! Nothing is mocked: full disks, read-only mounts, ordinary users, immutable files and kills are real ones. What a
//! A test that needs what the machine lacks is skipped; where `CI` is set and the tests run as root, it fails.

// `*.conf` is a case-sensitive pattern, and so are our own names.
#![allow(clippy::case_sensitive_file_extension_comparisons)]

#[path = "../harness/chance.rs"]
mod chance;
mod faults;
mod ground;
#[path = "../harness/mod.rs"]
mod harness;
mod injected;
mod kept;
mod kills;
mod other;
mod program;
mod refused;
mod several;
mod undone;

use std::process::ExitCode;

fn main() -> ExitCode {
    other::work().unwrap_or_else(|| {
        harness::run(&[
            faults::TESTS,
            injected::TESTS,
            kept::TESTS,
            kills::TESTS,
            program::TESTS,
            refused::TESTS,
            several::TESTS,
            undone::TESTS,
        ])
    })
}
