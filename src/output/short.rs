//! One line per finding: `path:line:column: severity[rule]: message`, for logs and `grep`.
//!
//! Why it matters and what to do is left to the other formats.

use super::{address, plain};
use crate::conf::layers::Stack;
use crate::lint::{Finding, Safety};

/// One finding, with its line end.
#[must_use]
pub fn finding(stack: &Stack, finding: &Finding) -> String {
    let fix = match &finding.fix {
        Some(fix) if fix.safety == Safety::Safe => " (fixable)",
        Some(_) => " (fixable: unsafe)",
        None => "",
    };
    let message = plain(&finding.message).replace('\n', " ");
    format!(
        "{}: {}[{}]: {message}{fix}\n",
        address(stack, finding.location),
        finding.severity.as_str(),
        finding.rule.id,
    )
}
