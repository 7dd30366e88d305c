//! What a fix changes, as a unified diff with every secret masked; the only place that names similar.
//!
//! It is made for reading: a line with a mask, or with an escape (`\u{1b}`) in the place of a character that no terminal
//! should see, cannot be applied as a patch; `novamend fix --write` does that.

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

use super::{Style, shown_path};
use crate::oslo::document::Document;
use crate::plain;
use crate::redact::{Secrets, lines};
use crate::text::Span;

/// Lines of context around a change.
const CONTEXT: usize = 3;

/// The unified diff from `before` to `after` without any of the secrets `known`; empty where they are the same.
#[must_use]
pub fn unified(before: &Document, after: &Document, known: &Secrets, style: Style) -> String {
    if before.source().bytes() == after.source().bytes() {
        return String::new();
    }
    let (old, new) = (Lines::of(before, known), Lines::of(after, known));
    let ops = capture_diff_slices(Algorithm::Myers, &old.raw, &new.raw);
    let path = shown_path(before.source().path());
    let mut out = Painter {
        style,
        text: String::new(),
    };
    out.line("1", &format!("--- {path}"));
    out.line("1", &format!("+++ {path} (fixed)"));
    for group in group_diff_ops(ops, CONTEXT) {
        hunk(&mut out, &group, &old, &new);
    }
    out.text
}

/// A file's lines: what is compared, and what is shown.
struct Lines<'a> {
    raw: Vec<&'a [u8]>,
    shown: Vec<String>,
}

impl<'a> Lines<'a> {
    fn of(document: &'a Document, known: &Secrets) -> Self {
        let bytes = document.source().bytes();
        let secrets = lines::secrets(document, Span::new(0, bytes.len()), known);
        let (mut raw, mut shown) = (Vec::new(), Vec::new());
        let (mut at, mut next_secret) = (0, 0);
        while at < bytes.len() {
            let (end, next) = crate::text::line_end(bytes, at);
            while secrets.get(next_secret).is_some_and(|secret| secret.end <= at) {
                next_secret += 1;
            }
            let count = secrets[next_secret..]
                .iter()
                .take_while(|secret| secret.start < end)
                .count();
            let line = lines::masked_line(document, Span::new(at, end), &secrets[next_secret..next_secret + count]);
            raw.push(&bytes[at..next]);
            shown.push(cut(&plain::line(&line)));
            at = next;
        }
        Self { raw, shown }
    }

    fn has_no_line_end(&self, index: usize) -> bool {
        !self.raw[index].ends_with(b"\n") && !self.raw[index].ends_with(b"\r")
    }
}

/// A line of a megabyte helps nobody.
fn cut(line: &str) -> String {
    match line.char_indices().nth(400) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

fn hunk(out: &mut Painter, group: &[DiffOp], old: &Lines<'_>, new: &Lines<'_>) {
    let (Some(first), Some(last)) = (group.first(), group.last()) else {
        return;
    };
    let header = format!(
        "@@ -{} +{} @@",
        extent(first.old_range().start, last.old_range().end),
        extent(first.new_range().start, last.new_range().end)
    );
    out.line("36", &header);
    for op in group {
        if matches!(op, DiffOp::Equal { .. }) {
            op.old_range().for_each(|line| out.body("", ' ', old, line));
        } else {
            op.old_range().for_each(|line| out.body("31", '-', old, line));
            op.new_range().for_each(|line| out.body("32", '+', new, line));
        }
    }
}

fn extent(start: usize, end: usize) -> String {
    match end - start {
        1 => format!("{}", start + 1),
        0 => format!("{start},0"),
        count => format!("{},{count}", start + 1),
    }
}

struct Painter {
    style: Style,
    text: String,
}

impl Painter {
    fn line(&mut self, color: &str, line: &str) {
        if self.style.color && !color.is_empty() {
            self.text.push_str(&format!("\u{1b}[{color}m{line}\u{1b}[0m\n"));
        } else {
            self.text.push_str(line);
            self.text.push('\n');
        }
    }

    fn body(&mut self, color: &str, sign: char, lines: &Lines<'_>, index: usize) {
        self.line(color, &format!("{sign}{}", lines.shown[index]));
        if lines.has_no_line_end(index) {
            self.line("", "\\ No newline at end of file");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    fn unified(before: &Document, after: &Document, style: Style) -> String {
        super::unified(before, after, &Secrets::default(), style)
    }

    fn document(text: &str) -> Document {
        Document::parse(Source::new("nova.conf", text.as_bytes().to_vec()))
    }

    #[test]
    fn a_diff_shows_what_changes_and_masks_what_is_secret() {
        let before = document("[a]\nadmin_password = x\nb = 1\nc = 2");
        let after = document("[a]\nadmin_password = x\nc = 2");
        assert_eq!(
            unified(&before, &after, Style::default()),
            "--- nova.conf\n+++ nova.conf (fixed)\n@@ -1,4 +1,3 @@\n [a]\n admin_password = ***\n-b = 1\n c = 2\n\\ No newline at end of file\n"
        );
        assert_eq!(unified(&before, &before, Style::default()), "");
    }

    #[test]
    fn a_change_inside_a_secret_is_shown_as_a_change() {
        let (before, after) = (document("[a]\npassword = x\n"), document("[a]\npassword = y\n"));
        assert!(unified(&before, &after, Style::default()).contains("-password = ***\n+password = ***\n"));
    }
}
