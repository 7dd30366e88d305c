//! How lines become items, sections and assignments: oslo.config's parser, and what templates add to it.

use super::{Assignment, Item, ItemKind, Malformed, MalformedKind, Section};
use crate::oslo::lexer::{self, Line};
use crate::oslo::names::normal_group;
use crate::oslo::template::Shape;
use crate::text::Span;

/// The parser's state between two lines.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools)] // each is a state of its own
pub(super) struct Reader {
    pub(super) items: Vec<Item>,
    pub(super) sections: Vec<Section>,
    pub(super) assignments: Vec<Assignment>,
    pub(super) malformed: Vec<Malformed>,
    open: bool,
    /// Of a template: whether something was inserted that may open a section or a value.
    has_insertion: bool,
    /// Of a template: whether the name of the section is inserted.
    in_unknown_section: bool,
    /// Of a template: whether what an indented line continues is not known.
    continues_unknown: bool,
}

impl Reader {
    /// A line of a template. Statements leave nothing behind, so that a value goes on behind them.
    pub(super) fn take_shape(&mut self, bytes: &[u8], shape: Shape, text: Span, whole: Span, number: usize) {
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
                self.take(bytes, line, text, whole, number);
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

    pub(super) fn take(&mut self, bytes: &[u8], line: Line, text: Span, whole: Span, number: usize) {
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
                self.start_section(bytes, name, whole, number, false);
                self.push(ItemKind::Header(self.sections.len() - 1), whole, number);
            }
            Line::UnclosedHeader => {
                self.reject(MalformedKind::UnclosedSection, text, whole, number);
                self.start_meant_section(bytes, text, whole, number);
            }
            Line::EmptyHeader => self.reject(MalformedKind::EmptySection, text, whole, number),
            Line::Assignment { key, separator, value } => {
                self.flush(number);
                let section = self.sections.len().checked_sub(1);
                let first = value;
                self.push(ItemKind::Assignment(self.assignments.len()), whole, number);
                self.assignments.push(Assignment {
                    section,
                    span: whole,
                    line: number,
                    key,
                    separator,
                    first,
                    continuations: 0,
                });
                self.open = true;
            }
            Line::EmptyKey => self.reject(MalformedKind::EmptyKey, text, whole, number),
            Line::NoSeparator => self.reject(MalformedKind::NoSeparator, text, whole, number),
        }
    }

    /// Closes the open assignment, as oslo.config does on meeting line `number`: only here it looks for a section.
    pub(super) fn flush(&mut self, number: usize) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        if let Some(assignment) = self
            .assignments
            .last()
            .filter(|assignment| assignment.section.is_none() && !self.has_insertion)
        {
            self.malformed.push(Malformed {
                kind: MalformedKind::NoSection,
                span: Span::new(assignment.key.start, assignment.first.end.max(assignment.separator + 1)),
                line: assignment.line,
                reported_line: number,
            });
        }
    }

    fn continue_assignment(&mut self, next: usize) {
        // Statements between two lines of a value are inside it.
        while self.items.last().is_some_and(|item| item.kind == ItemKind::Template) {
            self.items.pop();
        }
        if let (Some(assignment), Some(item)) = (self.assignments.last_mut(), self.items.last_mut()) {
            assignment.span.end = next;
            assignment.continuations += 1;
            item.span.end = next;
        }
    }

    fn reject(&mut self, kind: MalformedKind, span: Span, whole: Span, number: usize) {
        self.flush(number);
        self.push(ItemKind::Malformed(self.malformed.len()), whole, number);
        self.malformed.push(Malformed {
            kind,
            span,
            line: number,
            reported_line: number,
        });
    }

    /// `[libvirt] # note`: rejected, but what follows was plainly meant for `libvirt`.
    fn start_meant_section(&mut self, bytes: &[u8], text: Span, whole: Span, number: usize) {
        let end = memchr::memchr(b']', text.of(bytes)).map_or(text.end, |found| text.start + found);
        let name = lexer::strip(bytes, Span::new(text.start + 1, end.max(text.start + 1)));
        self.start_section(bytes, name, whole, number, true);
    }

    fn start_section(&mut self, bytes: &[u8], name: Span, header: Span, line: usize, malformed: bool) {
        if let Some(last) = self.sections.last_mut() {
            last.end = header.start;
        }
        let group = normal_group(&String::from_utf8_lossy(name.of(bytes))).into_owned();
        self.sections.push(Section {
            header,
            name,
            group,
            line,
            end: header.end,
            malformed,
        });
    }

    pub(super) fn extend(&mut self, kind: ItemKind, span: Span, line: usize) {
        match self.items.last_mut() {
            Some(last) if last.kind == kind => last.span.end = span.end,
            _ => self.push(kind, span, line),
        }
    }

    fn push(&mut self, kind: ItemKind, span: Span, line: usize) {
        self.items.push(Item { span, line, kind });
    }
}
