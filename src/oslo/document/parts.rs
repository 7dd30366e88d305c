//! What a document is made of: stretches of lines, sections, assignments, lines that oslo.config rejects.
//!
//! Files have many of the first and the third, so their offsets are kept in four bytes each; [`crate::text::LONGEST`] is why
//! that is enough.

use crate::oslo::lexer;
use crate::text::Span;

/// What a stretch of the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// One or more blank lines.
    Blank,
    /// One or more comment lines.
    Comment,
    /// A section's header; index into [`super::Document::sections`].
    Header(usize),
    /// An assignment with its continuation lines; index into [`super::Document::assignments`].
    Assignment(usize),
    /// A line oslo.config rejects; index into [`super::Document::malformed`].
    Malformed(usize),
    /// One or more lines of a template that are no lines of the configuration: statements, insertions, what is not taken.
    Template,
}

/// A [`Span`] in eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ShortSpan {
    start: u32,
    end: u32,
}

impl ShortSpan {
    fn of(span: Span) -> Self {
        Self {
            start: span.start as u32,
            end: span.end as u32,
        }
    }

    fn span(self) -> Span {
        Span::new(self.start as usize, self.end as usize)
    }
}

/// An [`ItemKind`] in eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Blank,
    Comment,
    Header(u32),
    Assignment(u32),
    Malformed(u32),
    Template,
}

/// A stretch of whole lines; the items of a document partition its bytes with no gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    lines: ShortSpan,
    line: u32,
    kind: Kind,
}

impl Item {
    pub(super) fn new(kind: ItemKind, span: Span, line: usize) -> Self {
        let kind = match kind {
            ItemKind::Blank => Kind::Blank,
            ItemKind::Comment => Kind::Comment,
            ItemKind::Header(index) => Kind::Header(index as u32),
            ItemKind::Assignment(index) => Kind::Assignment(index as u32),
            ItemKind::Malformed(index) => Kind::Malformed(index as u32),
            ItemKind::Template => Kind::Template,
        };
        Self {
            lines: ShortSpan::of(span),
            line: line as u32,
            kind,
        }
    }

    /// The lines, line ends included.
    #[must_use]
    pub fn span(&self) -> Span {
        self.lines.span()
    }

    /// Number of the first line, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line as usize
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> ItemKind {
        match self.kind {
            Kind::Blank => ItemKind::Blank,
            Kind::Comment => ItemKind::Comment,
            Kind::Header(index) => ItemKind::Header(index as usize),
            Kind::Assignment(index) => ItemKind::Assignment(index as usize),
            Kind::Malformed(index) => ItemKind::Malformed(index as usize),
            Kind::Template => ItemKind::Template,
        }
    }

    /// Makes it reach to `end`.
    pub(super) fn extend(&mut self, end: usize) {
        self.lines.end = end as u32;
    }
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
    section: u32,
    lines: ShortSpan,
    line: u32,
    key: ShortSpan,
    separator: u32,
    first: ShortSpan,
    continuations: u32,
}

/// What an assignment before the first header has for its section.
const NO_SECTION: u32 = u32::MAX;

impl Assignment {
    /// The assignment of `line`, none of its continuation lines read yet.
    pub(super) fn new(section: Option<usize>, span: Span, line: usize, written: Written) -> Self {
        Self {
            section: section.map_or(NO_SECTION, |index| index as u32),
            lines: ShortSpan::of(span),
            line: line as u32,
            key: ShortSpan::of(written.key),
            separator: written.separator as u32,
            first: ShortSpan::of(written.value),
            continuations: 0,
        }
    }

    /// Index into [`super::Document::sections`]; `None` before the first header, which oslo.config rejects.
    #[must_use]
    pub fn section(&self) -> Option<usize> {
        (self.section != NO_SECTION).then_some(self.section as usize)
    }

    /// All its lines, line ends included: the unit an edit removes.
    #[must_use]
    pub fn span(&self) -> Span {
        self.lines.span()
    }

    /// Number of the first line, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line as usize
    }

    /// The option's name as written.
    #[must_use]
    pub fn key(&self) -> Span {
        self.key.span()
    }

    /// Offset of the `:` or `=`.
    #[must_use]
    pub fn separator(&self) -> usize {
        self.separator as usize
    }

    /// The first line's value, stripped, outer quotes included.
    #[must_use]
    pub fn first(&self) -> Span {
        self.first.span()
    }

    /// How many continuation lines follow.
    #[must_use]
    pub fn continuations(&self) -> usize {
        self.continuations as usize
    }

    /// From the value's first character to its last, continuation lines included: what an edit of the value replaces.
    #[must_use]
    pub fn value_span(&self, bytes: &[u8]) -> Span {
        let start = self.first().start;
        Span::new(start, lexer::strip_end(bytes, Span::new(start, self.span().end)))
    }

    /// Takes one more line, which ends at `end`.
    pub(super) fn extend(&mut self, end: usize) {
        self.lines.end = end as u32;
        self.continuations += 1;
    }
}

/// The parts of a line `key = value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) key: Span,
    pub(super) separator: usize,
    pub(super) value: Span,
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
