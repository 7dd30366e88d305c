//! Numbers with nothing behind the `=`, which oslo.config reads as `None` and not as the default.
//!
//! An empty value of another type is either meant or rejected, and no business of it.

use std::collections::BTreeSet;

use crate::catalog::OptionFacts;
use crate::lint::{AssignmentId, Context, Effect, Finding, Fix, Rule, Safety, Severity};
use crate::nova::Setting;
use crate::oslo::stack::Site;
use crate::oslo::types::OptionType;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "empty-number-overrides",
    severity: Severity::Warning,
    effect: Effect::MeansOther,
    summary: "a number left empty: it has no value, not even its default",
    doc: include_str!("../../../docs/rules/empty-number-overrides.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut asked = BTreeSet::new();
    for place in context.stack.places() {
        // Two quotes with nothing between them are empty too.
        if context.stack.assignment(place).first().len() > 2 || !is_empty(context, Site::File(place)) {
            continue;
        }
        let Some(named) = context.to.option_at(place) else {
            continue;
        };
        // Every option once, however many lines it has.
        if is_number(named.option) && asked.insert((named.option.group(), named.option.name())) {
            let setting = context.to.setting_of(named.option);
            if let Some(winner) = setting.winning_place()
                && is_empty(context, Site::File(winner))
            {
                findings.extend(report(context, &setting, winner));
            }
        }
    }
}

fn is_number(option: OptionFacts) -> bool {
    matches!(option.option_type(), OptionType::Int { .. } | OptionType::Float { .. })
}

fn is_empty(context: &Context<'_>, site: Site) -> bool {
    context.stack.value(site).trim().is_empty()
}

/// `None` where the option would have no value without the line either.
fn report(context: &Context<'_>, setting: &Setting, winner: AssignmentId) -> Option<Finding> {
    let key = context.stack.key(winner);
    let earlier = setting
        .found
        .sites
        .iter()
        .rev()
        .find(|&&site| site != Site::File(winner) && !is_empty(context, site));
    let default = setting.facts.default_text().filter(|default| !default.is_empty());
    let lost = match (earlier, default) {
        (Some(Site::File(place)), _) => format!("what {} sets", context.address(*place)),
        (None, Some(default)) => format!("the default of {default}"),
        (Some(Site::Environment(_)), _) | (None, None) => return None,
    };
    let finding = Finding::new(
        &RULE,
        context.location(winner),
        format!("`{key}` is empty, so it has no value at all: it overrides {lost}"),
    )
    .with_reason("oslo.config reads an empty number as `None`, and nova fails as soon as it uses the number")
    .with_help("write a number, or remove the line")
    .with_fix(Some(Fix {
        title: format!("remove the empty `{key}`"),
        safety: Safety::Unsafe,
        edits: vec![context.removal_of(winner)],
        announces: context.moved_by([(context.stack.group(winner), &*key)]),
    }));
    Some(context.with_sites(finding, setting))
}
