//! The program `novamend`: parses the arguments, runs the verb, ends with its outcome; nothing else ends the process.
#![forbid(unsafe_code)]

mod commands;
mod host_trial;
mod outcome;
mod terminal;

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use clap::ColorChoice;
use novamend::inputs::arguments::CatalogArguments;
use novamend::shell::completions::Question;
use outcome::{ExitStyle, Outcome};

/// musl's own allocator is for one thread, and files are read by many.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    novamend::plain::keep_panics_quiet("novamend");
    let arguments: Vec<OsString> = env::args_os().collect();
    if let Some(question) = Question::asked(&arguments) {
        return ExitCode::from(commands::complete(question).code());
    }
    let style = ExitStyle::asked(&arguments);
    // The other arguments may name a release that comes by these.
    let catalog = match CatalogArguments::of(&arguments).add() {
        Ok(catalog) => catalog,
        Err(error) => {
            let outcome = terminal::with(ColorChoice::Auto, |_| Err(error.into()));
            return ExitCode::from(style.failed(outcome.code()));
        }
    };
    ExitCode::from(match commands::Cli::read(arguments) {
        Ok(cli) => match terminal::with(cli.color.color, |terminal| {
            for line in catalog {
                terminal.complain(&line);
            }
            cli.verb.run(terminal)
        }) {
            Outcome::Failed => style.failed(Outcome::Failed.code()),
            outcome => outcome.code(),
        },
        Err(error) => style.failed(terminal::misused(&error)),
    })
}
