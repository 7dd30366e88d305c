//! The JSON Schema of `novamend.toml`, for editors: `docs/schema/settings.schema.json`.
//!
//! The file is read by hand, so that mistakes have their places; what is here must have the keys that are read.

// What is here is never read: only its shape is asked.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use super::{KEYS, ignores};

/// The settings of novamend.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    /// The release that runs today, or `auto`.
    from: Option<Release>,
    /// The release to come.
    to: Option<Release>,
    /// The releases that the files must serve at once, two or more.
    #[schemars(length(min = 2))]
    valid_in: Option<Vec<Release>>,
    /// From which severity on findings end with exit code 1.
    fail_on: Option<FailOn>,
    /// Severities other than the rules' own, by rule.
    severity: Option<BTreeMap<String, Severity>>,
    /// Findings that are known.
    ignore: Option<Vec<Ignore>>,
}

/// A release by number, series or date: `18`, `"rocky"`, `"2025.1"`.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
enum Release {
    /// Its number.
    Number(u8),
    /// Its series or its date.
    Name(String),
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case", inline)]
enum FailOn {
    Info,
    Warning,
    Error,
    Never,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case", inline)]
enum Severity {
    Info,
    Warning,
    Error,
    Off,
}

/// Findings that are known.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Ignore {
    /// The rule's id.
    rule: String,
    /// The files: a path as reported, its last components, a glob of either, or a list of these; left out for any.
    file: Option<Files>,
    /// `group.name` of the option.
    option: Option<String>,
    /// Up to so many in one file; left out for all.
    #[schemars(range(min = 1))]
    count: Option<u32>,
    /// The last day on which it holds: `2027-03-31`.
    #[schemars(regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    until: Option<String>,
    /// Why.
    #[schemars(length(min = 1))]
    reason: String,
}

#[derive(JsonSchema)]
#[schemars(untagged, inline)]
enum Files {
    One(String),
    Several(Vec<String>),
}

fn keys(schema: &serde_json::Value) -> Vec<&str> {
    let properties = schema["properties"].as_object().expect("an object");
    let mut keys: Vec<&str> = properties.keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn the_schema_of_the_settings_has_the_keys_that_are_read() {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = serde_json::to_value(generator.into_root_schema_for::<Settings>()).unwrap();
    schema["title"] = "novamend.toml".into();
    let sorted = |known: &[&'static str]| {
        let mut known = known.to_vec();
        known.sort_unstable();
        known
    };
    assert_eq!(keys(&schema), sorted(&KEYS));
    assert_eq!(keys(&schema["$defs"]["Ignore"]), sorted(&ignores::KEYS));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/settings.schema.json");
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    if std::env::var_os("NOVAMEND_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(
        fs::read_to_string(&path).unwrap_or_default(),
        text,
        "`NOVAMEND_BLESS=1` writes it"
    );
}
