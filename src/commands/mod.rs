//! One file per verb: load, call, print. Arguments come as plain requests, results go to the writers given.
//!
//! They know neither the command line (that is `cli`) nor how a process ends (that is `main`).

pub mod check;
pub mod explain;
pub mod fix;
pub mod installed;
pub mod option;
pub mod places;
pub mod proven;
pub mod sources;
pub mod undo;
pub mod upgrade;
pub mod verify;

use std::io::{self, Write};

pub use sources::Sources;

use crate::lint::Severity;
use crate::output::{Counts, Style};
use crate::plain;
use crate::redact;

/// How a command ended; `main` makes the exit code of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Nothing at or above `--fail-on`: exit code 0.
    Clean,
    /// Findings at or above it: exit code 1.
    Findings,
    /// Something could not be done: exit code 2.
    Failed,
}

impl Outcome {
    /// The exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Failed => 2,
        }
    }
}

/// From which severity on findings make a command fail; `None`: never.
pub type FailOn = Option<Severity>;

/// Where a command writes.
pub struct Terminal<'a> {
    /// Results.
    pub out: &'a mut dyn Write,
    /// Everything else.
    pub err: &'a mut dyn Write,
    /// How results look.
    pub style: Style,
    /// What was done to files, a line each: said on standard error where the results cannot be read.
    pub done: Vec<String>,
}

impl Terminal<'_> {
    /// Says `message` on standard error, after the program's name: no secret that it quotes, and nothing that could rule
    /// a terminal. Lines behind its first are indented, so that none of them passes for a message of its own.
    pub fn complain(&mut self, message: &dyn std::fmt::Display) {
        let message = redact::hidden(&message.to_string()).replace('\n', "\n  ");
        // Where even standard error is gone nobody is left to tell.
        let _ = writeln!(self.err, "{}", plain::output(&format!("novamend: {message}"), false));
    }

    /// Writes a result: whatever its parts were, nothing in it could rule a terminal but colours, where the style has them.
    ///
    /// # Errors
    /// The writer's, which only a full disk or a bad file can cause: a closed pipe is no error here.
    pub fn print(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(plain::output(text, self.style.color).as_bytes())
    }
}

/// The outcome for `counts` under `--fail-on`.
#[must_use]
pub fn outcome(counts: Counts, fail_on: FailOn) -> Outcome {
    match fail_on {
        Some(severity) if counts.at_or_above(severity) > 0 => Outcome::Findings,
        _ => Outcome::Clean,
    }
}
