//! `novamend explain RULE-ID` and `novamend rules`: the page of a rule; the list.
//!
//! The texts are those of `docs/rules`.

use std::io;

use super::{Outcome, Terminal};
use crate::catalog::spelling::nearest;
use crate::output::table;
use crate::rules::{self, RULES};

/// Prints the page of the rule called `id`.
///
/// # Errors
/// The writer's.
pub fn explain(id: &str, terminal: &mut Terminal<'_>) -> io::Result<Outcome> {
    let Some(rule) = rules::by_id(id.trim()) else {
        let hint = nearest(id, RULES.iter().map(|rule| rule.id))
            .map_or(String::new(), |near| format!("did you mean `{near}`? "));
        terminal.complain(&format!("unknown rule `{id}`; {hint}`novamend rules` lists all rules"));
        return Ok(Outcome::Failed);
    };
    terminal.print(rule.doc)?;
    Ok(Outcome::Clean)
}

/// Prints every rule on a line: id, severity, what it finds.
///
/// # Errors
/// The writer's.
pub fn list(terminal: &mut Terminal<'_>) -> io::Result<Outcome> {
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
