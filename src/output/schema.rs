//! The JSON Schemas of the documents, made of the types that are printed: `docs/schema/<kind>.schema.json`.
//!
//! It is for tests: `NOVAMEND_BLESS=1` writes the schemas; without it they must be what is there.

use std::fs;
use std::path::Path;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::envelope::{Envelope, Kind, SCHEMA, VERSION};

/// Holds the schema in `docs/schema` against that of a document of `kind`, whose fields are those of `T`.
///
/// # Panics
/// They differ.
pub fn hold<T: JsonSchema>(kind: Kind) {
    let word = json!(kind);
    let name = word.as_str().expect("a kind is a word");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schema/{name}.schema.json"));
    let text = format!("{:#}\n", of::<T>(kind, name));
    if std::env::var_os("NOVAMEND_BLESS").is_some() {
        fs::write(&path, &text).expect("docs/schema can be written");
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == text,
        "docs/schema/{name}.schema.json is not what the types give; `NOVAMEND_BLESS=1 cargo test --workspace --lib schema` writes it"
    );
}

fn of<T: JsonSchema>(kind: Kind, name: &str) -> Value {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let about = T::json_schema(&mut generator).remove("description");
    let schema = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = json!(schema.into_root_schema_for::<Envelope<T>>());
    schema["title"] = match kind {
        Kind::Error => "novamend-verify --format json, where there is no result".into(),
        _ => format!("novamend {name} --format json").into(),
    };
    schema["description"] = about.unwrap_or_default();
    schema["properties"]["schema"] = json!({"const": SCHEMA});
    schema["properties"]["version"] = json!({"const": VERSION});
    schema["properties"]["kind"] = json!({"const": kind});
    if let Some(defs) = schema["$defs"].as_object_mut() {
        defs.remove("Kind");
    }
    to_prose(&mut schema);
    schema
}

/// Descriptions are comments of the sources: their lines are of no width here, and their links lead nowhere.
fn to_prose(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(text)) = fields.get_mut("description") {
                let link = regex::Regex::new(r"\[(`[^`]+`)\](\([^)]*\))?").expect("a pattern");
                *text = link.replace_all(&text.replace('\n', " "), "$1").into_owned();
            }
            fields.values_mut().for_each(to_prose);
        }
        Value::Array(items) => items.iter_mut().for_each(to_prose),
        _ => {}
    }
}
