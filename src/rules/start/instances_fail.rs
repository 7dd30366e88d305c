//! Settings with which a service of nova starts, and then cannot build instances, or they cannot be used.

use super::refused;
use crate::catalog::refusals::Stops;
use crate::lint::{Context, Effect, Finding, Rule, Severity};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "instances-fail",
    severity: Severity::Error,
    effect: Effect::StopsWork,
    summary: "settings with which instances cannot be built or used",
    doc: include_str!("../../../docs/rules/instances-fail.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    findings.extend(refused::findings(context, &RULE, Stops::Instances));
}
