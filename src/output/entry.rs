//! Findings with everything resolved that a stack and its context say of them: places, options, releases.
//!
//! The fields are those of `docs/json.md`; other formats take what they need.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde::{Serialize, Serializer};

use super::Base;
use crate::catalog::Release;
use crate::lint::{By, Condition, Context, EditWindow, Finding, Location, Moment, Safety, Severity, Suppressed};
use crate::oslo::stack::Stack;
use crate::redact;
use crate::text::of_path;

/// A place in a file, a variable of the environment, or nothing that could be named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PlaceEntry {
    /// The path from the base on; what is not UTF-8 in it as `\xNN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Its bytes in hex, where it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_hex: Option<String>,
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The column, from 1, in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// The line of the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_line: Option<usize>,
    /// The column behind the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_column: Option<usize>,
    /// The variable's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
}

impl PlaceEntry {
    /// Where `location` of `stack` is, its file from `base` on.
    #[must_use]
    pub fn of(base: &Base, stack: &Stack, location: Location) -> Self {
        match location {
            Location::File { layer, span } => {
                let source = stack.layers()[layer].document.source();
                let (start, end) = (source.position(span.start), source.position(span.end));
                Self {
                    column: Some(start.column),
                    end_line: Some(end.line),
                    end_column: Some(end.column),
                    ..Self::on_line(&base.relative(source.path()), start.line)
                }
            }
            Location::Environment(variable) => Self {
                variable: Some(redact::hidden(&stack.environment()[variable].name)),
                ..Self::default()
            },
            Location::Stack => Self::default(),
        }
    }

    /// A whole line of the file at `path`.
    #[must_use]
    pub fn on_line(path: &Path, line: usize) -> Self {
        Self {
            file: Some(of_path(path).into_owned()),
            file_hex: hex(path),
            line: Some(line),
            ..Self::default()
        }
    }
}

/// The bytes of `path` in hex, where it is not UTF-8.
#[must_use]
pub fn hex(path: &Path) -> Option<String> {
    let bytes = path.as_os_str().as_bytes().iter();
    let digits = || bytes.fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    path.to_str().is_none().then(digits)
}

/// What every finding says, reported or not.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SubjectEntry<'a> {
    /// Where.
    #[serde(flatten)]
    pub place: PlaceEntry,
    /// The rule's id.
    pub rule: &'static str,
    /// How bad.
    #[serde(serialize_with = "severity")]
    #[cfg_attr(test, schemars(with = "crate::output::json::schema::SeverityWord"))]
    pub severity: Severity,
    /// What comes of it: `stops-service`, `stops-work`, `means-other`, `ignored` or `to-plan`.
    #[cfg_attr(test, schemars(with = "crate::output::json::schema::EffectWord"))]
    pub effect: &'static str,
    /// `group.name` of the option it is about.
    pub option: Option<String>,
    /// What is found.
    pub message: &'a str,
}

impl<'a> SubjectEntry<'a> {
    fn of(base: &Base, context: &Context<'_>, finding: &'a Finding) -> Self {
        Self {
            place: PlaceEntry::of(base, context.stack, finding.location),
            rule: finding.rule.id,
            severity: finding.severity,
            effect: finding.effect.as_str(),
            option: context.subject(finding),
            message: &finding.message,
        }
    }
}

/// One finding.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Entry<'a> {
    /// What it is about, and what is wrong.
    #[serde(flatten)]
    pub subject: SubjectEntry<'a>,
    /// Why it matters; may be empty.
    pub why: &'a str,
    /// What to do; may be empty.
    pub help: &'a str,
    /// Other places that have to do with it.
    pub related: Vec<RelatedEntry<'a>>,
    /// What `fix` would do.
    pub fix: Option<FixEntry<'a>>,
    /// What must run today for it to hold.
    pub condition: Option<ConditionEntry>,
    /// The hop in which it happens.
    pub hop: Option<HopEntry>,
    /// When to edit.
    pub edit: Option<When>,
    /// The release that the stack was checked from.
    #[serde(serialize_with = "number")]
    #[cfg_attr(test, schemars(with = "u8"))]
    pub from: Release,
    /// The release that it was checked for.
    #[serde(serialize_with = "number")]
    #[cfg_attr(test, schemars(with = "u8"))]
    pub to: Release,
}

impl<'a> Entry<'a> {
    /// `finding` of the stack of `context`, paths from `base` on.
    #[must_use]
    pub fn of(base: &Base, context: &Context<'_>, finding: &'a Finding) -> Self {
        let related = finding.related.iter().map(|related| RelatedEntry {
            place: PlaceEntry::of(base, context.stack, related.location),
            note: &related.note,
        });
        let fix = finding.fix.as_ref().map(|fix| FixEntry {
            title: &fix.title,
            safety: fix.safety,
            moment: finding.moment.map(When::of_moment),
            unsafe_because: finding.objection.as_deref(),
        });
        Self {
            subject: SubjectEntry::of(base, context, finding),
            why: &finding.why,
            help: &finding.help,
            related: related.collect(),
            fix,
            condition: finding.condition.map(ConditionEntry::of),
            hop: finding
                .step
                .and_then(|step| step.hop)
                .map(|(from, to)| HopEntry { from, to }),
            edit: finding.step.map(|step| When::of_edit(step.edited)),
            from: context.from.release(),
            to: context.to.release(),
        }
    }
}

/// Another place, and what about it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RelatedEntry<'a> {
    /// Where.
    #[serde(flatten)]
    pub place: PlaceEntry,
    /// What about it.
    pub note: &'a str,
}

