//! Post-copy that started by itself up to Rocky and does so no more.
//!
//! Whether post-copy works on the host is `novamend verify`'s business.

use crate::catalog::Release;
use crate::lint::context::{ACTION, LIBVIRT, POST_COPY};
use crate::lint::{Context, Finding, Rule, Safety, Severity};
use crate::migration::Action;

pub(super) static RULE: Rule = Rule {
    id: "lost-auto-post-copy",
    severity: Severity::Error,
    summary: "post-copy no longer starts by itself in the target release",
    doc: include_str!("../../docs/rules/lost-auto-post-copy.md"),
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.crosses(Release::STEIN) || !context.before.permits_post_copy || context.after.is_action_written {
        return;
    }
    let Some(setting) = context.to.setting(LIBVIRT, POST_COPY) else {
        return;
    };
    let (from, to) = (context.from.release().short(), context.to.release().short());
    let (action, reason) = context.chosen_action();
    let title = format!("write `{ACTION} = {action}`: {reason}");
    let safety = Safety::Safe;
    let value = (LIBVIRT, ACTION, action.as_str());
    let fix = context.setting_to(title, safety, value, setting.winning_place());
    let message = format!("post-copy no longer starts by itself: {to} aborts the busy guests that {from} finished");
    let finding = Finding::new(&RULE, context.winner_location(&setting), message)
        .because(format!(
            "up to rocky nova switched to post-copy as soon as a guest did not converge; from stein on it waits for \
             `live_migration_completion_timeout` and then does what `{ACTION}` says, by default `{}`",
            Action::Abort
        ))
        .with_help(format!("write `{ACTION} = {action}`: {reason}"))
        .with_fix(fix)
        .reasoned();
    findings.push(context.with_sites(finding, &setting));
}
