//! What one physical line is to oslo.config (`oslo_config/iniparser.py`, the same since 3.22).
//!
//! Lines are joined to sections and assignments in [`super::document`].

use crate::text::{self, Span};

/// What a line is, before it is known whether an assignment is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Nothing but white space.
    Blank,
    /// Starts with a space or a tab: more of the open assignment's value, if there is one.
    Continuation,
    /// `#` or `;` in the first column.
    Comment,
    /// `[name]`: the span of the name, verbatim.
    Header(Span),
    /// `[` without a `]` at the end.
    UnclosedHeader,
    /// `[]`, or a lone `[`-line too short to hold a name.
    EmptyHeader,
    /// Text before the first `:` or `=`, stripped; offset of that character; the stripped rest of the line.
    Assignment {
        /// The option's name as written.
        key: Span,
        /// Offset of the `:` or `=`.
        separator: usize,
        /// The rest of the line, stripped, quotes still there.
        value: Span,
    },
    /// `=` with nothing before it.
    EmptyKey,
    /// Neither `:` nor `=`.
    NoSeparator,
}

/// Classifies the line whose text (without its line end) is `line` of `bytes`.
#[must_use]
#[inline]
pub fn classify(bytes: &[u8], line: Span) -> Line {
    let text = Span::new(line.start, strip_end(bytes, line));
    match text.of(bytes).first() {
        None => Line::Blank,
        Some(b' ' | b'\t') => Line::Continuation,
        Some(b'[') => classify_header(bytes, text),
        Some(&sign) if is_comment_sign(sign) => Line::Comment,
        Some(_) => classify_assignment(bytes, text),
    }
}

/// Whether a line that begins with `byte` is a comment, whatever else it holds.
#[must_use]
#[inline]
pub fn is_comment_sign(byte: u8) -> bool {
    matches!(byte, b'#' | b';')
}

fn classify_header(bytes: &[u8], text: Span) -> Line {
    if bytes[text.end - 1] != b']' {
        Line::UnclosedHeader
    } else if text.len() <= 2 {
        Line::EmptyHeader
    } else {
        Line::Header(Span::new(text.start + 1, text.end - 1))
    }
}

/// Classifies the line `line`, as [`classify`] does, that begins neither a comment nor a section, and is not indented.
#[allow(clippy::inline_always)] // else each of the many lines is handed over through memory
#[inline(always)]
pub(super) fn classify_unindented(bytes: &[u8], line: Span) -> Line {
    let text = Span::new(line.start, strip_end(bytes, line));
    if text.is_empty() {
        Line::Blank
    } else {
        classify_assignment(bytes, text)
    }
}

#[allow(clippy::inline_always)]
#[inline(always)]
fn classify_assignment(bytes: &[u8], text: Span) -> Line {
    let Some(found) = first_separator(text.of(bytes)) else {
        return Line::NoSeparator;
    };
    let separator = text.start + found;
    let key = strip(bytes, Span::new(text.start, separator));
    if key.is_empty() {
        return Line::EmptyKey;
    }
    Line::Assignment {
        key,
        separator,
        value: strip(bytes, Span::new(separator + 1, text.end)),
    }
}

