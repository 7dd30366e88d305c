//! Options that keep their name and mean something else after the upgrade.
//!
//! What the live-migration options came to mean is for the rules about them.

use super::behaviour;
use crate::catalog::moves::{self, NewBehaviour};
use crate::lint::{Context, Effect, Finding, Rule, Severity};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "changed-meaning",
    severity: Severity::Info,
    effect: Effect::MeansOther,
    summary: "an option that keeps its name and means something else",
    doc: include_str!("../../../docs/rules/changed-meaning.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let facts = behaviour::concerning(context, moves::moves().meanings);
    findings.extend(facts.map(|fact| report(context, fact)));
}

fn report(context: &Context<'_>, fact: &'static NewBehaviour) -> Finding {
    let unset = if behaviour::is_set(context, fact) {
        ""
    } else {
        ", unset as it is,"
    };
    let message = format!(
        "`{}`{}{unset} means something else from {} on",
        behaviour::title(fact),
        behaviour::along(fact),
        fact.release.short()
    );
    behaviour::report(context, &RULE, fact, message, fact.instead.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_found_at_its_hop_and_at_no_other() {
        behaviour::examples_are_found_at_their_hop(&RULE, moves::moves().meanings);
    }
}
