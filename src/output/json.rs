//! One document for programs, as `docs/json.md` describes it: an [`Envelope`], then what the verb has to say.
//!
//! One element of its list stands on each line; commas and line ends of lists are nobody else's.

mod fields;
mod head;
#[cfg(test)]
pub(crate) mod schema;

use serde::Serialize;

use super::entry::{Entry, SuppressedEntry};
use super::envelope::{Envelope, Kind};
use super::known::{Difference, KnownRelease};
use super::{Findings, Head, Part, Piece, Report, Tail};
use crate::catalog::Release;
use crate::plain;
use fields::{CheckRest, FixRest, LifeEntry, RuleEntry, StackFixes, UpgradeHead};
use head::CheckedHead;

/// The format.
#[derive(Clone, Copy, Debug)]
pub struct Json;

impl Report for Json {
    fn begin(&self, head: &Head<'_>) -> String {
        let kind = head.kind();
        let nothing = serde_json::Map::new();
        let (open, list) = match head {
            Head::Check(checked) => (opened(kind, &CheckedHead::of(checked)), "\"findings\":["),
            Head::Fix(checked) => (opened(kind, &CheckedHead::of(checked)), "\"stacks\":["),
            Head::Where => (opened(kind, &nothing), "\"assignments\":["),
            Head::Option => (opened(kind, &nothing), "\"option\":"),
            Head::Upgrade(from, to) => (opened(kind, &UpgradeHead::of(*from, *to)), "\"hops\":["),
            Head::Rules => (opened(kind, &nothing), "\"rules\":["),
            Head::Explain => (opened(kind, &nothing), "\"rule\":"),
        };
        format!("{open},{list}")
    }

    fn stack(&self, part: &Part<'_, '_>) -> Piece {
        let (late, mut listed): (Vec<_>, Vec<_>) =
            records(part).into_iter().partition(|(record, _)| *record == SUPPRESSED);
        let late: Vec<String> = late.into_iter().map(|(_, text)| text).collect();
        let text = match (part, listed.pop()) {
            // It is the whole document.
            (Part::Life(_) | Part::Page(_), Some((_, only))) => only,
            (_, last) => lines(listed.into_iter().chain(last).map(|(_, text)| text)),
        };
        Piece {
            text,
            late: (!late.is_empty()).then(|| late.join(",")),
            ..Piece::default()
        }
    }

    fn between(&self, _kind: Kind) -> &'static str {
        ","
    }

    fn end(&self, tail: &Tail<'_>, late: &[String]) -> String {
        match tail {
            // The fields of what follows go into the object that is open.
            Tail::Check(total) => format!(
                "\n],\"suppressed\":[{}],{}\n",
                late.join(","),
                &text(&CheckRest::of(total))[1..]
            ),
            Tail::Fix(total) => format!("\n],{}\n", &text(&FixRest::of(total))[1..]),
            Tail::Plain(Kind::Option | Kind::Explain) => "}\n".to_owned(),
            Tail::Plain(_) => "\n]}\n".to_owned(),
        }
    }
}

/// `value` as a text that no terminal and no log takes for more than it is: every control character is escaped.
fn text<T: Serialize + ?Sized>(value: &T) -> String {
    // Only a map whose keys are no strings can fail, and none is written here.
    let text = serde_json::to_string(value).unwrap_or_default();
    plain::json(&text).into_owned()
}

/// An envelope with `body`, still open.
fn opened(kind: Kind, body: &impl Serialize) -> String {
    let mut open = text(&Envelope::new(kind, body));
    open.pop();
    open
}

/// The document of `catalog` about the releases that are known.
#[must_use]
pub fn known(releases: &[KnownRelease]) -> String {
    let nothing = serde_json::Map::new();
    listing(&nothing, "releases", releases)
}

/// The document of `catalog` about what differs between `from` and `to`.
#[must_use]
pub fn compared(from: Release, to: Release, differences: &[Difference]) -> String {
    listing(&UpgradeHead::of(from, to), "differences", differences)
}

fn listing(head: &impl Serialize, name: &str, elements: &[impl Serialize]) -> String {
    let lines = lines(elements.iter().map(text));
    format!("{},\"{name}\":[{lines}\n]}}\n", opened(Kind::Catalog, head))
}

/// What a finding is called that is not reported.
const SUPPRESSED: &str = "suppressed";

/// What `part` has for the lists of its document: what each is called, and the object.
pub(super) fn records(part: &Part<'_, '_>) -> Vec<(&'static str, String)> {
    match part {
        Part::Findings(found) => findings(found),
        Part::Fixes(fixes) => vec![("stack", text(&StackFixes::of(fixes)))],
        Part::Answer(answer) => {
            let assignments = answer.assignments.iter();
            assignments.map(|one| ("assignment", text(one))).collect()
        }
        Part::Life(life) => vec![("option", text(&LifeEntry::of(life)))],
        Part::Hop(hop) => vec![("hop", text(hop))],
        Part::Rules(rules) => {
            let rules = rules.iter();
            rules.map(|rule| ("rule", text(&RuleEntry::of(rule, None)))).collect()
        }
        Part::Page(rule) => vec![("rule", text(&RuleEntry::of(rule, Some(rule.doc))))],
    }
}

fn findings(found: &Findings<'_, '_>) -> Vec<(&'static str, String)> {
    let base = &found.checked.base;
    let reported = found.findings.iter();
    let reported = reported.map(|finding| ("finding", text(&Entry::of(base, found.context, finding))));
    let hidden = found.suppressed.iter();
    let hidden = hidden.map(|one| (SUPPRESSED, text(&SuppressedEntry::of(base, found.context, one))));
    reported.chain(hidden).collect()
}

/// What follows the lists, as an object; `None` where nothing does.
pub(super) fn rest(tail: &Tail<'_>) -> Option<String> {
    match tail {
        Tail::Check(total) => Some(text(&CheckRest::of(total))),
        Tail::Fix(total) => Some(text(&FixRest::of(total))),
        Tail::Plain(_) => None,
    }
}

/// `elements`, a line each.
fn lines(elements: impl Iterator<Item = String>) -> String {
    let lines: Vec<String> = elements.map(|element| format!("\n{element}")).collect();
    lines.join(",")
}
