//! Values that the release to come still takes and announces to go, or that no longer do what they are for.
//!
//! Those that are gone already are for `removed-value`, options for `deprecated-option`.

use super::values::{is_served, place, quoted, says, with_others};
use crate::catalog::values::{Stage, ValueFact};
use crate::lint::{Context, Effect, Finding, Rule, Severity};
use crate::nova::start::values::Found;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "deprecated-value",
    severity: Severity::Info,
    effect: Effect::ToPlan,
    summary: "a value that is deprecated, though the option stays",
    doc: include_str!("../../../docs/rules/deprecated-value.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for found in context.doubtful_values() {
        if let (Stage::Deprecated, Some(fact)) = (found.stage, found.fact)
            && is_served(context, found)
            && (is_lasting(context, found, fact) || fact.deprecated.is_some_and(|since| context.crosses(since)))
        {
            findings.push(report(context, found, fact));
        }
    }
}

/// Whether it is worth a word in every release: nova warns of it or takes it away, and it is not its own default. Of all else
/// the hop that brings it speaks once.
fn is_lasting(context: &Context<'_>, found: &Found, fact: &ValueFact) -> bool {
    let text = context.to.text(&found.setting).ok().flatten();
    let is_default = text.is_some() && text.as_deref() == found.setting.facts.default_text();
    !is_default && (!fact.warning.is_empty() || fact.gone.is_some())
}

fn report(context: &Context<'_>, found: &Found, fact: &ValueFact) -> Finding {
    let title = found.setting.facts.title();
    let items = match &found.items[..] {
        [_] => quoted(&found.items),
        several => format!("each of {}", quoted(several)),
    };
    let what = match fact.deprecated {
        Some(since) if fact.what.is_empty() => format!("has been deprecated since {}", since.short()),
        _ => fact.what.to_owned(),
    };
    let end = match fact.gone {
        Some(gone) => format!("; {} no longer takes it", gone.short()),
        None => String::new(),
    };
    let message = format!("{items} of `{title}` {what}{end}");
    let why = if fact.warning.is_empty() {
        fact.why.to_owned()
    } else {
        let named = found.items.first().map_or("", String::as_str);
        let warning = fact.warning.replace("{}", named);
        format!("{}; {}", fact.why, says(context, found, &warning))
    };
    let finding = Finding::new(&RULE, place(context, &found.setting), message)
        .with_reason(why)
        .with_help(fact.instead);
    with_others(context, finding, &found.setting)
}
