//! The command line of `novamend-verify`, and what its commands do with it.
//!
//! It prints and writes; it finds nothing out itself.

mod cut;
mod like;
mod report_files;
mod rescue;
mod subject;
mod verify;

use std::env;
use std::io::{self, IsTerminal, Write};
use std::panic;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use novamend::handover::Accident;
use novamend::inputs::Arguments;
use novamend::inputs::arguments::{CatalogArguments, ColorArguments, with_variables};
use novamend::output::envelope::{Envelope, Kind};
use novamend::shell::completions::{Question, Shell};
use novamend::shell::manual::Manual;
use novamend_verify::guest;
use novamend_verify::host::{Host, QEMU_CONF, Status, lines};
use novamend_verify::report::{Probe, Stacks, text};
use novamend_verify::shown;

use rescue::RescueArguments;
use subject::subjects;
use verify::VerifyArguments;

const EXIT_CODES: &str = "Exit codes: 0 works as configured, 1 does not or is not proven, 2 could not be run";

/// Test on this host what nova's live-migration timeout action will do
#[derive(Parser)]
#[command(name = "novamend-verify", version, after_help = EXIT_CODES, max_term_width = 100)]
struct Cli {
    // No report here has colours; the flag is one of both programs.
    #[command(flatten)]
    _color: ColorArguments,
    // Read before the others are: `CatalogArguments::of`.
    #[command(flatten)]
    _catalog: CatalogArguments,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show what this host can do; starts no guest and does not need root
    Probe(Common),
    Verify(Box<VerifyArguments>),
    Rescue(RescueArguments),
    /// Write the probe guest's image to standard output, for `verify --source URI --dest URI`
    GuestImage,
    /// Print the script by which a shell completes the command line of novamend-verify
    Completions {
        /// The shell that is to load it
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
    /// Print a page for man: `novamend-verify man verify | man -l -`
    Man {
        /// The command that the page is about [default: the program]
        #[arg(value_name = "COMMAND")]
        command: Option<String>,
        /// Print the names of all pages, a line each, as files are called
        #[arg(long, conflicts_with = "command")]
        list: bool,
    },
}

#[derive(Args)]
struct Common {
    #[command(flatten)]
    inputs: Arguments,
    /// Output format
    #[arg(long, value_enum, default_value = "pretty")]
    format: Format,
    /// The host's qemu.conf, which names the user that QEMU runs as
    #[arg(long, value_name = "FILE", default_value = QEMU_CONF)]
    qemu_conf: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Pretty,
    /// One document for programs (docs/json.md)
    Json,
}

impl Command {
    fn run(&self) -> Result<u8, Failure> {
        match self {
            Self::Probe(arguments) => probe(arguments),
            Self::Verify(arguments) => arguments.run(),
            Self::Rescue(arguments) => arguments.run(),
            Self::GuestImage => guest_image(),
            Self::Completions { shell } => print(&shell.script("novamend-verify")?).map(|()| 0).map_err(Into::into),
            Self::Man { command, list } => manual(command.as_deref(), *list),
        }
    }

