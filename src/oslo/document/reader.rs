//! How lines become items, sections and assignments: oslo.config's parser, and what templates add to it.

use super::parts::{Assignment, Item, ItemKind, Malformed, MalformedKind, Section, Written};
use crate::oslo::lexer::{self, Line};
use crate::oslo::names::normal_group;
use crate::oslo::template::{Shape, may_be_blank};
use crate::text::{LineEnds, Span, line_end, lossy};

/// So much of a text, in bytes, shows how many lines of each kind the rest has.
const SHOWS: usize = 1 << 14;

/// A text has an item for about so many bytes.
const USUAL: usize = 64;

/// What was read of a text.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// Where each line starts.
    pub(super) lines: Vec<u32>,
    pub(super) items: Vec<Item>,
    pub(super) sections: Vec<Section>,
    pub(super) assignments: Vec<Assignment>,
    pub(super) malformed: Vec<Malformed>,
}

/// Reads `bytes` as oslo.config does; the flag says whether any value may hold a blank to be filled in.
pub(super) fn read_plainly(bytes: &[u8]) -> (Read, bool) {
    let (mut reader, ends) = (Reader::new(bytes), LineEnds::of(bytes));
    let (mut at, mut number, mut may_have_blanks) = (0, 0, false);
    while let Some(&sign) = bytes.get(at) {
        let (start, first) = (at, number + 1);
        if lexer::is_comment_sign(sign) {
            // They come many together.
            while bytes.get(at).is_some_and(|&sign| lexer::is_comment_sign(sign)) {
                reader.starts(at);
                (_, at) = ends.of_line(at);
                number += 1;
            }
            reader.flush(first);
            reader.extend(ItemKind::Comment, Span::new(start, at), first);
            continue;
        }
        reader.starts(at);
        let (end, next) = ends.of_line(at);
        let (text, whole) = (Span::new(at, end), Span::new(at, next));
        (at, number) = (next, first);
        let line = match sign {
            b'\t' | b' ' | b'[' => lexer::classify(bytes, text),
            _ => lexer::classify_unindented(bytes, text),
        };
        match line {
            Line::Assignment { key, separator, value } => {
                may_have_blanks = may_have_blanks || may_be_blank(value.of(bytes));
                reader.assign(Written { key, separator, value }, whole, number);
            }
            line => reader.take(line, text, whole, number),
        }
    }
    (reader.end(number), may_have_blanks)
}

/// Every line of `bytes`: its number, from 1, its text, and the whole of it with its line end.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, Span, Span)> + '_ {
    let (mut at, mut number) = (0, 0);
    std::iter::from_fn(move || {
        (at < bytes.len()).then(|| {
            let (end, next) = line_end(bytes, at);
            number += 1;
            let line = (number, Span::new(at, end), Span::new(at, next));
            at = next;
            line
        })
    })
}

/// The parser's state between two lines.
#[allow(clippy::struct_excessive_bools)] // each is a state of its own
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    read: Read,
    open: bool,
    /// Of a template: whether something was inserted that may open a section or a value.
    has_insertion: bool,
    /// Of a template: whether the name of the section is inserted.
    in_unknown_section: bool,
    /// Of a template: whether what an indented line continues is not known.
    continues_unknown: bool,
}

