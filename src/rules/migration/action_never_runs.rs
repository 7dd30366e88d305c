//! A timeout action that waits for a timeout of 0, which never comes.
//!
//! A timeout that comes too soon is up to [`super::timeout_below_downtime_schedule`].

use crate::catalog::Release;
use crate::lint::{Context, EditWindow, Effect, Finding, Fix, Rule, Safety, Severity, Step, hops};
use crate::nova::migration::TimeoutAction;
use crate::nova::migration::settings::{ACTION, COMPLETION_TIMEOUT, LIBVIRT, default_completion_timeout};
use crate::nova::migration::timeout::{completion_timeout_seconds, fitting_completion_timeout};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "action-never-runs",
    severity: Severity::Error,
    effect: Effect::MeansOther,
    summary: "the completion timeout is 0, so `force_complete` and post-copy never start",
    doc: include_str!("../../../docs/rules/action-never-runs.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.to.release() < Release::STEIN || context.after().known_completion_timeout() != Some(0) {
        return;
    }
    let (message, severity) = match context.coming_action() {
        Some(TimeoutAction::ForceComplete) => {
            let once_written = if context.written_action().is_written() {
                ""
            } else {
                ", once written,"
            };
            let message = format!(
                "`{}`{once_written} never runs: `{COMPLETION_TIMEOUT}` is 0, so nothing ends the migration of a busy \
                 guest",
                TimeoutAction::ForceComplete
            );
            (message, Severity::Error)
        }
        None if context.after().post_copy && !context.written_action().is_written() => {
            let message = format!("post-copy never starts: `{COMPLETION_TIMEOUT}` is 0, and no action is set");
            (message, Severity::Warning)
        }
        _ => return,
    };
    let Some(setting) = context.to.setting(LIBVIRT, COMPLETION_TIMEOUT) else {
        return;
    };
    let mut why =
        "from stein on only the completion timeout ends a migration that does not finish by itself, and 0 means that \
         it never runs out: the memory of a busy guest is copied again and again until somebody stops it"
            .to_owned();
    if context.crosses(Release::STEIN) && context.before().post_copy {
        why.push_str(&format!(
            "; {} switched to post-copy without any timeout",
            context.from.release().short()
        ));
    }
    let (seconds, reason) = proposal(context);
    let title = format!("write `{COMPLETION_TIMEOUT} = {seconds}`: {reason}");
    let fix = fix(context, seconds, title.clone());
    let mut finding = Finding::new(&RULE, context.winner_location(&setting), message)
        .with_severity(severity)
        .with_reason(why)
        .with_help(fix.as_ref().map_or(title, |fix| fix.title.clone()))
        .with_fix(fix);
    let (from, to) = (context.from.release(), context.to.release());
    if let Some(hop) = hops::hop_over(from, to, Release::STEIN) {
        // Up to rocky the timeout aborts: until the hop nobody asked for that.
        finding = finding.with_hop(Step {
            hop: Some(hop),
            edited: EditWindow::With(hop.1),
        });
    }
    findings.push(context.with_sites(finding, &setting));
}

/// The seconds per GiB to propose, and why so many.
fn proposal(context: &Context<'_>) -> (i64, String) {
    let to = context.to.release();
    let default = default_completion_timeout(to);
    let schedule = context.after().known_downtime();
    let fitting = schedule.map(|schedule| fitting_completion_timeout(schedule, to));
    match fitting.filter(|&seconds| seconds != default) {
        Some(seconds) => (
            seconds,
            format!(
                "the downtime schedule needs nearly as long, and nova's default of {default} ends \
                 before it"
            ),
        ),
        None => (
            default,
            format!(
                "it is nova's default, in seconds per GiB; a guest of 4 GiB gets {} s",
                completion_timeout_seconds(default, 4.0)
            ),
        ),
    }
}

/// Writes the timeout and, where nothing would start post-copy even then, the action.
fn fix(context: &Context<'_>, seconds: i64, title: String) -> Option<Fix> {
    let value = seconds.to_string();
    let setting = (LIBVIRT, COMPLETION_TIMEOUT, value.as_str());
    let mut fix = context.setting_to(title, Safety::Unsafe, setting, None)?;
    // Guests with their memory in files do not survive post-copy: nothing is written that starts it.
    if context.coming_action().is_none() && !context.keeps_memory_in_files() {
        let action = TimeoutAction::ForceComplete.as_str();
        let beside = context.places_of(LIBVIRT, COMPLETION_TIMEOUT).next_back();
        let title = format!(
            "{}; write `{ACTION} = {action}`: `abort` does not start post-copy",
            fix.title
        );
        let more = context.setting_to(title, Safety::Unsafe, (LIBVIRT, ACTION, action), beside)?;
        fix.title = more.title;
        fix.edits.extend(more.edits);
        fix.announces.extend(more.announces);
    }
    Some(fix)
}
