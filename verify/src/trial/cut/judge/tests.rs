//! What does not hold must show.

use std::time::Duration;

use super::*;
use crate::guest::serial::{Kind, Record};
use crate::hypervisor::{Refusal, Request};
use crate::trial::checks::Silence;
use crate::trial::cut::Standings;
use crate::trial::migrate::Trace;

#[allow(clippy::unnecessary_wraps, reason = "as a story has it")]
fn condition(state: GuestState, words: &str) -> Option<Condition> {
    Some(Condition {
        state,
        reason: 0,
        words: words.to_owned(),
    })
}

fn story(source: Option<Condition>, destination: Option<Condition>) -> Story {
    Story {
        switched: Some(Duration::from_secs(1)),
        cut: Some(Duration::from_secs(2)),
        end: Some(Standings {
            at: Duration::from_secs(5),
            source,
            destination,
            job: None,
            source_qemu: None,
            destination_qemu: None,
        }),
        ..Story::default()
    }
}

fn failed(cut: Cut, story: Story, signs: Signs) -> Vec<String> {
    let evidence = CutEvidence::of(cut, Request::default(), Trace::default(), story, signs);
    let failed = evidence.checks.into_iter().filter(|check| !check.holds);
    failed.map(|check| check.what).collect()
}

fn whole() -> Signs {
    Signs {
        beats_whole: Some(true),
        memory_whole: Some(true),
        ..Signs::default()
    }
}

#[test]
fn a_guest_that_was_brought_back_must_be_whole_and_alone() {
    let story = |source, destination| Story {
        resume: Some(Answer::Done),
        ..story(source, destination)
    };
    let running = || condition(GuestState::Running, "running (migrated)");
    let gone = || Some(Condition::absent());
    assert!(failed(Cut::ResetAndResume, story(gone(), running()), whole()).is_empty());
    let twice = failed(Cut::ResetAndResume, story(running(), running()), whole());
    assert_eq!(twice, ["no second copy of the guest runs on the source"]);
    let on_its_way = condition(GuestState::Running, "running (post-copy)");
    let early = failed(Cut::LinkDown, story(gone(), on_its_way), whole());
    assert_eq!(early, ["the guest runs on the destination"]);
    let damaged = Signs {
        damaged: true,
        ..whole()
    };
    let seen = failed(Cut::LinkDown, story(gone(), running()), damaged);
    assert_eq!(seen, ["the guest's memory is intact"]);
    let skips = Signs {
        beats_whole: Some(false),
        ..whole()
    };
    let seen = failed(Cut::LinkDown, story(gone(), running()), skips);
    assert_eq!(seen, ["no heartbeat is missing or repeated"]);
}

#[allow(clippy::unnecessary_wraps, reason = "as a story has it")]
fn refused(message: &str) -> Option<Answer> {
    Some(Answer::Refused(Refusal {
        code: 9,
        message: message.to_owned(),
    }))
}

#[test]
fn a_resume_that_is_refused_or_does_not_end_shows() {
    let source = || condition(GuestState::Paused, "paused (post-copy failed)");
    let destination = || condition(GuestState::Running, "running (post-copy failed)");
    for resume in [None, refused("unsupported flags")] {
        let story = Story {
            resume,
            ..story(source(), destination())
        };
        let seen = failed(Cut::ResetAndResume, story, whole());
        assert_eq!(seen, ["the migration was resumed", "the guest runs on the destination"]);
    }
    // what libvirt calls a failure may have worked: the guest tells
    let running = condition(GuestState::Running, "running (migrated)");
    let story = Story {
        resume: refused("job 'migration in' failed in post-copy phase"),
        ..story(Some(Condition::absent()), running)
    };
    assert!(failed(Cut::ResetAndResume, story, whole()).is_empty());
}

#[test]
fn a_daemon_that_crashes_when_it_is_asked_to_resume_is_named_first() {
    let source = condition(GuestState::Paused, "paused (post-copy failed)");
    let destination = condition(GuestState::Running, "running (post-copy failed)");
    let story = Story {
        resume: refused("End of file while reading data: Input/output error"),
        crash: Some("it ended by SIGSEGV".to_owned()),
        ..story(source, destination)
    };
    let seen = failed(Cut::ResetAndResume, story, whole());
    let rest = ["the migration was resumed", "the guest runs on the destination"];
    assert_eq!(
        (seen[0].as_str(), &seen[1..]),
        (DAEMON_LIVES, &rest.map(str::to_owned)[..])
    );
}

#[test]
fn a_guest_in_two_halves_waits_and_one_that_is_lost_is_claimed_by_nobody() {
    let source = || condition(GuestState::Paused, "paused (post-copy failed)");
    let destination = || condition(GuestState::Running, "running (post-copy failed)");
    assert!(failed(Cut::Reset, story(source(), destination()), Signs::default()).is_empty());
    let one = failed(Cut::Reset, story(source(), Some(Condition::absent())), Signs::default());
    assert_eq!(one, ["both halves of the guest wait for each other"]);
    let claimed = failed(Cut::DestinationQemu, story(source(), destination()), Signs::default());
    assert_eq!(claimed, ["nothing claims that the guest runs"]);
    let untold = failed(Cut::DestinationQemu, story(None, None), Signs::default());
    assert_eq!(untold.len(), 2, "{untold:?}");
}

#[test]
fn what_was_not_cut_shows_nothing_else() {
    let over = Story {
        cut: None,
        ..story(None, None)
    };
    assert_eq!(
        failed(Cut::LinkDown, over, whole()),
        ["the migration was cut in post-copy"]
    );
}

#[test]
fn heartbeats_are_counted_and_the_longest_silence_is_of_the_time_since_the_switch() {
    let beat = |at: u64, sequence| Record {
        at: Duration::from_millis(at),
        from: 0,
        kind: Kind::Beat,
        sequence,
        generation: 0,
        round: 0,
    };
    let records = [beat(0, 1), beat(900, 2), beat(1000, 3), beat(1300, 4)];
    let signs = Signs::of(&records, Duration::from_millis(950), true);
    assert_eq!(signs.silence.map(Silence::length), Some(Duration::from_millis(300)));
    assert_eq!(signs.beats_whole, Some(true));
    let repeated = [beat(0, 1), beat(2, 1)];
    assert_eq!(Signs::of(&repeated, Duration::ZERO, true).beats_whole, Some(false));
    assert_eq!(Signs::of(&repeated, Duration::ZERO, false).beats_whole, None);
}

#[test]
fn a_call_that_failed_is_no_moment_at_which_the_guest_was_whole() {
    let seconds = |arrived: Option<u64>, resume| {
        let story = Story {
            resume_asked: Some(Duration::from_secs(3)),
            resume_ended: Some(Duration::from_secs(4)),
            arrived: arrived.map(Duration::from_secs),
            resume,
            ..story(None, None)
        };
        CutEvidence::of(
            Cut::ResetAndResume,
            Request::default(),
            Trace::default(),
            story,
            whole(),
        )
        .recovery_seconds()
    };
    let failed = || refused("job 'migration in' failed in post-copy phase");
    assert_eq!(seconds(None, failed()), None);
    assert_eq!(seconds(Some(6), failed()), Some(3.0));
    assert_eq!(seconds(None, Some(Answer::Done)), Some(1.0));
}