impl<'a> Reader<'a> {
    /// A reader that is to be handed the lines of `bytes`, from the first to the last.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let room = (bytes.len() / USUAL).clamp(4, SHOWS / USUAL);
        Self {
            bytes,
            read: Read {
                lines: Vec::with_capacity(room),
                items: Vec::with_capacity(room),
                ..Read::default()
            },
            open: false,
            has_insertion: false,
            in_unknown_section: false,
            continues_unknown: false,
        }
    }

    /// A line starts at `at`.
    #[inline]
    pub(super) fn starts(&mut self, at: usize) {
        make_room(&mut self.read.lines, at, self.bytes.len());
        self.read.lines.push(at as u32);
    }

    /// What was read, once all `count` lines are.
    pub(super) fn end(mut self, count: usize) -> Read {
        self.flush(count);
        if let Some(last) = self.read.sections.last_mut() {
            last.end = self.bytes.len();
        }
        self.read
    }

    /// A line of a template. Statements leave nothing behind, so that a value goes on behind them.
    pub(super) fn take_shape(&mut self, shape: Shape, text: Span, whole: Span, number: usize) {
        match shape {
            Shape::Control => self.extend(ItemKind::Template, whole, number),
            Shape::Insertion => self.insert(whole, number),
            Shape::UnknownHeader => {
                self.insert(whole, number);
                self.in_unknown_section = true;
            }
            Shape::Text(Line::Continuation) if !self.open && self.continues_unknown => self.insert(whole, number),
            Shape::Text(Line::Assignment { .. }) if self.in_unknown_section => self.insert(whole, number),
            Shape::Text(line) => {
                self.in_unknown_section &= !matches!(line, Line::Header(_) | Line::UnclosedHeader);
                self.continues_unknown = false;
                self.take(line, text, whole, number);
            }
        }
    }

    /// A line of which nobody knows what it will be.
    fn insert(&mut self, whole: Span, number: usize) {
        self.flush(number);
        self.extend(ItemKind::Template, whole, number);
        self.has_insertion = true;
        self.continues_unknown = true;
    }

    pub(super) fn take(&mut self, line: Line, text: Span, whole: Span, number: usize) {
        match line {
            Line::Blank => {
                self.flush(number);
                self.extend(ItemKind::Blank, whole, number);
            }
            Line::Continuation if self.open => self.continue_assignment(whole.end),
            Line::Continuation => self.reject(MalformedKind::UnexpectedContinuation, text, whole, number),
            Line::Comment => {
                self.flush(number);
                self.extend(ItemKind::Comment, whole, number);
            }
            Line::Header(name) => {
                self.flush(number);
                self.start_section(name, whole, number, false);
                self.push(ItemKind::Header(self.read.sections.len() - 1), whole, number);
            }
            Line::UnclosedHeader => {
                self.reject(MalformedKind::UnclosedSection, text, whole, number);
                self.start_meant_section(text, whole, number);
            }
            Line::EmptyHeader => self.reject(MalformedKind::EmptySection, text, whole, number),
            Line::Assignment { key, separator, value } => {
                self.assign(Written { key, separator, value }, whole, number);
            }
            Line::EmptyKey => self.reject(MalformedKind::EmptyKey, text, whole, number),
            Line::NoSeparator => self.reject(MalformedKind::NoSeparator, text, whole, number),
        }
    }

    #[inline]
    fn assign(&mut self, written: Written, whole: Span, number: usize) {
        self.flush(number);
        let section = self.read.sections.len().checked_sub(1);
        self.push(ItemKind::Assignment(self.read.assignments.len()), whole, number);
        make_room(&mut self.read.assignments, whole.start, self.bytes.len());
        self.read
            .assignments
            .push(Assignment::new(section, whole, number, written));
        self.open = true;
    }

    /// Closes the open assignment, as oslo.config does on meeting line `number`: only here it looks for a section.
    #[inline]
    fn flush(&mut self, number: usize) {
        if std::mem::take(&mut self.open) && self.read.sections.is_empty() {
            self.close_without_section(number);
        }
    }

    fn close_without_section(&mut self, number: usize) {
        if let Some(assignment) = self.read.assignments.last().filter(|_| !self.has_insertion) {
            let end = assignment.first().end.max(assignment.separator() + 1);
            self.read.malformed.push(Malformed {
                kind: MalformedKind::NoSection,
                span: Span::new(assignment.key().start, end),
                line: assignment.line(),
                reported_line: number,
            });
        }
    }

    fn continue_assignment(&mut self, next: usize) {
        // Statements between two lines of a value are inside it.
        while self
            .read
            .items
            .last()
            .is_some_and(|item| item.kind() == ItemKind::Template)
        {
            self.read.items.pop();
        }
        if let (Some(assignment), Some(item)) = (self.read.assignments.last_mut(), self.read.items.last_mut()) {
            assignment.extend(next);
            item.extend(next);
        }
    }

    fn reject(&mut self, kind: MalformedKind, span: Span, whole: Span, number: usize) {
        self.flush(number);
        self.push(ItemKind::Malformed(self.read.malformed.len()), whole, number);
        self.read.malformed.push(Malformed {
            kind,
            span,
            line: number,
            reported_line: number,
        });
    }

    /// `[libvirt] # note`: rejected, but what follows was plainly meant for `libvirt`.
    fn start_meant_section(&mut self, text: Span, whole: Span, number: usize) {
        let bytes = self.bytes;
        let end = memchr::memchr(b']', text.of(bytes)).map_or(text.end, |found| text.start + found);
        let name = lexer::strip(bytes, Span::new(text.start + 1, end.max(text.start + 1)));
        self.start_section(name, whole, number, true);
    }

    fn start_section(&mut self, name: Span, header: Span, line: usize, malformed: bool) {
        if let Some(last) = self.read.sections.last_mut() {
            last.end = header.start;
        }
        let group = normal_group(&lossy(name.of(self.bytes))).into_owned();
        self.read.sections.push(Section {
            header,
            name,
            group,
            line,
            end: header.end,
            malformed,
        });
    }

    pub(super) fn extend(&mut self, kind: ItemKind, span: Span, line: usize) {
        match self.read.items.last_mut() {
            Some(last) if last.kind() == kind => last.extend(span.end),
            _ => self.push(kind, span, line),
        }
    }

    #[inline]
    fn push(&mut self, kind: ItemKind, span: Span, line: usize) {
        make_room(&mut self.read.items, span.start, self.bytes.len());
        self.read.items.push(Item::new(kind, span, line));
    }
}

/// Makes room for what is still to come, by what came in the first `done` of `length` bytes: to grow step by step would
/// touch memory many times. Never for far more than there is: a file may begin as it does not go on.
#[inline]
fn make_room<T>(found: &mut Vec<T>, done: usize, length: usize) {
    if found.len() == found.capacity() && done >= SHOWS {
        let count = found.len();
        let expected = (count as u64 * length as u64 / done as u64) as usize;
        found.reserve_exact((expected + expected / 64).clamp(count + count / 2, 128 * count) - count + 1);
    }
}
