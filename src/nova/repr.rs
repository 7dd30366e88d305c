//! How Python prints a text inside something else: its `repr()` and `ascii()`.

/// `text` as Python's `repr()` prints it.
#[must_use]
pub(super) fn repr(text: &str) -> String {
    quoted(text, false)
}

/// `text` as Python's `ascii()` prints it.
#[must_use]
pub(super) fn ascii(text: &str) -> String {
    quoted(text, true)
}

fn quoted(text: &str, in_ascii: bool) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::from(quote);
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            _ if letter == quote => out.extend(['\\', quote]),
            _ if letter < ' ' || ('\x7f'..='\u{a0}').contains(&letter) => {
                out.push_str(&format!("\\x{:02x}", u32::from(letter)));
            }
            _ if letter.is_ascii() || !in_ascii => out.push(letter),
            _ => match u32::from(letter) {
                code @ ..=0xff => out.push_str(&format!("\\x{code:02x}")),
                code @ ..=0xffff => out.push_str(&format!("\\u{code:04x}")),
                code => out.push_str(&format!("\\U{code:08x}")),
            },
        }
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_printed_as_python_prints_them() {
        for (shown, in_ascii, printed) in [
            ("a", false, "'a'"),
            ("it's", false, "\"it's\""),
            ("'\"", false, "'\\'\"'"),
            ("\\\n\t\r\x01\x7f\u{85}é", false, "'\\\\\\n\\t\\r\\x01\\x7f\\x85é'"),
            ("é€😀", true, "'\\xe9\\u20ac\\U0001f600'"),
        ] {
            let print = if in_ascii { ascii } else { repr };
            assert_eq!(print(shown), printed);
        }
    }
}
