//! Where nova's own code did something else than was expected of it, which is a finding of its own.
//!
//! It judges no host.

use crate::causes::Cause;
use crate::trial::messages::Evidence;
use crate::trial::session::Session;

/// The first thing that nova did otherwise in this trial.
pub(super) fn difference(trial: &Evidence) -> Option<Cause> {
    let nova = trial.nova.as_ref()?;
    let first = nova.differences.first()?;
    Some(Cause::new(
        format!(
            "in the trial of {}, your nova ({}) {first}",
            trial.judgement.action.words(),
            nova.version
        ),
        "look for local patches in that nova; if there are none, report it as a fault of novamend",
    ))
}

/// What keeps the verdict from "works": where nova did otherwise, and what it asked for that libvirt was not told.
pub(super) fn doubts(session: &Session) -> Vec<String> {
    let mut doubts = Vec::new();
    for trial in &session.trials {
        doubts.extend(difference(trial).map(|cause| cause.what));
        let open = trial.nova.iter().flat_map(|nova| &nova.not_passed_on);
        doubts.extend(open.map(|what| format!("your nova asks for more than was tested: {what}")));
    }
    doubts.dedup();
    doubts
}
