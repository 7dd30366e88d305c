//! One file as oslo.config reads it: sections and assignments as spans of the untouched bytes.
//!
//! It never fails and never prints anything again: what oslo.config rejects is kept as [`Malformed`], and every change
//! is a [`crate::text::Edit`].

mod reader;

use std::borrow::Cow;
use std::sync::Arc;

use self::reader::Reader;
use super::lexer;
use super::template::{Choice, Shape, Template};
use crate::text::{Source, Span, line_end};

/// What a stretch of the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// One or more blank lines.
    Blank,
    /// One or more comment lines.
    Comment,
    /// A section's header; index into [`Document::sections`].
    Header(usize),
    /// An assignment with its continuation lines; index into [`Document::assignments`].
    Assignment(usize),
    /// A line oslo.config rejects; index into [`Document::malformed`].
    Malformed(usize),
    /// One or more lines of a template that are no lines of the configuration: statements, insertions, what is not taken.
    Template,
}

/// A stretch of whole lines; the items of a document partition its bytes with no gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// The lines, line ends included.
    pub span: Span,
    /// Number of the first line, from 1.
    pub line: usize,
    /// What it is.
    pub kind: ItemKind,
}

/// One `[name]` line and what follows it up to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The header line, line end included.
    pub header: Span,
    /// The name between the brackets, verbatim.
    pub name: Span,
    /// The name oslo.config looks it up by: lower-cased unless it is exactly `DEFAULT`.
    pub group: String,
    /// Number of the header line, from 1.
    pub line: usize,
    /// Where the next header starts, or the text ends.
    pub end: usize,
    /// Whether oslo.config rejects the header; the name is then what was plainly meant.
    pub malformed: bool,
}

/// One `key = value` with all its continuation lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Index into [`Document::sections`]; `None` before the first header, which oslo.config rejects.
    pub section: Option<usize>,
    /// All its lines, line ends included: the unit an edit removes.
    pub span: Span,
    /// Number of the first line, from 1.
    pub line: usize,
    /// The option's name as written.
    pub key: Span,
    /// Offset of the `:` or `=`.
    pub separator: usize,
    /// The first line's value, stripped, outer quotes included.
    pub first: Span,
    /// How many continuation lines follow.
    pub continuations: usize,
}

impl Assignment {
    /// From the value's first character to its last, continuation lines included: what an edit of the value replaces.
    #[must_use]
    pub fn value_span(&self, bytes: &[u8]) -> Span {
        Span::new(
            self.first.start,
            lexer::strip_end(bytes, Span::new(self.first.start, self.span.end)),
        )
    }
}

/// Why oslo.config rejects a line; `Display` is oslo.config's own wording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedKind {
    /// An indented line with no assignment open.
    #[error("Unexpected continuation line")]
    UnexpectedContinuation,
    /// `[name` without its bracket at the end of the line.
    #[error("Invalid section (must end with ])")]
    UnclosedSection,
    /// `[]`.
    #[error("Empty section name")]
    EmptySection,
    /// Neither `:` nor `=`.
    #[error("No ':' or '=' found in assignment")]
    NoSeparator,
    /// `= value`.
    #[error("Key cannot be empty")]
    EmptyKey,
    /// An assignment before the first section.
    #[error("Section must be started before assignment")]
    NoSection,
}

/// A line that makes oslo.config refuse the whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Why.
    pub kind: MalformedKind,
    /// The offending text, without its line end.
    pub span: Span,
    /// Number of the line it stands on, from 1.
    pub line: usize,
    /// The line number oslo.config names, which can be a later one ([`MalformedKind::NoSection`]).
    pub reported_line: usize,
}

/// What oslo.config says of a file it does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Not UTF-8: the service dies with a `UnicodeDecodeError`; offset of the first bad byte.
    Undecodable(usize),
    /// The first malformed line.
    Malformed(Malformed),
}

/// A file's bytes and the spans that partition them.
#[derive(Debug)]
pub struct Document {
    source: Source,
    template: Option<Arc<Template>>,
    items: Vec<Item>,
    sections: Vec<Section>,
    assignments: Vec<Assignment>,
    malformed: Vec<Malformed>,
}

impl Document {
    /// Reads `source` to its end, whatever it holds; what shows to be a template is read as one, all its branches taken.
    #[must_use]
    pub fn parse(source: Source) -> Self {
        let template = Template::recognise(source.path(), source.bytes()).map(Arc::new);
        Self::read(source, template, None)
    }

    /// Reads `source` exactly as oslo.config would, also where it is a template.
    #[must_use]
    pub fn parse_literally(source: Source) -> Self {
        Self::read(source, None, None)
    }

    /// The same bytes with the branches of the template taken as `choice` says: lines that are not taken are not there.
    #[must_use]
    pub fn rendered(&self, choice: &Choice) -> Self {
        let source = Source::new(self.source.path(), self.source.bytes().to_vec());
        Self::read(source, self.template.clone(), Some(choice))
    }

