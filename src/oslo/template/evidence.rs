//! What shows that a file is a template: markers that no nova.conf can hold, or the file's name.

use std::path::Path;

use super::scan::{closing, mako_line};
use super::{Language, marks};
use crate::text::{Span, line_end};

/// What was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sign {
    pub(super) language: Language,
    /// Offset of the first marker.
    pub(super) at: Option<usize>,
    /// Whether `{{`, `{%` and `{#` are markers.
    pub(super) has_braces: bool,
    /// Whether `<%` is.
    pub(super) has_angles: bool,
}

/// The words a statement of Jinja begins with.
const STATEMENTS: [&str; 25] = [
    "if",
    "elif",
    "else",
    "endif",
    "for",
    "endfor",
    "set",
    "endset",
    "include",
    "import",
    "from",
    "macro",
    "endmacro",
    "block",
    "endblock",
    "raw",
    "endraw",
    "filter",
    "endfilter",
    "with",
    "endwith",
    "call",
    "endcall",
    "extends",
    "do",
];
/// The words a statement of Ruby or Mako begins with, where no blank stands before it.
const CODE: [&str; 14] = [
    "if", "unless", "else", "elsif", "end", "for", "while", "case", "when", "def", "block", "include", "inherit",
    "page",
];

/// Looks for markers in `bytes`, and in the name of `path`.
pub(super) fn find(path: &Path, bytes: &[u8]) -> Option<Sign> {
    let named = named(path);
    // Each marker holds one of these two, and most files neither.
    let has_any = memchr::memchr2(b'{', b'%', bytes).is_some();
    let look = |first: fn(&[u8]) -> Option<usize>| if has_any { first(bytes) } else { None };
    let (braces, angles, mako) = (look(first_braces), look(first_angles), look(first_mako));
    let language = match (braces, angles, mako) {
        (_, _, Some(_)) => Language::Mako,
        (Some(at), _, _) if angles.is_none_or(|angle| at < angle) => {
            if is_go(bytes, at) {
                Language::Go
            } else {
                Language::Jinja
            }
        }
        (_, Some(_), _) => Language::Erb,
        _ => named?,
    };
    Some(Sign {
        has_braces: braces.is_some() || matches!(named, Some(Language::Jinja | Language::Go)),
        has_angles: angles.is_some() || matches!(named, Some(Language::Erb | Language::Mako)),
        ..Sign::of(language, [braces, angles, mako].into_iter().flatten().min())
    })
}

/// As [`super::Template::may_open`].
pub(super) fn may_open(bytes: &[u8]) -> bool {
    memchr::memchr2_iter(b'{', b'%', bytes).any(|at| match bytes[at] {
        b'%' => at.checked_sub(1).is_some_and(|before| bytes[before] == b'<'),
        _ => matches!(bytes.get(at + 1), Some(b'{' | b'%' | b'#')),
    })
}

/// Looks for blanks to be filled in in the `values` of a file that [`find`] does not take for a template.
pub(super) fn find_blanks(path: &Path, bytes: &[u8], values: impl Iterator<Item = Span>) -> Option<Sign> {
    let (language, at) = marks::find(bytes, values, is_sketch(path))?;
    Some(Sign::of(language, Some(at)))
}

impl Sign {
    fn of(language: Language, at: Option<usize>) -> Self {
        Self {
            language,
            at,
            has_braces: false,
            has_angles: false,
        }
    }
}

/// The language a file's name promises.
fn named(path: &Path) -> Option<Language> {
    match path.extension()?.to_str()? {
        "j2" | "jinja" | "jinja2" => Some(Language::Jinja),
        "erb" | "epp" => Some(Language::Erb),
        "mako" => Some(Language::Mako),
        "gotmpl" | "ctmpl" => Some(Language::Go),
        _ => None,
    }
}

/// Whether the file's name says that it is a template.
pub(super) fn is_named_so(path: &Path) -> bool {
    named(path).is_some() || is_sketch(path)
}

/// Whether the name speaks of a template of whatever kind.
fn is_sketch(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(
        extension,
        Some("tmpl" | "tpl" | "template" | "in" | "envsubst" | "skel")
    )
}