    /// Whether who started this reads JSON.
    fn is_json(&self) -> bool {
        let format = match self {
            Self::Probe(arguments) => arguments.format,
            Self::Verify(arguments) => arguments.common.format,
            Self::Rescue(arguments) => arguments.format,
            Self::GuestImage | Self::Completions { .. } | Self::Man { .. } => Format::Pretty,
        };
        format == Format::Json
    }
}

/// Runs the command of this process's arguments; exit code 2 where it could not.
pub(crate) fn run() -> ExitCode {
    novamend::plain::keep_panics_quiet("novamend-verify");
    if let Some(question) = Question::asked(&env::args_os().collect::<Vec<_>>()) {
        return complete(question);
    }
    let cli = match arguments() {
        Ok(cli) => cli,
        Err(ended) => return ended,
    };
    let done = panic::catch_unwind(|| cli.command.run());
    // what it was has been said where it happened
    let Ok(done) = done else { return ExitCode::from(2) };
    done.map_or_else(
        |error| ExitCode::from(fail(error.as_ref(), cli.command.is_json())),
        ExitCode::from,
    )
}

/// The arguments of this process, read when the releases are known that some of them bring; or how it ends without.
fn arguments() -> Result<Cli, ExitCode> {
    let catalog = CatalogArguments::of(&env::args_os().collect::<Vec<_>>()).add();
    let catalog = catalog.map_err(|error| ExitCode::from(fail(&error, false)))?;
    let matches = with_variables(Cli::command()).try_get_matches();
    let cli = matches.and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = cli.map_err(|error| misused(&error))?;
    for line in catalog {
        let _ = writeln!(io::stderr(), "{}", shown::text(&line));
    }
    Ok(cli)
}

/// Says why there is no result, as a document too where results are documents.
fn fail(error: &dyn std::error::Error, is_json: bool) -> u8 {
    let message = shown::chain(error);
    if is_json {
        let accident = Accident {
            message: message.clone(),
        };
        let document = shown::json(&Envelope::new(Kind::Error, accident));
        // where nobody reads it, standard error still says it
        let _ = document.map_err(io::Error::from).and_then(|text| print(&text));
    }
    let message = format!("could not be run: {message}").replace('\n', "\n  ");
    let _ = writeln!(io::stderr(), "{}", shown::text(&message));
    2
}

/// Says what is wrong with the command line, or prints the help that was asked for; no secret that an argument holds.
fn misused(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    let shown = shown::text(&text);
    if error.use_stderr() && shown != text {
        let _ = io::stderr().write_all(shown.as_bytes());
    } else {
        let _ = error.print();
    }
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

type Failure = Box<dyn std::error::Error>;

/// The image on standard output, but not on a terminal.
fn guest_image() -> Result<u8, Failure> {
    let mut out = io::stdout().lock();
    if out.is_terminal() {
        return Err(
            "the image is not text; write it to a file: `novamend-verify guest-image > novamend-probe.rom`".into(),
        );
    }
    out.write_all(&guest::far_image())?;
    out.flush()?;
    Ok(0)
}

/// A page for man, or the names of all.
fn manual(command: Option<&str>, list: bool) -> Result<u8, Failure> {
    let manual = Manual::new(Cli::command(), "8");
    let text = if list {
        manual.files().join("\n") + "\n"
    } else {
        manual
            .page(command)?
            .ok_or("there is no such command; `novamend-verify --help` lists them")?
    };
    print(&text)?;
    Ok(0)
}

/// Answers what a shell asks; where it cannot, nothing is completed.
fn complete(question: Question) -> ExitCode {
    let answered = question.answer(Cli::command());
    match answered.and_then(|answer| io::stdout().write_all(&answer)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(2),
    }
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// What this host can do for each stack in turn.
fn probe(common: &Common) -> Result<u8, Failure> {
    let subjects = subjects(&common.inputs)?;
    let mut found = Vec::new();
    for subject in &subjects {
        let asked = subject.asked();
        let host = Host::look(&common.qemu_conf, &asked);
        found.push((subject, lines(&host, subject.release, &asked)));
    }
    let shown = match common.format {
        Format::Pretty => {
            let parts: Vec<String> = found
                .iter()
                .map(|(subject, lines)| {
                    let heading = subject.heading(subjects.len() > 1);
                    format!("{heading}{}", text::probe(&subject.release.to_string(), lines))
                })
                .collect();
            shown::text(&parts.join("\n"))
        }
        Format::Json => {
            let stacks = found.iter().map(|(subject, lines)| Probe {
                files: &subject.files,
                today: &subject.today,
                release: subject.release.to_string(),
                lines,
            });
            let stacks = stacks.collect();
            shown::json(&Envelope::new(Kind::Probe, Stacks { stacks }))?
        }
    };
    print(&shown)?;
    let fails = |lines: &[_]| {
        lines
            .iter()
            .any(|line: &novamend_verify::host::Line| line.status == Status::Fails)
    };
    Ok(u8::from(found.iter().any(|(_, lines)| fails(lines))))
}
