//! Several connections for one migration together with post-copy, which only QEMU 10.1 and later can do.
//!
//! Which QEMU the hosts have it does not know. Services other than nova-compute do not look at either.

use crate::lint::{Context, Effect, Finding, Rule, Safety, Severity};
use crate::nova::migration::settings::{LIBVIRT, PARALLEL, POST_COPY};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "parallel-with-post-copy",
    severity: Severity::Error,
    effect: Effect::StopsService,
    summary: "nova-compute does not start with parallel connections and post-copy before QEMU 10.1",
    doc: include_str!("../../../docs/rules/parallel-with-post-copy.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let after = context.after();
    let is_read = context.settings.programs.may_be("nova-compute");
    if !is_read || !after.post_copy || after.parallel <= 1 || !after.runs_qemu() {
        return;
    }
    let count = after.parallel;
    let message = format!("`{PARALLEL} = {count}` with post-copy: nova-compute does not start before QEMU 10.1");
    let title = format!("remove `{PARALLEL}`");
    let finding = context
        .about(&RULE, PARALLEL, message)
        .with_reason(
            "nova refuses the combination when it starts, unless QEMU is 10.1 or later: older versions cannot switch a migration over \
             several connections to post-copy",
        )
        .with_help(format!(
            "{title}, or remove `{POST_COPY}`; if every host has QEMU 10.1 or later, suppress this finding"
        ))
        .with_fix(context.dropping(title, Safety::Unsafe, PARALLEL));
    findings.push(context.along_with(finding, (LIBVIRT, POST_COPY), "post-copy is permitted here"));
}
