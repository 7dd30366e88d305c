//! Post-copy that is permitted but never used, because `abort` is written.
//!
//! Where no action is written at all, [`super::lost_auto_post_copy`] speaks.

use crate::catalog::Release;
use crate::lint::context::{ACTION, LIBVIRT, POST_COPY};
use crate::lint::{Context, Finding, Rule, Severity};
use crate::migration::Action;

pub(super) static RULE: Rule = Rule {
    id: "post-copy-unused",
    severity: Severity::Warning,
    summary: "post-copy is permitted, but `abort` cancels the migrations that would need it",
    doc: include_str!("../../docs/rules/post-copy-unused.md"),
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let is_abort =
        context.after.written_action == Some(Action::Abort) && context.coming_action() == Some(Action::Abort);
    if !context.after.permits_post_copy || !is_abort {
        return;
    }
    let mut why = if context.after.completion_timeout == Some(0) {
        "and the completion timeout is 0: nova neither starts post-copy nor aborts, a busy guest is copied without an end"
            .to_owned()
    } else {
        "when the completion timeout has run out nova cancels the migration, and the guest stays where it is".to_owned()
    };
    why.push_str("; post-copy starts only where somebody orders it (`nova live-migration-force-complete`)");
    if context.crosses(Release::STEIN) {
        why.push_str(&format!(
            "; up to now {} started it by itself",
            context.from.release().short()
        ));
    }
    let message = format!(
        "post-copy is permitted, but `{ACTION} = {}` never starts it",
        Action::Abort
    );
    let finding = context.about(&RULE, ACTION, message).because(why).with_help(format!(
        "write `{}` if busy guests shall move, or take `{POST_COPY}` away: it costs auto-converge, and a host without \
         userfaultfd fails every migration with it",
        Action::ForceComplete
    ));
    findings.push(context.along_with(finding, (LIBVIRT, POST_COPY), "post-copy is permitted here"));
}
