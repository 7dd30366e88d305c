//! The pieces of a template that are not text: insertions, statements, comments.

use super::Language;
use super::evidence::Sign;
use super::marks;
use crate::text::{Span, line_end};

/// So far behind its start the end of a statement or a comment is looked for.
const FAR: usize = 8192;

/// What a block of statements does with its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// One of its branches is taken, or none.
    Choice,
    /// Its lines come any number of times, or never.
    Loop,
    /// Its lines are there.
    Plain,
}

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text is put in its place.
    Output,
    /// It is left out.
    Comment,
    /// A statement that opens no block.
    Other,
    /// It opens a block.
    Open(Block),
    /// It ends a branch and begins the next.
    Middle {
        /// Whether the block cannot be left without any branch now.
        is_else: bool,
    },
    /// It ends a block.
    Close,
}

/// One piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) span: Span,
    pub(super) kind: Kind,
    /// Whether it takes away the white space that follows it.
    pub(super) trims_after: bool,
}

/// All pieces of a template, in order.
pub(super) fn tokens(bytes: &[u8], found: &Sign) -> Vec<Token> {
    if matches!(found.language, Language::Shell | Language::Marks) {
        return marks::tokens(bytes);
    }
    let is_mako = found.language == Language::Mako;
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if is_mako && let Some(token) = mako_line(bytes, at) {
            at = token.span.end;
            tokens.push(token);
            continue;
        }
        let rest = &bytes[at..];
        let token = match rest {
            [b'{', b'{' | b'%' | b'#', ..] if found.has_braces => braces(bytes, at),
            [b'<', b'%', ..] | [b'<', b'/', b'%', ..] if found.has_angles => angles(bytes, at),
            [b'$', b'{', ..] if is_mako => on_line(bytes, at, b"}").map(|end| output(at, end)),
            _ => None,
        };
        match token {
            Some(token) => {
                at = token.span.end;
                tokens.push(token);
            }
            None => at += 1,
        }
    }
    tokens
}

fn output(start: usize, end: usize) -> Token {
    Token {
        span: Span::new(start, end),
        kind: Kind::Output,
        trims_after: false,
    }
}

/// Where the next `end` ends, within `FAR`.
pub(super) fn closing(bytes: &[u8], start: usize, end: &[u8]) -> Option<usize> {
    let far = bytes.len().min(start + FAR);
    memchr::memmem::find(&bytes[start.min(far)..far], end).map(|found| start + found + end.len())
}

/// Where the next `end` ends on the line of `start`.
fn on_line(bytes: &[u8], start: usize, end: &[u8]) -> Option<usize> {
    let (stop, _) = line_end(bytes, start);
    memchr::memmem::find(&bytes[start..stop], end).map(|found| start + found + end.len())
}

/// The words of a statement, its delimiters and marks gone.
fn inside(bytes: &[u8], start: usize, end: usize) -> &str {
    let text = std::str::from_utf8(&bytes[start..end.max(start)]).unwrap_or_default();
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '-' | '~' | '+'))
}

fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

fn braces(bytes: &[u8], at: usize) -> Option<Token> {
    let close: &[u8] = match bytes[at + 1] {
        b'{' => b"}}",
        b'%' => b"%}",
        _ => b"#}",
    };
    let mut end = closing(bytes, at + 2, close)?;
    while close == b"}}" && bytes.get(end) == Some(&b'}') {
        end += 1;
    }
    let text = inside(bytes, at + 2, end - 2);
    let kind = match bytes[at + 1] {
        b'{' => go(text),
        b'%' => jinja(text),
        _ => Kind::Comment,
    };
    Some(Token {
        span: Span::new(at, end),
        kind,
        trims_after: bytes[end - 3] == b'-',
    })
}

fn jinja(text: &str) -> Kind {
    match first_word(text) {
        "if" => Kind::Open(Block::Choice),
        "for" => Kind::Open(Block::Loop),
        "elif" => Kind::Middle { is_else: false },
        "else" => Kind::Middle { is_else: true },
        "set" if text.contains('=') => Kind::Other,
        "block" | "macro" | "filter" | "call" | "with" | "raw" | "set" | "autoescape" | "trans" => {
            Kind::Open(Block::Plain)
        }
        word if word.starts_with("end") => Kind::Close,
        _ => Kind::Other,
    }
}

