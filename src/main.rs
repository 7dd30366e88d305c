//! The program `novamend`: parses the arguments, runs the verb, ends with its outcome; nothing else ends the process.
#![forbid(unsafe_code)]

mod commands;
mod host_trial;
mod outcome;
mod terminal;

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use outcome::{ExitStyle, Outcome};

fn main() -> ExitCode {
    novamend::plain::keep_panics_quiet("novamend");
    let arguments: Vec<OsString> = env::args_os().collect();
    let style = ExitStyle::asked(&arguments);
    ExitCode::from(match commands::Cli::read(arguments) {
        Ok(cli) => match terminal::with(cli.color.color, |terminal| cli.verb.run(terminal)) {
            Outcome::Failed => style.failed(Outcome::Failed.code()),
            outcome => outcome.code(),
        },
        Err(error) => style.failed(terminal::misused(&error)),
    })
}
