//! The terminal: where results and complaints go, in which colours, how wide; and the end of a run whose reader is gone.
//!
//! It decides nothing about results.

mod color;
mod interrupt;
mod pages;
mod progress;

use std::cell::Cell;
use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use novamend::inputs::{Sources, Survey, Upgrade};
use novamend::output::Style;
use novamend::output::sink::Sink;
use novamend::plain::Escapes;
use novamend::{plain, redact};
use supports_hyperlinks::Stream;

use crate::outcome::{Failure, Outcome};
pub(crate) use progress::Progress;

/// Where a command writes.
pub(crate) struct Terminal<'a> {
    /// Results.
    out: &'a mut dyn Write,
    /// Everything else.
    err: &'a mut dyn Write,
    /// How results look.
    pub(crate) style: Style,
    /// `--color`, for a program that this one becomes.
    pub(crate) color: clap::ColorChoice,
    /// What was done to files, a line each: said on standard error where the results cannot be read.
    pub(crate) done: Vec<String>,
    /// Whether the run is to end: see [`Self::survey`].
    pub(crate) stop: Arc<AtomicBool>,
    started: Instant,
}

impl Terminal<'_> {
    /// Says `message` on standard error, after the program's name: no secret that it quotes, and nothing that could rule
    /// a terminal. Lines behind its first are indented, so that none of them passes for a message of its own.
    pub(crate) fn complain(&mut self, message: &dyn Display) {
        let message = redact::hidden(&message.to_string()).replace('\n', "\n  ");
        // Where even standard error is gone nobody is left to tell.
        let _ = writeln!(self.err, "{}", plain::output(&format!("novamend: {message}"), false));
    }

    /// Writes a result: whatever its parts were, nothing in it could rule a terminal but colours, where the style has them.
    ///
    /// # Errors
    /// The writer's, which only a full disk or a bad file can cause: a closed pipe is no error here.
    pub(crate) fn print(&mut self, text: &str) -> io::Result<()> {
        let passing = Escapes {
            with_color: self.style.color,
            links: self.style.links,
        };
        self.out.write_all(plain::output_with(text, passing).as_bytes())
    }

    /// Reads `sources` once. From then on, or while many files are read, Ctrl-C and SIGTERM set [`Self::stop`] instead of ending the
    /// program; never while a pipe is read, which may take for ever, and only where there are files of which some can be left.
    pub(crate) fn survey(&self, sources: &Sources, upgrade: Upgrade) -> Survey {
        let is_heeded = Cell::new(false);
        let progress = OnceLock::new();
        let heed = |count| {
            is_heeded.set(true);
            interrupt::heeded(&self.stop);
            // Nobody else sets it.
            let _ = progress.set(self.progress("read", count, false));
        };
        let step = || {
            if let Some(progress) = progress.get() {
                progress.step();
            }
        };
        let survey = Survey::until(sources, upgrade, &self.stop, (heed, step));
        if survey.targets.len() > 1 && !is_heeded.get() {
            interrupt::heeded(&self.stop);
        }
        survey
    }

    /// How many of `count` files are `done` ("checked"); `is_printing` says that results come meanwhile, which on a terminal say it themselves.
    pub(crate) fn progress(&self, done: &'static str, count: usize, is_printing: bool) -> Progress {
        let is_hidden = color::is_dumb(variable) || (is_printing && io::stdout().is_terminal());
        Progress::new((done, count), self.started, is_hidden)
    }
}

impl Terminal<'_> {
    /// Writes a result that GitHub Actions is to take for commands, and no more of them than show something.
    ///
    /// # Errors
    /// As [`Self::print`].
    pub(crate) fn print_commands(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(plain::commands(text).as_bytes())
    }
}

/// Calls `run` with the terminal of this process, and says what it ended with: results are flushed, a failure is told.
pub(crate) fn with(
    color: clap::ColorChoice,
    run: impl FnOnce(&mut Terminal<'_>) -> Result<Outcome, Failure>,
) -> Outcome {
    let mut out = Sink::new(BufWriter::with_capacity(1 << 16, io::stdout().lock()));
    // Not locked: a bar is drawn by whichever thread is one further.
    let mut err = io::stderr();
    let mut terminal = Terminal {
        out: &mut out,
        err: &mut err,
        style: style(color),
        color,
        done: Vec::new(),
        stop: Arc::default(),
        started: Instant::now(),
    };
    let ended = run(&mut terminal);
    let flushed = terminal.out.flush();
    let ended = match (ended, flushed) {
        (Ok(_), Err(error)) => Err(Failure::Unwritten(error)),
        (ended, _) => ended,
    };
    let is_unread = matches!(ended, Err(Failure::Unwritten(_)));
    let outcome = ended.unwrap_or_else(|failure| {
        terminal.complain(&failure);
        Outcome::Failed
    });
    let done = terminal.done;
    if is_unread || out.is_closed() {
        for line in done {
            // As in `complain`.
            let _ = writeln!(err, "novamend: {line}");
        }
    }
    outcome
}

/// Says what is wrong with the command line, or prints the help that was asked for. An argument that is quoted there is
/// someone's text too.
pub(crate) fn misused(error: &clap::Error) -> u8 {
    let text = error.render().to_string();
    let shown = plain::output(&redact::hidden(&text), false).into_owned();
    if shown == text {
        let _ = error.print();
    } else {
        let _ = io::stderr().write_all(shown.as_bytes());
    }
    u8::try_from(error.exit_code()).unwrap_or(Outcome::Failed.code())
}

/// How results look: what `--color` says, else the terminal and what the environment says of it.
fn style(choice: clap::ColorChoice) -> Style {
    let columns = columns();
    let makes_links = !color::is_dumb(variable) && supports_hyperlinks::on(Stream::Stdout);
    Style {
        color: color::is_wanted(choice, io::stdout().is_terminal(), variable),
        unicode: unicode(),
        width: columns.unwrap_or(100),
        wraps: columns.is_some(),
        breaks: columns.is_some() && io::stdout().is_terminal(),
        links: makes_links.then(pages::start).flatten(),
        ..Style::default()
    }
}

/// Whether help and mistakes have colours; clap looks at the rest itself.
pub(crate) fn color_of_help() -> clap::ColorChoice {
    if color::is_wanted(clap::ColorChoice::Auto, false, variable) {
        clap::ColorChoice::Always
    } else {
        clap::ColorChoice::Auto
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Whether the locale can show more than ASCII; one that is not set says nothing against it.
fn unicode() -> bool {
    let is_unset = |name| std::env::var_os(name).is_none_or(|value| value.is_empty());
    ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().all(is_unset) || supports_unicode::supports_unicode()
}

/// The columns of the terminal; `None` where there is none, and nobody says so by `COLUMNS`.
fn columns() -> Option<usize> {
    let said = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    let seen = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    said.or_else(seen).filter(|&columns| columns > 0)
}
