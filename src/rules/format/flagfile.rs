//! Files of flags, as nova read them before it had oslo.config.
//!
//! Every line of one is malformed; one finding says so.

use crate::lint::{Context, Effect, Finding, Rule, Severity};
use crate::nova::nature::Nature;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "flagfile",
    severity: Severity::Error,
    effect: Effect::StopsService,
    summary: "a file of `--name=value` lines: nova has not read such files since Diablo",
    doc: include_str!("../../../docs/rules/flagfile.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (layer, nature) in context.natures().iter().enumerate() {
        if *nature == Nature::Flagfile {
            let message = "this is a flagfile from the years of Cactus and Diablo: nova rejects every line of it";
            let finding = Finding::new(&RULE, context.first_line(layer), message)
                .with_reason("oslo.config reads `name = value` below a `[section]`; nova does not start with such a file")
                .with_help(
                    "write `[DEFAULT]`, then `name = value` for each `--name=value`, `name = true` for a lone `--name` and \
                     `name = false` for a lone `--noname`, and check that; most names have changed since then",
                );
            findings.push(finding.saying_all());
        }
    }
}
