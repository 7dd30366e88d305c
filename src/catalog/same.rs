//! Whether two defaults are the same value, however the lists write them: `3` and `3.0`, `"true"` and `true`.
//!
//! It compares what the types make of a default; a type that is all text has each text for a value of its own.

use serde_json::{Number, Value};

use super::OptionFacts;
use crate::oslo::types::OptionType;

/// What a default is once its type has read it.
#[derive(Debug)]
enum Plain {
    Unset,
    Bool(bool),
    Number(Number),
    /// Text, and whether its case counts for nothing.
    Text(String, bool),
    List(Vec<Plain>),
    Dict(Vec<(String, Plain)>),
}

/// Whether nothing but the writing of the default differs. Unset is not the same as empty.
#[must_use]
pub fn is_same_default(a: OptionFacts, b: OptionFacts) -> bool {
    let (left, right) = (a.default(), b.default());
    let read = |facts: OptionFacts, value: Option<&Value>| plain(facts.option_type(), value.unwrap_or(&Value::Null));
    left == right || same(&read(a, left), &read(b, right))
}

fn plain(kind: &OptionType, value: &Value) -> Plain {
    match (kind, value) {
        (_, Value::Null) => Plain::Unset,
        (_, Value::Bool(value)) => Plain::Bool(*value),
        (_, Value::Number(value)) => Plain::Number(value.clone()),
        (OptionType::List { item, .. } | OptionType::Multi(item), Value::Array(items)) => {
            Plain::List(items.iter().map(|value| plain(item, value)).collect())
        }
        (OptionType::List { item, .. }, Value::String(text)) => Plain::List(items(text, item)),
        (OptionType::Dict { value: kind, .. }, Value::Object(pairs)) => {
            let pairs = pairs.iter().map(|(key, value)| (key.clone(), plain(kind, value)));
            Plain::Dict(in_order(pairs.collect()))
        }
        (_, Value::Array(items)) => Plain::List(items.iter().map(|value| plain(&OptionType::Opaque, value)).collect()),
        (_, Value::Object(pairs)) => {
            let pairs = pairs
                .iter()
                .map(|(key, value)| (key.clone(), plain(&OptionType::Opaque, value)));
            Plain::Dict(in_order(pairs.collect()))
        }
        (kind, Value::String(text)) => of_text(kind, text),
    }
}

fn of_text(kind: &OptionType, text: &str) -> Plain {
    let read = match kind {
        OptionType::Bool => as_bool(text).map(Plain::Bool),
        OptionType::Int { .. } | OptionType::Float { .. } => as_number(text).map(Plain::Number),
        OptionType::Text(limits) => Some(Plain::Text(text.to_owned(), limits.ignore_case)),
        _ => None,
    };
    read.unwrap_or_else(|| Plain::Text(text.to_owned(), false))
}

fn in_order(mut pairs: Vec<(String, Plain)>) -> Vec<(String, Plain)> {
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    pairs
}

/// The items between commas; none in an empty text.
fn items(text: &str, kind: &OptionType) -> Vec<Plain> {
    let items = text.split(',').map(str::trim);
    match text.trim() {
        "" => Vec::new(),
        _ => items.map(|item| of_text(kind, item)).collect(),
    }
}

fn as_bool(text: &str) -> Option<bool> {
    match &*text.trim().to_ascii_lowercase() {
        "true" | "1" | "on" | "yes" => Some(true),
        "false" | "0" | "off" | "no" => Some(false),
        _ => None,
    }
}

fn as_number(text: &str) -> Option<Number> {
    let text = text.trim();
    let whole = text.parse::<i64>().ok().map(Number::from);
    whole.or_else(|| text.parse().ok().and_then(Number::from_f64))
}

