//! `novamend rules`: every rule on a line.

use clap::Args;

use super::{Failure, Outcome, formats};
use crate::terminal::Terminal;
use novamend::output::{self, Format, Head, Part};
use novamend::rules::RULES;

/// List every rule on one line
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "pretty", value_parser = formats())]
    format: Format,
}

impl Arguments {
    /// Prints id, severity and what each finds.
    pub(super) fn run(self, terminal: &mut Terminal<'_>) -> Result<Outcome, Failure> {
        let text = output::document(self.format, terminal.style, &Head::Rules, [Part::Rules(RULES)]);
        terminal.print(&text)?;
        Ok(Outcome::Clean)
    }
}