/// A way out.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FixEntry<'a> {
    /// What it does.
    pub title: &'a str,
    /// Whether it is applied without being asked for.
    #[serde(serialize_with = "safety")]
    #[cfg_attr(test, schemars(with = "crate::output::json::schema::SafetyWord"))]
    pub safety: Safety,
    /// When it may be written.
    pub moment: Option<When>,
    /// Why it is not safe though its rule offers it so.
    pub unsafe_because: Option<&'a str>,
}

/// What must run today for a finding to hold.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ConditionEntry {
    /// The oldest release of those.
    #[serde(serialize_with = "number")]
    #[cfg_attr(test, schemars(with = "u8"))]
    pub oldest: Release,
    /// The newest.
    #[serde(serialize_with = "number")]
    #[cfg_attr(test, schemars(with = "u8"))]
    pub newest: Release,
    /// Whether it holds for every release up to the newest.
    pub or_earlier: bool,
    /// The same in words.
    pub words: String,
}

impl ConditionEntry {
    fn of(condition: Condition) -> Self {
        Self {
            oldest: condition.oldest,
            newest: condition.newest,
            or_earlier: condition.is_or_earlier,
            words: condition.in_words(),
        }
    }
}

/// A hop of the upgrade.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HopEntry {
    /// Where it starts.
    #[serde(serialize_with = "number")]
    #[cfg_attr(test, schemars(with = "u8"))]
    pub from: Release,
    /// Where it ends.
    #[serde(serialize_with = "number")]
    #[cfg_attr(test, schemars(with = "u8"))]
    pub to: Release,
}

/// When an edit is made: `now`, `before` the upgrade, `between` two hops, or `with` one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct When {
    /// The word.
    pub when: &'static str,
    /// The release whose hop comes before.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "some_number")]
    #[cfg_attr(test, schemars(with = "Option<u8>"))]
    pub after: Option<Release>,
    /// The release whose hop comes after.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "some_number")]
    #[cfg_attr(test, schemars(with = "Option<u8>"))]
    pub before: Option<Release>,
    /// The release whose hop it comes with.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "some_number")]
    #[cfg_attr(test, schemars(with = "Option<u8>"))]
    pub release: Option<Release>,
}

impl When {
    fn at(when: &'static str) -> Self {
        Self {
            when,
            after: None,
            before: None,
            release: None,
        }
    }

    fn with(release: Release) -> Self {
        Self {
            release: Some(release),
            ..Self::at("with")
        }
    }

    /// When an edit may be written.
    #[must_use]
    pub fn of_moment(moment: Moment) -> Self {
        match moment {
            Moment::Now => Self::at("now"),
            Moment::With(release) => Self::with(release),
        }
    }

    /// When to edit.
    #[must_use]
    pub fn of_edit(edited: EditWindow) -> Self {
        match edited {
            EditWindow::Before => Self::at("before"),
            EditWindow::Between(after, before) => Self {
                after: Some(after),
                before: Some(before),
                ..Self::at("between")
            },
            EditWindow::With(release) => Self::with(release),
        }
    }
}

/// An option by group and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OptionEntry {
    /// The group.
    pub group: String,
    /// The name.
    pub name: String,
}

/// A finding that is not reported.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SuppressedEntry<'a> {
    /// What it is about, and what is wrong.
    #[serde(flatten)]
    pub subject: SubjectEntry<'a>,
    /// What keeps it out: `comment`, `settings` or `rule-off`.
    #[cfg_attr(test, schemars(with = "crate::output::json::schema::ByWord"))]
    pub by: &'static str,
    /// The line of the comment.
    pub comment_line: Option<usize>,
    /// The reason that is given there.
    pub reason: Option<String>,
}

impl<'a> SuppressedEntry<'a> {
    /// `suppressed` of the stack of `context`, paths from `base` on.
    #[must_use]
    pub fn of(base: &Base, context: &Context<'_>, suppressed: &'a Suppressed) -> Self {
        let finding = &suppressed.finding;
        let (by, comment_line, reason) = match &suppressed.by {
            By::Comment { line, reason } => ("comment", Some(*line), Some(reason)),
            By::Settings { reason, .. } => ("settings", None, Some(reason)),
            By::RuleOff => ("rule-off", None, None),
        };
        Self {
            subject: SubjectEntry::of(base, context, finding),
            by,
            comment_line,
            reason: reason.map(|reason| context.hidden(reason)),
        }
    }
}

// Serde hands a reference to these.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn severity<S: Serializer>(severity: &Severity, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(severity.as_str())
}

#[allow(clippy::trivially_copy_pass_by_ref)]
pub(super) fn safety<S: Serializer>(safety: &Safety, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(safety.as_str())
}

#[allow(clippy::trivially_copy_pass_by_ref)]
pub(super) fn moment<S: Serializer>(moment: &Moment, serializer: S) -> Result<S::Ok, S::Error> {
    When::of_moment(*moment).serialize(serializer)
}

/// A release as its number.
#[allow(clippy::trivially_copy_pass_by_ref)]
pub(super) fn number<S: Serializer>(release: &Release, serializer: S) -> Result<S::Ok, S::Error> {
    release.number().serialize(serializer)
}

#[allow(clippy::trivially_copy_pass_by_ref, clippy::ref_option)]
pub(super) fn some_number<S: Serializer>(release: &Option<Release>, serializer: S) -> Result<S::Ok, S::Error> {
    release.map(Release::number).serialize(serializer)
}
