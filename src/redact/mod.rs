//! What must not be shown, and how it is hidden: the one place that both programs ask.
//!
//! A value is secret by its name ([`names`], `words`) or for what stands in it ([`scan`]). A value that is secret at one
//! place is hidden wherever it appears ([`Secrets`]). The lines of a file are shown with their secrets masked ([`lines`]).

mod forms;
mod harmless;
pub mod known;
pub mod lines;
pub mod names;
pub mod scan;
mod search;
mod signs;
mod tokens;
mod words;

use std::borrow::Cow;

use crate::oslo::stack::{AssignmentId, Site, Stack};

pub use known::Secrets;
pub use names::{is_secret, is_secret_name};
pub use scan::hidden;

/// What stands in the place of a secret.
pub const MASK: &str = "***";

/// `value` of `key`, or the mask.
#[must_use]
pub fn shown<'a>(key: &str, value: &'a str) -> Cow<'a, str> {
    if is_secret(key, value) {
        Cow::Borrowed(MASK)
    } else {
        Cow::Borrowed(value)
    }
}

/// The value at `site`, or the mask. A secret of another place is not hidden in it: [`Secrets`] does that.
#[must_use]
pub fn shown_at(stack: &Stack, site: Site) -> Cow<'_, str> {
    let value = stack.value(site);
    let is_secret = match site {
        Site::File(place) => is_secret_at(stack, place),
        Site::Environment(variable) => is_secret(key_of(&stack.environment()[variable].name), &value),
    };
    if is_secret { Cow::Borrowed(MASK) } else { value }
}

/// Whether the value at `place` must not be shown.
#[must_use]
pub fn is_secret_at(stack: &Stack, place: AssignmentId) -> bool {
    lines::is_secret(stack.document(place), stack.assignment(place))
}

/// Whether the value at `place` must not be shown for what stands in it before `end`, an offset in its first line: behind
/// it may be a comment that became a part of the value.
#[must_use]
pub fn is_secret_up_to(stack: &Stack, place: AssignmentId, end: usize) -> bool {
    let (document, assignment) = (stack.document(place), stack.assignment(place));
    let first = document.text(assignment.first());
    let length = end.saturating_sub(assignment.first().start);
    let is_before = |secret: scan::Secret| secret.span.start < length;
    names::is_secret_by_name(&document.key(assignment), &first)
        || scan::secrets(first.as_bytes()).into_iter().any(is_before)
}

/// Says that the comments of the next file come again, in its new text: which of them hold no secret is then kept.
pub fn expect_again() {
    harmless::Harmless::of_process().expect_again();
}

/// The option's part of a variable's name.
fn key_of(variable: &str) -> &str {
    variable.split_once("__").map_or(variable, |(_, key)| key)
}
