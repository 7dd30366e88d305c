//! Whether a file is a template of a configuration, and what its lines are then: text, control lines, insertions.
//!
//! It recognises by what no nova.conf can hold; what the rendered file says it does not know. A file that is no template is
//! read without it.

mod branches;
mod evidence;
mod marks;
mod scan;

use std::fmt;
use std::path::Path;

use self::branches::Branches;
use self::evidence::Sign;
use self::scan::{Kind, Token};
use super::lexer::{self, Line};
use crate::text::Span;

pub use self::branches::Choice;
pub(super) use self::marks::may_be_blank;

/// What a template is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `{{ name }}`, `{% if %}`: Ansible, charms, kolla.
    Jinja,
    /// `{{ .Values.name }}`, `{{- if }}`: Helm, consul-template.
    Go,
    /// `<%= name %>`: Puppet, Chef.
    Erb,
    /// `% if`, `<%def>`, `${name}`.
    Mako,
    /// `${NAME}` in capitals: envsubst or a shell.
    Shell,
    /// `@NAME@`, `%NAME%`, `__NAME__`, `<name>`: replaced by a script, or by hand.
    Marks,
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jinja => "a Jinja template",
            Self::Go => "a Go template",
            Self::Erb => "an ERB or EPP template",
            Self::Mako => "a Mako template",
            Self::Shell => "a template for envsubst or a shell",
            Self::Marks => "a file with placeholders to fill in",
        })
    }
}

/// What one line of a template is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Only statements or comments of the template language: nothing of it is left once rendered.
    Control,
    /// A line that holds nothing but an insertion, or whose option is inserted: nobody knows what stands there.
    Insertion,
    /// A section header whose name is inserted.
    UnknownHeader,
    /// A line as oslo.config will see it, but for insertions in its value.
    Text(Line),
}

/// A file's template language and where it stands.
#[derive(Debug)]
pub struct Template {
    language: Language,
    evidence: Option<usize>,
    is_named_so: bool,
    tokens: Vec<Token>,
    branches: Branches,
}

impl Template {
    /// Reads `bytes` of the file `path` as a template; `None` where neither a marker nor the name shows that it is one. Blanks
    /// to be filled in may still do so: [`Self::of_blanks`].
    #[must_use]
    pub fn recognise(path: &Path, bytes: &[u8]) -> Option<Self> {
        evidence::find(path, bytes).map(|found| Self::of(path, bytes, &found))
    }

    /// Whether anything in `bytes` opens an insertion, a statement or a comment of a template, closed or not; lines that begin with `%`
    /// are not looked for.
    pub(crate) fn may_open(bytes: &[u8]) -> bool {
        evidence::may_open(bytes)
    }

    /// Reads `bytes` of the file `path` as a template of blanks to be filled in; `None` where its `values` show none. They are
    /// those of the first lines of all assignments, stripped.
    pub fn of_blanks(path: &Path, bytes: &[u8], values: impl Iterator<Item = Span>) -> Option<Self> {
        evidence::find_blanks(path, bytes, values).map(|found| Self::of(path, bytes, &found))
    }

    fn of(path: &Path, bytes: &[u8], found: &Sign) -> Self {
        let mut template = Self {
            language: found.language,
            evidence: found.at,
            is_named_so: evidence::is_named_so(path),
            tokens: scan::tokens(bytes, found),
            branches: Branches::default(),
        };
        template.branches = Branches::of(bytes, &template.tokens, |line| template.text_start(bytes, line));
        template
    }

    /// What it is written in.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// Offset of the first thing that shows it; `None` where only the file's name does.
    #[must_use]
    pub fn evidence(&self) -> Option<usize> {
        self.evidence
    }

    /// Whether the file's name says that it is a template.
    #[must_use]
    pub fn is_named_so(&self) -> bool {
        self.is_named_so
    }

    /// Whether it holds statements, and not insertions alone.
    #[must_use]
    pub fn has_statements(&self) -> bool {
        self.tokens
            .iter()
            .any(|token| !matches!(token.kind, Kind::Output | Kind::Comment))
    }

    /// Whether `span` holds anything that is filled in, left out or chosen when the file is rendered.
    #[must_use]
    pub fn touches(&self, span: Span) -> bool {
        !self.tokens_in(span).is_empty()
    }

