//! Options that the release to come still has and announces to go.
//!
//! Those that are gone already are for `removed-option`, old names for `renamed-option` and `moved-option`.

use std::collections::HashSet;

use crate::catalog::{Fate, OptionFacts, moves};
use crate::catalog::{by_old_name, dropped_after};
use crate::lint::{Context, Effect, Finding, NamedUse, Rule, Severity};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "deprecated-option",
    severity: Severity::Info,
    effect: Effect::ToPlan,
    summary: "an option that is deprecated for removal",
    doc: include_str!("../../../docs/rules/deprecated-option.md"),
    check,
    yields_to: super::MIGRATION,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.to.release().is_complete() {
        return;
    }
    let mut told = HashSet::new();
    for seen in context.named_uses() {
        let option = match &seen.fate {
            Fate::Known(option) => *option,
            Fate::Old(options) => options[0],
            _ => continue,
        };
        if option.is_deprecated_for_removal()
            && told.insert((option.group(), option.name()))
            && (context.settings.pedantic || is_of_use(context, option))
        {
            findings.push(report(context, seen, option));
        }
    }
}

/// Whether there is more to say than that it will go some day: what takes its place, why it goes, or when.
fn is_of_use(context: &Context<'_>, option: OptionFacts) -> bool {
    let (group, name, to) = (option.group(), option.name(), context.to.release());
    moves::successor(group, name).is_some()
        || moves::gone(group, name).is_some()
        || dropped_after(group, name, to).is_some()
        || !by_old_name(group, name, to).is_empty()
}

fn report(context: &Context<'_>, seen: &NamedUse<'_>, option: OptionFacts) -> Finding {
    let to = context.to.release();
    let (group, name) = (option.group(), option.name());
    let since = match option.deprecated_since() {
        Some(since) => format!("has been deprecated for removal since {since}"),
        None => "is deprecated for removal".to_owned(),
    };
    let dropped = dropped_after(group, name, to);
    let end = match dropped {
        Some(gone) => format!("; {} no longer has it", gone.short()),
        None => String::new(),
    };
    let message = format!("`{}` {since}{end}", option.title());
    let finding = Finding::new(&RULE, context.site_location(seen.site), message);
    if let Some(named) = moves::successor(group, name) {
        return finding.with_reason(named.why).with_help(named.instead);
    }
    let known = moves::gone(group, name);
    let finding = finding.with_reason(known.map_or_else(
        || format!("{} still reads it, and logs a warning", to.short()),
        |known| known.why.to_owned(),
    ));
    let successors = by_old_name(group, name, to);
    match (known, &successors[..]) {
        (Some(known), _) if !known.instead.is_empty() => finding.with_help(known.instead),
        (_, [new, ..]) => finding.with_help(format!("write `{}` instead", new.title())),
        _ => finding.with_help(match dropped {
            Some(gone) => format!("stop relying on it before the upgrade to {}", gone.short()),
            None => "stop relying on it: a later release will remove it".to_owned(),
        }),
    }
}
