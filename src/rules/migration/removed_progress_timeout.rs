//! `live_migration_progress_timeout`, which Stein dropped.
//!
//! Other removed options are not its business.

use crate::catalog::Release;
use crate::lint::{Context, Effect, Finding, Location, Rule, Safety, Severity};
use crate::nova::migration::settings::{LIBVIRT, PROGRESS_TIMEOUT};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "removed-progress-timeout",
    severity: Severity::Warning,
    effect: Effect::MeansOther,
    summary: "the progress timeout, deprecated since ocata and removed in stein",
    doc: include_str!("../../../docs/rules/removed-progress-timeout.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let to = context.to.release();
    if to < Release::FIRST_COMPLETE {
        return;
    }
    let is_gone = to >= Release::STEIN;
    for place in context.places_of(LIBVIRT, PROGRESS_TIMEOUT) {
        let (message, why) = if is_gone {
            (
                format!("`{PROGRESS_TIMEOUT}` was removed in stein; {} ignores it", to.short()),
                "nothing aborts a migration for lack of progress any more; only `live_migration_completion_timeout` \
                 ends it",
            )
        } else {
            (
                format!(
                    "`{PROGRESS_TIMEOUT}` is deprecated in {} and removed in stein",
                    to.short()
                ),
                "the figure it watched rises with every new pass over the memory, so it aborted migrations that were \
                 making progress",
            )
        };
        let title = format!("remove `{PROGRESS_TIMEOUT}`");
        let mut finding = Finding::new(&RULE, context.location(place), message).with_reason(why);
        if is_gone {
            finding =
                finding
                    .with_help("remove the line")
                    .with_fix(Some(context.removal(title, Safety::Safe, &[place])));
        } else {
            finding = finding.with_help(
                "stop relying on it before stein: set `live_migration_completion_timeout` to the \
                                   longest time that a migration may take",
            );
        }
        findings.push(finding);
    }
    if context.settings.pedantic && is_gone {
        samples(context, findings);
    }
}

/// Commented samples, which say nothing to nova but something to the next person.
fn samples(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (layer, file) in context.stack.layers().iter().enumerate() {
        for (_, span) in file.document.comment_lines() {
            let text = file.document.text(span);
            let body = text.trim_start_matches(['#', ';']).trim_start();
            let is_sample = body
                .strip_prefix(PROGRESS_TIMEOUT)
                .is_some_and(|rest| rest.trim_start().starts_with(['=', ':']));
            if is_sample {
                let message = format!("a comment still suggests `{PROGRESS_TIMEOUT}`, which was removed in stein");
                findings.push(Finding::new(&RULE, Location::File { layer, span }, message));
            }
        }
    }
}
