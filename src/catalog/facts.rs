//! What a release says of one option: type, default, limits, marks and old names, read from its row on demand.
//!
//! It neither finds options (that is [`super`]) nor judges values (that is [`crate::oslo::value`]).

use serde_json::Value;

use super::release::Release;
use super::table::{Row, field};
use crate::oslo::types::{OptionType, TextLimits};

/// An old name of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Alias {
    /// Its group, as declared.
    pub group: &'static str,
    /// Its name, as declared; hyphens are possible.
    pub name: &'static str,
}

/// One option as one release knows it. Copying it is free; each question reads the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionFacts {
    row: Row,
}

impl OptionFacts {
    pub(super) fn new(row: Row) -> Self {
        Self { row }
    }

    /// The group as oslo.config matches it.
    #[must_use]
    pub fn group(&self) -> &'static str {
        self.row.group
    }

    /// The name that is looked up in files (`dest`): no hyphens.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.row.name
    }

    /// `[group] name`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("[{}] {}", self.row.group, self.row.name)
    }

    /// The first release in which it was exactly as here.
    #[must_use]
    pub fn since(&self) -> Release {
        self.row.since
    }

    /// The last release in which it was exactly as here; `None`: it still is.
    #[must_use]
    pub fn until(&self) -> Option<Release> {
        self.row.until
    }

    /// The type in the words of the lists: `integer`, `list<string>`, `multi<string>` …
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.row.facts.split('\t').next().unwrap_or_default()
    }

    /// The type with its limits.
    #[must_use]
    pub fn option_type(&self) -> OptionType {
        self.typed(self.kind())
    }

    fn typed(&self, kind: &str) -> OptionType {
        let inner = |kind: &str, outer: &str| -> Option<OptionType> {
            let item = kind.strip_prefix(outer)?.strip_prefix('<')?.strip_suffix('>')?;
            Some(if item.starts_with("custom:") {
                OptionType::Opaque
            } else {
                self.typed(item)
            })
        };
        let flag = |key| self.flag(key);
        let text = |key| self.json(key).and_then(|value| value.as_str().map(str::to_owned));
        let size = |key| self.json(key).and_then(|value| value.as_u64()).map(|n| n as usize);
        let int = |key| self.json(key).and_then(|value| value.as_i64());
        let version = self.json("version").and_then(|value| value.as_u64()).map(|n| n as u8);
        match kind {
            "boolean" => OptionType::Bool,
            "integer" => OptionType::Int {
                min: int("min"),
                max: int("max"),
                choices: self.numbers(),
            },
            "port" => OptionType::port(int("min"), int("max"), self.numbers()),
            "float" => {
                let float = |key| self.json(key).and_then(|value| value.as_f64());
                OptionType::Float {
                    min: float("min"),
                    max: float("max"),
                }
            }
            "uri" => OptionType::Uri {
                schemes: self.texts("schemes"),
                max_length: size("max_length"),
            },
            "ip" => OptionType::Ip { version },
            "hostname" => OptionType::Hostname,
            "host-address" => OptionType::HostAddress { version },
            "host-domain" => OptionType::HostDomain { version },
            "range" => OptionType::Range {
                min: int("min"),
                max: int("max"),
            },
            "string" => OptionType::Text(TextLimits {
                choices: self.texts("choices").or_else(|| self.item_choices()),
                regex: text("regex"),
                ignore_case: flag("ignore_case"),
                max_length: size("max_length").unwrap_or(0),
                quotes: flag("quotes"),
            }),
            _ => {
                let bounds = flag("bounds");
                let boxed = |item: OptionType| Box::new(item);
                None.or_else(|| {
                    inner(kind, "list").map(|item| OptionType::List {
                        item: boxed(item),
                        bounds,
                    })
                })
                .or_else(|| {
                    inner(kind, "dict").map(|item| OptionType::Dict {
                        value: boxed(item),
                        bounds,
                    })
                })
                .or_else(|| inner(kind, "multi").map(|item| OptionType::Multi(boxed(item))))
                .unwrap_or(OptionType::Opaque)
            }
        }
    }

    /// What it is where nothing is written; `None` where it is unset.
    #[must_use]
    pub fn default(&self) -> Option<Value> {
        self.json("default")
    }

    /// The default as it would be written in a file; `None` where it is unset. A multi-valued one has a line each.
    #[must_use]
    pub fn default_text(&self) -> Option<String> {
        self.default().map(|value| written(&value))
    }

    /// The only values allowed, as written in a file; empty where they are not counted out.
    #[must_use]
    pub fn choices(&self) -> Vec<String> {
        let own = self.json("choices").and_then(|value| value.as_array().cloned());
        own.map_or_else(|| self.item_choices().unwrap_or_default(), |choices| writable(&choices))
    }

    /// The least value, as written.
    #[must_use]
    pub fn min(&self) -> Option<&'static str> {
        field(self.row.facts, "min")
    }

    /// The greatest value, as written.
    #[must_use]
    pub fn max(&self) -> Option<&'static str> {
        field(self.row.facts, "max")
    }

    /// Whether it may stand several times, every value counting.
    #[must_use]
    pub fn is_multi(&self) -> bool {
        self.kind().starts_with("multi<")
    }

    /// Whether a running service takes a new value on SIGHUP.
    #[must_use]
    pub fn is_mutable(&self) -> bool {
        self.flag("mutable")
    }

    /// Whether nova itself keeps its value out of logs.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.flag("secret")
    }

    /// Whether the sample file calls it advanced.
    #[must_use]
    pub fn is_advanced(&self) -> bool {
        self.flag("advanced")
    }

    /// Whether nova refuses to run without it.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.flag("required")
    }

    /// Whether it is announced to go.
    #[must_use]
    pub fn is_deprecated_for_removal(&self) -> bool {
        self.flag("deprecated_for_removal")
    }

    /// Since when it is announced to go, in the words of its project: a version (`16.0.0`) or a series (`Queens`).
    #[must_use]
    pub fn deprecated_since(&self) -> Option<String> {
        self.json("deprecated_since").map(|value| written(&value))
    }

    /// Whether its default depends on the host nova runs on.
    #[must_use]
    pub fn is_host_dependent(&self) -> bool {
        self.flag("host_dependent")
    }

    /// The namespace that brings it: `nova.conf`, `oslo.messaging` …
    #[must_use]
    pub fn source(&self) -> &'static str {
        field(self.row.facts, "source").unwrap_or_default().trim_matches('"')
    }

    /// Its old names that the release still takes.
    pub fn aliases(&self) -> impl Iterator<Item = Alias> + use<> {
        let pairs = field(self.row.facts, "aliases")
            .into_iter()
            .flat_map(|pairs| pairs.split(','));
        pairs
            .filter_map(|pair| pair.split_once('/'))
            .map(|(group, name)| Alias { group, name })
    }

    /// The names oslo.config looks up in one file, in its order: the current name, then the old ones, hyphens made `_`.
    #[must_use]
    pub fn lookup_names(&self) -> Vec<(&'static str, String)> {
        let current = std::iter::once((self.group(), self.name().to_owned()));
        current
            .chain(self.aliases().map(|old| (old.group, old.name.replace('-', "_"))))
            .collect()
    }

    fn flag(&self, key: &str) -> bool {
        field(self.row.facts, key) == Some("")
    }

    fn json(&self, key: &str) -> Option<Value> {
        field(self.row.facts, key).and_then(|text| serde_json::from_str(text).ok())
    }

    fn texts(&self, key: &str) -> Option<Vec<String>> {
        let value = self.json(key)?;
        Some(writable(value.as_array()?))
    }

    fn numbers(&self) -> Option<Vec<i64>> {
        self.json("choices")?.as_array()?.iter().map(Value::as_i64).collect()
    }

    fn item_choices(&self) -> Option<Vec<String>> {
        let item = self.json("item")?;
        Some(writable(item.get("choices")?.as_array()?))
    }
}

/// Choices as they would be written in a file; `None`, which some lists hold, cannot be.
fn writable(choices: &[Value]) -> Vec<String> {
    choices.iter().filter(|choice| !choice.is_null()).map(written).collect()
}

/// A default or choice as it would be written in a file.
fn written(value: &Value) -> String {
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
