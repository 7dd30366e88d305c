//! The words of a row, parted once: types, JSON and flags, each read at every call.

use serde_json::Value;

use crate::catalog::index::fact;
use crate::oslo::types::{OptionType, TextLimits};

/// The facts of a row, each read at every call.
pub(super) struct Words(Vec<&'static str>);

impl Words {
    pub(super) fn of(facts: &'static str) -> Self {
        Self(facts.split('\t').collect())
    }

    pub(super) fn kind(&self) -> &'static str {
        self.0.first().copied().unwrap_or_default()
    }

    fn field(&self, key: &str) -> Option<&'static str> {
        self.0[1..].iter().find_map(|word| fact(word, key))
    }

    fn flag(&self, key: &str) -> bool {
        self.field(key) == Some("")
    }

    pub(super) fn json(&self, key: &str) -> Option<Value> {
        self.field(key).and_then(json)
    }

    fn int(&self, key: &str) -> Option<i64> {
        self.json(key)?.as_i64()
    }

    fn float(&self, key: &str) -> Option<f64> {
        self.json(key)?.as_f64()
    }

    fn size(&self, key: &str) -> Option<usize> {
        self.json(key)?.as_u64().map(|size| size as usize)
    }

    fn text(&self, key: &str) -> Option<String> {
        self.json(key)?.as_str().map(str::to_owned)
    }

    pub(super) fn texts(&self, key: &str) -> Option<Vec<String>> {
        let value = self.json(key)?;
        Some(writable(value.as_array()?))
    }

    fn numbers(&self) -> Option<Vec<i64>> {
        self.json("choices")?.as_array()?.iter().map(Value::as_i64).collect()
    }

    pub(super) fn item_choices(&self) -> Option<Vec<String>> {
        let item = self.json("item")?;
        Some(writable(item.get("choices")?.as_array()?))
    }

    fn version(&self) -> Option<u8> {
        self.size("version").map(|version| version as u8)
    }

    /// The type called `kind`, with the limits that the facts set.
    pub(super) fn option_type(&self, kind: &str) -> OptionType {
        match kind {
            "boolean" => OptionType::Bool,
            "integer" => OptionType::Int {
                min: self.int("min"),
                max: self.int("max"),
                choices: self.numbers(),
            },
            "port" => OptionType::port(self.int("min"), self.int("max"), self.numbers()),
            "float" => OptionType::Float {
                min: self.float("min"),
                max: self.float("max"),
            },
            "uri" => OptionType::Uri {
                schemes: self.texts("schemes"),
                max_length: self.size("max_length"),
            },
            "ip" => OptionType::Ip {
                version: self.version(),
            },
            "hostname" => OptionType::Hostname,
            "host-address" => OptionType::HostAddress {
                version: self.version(),
            },
            "host-domain" => OptionType::HostDomain {
                version: self.version(),
            },
            "range" => OptionType::Range {
                min: self.int("min"),
                max: self.int("max"),
            },
            "string" => OptionType::Text(TextLimits {
                choices: self.texts("choices").or_else(|| self.item_choices()),
                regex: self.text("regex"),
                ignore_case: self.flag("ignore_case"),
                max_length: self.size("max_length").unwrap_or(0),
                quotes: self.flag("quotes"),
            }),
            _ => self.type_of_several(kind).unwrap_or(OptionType::Opaque),
        }
    }

    /// `list<…>`, `dict<…>` and `multi<…>`; `None` for any other word.
    fn type_of_several(&self, kind: &str) -> Option<OptionType> {
        let (outer, rest) = kind.split_once('<')?;
        let item = match rest.strip_suffix('>')? {
            item if item.starts_with("custom:") => OptionType::Opaque,
            item => self.option_type(item),
        };
        let (item, bounds) = (Box::new(item), self.flag("bounds"));
        match outer {
            "list" => Some(OptionType::List { item, bounds }),
            "dict" => Some(OptionType::Dict { value: item, bounds }),
            "multi" => Some(OptionType::Multi(item)),
            _ => None,
        }
    }
}

/// What a fact says, where that is more than a flag.
pub(super) fn json(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// Choices as they would be written in a file; `None`, which some lists hold, cannot be.
fn writable(choices: &[Value]) -> Vec<String> {
    choices.iter().filter(|choice| !choice.is_null()).map(written).collect()
}

/// A default or choice as it would be written in a file.
pub(super) fn written(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::String(value) => value.clone(),
        Value::Array(items) => items.iter().map(written).collect::<Vec<_>>().join(","),
        Value::Object(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| format!("{key}:{}", written(value)));
            pairs.collect::<Vec<_>>().join(",")
        }
    }
}
