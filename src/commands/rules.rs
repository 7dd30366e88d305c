//! `novamend rules`: every rule on a line.

use clap::Args;

use super::{Failure, Outcome};
use crate::terminal::Terminal;
use novamend::output::table;
use novamend::rules::RULES;

/// List every rule on one line
#[derive(Debug, Args)]
pub(crate) struct Arguments {}

impl Arguments {
    /// Prints id, severity and what each finds.
    pub(super) fn run(self, terminal: &mut Terminal<'_>) -> Result<Outcome, Failure> {
        let Self {} = self;
        let rows: Vec<Vec<String>> = RULES
            .iter()
            .map(|rule| {
                let cells = [rule.id, rule.severity.as_str(), rule.summary];
                cells.map(str::to_owned).to_vec()
            })
            .collect();
        terminal.print(&table::aligned(&rows))?;
        Ok(Outcome::Clean)
    }
}
