//! Options that one file sets more than once in one group, though only the last line counts.
//!
//! Options that take several values are not for it, nor is an old name beside its new one.

use crate::catalog::outside::{self, Hints, Outside};
use crate::catalog::{Named, Via};
use crate::lint::{Announced, AssignmentId, Context, Effect, Finding, Fix, LayerEdit, Rule, Safety, Severity, Yields};
use crate::oslo::stack::Site;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "repeated-option",
    severity: Severity::Warning,
    effect: Effect::Ignored,
    summary: "an option that the same file sets again further down: only the last line takes effect",
    doc: include_str!("../../../docs/rules/repeated-option.md"),
    check,
    yields_to: &[Yields::Option("empty-number-overrides")],
};

/// So many lines of one option are named; a file of a hundred thousand would say no more.
const SHOWN: usize = 8;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for places in context.stack.repeated() {
        if let [dead @ .., last] = &places[..]
            && counts_once(context, *last)
            && dead.iter().all(|place| is_beside(context, *place, *last))
        {
            findings.extend(report(context, dead, *last));
        }
    }
}

/// Whether both are there together: of a template, in the same branch. A default that a branch overrides is meant.
fn is_beside(context: &Context<'_>, one: AssignmentId, other: AssignmentId) -> bool {
    let branch = |place| context.stack.document(place).branch(context.stack.assignment(place));
    branch(one) == branch(other)
}

/// Whether of several lines of this option only the last counts; of one that the release to come reads not at all none does.
fn counts_once(context: &Context<'_>, last: AssignmentId) -> bool {
    let Some(named) = context.to.option_at(last) else {
        let (group, key) = (context.stack.group(last), context.stack.key(last));
        let why = outside::recognise(group, &key, &Hints::default(), context.to.release());
        return why == Some(Outside::AuthPlugin);
    };
    let was_multi = context
        .from
        .option_at(last)
        .is_some_and(|named| named.option.is_multi());
    !named.option.is_multi() && !was_multi && !is_dead(context, last, &named)
}

/// Whether the file has the option under its new name too: then no line with the old one counts.
fn is_dead(context: &Context<'_>, last: AssignmentId, named: &Named) -> bool {
    let mut current = context.stack.places_of(named.option.group(), named.option.name());
    named.via == Via::Deprecated && current.any(|place| place.layer == last.layer)
}

fn report(context: &Context<'_>, dead: &[AssignmentId], last: AssignmentId) -> Option<Finding> {
    let stack = context.stack;
    let value = stack.value(Site::File(last));
    let differs = dead.iter().any(|&place| stack.value(Site::File(place)) != value);
    let (group, key) = (stack.group(last), stack.key(last));
    let times = match dead.len() {
        1 => "twice".to_owned(),
        many => format!("{} times", many + 1),
    };
    let line = stack.assignment(last).line();
    let (values, severity) = if differs {
        ("to different values", Severity::Warning)
    } else {
        ("to the same value", Severity::Info)
    };
    let message = format!(
        "`{key}` is set {times} in `[{group}]`, {values}; only the last, in line {line}, takes \
                           effect"
    );
    let mut finding = Finding::new(&RULE, context.location(*dead.first()?), message)
        .with_severity(severity)
        .with_reason("for an option with one value oslo.config silently uses the last line of a file")
        .with_help("keep the line you mean")
        .with_related(context.location(last), "this one takes effect");
    for &place in dead.iter().skip(1).take(SHOWN) {
        finding = finding.with_related(context.location(place), "set here too, without effect");
    }
    let fix = Fix {
        title: format!("remove the lines of `{key}` that have no effect"),
        safety: Safety::Unsafe,
        edits: dead
            .iter()
            .map(|&place| context.removal_of(place))
            .collect::<Vec<LayerEdit>>(),
        announces: vec![Announced::new(group, &*key)],
    };
    Some(finding.with_fix(Some(fix)))
}
