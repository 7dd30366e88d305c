//! The program `novamend`: parses the arguments, runs the verb, ends with its outcome; nothing else ends the process.
#![forbid(unsafe_code)]

mod commands;
mod host_trial;
mod outcome;
mod terminal;

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    novamend::plain::keep_panics_quiet("novamend");
    ExitCode::from(match commands::Cli::read(env::args_os().collect()) {
        Ok(cli) => terminal::with(cli.color.color, |terminal| cli.verb.run(terminal)).code(),
        Err(error) => terminal::misused(&error),
    })
}
