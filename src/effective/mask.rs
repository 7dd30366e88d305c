//! What of a file may be shown: the lines with every secret replaced by `***`.
//!
//! What is secret, [`crate::catalog::is_secret`] says; how the lines are laid out, [`crate::output`].

use std::borrow::Cow;

use crate::catalog;
use crate::conf::document::{Document, Item, ItemKind, Malformed};
use crate::conf::layers::{Place, Site, Stack};
use crate::conf::lexer;
use crate::text::Span;

/// So many items back a rejected line is looked at as the continuation of a secret; in a file of nothing but rejected
/// lines the search would cost their square.
const FAR: usize = 64;

/// What stands in the place of a secret.
pub const MASK: &str = "***";

/// `value` of `key`, or the mask.
#[must_use]
pub fn shown<'a>(key: &str, value: &'a str) -> Cow<'a, str> {
    if catalog::is_secret(key, value) {
        Cow::Borrowed(MASK)
    } else {
        Cow::Borrowed(value)
    }
}

/// The value at `site`, or the mask.
#[must_use]
pub fn shown_at(stack: &Stack, site: Site) -> Cow<'_, str> {
    let value = stack.value(site);
    let is_secret = match site {
        Site::File(place) => is_secret_at(stack, place),
        Site::Environment(variable) => {
            let name = &stack.environment()[variable].name;
            let key = name.split_once("__").map_or(name.as_str(), |(_, key)| key);
            catalog::is_secret(key, &value)
        }
    };
    if is_secret { Cow::Borrowed(MASK) } else { value }
}

/// Whether the value at `place` must not be shown.
#[must_use]
pub fn is_secret_at(stack: &Stack, place: Place) -> bool {
    is_secret(stack.document(place), stack.assignment(place))
}

/// `text` with every secret value of `stack` that it holds replaced by the mask: a secret is hidden wherever it goes.
#[must_use]
pub fn without_secrets_of(stack: &Stack, text: &str) -> String {
    let mut shown = text.to_owned();
    for place in stack.places().filter(|&place| is_secret_at(stack, place)) {
        let (document, assignment) = (stack.document(place), stack.assignment(place));
        let written = document.text(assignment.value_span(document.source().bytes()));
        for value in [&*written, &*stack.value(Site::File(place))] {
            if !value.trim().is_empty() {
                shown = shown.replace(value, MASK);
            }
        }
    }
    shown
}

fn is_secret(document: &Document, assignment: &crate::conf::Assignment) -> bool {
    catalog::is_secret(&document.key(assignment), &document.value(assignment))
}

/// The parts of the lines in `range` that must not be shown, in order; `range` is whole lines.
#[must_use]
pub fn secrets(document: &Document, range: Span) -> Vec<Span> {
    let items = document.items();
    let first = items.partition_point(|item| item.span.end <= range.start);
    let mut found = Vec::new();
    for (index, item) in items.iter().enumerate().skip(first) {
        if item.span.start >= range.end {
            break;
        }
        match item.kind {
            ItemKind::Blank | ItemKind::Header(_) => {}
            ItemKind::Assignment(at) => in_assignment(document, at, item, &mut found),
            ItemKind::Comment => {
                for (_, line) in document.lines_of(item) {
                    if line.end >= range.start && line.start <= range.end {
                        found.extend(in_comment(document, line));
                    }
                }
            }
            ItemKind::Template => found.extend(
                document
                    .lines_of(item)
                    .filter_map(|(_, line)| in_unread(document, line)),
            ),
            ItemKind::Malformed(at) => found.extend(in_malformed(document, index, &document.malformed()[at])),
        }
    }
    found
}

/// The value of a secret assignment, line by line, so that the lines stay what they are.
fn in_assignment(document: &Document, at: usize, item: &Item, found: &mut Vec<Span>) {
    let assignment = &document.assignments()[at];
    if !is_secret(document, assignment) {
        return;
    }
    let bytes = document.source().bytes();
    if !assignment.first.is_empty() {
        found.push(assignment.first);
    }
    found.extend(
        document
            .lines_of(item)
            .skip(1)
            .map(|(_, line)| lexer::strip(bytes, line)),
    );
}

