//! What is printed as JSON, held against the schemas in `docs/schema` by the `jsonschema` of Python.
//!
//! It prints nothing itself.

#![allow(dead_code, unreachable_pub)] // each test program uses a part of it

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::environments::{find, python};

/// The Python environment that has `jsonschema`.
const ENVIRONMENT: &str = "reports";

/// What is wrong with each of these documents of `kind`; where there is no `jsonschema`, the test is skipped.
pub fn wrong(kind: &str, documents: &[&Value]) -> Vec<Option<String>> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut child = Command::new(python(ENVIRONMENT))
        .arg(tests.join("tests/documents/valid.py"))
        .arg(tests.join(format!("../docs/schema/{kind}.schema.json")))
        .env("PYTHONUTF8", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = serde_json::to_vec(documents).unwrap();
    child.stdin.take().unwrap().write_all(&text).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{kind}");
    let found: Vec<Option<String>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found.len(), documents.len(), "{kind}");
    found
}

/// Holds every document in `value` against the schema of its kind. Without `jsonschema` nothing is held: that is no reason
/// not to run what has printed them; on CI it is there.
pub fn hold_those_in(value: &Value) {
    let mut found = BTreeMap::new();
    gather(value, &mut found);
    if found.is_empty() || find(ENVIRONMENT).is_none() && std::env::var_os("CI").is_none() {
        return;
    }
    for (kind, documents) in found {
        for wrong in wrong(kind, &documents) {
            assert_eq!(wrong, None, "{kind}: {documents:#?}");
        }
    }
}

fn gather<'a>(value: &'a Value, found: &mut BTreeMap<&'a str, Vec<&'a Value>>) {
    match value {
        Value::Object(fields) if value["schema"] == "novamend" => {
            let kind = fields.get("kind").and_then(Value::as_str).expect("a kind");
            found.entry(kind).or_default().push(value);
        }
        Value::Object(fields) => fields.values().for_each(|value| gather(value, found)),
        Value::Array(items) => items.iter().for_each(|value| gather(value, found)),
        _ => {}
    }
}
