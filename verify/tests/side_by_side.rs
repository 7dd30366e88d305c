//! Trials side by side over labs that follow scripts: what is tried once more alone, what nothing excuses, and how an accident
//! ends them all.
//!
//! No libvirt is asked; each script has a clock of its own.

mod scripted_lab;

use std::time::Duration;

use novamend_verify::hypervisor::scripted::{Call, Scripted, Step};
use novamend_verify::hypervisor::{End, Event, GuestState, Intervention, Refusal};
use novamend_verify::trial::messages::{Evidence, Message, TrialOrder};
use novamend_verify::trial::side_by_side::run;
use novamend_verify::trial::worker::{Outlet, WorkError};

use crate::scripted_lab::{Broken, ScriptedLab, abort, busy, cancelled, converging, lab, refused};

/// An abort at that bandwidth, which tells it from others. A script's clock runs while its trial waits for its turn, so the limit
/// is far.
fn at(bandwidth: u64) -> TrialOrder {
    let mut trial = abort(false);
    trial.request.bandwidth = bandwidth;
    trial.pace.limit = Duration::from_secs(1_000_000);
    trial
}

fn post_copy() -> TrialOrder {
    scripted_lab::post_copy(at(20))
}

/// A guest that is switched to post-copy, and is nowhere any more.
fn lost() -> Scripted {
    let switch = Call::Intervene(Intervention::StartPostCopy);
    let switched = Event::Lifecycle {
        end: End::Source,
        what: "suspended: post-copy".to_owned(),
    };
    let refusal = Refusal {
        code: 1,
        message: "Invalid argument".to_owned(),
    };
    busy()
        .after(switch, 60, Step::Hear(switched))
        .after(switch, 60, Step::Stand(End::Source, GuestState::Off))
        .after(switch, 80, Step::Hear(Event::Returned(Err(refusal))))
}

/// What these labs bring, the stages that were told, and how it ended.
fn worked(
    labs: Vec<ScriptedLab>,
    trials: &[TrialOrder],
) -> (Vec<Evidence>, Vec<String>, Result<(), WorkError<Broken>>) {
    let (mut evidence, mut stages) = (Vec::new(), Vec::new());
    let mut outlet = Outlet::new(|message| match message {
        Message::Trial(trial) => evidence.push(*trial),
        Message::Stage(stage) => stages.push(stage),
        _ => {}
    });
    let ended = run(labs, trials, Duration::from_millis(50), &mut outlet);
    drop(outlet);
    (evidence, stages, ended)
}

fn migrations(stages: &[String]) -> usize {
    stages.iter().filter(|stage| stage.starts_with("migrating")).count()
}

fn holds(evidence: &[Evidence]) -> Vec<bool> {
    evidence.iter().map(|trial| trial.judgement.holds()).collect()
}

#[test]
fn each_trial_is_run_once_and_the_evidence_comes_in_their_order() {
    let labs = vec![lab([cancelled()]), lab([cancelled()]), lab([cancelled()])];
    let (evidence, stages, ended) = worked(labs, &[at(22), at(20), at(21)]);
    assert!(ended.is_ok(), "{ended:?}");
    let bandwidths: Vec<u64> = evidence.iter().map(|trial| trial.request.bandwidth).collect();
    assert_eq!((bandwidths, holds(&evidence)), (vec![22, 20, 21], vec![true; 3]));
    assert_eq!(migrations(&stages), 3);
}

#[test]
fn what_failed_beside_others_counts_only_if_it_fails_alone() {
    let labs = || vec![lab([cancelled()]), lab([refused(), cancelled()])];
    let (evidence, stages, ended) = worked(labs(), &[at(20), at(21)]);
    assert!(ended.is_ok(), "{ended:?}");
    assert_eq!((holds(&evidence), migrations(&stages)), (vec![true, true], 3));

    let labs = vec![lab([cancelled()]), lab([refused(), refused()])];
    let (evidence, _, ended) = worked(labs, &[at(20), at(21)]);
    assert!(ended.is_ok(), "{ended:?}");
    assert_eq!(holds(&evidence), [true, false]);
    assert_eq!(evidence[1].reason().as_deref(), Some("no such flag"));
}

#[test]
fn a_guest_that_was_lost_once_is_lost_whatever_happens_alone() {
    let labs = vec![lab([cancelled()]), lab([lost(), refused()])];
    let (evidence, _, ended) = worked(labs, &[at(20), post_copy()]);
    assert!(ended.is_ok(), "{ended:?}");
    assert!(
        !evidence[1].judgement.is_grave(),
        "alone it failed otherwise: {evidence:?}"
    );

    let switched = |end, what: &str| {
        let what = what.to_owned();
        Step::Hear(Event::Lifecycle { end, what })
    };
    let switch = Call::Intervene(Intervention::StartPostCopy);
    let well = busy()
        .after(switch, 60, switched(End::Source, "suspended: post-copy"))
        .after(switch, 70, Step::Stand(End::Source, GuestState::Absent))
        .after(switch, 70, Step::Stand(End::Destination, GuestState::Running))
        .after(switch, 80, Step::Hear(Event::Returned(Ok(()))));
    let labs = vec![lab([cancelled()]), lab([lost(), well])];
    let (evidence, stages, ended) = worked(labs, &[at(20), post_copy()]);
    assert!(ended.is_ok(), "{ended:?}");
    assert_eq!(migrations(&stages), 3);
    assert!(evidence[1].judgement.is_grave(), "{:?}", evidence[1].judgement);
}

#[test]
fn a_guest_that_converged_beside_others_each_time_is_tried_alone_and_then_given_up() {
    let beside = || [converging(), converging(), converging()];
    let alone = beside().into_iter().chain([cancelled()]).collect::<Vec<_>>();
    let (evidence, _, ended) = worked(vec![lab([cancelled()]), lab(alone)], &[at(20), at(21)]);
    assert!(ended.is_ok(), "{ended:?}");
    assert_eq!(holds(&evidence), [true, true]);

    let never = beside().into_iter().chain(beside()).collect::<Vec<_>>();
    let (_, _, ended) = worked(vec![lab([cancelled()]), lab(never)], &[at(20), at(21)]);
    assert!(matches!(ended, Err(WorkError::Converged)), "{ended:?}");
}

#[test]
fn an_accident_of_one_ends_all_at_once_and_is_told_with_what_that_one_was_at() {
    let mut killed = lab([cancelled()]);
    killed.accident = Some("QEMU was killed");
    let mut stuck = lab([]);
    stuck.is_stuck = true;
    let (evidence, stages, ended) = worked(vec![killed, stuck], &[at(20), at(21)]);
    assert!(evidence.is_empty());
    assert_eq!(ended.unwrap_err().to_string(), "QEMU was killed");
    assert_eq!(stages.last().map(String::as_str), Some("migrating: abort"));
}

#[test]
fn a_thread_that_crashes_gives_no_verdict() {
    // without a script for its migration
    let (evidence, _, ended) = worked(vec![lab([]), lab([cancelled()])], &[at(20), at(21)]);
    assert!(evidence.is_empty());
    assert!(matches!(ended, Err(WorkError::Thread(_))), "{ended:?}");
}