/// A commented assignment hides its value, a URL with a password the whole comment.
fn in_comment(document: &Document, line: Span) -> Option<Span> {
    let bytes = document.source().bytes();
    // Offsets are those of the bytes: a lossy text is longer wherever the file is not UTF-8.
    let signs = line
        .of(bytes)
        .iter()
        .take_while(|&&byte| matches!(byte, b'#' | b';'))
        .count();
    let body = Span::new(line.start + signs, line.end);
    if let Some(separator) = memchr::memchr2(b':', b'=', body.of(bytes)) {
        let value = Span::new(body.start + separator + 1, body.end);
        let key = document.text(Span::new(body.start, body.start + separator));
        let value_text = document.text(value);
        if catalog::is_secret(&key, &value_text) && !value_text.trim().is_empty() {
            return Some(lexer::strip(bytes, value));
        }
    }
    catalog::is_secret("", &document.text(body)).then(|| lexer::strip(bytes, body))
}

/// Of a line oslo.config rejects nobody knows what it is: all behind a secret word goes, and what may continue a secret.
fn in_malformed(document: &Document, index: usize, malformed: &Malformed) -> Option<Span> {
    let bytes = document.source().bytes();
    let text = document.text(malformed.span);
    let is_indented = text.starts_with([' ', '\t']);
    let is_masked = speaks_of_a_secret(&text) || (is_indented && may_continue_a_secret(document, index));
    is_masked.then(|| lexer::strip(bytes, malformed.span))
}

/// A line of a template that is no line of the configuration may say anything too.
fn in_unread(document: &Document, line: Span) -> Option<Span> {
    speaks_of_a_secret(&document.text(line)).then(|| lexer::strip(document.source().bytes(), line))
}

fn speaks_of_a_secret(text: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.any(|word| catalog::is_secret(word, "")) || catalog::is_secret("", text)
}

/// Whether what stands before item `index` holds a secret; also where that is so far up that the search is not worth it.
fn may_continue_a_secret(document: &Document, index: usize) -> bool {
    let nearest = index.saturating_sub(FAR)..index;
    let is_whole = nearest.start == 0;
    let before = document.items()[nearest].iter().rev().find_map(|item| match item.kind {
        ItemKind::Assignment(at) => Some(is_secret(document, &document.assignments()[at])),
        ItemKind::Comment => document
            .lines_of(item)
            .last()
            .map(|(_, line)| in_comment(document, line).is_some()),
        ItemKind::Header(_) => Some(false),
        _ => None,
    });
    before.unwrap_or(!is_whole)
}

/// The text of `line` with its secrets masked; bytes that are not UTF-8 come as U+FFFD.
#[must_use]
pub fn masked_line(document: &Document, line: Span, secrets: &[Span]) -> String {
    let bytes = document.source().bytes();
    let mut out = String::with_capacity(line.len());
    let mut at = line.start;
    for secret in secrets.iter().filter(|s| s.start < line.end && s.end > line.start) {
        let (start, end) = (secret.start.max(line.start), secret.end.min(line.end));
        if start > at {
            out.push_str(&String::from_utf8_lossy(&bytes[at..start]));
        }
        out.push_str(MASK);
        at = end.max(at);
    }
    out.push_str(&String::from_utf8_lossy(&bytes[at.min(line.end)..line.end]));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    fn masked(text: impl AsRef<[u8]>) -> String {
        let text = text.as_ref();
        let document = Document::parse(Source::new("nova.conf", text.to_vec()));
        let whole = Span::new(0, text.len());
        let found = secrets(&document, whole);
        let lines: Vec<String> = (1..=document.source().line_count())
            .filter_map(|number| document.source().line(number))
            .map(|line| masked_line(&document, line, &found))
            .collect();
        lines.join("\n")
    }

    #[test]
    fn values_comments_and_continuation_lines_are_masked() {
        let text = "[DEFAULT]\nadmin_password = hunter2\n  more\n# metadata_proxy_shared_secret = x\nhost = a\n#see rabbit://u:p@h/\ntransport_url=rabbit://u:p@h/";
        assert_eq!(
            masked(text),
            "[DEFAULT]\nadmin_password = ***\n  ***\n# metadata_proxy_shared_secret = ***\nhost = a\n#see rabbit:***\ntransport_url=***"
        );
    }

    #[test]
    fn bytes_that_are_not_utf_8_do_not_move_the_mask() {
        let shown = masked(b"#\xff\xff\xff\xff\xff\xff\xff\xff\xff password=hush\n# password = \xff\xffhush\n");
        assert!(!shown.contains("hush"), "{shown}");
        assert_eq!(shown.matches("password").count(), 2);
    }

    #[test]
    fn lines_that_oslo_config_rejects_give_nothing_away() {
        let text = "[DEFAULT]\npassword hunter2\npassword = x\n\n  hunter2\nhost a";
        assert_eq!(masked(text), "[DEFAULT]\n***\npassword = ***\n\n  ***\nhost a");
    }
}