    /// Line `number`, whose text (without its line end) is `line`.
    #[must_use]
    pub fn shape(&self, bytes: &[u8], line: Span) -> Shape {
        let tokens = self.tokens_in(line);
        if tokens.is_empty() {
            return Shape::Text(lexer::classify(
                bytes,
                Span::new(self.text_start(bytes, line), line.end),
            ));
        }
        if is_covered(bytes, line, tokens) {
            let is_output = tokens.iter().all(|token| token.kind == Kind::Output);
            let is_indented = matches!(bytes[line.start], b' ' | b'\t');
            return match (is_output, is_indented) {
                (true, true) => Shape::Text(Line::Continuation),
                (true, false) => Shape::Insertion,
                (false, _) => Shape::Control,
            };
        }
        let start = self.text_start(bytes, line);
        self.mixed(
            bytes,
            Span::new(start, lexer::strip_end(bytes, Span::new(start, line.end))),
        )
    }

    /// A line that is part text, part template.
    fn mixed(&self, bytes: &[u8], text: Span) -> Shape {
        if !self.touches(text) {
            return Shape::Text(lexer::classify(bytes, text));
        }
        match bytes.get(text.start) {
            Some(b' ' | b'\t') => return Shape::Text(Line::Continuation),
            Some(b'#' | b';') => return Shape::Text(Line::Comment),
            Some(b'[') => return Shape::UnknownHeader,
            _ => {}
        }
        let mut separators = memchr::memchr2_iter(b':', b'=', text.of(bytes)).map(|at| text.start + at);
        let Some(separator) = separators.find(|&at| !self.touches(Span::new(at, at + 1))) else {
            return Shape::Insertion;
        };
        let key = lexer::strip(bytes, Span::new(text.start, separator));
        if key.is_empty() || self.touches(key) {
            return Shape::Insertion;
        }
        let value = lexer::strip(bytes, Span::new(separator + 1, text.end));
        Shape::Text(Line::Assignment { key, separator, value })
    }

    /// Where the text of a line starts: behind the statements it opens with, and behind the blanks that a `-%}` takes away.
    fn text_start(&self, bytes: &[u8], line: Span) -> usize {
        let mut start = line.start;
        let first = self.tokens.partition_point(|token| token.span.end <= line.start);
        let before = first.checked_sub(1).map(|index| &self.tokens[index]);
        let is_trimmed = before.is_some_and(|token| {
            let gap = Span::new(token.span.end, line.start);
            token.trims_after && lexer::strip(bytes, gap).is_empty()
        });
        if is_trimmed {
            start = lexer::strip_start(bytes, line);
        }
        for token in &self.tokens[first..] {
            let next = lexer::strip_start(bytes, Span::new(start, line.end));
            if token.kind == Kind::Output || token.span.start > next {
                break;
            }
            start = lexer::strip_start(bytes, Span::new(token.span.end.min(line.end), line.end));
        }
        start
    }

    fn tokens_in(&self, span: Span) -> &[Token] {
        let first = self.tokens.partition_point(|token| token.span.end <= span.start);
        let count = self.tokens[first..].partition_point(|token| token.span.start < span.end);
        &self.tokens[first..first + count]
    }

    /// Number of the line that opens the branch in which line `number` lies; `None` where it is always there.
    #[must_use]
    pub fn branch(&self, number: usize) -> Option<usize> {
        self.branches.opening(number)
    }

    /// Whether line `number` is there when branches are taken as `choice` says.
    #[must_use]
    pub fn is_taken(&self, number: usize, choice: &Choice) -> bool {
        self.branches.is_taken(number, choice)
    }

    /// Ways to take its branches: not all of them, but each branch, and each pair of branches of two blocks that are taken
    /// first or last. Empty where nothing is to be chosen.
    #[must_use]
    pub fn choices(&self) -> Vec<Choice> {
        self.branches.choices()
    }
}

/// Whether nothing but white space stands beside `tokens` in `line`.
fn is_covered(bytes: &[u8], line: Span, tokens: &[Token]) -> bool {
    let mut at = line.start;
    for token in tokens {
        if token.span.start > at && !lexer::strip(bytes, Span::new(at, token.span.start)).is_empty() {
            return false;
        }
        at = token.span.end.min(line.end);
    }
    lexer::strip(bytes, Span::new(at, line.end)).is_empty()
}

#[cfg(test)]
mod tests;
