//! Values that the release to come does not have: code that is gone or was never there, and what nova no longer takes.
//!
//! What oslo.config rejects is for `invalid-value`, but for values of which more is known; filters are for `unknown-filter`.

use super::values::{is_served, quoted, says, with_others};
use crate::catalog::Release;
use crate::catalog::code::Naming;
use crate::catalog::spelling::mistyped;
use crate::catalog::values::{Follows, Stage};
use crate::lint::{Context, Effect, Finding, Rule, Severity, Step, Yields, hops};
use crate::nova::start::values::{self, Found};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "removed-value",
    severity: Severity::Error,
    effect: Effect::StopsService,
    summary: "a value that the release no longer has, though the option stays",
    doc: include_str!("../../../docs/rules/removed-value.md"),
    check,
    yields_to: &[Yields::Line("unknown-filter")],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let gone = context
        .doubtful_values()
        .iter()
        .filter(|found| found.stage == Stage::Gone && !is_filter(found) && is_served(context, found));
    findings.extend(gone.map(|found| report(context, found)));
}

fn is_filter(found: &Found) -> bool {
    found.setting.facts.group() == "filter_scheduler" && found.setting.facts.name() == "enabled_filters"
}

fn report(context: &Context<'_>, found: &Found) -> Finding {
    let to = context.to.release();
    let effect = match (found.fact, found.code) {
        (Some(fact), _) if !fact.effect.is_empty() => fact.effect,
        (_, Some(code)) => code.effect,
        _ => "nova cannot use it",
    };
    let (severity, stops) = grade(found);
    let title = found.setting.facts.title();
    let message = format!(
        "{effect}: {} does not take {} as `{title}`",
        to.short(),
        quoted(&found.items)
    );
    let step = step(context, found);
    let finding = Finding::new(&RULE, super::values::place(context, &found.setting), message)
        .with_severity(severity)
        .with_effect(stops)
        .with_reason(step.begin() + &why(context, found))
        .with_help(help(found, to))
        .with_hop(step);
    with_others(context, finding, &found.setting)
}

/// How bad it is, and what comes of it.
fn grade(found: &Found) -> (Severity, Effect) {
    let of_fact = found.fact.and_then(|fact| fact.follows);
    match of_fact.or(found.code.map(|code| code.follows)) {
        Some(Follows::NoService) => (Severity::Error, Effect::StopsService),
        Some(Follows::NoRequests) | None => (Severity::Error, Effect::StopsWork),
        Some(Follows::Without) => (Severity::Warning, Effect::Ignored),
        Some(Follows::Open) => (Severity::Info, Effect::ToPlan),
    }
}

/// Why it matters, and what nova says of the first of them.
fn why(context: &Context<'_>, found: &Found) -> String {
    let to = context.to.release();
    let known = found.fact.map(|fact| fact.why.to_owned());
    let why = known.unwrap_or_else(|| super::values::origin(found, to));
    let said = match (found.fact, found.code, found.items.first()) {
        (Some(fact), _, _) if !fact.message.is_empty() => fact.message.to_owned(),
        (_, Some(code), Some(item)) => code.message(item, to),
        _ => return why,
    };
    format!("{why}; {}", says(context, found, &said))
}

fn help(found: &Found, to: Release) -> String {
    if let Some(fact) = found.fact {
        return fact.instead.to_owned();
    }
    if found.code.is_some_and(|code| code.naming == Naming::RpcVersion) {
        return "remove the line: without it nova uses the newest version".to_owned();
    }
    let names: Vec<String> = found.code.map(|code| code.names(to).collect()).unwrap_or_default();
    let of_one = |item: &String| {
        let near = mistyped(item, names.iter().map(String::as_str))?;
        Some(format!("`{}` may be a misspelling of `{near}`", item.escape_debug()))
    };
    let meant: Vec<String> = found.items.iter().filter_map(of_one).collect();
    if meant.is_empty() {
        format!("choose another before the upgrade, one that {} has", to.short())
    } else {
        meant.join("; ")
    }
}

/// The hop at which the first of them fails.
fn step(context: &Context<'_>, found: &Found) -> Step {
    let (from, to) = (context.from.release(), context.to.release());
    hops::beginning(from, to, values::first(&context.to, from, found))
}
