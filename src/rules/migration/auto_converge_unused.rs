//! Auto-converge that is permitted but never used, because post-copy is permitted too.
//!
//! Post-copy that is not used either is up to [`super::post_copy_unused`].

use crate::lint::{Context, Effect, Finding, Rule, Severity};
use crate::nova::migration::settings::{AUTO_CONVERGE, LIBVIRT, POST_COPY};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "auto-converge-unused",
    severity: Severity::Info,
    effect: Effect::Ignored,
    summary: "auto-converge has no effect while post-copy is permitted",
    doc: include_str!("../../../docs/rules/auto-converge-unused.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.after().post_copy || !context.after().auto_converge {
        return;
    }
    let message = format!("`{AUTO_CONVERGE}` has no effect while `{POST_COPY}` is true");
    let finding = context
        .about(&RULE, AUTO_CONVERGE, message)
        .with_reason(
            "nova asks QEMU for auto-converge only where post-copy is not permitted: a guest that writes faster than \
             its memory is copied is not slowed down before the timeout action",
        )
        .with_help("nothing needs to be done; the line takes effect again once post-copy is not permitted");
    findings.push(context.along_with(finding, (LIBVIRT, POST_COPY), "post-copy is permitted here"));
}
