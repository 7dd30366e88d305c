//! `novamend completions SHELL`: the script by which a shell completes novamend's command line; and the answers to it.

use std::io::{self, Write};

use clap::{Args, CommandFactory};
use novamend::shell::completions::{Question, Shell};

use super::{Cli, Failure, Outcome};
use crate::host_trial::program;
use crate::terminal::Terminal;

/// Print the script by which a shell completes verbs, flags, options of nova, rules and releases
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The shell that is to load it
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Arguments {
    /// Prints the script.
    pub(super) fn run(self, terminal: &mut Terminal<'_>) -> Result<Outcome, Failure> {
        terminal.print(&self.shell.script("novamend")?)?;
        Ok(Outcome::Clean)
    }
}

/// Answers what a shell asks. What follows `verify`, `probe` or `rescue` novamend-verify answers, as it reads it; where that is missing
/// there is nothing to complete.
pub(crate) fn complete(question: Question) -> Outcome {
    let verb = question.verb().and_then(|verb| verb.to_str());
    if question.is_behind_verb() && matches!(verb, Some("verify" | "probe" | "rescue")) {
        program::become_it_to_complete(&question.words_for(program::PROGRAM));
        return Outcome::Failed;
    }
    let answered = question.answer(Cli::command());
    match answered.and_then(|answer| io::stdout().write_all(&answer)) {
        Ok(()) => Outcome::Clean,
        Err(_) => Outcome::Failed,
    }
}
