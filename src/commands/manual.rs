//! `novamend man [VERB]`: a page for `man`, as the packages install it.

use clap::{Args, CommandFactory};
use novamend::catalog::spelling::hint;
use novamend::shell::manual::Manual;

use super::{Cli, Failure, Outcome};
use crate::terminal::Terminal;

/// Print a page for man: `novamend man check | man -l -`
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The verb that the page is about [default: the program]
    #[arg(value_name = "VERB")]
    verb: Option<String>,
    /// Print the names of all pages, a line each, as files are called
    #[arg(long, conflicts_with = "verb")]
    list: bool,
}

impl Arguments {
    /// Prints the page.
    pub(super) fn run(self, terminal: &mut Terminal<'_>) -> Result<Outcome, Failure> {
        let manual = Manual::new(Cli::command(), "1");
        let text = match (&self.verb, self.list) {
            (_, true) => manual.files().join("\n") + "\n",
            (verb, false) => manual
                .page(verb.as_deref())?
                .ok_or_else(|| unknown(verb.as_deref().unwrap_or_default()))?,
        };
        terminal.print(&text)?;
        Ok(Outcome::Clean)
    }
}

fn unknown(verb: &str) -> Failure {
    let command = Cli::command();
    let verbs = command.get_subcommands().map(clap::Command::get_name);
    let hint = hint(verb, verbs);
    Failure::Refused(format!("no verb `{verb}`; {hint}`novamend --help` lists them"))
}
