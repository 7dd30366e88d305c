//! What a cut brought, as lines: of both ends, of nova, and of the guest.
//!
//! It decides nothing.

use std::fmt::Write as _;
use std::time::Duration;

use crate::hypervisor::recovery::Condition;
use crate::hypervisor::{Answer, JobKind};
use crate::shown::line as shown;
use crate::trial::checks::Silence;
use crate::trial::cut::{Cut, CutEvidence, NovaEnd, Standings};

/// The lines of one cut: what they are about, and what is to be said of it.
#[must_use]
pub fn lines(evidence: &CutEvidence) -> Vec<(&'static str, String)> {
    let story = &evidence.story;
    let mut lines = Vec::new();
    if let Some(after) = &story.after_cut {
        lines.push(("source", end(after.source.as_ref(), after.source_qemu)));
        lines.push(("destination", end(after.destination.as_ref(), after.destination_qemu)));
    }
    lines.extend(call(evidence).map(|said| ("the call", said)));
    lines.extend(afterwards(evidence).into_iter().map(|said| ("then", said)));
    if story.cut.is_some() {
        lines.push(("nova", nova(evidence)));
    }
    if let (Some(end), true) = (&story.end, story.cut.is_some()) {
        lines.push(("at the end", both(end)));
        lines.push(("the guest", guest(evidence)));
    }
    lines
}

/// `verify --cut` as text: one cut.
#[must_use]
pub fn text(evidence: &CutEvidence) -> String {
    let mut text = format!("\n{}\n", evidence.cut.words());
    for (about, said) in lines(evidence) {
        let _ = writeln!(text, "  {about:<12} {}", shown(&said));
    }
    for check in &evidence.checks {
        let mark = if check.holds { "ok" } else { "FAILED" };
        let seen = if check.holds || check.seen.is_empty() {
            String::new()
        } else {
            format!(": {}", shown(&check.seen))
        };
        let _ = writeln!(text, "  {mark:<12} {}{seen}", check.what);
    }
    text
}

fn words(condition: Option<&Condition>) -> &str {
    condition.map_or("not known", |condition| condition.words.as_str())
}

fn end(condition: Option<&Condition>, has_qemu: Option<bool>) -> String {
    let qemu = match has_qemu {
        Some(true) => ", QEMU runs",
        Some(false) => ", no QEMU",
        None => "",
    };
    format!("{}{qemu}", words(condition))
}

fn both(standings: &Standings) -> String {
    let (source, destination) = (standings.source.as_ref(), standings.destination.as_ref());
    format!("source: {}; destination: {}", words(source), words(destination))
}

/// A time after the cut.
fn after(evidence: &CutEvidence, at: Option<Duration>) -> String {
    let since = evidence.story.cut.unwrap_or_default();
    let time = at.unwrap_or_default().saturating_sub(since).as_secs_f64();
    format!("{time:.1} s after the cut")
}

fn call(evidence: &CutEvidence) -> Option<String> {
    let story = &evidence.story;
    story.cut?;
    Some(match &story.call {
        None => "did not return".to_owned(),
        Some(Answer::Done) => format!("returned without an error {}", after(evidence, story.call_ended)),
        Some(Answer::Refused(refusal)) => {
            format!("failed {}: {}", after(evidence, story.call_ended), refusal.message)
        }
    })
}

/// What was done for the guest, and what that brought.
fn afterwards(evidence: &CutEvidence) -> Vec<String> {
    let story = &evidence.story;
    let mut said = Vec::new();
    if let Some(at) = story.restored {
        let what = match evidence.cut {
            Cut::LinkDown => "the link was up again",
            Cut::ResetAndResume => "the destination's daemon, which had crashed, answered again",
            _ => "the daemon answered again",
        };
        said.push(format!("{what} {}", after(evidence, Some(at))));
    }
    if story.resume_asked.is_some() {
        said.push(match (&story.resume, evidence.recovery_seconds()) {
            (Some(Answer::Done), Some(seconds)) => format!("POSTCOPY_RESUME: done after {seconds:.1} s"),
            (Some(Answer::Refused(refusal)), Some(seconds)) => format!(
                "POSTCOPY_RESUME: the call failed ({}), and the guest was whole all the same after {seconds:.1} s",
                refusal.message
            ),
            (Some(Answer::Refused(refusal)), _) => format!("POSTCOPY_RESUME was refused: {}", refusal.message),
            _ => "POSTCOPY_RESUME did not end in time".to_owned(),
        });
    }
    said
}

/// What nova's monitor does, and how nova's record ends.
fn nova(evidence: &CutEvidence) -> String {
    match evidence.nova {
        NovaEnd::Completed => "takes the migration as completed; the instance is on the destination".to_owned(),
        NovaEnd::WaitsOn => {
            let after_cut = evidence.story.after_cut.as_ref();
            let sees = match after_cut.and_then(|after| after.job) {
                Some(JobKind::Unbounded) => "sees a job that still runs",
                _ => "sees no end",
            };
            format!("its monitor {sees} and waits on; the migration stays \"running (post-copy)\"")
        }
        NovaEnd::Error => {
            "its monitor ends by libvirt's error: instance and migration in state error, while the guest \
                           may run on the destination"
                .to_owned()
        }
        NovaEnd::RollsBack => {
            "takes the migration as failed and rolls back: it removes the guest from the destination".to_owned()
        }
    }
}

fn guest(evidence: &CutEvidence) -> String {
    let signs = &evidence.signs;
    let mut parts = Vec::new();
    match (signs.last, evidence.story.end.as_ref()) {
        (Some(last), Some(end)) if signs.silence.is_some() => {
            let still = end.at.saturating_sub(last);
            let longest = signs.silence.map(Silence::length).unwrap_or_default();
            if still > longest {
                parts.push(format!("silent since {}", after(evidence, Some(last))));
            } else {
                parts.push(format!("silent for {:.1} s at most", longest.as_secs_f64()));
            }
        }
        _ => {}
    }
    if let Some(whole) = signs.beats_whole {
        parts.push(
            if whole {
                "no heartbeat is missing or repeated"
            } else {
                "heartbeats are missing or repeated"
            }
            .to_owned(),
        );
    }
    match signs.memory_whole {
        _ if signs.damaged => parts.push("its memory is damaged".to_owned()),
        Some(true) => parts.push("its memory is intact".to_owned()),
        Some(false) => parts.push("its memory was not checked in time".to_owned()),
        None => {}
    }
    if parts.is_empty() {
        "not heard".to_owned()
    } else {
        parts.join("; ")
    }
}
