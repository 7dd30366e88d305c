//! Placeholders without a language: `@NAME@`, `%NAME%`, `__NAME__`, `<name>`, `${NAME}` in capitals.
//!
//! oslo.config's own references look like the last, so one alone shows nothing: it may be a slip.

use std::collections::BTreeSet;

use super::Language;
use super::scan::{Kind, Token};
use crate::oslo::lexer::{self, Line};
use crate::text::{self, Span, line_end};

/// What a placeholder shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TemplateMark {
    /// Nobody writes it for anything else.
    Plain,
    /// It may be a reference to an option, wrongly written.
    Capitals,
}

/// The language and offset of the first mark in `values`, where they show that blanks are to be filled in; `is_sketch`: the
/// file's name says so too.
pub(super) fn find(bytes: &[u8], values: impl Iterator<Item = Span>, is_sketch: bool) -> Option<(Language, usize)> {
    let mut capitals: BTreeSet<&[u8]> = BTreeSet::new();
    let mut first = None;
    let mut plain = None;
    let mut found = |span: Span, mark| match mark {
        TemplateMark::Plain => plain = plain.or(Some(span.start)),
        TemplateMark::Capitals => {
            let name = span.of(bytes);
            capitals.insert(
                name.strip_prefix(b"${")
                    .map_or(&name[1..], |name| &name[..name.len() - 1]),
            );
            first = first.or(Some(span.start));
        }
    };
    for value in values.filter(|value| may_be_blank(value.of(bytes))) {
        in_value(bytes, lexer::unquote(bytes, value), &mut found);
    }
    let is_shell = capitals.len() > usize::from(!is_sketch);
    match (plain, first) {
        (_, Some(at)) if is_shell => Some((Language::Shell, at)),
        (Some(at), _) => Some((Language::Marks, at)),
        _ => None,
    }
}

/// All marks of a file that has them.
pub(super) fn tokens(bytes: &[u8]) -> Vec<Token> {
    let mut tokens = Vec::new();
    each(bytes, |span, _| {
        tokens.push(Token {
            span,
            kind: Kind::Output,
            trims_after: false,
        });
    });
    tokens
}

/// Calls `found` with every mark in a value.
fn each(bytes: &[u8], mut found: impl FnMut(Span, TemplateMark)) {
    let mut at = 0;
    while at < bytes.len() {
        let (end, next) = line_end(bytes, at);
        if let Line::Assignment { value, .. } = lexer::classify(bytes, Span::new(at, end))
            && may_be_blank(value.of(bytes))
        {
            in_value(bytes, lexer::unquote(bytes, value), &mut found);
        }
        at = next;
    }
}

/// Whether a value holds what a mark begins with: a quick look that most values do not pass.
#[inline]
pub(in crate::oslo) fn may_be_blank(value: &[u8]) -> bool {
    let Some(last) = value.last_chunk() else {
        return holds_sign(value);
    };
    let (words, _) = value.as_chunks();
    let found = words.iter().chain([last]).fold(0, |found, word| {
        let word = u64::from_le_bytes(*word);
        let found = found | text::bytes_equal(word, b'@') | text::bytes_equal(word, b'%');
        let found = found | text::bytes_equal(word, b'<') | text::bytes_equal(word, b'$');
        found | text::bytes_equal(word, b'_')
    });
    found != 0 && holds_sign(value)
}

fn holds_sign(value: &[u8]) -> bool {
    let is_sign = |byte: &u8| matches!(byte, b'@' | b'%' | b'<' | b'$');
    value.iter().any(is_sign) || value.windows(2).any(|pair| pair == b"__")
}

fn in_value(bytes: &[u8], value: Span, found: &mut impl FnMut(Span, TemplateMark)) {
    let text = value.of(bytes);
    if is_guide(text) || text.strip_prefix(b"$").is_some_and(is_name) {
        let mark = if text[0] == b'$' {
            TemplateMark::Capitals
        } else {
            TemplateMark::Plain
        };
        found(value, mark);
        return;
    }
    let mut at = 0;
    while at < text.len() {
        match mark_at(&text[at..])
            .filter(|(length, mark)| *mark == TemplateMark::Capitals || stands_alone(text, at, *length))
        {
            Some((length, mark)) => {
                found(Span::new(value.start + at, value.start + at + length), mark);
                at += length;
            }
            None => at += 1,
        }
    }
}

/// Length and kind of the mark that `text` starts with.
fn mark_at(text: &[u8]) -> Option<(usize, TemplateMark)> {
    let (open, close, mark): (&[u8], &[u8], TemplateMark) = match text {
        [b'@', ..] => (b"@", b"@", TemplateMark::Plain),
        [b'%', ..] => (b"%", b"%", TemplateMark::Plain),
        [b'_', b'_', ..] => (b"__", b"__", TemplateMark::Plain),
        [b'$', b'{', ..] => (b"${", b"}", TemplateMark::Capitals),
        _ => return None,
    };
    let rest = &text[open.len()..];
    let length = memchr::memmem::find(rest, close)?;
    let name = &rest[..length];
    // `${NAME:-otherwise}` is a shell's.
    let name = match memchr::memmem::find(name, b":-") {
        Some(at) if mark == TemplateMark::Capitals => &name[..at],
        _ => name,
    };
    is_name(name).then_some((open.len() + length + close.len(), mark))
}

/// Whether no word goes on at either end: `p@SSWORD@host` and `caf%C3%A9` are no marks.
fn stands_alone(text: &[u8], start: usize, length: usize) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let before = start.checked_sub(1).and_then(|at| text.get(at));
    !before.is_some_and(is_word) && !text.get(start + length).is_some_and(is_word)
}

/// `RABBIT_PASSWORD`: capitals, at least two.
fn is_name(name: &[u8]) -> bool {
    let is_capital = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    name.len() > 1 && name[0].is_ascii_uppercase() && name.iter().all(is_capital)
}

/// `<SERVICE_PASSWORD>`, `<controller ip>`: a blank of a guide. `<None>` is what samples show for no default.
fn is_guide(value: &[u8]) -> bool {
    let Some(name) = value.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">")) else {
        return false;
    };
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b' ');
    name.first().is_some_and(u8::is_ascii_alphabetic) && name.iter().all(is_word) && !name.eq_ignore_ascii_case(b"none")
}
