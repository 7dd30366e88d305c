//! Several connections for one migration together with tunnelling, which libvirt refuses.
//!
//! Several connections together with post-copy are for [`super::parallel_with_post_copy`].

use crate::lint::{Context, Effect, Finding, Rule, Safety, Severity};
use crate::nova::migration::settings::{LIBVIRT, PARALLEL, TUNNELLED};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "parallel-with-tunnelled",
    severity: Severity::Error,
    effect: Effect::StopsWork,
    summary: "libvirt refuses parallel connections with tunnelling: every migration fails",
    doc: include_str!("../../../docs/rules/parallel-with-tunnelled.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let count = context.after().parallel;
    if !context.after().tunnelled || count <= 1 {
        return;
    }
    let message = format!("`{PARALLEL} = {count}` and `{TUNNELLED}` cannot be combined: every migration fails");
    let title = format!("remove `{PARALLEL}`");
    let finding = context
        .about(&RULE, PARALLEL, message)
        .with_reason("nova sets both flags for every migration, and libvirt refuses the combination before it copies \
                  anything")
        .with_help(format!(
            "{title}, or remove `{TUNNELLED}`: QEMU then connects to QEMU directly, which needs its ports (49152 and up) \
             open between the hosts"
        ))
        .with_fix(context.dropping(title, Safety::Unsafe, PARALLEL));
    findings.push(context.along_with(finding, (LIBVIRT, TUNNELLED), "tunnelling is switched on here"));
}