    fn read(source: Source, template: Option<Arc<Template>>, choice: Option<&Choice>) -> Self {
        let mut reader = Reader::default();
        let bytes = source.bytes();
        let (mut at, mut number) = (0, 0);
        while at < bytes.len() {
            let (text_end, next) = line_end(bytes, at);
            number += 1;
            let (text, whole) = (Span::new(at, text_end), Span::new(at, next));
            match template.as_deref() {
                None => reader.take(bytes, lexer::classify(bytes, text), text, whole, number),
                Some(template) if choice.is_some_and(|choice| !template.is_taken(number, choice)) => {
                    reader.extend(ItemKind::Template, whole, number);
                }
                Some(template) => reader.take_shape(bytes, template.shape(bytes, text), text, whole, number),
            }
            at = next;
        }
        reader.flush(number);
        if let Some(last) = reader.sections.last_mut() {
            last.end = bytes.len();
        }
        let Reader {
            items,
            sections,
            assignments,
            malformed,
            ..
        } = reader;
        Self {
            source,
            template,
            items,
            sections,
            assignments,
            malformed,
        }
    }

    /// What the file is a template of, where it is one.
    #[must_use]
    pub fn template(&self) -> Option<&Template> {
        self.template.as_deref()
    }

    /// Whether the value of `assignment` is known only once the template is rendered.
    #[must_use]
    pub fn is_unknown(&self, assignment: &Assignment) -> bool {
        let value = Span::new(assignment.separator + 1, assignment.span.end);
        self.template().is_some_and(|template| template.touches(value))
    }

    /// Number of the line that opens the branch in which `assignment` lies; `None` where it is always there.
    #[must_use]
    pub fn branch(&self, assignment: &Assignment) -> Option<usize> {
        self.template().and_then(|template| template.branch(assignment.line))
    }

    /// The bytes it was read from.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Every stretch of the file, in order, with no gap.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Every section header, in order; one name may come twice.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Every assignment, in order.
    #[must_use]
    pub fn assignments(&self) -> &[Assignment] {
        &self.assignments
    }

    /// Every line oslo.config would reject, in the order it would meet them.
    #[must_use]
    pub fn malformed(&self) -> &[Malformed] {
        &self.malformed
    }

    /// Offset of the first byte that is not UTF-8.
    #[must_use]
    pub fn undecodable(&self) -> Option<usize> {
        std::str::from_utf8(self.source.bytes())
            .err()
            .map(|error| error.valid_up_to())
    }

    /// Whether the file starts with a UTF-8 byte-order mark, which oslo.config takes for text.
    #[must_use]
    pub fn has_byte_order_mark(&self) -> bool {
        self.source.bytes().starts_with(b"\xEF\xBB\xBF")
    }

    /// What oslo.config says instead of reading the file; `None` when it reads it.
    #[must_use]
    pub fn rejection(&self) -> Option<Rejection> {
        let undecodable = self.undecodable().map(Rejection::Undecodable);
        undecodable.or_else(|| self.malformed.first().copied().map(Rejection::Malformed))
    }

