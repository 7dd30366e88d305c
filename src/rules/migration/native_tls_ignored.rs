//! QEMU's own encryption in releases that leave it out without a word on an older libvirt or QEMU.
//!
//! Which versions the hosts have it does not know.

use crate::catalog::Release;
use crate::lint::{Context, Effect, Finding, Rule, Severity};
use crate::nova::migration::settings::NATIVE_TLS;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "native-tls-ignored",
    severity: Severity::Warning,
    effect: Effect::MeansOther,
    summary: "stein, train and ussuri silently drop native TLS below libvirt 4.4 or QEMU 2.11",
    doc: include_str!("../../../docs/rules/native-tls-ignored.md"),
    check,
    yields_to: &[],
};

/// The first release that asks for a libvirt and a QEMU that have it: Victoria.
const ALWAYS_SINCE: u8 = 22;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let to = context.to.release();
    // With tunnelling nova-compute does not start: `tunnelled-with-tls` says so.
    if to < Release::STEIN || to.number() >= ALWAYS_SINCE || !context.after().tls || context.after().tunnelled {
        return;
    }
    let message = format!(
        "{} ignores `{NATIVE_TLS}` below libvirt 4.4 or QEMU 2.11: guest memory is sent unencrypted",
        to.short()
    );
    let finding = context
        .about(&RULE, NATIVE_TLS, message)
        .with_reason(format!(
            "{} also runs with an older libvirt, and then silently leaves the flag out of every migration",
            to.short()
        ))
        .with_help("make sure that every host has libvirt 4.4 and QEMU 2.11 or later, then suppress this finding");
    findings.push(finding);
}
