//! `novamend rules`: every rule on a line.

use clap::Args;

use super::documents::FormatArguments;
use super::{Failure, Outcome};
use crate::terminal::Terminal;
use novamend::output::envelope::Kind;
use novamend::output::{Head, Part};
use novamend::rules::RULES;

/// List every rule on one line
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    formats: FormatArguments,
}

impl Arguments {
    /// Prints id, severity and what each finds.
    pub(super) fn run(self, terminal: &mut Terminal<'_>) -> Result<Outcome, Failure> {
        self.formats
            .of(Kind::Rules)?
            .print(terminal, &Head::Rules, [Part::Rules(RULES)])?;
        Ok(Outcome::Clean)
    }
}
