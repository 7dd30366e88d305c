//! Post-copy together with tunnelling, which libvirt refuses.
//!
//! Tunnelling together with QEMU's own encryption is up to [`super::tunnelled_with_tls`].

use crate::lint::{Context, Effect, Finding, Rule, Safety, Severity};
use crate::nova::migration::settings::{LIBVIRT, POST_COPY, TUNNELLED};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "post-copy-with-tunnelled",
    severity: Severity::Error,
    effect: Effect::StopsWork,
    summary: "libvirt refuses post-copy with tunnelling: every migration fails",
    doc: include_str!("../../../docs/rules/post-copy-with-tunnelled.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.after().post_copy || !context.after().tunnelled {
        return;
    }
    let message = format!("`{TUNNELLED}` and `{POST_COPY}` cannot be combined: every migration fails");
    let title = format!("remove `{TUNNELLED}`");
    let finding = context
        .about(&RULE, TUNNELLED, message)
        .with_reason(
            "nova sets both flags for every migration of a running guest, and libvirt refuses the combination before \
             it copies anything",
        )
        .with_help(format!(
            "{title}: QEMU then connects to QEMU directly, which needs its ports (49152 and up) open between the hosts and \
             encrypts nothing unless `live_migration_with_native_tls` is set; or remove `{POST_COPY}`"
        ))
        .with_fix(context.dropping(title, Safety::Unsafe, TUNNELLED));
    findings.push(context.along_with(finding, (LIBVIRT, POST_COPY), "post-copy is permitted here"));
}
