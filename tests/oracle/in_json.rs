//! A value of novamend's in the words of the Python programs: what `json.dumps` makes of the same value.
//!
//! It judges nothing.

use novamend::oslo::value;
use serde_json::{Value, json};

/// `value` as JSON.
pub(crate) fn in_json(value: &value::Value) -> Value {
    match value {
        value::Value::None => Value::Null,
        value::Value::Bool(flag) => json!(flag),
        value::Value::Int(number) => json!(i64::try_from(*number).expect("a small number")),
        value::Value::Float(number) => json!(number),
        value::Value::Text(text) => json!(text),
        value::Value::List(items) => items.iter().map(in_json).collect(),
        value::Value::Dict(pairs) => pairs.iter().map(|(key, value)| (key.clone(), in_json(value))).collect(),
        value::Value::Range(..) => panic!("JSON has no ranges"),
    }
}
