//! `novamend explain RULE-ID`: the page of a rule, as `docs/rules` has it.

use clap::Args;

use super::documents::FormatArguments;
use super::{Failure, Outcome};
use crate::terminal::Terminal;
use novamend::catalog::spelling::hint;
use novamend::output::envelope::Kind;
use novamend::output::{Head, Part};
use novamend::rules::{self, RULES};

/// Show the page of a rule
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The rule's id, as reports show it
    #[arg(value_name = "RULE-ID")]
    rule: String,
    #[command(flatten)]
    formats: FormatArguments,
}

impl Arguments {
    /// Prints the page.
    pub(super) fn run(self, terminal: &mut Terminal<'_>) -> Result<Outcome, Failure> {
        let id = &self.rule;
        let Some(rule) = rules::by_id(id.trim()) else {
            let hint = hint(id, RULES.iter().map(|rule| rule.id));
            let why = format!("unknown rule `{id}`; {hint}`novamend rules` lists all rules");
            return Err(Failure::Refused(why));
        };
        self.formats
            .of(Kind::Explain)?
            .print(terminal, &Head::Explain, [Part::Page(rule)])?;
        Ok(Outcome::Clean)
    }
}
