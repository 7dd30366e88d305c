//! Options that stand in a group they have left, which the release to come still reads there.
//!
//! Names that changed within their group are for `renamed-option`.

use super::old_names::old_names;
use crate::lint::{Context, Effect, Finding, Rule, Severity};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "moved-option",
    severity: Severity::Info,
    effect: Effect::ToPlan,
    summary: "an option in a section that it has left, where the release still reads it",
    doc: include_str!("../../../docs/rules/moved-option.md"),
    check,
    yields_to: super::MIGRATION,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    old_names(&RULE, context, findings, |old, new| old != new);
}