fn go(text: &str) -> Kind {
    if text.starts_with("/*") {
        return Kind::Comment;
    }
    match first_word(text) {
        "if" | "with" => Kind::Open(Block::Choice),
        "range" => Kind::Open(Block::Loop),
        "define" | "block" => Kind::Open(Block::Plain),
        "else" => Kind::Middle {
            is_else: text.trim_start_matches("else").trim().is_empty(),
        },
        "end" if text == "end" => Kind::Close,
        _ if text.starts_with('$') && text.contains('=') => Kind::Other,
        _ => Kind::Output,
    }
}

fn angles(bytes: &[u8], at: usize) -> Option<Token> {
    let name = inside(bytes, at + 2, line_end(bytes, at).0);
    let word = first_word(name.trim_start_matches('%'));
    if bytes[at + 1] == b'/'
        || matches!(
            word,
            "def" | "block" | "include" | "namespace" | "page" | "inherit" | "text"
        )
    {
        let end = on_line(bytes, at, b">")?;
        return Some(Token {
            span: Span::new(at, end),
            kind: Kind::Other,
            trims_after: false,
        });
    }
    let end = closing(bytes, at + 2, b"%>")?;
    let kind = match bytes.get(at + 2) {
        Some(b'=') => Kind::Output,
        Some(b'#') => Kind::Comment,
        _ => code(inside(bytes, at + 2, end - 2)),
    };
    let span = Span::new(at, end);
    Some(Token {
        span,
        kind,
        trims_after: false,
    })
}

/// Ruby, or Puppet's own language, by the words its statements begin and end with.
fn code(text: &str) -> Kind {
    let (mut opened, mut depth, mut middle) = (None, 0_i32, None);
    for statement in text.split(['\n', ';']).map(str::trim) {
        match first_word(statement) {
            "if" | "unless" | "case" if !statement.ends_with('}') => {
                depth += 1;
                opened = Some(Block::Choice);
            }
            "for" | "while" | "until" => {
                depth += 1;
                opened = Some(Block::Loop);
            }
            "elsif" | "when" => middle = Some(false),
            "else" => middle = Some(true),
            "end" => depth -= 1,
            _ if statement == "}" => depth -= 1,
            _ if statement.starts_with('}') && statement.ends_with('{') => {
                middle = Some(!statement.contains("if"));
            }
            _ if is_block(statement) => {
                depth += 1;
                opened = Some(Block::Loop);
            }
            _ => {}
        }
    }
    match (depth, opened, middle) {
        (1.., Some(block), _) => Kind::Open(block),
        (..0, ..) => Kind::Close,
        (0, None, Some(is_else)) => Kind::Middle { is_else },
        _ => Kind::Other,
    }
}

/// `names.each do |name|`, `$names.each |$name| {`.
fn is_block(statement: &str) -> bool {
    let is_do = statement.ends_with(" do") || (statement.contains(" do |") && statement.ends_with('|'));
    is_do || (statement.contains('|') && (statement.ends_with('{') || statement.contains("{ |")))
}

/// `% if name:` on a line of its own.
pub(super) fn mako_line(bytes: &[u8], at: usize) -> Option<Token> {
    if at > 0 && !matches!(bytes[at - 1], b'\n' | b'\r') {
        return None;
    }
    let (end, _) = line_end(bytes, at);
    let text = std::str::from_utf8(&bytes[at..end]).ok()?.trim();
    let text = text.strip_prefix('%')?.trim_start();
    let opens = text.ends_with(':');
    let kind = match first_word(text) {
        "if" if opens => Kind::Open(Block::Choice),
        "for" | "while" if opens => Kind::Open(Block::Loop),
        "try" if opens => Kind::Open(Block::Plain),
        "elif" | "except" if opens => Kind::Middle { is_else: false },
        "else" if opens => Kind::Middle { is_else: true },
        "endif" | "endfor" | "endwhile" | "endtry" => Kind::Close,
        _ => return None,
    };
    Some(Token {
        span: Span::new(at, end),
        kind,
        trims_after: false,
    })
}
