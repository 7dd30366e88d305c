//! A finding as pipelines take it: one place in one file, one text, and what it is known by from run to run.

use std::path::PathBuf;

use super::checked::Checked;
use super::entry::PlaceEntry;
use super::fingerprint::Fingerprints;
use super::fixed::fix_available;
use super::{CheckTotal, Findings};
use crate::lint::{Context, Effect, Finding, Location, Rule, Severity};
use crate::plain;

/// One finding.
pub(super) struct Reported<'a> {
    /// The finding itself.
    pub(super) finding: &'a Finding,
    /// The rule.
    pub(super) rule: &'static Rule,
    /// How bad.
    pub(super) severity: Severity,
    /// The file from the base on; for what no line can be blamed for the last file of its stack.
    pub(super) path: PathBuf,
    /// The same as text, on one line.
    pub(super) file: String,
    /// The place in it; without a line where none can be blamed.
    pub(super) place: PlaceEntry,
    /// `group.name` of the option it is about.
    pub(super) option: Option<String>,
    /// What is found.
    pub(super) message: String,
    /// Why it matters, what to do and which fix there is, a sentence each; those that there are.
    pub(super) more: Vec<String>,
    /// What it is known by.
    pub(super) fingerprint: String,
}

impl Reported<'_> {
    /// What is found, why it matters and what to do, a line each.
    pub(super) fn text(&self) -> String {
        let more = self.more.iter().map(String::as_str);
        let lines: Vec<&str> = std::iter::once(&*self.message).chain(more).collect();
        lines.join("\n")
    }

    /// Whether something does not start for it.
    pub(super) fn stops_service(&self) -> bool {
        self.severity == Severity::Error && self.finding.effect == Effect::StopsService
    }

    /// `file:line`, as far as there is a line.
    pub(super) fn address(&self) -> String {
        match (self.place.line, &self.place.variable) {
            (Some(line), _) => format!("{}:{line}", self.file),
            (None, Some(variable)) => format!("environment {}", plain::line(variable)),
            (None, None) => self.file.clone(),
        }
    }
}

/// The findings of `found`, in their order.
pub(super) fn all<'a>(found: &Findings<'a, '_>) -> Vec<Reported<'a>> {
    let mut fingerprints = Fingerprints::default();
    let findings = found.findings.iter();
    findings
        .map(|finding| reported(found.checked, found.context, finding, &mut fingerprints))
        .collect()
}

fn reported<'a>(
    checked: &Checked,
    context: &Context<'_>,
    finding: &'a Finding,
    fingerprints: &mut Fingerprints,
) -> Reported<'a> {
    let layers = context.stack.layers();
    let layer = match finding.location {
        Location::File { layer, .. } => layers.get(layer),
        Location::Environment(_) | Location::Stack => layers.last(),
    };
    let path = layer.map_or_else(
        || PathBuf::from("nova.conf"),
        |layer| checked.base.relative(layer.document.source().path()),
    );
    let file = plain::path(&path);
    let option = context.subject(finding);
    let texts = [finding.why.clone(), finding.help.clone()];
    let fix = fix_available(finding).map(|fix| format!("fix available: {fix}"));
    let more = texts.into_iter().chain(fix).filter(|text| !text.is_empty());
    Reported {
        finding,
        rule: finding.rule,
        severity: finding.severity,
        fingerprint: fingerprints.next(finding.rule.id, &file, option.as_deref()),
        place: PlaceEntry::of(&checked.base, context.stack, finding.location),
        message: on_one_line(&finding.message),
        more: more.map(|text| on_one_line(&text)).collect(),
        path,
        file,
        option,
    }
}

/// What was to be checked and could not be.
pub(super) struct Unread {
    /// The file from the base on, as text on one line.
    pub(super) file: String,
    /// Why it was not, to follow "it", on one line.
    pub(super) why: String,
}

impl Unread {
    /// What such a thing is known by.
    pub(super) const ID: &'static str = "not-checked";

    /// That it was not checked, and why.
    pub(super) fn text(&self) -> String {
        format!("{} {}; it was not checked", self.file, self.why)
    }
}

/// All that was not checked, in the order in which it was named.
pub(super) fn unread<'a>(total: &'a CheckTotal<'_>) -> impl Iterator<Item = Unread> + 'a {
    total.unread.iter().map(|left| Unread {
        file: plain::path(&total.checked.base.relative(&left.path)),
        why: plain::line(&left.why).into_owned(),
    })
}

fn on_one_line(text: &str) -> String {
    plain::line(&text.replace('\n', " ")).into_owned()
}
