//! A bandwidth that cannot move a guest's memory within the completion timeout, or that libvirt cannot take.
//!
//! How fast the network and the guests are it does not know: it compares what the two options say.

use crate::catalog::Release;
use crate::lint::{Context, Effect, Finding, Rule, Safety, Severity};
use crate::nova::migration::TimeoutAction;
use crate::nova::migration::settings::{BANDWIDTH, COMPLETION_TIMEOUT, LIBVIRT};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "bandwidth-below-timeout",
    severity: Severity::Warning,
    effect: Effect::MeansOther,
    summary: "the bandwidth is too low to copy a guest's memory once before the completion timeout",
    doc: include_str!("../../../docs/rules/bandwidth-below-timeout.md"),
    check,
    yields_to: &[],
};

/// MiB in a GiB.
const MIB: f64 = 1024.0;
/// What nova takes a smaller guest for, in GiB.
const LEAST_GIB: f64 = 2.0;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let bandwidth = context.after().bandwidth;
    if bandwidth < 0 {
        findings.push(negative(context));
    } else if bandwidth > 0
        && let Some(timeout) = context
            .after()
            .known_completion_timeout()
            .filter(|&timeout| timeout > 0)
        && MIB / bandwidth as f64 > timeout as f64
    {
        findings.push(too_low(context, bandwidth, timeout));
    }
}

fn negative(context: &Context<'_>) -> Finding {
    let title = format!("write `{BANDWIDTH} = 0`: no limit, which the negative value was most likely meant to say");
    let fix = context.setting_to(title.clone(), Safety::Unsafe, (LIBVIRT, BANDWIDTH, "0"), None);
    context
        .about(
            &RULE,
            BANDWIDTH,
            format!("`{BANDWIDTH}` is negative: every live migration fails"),
        )
        .with_severity(Severity::Error)
        .with_reason(
            "libvirt accepts only 0 or more: its Python binding raises an OverflowError before anything is copied",
        )
        .with_help(title)
        .with_fix(fix)
}

fn too_low(context: &Context<'_>, bandwidth: i64, timeout: i64) -> Finding {
    let share = bandwidth as f64 * timeout as f64 / MIB;
    let guests = format!(
        "a guest that uses more than {:.0} % of its memory, and more than {:.1} GiB,",
        share * 100.0,
        share * LEAST_GIB
    );
    let ends = match context.coming_action() {
        Some(TimeoutAction::ForceComplete) if context.after().post_copy => {
            "is always switched to post-copy before its memory has been copied once".to_owned()
        }
        Some(TimeoutAction::ForceComplete) => {
            let seconds = MIB / bandwidth as f64;
            format!("is always paused, for {seconds:.0} s per GiB that is left")
        }
        _ if context.to.release() < Release::STEIN => "is always aborted".to_owned(),
        _ => "never migrates: nova cancels its migration".to_owned(),
    };
    let message = format!(
        "`{BANDWIDTH} = {bandwidth}` needs {:.0} s for a GiB, and `{COMPLETION_TIMEOUT}` allows {timeout}",
        MIB / bandwidth as f64
    );
    let finding = context
        .about(&RULE, BANDWIDTH, message)
        .with_reason(format!(
            "the bandwidth is in MiB/s, the timeout in seconds per GiB: {guests} {ends}"
        ))
        .with_help(format!(
            "raise `{BANDWIDTH}`, which is in MiB and not Mbit per second, or remove it for no limit; or raise \
             `{COMPLETION_TIMEOUT}`"
        ));
    context.along_with(finding, (LIBVIRT, COMPLETION_TIMEOUT), "the timeout is set here")
}
