//! Truth values, whole numbers, floating-point numbers and ranges, as Python reads them.
//!
//! Texts, lists and addresses are up to its neighbours.

use std::borrow::Cow;

use super::{Value, ValueError, strip};

/// `Boolean`: eight words in any case, nothing stripped.
pub(super) fn check_bool(value: &str) -> Result<Value, ValueError> {
    match value.to_lowercase().as_str() {
        "true" | "1" | "on" | "yes" => Ok(Value::Bool(true)),
        "false" | "0" | "off" | "no" => Ok(Value::Bool(false)),
        _ => Err(ValueError::Bool),
    }
}

/// `Integer` and `Port`: empty is `None`; choices take the place of the bounds.
pub(super) fn check_int(
    value: &str,
    min: Option<i64>,
    max: Option<i64>,
    choices: Option<&[i64]>,
) -> Result<Value, ValueError> {
    let text = strip(value);
    if text.is_empty() {
        return Ok(Value::None);
    }
    let number = parse_int(text).ok_or(ValueError::Int)?;
    match choices {
        Some(choices) if choices.iter().all(|&choice| i128::from(choice) != number) => {
            Err(ValueError::Choice(choices.iter().map(i64::to_string).collect()))
        }
        Some(_) => Ok(Value::Int(number)),
        None => bounded(number, min.map(i128::from), max.map(i128::from)).map(Value::Int),
    }
}

/// `Float`: empty is `None`; `nan` passes every bound.
pub(super) fn check_float(value: &str, min: Option<f64>, max: Option<f64>) -> Result<Value, ValueError> {
    let text = strip(value);
    if text.is_empty() {
        return Ok(Value::None);
    }
    bounded(parse_float(text).ok_or(ValueError::Float)?, min, max).map(Value::Float)
}

/// `Range`: `first-last` or one number, ASCII digits without leading zeros; the first may be the greater.
pub(super) fn check_range(value: &str, min: Option<i64>, max: Option<i64>) -> Result<Value, ValueError> {
    let text = value.strip_suffix('\n').unwrap_or(value);
    // The `-` between the numbers is the first that has a digit before it.
    let dash = text.char_indices().skip(1).find(|&(_, c)| c == '-').map(|(at, _)| at);
    let (first, last) = dash.map_or((text, text), |at| (&text[..at], &text[at + 1..]));
    let number = |text: &str| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain = text == "0" || (digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0'));
        parse_int(text).filter(|_| plain).ok_or(ValueError::Range)
    };
    let (first, last) = (number(first)?, number(last)?);
    let (min, max) = (min.map(i128::from), max.map(i128::from));
    bounded(first.min(last), min, None)?;
    bounded(first.max(last), None, max)?;
    Ok(Value::Range(first, last))
}

fn bounded<N: PartialOrd + std::fmt::Display>(number: N, min: Option<N>, max: Option<N>) -> Result<N, ValueError> {
    if let Some(min) = min.filter(|min| number < *min) {
        return Err(ValueError::BelowMin(min.to_string()));
    }
    if let Some(max) = max.filter(|max| number > *max) {
        return Err(ValueError::AboveMax(max.to_string()));
    }
    Ok(number)
}

/// Python's `int(text)` in base 10: a sign, digits of any script, single underscores between digits.
fn parse_int(text: &str) -> Option<i128> {
    let text = ascii_digits(text);
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, &text[..]),
    };
    let digits = without_underscores(digits)?;
    // Python from 3.11 on refuses to convert more digits than this.
    if digits.is_empty() || digits.len() > 4300 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = digits.parse::<i128>().unwrap_or(i128::MAX);
    Some(if negative { -number } else { number })
}

/// Python's `float(text)`.
fn parse_float(text: &str) -> Option<f64> {
    let text = ascii_digits(text);
    let text = without_underscores(&text)?;
    let lower = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    let word = matches!(lower.as_str(), "inf" | "infinity" | "nan");
    let plain = text
        .bytes()
        .all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    (word || plain).then(|| text.parse().ok()).flatten()
}

/// `text` without its underscores; `None` where one does not stand between two digits.
fn without_underscores(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('_') {
        return Some(Cow::Borrowed(text));
    }
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let placed = (0..bytes.len()).filter(|&at| bytes[at] == b'_');
    let all = placed
        .clone()
        .all(|at| is_digit(at.checked_sub(1)) && is_digit(Some(at + 1)));
    all.then(|| Cow::Owned(text.replace('_', "")))
}

