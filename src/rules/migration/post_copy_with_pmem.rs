//! Post-copy on hosts with persistent memory, whose guests nova pauses instead.
//!
//! How long the pause takes, [`super::force_complete_pauses`] says.

use crate::lint::{Context, Effect, Finding, Rule, Severity};
use crate::nova::migration::TimeoutAction;
use crate::nova::migration::settings::{LIBVIRT, POST_COPY};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "post-copy-with-pmem",
    severity: Severity::Info,
    effect: Effect::MeansOther,
    summary: "nova pauses guests with persistent memory where it switches others to post-copy",
    doc: include_str!("../../../docs/rules/post-copy-with-pmem.md"),
    check,
    yields_to: &[],
};

const NAMESPACES: &str = "pmem_namespaces";
/// The first release that live-migrates guests with persistent memory: Ussuri. Train refuses.
const MIGRATED_SINCE: u8 = 21;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let is_migrated = context.to.release().number() >= MIGRATED_SINCE;
    if !is_migrated || !context.after().post_copy || !context.may_be_set(NAMESPACES) {
        return;
    }
    let is_used = context.coming_action() == Some(TimeoutAction::ForceComplete)
        && context.after().known_completion_timeout() != Some(0);
    let setting = context.to.setting(LIBVIRT, NAMESPACES);
    let text = setting.and_then(|setting| context.to.text(&setting).ok().flatten());
    if !is_used || text.is_none_or(|text| text.trim_matches([',', ' ']).is_empty()) {
        return;
    }
    let message = format!(
        "`{}` pauses guests with persistent memory: nova does not use post-copy for them",
        TimeoutAction::ForceComplete
    );
    let finding = context
        .about(&RULE, NAMESPACES, message)
        .with_reason(
            "when the completion timeout runs out, nova switches other guests to post-copy; one with a vPMEM device \
             is paused on the source until the rest is copied",
        )
        .with_help(
            "nothing can be done in nova.conf; warn the owners of such guests, or migrate them when they are \
                    idle",
        );
    findings.push(context.along_with(finding, (LIBVIRT, POST_COPY), "post-copy is permitted here"));
}
