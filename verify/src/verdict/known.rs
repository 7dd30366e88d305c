//! Whether a trial that failed shows something of the host: only a reason that is known to be a refusal does.
//!
//! An error that is not known may be an accident, and no verdict is drawn from it.

use super::nova;
use crate::accident::is_refusal;
use crate::causes::Cause;
use crate::trial::checks::{Check, GUEST_LIVES};
use crate::trial::kind;
use crate::trial::messages::Evidence;

/// Libvirt's code of a job that was cancelled.
const CANCELLED: u32 = 78;

/// What keeps a trial that failed from showing anything of the host; none where it shows something.
pub(super) fn shows_nothing(trial: &Evidence) -> Option<Cause> {
    if trial.judgement.holds() {
        return None;
    }
    // what the host does with something else than was to be tried
    if let Some(cause) = nova::difference(trial) {
        return Some(cause);
    }
    let name = trial.judgement.action.words();
    let code = match (&trial.trace.returned, &trial.trace.broken) {
        (Some(Err(refusal)), _) | (None, Some(refusal)) => Some(refusal.code),
        _ => None,
    };
    // a job that nova cancelled has ended as it was to end
    let is_cancelled = code == Some(CANCELLED) && !kind::of(trial.judgement.action).moves;
    if trial.trace.returned == Some(Ok(())) || is_cancelled {
        return open(trial, name);
    }
    let Some(said) = trial.reason() else {
        let what = format!("{name} did not finish: the migration neither failed nor completed in time");
        return Some(Cause::new(what, "run it again with a longer --patience"));
    };
    if is_refusal(code.unwrap_or_default(), &said) {
        return None;
    }
    let lost = trial
        .judgement
        .failed(GUEST_LIVES)
        .map_or("", |_| ", and the guest was lost");
    let what = format!("{name} failed{lost} with an error that is not known to come from this host: {said}");
    Some(Cause::new(
        what,
        "run it again; if it fails the same way, look for that error in the logs of libvirt and QEMU",
    ))
}

/// What keeps a migration that ended as it was to end from showing what failed: that the machine was too slow to tell.
fn open(trial: &Evidence, name: &str) -> Option<Cause> {
    let mut failed = trial.judgement.checks.iter().filter(|check| !check.holds);
    let first = failed.next().filter(|check| check.is_open())?;
    failed.all(Check::is_open).then(|| {
        Cause::new(
            format!(
                "{name} did not fail, but not all of it was seen: {} ({})",
                first.failure(),
                first.seen
            ),
            "run it again on a quieter host",
        )
    })
}
