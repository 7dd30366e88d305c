//! One file as oslo.config reads it: sections and assignments as spans of the untouched bytes.
//!
//! It never fails and never prints anything again: what oslo.config rejects is kept as [`Malformed`], and every change
//! is a [`crate::text::Edit`].

mod parts;
mod reader;

use std::borrow::Cow;
use std::sync::Arc;

pub use self::parts::{Assignment, Item, ItemKind, Malformed, MalformedKind, Rejection, Section};

use self::reader::{Read, Reader, lines, read_plainly};
use super::lexer;
use super::template::{Choice, Shape, Template};
use crate::text::{Source, Span, line_end};

/// A file's bytes and the spans that partition them.
#[derive(Debug)]
pub struct Document {
    source: Source,
    template: Option<Arc<Template>>,
    read: Read,
}

impl Document {
    /// Reads `source` to its end, whatever it holds; what shows to be a template is read as one, all its branches taken.
    #[must_use]
    pub fn parse(source: Source) -> Self {
        if let Some(template) = Template::recognise(source.path(), source.bytes()) {
            return Self::read_template(source, template.into(), None);
        }
        let (read, may_have_blanks) = read_plainly(source.bytes());
        if may_have_blanks {
            let values = read.assignments.iter().map(Assignment::first);
            if let Some(template) = Template::of_blanks(source.path(), source.bytes(), values) {
                return Self::read_template(source, template.into(), None);
            }
        }
        Self::of(source, None, read)
    }

    /// Reads `source` exactly as oslo.config would, also where it is a template.
    #[must_use]
    pub fn parse_literally(source: Source) -> Self {
        let (read, _) = read_plainly(source.bytes());
        Self::of(source, None, read)
    }

    /// The same bytes with the branches of the template taken as `choice` says: lines that are not taken are not there.
    #[must_use]
    pub fn rendered(&self, choice: &Choice) -> Self {
        let source = Source::new(self.source.path(), self.source.bytes().to_vec());
        match &self.template {
            Some(template) => Self::read_template(source, Arc::clone(template), Some(choice)),
            None => Self::parse_literally(source),
        }
    }

    fn read_template(source: Source, template: Arc<Template>, choice: Option<&Choice>) -> Self {
        let bytes = source.bytes();
        let (mut reader, mut count) = (Reader::new(bytes), 0);
        for (number, text, whole) in lines(bytes) {
            reader.starts(whole.start);
            if choice.is_some_and(|choice| !template.is_taken(number, choice)) {
                reader.extend(ItemKind::Template, whole, number);
            } else {
                reader.take_shape(template.shape(bytes, text), text, whole, number);
            }
            count = number;
        }
        let read = reader.end(count);
        Self::of(source, Some(template), read)
    }

    fn of(mut source: Source, template: Option<Arc<Template>>, mut read: Read) -> Self {
        source.know_lines(std::mem::take(&mut read.lines));
        Self { source, template, read }
    }

    /// What the file is a template of, where it is one.
    #[must_use]
    pub fn template(&self) -> Option<&Template> {
        self.template.as_deref()
    }

    /// Whether the value of `assignment` is known only once the template is rendered.
    #[must_use]
    pub fn is_unknown(&self, assignment: &Assignment) -> bool {
        let value = Span::new(assignment.separator() + 1, assignment.span().end);
        self.template().is_some_and(|template| template.touches(value))
    }

    /// Number of the line that opens the branch in which `assignment` lies; `None` where it is always there.
    #[must_use]
    pub fn branch(&self, assignment: &Assignment) -> Option<usize> {
        self.template().and_then(|template| template.branch(assignment.line()))
    }

    /// The bytes it was read from.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Every stretch of the file, in order, with no gap.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.read.items
    }

    /// Every section header, in order; one name may come twice.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.read.sections
    }

    /// Every assignment, in order.
    #[must_use]
    pub fn assignments(&self) -> &[Assignment] {
        &self.read.assignments
    }

    /// Every line oslo.config would reject, in the order it would meet them.
    #[must_use]
    pub fn malformed(&self) -> &[Malformed] {
        &self.read.malformed
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
        undecodable.or_else(|| self.read.malformed.first().copied().map(Rejection::Malformed))
    }

    /// The text of `span`; bytes that are not UTF-8 come as U+FFFD.
    #[must_use]
    pub fn text(&self, span: Span) -> Cow<'_, str> {
        self.source.text(span)
    }

    /// The option's name as written; names are case-sensitive.
    #[must_use]
    pub fn key(&self, assignment: &Assignment) -> Cow<'_, str> {
        self.text(assignment.key())
    }

    /// The section's name as written; empty before the first header.
    #[must_use]
    pub fn section_name(&self, assignment: &Assignment) -> Cow<'_, str> {
        assignment
            .section()
            .map_or(Cow::Borrowed(""), |index| self.text(self.read.sections[index].name))
    }

    /// The name oslo.config looks the section up by; empty before the first header.
    #[must_use]
    pub fn group(&self, assignment: &Assignment) -> &str {
        assignment
            .section()
            .map_or("", |index| &self.read.sections[index].group)
    }

    /// The value as oslo.config's parser hands it on: unquoted, continuation lines joined by `\n`, nothing substituted.
    #[must_use]
    pub fn value(&self, assignment: &Assignment) -> Cow<'_, str> {
        let bytes = self.source.bytes();
        let first = self.text(lexer::unquote(bytes, assignment.first()));
        if assignment.continuations() == 0 {
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
        let end = assignment.span().end;
        let mut at = line_end(bytes, assignment.span().start).1;
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
        self.read
            .items
            .iter()
            .filter(|item| item.kind() == ItemKind::Comment)
            .flat_map(|item| self.lines_of(item))
    }

    /// The lines of `item` with their numbers, without line ends.
    pub fn lines_of(&self, item: &Item) -> impl Iterator<Item = (usize, Span)> + '_ {
        (item.line()..).zip(self.source.lines(item.line(), item.span().end))
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

    proptest::proptest! {
        /// The lines that the reader notes are those that a search finds, also in templates.
        #[test]
        fn the_lines_are_where_they_would_be_looked_for(text in "(a|#|;| |\\[x\\]|=|\n|\r|\r\n|\\{% if x %\\}|\u{e9}){0,14}") {
            for name in ["nova.conf", "nova.conf.j2"] {
                let document = Document::parse(Source::new(name, text.clone().into_bytes()));
                let alone = Source::new(name, text.clone().into_bytes());
                proptest::prop_assert_eq!(document.source().line_count(), alone.line_count());
                for offset in 0..=text.len() {
                    proptest::prop_assert_eq!(document.source().position(offset), alone.position(offset));
                }
            }
        }
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
            assert_eq!(item.span().start, at);
            at = item.span().end;
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