/// The zero of every script's decimal digits beyond ASCII (Unicode 14, category Nd); the other nine follow it.
const ZEROS: [u32; 65] = [
    0x0660,
    0x06F0,
    0x07C0,
    0x0966,
    0x09E6,
    0x0A66,
    0x0AE6,
    0x0B66,
    0x0BE6,
    0x0C66,
    0x0CE6,
    0x0D66,
    0x0DE6,
    0x0E50,
    0x0ED0,
    0x0F20,
    0x1040,
    0x1090,
    0x17E0,
    0x1810,
    0x1946,
    0x19D0,
    0x1A80,
    0x1A90,
    0x1B50,
    0x1BB0,
    0x1C40,
    0x1C50,
    0xA620,
    0xA8D0,
    0xA900,
    0xA9D0,
    0xA9F0,
    0xAA50,
    0xABF0,
    0xFF10,
    0x0001_04A0,
    0x0001_0D30,
    0x0001_1066,
    0x0001_10F0,
    0x0001_1136,
    0x0001_11D0,
    0x0001_12F0,
    0x0001_1450,
    0x0001_14D0,
    0x0001_1650,
    0x0001_16C0,
    0x0001_1730,
    0x0001_18E0,
    0x0001_1950,
    0x0001_1C50,
    0x0001_1D50,
    0x0001_1DA0,
    0x0001_6A60,
    0x0001_6AC0,
    0x0001_6B50,
    0x0001_D7CE,
    0x0001_D7D8,
    0x0001_D7E2,
    0x0001_D7EC,
    0x0001_D7F6,
    0x0001_E140,
    0x0001_E2F0,
    0x0001_E950,
    0x0001_FBF0,
];

fn ascii_digits(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let digit = |c: char| {
        let zero = ZEROS.iter().find(|&&zero| (zero..zero + 10).contains(&u32::from(c)));
        zero.and_then(|zero| char::from_digit(u32::from(c) - zero, 10))
            .unwrap_or(c)
    };
    Cow::Owned(text.chars().map(digit).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_pythons() {
        let int = |text| check_int(text, None, None, None);
        for text in ["12", " +12 ", "1_2", "\u{a0}012", "\u{661}\u{662}"] {
            assert_eq!(int(text), Ok(Value::Int(12)), "{text}");
        }
        assert_eq!(int("  "), Ok(Value::None));
        for text in ["0x1f", "1.0", "1_", "_1", "1__2", "+", "--1", "1 2", "1e3"] {
            assert_eq!(int(text), Err(ValueError::Int), "{text}");
        }
    }

    #[test]
    fn bounds_are_inclusive_and_choices_replace_them() {
        assert!(check_int("0", Some(0), Some(1), None).is_ok());
        assert_eq!(
            check_int("-1", Some(0), None, None),
            Err(ValueError::BelowMin("0".into()))
        );
        assert_eq!(
            check_int("99999999999999999999999999999999999999999", None, Some(9), None),
            Err(ValueError::AboveMax("9".into()))
        );
        assert!(check_int("512", None, Some(9), Some(&[512])).is_ok());
    }

    #[test]
    fn floating_point_numbers_are_pythons() {
        for text in ["1e3", "inf", "-Infinity", "nan", ".5", "5.", "1_0.5", "\u{661}.5"] {
            assert!(check_float(text, None, None).is_ok(), "{text}");
        }
        for text in ["0x1p3", "1e", "infinit", "e3", ".", "1_.5", "--inf"] {
            assert!(check_float(text, None, None).is_err(), "{text}");
        }
        assert!(check_float("nan", Some(0.0), Some(1.0)).is_ok());
    }

    #[test]
    fn a_range_may_fall() {
        assert_eq!(check_range("5-1", None, None), Ok(Value::Range(5, 1)));
        assert_eq!(check_range("-5--1", None, None), Ok(Value::Range(-5, -1)));
        for text in ["", "01", "1-", "-", "1-2-3", "-0", "1 - 2"] {
            assert!(check_range(text, None, None).is_err(), "{text}");
        }
    }
}
