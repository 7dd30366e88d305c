//! Lines in the first column that are a value by the look of them, though oslo.config reads an option.
//!
//! It finds which; what to say of them the rules know.

use std::net::IpAddr;

use crate::catalog;
use crate::lint::{AssignmentId, Context};
use crate::oslo::stack::Site;
use crate::rules::format::value_lines;
use crate::text::Span;

/// What a value is that stands where an option belongs.
pub(in crate::rules) enum Kind {
    /// A URL; with its scheme, which is read as the name.
    Url(String),
    /// An address with a port.
    Address,
    /// An object of JSON.
    Json,
    /// A word with a colon in it, below an option without a value.
    Word(String),
}

/// What the line at `place` is instead of an option; `None` where it may be one.
pub(in crate::rules) fn kind(context: &Context<'_>, place: AssignmentId) -> Option<Kind> {
    let (document, assignment) = (context.stack.document(place), context.stack.assignment(place));
    let bytes = document.source().bytes();
    if bytes.get(assignment.separator()) != Some(&b':') {
        return None;
    }
    let (key, value) = (document.key(assignment), assignment.first().of(bytes));
    let is_scheme = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'+' | b'.' | b'-');
    // `name://…` and nothing between them, as URLs are written.
    let is_url = value.starts_with(b"//")
        && value.len() > 2
        && assignment.key().end == assignment.separator()
        && assignment.first().start == assignment.separator() + 1
        && key.bytes().all(is_scheme);
    let kind = if is_url {
        Kind::Url(key.clone().into_owned())
    } else if key.len() > 2 && key.starts_with(['{', '"', '\'']) && key.ends_with(['"', '\'']) {
        Kind::Json
    } else if key.parse::<IpAddr>().is_ok() && value.first().is_some_and(u8::is_ascii_digit) {
        Kind::Address
    } else if is_word_below_nothing(context, place) {
        Kind::Word(key.clone().into_owned())
    } else {
        return None;
    };
    (!catalog::is_known_anywhere(context.stack.group(place), &key)).then_some(kind)
}

/// Whether the line is `word:…` with no blank in it, and the option above takes that for the value that it lacks.
fn is_word_below_nothing(context: &Context<'_>, place: AssignmentId) -> bool {
    let (document, assignment) = (context.stack.document(place), context.stack.assignment(place));
    let line = Span::new(assignment.key().start, assignment.first().end);
    let text = document.text(line);
    let is_word =
        !text.contains(char::is_whitespace) && assignment.continuations() == 0 && !assignment.first().is_empty();
    let above = above(context, place).filter(|_| is_word);
    let is_empty = |above: &AssignmentId| context.stack.value(Site::File(*above)).is_empty();
    let option = above.filter(is_empty).and_then(|above| context.to.option_at(above));
    option.is_some_and(|named| value_lines::takes(&context.to, named.option, &text))
}

/// The assignment of the same section right above, only blank lines between.
pub(in crate::rules) fn above(context: &Context<'_>, place: AssignmentId) -> Option<AssignmentId> {
    let assignment = place.assignment.checked_sub(1)?;
    let above = AssignmentId { assignment, ..place };
    let (document, one, next) = (
        context.stack.document(place),
        context.stack.assignment(above),
        context.stack.assignment(place),
    );
    let between = Span::new(one.span().end, next.span().start);
    let is_blank = between
        .of(document.source().bytes())
        .iter()
        .all(u8::is_ascii_whitespace);
    (one.section() == next.section() && is_blank).then_some(above)
}
