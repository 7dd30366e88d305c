//! `novamend explain RULE-ID` and `novamend rules`: the page of a rule; the list.
//!
//! The texts are those of `docs/rules`.

use std::io;

use super::{Outcome, Terminal};
use crate::catalog::spelling::nearest;
use crate::output::{self, Format, Head, Part};
use crate::rules::{self, RULES};

/// Prints the page of the rule called `id`.
///
/// # Errors
/// The writer's.
pub fn explain(id: &str, format: Format, terminal: &mut Terminal<'_>) -> io::Result<Outcome> {
    let Some(rule) = rules::by_id(id.trim()) else {
        let hint = nearest(id, RULES.iter().map(|rule| rule.id))
            .map_or(String::new(), |near| format!("did you mean `{near}`? "));
        terminal.complain(&format!("unknown rule `{id}`; {hint}`novamend rules` lists all rules"));
        return Ok(Outcome::Failed);
    };
    let text = output::document(format, terminal.style, &Head::Explain, [Part::Page(rule)]);
    terminal.print(&text)?;
    Ok(Outcome::Clean)
}

/// Prints every rule: id, severity, what it finds.
///
/// # Errors
/// The writer's.
pub fn list(format: Format, terminal: &mut Terminal<'_>) -> io::Result<Outcome> {
    let text = output::document(format, terminal.style, &Head::Rules, [Part::Rules(RULES)]);
    terminal.print(&text)?;
    Ok(Outcome::Clean)
}