    /// The text of `span`; bytes that are not UTF-8 come as U+FFFD.
    #[must_use]
    pub fn text(&self, span: Span) -> Cow<'_, str> {
        String::from_utf8_lossy(span.of(self.source.bytes()))
    }

    /// The option's name as written; names are case-sensitive.
    #[must_use]
    pub fn key(&self, assignment: &Assignment) -> Cow<'_, str> {
        self.text(assignment.key)
    }

    /// The section's name as written; empty before the first header.
    #[must_use]
    pub fn section_name(&self, assignment: &Assignment) -> Cow<'_, str> {
        assignment
            .section
            .map_or(Cow::Borrowed(""), |index| self.text(self.sections[index].name))
    }

    /// The name oslo.config looks the section up by; empty before the first header.
    #[must_use]
    pub fn group(&self, assignment: &Assignment) -> &str {
        assignment.section.map_or("", |index| &self.sections[index].group)
    }

    /// The value as oslo.config's parser hands it on: unquoted, continuation lines joined by `\n`, nothing substituted.
    #[must_use]
    pub fn value(&self, assignment: &Assignment) -> Cow<'_, str> {
        let bytes = self.source.bytes();
        let first = self.text(lexer::unquote(bytes, assignment.first));
        if assignment.continuations == 0 {
            return first;
        }
        let mut value = first.into_owned();
        for line in self.continuation_lines(assignment) {
            value.push('\n');
            value.push_str(&self.text(line));
        }
        Cow::Owned(value)
    }

    /// The continuation lines of `assignment`, stripped; statements of a template between them are none.
    pub fn continuation_lines(&self, assignment: &Assignment) -> impl Iterator<Item = Span> + '_ {
        let bytes = self.source.bytes();
        let end = assignment.span.end;
        let mut at = line_end(bytes, assignment.span.start).1;
        let lines = std::iter::from_fn(move || {
            (at < end).then(|| {
                let (text_end, next) = line_end(bytes, at);
                let line = Span::new(at, text_end);
                at = next;
                line
            })
        });
        let is_continuation = |line: &Span| {
            let shape = self.template().map(|template| template.shape(bytes, *line));
            shape.is_none_or(|shape| shape == Shape::Text(lexer::Line::Continuation))
        };
        lines.filter(is_continuation).map(|line| lexer::strip(bytes, line))
    }

    /// Every comment line with its number, `#` or `;` included, in order.
    pub fn comment_lines(&self) -> impl Iterator<Item = (usize, Span)> + '_ {
        self.items
            .iter()
            .filter(|item| item.kind == ItemKind::Comment)
            .flat_map(|item| self.lines_of(item))
    }

    /// The lines of `item` with their numbers, without line ends.
    pub fn lines_of(&self, item: &Item) -> impl Iterator<Item = (usize, Span)> + '_ {
        let (mut at, mut number, end) = (item.span.start, item.line, item.span.end);
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let (text_end, next) = line_end(self.source.bytes(), at);
                let line = (number, Span::new(at, text_end));
                (at, number) = (next, number + 1);
                line
            })
        })
    }

    /// The line end this file uses (that of its first line), `\n` where it has none.
    #[must_use]
    pub fn line_ending(&self) -> &'static str {
        let bytes = self.source.bytes();
        let (end, next) = line_end(bytes, 0);
        match &bytes[end..next] {
            b"\r\n" => "\r\n",
            b"\r" => "\r",
            _ => "\n",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Document {
        Document::parse(Source::new("nova.conf", text.as_bytes().to_vec()))
    }

    fn values(text: &str) -> Vec<(String, String, String)> {
        let document = read(text);
        let one = |a: &Assignment| {
            (
                document.section_name(a).into_owned(),
                document.key(a).into_owned(),
                document.value(a).into_owned(),
            )
        };
        document.assignments().iter().map(one).collect()
    }

    fn rejections(text: &str) -> Vec<(MalformedKind, usize, usize)> {
        read(text)
            .malformed()
            .iter()
            .map(|m| (m.kind, m.line, m.reported_line))
            .collect()
    }

    #[test]
    fn nothing_inside_a_continuation_is_special() {
        let text = "[DEFAULT]\na = 0\n  s = 1\n  # c\n  [libvirt]\nb = 2\n";
        let expected = [("DEFAULT", "a", "0\ns = 1\n# c\n[libvirt]"), ("DEFAULT", "b", "2")];
        assert_eq!(values(text), expected.map(|(s, k, v)| (s.into(), k.into(), v.into())));
    }

    #[test]
    fn a_quote_that_spans_lines_stays() {
        assert_eq!(values("[a]\nk = \"1\n  2\"\n")[0].2, "\"1\n2\"");
        assert_eq!(values("[a]\nk =\n  x\n")[0].2, "\nx");
    }

    #[test]
    fn a_blank_line_a_comment_and_a_header_end_a_value() {
        for gap in ["\n", "   \n", "# c\n", "[b]\n"] {
            let text = format!("[a]\nk = 1\n{gap} 2\n");
            assert_eq!(
                rejections(&text),
                [(MalformedKind::UnexpectedContinuation, 4, 4)],
                "{gap:?}"
            );
        }
    }

    #[test]
    fn an_assignment_before_any_section_is_reported_where_it_is_flushed() {
        assert_eq!(rejections("k = 1\n  2\n\n[a]\n"), [(MalformedKind::NoSection, 1, 3)]);
        assert_eq!(rejections("k = 1"), [(MalformedKind::NoSection, 1, 1)]);
    }

    #[test]
    fn reading_goes_on_after_a_malformed_line() {
        let text = "[DEFAULT]\nnonsense\n[libvirt] # mine\nk = 1\n";
        let kinds: Vec<_> = rejections(text)
            .into_iter()
            .map(|(kind, line, _)| (kind, line))
            .collect();
        assert_eq!(
            kinds,
            [(MalformedKind::NoSeparator, 2), (MalformedKind::UnclosedSection, 3)]
        );
        assert_eq!(values(text)[0].0, "libvirt");
    }

    #[test]
    fn a_byte_order_mark_is_text() {
        let document = read("\u{feff}[DEFAULT]\nk = 1\n");
        assert!(document.has_byte_order_mark());
        assert_eq!(document.malformed()[0].kind, MalformedKind::NoSeparator);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_found_and_kept() {
        let document = Document::parse(Source::new("x", b"[a]\nk = \xff\n".to_vec()));
        assert_eq!(document.rejection(), Some(Rejection::Undecodable(8)));
        assert_eq!(document.value(&document.assignments()[0]), "\u{fffd}");
    }

    #[test]
    fn the_items_partition_the_bytes() {
        let text = "# a\n\n[x]\r\nk = 1\n 2\r; c\n\n  \n= 3\n[y";
        let document = read(text);
        let mut at = 0;
        for item in document.items() {
            assert_eq!(item.span.start, at);
            at = item.span.end;
        }
        assert_eq!(at, text.len());
    }

    #[test]
    fn section_names_are_looked_up_in_lower_case_but_for_default() {
        let groups: Vec<_> = read("[DEFAULT]\n[Default]\n[LibVirt]\n[ x ]\n")
            .sections()
            .iter()
            .map(|s| s.group.clone())
            .collect();
        assert_eq!(groups, ["DEFAULT", "default", "libvirt", " x "]);
    }
}
