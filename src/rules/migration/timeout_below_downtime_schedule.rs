//! A completion timeout that ends before nova has raised the allowed downtime to its last step.
//!
//! A timeout of 0 is up to [`super::action_never_runs`].

use crate::catalog::Release;
use crate::lint::{Context, Effect, Finding, Rule, Safety, Severity};
use crate::nova::migration::TimeoutAction;
use crate::nova::migration::settings::{
    COMPLETION_TIMEOUT, DOWNTIME, DOWNTIME_DELAY, DOWNTIME_STEPS, LIBVIRT, POST_COPY,
};
use crate::nova::migration::timeout::{fitting_completion_timeout, last_step_within, schedule_end_seconds};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "timeout-below-downtime-schedule",
    severity: Severity::Warning,
    effect: Effect::MeansOther,
    summary: "migrations are given up before nova has allowed the longest downtime",
    doc: include_str!("../../../docs/rules/timeout-below-downtime-schedule.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let names = [COMPLETION_TIMEOUT, DOWNTIME_DELAY, DOWNTIME_STEPS];
    if !names.into_iter().any(|name| context.may_be_set(name)) || post_copy_comes_first(context) {
        return;
    }
    let (Some(timeout), Some(schedule)) = (
        context.after().known_completion_timeout(),
        context.after().known_downtime(),
    ) else {
        return;
    };
    let to = context.to.release();
    let Some((step, allowed)) = last_step_within(timeout, schedule, to) else {
        return;
    };
    let end = schedule_end_seconds(schedule, 1.0, to);
    let message = format!(
        "the completion timeout of {timeout} s per GiB leaves no time for the last step of the downtime schedule, at \
         {end} s"
    );
    let name = names
        .into_iter()
        .find(|name| context.sets(name))
        .unwrap_or(COMPLETION_TIMEOUT);
    let ends = match context.coming_action() {
        Some(TimeoutAction::ForceComplete) => "paused",
        _ => "not migrated",
    };
    let proposed = fitting_completion_timeout(schedule, to);
    let title = format!("write `{COMPLETION_TIMEOUT} = {proposed}`: the schedule needs {end}");
    let value = proposed.to_string();
    let fix = context.setting_to(
        title.clone(),
        Safety::Unsafe,
        (LIBVIRT, COMPLETION_TIMEOUT, &value),
        None,
    );
    let finding = context
        .about(&RULE, name, message)
        .with_reason(format!(
            "nova raises the downtime it allows in {} steps up to `{DOWNTIME}` ({} ms); at the timeout it has reached \
             step {step} ({allowed} ms), so guests for which {} ms would have been enough are {ends}",
            schedule.steps, schedule.downtime_ms, schedule.downtime_ms
        ))
        .with_help(format!("{title}; or lower `{DOWNTIME_DELAY}` or `{DOWNTIME_STEPS}`"))
        .with_fix(fix.filter(|_| proposed > end));
    findings.push(finding);
}

/// Whether post-copy ends the migration, which needs no long downtime: then an early timeout is a choice.
fn post_copy_comes_first(context: &Context<'_>) -> bool {
    let starts = context.to.release() < Release::STEIN || context.coming_action() == Some(TimeoutAction::ForceComplete);
    !context.after().has_value(POST_COPY) || (context.after().post_copy && starts)
}
