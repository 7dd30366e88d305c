//! Settings with which nova starts, and does not do what they ask for together; and those with which it depends on the host.
//!
//! What stops a service, migrations or instances has rules of its own.

use super::refused;
use crate::catalog::refusals::Stops;
use crate::lint::{Context, Effect, Finding, Rule, Severity};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "conflicting-settings",
    severity: Severity::Warning,
    effect: Effect::MeansOther,
    summary: "settings of which one undoes the other, or that need more than the file",
    doc: include_str!("../../../docs/rules/conflicting-settings.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    findings.extend(refused::findings(context, &RULE, Stops::Sense));
    // Whoever runs the release already has seen to what it needs.
    let needs = refused::findings(context, &RULE, Stops::Nothing);
    findings.extend(needs.filter(|finding| finding.step.is_some_and(|step| step.hop.is_some())));
}