/// Where the first `:` or `=` is.
///
/// Names are short: a search that sets out to look at many bytes at once, such as `memchr`'s, would take longer.
#[inline]
fn first_separator(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks();
    for (number, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = text::bytes_equal(word, b':') | text::bytes_equal(word, b'=');
        if found != 0 {
            return Some(number * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let found = rest.iter().position(|byte| matches!(byte, b':' | b'='))?;
    Some(bytes.len() - rest.len() + found)
}

/// `span` without white space at either end, white space being what Python's `str.isspace` says.
#[must_use]
#[inline]
pub fn strip(bytes: &[u8], span: Span) -> Span {
    let start = strip_start(bytes, span);
    Span::new(start, strip_end(bytes, Span::new(start, span.end)))
}

/// Where the text of `span` starts once leading white space is gone.
#[must_use]
#[inline]
pub fn strip_start(bytes: &[u8], span: Span) -> usize {
    match span.of(bytes) {
        [b'!'..=b'~', ..] => span.start,
        [b' ', b'!'..=b'~', ..] => span.start + 1,
        _ => behind_space(bytes, span),
    }
}

#[cold]
fn behind_space(bytes: &[u8], span: Span) -> usize {
    let mut at = span.start;
    while at < span.end {
        let width = match bytes[at] {
            byte if byte.is_ascii() => usize::from(is_ascii_space(byte)),
            _ => wide_space_at(&bytes[at..span.end]),
        };
        if width == 0 {
            break;
        }
        at += width;
    }
    at
}

/// Where the text of `span` ends once trailing white space is gone.
#[must_use]
#[inline]
pub fn strip_end(bytes: &[u8], span: Span) -> usize {
    match span.of(bytes) {
        [.., b'!'..=b'~'] => span.end,
        [.., b'!'..=b'~', b' '] => span.end - 1,
        _ => before_space(bytes, span),
    }
}

#[cold]
fn before_space(bytes: &[u8], span: Span) -> usize {
    let mut at = span.end;
    while at > span.start {
        let width = match bytes[at - 1] {
            byte if byte.is_ascii() => usize::from(is_ascii_space(byte)),
            _ => (2..=3)
                .find(|&width| at >= span.start + width && wide_space_at(&bytes[at - width..at]) == width)
                .unwrap_or(0),
        };
        if width == 0 {
            break;
        }
        at -= width;
    }
    at
}

/// White space below U+0080 as Python sees it: U+001C to U+001F belong to it, which Rust's does not include.
fn is_ascii_space(byte: u8) -> bool {
    matches!(byte, 0x09..=0x0D | 0x1C..=0x20)
}

/// Width in bytes of the white-space character above U+007F that `bytes` starts with, or 0.
fn wide_space_at(bytes: &[u8]) -> usize {
    match bytes {
        [0xC2, 0x85 | 0xA0, ..] => 2,
        [0xE1, 0x9A, 0x80, ..]
        | [0xE2, 0x80, 0x80..=0x8A | 0xA8 | 0xA9 | 0xAF, ..]
        | [0xE2, 0x81, 0x9F, ..]
        | [0xE3, 0x80, 0x80, ..] => 3,
        _ => 0,
    }
}

/// The text of a first value line without its outer quotes: both ends the same `'` or `"`, removed once.
///
/// A lone quote is its own first and last character and becomes the empty text, as in oslo.config.
#[must_use]
pub fn unquote(bytes: &[u8], value: Span) -> Span {
    match value.of(bytes) {
        [b'"' | b'\''] => Span::at(value.end),
        [first @ (b'"' | b'\''), .., last] if first == last => Span::new(value.start + 1, value.end - 1),
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Line {
        classify(text.as_bytes(), Span::new(0, text.len()))
    }

    fn value(text: &str) -> String {
        let Line::Assignment { value, .. } = of(text) else {
            panic!("no assignment: {text}")
        };
        String::from_utf8(unquote(text.as_bytes(), value).of(text.as_bytes()).to_vec()).unwrap()
    }

    #[test]
    fn white_space_is_what_python_says() {
        for space in [
            "\u{1c}", "\u{1f}", "\u{85}", "\u{a0}", "\u{1680}", "\u{2003}", "\u{2028}", "\u{202f}", "\u{3000}",
        ] {
            assert_eq!(of(space), Line::Blank, "{space:?}");
            assert_eq!(value(&format!("s ={space}1{space}")), "1", "{space:?}");
        }
        assert_ne!(of("\u{200b}"), Line::Blank, "a zero-width space is not white space");
    }

    #[test]
    fn only_a_space_or_tab_continues() {
        assert_eq!(of(" x"), Line::Continuation);
        assert_eq!(of("\tx"), Line::Continuation);
        assert_eq!(of("\u{a0}x"), Line::NoSeparator);
    }

    #[test]
    fn a_header_is_taken_verbatim_or_refused() {
        assert_eq!(of("[ libvirt ]"), Line::Header(Span::new(1, 10)));
        assert_eq!(of("[libvirt]]"), Line::Header(Span::new(1, 9)));
        assert_eq!(of("[libvirt] # c"), Line::UnclosedHeader);
        assert_eq!(of("["), Line::UnclosedHeader);
        assert_eq!(of("[]"), Line::EmptyHeader);
    }

    #[test]
    fn the_first_colon_or_equals_sign_splits() {
        assert_eq!(value("s: 1"), "1");
        assert_eq!(value("a_name_that_is_longer_than_a_word: 1=2"), "1=2");
        assert_eq!(value("a name;<9>\u{ba}\u{bd}= 1:2"), "1:2");
        assert_eq!(value("s:a=1"), "a=1");
        assert_eq!(value("s=a:1"), "a:1");
        assert_eq!(of("s"), Line::NoSeparator);
        assert_eq!(of("= 1"), Line::EmptyKey);
    }

    #[test]
    fn quotes_go_once_and_only_in_pairs() {
        for (written, read) in [
            ("s=\" x \"", " x "),
            ("s=\"", ""),
            ("s=\"\"", ""),
            ("s=\"a\",\"b\"", "a\",\"b"),
            ("s=\"\"x\"\"", "\"x\""),
            ("s=\"x'", "\"x'"),
            ("s=\"x\" # c", "\"x\" # c"),
        ] {
            assert_eq!(value(written), read, "{written}");
        }
    }
}
