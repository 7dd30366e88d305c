//! Texts that Python's `re.compile` rejects, as far as that is certain: what has an extension `(?…)` is not judged.

use std::iter::Peekable;
use std::str::Chars;

/// Whether no Python takes `text` for a regular expression.
#[must_use]
pub(super) fn is_rejected(text: &str) -> bool {
    if text.contains("(?") {
        return false;
    }
    let mut chars = text.chars().peekable();
    let (mut open, mut last) = (0_usize, Last::Nothing);
    while let Some(c) = chars.next() {
        last = match c {
            '\\' if chars.next().is_none() => return true,
            '[' if !ends_set(&mut chars) => return true,
            '(' => {
                open += 1;
                Last::Nothing
            }
            ')' if open == 0 => return true,
            ')' => {
                open -= 1;
                Last::Atom
            }
            '|' => Last::Nothing,
            '*' | '+' | '?' => match (last, c) {
                (Last::Atom, _) => Last::Repeat,
                // Lazy, or possessive from Python 3.11 on.
                (Last::Repeat, '?' | '+') => Last::Repeated,
                _ => return true,
            },
            '^' if last == Last::Nothing => Last::Nothing,
            _ => Last::Atom,
        };
    }
    open > 0
}

/// What a quantifier would repeat.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    Atom,
    Repeat,
    Repeated,
}

/// Goes behind the end of a set whose `[` has been read; false where it has none, or a range runs backwards.
fn ends_set(chars: &mut Peekable<Chars<'_>>) -> bool {
    chars.next_if_eq(&'^');
    let mut is_first = true;
    while let Some(c) = chars.next() {
        match c {
            ']' if !is_first => return true,
            '\\' if chars.next().is_none() => return false,
            '\\' => {}
            first if chars.peek() == Some(&'-') => {
                let mut ahead = chars.clone();
                ahead.next();
                match ahead.next() {
                    Some(last) if last != ']' && last != '\\' => {
                        if last < first {
                            return false;
                        }
                        *chars = ahead;
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        is_first = false;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::is_rejected;

    #[test]
    fn what_python_cannot_compile_is_rejected() {
        for text in [
            "*", "a|*", "(*)", "(", "a)", "[a", "[", "[z-a]", "a**", "a*??", "x\\", "[]", "[^]",
        ] {
            assert!(is_rejected(text), "{text}");
        }
    }

    #[test]
    fn what_some_python_compiles_is_not() {
        for text in [
            "", "nas.*", "a*?", "a*+", "[]a]", "[^]a]", "[a-z]+", "a{2}", "{", "(?i)nas", "(a|b)*", "\\(", "[-a]",
            "[a-]", "^nas", "[a\\]]", "$",
        ] {
            assert!(!is_rejected(text), "{text}");
        }
    }
}
