//! The shapes of novamend's own documents, of which their JSON Schemas are made.

// What is here is never read: only its shape is asked.
#![allow(dead_code)]

use schemars::JsonSchema;

use super::fields::{CheckRest, FixRest, LifeEntry, RuleEntry, StackFixes, UpgradeHead};
use super::head::CheckedHead;
use crate::output::entry::{Entry, SuppressedEntry};
use crate::output::envelope::Kind;
use crate::output::hop::Hop;
use crate::output::known::{Difference, KnownRelease};
use crate::output::places::Assignment;
use crate::output::schema::hold;

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

#[test]
fn the_schemas_are_those_of_the_types() {
    hold::<Check<'static>>(Kind::Check);
    hold::<Fix<'static>>(Kind::Fix);
    hold::<Where>(Kind::Where);
    hold::<OfOption<'static>>(Kind::Option);
    hold::<Upgrade>(Kind::Upgrade);
    hold::<Rules>(Kind::Rules);
    hold::<Explain>(Kind::Explain);
    hold::<Catalog>(Kind::Catalog);
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
