//! The fields of the JSON documents behind their heads, in their order, as `docs/json.md` describes them.

use serde::Serialize;

use super::head::ReleaseEntry;
use crate::catalog::{OptionFacts, Release};
use crate::lint::Rule;
use crate::output::checked::SuppressedCounts;
use crate::output::entry::{self, Entry, OptionEntry, SuppressedEntry, hex};
use crate::output::fixed::{AppliedFix, Batch, ChangedFile, FixTotal, Fixes, Proof};
use crate::output::life::{Life, Note};
use crate::output::{Base, CheckTotal, facts};
use crate::redact;
use crate::text::of_path;
use crate::write::Written;

/// How many findings are not reported, or lowered, and by whose word.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct HiddenEntry {
    ignores: usize,
    rules_off: usize,
    comments: usize,
    lowered: usize,
}

impl HiddenEntry {
    fn of(counts: SuppressedCounts) -> Self {
        Self {
            ignores: counts.settings,
            rules_off: counts.off,
            comments: counts.comments,
            lowered: counts.lowered,
        }
    }
}

/// What follows the findings of `check`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct CheckRest {
    summary: SummaryEntry,
}

impl CheckRest {
    pub(super) fn of(total: &CheckTotal<'_>) -> Self {
        Self {
            summary: SummaryEntry::of(total),
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct SummaryEntry {
    errors: usize,
    warnings: usize,
    infos: usize,
    suppressed: usize,
    hidden: HiddenEntry,
}

impl SummaryEntry {
    fn of(total: &CheckTotal<'_>) -> Self {
        let (counts, suppressed) = (total.summary.counts, total.summary.suppressed);
        Self {
            errors: counts.errors,
            warnings: counts.warnings,
            infos: counts.infos,
            suppressed: suppressed.total(),
            hidden: HiddenEntry::of(suppressed),
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct StackFixes<'a> {
    applied: &'a [AppliedFix],
    later: &'a [AppliedFix],
    proven: Option<&'a Proof>,
    objections: &'a [String],
    changed: &'a [ChangedFile],
    changed_later: &'a [ChangedFile],
    left: Vec<Entry<'a>>,
    suppressed: Vec<SuppressedEntry<'a>>,
}

impl<'a> StackFixes<'a> {
    pub(super) fn of(fixes: &'a Fixes<'_>) -> Self {
        let Batch { applied, changed, .. } = &fixes.now;
        let left = fixes.left.iter();
        let suppressed = fixes.suppressed.iter();
        Self {
            applied,
            later: &fixes.later.applied,
            proven: fixes.proven.as_ref(),
            objections: &fixes.objections,
            changed,
            changed_later: &fixes.later.changed,
            left: left
                .map(|finding| Entry::of(fixes.base, &fixes.written, finding))
                .collect(),
            suppressed: suppressed
                .map(|one| SuppressedEntry::of(fixes.base, &fixes.before, one))
                .collect(),
        }
    }
}

/// What follows the stacks of `fix`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct FixRest {
    written: Vec<WrittenEntry>,
    hidden: HiddenEntry,
}

impl FixRest {
    pub(super) fn of(total: &FixTotal<'_>) -> Self {
        Self {
            written: total
                .written()
                .iter()
                .map(|one| WrittenEntry::of(&total.checked.base, one))
                .collect(),
            hidden: HiddenEntry::of(total.hidden),
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct WrittenEntry {
    file: String,
    backup: Option<String>,
    in_place: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_hex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_hex: Option<String>,
}

impl WrittenEntry {
    fn of(base: &Base, written: &Written) -> Self {
        let target = base.relative(&written.target);
        let backup = written.backup.as_deref().map(|path| base.relative(path));
        Self {
            file: of_path(&target).into_owned(),
            backup: backup.as_deref().map(|path| of_path(path).into_owned()),
            in_place: written.in_place,
            file_hex: hex(&target),
            backup_hex: backup.as_deref().and_then(hex),
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct UpgradeHead {
    from: DatedRelease,
    to: DatedRelease,
}

impl UpgradeHead {
    pub(super) fn of(from: Release, to: Release) -> Self {
        let dated = |release: Release| DatedRelease {
            named: ReleaseEntry::of(release),
            date: release.date(),
        };
        Self {
            from: dated(from),
            to: dated(to),
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct DatedRelease {
    #[serde(flatten)]
    named: ReleaseEntry,
    date: Option<&'static str>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct RuleEntry {
    id: &'static str,
    severity: &'static str,
    summary: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<&'static str>,
}

impl RuleEntry {
    pub(super) fn of(rule: &'static Rule, page: Option<&'static str>) -> Self {
        Self {
            id: rule.id,
            severity: rule.severity.as_str(),
            summary: rule.summary,
            page,
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct LifeEntry<'a> {
    group: &'a str,
    name: &'a str,
    life: Vec<SpanEntry>,
    old_name_of: Vec<SpanEntry>,
    notes: Vec<String>,
    rules: &'a [&'static str],
}

impl<'a> LifeEntry<'a> {
    pub(super) fn of(life: &'a Life) -> Self {
        let spans = |spans: &[OptionFacts]| spans.iter().map(|facts| SpanEntry::of(*facts)).collect();
        Self {
            group: &life.group,
            name: &life.name,
            life: spans(&life.spans),
            old_name_of: spans(&life.old_name_of),
            notes: life.notes().iter().map(Note::lines).collect(),
            rules: &life.rules,
        }
    }
}

/// Releases in which nothing about an option changed.
// Each is a field of the document.
#[allow(clippy::struct_excessive_bools)]
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct SpanEntry {
    group: &'static str,
    name: &'static str,
    #[serde(serialize_with = "entry::number")]
    #[cfg_attr(test, schemars(with = "u8"))]
    since: Release,
    #[serde(serialize_with = "entry::some_number")]
    #[cfg_attr(test, schemars(with = "Option<u8>"))]
    until: Option<Release>,
    r#type: &'static str,
    default: Option<String>,
    host_dependent: bool,
    limits: Vec<String>,
    choices: Vec<String>,
    mutable: bool,
    secret: bool,
    deprecated_for_removal: bool,
    deprecated_since: Option<String>,
    old_names: Vec<OptionEntry>,
    source: &'static str,
}

impl SpanEntry {
    fn of(option: OptionFacts) -> Self {
        let default = option.default_text();
        let aliases = option.aliases().map(|old| OptionEntry {
            group: old.group.to_string(),
            name: old.name.to_string(),
        });
        Self {
            group: option.group(),
            name: option.name(),
            since: option.since(),
            until: option.until(),
            r#type: option.kind(),
            default: default.map(|text| redact::shown(option.name(), text).into_owned()),
            host_dependent: option.is_host_dependent(),
            limits: facts::limits(option),
            choices: option.choices().to_vec(),
            mutable: option.is_mutable(),
            secret: option.is_secret(),
            deprecated_for_removal: option.is_deprecated_for_removal(),
            deprecated_since: option.deprecated_since(),
            old_names: aliases.collect(),
            source: option.source(),
        }
    }
}
