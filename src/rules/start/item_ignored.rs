//! Items of a list that nova-compute warns of and leaves out.
//!
//! Events that nova itself no longer counts are for `removed-value`.

use super::values::{place, quoted, with_others};
use crate::lint::{Context, Effect, Finding, Rule, Severity};
use crate::nova::start::ignored::{self, Ignored};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "item-ignored",
    severity: Severity::Warning,
    effect: Effect::Ignored,
    summary: "an item of a list that nova-compute leaves out",
    doc: include_str!("../../../docs/rules/item-ignored.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.settings.programs.may_be("nova-compute") {
        findings.extend(ignored::found(&context.to).iter().map(|found| report(context, found)));
    }
}

fn report(context: &Context<'_>, found: &Ignored) -> Finding {
    let title = found.setting.facts.title();
    let message = format!("nova-compute leaves {} out of `{title}`", quoted(&found.items));
    let finding = Finding::new(&RULE, place(context, &found.setting), message)
        .with_reason(format!(
            "what it is for does not come about; the log has: {}",
            found.warning
        ))
        .with_help(found.instead);
    with_others(context, finding, &found.setting)
}
