//! The program `novamend-verify`.
//!
//! Its first argument may name one of the sandbox's own processes; everything else is the command line of [`cli`].

mod cli;

use std::env;
use std::io::{self, Write};
use std::panic;
use std::process::ExitCode;

use novamend_verify::environment;
use novamend_verify::host::{certificates, programs, userfault};
use novamend_verify::nova_itself;
use novamend_verify::process::INNER;
use novamend_verify::sandbox::{daemon, init, supervisor, worker};
use novamend_verify::trial::conditions::Mode;

fn main() -> ExitCode {
    panic::set_hook(Box::new(|panic| {
        // such as a thread that the system does not give; the place is for whoever reports it
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let said = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let said = said.unwrap_or("novamend-verify crashed");
        let place = panic.location().map_or_else(String::new, |place| format!(" ({place})"));
        let _ = writeln!(io::stderr(), "could not be run: {said}{place}");
    }));
    let arguments: Vec<_> = env::args_os().collect();
    let words: Vec<_> = arguments.iter().map(|word| word.to_str().unwrap_or_default()).collect();
    match words.as_slice() {
        [_, INNER, "supervisor", mode, kvm, parent] => supervisor::run(mode_of(mode), kvm, parent),
        [_, INNER, "init", mode, kvm] => init::run(mode_of(mode), kvm),
        [_, INNER, "worker"] => worker::run(),
        [_, INNER, "daemon", host, setup] => daemon::run(host, setup),
        [_, INNER, "nova", _, _] => nova_itself::run(&arguments[3], &arguments[4]),
        [_, INNER, "nova-inside", _, _] => nova_itself::become_nova(&arguments[3], &arguments[4]),
        [_, INNER, "userfault"] => userfault::run(),
        [_, INNER, "run", parent, _, ..] => programs::run(parent, &arguments[4..]),
        [_, INNER, "reads", uid, gid, groups, ..] => certificates::run(uid, gid, groups, &arguments[6..]),
        // Nothing is asked of the host, whose /proc may be missing in a root that is only being made.
        [_, "--version" | "-V" | "--help" | "-h"] => cli::run(),
        _ => match environment::clean() {
            Ok(()) => cli::run(),
            Err(error) => {
                let why = match error.kind() {
                    io::ErrorKind::NotFound => "/proc is not mounted here".to_owned(),
                    _ => error.to_string(),
                };
                let _ = writeln!(
                    io::stderr(),
                    "could not be run: novamend-verify could not restart itself: {why}"
                );
                ExitCode::from(2)
            }
        },
    }
}

fn mode_of(word: &str) -> Mode {
    if word == Mode::System.word() {
        Mode::System
    } else {
        Mode::Session
    }
}
