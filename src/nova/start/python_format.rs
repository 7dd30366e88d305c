//! What Python's `template % 0` makes of a template, as far as nova asks: how long it is, or that it fails.

use std::iter::Peekable;
use std::str::Chars;

/// What comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Formatted {
    /// A text of so many characters.
    Length(usize),
    /// Python raises.
    Fails,
    /// It is not known.
    Open,
}

/// So wide is no name; a number beyond it is held there.
const WIDEST: usize = 1 << 16;

/// What `template % 0` is.
#[must_use]
pub(super) fn of_zero(template: &str) -> Formatted {
    let mut chars = template.chars().peekable();
    let (mut length, mut used) = (0, 0);
    while let Some(c) = chars.next() {
        if c != '%' || chars.next_if_eq(&'%').is_some() {
            length += 1;
        } else {
            match conversion(&mut chars) {
                Formatted::Length(more) => length += more,
                other => return other,
            }
            used += 1;
        }
    }
    if used == 1 {
        Formatted::Length(length)
    } else {
        Formatted::Fails
    }
}

/// What one conversion, whose `%` has been read, makes of 0.
fn conversion(chars: &mut Peekable<Chars<'_>>) -> Formatted {
    let (mut is_signed, mut is_alternate) = (false, false);
    while let Some(flag) = chars.next_if(|c| "#0- +".contains(*c)) {
        is_signed |= matches!(flag, ' ' | '+');
        is_alternate |= flag == '#';
    }
    let width = number(chars).unwrap_or(0);
    let precision = chars.next_if_eq(&'.').map(|_| number(chars).unwrap_or(0));
    chars.next_if(|c| "hlL".contains(*c));
    let sign = usize::from(is_signed);
    let digits = precision.unwrap_or(1).max(1);
    let length = match chars.next() {
        Some('d' | 'i' | 'u') => sign + digits,
        Some('x' | 'X' | 'o') => sign + digits + if is_alternate { 2 } else { 0 },
        Some('s' | 'r' | 'a') => precision.unwrap_or(1).min(1),
        Some('c') => 1,
        Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') => return Formatted::Open,
        // A name asks for a mapping, an asterisk for a second number; the rest is no conversion.
        _ => return Formatted::Fails,
    };
    Formatted::Length(length.max(width))
}

fn number(chars: &mut Peekable<Chars<'_>>) -> Option<usize> {
    let mut number = None;
    while let Some(digit) = chars.next_if(char::is_ascii_digit).and_then(|c| c.to_digit(10)) {
        let next = number.unwrap_or(0) * 10 + digit as usize;
        number = Some(next.min(WIDEST));
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_formatted_as_python_does() {
        for (template, length) in [
            ("instance-%08x", 17),
            ("abc%05x", 8),
            ("i%s", 2),
            ("i%d", 2),
            ("%%%x", 2),
            ("%#x", 3),
            ("%+.3d", 4),
            ("%-10s", 10),
            ("ü%.0s", 1),
        ] {
            assert_eq!(of_zero(template), Formatted::Length(length), "{template}");
        }
    }

    #[test]
    fn what_python_refuses_fails() {
        for template in ["", "i", "i%(uuid)s", "i%d%d", "i%", "i%y", "%*d"] {
            assert_eq!(of_zero(template), Formatted::Fails, "{template}");
        }
        assert_eq!(of_zero("%e"), Formatted::Open);
    }
}
