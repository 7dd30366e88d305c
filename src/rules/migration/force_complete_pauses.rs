//! `force_complete` without post-copy: the guest is paused until the rest is copied.
//!
//! Whether post-copy works on the host only `novamend verify` can tell.

use crate::lint::{Context, Effect, Finding, Rule, Safety, Severity};
use crate::nova::migration::TimeoutAction;
use crate::nova::migration::settings::{ACTION, BANDWIDTH, FILE_BACKED, LIBVIRT, PARALLEL, POST_COPY, TUNNELLED};
use crate::nova::migration::timeout::pause_seconds;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "force-complete-pauses",
    severity: Severity::Warning,
    effect: Effect::MeansOther,
    summary: "`force_complete` without post-copy pauses the guest for the rest of the copy",
    doc: include_str!("../../../docs/rules/force-complete-pauses.md"),
    check,
    yields_to: &[],
};

/// MiB/s of a link of 1 Gbit/s.
const GIGABIT: f64 = 1e9 / 8.0 / 1_048_576.0;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    // Where the action never runs, nothing is paused: `action-never-runs` speaks of that.
    let is_off = context.after().post_copy || context.after().known_completion_timeout() == Some(0);
    if is_off || context.coming_action() != Some(TimeoutAction::ForceComplete) {
        return;
    }
    if !context.after().has_value(POST_COPY) {
        return;
    }
    let message = format!(
        "`{}` without post-copy pauses the guest for the rest of the copy: {}",
        TimeoutAction::ForceComplete,
        pause(context)
    );
    let finding = context.about(&RULE, ACTION, message).with_reason(
        "when the completion timeout runs out, nova pauses the guest on the source until the rest of its memory is \
         copied; how much is left depends on how fast the guest writes",
    );
    let finding = context.along_with(finding, (LIBVIRT, POST_COPY), "post-copy is switched off here");
    if let Some(obstacle) = obstacle(context) {
        findings.push(finding.with_help(format!(
            "suppress this finding if a pause is what you want; post-copy, which pauses a guest for milliseconds \
             only, is not possible with {obstacle}"
        )));
        return;
    }
    let title = format!("write `{POST_COPY} = true`: post-copy pauses a guest for milliseconds only");
    let setting = context.to.setting(LIBVIRT, ACTION);
    let beside = setting.and_then(|setting| setting.winning_place());
    let fix = context.setting_to(title.clone(), Safety::Unsafe, (LIBVIRT, POST_COPY, "true"), beside);
    let help = format!(
        "{title}; `novamend verify` shows whether the host can do it; suppress this finding if a pause is \
                 what you want"
    );
    findings.push(finding.with_help(help).with_fix(fix));
}

/// For how long a guest is paused per GiB.
fn pause(context: &Context<'_>) -> String {
    let figure = |seconds: f64| {
        let decimals = usize::from(seconds < 10.0);
        format!("{seconds:.decimals$} s")
    };
    let bandwidth = u64::try_from(context.after().bandwidth).ok();
    match bandwidth.and_then(|rate| Some((rate, pause_seconds(1024.0, rate)?))) {
        Some((rate, seconds)) => format!("{} per GiB at `{BANDWIDTH} = {rate}`", figure(seconds)),
        None => format!(
            "{} per GiB at 1 Gbit/s, {} at 10 Gbit/s",
            figure(1024.0 / GIGABIT),
            figure(102.4 / GIGABIT)
        ),
    }
}

/// What post-copy does not go together with, if that is configured.
fn obstacle(context: &Context<'_>) -> Option<String> {
    if context.after().tunnelled {
        return Some(format!("`{TUNNELLED}`"));
    }
    if context.keeps_memory_in_files() {
        return Some(format!("`{FILE_BACKED}`"));
    }
    (context.after().parallel > 1).then(|| format!("several connections (`{PARALLEL}`) before QEMU 10.1"))
}
