//! Settings with which every live migration fails before it begins.
//!
//! What a URI by itself gets wrong is for `unusable-migration-uri`.

use super::refused;
use crate::catalog::refusals::Stops;
use crate::lint::{Context, Effect, Finding, Rule, Severity};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "migrations-fail",
    severity: Severity::Error,
    effect: Effect::StopsWork,
    summary: "settings with which every live migration fails",
    doc: include_str!("../../../docs/rules/migrations-fail.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    findings.extend(refused::findings(context, &RULE, Stops::Migrations));
}
