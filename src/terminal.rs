//! The terminal: where results and complaints go, in which colours, how wide; and the end of a run whose reader is gone.
//!
//! It decides nothing about results.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use novamend::output::Style;
use novamend::output::sink::Sink;
use novamend::{plain, redact};

use crate::outcome::{Failure, Outcome};

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
        self.out.write_all(plain::output(text, self.style.color).as_bytes())
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
    let mut err = io::stderr().lock();
    let mut terminal = Terminal {
        out: &mut out,
        err: &mut err,
        style: style(color),
        color,
        done: Vec::new(),
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

/// How results look: what `--color` says, else the terminal and `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE`.
fn style(color: clap::ColorChoice) -> Style {
    let color = match color {
        clap::ColorChoice::Always => true,
        clap::ColorChoice::Never => false,
        clap::ColorChoice::Auto => {
            // By the older reading of the convention `0` forces nothing.
            let is_forced = std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0");
            let can_be = is_forced || io::stdout().is_terminal();
            can_be && AutoStream::choice(&io::stdout()) != ColorChoice::Never
        }
    };
    let columns = columns();
    Style {
        color,
        unicode: unicode(),
        width: columns.unwrap_or(100),
        wraps: columns.is_some(),
    }
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
