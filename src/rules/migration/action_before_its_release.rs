//! A timeout action written for a release that does not know it yet.
//!
//! Whether its value is valid is up to [`super::invalid_action`], from Stein on.

use crate::catalog::Release;
use crate::lint::{Context, Effect, Finding, Rule, Severity};
use crate::nova::migration::settings::{ACTION, LIBVIRT};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "action-before-its-release",
    severity: Severity::Warning,
    effect: Effect::Ignored,
    summary: "a timeout action for a release before stein, which ignores it",
    doc: include_str!("../../../docs/rules/action-before-its-release.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let to = context.to.release();
    if to >= Release::STEIN {
        return;
    }
    let instead = if context.after().post_copy {
        "switches to post-copy by itself, and aborts"
    } else {
        "only aborts"
    };
    for place in context.places_of(LIBVIRT, ACTION) {
        let message = format!("`{ACTION}` came with stein; {} ignores it", to.short());
        let finding = Finding::new(&RULE, context.location(place), message)
            .with_reason(format!(
                "{} {instead} when `live_migration_completion_timeout` runs out, whatever is set here",
                to.short()
            ))
            .with_help("keep it for the upgrade to stein, or pass `--to` with the release that the file is for");
        findings.push(finding);
    }
}