fn first_braces(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'{', bytes).find(|&at| match bytes.get(at + 1) {
        Some(b'%') => is_statement(bytes, at + 2),
        Some(b'#') => is_alone(bytes, at) && closing(bytes, at + 2, b"#}").is_some(),
        Some(b'{') => is_insertion(bytes, at + 2),
        _ => false,
    })
}

fn word_at(bytes: &[u8], at: usize) -> &[u8] {
    let rest = bytes.get(at..).unwrap_or_default();
    let blanks = rest
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b'-' | b'+' | b'~'))
        .count();
    let word = &rest[blanks..];
    let end = word
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
    &word[..end.unwrap_or(word.len())]
}

fn is_statement(bytes: &[u8], at: usize) -> bool {
    let word = word_at(bytes, at);
    STATEMENTS.iter().any(|known| known.as_bytes() == word) && closing(bytes, at, b"%}").is_some()
}

/// Whether nothing but white space stands before `at` on its line.
fn is_alone(bytes: &[u8], at: usize) -> bool {
    let before = bytes[..at].iter().rev();
    before
        .take_while(|byte| !matches!(byte, b'\n' | b'\r'))
        .all(u8::is_ascii_whitespace)
}

/// Whether what stands between `{{` and `}}` on one line is an expression, and no nested data.
fn is_insertion(bytes: &[u8], at: usize) -> bool {
    let (end, _) = line_end(bytes, at);
    let line = &bytes[at..end];
    let Some(length) = memchr::memmem::find(line, b"}}") else {
        return is_statement_of_go(bytes, at);
    };
    let Ok(text) = std::str::from_utf8(&line[..length]) else {
        return false;
    };
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '-');
    let starts = |c: char| c.is_alphabetic() || matches!(c, '_' | '.' | '$' | '\'' | '"' | '(');
    let is_data = text.starts_with(['"', '\'']) && text[1..].contains(['"', '\'']) && text.contains(':');
    text.starts_with(starts) && !is_data && (text.starts_with("/*") || !text.contains(['{', '}']))
        || text.starts_with("/*")
}

/// A statement or a comment of a Go template that goes on on the next line.
fn is_statement_of_go(bytes: &[u8], at: usize) -> bool {
    let start = bytes.get(at..).unwrap_or_default();
    let is_comment = start.starts_with(b"/*") || start.starts_with(b"- /*");
    is_comment && closing(bytes, at, b"*/").is_some()
}

fn is_go(bytes: &[u8], first: usize) -> bool {
    let mut found = memchr::memmem::find_iter(&bytes[first..], b"{{").map(|at| first + at + 2);
    let is_go = |at: usize| {
        let rest = bytes.get(at..).unwrap_or_default();
        let text = rest.iter().copied().find(|byte| !matches!(byte, b' ' | b'\t' | b'-'));
        let word = word_at(bytes, at);
        let is_word = [
            &b"if"[..],
            b"end",
            b"range",
            b"with",
            b"else",
            b"define",
            b"include",
            b"template",
        ]
        .contains(&word);
        matches!(text, Some(b'.' | b'$' | b'/')) || is_word
    };
    memchr::memmem::find(bytes, b"{%").is_none() && found.any(is_go)
}

fn first_angles(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(bytes, b"<%").find(|&at| {
        let is_code = match bytes.get(at + 2) {
            Some(b'=' | b'-' | b'#' | b'!' | b'|' | b' ' | b'\t' | b'\n' | b'\r') => true,
            Some(byte) if byte.is_ascii_alphabetic() => {
                let word = word_at(bytes, at + 2);
                CODE.iter().any(|known| known.as_bytes() == word)
            }
            _ => false,
        };
        let (end, _) = line_end(bytes, at);
        let is_here = memchr::memmem::find(&bytes[at..end], b"%>").is_some();
        is_code && (is_here || (is_alone(bytes, at) && closing(bytes, at, b">").is_some()))
    })
}

fn first_mako(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'%', bytes).find_map(|at| {
        let start = bytes[..at]
            .iter()
            .rposition(|byte| !matches!(byte, b' ' | b'\t'))
            .map_or(0, |last| last + 1);
        mako_line(bytes, start).map(|_| at)
    })
}
