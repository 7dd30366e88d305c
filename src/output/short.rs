//! One line per finding: `path:line:column: severity[rule]: message`, for logs and `grep`.
//!
//! Why it matters and what to do is left to the other formats.

use super::{Checked, address};
use crate::lint::{Finding, Moment, Safety};
use crate::oslo::stack::Stack;
use crate::plain;

/// The first lines of a report.
#[must_use]
pub fn header(checked: &Checked) -> String {
    format!("{}\n{}", checked.line(), checked.listing())
}

/// One finding, with its line end.
#[must_use]
pub fn finding(stack: &Stack, finding: &Finding) -> String {
    let fix = match (&finding.fix, finding.moment) {
        (None, _) => String::new(),
        (Some(fix), _) if fix.safety == Safety::Unsafe => " (fixable: unsafe)".to_owned(),
        (Some(_), Some(Moment::With(release))) => format!(" (fixable with {})", release.short()),
        (Some(_), _) => " (fixable)".to_owned(),
    };
    let message = finding.message.replace('\n', " ");
    let message = plain::line(&message);
    format!(
        "{}: {}[{}]: {message}{fix}\n",
        address(stack, finding.location),
        finding.severity.as_str(),
        finding.rule.id,
    )
}
