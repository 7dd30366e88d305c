//! Post-copy that is permitted but never used, because the action is `abort`: written, or by default.
//!
//! Where the upgrade leads over Stein and no action is written, [`super::lost_auto_post_copy`] speaks.

use crate::catalog::Release;
use crate::lint::{ActionChoice, Context, Effect, Finding, Rule, Safety, Severity};
use crate::nova::migration::TimeoutAction;
use crate::nova::migration::settings::{ACTION, FILE_BACKED, LIBVIRT, POST_COPY};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "post-copy-unused",
    severity: Severity::Warning,
    effect: Effect::MeansOther,
    summary: "post-copy is permitted, but `abort` cancels the migrations that would need it",
    doc: include_str!("../../../docs/rules/post-copy-unused.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.to.release() < Release::STEIN || !context.after().post_copy {
        return;
    }
    if !context.written_action().is_written() {
        // With a timeout of 0 `action-never-runs` says so, at the hop over stein `lost-auto-post-copy`.
        let is_endless = context.after().known_completion_timeout() == Some(0);
        if !is_endless && !context.loses_auto_post_copy() {
            findings.push(unwritten(context));
        }
        return;
    }
    let is_abort = context.written_action().valid() == Some(TimeoutAction::Abort)
        && context.coming_action() == Some(TimeoutAction::Abort);
    if is_abort {
        findings.push(written(context));
    }
}

/// `abort` is written.
fn written(context: &Context<'_>) -> Finding {
    let mut why = if context.after().known_completion_timeout() == Some(0) {
        "the completion timeout is 0: nova neither starts post-copy nor aborts, and a busy guest is copied without end"
            .to_owned()
    } else {
        CANCELS.to_owned()
    };
    why.push_str(ORDERED);
    if context.crosses(Release::STEIN) && context.before().post_copy {
        why.push_str(&format!(
            "; until now {} started it by itself",
            context.from.release().short()
        ));
    }
    let message = format!(
        "post-copy is permitted, but `{ACTION} = {}` never starts it",
        TimeoutAction::Abort
    );
    let finding = context
        .about(&RULE, ACTION, message)
        .with_reason(why)
        .with_help(format!(
            "write `{}` if busy guests should migrate anyway, {}",
            TimeoutAction::ForceComplete,
            alternative()
        ));
    context.along_with(finding, (LIBVIRT, POST_COPY), "post-copy is permitted here")
}

/// No action is written, and the default is `abort`.
fn unwritten(context: &Context<'_>) -> Finding {
    let message = format!(
        "post-copy is permitted, but `{ACTION}` is not set: its default, `{}`, never starts it",
        TimeoutAction::Abort
    );
    let title = format!("write `{ACTION} = {}`", TimeoutAction::ForceComplete);
    let fix = if context.settings.action == ActionChoice::Fixed(TimeoutAction::ForceComplete) {
        let setting = context.to.setting(LIBVIRT, POST_COPY);
        let beside = setting.and_then(|setting| setting.winning_place());
        let value = (LIBVIRT, ACTION, TimeoutAction::ForceComplete.as_str());
        let title = format!("{title}: `--action` asks for it");
        context.setting_to(title, Safety::Unsafe, value, beside)
    } else {
        None
    };
    let help = if context.keeps_memory_in_files() {
        format!("remove `{POST_COPY}`: guests with their memory in files (`{FILE_BACKED}`) do not survive post-copy")
    } else {
        format!("{title} if busy guests should migrate anyway, {}", alternative())
    };
    context
        .about(&RULE, POST_COPY, message)
        .with_reason(format!("{CANCELS}{ORDERED}"))
        .with_help(help)
        .with_fix(fix)
}

/// What nova does instead.
const CANCELS: &str =
    "when the completion timeout runs out, nova cancels the migration, and the guest keeps running on the source";
/// How post-copy starts all the same.
const ORDERED: &str = "; post-copy starts only on request (`nova live-migration-force-complete`)";

fn alternative() -> String {
    format!(
        "or remove `{POST_COPY}`: it turns auto-converge off, and on a host without userfaultfd every migration fails \
         with it"
    )
}
