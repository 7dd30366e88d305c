//! Forms that say by themselves what they are: private keys in PEM form, indented and commented out too, credentials behind a
//! scheme, and names of files that hold keys.
//!
//! A certificate or a public key is no secret.

use std::ops::Range;

use super::scan::lines;

/// The lines of every private key in PEM form, comment signs and indentation included, each to its line's end.
#[must_use]
pub(super) fn private_keys(text: &[u8]) -> Vec<Range<usize>> {
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
/// The name of a file, such as `/pki/server-key.pem`, which what follows says something of.
pub(super) fn is_name_of_file(text: &[u8], word: &Range<usize>) -> bool {
    let name = &text[word.clone()];
    if name.len() < 4 || name[name.len() - 4] != b'.' {
        return false;
    }
    let is_in_path = text[..word.start].ends_with(b"/");
    [&b".pem"[..], b".crt", b".der", b".pub"]
        .iter()
        .any(|end| name.ends_with(end))
        || (is_in_path && name.ends_with(b".key"))
}
/// A scheme of HTTP's `Authorization`, behind which credentials stand.
pub(super) fn is_scheme(word: &[u8]) -> bool {
    [&b"basic"[..], b"bearer"]
        .iter()
        .any(|scheme| scheme.eq_ignore_ascii_case(word))
}

/// Whether it is written as credentials are behind a scheme, and no word of a sentence.
pub(super) fn is_credential(text: &[u8]) -> bool {
    let is_sign = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-_.~".contains(byte);
    text.len() > 7 && text.iter().all(is_sign) && text.iter().any(|byte| byte.is_ascii_digit() || *byte == b'=')
}
