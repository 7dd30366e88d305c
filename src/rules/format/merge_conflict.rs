//! Conflicts that a merge left in a file: both sides of a change, and the markers between them.

use crate::lint::{Context, Effect, Finding, Location, Rule, Severity};
use crate::oslo::Document;
use crate::rules::format::markers::{self, Conflict};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "merge-conflict",
    severity: Severity::Error,
    effect: Effect::StopsService,
    summary: "a conflict that a merge left in the file: nova does not start",
    doc: include_str!("../../../docs/rules/merge-conflict.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (layer, file) in context.stack.layers().iter().enumerate() {
        if file.document.malformed().is_empty() {
            continue; // No conflict is read without an error.
        }
        let conflicts = markers::conflicts(&file.document);
        findings.extend(conflicts.iter().map(|conflict| report(&file.document, layer, conflict)));
    }
}

fn report(document: &Document, layer: usize, conflict: &Conflict) -> Finding {
    let (first, others) = (conflict.markers[0], &conflict.markers[1..]);
    let at = |span| Location::File { layer, span };
    let rejected = document
        .malformed()
        .iter()
        .find(|malformed| conflict.span().start <= malformed.span.start);
    let said = rejected.map(|malformed| format!(" with `{}`", malformed.kind));
    let message = "a merge left both sides of a change here, and the lines that mark them";
    let finding = Finding::new(&RULE, at(first), message)
        .with_reason(format!(
            "oslo.config stops at such a line{}, and nova does not start",
            said.unwrap_or_default()
        ))
        .with_help("keep the lines of one side, and remove those of the other and the markers");
    others.iter().fold(finding, |finding, marker| {
        finding.with_related(at(*marker), "this marker belongs to it")
    })
}
