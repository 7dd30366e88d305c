//! The JSON Schemas of the documents, made of the types that are printed: `docs/schema/<kind>.schema.json`.
//!
//! `NOVAMEND_BLESS=1` writes them; without it they must be what is there.

// What is here is never read: only its shape is asked.
#![allow(dead_code)]

use std::fs;
use std::path::Path;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use super::fields::{CheckRest, FixRest, LifeEntry, RuleEntry, StackFixes, UpgradeHead};
use super::head::CheckedHead;
use crate::output::entry::{Entry, SuppressedEntry};
use crate::output::envelope::Envelope;
use crate::output::hop::Hop;
use crate::output::known::{Difference, KnownRelease};
use crate::output::places::Assignment;

/// How bad a finding is.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case", inline)]
pub(crate) enum SeverityWord {
    Info,
    Warning,
    Error,
}

/// What comes of a finding.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case", inline)]
pub(crate) enum EffectWord {
    StopsService,
    StopsWork,
    MeansOther,
    Ignored,
    ToPlan,
}

/// Whether a fix is made without being asked for.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case", inline)]
pub(crate) enum SafetyWord {
    Safe,
    Unsafe,
}

/// What keeps a finding out of the report.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case", inline)]
pub(crate) enum ByWord {
    Comment,
    Settings,
    RuleOff,
}

/// What `novamend check --format json` prints.
#[derive(JsonSchema)]
struct Check<'a> {
    #[schemars(flatten)]
    checked: CheckedHead<'a>,
    findings: Vec<Entry<'a>>,
    suppressed: Vec<SuppressedEntry<'a>>,
    #[schemars(flatten)]
    rest: CheckRest,
}

/// What `novamend fix --format json` prints.
#[derive(JsonSchema)]
struct Fix<'a> {
    #[schemars(flatten)]
    checked: CheckedHead<'a>,
    stacks: Vec<StackFixes<'a>>,
    #[schemars(flatten)]
    rest: FixRest,
}

/// What `novamend where --format json` prints.
#[derive(JsonSchema)]
struct Where {
    assignments: Vec<Assignment>,
}

/// What `novamend option --format json` prints.
#[derive(JsonSchema)]
struct OfOption<'a> {
    option: LifeEntry<'a>,
}

/// What `novamend upgrade --format json` prints.
#[derive(JsonSchema)]
struct Upgrade {
    #[schemars(flatten)]
    releases: UpgradeHead,
    hops: Vec<Hop>,
}

/// What `novamend rules --format json` prints.
#[derive(JsonSchema)]
struct Rules {
    rules: Vec<RuleEntry>,
}

/// What `novamend explain --format json` prints.
#[derive(JsonSchema)]
struct Explain {
    rule: RuleEntry,
}

/// What `novamend catalog --format json` prints: the releases that are known, or the differences of two.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
enum Catalog {
    Known { releases: Vec<KnownRelease> },
    Compared(Compared),
}

#[derive(JsonSchema)]
#[schemars(inline)]
struct Compared {
    #[schemars(flatten)]
    releases: UpgradeHead,
    differences: Vec<Difference>,
}

/// Holds `docs/schema/<name>.schema.json` against `schema`.
pub(crate) fn hold(name: &str, schema: &serde_json::Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schema/{name}.schema.json"));
    let text = serde_json::to_string_pretty(schema).unwrap() + "\n";
    if std::env::var_os("NOVAMEND_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == text,
        "docs/schema/{name}.schema.json is not what the types give; `NOVAMEND_BLESS=1 cargo test --lib schema` writes it"
    );
}

fn of<T: JsonSchema>(kind: &str) {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let schema = generator.into_root_schema_for::<Envelope<T>>();
    let mut schema = serde_json::to_value(schema).unwrap();
    schema["title"] = format!("novamend {kind} --format json").into();
    schema["properties"]["schema"] = serde_json::json!({"const": "novamend"});
    schema["properties"]["version"] = serde_json::json!({"const": crate::output::envelope::VERSION});
    schema["properties"]["kind"] = serde_json::json!({"const": kind});
    if let Some(defs) = schema["$defs"].as_object_mut() {
        defs.remove("Kind");
    }
    hold(kind, &schema);
}

#[test]
fn the_schemas_are_those_of_the_types() {
    of::<Check<'static>>("check");
    of::<Fix<'static>>("fix");
    of::<Where>("where");
    of::<OfOption<'static>>("option");
    of::<Upgrade>("upgrade");
    of::<Rules>("rules");
    of::<Explain>("explain");
    of::<Catalog>("catalog");
}

#[test]
fn the_words_are_those_that_are_printed() {
    let words = |schema: schemars::Schema| serde_json::to_value(schema).unwrap().to_string();
    let generator = &mut schemars::SchemaGenerator::default();
    let severities = words(SeverityWord::json_schema(generator));
    let effects = words(EffectWord::json_schema(generator));
    let safeties = words(SafetyWord::json_schema(generator));
    for severity in crate::lint::Severity::ALL {
        assert!(
            severities.contains(&format!("\"{}\"", severity.as_str())),
            "{severities}"
        );
    }
    for effect in crate::lint::Effect::ALL {
        assert!(effects.contains(&format!("\"{}\"", effect.as_str())), "{effects}");
    }
    for safety in [crate::lint::Safety::Safe, crate::lint::Safety::Unsafe] {
        assert!(safeties.contains(&format!("\"{}\"", safety.as_str())), "{safeties}");
    }
}
