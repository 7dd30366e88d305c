//! Tunnelling together with QEMU's own encryption, which nova refuses.
//!
//! Tunnelling together with post-copy is up to [`super::post_copy_with_tunnelled`].

use crate::lint::{Context, Effect, Finding, Rule, Safety, Severity};
use crate::nova::migration::settings::{LIBVIRT, NATIVE_TLS, TUNNELLED};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "tunnelled-with-tls",
    severity: Severity::Error,
    effect: Effect::StopsService,
    summary: "nova-compute does not start with both tunnelling and native TLS",
    doc: include_str!("../../../docs/rules/tunnelled-with-tls.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.after().tunnelled || !context.after().tls {
        return;
    }
    let message = format!("`{TUNNELLED}` and `{NATIVE_TLS}` exclude each other: nova-compute does not start");
    let title = format!("remove `{TUNNELLED}`");
    let finding = context
        .about(&RULE, TUNNELLED, message)
        .with_reason("nova refuses the combination when it starts; native TLS has replaced tunnelling")
        .with_help(format!(
            "{title}; QEMU's certificates must be on every host first, and its ports open between the hosts"
        ))
        .with_fix(context.dropping(title, Safety::Unsafe, TUNNELLED));
    findings.push(context.along_with(finding, (LIBVIRT, NATIVE_TLS), "native TLS is switched on here"));
}
