//! What a fix changes, as a unified diff with every secret masked; the only place that names similar.
//!
//! It is made for reading: a line with a mask, or with an escape (`\u{1b}`) in the place of a character that no terminal
//! should see, cannot be applied as a patch; `novamend fix --write` does that.

use std::ops::Range;

use anstyle::{AnsiColor, Style as Paint};
use serde::{Serialize, Serializer};
use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

use super::{Style, shown_path, table};
use crate::oslo::document::Document;
use crate::plain;
use crate::redact::{Secrets, lines};
use crate::text::{Span, line_end};

/// Lines of context around a change.
const CONTEXT: usize = 3;

/// A unified diff, line by line, without any secret; empty where nothing changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// The lines.
    pub lines: Vec<DiffLine>,
}

/// One line of a diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// What it is.
    pub kind: DiffKind,
    /// The line with its sign, without its end.
    pub text: String,
}

/// What a line of a diff is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffKind {
    /// The name of the file, before or after.
    File,
    /// Where the lines below are.
    Hunk,
    /// A line that stays.
    Context,
    /// A line that goes.
    Removed,
    /// A line that comes.
    Added,
    /// That the line above has no line end.
    Note,
}

impl DiffKind {
    fn paint(self) -> Paint {
        match self {
            Self::File => Paint::new().bold(),
            Self::Hunk => AnsiColor::Cyan.on_default(),
            Self::Removed => AnsiColor::Red.on_default(),
            Self::Added => AnsiColor::Green.on_default(),
            Self::Context | Self::Note => Paint::new(),
        }
    }
}

impl Diff {
    /// The whole text, in colours where `style` has them. What `style` has no room for goes on below, behind a mark in the place of
    /// the sign.
    #[must_use]
    pub fn text(&self, style: Style) -> String {
        let lines = self.lines.iter();
        lines.fold(String::new(), |mut text, line| {
            for part in broken(&line.text, style) {
                text.push_str(&style.paint(line.kind.paint(), &part));
                text.push('\n');
            }
            text
        })
    }

    fn push(&mut self, kind: DiffKind, text: String) {
        self.lines.push(DiffLine { kind, text });
    }

    /// The lines of `numbers`, each with `sign` before it.
    fn body(&mut self, (kind, sign): (DiffKind, char), lines: &Lines<'_>, numbers: Range<usize>) {
        for (number, shown) in numbers.clone().zip(lines.shown(numbers)) {
            self.push(kind, format!("{sign}{shown}"));
            if lines.has_no_line_end(number) {
                self.push(DiffKind::Note, "\\ No newline at end of file".to_owned());
            }
        }
    }
}

impl Serialize for Diff {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text(Style::default()))
    }
}

/// The unified diff from `before` to `after` without any of the secrets `known`; empty where they are the same.
#[must_use]
pub fn unified(before: &Document, after: &Document, known: &Secrets) -> Diff {
    let mut diff = Diff::default();
    if before.source().bytes() == after.source().bytes() {
        return diff;
    }
    let (old, new) = (Lines::of(before, known), Lines::of(after, known));
    let ops = capture_diff_slices(Algorithm::Myers, &old.raw, &new.raw);
    let path = shown_path(before.source().path());
    diff.push(DiffKind::File, format!("--- {path}"));
    diff.push(DiffKind::File, format!("+++ {path} (fixed)"));
    for group in group_diff_ops(ops, CONTEXT) {
        hunk(&mut diff, &group, &old, &new);
    }
    diff
}

/// A file's lines: what is compared, and what is shown of those that are.
struct Lines<'a> {
    raw: Vec<&'a [u8]>,
    /// Where each starts.
    starts: Vec<usize>,
    document: &'a Document,
    masks: lines::Shown<'a>,
}

impl<'a> Lines<'a> {
    fn of(document: &'a Document, known: &'a Secrets) -> Self {
        let bytes = document.source().bytes();
        let (mut raw, mut starts, mut at) = (Vec::new(), Vec::new(), 0);
        while at < bytes.len() {
            let next = line_end(bytes, at).1;
            raw.push(&bytes[at..next]);
            starts.push(at);
            at = next;
        }
        Self {
            raw,
            starts,
            document,
            masks: lines::Shown::new(document, known),
        }
    }

