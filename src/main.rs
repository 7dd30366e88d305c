//! The program `novamend`: parses arguments, calls a command, ends with its outcome.
//!
//! It decides nothing else; the only place where the process ends.

mod cli;
mod request;

use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use novamend::commands::{self, Outcome, Terminal};
use novamend::output::Style;
use novamend::output::sink::Sink;
use novamend::{plain, redact};

use cli::{Cli, Command, When};

fn main() -> ExitCode {
    novamend::plain::keep_panics_quiet("novamend");
    let parsed = Cli::command().try_get_matches();
    let parsed = parsed.and_then(|matches| Cli::from_arg_matches(&matches).map(|cli| (cli, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return misused(&error),
    };
    let mut out = Sink::new(BufWriter::with_capacity(1 << 16, io::stdout().lock()));
    let mut err = io::stderr().lock();
    let mut terminal = Terminal {
        out: &mut out,
        err: &mut err,
        style: style(cli.color),
        done: Vec::new(),
    };
    let arguments = matches.subcommand().map(|(_, arguments)| arguments);
    let ended = run(cli.command, arguments, &mut terminal).and_then(|outcome| {
        terminal.out.flush()?;
        Ok(outcome)
    });
    let is_unread = ended.is_err();
    let outcome = ended.unwrap_or_else(|error| {
        terminal.complain(&format!("the result could not be written: {error}"));
        Outcome::Failed
    });
    let done = terminal.done;
    if is_unread || out.is_closed() {
        for line in done {
            // As in `complain`.
            let _ = writeln!(err, "novamend: {line}");
        }
    }
    ExitCode::from(outcome.code())
}

/// Says what is wrong with the command line, or prints the help that was asked for. An argument that is quoted there is
/// someone's text too.
fn misused(error: &clap::Error) -> ExitCode {
    let text = error.render();
    let is_clean = std::env::args_os().all(|word| word.to_str().is_some_and(|word| !word.contains(plain::is_unsafe)));
    if is_clean && redact::hidden(&text.to_string()) == text.to_string() {
        let _ = error.print();
    } else {
        let _ = io::stderr().write_all(plain::output(&redact::hidden(&text.to_string()), false).as_bytes());
    }
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// Makes the options of `--extra-catalog` known.
fn add_extra(command: &Command) -> Result<(), String> {
    let paths = match command {
        Command::Check(arguments) => &arguments.sources.stack.extra_catalog,
        Command::Fix(arguments) => &arguments.sources.stack.extra_catalog,
        Command::Where(arguments) => &arguments.stack.extra_catalog,
        Command::Option { extra_catalog, .. } => extra_catalog,
        _ => return Ok(()),
    };
    request::add_extra(paths)
}

fn run(command: Command, matches: Option<&clap::ArgMatches>, terminal: &mut Terminal<'_>) -> io::Result<Outcome> {
    if let Err(message) = add_extra(&command) {
        return Ok(refuse(&message, terminal));
    }
    match command {
        Command::Check(arguments) => {
            let is_baseline = arguments.write_ignores;
            let report = arguments.report.clone_settings_path();
            match request::check(arguments, matches) {
                Ok(request) => {
                    let (outcome, ignores) = commands::check::run(&request, terminal)?;
                    if is_baseline {
                        return Ok(request::write_ignores(&report, &ignores, outcome, terminal));
                    }
                    Ok(outcome)
                }
                Err(message) => Ok(refuse(&message, terminal)),
            }
        }
        Command::Fix(arguments) => match request::fix(arguments, matches) {
            Ok(request) => commands::fix::run(&request, terminal),
            Err(message) => Ok(refuse(&message, terminal)),
        },
        Command::Undo(arguments) => match request::undo(&arguments) {
            Ok(options) => commands::undo::run(&arguments.paths, arguments.backup.as_deref(), &options, terminal),
            Err(message) => Ok(refuse(&message, terminal)),
        },
        Command::Where(arguments) => match request::places(arguments, matches) {
            Ok(request) => commands::places::run(&request, terminal),
            Err(message) => Ok(refuse(&message, terminal)),
        },
        Command::Option { option, format, .. } => commands::option::run(&option, format, terminal),
        Command::Upgrade { from, to, format } => commands::upgrade::run(from, to, format, terminal),
        Command::Explain { rule, format } => commands::explain::explain(&rule, format, terminal),
        Command::Rules { format } => commands::explain::list(format, terminal),
        Command::Probe(arguments) => Ok(hand_over("probe", arguments.arguments, terminal)),
        Command::Verify(arguments) => Ok(hand_over("verify", arguments.arguments, terminal)),
    }
}

/// Becomes `novamend-verify`; comes back only where that cannot be.
fn hand_over(verb: &str, arguments: Vec<std::ffi::OsString>, terminal: &mut Terminal<'_>) -> Outcome {
    let mut all = vec![verb.into()];
    all.extend(arguments);
    refuse(&commands::verify::run(&all), terminal)
}

fn refuse(message: &dyn std::fmt::Display, terminal: &mut Terminal<'_>) -> Outcome {
    terminal.complain(message);
    Outcome::Failed
}

/// How results look: what `--color` says, else the terminal and `NO_COLOR`, `CLICOLOR_FORCE`.
fn style(when: When) -> Style {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    let color = match when {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
                false
            } else {
                is_set("CLICOLOR_FORCE")
                    || (io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb"))
            }
        }
    };
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let unicode = locale.is_none_or(|locale| {
        let locale = locale.to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    });
    Style {
        color,
        unicode,
        width: columns().unwrap_or(100),
        wraps: columns().is_some(),
    }
}

/// The columns of the terminal; `None` where there is none, and nobody says so by `COLUMNS`.
fn columns() -> Option<usize> {
    let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    columns
        .or_else(|| {
            let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
            Some(usize::from(size.ws_col))
        })
        .filter(|&columns| columns > 0)
}