fn same(a: &Plain, b: &Plain) -> bool {
    match (a, b) {
        (Plain::Unset, Plain::Unset) => true,
        (Plain::Bool(a), Plain::Bool(b)) => a == b,
        (Plain::Number(a), Plain::Number(b)) => is_same_number(a, b),
        (Plain::Text(a, a_folds), Plain::Text(b, b_folds)) => {
            a == b || *a_folds && *b_folds && a.eq_ignore_ascii_case(b)
        }
        (Plain::List(a), Plain::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Plain::Dict(a), Plain::Dict(b)) => {
            let mut pairs = a.iter().zip(b);
            a.len() == b.len() && pairs.all(|(a, b)| a.0 == b.0 && same(&a.1, &b.1))
        }
        // The type changed, and what one reads as text the other has read.
        (Plain::Text(text, _), Plain::Bool(value)) | (Plain::Bool(value), Plain::Text(text, _)) => {
            as_bool(text) == Some(*value)
        }
        (Plain::Text(text, _), Plain::Number(value)) | (Plain::Number(value), Plain::Text(text, _)) => {
            as_number(text).is_some_and(|number| is_same_number(&number, value))
        }
        (Plain::Text(text, _), list @ Plain::List(_)) | (list @ Plain::List(_), Plain::Text(text, _)) => {
            same(&Plain::List(items(text, &OptionType::Opaque)), list)
        }
        _ => false,
    }
}

/// Whether both are one number; whole ones to the last digit.
fn is_same_number(a: &Number, b: &Number) -> bool {
    match (a.as_i64(), b.as_i64()) {
        (Some(a), Some(b)) => a == b,
        _ => a.as_f64().zip(b.as_f64()).is_some_and(|(a, b)| a.total_cmp(&b).is_eq()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::Table;
    use super::*;

    /// Whether two options, written as facts, have the same default.
    fn is_same(a: &str, b: &str) -> bool {
        let facts = |facts: &str| {
            let line = format!("[defaults]\nx\t15-\t{}\n", facts.replace(' ', "\t"));
            let table: &'static Table = Box::leak(Box::new(Table::of(&line)));
            table.name("defaults", "x").own.first().expect("a row")
        };
        is_same_default(facts(a), facts(b))
    }

    #[test]
    fn a_default_that_changes_only_its_writing_is_the_same() {
        for (a, b) in [
            ("integer default=3", "float default=3.0"),
            ("float default=3.0", "float default=3"),
            ("float default=1e1", "integer default=10"),
            ("string default=\"3\"", "integer default=3"),
            ("integer default=\"3\"", "integer default=3"),
            ("boolean default=\"True\"", "boolean default=true"),
            ("string default=\"off\"", "boolean default=false"),
            ("list<string> default=[\"a\",\"b\"]", "list<string> default=\"a,b\""),
            ("string default=\"a,b\"", "list<string> default=[\"a\",\"b\"]"),
            ("list<integer> default=[1,2]", "list<string> default=[\"1\",\"2\"]"),
            ("list<string> default=[]", "list<string> default=\"\""),
            ("multi<string> default=[\"a\"]", "list<string> default=[\"a\"]"),
            (
                "dict<string> default={\"a\":\"1\",\"b\":\"2\"}",
                "dict<string> default={\"b\":\"2\",\"a\":\"1\"}",
            ),
            ("string default=\"A\" ignore_case", "string default=\"a\" ignore_case"),
            ("string", "string"),
        ] {
            assert!(is_same(a, b) && is_same(b, a), "{a} and {b}");
        }
    }

    #[test]
    fn a_default_that_is_another_value_is_not_the_same() {
        for (a, b) in [
            ("integer default=3", "float default=3.5"),
            ("integer default=9007199254740993", "integer default=9007199254740992"),
            ("string default=\"1.10\"", "string default=\"1.1\""),
            ("string default=\"true\"", "string default=\"True\""),
            ("string default=\"A\"", "string default=\"a\""),
            ("integer default=0", "boolean default=false"),
            ("integer default=0", "integer"),
            ("list<string> default=[]", "list<string>"),
            ("string default=\"\"", "string"),
            (
                "list<string> default=[\"a\",\"b\"]",
                "list<string> default=[\"b\",\"a\"]",
            ),
            ("list<string> default=[\"a\"]", "list<string> default=[\"a\",\"b\"]"),
            (
                "dict<string> default={\"a\":\"1\"}",
                "dict<string> default={\"a\":\"2\"}",
            ),
        ] {
            assert!(!is_same(a, b) && !is_same(b, a), "{a} and {b}");
        }
    }
}
