//! The program `novamend`: parses the arguments, runs the verb, ends with its outcome; nothing else ends the process.
#![forbid(unsafe_code)]

mod commands;
mod host_trial;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    novamend::plain::keep_panics_quiet("novamend");
    ExitCode::from(match commands::Cli::try_parse() {
        Ok(cli) => terminal::with(cli.color.color, |terminal| cli.verb.run(terminal)).code(),
        Err(error) => terminal::misused(&error),
    })
}
