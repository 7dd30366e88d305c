//! Passwords in what stands between blanks: `scheme://user:password@host`, percent-encoded or not, for one host or several.

use std::ops::Range;

use super::scan::Secret;

/// What stands in the words of a line between blanks: URLs with a password.
pub(super) fn in_tokens(text: &[u8], line: &Range<usize>, found: &mut Vec<Secret>) {
    let mut at = line.start;
    // The next `@` from here on; looked for once.
    let mut next_at = None;
    while at < line.end {
        if is_limit(text[at]) {
            at += 1;
            continue;
        }
        let length = text[at..line.end].iter().position(|&byte| is_limit(byte));
        let token = at..length.map_or(line.end, |length| at + length);
        match in_token(text, &token, line.end) {
            Some(secret) => found.push(secret),
            None => found.extend(beyond_token(text, &token, line.end, &mut next_at)),
        }
        at = token.end;
    }
}

/// What ends a URL or a value without quotes.
pub(super) fn is_limit(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>')
}

/// Length of the sign at `at`, raw or percent-encoded; 0 where it is another.
fn sign(text: &[u8], at: usize, raw: u8, encoded: [u8; 2]) -> usize {
    match text[at..] {
        [byte, ..] if byte == raw => 1,
        [b'%', a, b, ..] if [a, b.to_ascii_lowercase()] == encoded => 3,
        _ => 0,
    }
}

fn colon(text: &[u8], at: usize) -> usize {
    sign(text, at, b':', *b"3a")
}

fn slash(text: &[u8], at: usize) -> usize {
    if text[at..].starts_with(b"\\/") {
        2
    } else {
        sign(text, at, b'/', *b"2f")
    }
}

/// Length of `//` at `at`.
pub(super) fn slashes(text: &[u8], at: usize) -> usize {
    let first = slash(text, at);
    match first {
        0 => 0,
        _ => match slash(text, at + first) {
            0 => 0,
            second => first + second,
        },
    }
}

/// `user:password@host` in one token, behind `//` or not, for one host or several.
///
/// Passwords are often written unescaped, so the last `@` counts, even behind a `/` or `?`.
fn in_token(text: &[u8], token: &Range<usize>, line_end: usize) -> Option<Secret> {
    let bytes = &text[..token.end];
    let raw = memchr::memrchr(b'@', &bytes[token.clone()]).map(|at| token.start + at);
    let encoded = || {
        let mut places = memchr::memrchr_iter(b'%', &bytes[token.clone()]).map(|at| token.start + at);
        places.find(|&at| sign(bytes, at, b'@', *b"40") > 0)
    };
    let last = raw.or_else(encoded)?;
    let (mut start, mut user) = (None, None);
    let mut parts = Vec::new();
    let mut at = token.start;
    while at <= last {
        let (slashes, colon) = (slashes(bytes, at), colon(bytes, at));
        if slashes > 0 {
            at += slashes;
            user = None;
        } else if colon > 0 && self::slashes(bytes, at + colon) > 0 {
            // The scheme's.
            at += colon;
        } else if colon > 0 {
            start.get_or_insert(at + colon);
            user.get_or_insert(at + colon);
            at += colon;
        } else if sign(bytes, at, b'@', *b"40") > 0 {
            parts.extend(user.take().map(|user| user..at));
            at += 1;
        } else {
            if bytes[at] == b',' {
                user = None;
            }
            at += 1;
        }
    }
    let start = start.filter(|&start| start < last)?;
    Some(Secret {
        span: start..last,
        line_end,
        parts,
        is_guess: false,
    })
}

/// A password with blanks in it: `//user:pass word@host`. What looks like a port is none.
fn beyond_token(text: &[u8], token: &Range<usize>, line_end: usize, next_at: &mut Option<usize>) -> Option<Secret> {
    let known = match *next_at {
        Some(at) if at >= token.end => at,
        _ => memchr::memchr(b'@', &text[token.end..line_end]).map_or(line_end, |at| token.end + at),
    };
    *next_at = Some(known);
    if known == line_end {
        return None;
    }
    let bytes = &text[..token.end];
    let host = (token.start..token.end)
        .rev()
        .find(|&at| bytes[at..].starts_with(b"//"))?
        + 2;
    if bytes[host..].starts_with(b"[") {
        return None;
    }
    let start = host + memchr::memchr(b':', &bytes[host..])? + 1;
    let digits = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_port = digits > 0
        && bytes
            .get(start + digits)
            .is_none_or(|byte| !byte.is_ascii_alphanumeric());
    (!is_port && start < known).then(|| Secret {
        span: start..known,
        line_end,
        parts: Vec::new(),
        is_guess: false,
    })
}
