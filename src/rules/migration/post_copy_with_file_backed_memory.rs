//! Post-copy on hosts that keep the memory of guests in files: the guest does not survive it.
//!
//! Where libvirt's memory directory lies it does not know; the files are on a disk unless somebody mounted it otherwise.

use crate::catalog::Release;
use crate::lint::{Context, Effect, Finding, Rule, Safety, Severity};
use crate::nova::migration::TimeoutAction;
use crate::nova::migration::settings::{ACTION, FILE_BACKED, LIBVIRT, POST_COPY};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "post-copy-with-file-backed-memory",
    severity: Severity::Error,
    effect: Effect::StopsWork,
    summary: "guests with file-backed memory are lost when post-copy starts, or do not migrate at all",
    doc: include_str!("../../../docs/rules/post-copy-with-file-backed-memory.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.after().post_copy || !context.keeps_memory_in_files() {
        return;
    }
    let starts = if context.to.release() < Release::STEIN {
        "nova starts it by itself for every busy guest".to_owned()
    } else if context.coming_action() == Some(TimeoutAction::ForceComplete) {
        format!("`{ACTION} = {}` starts it", TimeoutAction::ForceComplete)
    } else {
        "anybody who may request it starts it (`nova live-migration-force-complete`)".to_owned()
    };
    let message = format!("`{FILE_BACKED}` and `{POST_COPY}` cannot be combined: post-copy loses the guest");
    let title = format!("remove `{POST_COPY}`");
    let finding = context
        .about(&RULE, FILE_BACKED, message)
        .with_reason(format!(
            "post-copy must catch the guest's accesses to memory that has not arrived yet, which Linux cannot do for \
             files on a disk: QEMU 7.2 exits on the destination while the source no longer runs the guest, newer \
             versions refuse the migration at its start; {starts}"
        ))
        .with_help(format!(
            "{title} on hosts with file-backed memory; where libvirt's `memory_backing_dir` is a tmpfs, suppress this \
             finding once `novamend verify` has shown that it works"
        ))
        .with_fix(context.dropping(title, Safety::Unsafe, POST_COPY));
    findings.push(context.along_with(finding, (LIBVIRT, POST_COPY), "post-copy is permitted here"));
}