    /// The lines of `numbers` without any secret.
    fn shown(&self, numbers: Range<usize>) -> Vec<String> {
        let bytes = self.document.source().bytes();
        let offset = |number: usize| self.starts.get(number).copied().unwrap_or(bytes.len());
        let (start, end) = (offset(numbers.start), offset(numbers.end));
        let secrets = self.masks.secrets(Span::new(start, end));
        let (mut shown, mut at, mut next_secret) = (Vec::with_capacity(numbers.len()), start, 0);
        while at < end {
            let (text_end, next) = line_end(bytes, at);
            while secrets.get(next_secret).is_some_and(|secret| secret.end <= at) {
                next_secret += 1;
            }
            let of_line = &secrets[next_secret..];
            let count = of_line.iter().take_while(|secret| secret.start < text_end).count();
            let line = lines::masked_line(self.document, Span::new(at, text_end), &of_line[..count]);
            shown.push(cut(&plain::line(&line)));
            at = next;
        }
        shown
    }

    fn has_no_line_end(&self, number: usize) -> bool {
        !self.raw[number].ends_with(b"\n") && !self.raw[number].ends_with(b"\r")
    }
}

/// `line` in parts that are no wider than the terminal; nothing of it is lost.
fn broken(line: &str, style: Style) -> Vec<String> {
    if !style.breaks || table::columns(line) <= style.width {
        return vec![line.to_owned()];
    }
    let mark = if style.unicode { '↪' } else { '>' };
    let (mut parts, mut part) = (Vec::new(), String::new());
    for c in line.chars() {
        let of_char = table::columns(c.encode_utf8(&mut [0; 4]));
        if table::columns(&part) + of_char > style.width.max(2) {
            parts.push(std::mem::replace(&mut part, mark.to_string()));
        }
        part.push(c);
    }
    parts.push(part);
    parts
}

/// A line of a megabyte helps nobody.
fn cut(line: &str) -> String {
    match line.char_indices().nth(400) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

fn hunk(out: &mut Diff, group: &[DiffOp], old: &Lines<'_>, new: &Lines<'_>) {
    let (Some(first), Some(last)) = (group.first(), group.last()) else {
        return;
    };
    let header = format!(
        "@@ -{} +{} @@",
        extent(first.old_range().start, last.old_range().end),
        extent(first.new_range().start, last.new_range().end)
    );
    out.push(DiffKind::Hunk, header);
    for op in group {
        if matches!(op, DiffOp::Equal { .. }) {
            out.body((DiffKind::Context, ' '), old, op.old_range());
        } else {
            out.body((DiffKind::Removed, '-'), old, op.old_range());
            out.body((DiffKind::Added, '+'), new, op.new_range());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    fn unified(before: &Document, after: &Document, style: Style) -> String {
        super::unified(before, after, &Secrets::default()).text(style)
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
    fn colours_are_those_of_a_terminal_and_end_with_their_line() {
        let color = Style {
            color: true,
            ..Style::default()
        };
        let text = unified(&document("[a]\nb = 1\n"), &document("[a]\nb = 2\n"), color);
        assert!(text.starts_with("\u{1b}[1m--- nova.conf\u{1b}[0m\n"), "{text:?}");
        assert!(
            text.contains("\n\u{1b}[31m-b = 1\u{1b}[0m\n\u{1b}[32m+b = 2\u{1b}[0m\n"),
            "{text:?}"
        );
    }

    #[test]
    fn on_a_terminal_no_line_is_wider_than_it_and_a_pipe_gets_whole_lines() {
        let style = Style {
            width: 20,
            breaks: true,
            ..Style::default()
        };
        let long = format!("[a]\nb = {}\n", "中x".repeat(30));
        let (before, after) = (document("[a]\nb = 1\n"), document(&long));
        let text = unified(&before, &after, style);
        assert!(text.lines().all(|line| table::columns(line) <= 20), "{text}");
        assert!(text.contains("\n↪"), "{text}");
        let joined = text.replace("\n↪", "");
        assert_eq!(joined, unified(&before, &after, Style::default()));
    }

    #[test]
    fn a_change_inside_a_secret_is_shown_as_a_change() {
        let (before, after) = (document("[a]\npassword = x\n"), document("[a]\npassword = y\n"));
        assert!(unified(&before, &after, Style::default()).contains("-password = ***\n+password = ***\n"));
    }
}
