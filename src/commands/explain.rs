//! `novamend explain RULE-ID`: the page of a rule, as `docs/rules` has it.

use clap::Args;

use super::{Failure, Outcome, formats};
use crate::terminal::Terminal;
use novamend::catalog::spelling::nearest;
use novamend::output::{self, Format, Head, Part};
use novamend::rules::{self, RULES};

/// Show the page of a rule
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The rule's id, as reports show it
    #[arg(value_name = "RULE-ID")]
    rule: String,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "pretty", value_parser = formats())]
    format: Format,
}

impl Arguments {
    /// Prints the page.
    pub(super) fn run(self, terminal: &mut Terminal<'_>) -> Result<Outcome, Failure> {
        let id = &self.rule;
        let Some(rule) = rules::by_id(id.trim()) else {
            let hint = nearest(id, RULES.iter().map(|rule| rule.id))
                .map_or(String::new(), |near| format!("did you mean `{near}`? "));
            let why = format!("unknown rule `{id}`; {hint}`novamend rules` lists all rules");
            return Err(Failure::Refused(why));
        };
        let text = output::document(self.format, terminal.style, &Head::Explain, [Part::Page(rule)]);
        terminal.print(&text)?;
        Ok(Outcome::Clean)
    }
}
