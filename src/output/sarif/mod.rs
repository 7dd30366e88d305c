//! SARIF 2.1.0: findings with what they are known by, the rules with their pages, and the edits that `fix` would write.
//!
//! The edits of all results together give what `fix` writes; a fix whose edits would show a secret is left out.

mod parts;
mod places;

use serde::Serialize;
use serde_sarif::sarif::{self, ReportingDescriptor, ResultKind};

use super::envelope::Kind;
use super::reported::{self, Reported};
use super::{CheckTotal, Findings, Head, Part, Piece, Proposed, Report, Tail};
use crate::lint::Severity;
use crate::plain;

/// The format.
#[derive(Clone, Copy, Debug)]
pub struct Sarif;

impl Report for Sarif {
    fn begin(&self, _head: &Head<'_>) -> String {
        let schema = "https://json.schemastore.org/sarif-2.1.0.json";
        format!("{{\"$schema\":\"{schema}\",\"version\":\"2.1.0\",\"runs\":[{{\"results\":[")
    }

    fn stack(&self, part: &Part<'_, '_>) -> Piece {
        match part {
            Part::Findings(found) => results(found),
            // It is a format of findings alone.
            _ => Piece::default(),
        }
    }

    fn between(&self, _kind: Kind) -> &'static str {
        ","
    }

    fn end(&self, tail: &Tail<'_>, late: &[String]) -> String {
        match tail {
            Tail::Check(total) => end(total, late),
            Tail::Fix(_) | Tail::Plain(_) => String::new(),
        }
    }
}

fn results(found: &Findings<'_, '_>) -> Piece {
    let all = reported::all(found);
    let results = all.iter().enumerate().map(|(number, one)| {
        let proposed = found.proposed.iter().filter(|proposed| proposed.finding == number);
        format!("\n{}", text(&result(found, one, proposed)))
    });
    let results: Vec<String> = results.collect();
    let mut rules: Vec<&str> = all.iter().map(|one| one.rule.id).collect();
    rules.sort_unstable();
    rules.dedup();
    Piece {
        text: results.join(","),
        late: (!rules.is_empty()).then(|| rules.join(" ")),
        ..Piece::default()
    }
}

fn result<'a>(
    found: &Findings<'_, '_>,
    reported: &Reported<'_>,
    proposed: impl Iterator<Item = &'a Proposed>,
) -> sarif::Result {
    let builder = sarif::Result::builder()
        .rule_id(reported.rule.id)
        .kind(ResultKind::Fail)
        .level(parts::level(reported.severity))
        .message(parts::message(&reported.text()))
        .locations(vec![places::of(reported)])
        .partial_fingerprints([("novamend/v1".to_owned(), reported.fingerprint.clone())])
        .properties(parts::properties(found, reported));
    let fixes: Vec<sarif::Fix> = proposed.map(|one| parts::fix(found, one)).collect();
    let related = places::related(found, reported.finding);
    let mut result = builder.build();
    result.fixes = (!fixes.is_empty()).then_some(fixes);
    result.related_locations = (!related.is_empty()).then_some(related);
    result
}

/// The end of the list of results, and what follows it.
fn end(total: &CheckTotal<'_>, late: &[String]) -> String {
    let mut ids: Vec<&str> = late.iter().flat_map(|ids| ids.split(' ')).collect();
    ids.sort_unstable();
    ids.dedup();
    let rules = total.rules.iter().filter(|rule| ids.binary_search(&rule.id).is_ok());
    let rules: Vec<ReportingDescriptor> = rules.map(|rule| parts::descriptor(rule)).collect();
    let rest = text(&parts::run(total, rules));
    format!("\n],{}]}}\n", &rest[1..])
}

/// `value` as a text that no terminal and no log takes for more than it is.
fn text(value: &impl Serialize) -> String {
    // Only a map whose keys are no strings can fail, and none is written here.
    let text = serde_json::to_string(value).unwrap_or_default();
    plain::json(&text).into_owned()
}

/// The word of SARIF for a severity.
fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}
