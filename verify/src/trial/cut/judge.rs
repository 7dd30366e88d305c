//! What must hold after a cut: by what was done, how both ends stand, and what was heard of the guest.
//!
//! It observes nothing.

use super::evidence::{CutEvidence, Signs, Story};
use super::{Cut, Fate};
use crate::hypervisor::recovery::Condition;
use crate::hypervisor::{Answer, End, GuestState};
use crate::trial::checks::{Check, NOT_IN_TIME, NOT_TOLD};

/// What must be so when the migration is asked for again.
pub(super) const DAEMON_LIVES: &str = "libvirt's daemon on the destination goes on when it is asked to resume";

/// Every check, the first being that it was cut at all.
pub(super) fn judge(evidence: &CutEvidence) -> Vec<Check> {
    let (story, signs) = (&evidence.story, &evidence.signs);
    let why = why_not_cut(story);
    let mut checks = vec![check(
        "the migration was cut in post-copy",
        why.is_none(),
        why.clone().unwrap_or_default(),
    )];
    if why.is_some() {
        return checks;
    }
    let source = state(story, End::Source);
    checks.push(check(
        "no second copy of the guest runs on the source",
        source.is_some_and(|source| source.state != GuestState::Running),
        words(source),
    ));
    match evidence.cut.fate() {
        Fate::Whole => checks.extend(whole(evidence.cut, story, signs)),
        Fate::Waits => checks.push(waits(story)),
        Fate::Lost => checks.push(lost(story)),
    }
    checks
}

fn why_not_cut(story: &Story) -> Option<String> {
    match (&story.not_done, &story.call) {
        (Some(why), _) => Some(why.clone()),
        (None, _) if story.cut.is_some() => None,
        (None, Some(Answer::Refused(refusal))) => Some(format!("the migration failed before: {}", refusal.message)),
        (None, _) => Some("post-copy was over before".to_owned()),
    }
}

fn whole(cut: Cut, story: &Story, signs: &Signs) -> Vec<Check> {
    let mut checks = Vec::new();
    let destination = state(story, End::Destination);
    if cut == Cut::ResetAndResume {
        let has_arrived = destination.is_some_and(Condition::has_arrived);
        let (holds, seen) = match &story.resume {
            Some(Answer::Done) => (true, String::new()),
            // libvirt may take what QEMU reports of the break for the end of what it has just resumed
            Some(Answer::Refused(refusal)) => (has_arrived, refusal.message.clone()),
            None => (false, "the call did not return in time".to_owned()),
        };
        checks.push(check("the migration was resumed", holds, seen));
        if let Some(crash) = &story.crash {
            checks.insert(0, check(DAEMON_LIVES, false, crash.clone()));
        }
    }
    checks.push(check(
        "the guest runs on the destination",
        destination.is_some_and(Condition::has_arrived),
        words(destination),
    ));
    if let Some(whole) = signs.beats_whole {
        checks.push(check("no heartbeat is missing or repeated", whole, String::new()));
    }
    let seen = match signs.memory_whole {
        _ if signs.damaged => "the guest found a page damaged",
        Some(true) => "",
        _ => NOT_IN_TIME,
    };
    checks.push(check("the guest's memory is intact", seen.is_empty(), seen.to_owned()));
    checks
}

fn waits(story: &Story) -> Check {
    let ends = [state(story, End::Source), state(story, End::Destination)];
    let holds = ends.iter().all(|end| end.is_some_and(Condition::is_broken));
    let [source, destination] = ends.map(words);
    check(
        "both halves of the guest wait for each other",
        holds,
        format!("source: {source}; destination: {destination}"),
    )
}

/// That it is lost is how it must be: what the destination's QEMU held is nowhere else.
fn lost(story: &Story) -> Check {
    let destination = state(story, End::Destination);
    check(
        "nothing claims that the guest runs",
        destination.is_some_and(|destination| destination.state != GuestState::Running),
        words(destination),
    )
}

/// How the guest stood at one end at last, where that was told.
fn state(story: &Story, end: End) -> Option<&Condition> {
    let standings = story.end.as_ref()?;
    match end {
        End::Source => standings.source.as_ref(),
        End::Destination => standings.destination.as_ref(),
    }
}

fn words(condition: Option<&Condition>) -> String {
    condition.map_or_else(|| NOT_TOLD.to_owned(), |condition| condition.words.clone())
}

fn check(what: &str, holds: bool, seen: String) -> Check {
    Check {
        what: what.to_owned(),
        holds,
        seen,
    }
}

#[cfg(test)]
#[path = "judge/tests.rs"]
mod tests;
