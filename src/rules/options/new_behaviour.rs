//! New options whose default changes what nova does, where nothing sets them.

use super::behaviour;
use crate::catalog::moves::{self, NewBehaviour};
use crate::catalog::{self, Release};
use crate::lint::{Context, Effect, Finding, Rule, Severity};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "new-behaviour",
    severity: Severity::Info,
    effect: Effect::MeansOther,
    summary: "a new option whose default changes what nova does",
    doc: include_str!("../../../docs/rules/new-behaviour.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let facts = behaviour::concerning(context, moves::moves().news);
    let facts = facts.filter(|fact| !behaviour::is_set(context, fact));
    findings.extend(facts.map(|fact| report(context, fact)));
}

fn report(context: &Context<'_>, fact: &'static NewBehaviour) -> Finding {
    let message = format!(
        "`{}`{} comes with {} and changes what nova does{}",
        behaviour::title(fact),
        behaviour::along(fact),
        fact.release.short(),
        default(fact, fact.release)
    );
    behaviour::report(context, &RULE, fact, message, help(fact))
}

/// Its default, as the end of a message.
fn default(fact: &NewBehaviour, release: Release) -> String {
    let option = catalog::option(fact.group, fact.name, release);
    match option.and_then(|option| option.default_text()) {
        Some(text) => format!(" by its default, `{text}`"),
        None => " where it is unset".to_owned(),
    }
}

fn help(fact: &NewBehaviour) -> String {
    if fact.before.is_empty() {
        return fact.instead.to_owned();
    }
    format!(
        "to keep what nova does today, write `{} = {}` into `[{}]` before the upgrade",
        fact.name, fact.before, fact.group
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_found_at_its_hop_and_at_no_other() {
        behaviour::examples_are_found_at_their_hop(&RULE, moves::moves().news);
    }
}
