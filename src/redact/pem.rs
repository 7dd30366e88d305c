//! Private keys in PEM form: their lines, indented and commented out too.
//!
//! A certificate or a public key is none.

use std::ops::Range;

use super::scan::lines;

/// The lines of every private key in PEM form, comment signs and indentation included, each to its line's end.
#[must_use]
pub fn private_keys(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if memchr::memmem::find(text, b"PRIVATE KEY").is_none() {
        return found;
    }
    let mut is_inside = false;
    for line in lines(text) {
        let bytes = &text[line.clone()];
        let marker = |word: &[u8]| {
            memchr::memmem::find(bytes, word).filter(|_| memchr::memmem::find(bytes, b"PRIVATE KEY").is_some())
        };
        if let Some(start) = marker(b"-----BEGIN") {
            is_inside = marker(b"-----END").is_none();
            found.push(line.start + start..line.end);
        } else if is_inside {
            let body = bytes.trim_ascii_start();
            let signs = body
                .iter()
                .take_while(|byte| matches!(byte, b'#' | b';' | b' ' | b'\t' | b'"' | b'\''))
                .count();
            let body = body[signs..].trim_ascii();
            is_inside = marker(b"-----END").is_none() && is_of_key(body);
            if is_of_key(body) && !body.is_empty() {
                found.push(line.end - bytes.trim_ascii_start().len() + signs..line.end);
            }
        }
    }
    found
}

/// Whether a line is one of a key's: base64, a header, or blank.
fn is_of_key(body: &[u8]) -> bool {
    let is_base64 = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'\\' | b',' | b'"' | b'\'')
    };
    let is_header = [&b"Proc-Type"[..], b"DEK-Info", b"-----END", b"Comment"]
        .iter()
        .any(|word| body.starts_with(word));
    is_header || body.iter().all(is_base64)
}
