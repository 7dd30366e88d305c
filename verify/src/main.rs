//! The program `novamend-verify`.
//!
//! Its first argument may name one of the sandbox's own processes; everything else is the command line of [`cli`].

mod cli;

use std::env;
use std::process::ExitCode;

use novamend_verify::preflight::{certificates, userfault};
use novamend_verify::sandbox::{INNER, Mode, daemon, init, supervisor};
use novamend_verify::worker;

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().collect();
    let words: Vec<_> = arguments.iter().map(|word| word.to_str().unwrap_or_default()).collect();
    match words.as_slice() {
        [_, INNER, "supervisor", mode, kvm, parent] => supervisor::run(mode_of(mode), kvm, parent),
        [_, INNER, "init", mode, kvm] => init::run(mode_of(mode), kvm),
        [_, INNER, "worker"] => worker::run(),
        [_, INNER, "daemon", host, setup] => daemon::run(host, setup),
        [_, INNER, "userfault"] => userfault::run(),
        [_, INNER, "reads", uid, gid, groups, ..] => certificates::run(uid, gid, groups, &arguments[6..]),
        _ => cli::run(),
    }
}

fn mode_of(word: &str) -> Mode {
    if word == Mode::System.word() {
        Mode::System
    } else {
        Mode::Session
    }
}
