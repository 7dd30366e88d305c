//! What nova's readers of values leave to Python: whole numbers, truth values, and how Python prints what it read from JSON.
//!
//! Where Python knows more than is worth it here (digits of other scripts), nothing is rejected that it takes.

use super::json::Json;
use crate::nova::printed;
use crate::nova::repr::repr;
use crate::oslo::value::Value;

/// What `strutils.bool_from_string` takes for true.
const TRUE: [&str; 6] = ["1", "t", "true", "on", "y", "yes"];
/// And for false.
const FALSE: [&str; 6] = ["0", "f", "false", "off", "n", "no"];

/// `text` as Python's `str.strip()` leaves it.
#[must_use]
pub fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// What Python takes for white space: Unicode's, and the four separators of ASCII.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

/// The number that Python's `int(text)` reads; one beyond 128 bits is held at the end of the range.
#[must_use]
pub fn whole(text: &str) -> Option<i128> {
    number(text, 10)
}

/// The number that Python's `int(text, 16)` reads: a sign, `0x` and single underscores are fine.
#[must_use]
pub fn hex(text: &str) -> Option<i128> {
    number(text, 16)
}

fn number(text: &str, base: u32) -> Option<i128> {
    let text = strip(text);
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = match unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X")) {
        Some(rest) if base == 16 => rest.strip_prefix('_').unwrap_or(rest),
        _ => unsigned,
    };
    let is_split = digits.starts_with('_') || digits.ends_with('_') || digits.contains("__");
    if digits.is_empty() || is_split {
        return None;
    }
    let mut number: i128 = 0;
    for c in digits.chars().filter(|&c| c != '_') {
        // A digit of another script has a value too; which does not matter.
        let other = || (!c.is_ascii() && c.is_numeric()).then_some(0);
        let digit = c.to_digit(base).or_else(other)?;
        number = number.saturating_mul(base.into()).saturating_add(digit.into());
    }
    Some(if text.starts_with('-') { -number } else { number })
}

/// What `strutils.bool_from_string(value, strict=True)` makes of a value.
///
/// # Errors
/// Its message about a value that is neither.
pub fn truth(value: &Json) -> Result<bool, String> {
    if let Json::Bool(truth) = value {
        return Ok(*truth);
    }
    let text = shown(value);
    let word = strip(&text).to_lowercase();
    if TRUE.contains(&&*word) {
        Ok(true)
    } else if FALSE.contains(&&*word) {
        Ok(false)
    } else {
        Err(format!(
            "Unrecognized value '{text}', acceptable values are: '0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', \
             'true', 'y', 'yes'"
        ))
    }
}

/// Whether Python takes the value for true in an `if`.
#[must_use]
pub fn is_true(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::Bool(truth) => *truth,
        Json::Int(text) => !matches!(&**text, "0" | "-0"),
        Json::Float(number) => *number != 0.0,
        Json::Text(text) => !text.is_empty(),
        Json::List(items) => !items.is_empty(),
        Json::Dict(pairs) => !pairs.is_empty(),
    }
}

/// A value as Python's `str()` prints it.
#[must_use]
pub fn shown(value: &Json) -> String {
    match value {
        Json::Text(text) => text.clone(),
        other => quoted(other),
    }
}

/// A value as Python's `repr()` prints it.
#[must_use]
pub fn quoted(value: &Json) -> String {
    match value {
        Json::Null => "None".to_owned(),
        Json::Bool(truth) => printed(&Value::Bool(*truth)),
        Json::Int(text) if text == "-0" => "0".to_owned(),
        Json::Int(text) => text.clone(),
        Json::Float(number) => printed(&Value::Float(*number)),
        Json::Text(text) => repr(text),
        Json::List(items) => format!("[{}]", items.iter().map(quoted).collect::<Vec<_>>().join(", ")),
        Json::Dict(pairs) => {
            let pairs = pairs
                .iter()
                .map(|(key, value)| format!("{}: {}", repr(key), quoted(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

/// What Python calls the type of a value.
#[must_use]
pub fn type_name(value: &Json) -> &'static str {
    match value {
        Json::Null => "NoneType",
        Json::Bool(_) => "bool",
        Json::Int(_) => "int",
        Json::Float(_) => "float",
        Json::Text(_) => "str",
        Json::List(_) => "list",
        Json::Dict(_) => "dict",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_python_reads_them() {
        for (text, value) in [
            (" +1_0 ", Some(10)),
            ("-3", Some(-3)),
            ("0x10", None),
            ("1__0", None),
            ("_1", None),
            ("", None),
            ("- 1", None),
            ("1.0", None),
        ] {
            assert_eq!(whole(text), value, "{text:?}");
        }
        for (text, value) in [
            ("8086", Some(0x8086)),
            ("0x_ff", Some(255)),
            ("-0XF", Some(-15)),
            ("0x", None),
            ("8G", None),
            ("\u{1c}1\u{1c}", Some(1)),
        ] {
            assert_eq!(hex(text), value, "{text:?}");
        }
        assert!(whole("٣").is_some() && whole("३x").is_none());
    }

    #[test]
    fn truth_values_are_read_from_any_value() {
        assert_eq!(truth(&Json::Text(" Yes ".to_owned())), Ok(true));
        assert_eq!(truth(&Json::Int("0".to_owned())), Ok(false));
        let error = truth(&Json::Text("Maybe".to_owned())).unwrap_err();
        assert!(error.starts_with("Unrecognized value 'Maybe', acceptable"), "{error}");
    }

    #[test]
    fn values_are_printed_as_python_prints_them() {
        let value = Json::Dict(vec![
            ("it's".to_owned(), Json::List(vec![Json::Null, Json::Float(1.0)])),
            ("b".to_owned(), Json::Text("\u{1}\"'".to_owned())),
        ]);
        assert_eq!(quoted(&value), r#"{"it's": [None, 1.0], 'b': '\x01"\''}"#);
    }
}
