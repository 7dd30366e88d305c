//! Old names that the release to come still takes, of options that have another name in the same group.
//!
//! Those that went to another group are for `moved-option`, old names it does not take any more for `dropped-alias`.

use super::old_names::old_names;
use crate::lint::{Context, Effect, Finding, Rule, Severity};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "renamed-option",
    severity: Severity::Info,
    effect: Effect::ToPlan,
    summary: "an old name that the release still reads",
    doc: include_str!("../../../docs/rules/renamed-option.md"),
    check,
    yields_to: super::MIGRATION,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    old_names(&RULE, context, findings, |old, new| old == new);
}
