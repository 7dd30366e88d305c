//! Post-copy that started by itself up to Rocky and does so no more.
//!
//! Whether post-copy works on the host only `novamend verify` can tell.

use crate::lint::{ActionChoice, Context, Effect, Finding, Rule, Safety, Severity};
use crate::nova::Setting;
use crate::nova::migration::TimeoutAction;
use crate::nova::migration::settings::{ACTION, COMPLETION_TIMEOUT, FILE_BACKED, LIBVIRT, POST_COPY};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "lost-auto-post-copy",
    severity: Severity::Error,
    effect: Effect::MeansOther,
    summary: "post-copy no longer starts by itself in the target release",
    doc: include_str!("../../../docs/rules/lost-auto-post-copy.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.loses_auto_post_copy() {
        return;
    }
    let Some(setting) = context.to.setting(LIBVIRT, POST_COPY) else {
        return;
    };
    let (from, to) = (context.from.release().short(), context.to.release().short());
    let is_endless = context.after().known_completion_timeout() == Some(0);
    let message = if is_endless {
        format!(
            "post-copy no longer starts by itself, and `{COMPLETION_TIMEOUT}` is 0: in {to} nothing ends the \
             migrations of busy guests that {from} completed"
        )
    } else {
        format!("post-copy no longer starts by itself: {to} aborts the migrations of busy guests that {from} completed")
    };
    let why = if is_endless {
        format!(
            "up to rocky nova switched to post-copy as soon as a guest did not converge, without any timeout; from stein on \
             it waits for `{COMPLETION_TIMEOUT}`, which never runs out when it is 0: nova neither starts post-copy nor \
             aborts, and the memory is copied until somebody stops it"
        )
    } else {
        format!(
            "up to rocky nova switched to post-copy as soon as a guest did not converge; from stein on it waits for \
             `{COMPLETION_TIMEOUT}` and then does what `{ACTION}` says, by default `{}`",
            TimeoutAction::Abort
        )
    };
    let finding = Finding::new(&RULE, context.winner_location(&setting), message).with_reason(why);
    findings.push(context.with_sites(with_way_out(context, finding, &setting, is_endless), &setting));
}

fn with_way_out(context: &Context<'_>, finding: Finding, setting: &Setting, is_endless: bool) -> Finding {
    let (action, reason) = context.chosen_action();
    let is_asked_for = matches!(context.settings.action, ActionChoice::Fixed(_));
    let loses_guests = context.keeps_memory_in_files() && action == TimeoutAction::ForceComplete;
    if loses_guests && !is_asked_for {
        return finding.with_help(format!(
            "remove `{POST_COPY}`: guests with their memory in files (`{FILE_BACKED}`) do not survive post-copy; then \
             set `{ACTION}` to `abort`, or to `force_complete`, which pauses them"
        ));
    }
    let title = format!("write `{ACTION} = {action}`: {reason}");
    let safety = if loses_guests { Safety::Unsafe } else { Safety::Safe };
    let value = (LIBVIRT, ACTION, action.as_str());
    let fix = context.setting_to(title.clone(), safety, value, setting.winning_place());
    let help = if is_endless {
        format!("{title}; and set `{COMPLETION_TIMEOUT}` to more than 0, because with 0 no action ever runs")
    } else {
        title
    };
    finding.with_help(help).with_fix(fix).reasoned()
}
