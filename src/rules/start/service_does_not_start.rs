//! Settings with which a service of nova ends with an error when it starts.
//!
//! What oslo.config itself rejects is for `invalid-value`, a filter that is not there for `unknown-filter`.

use super::refused;
use crate::catalog::refusals::Stops;
use crate::lint::{Context, Effect, Finding, Rule, Severity};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "service-does-not-start",
    severity: Severity::Error,
    effect: Effect::StopsService,
    summary: "settings with which a service of nova refuses to start",
    doc: include_str!("../../../docs/rules/service-does-not-start.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    findings.extend(refused::findings(context, &RULE, Stops::Service));
}
