//! The worker and the message loop over a lab that follows a script: what is tried again, what is left out, what is waited for.
//!
//! No libvirt is asked.

mod scripted_lab;

use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel;
use std::time::Duration;

use novamend_verify::guest::memory::Memory;
use novamend_verify::hypervisor::scripted::{Call, Step};
use novamend_verify::hypervisor::{Event, Intervention, Job, JobKind};
use novamend_verify::nova_itself::NovaChoice;
use novamend_verify::trial::conditions::{Conditions, Mode};
use novamend_verify::trial::messages::{Evidence, Message, TrialOrder};
use novamend_verify::trial::session::{Session, SessionError};
use novamend_verify::trial::shape::ShapeUsed;
use novamend_verify::trial::worker::{Outlet, WorkError, run};

use crate::scripted_lab::{Broken, ScriptedLab, abort, busy, cancelled, converging, lab, post_copy, refused};

/// What a lab with these scripts brings, how it ended and what it was asked for.
fn worked(lab: &mut ScriptedLab, trials: &[TrialOrder]) -> (Vec<Evidence>, Result<(), WorkError<Broken>>) {
    let mut evidence = Vec::new();
    let mut outlet = Outlet::new(|message| {
        if let Message::Trial(trial) = message {
            evidence.push(*trial);
        }
    });
    let ended = run(lab, trials, Duration::from_millis(50), &mut outlet);
    drop(outlet);
    (evidence, ended)
}

#[test]
fn a_guest_that_is_well_serves_the_next_trial_and_what_is_for_failures_is_left_out() {
    let mut lab = lab([cancelled(), cancelled()]);
    let (evidence, ended) = worked(&mut lab, &[abort(false), abort(true), abort(false)]);
    assert!(
        ended.is_ok() && evidence.iter().all(|trial| trial.judgement.holds()),
        "{evidence:?}"
    );
    assert_eq!(evidence.len(), 2);
    assert_eq!(lab.log, ["clean up", "start", "migrate", "migrate"]);
}

#[test]
fn a_trial_that_failed_is_followed_by_the_one_for_failures_with_a_guest_of_its_own() {
    let mut lab = lab([refused(), cancelled()]);
    let (evidence, ended) = worked(&mut lab, &[abort(false), abort(true)]);
    assert!(ended.is_ok());
    let holds: Vec<bool> = evidence.iter().map(|trial| trial.judgement.holds()).collect();
    assert_eq!(holds, [false, true]);
    assert_eq!(evidence[0].reason().as_deref(), Some("no such flag"));
    assert_eq!(
        lab.log,
        ["clean up", "start", "migrate", "clean up", "start", "migrate"]
    );
}

#[test]
fn a_guest_that_converged_is_tried_at_half_the_bandwidth_and_given_up_after_three_times() {
    let mut lab = lab([converging(), cancelled()]);
    let (evidence, ended) = worked(&mut lab, &[abort(false)]);
    assert!(ended.is_ok());
    assert_eq!(
        evidence.iter().map(|trial| trial.request.bandwidth).collect::<Vec<_>>(),
        [10]
    );

    lab.scripts = [converging(), converging(), converging()].into();
    let (evidence, ended) = worked(&mut lab, &[abort(false)]);
    assert!(matches!(ended, Err(WorkError::Converged)) && evidence.is_empty());
}

#[test]
fn a_guest_that_converged_before_the_switch_or_the_abort_took_effect_is_tried_again() {
    let completing = |call| {
        let completed = Job {
            kind: JobKind::Completed,
            ..Job::NONE
        };
        busy()
            .after(call, 60, Step::Job(completed))
            .after(call, 80, Step::Hear(Event::Returned(Ok(()))))
    };
    for (intervention, trial) in [
        (Intervention::StartPostCopy, post_copy(abort(false))),
        (Intervention::Abort, abort(false)),
    ] {
        let late = completing(Call::Intervene(intervention));
        let (evidence, ended) = worked(&mut lab([late, refused()]), &[trial]);
        assert!(ended.is_ok(), "{ended:?}");
        assert_eq!(evidence.len(), 1);
        assert_eq!(evidence[0].request.bandwidth, 10, "{intervention:?}");
    }
}

#[test]
fn an_accident_is_no_evidence_and_neither_is_a_guest_that_does_not_respond() {
    let mut killed = lab([cancelled()]);
    killed.accident = Some("QEMU was killed");
    let (evidence, ended) = worked(&mut killed, &[abort(false)]);
    assert!(evidence.is_empty());
    assert_eq!(ended.unwrap_err().to_string(), "QEMU was killed");

    let mut mute = lab([]);
    mute.is_mute = true;
    let (evidence, ended) = worked(&mut mute, &[abort(false)]);
    assert!(evidence.is_empty());
    assert_eq!(ended.unwrap_err().to_string(), "mute");
}

/// What the loop makes of these messages from a worker that then goes on or has ended.
fn gathered(messages: Vec<Message>, goes_on: bool, interrupted: bool) -> (Result<bool, SessionError>, Vec<String>) {
    let (sender, mut source) = channel();
    for message in messages {
        sender.send(message).unwrap();
    }
    let kept = goes_on.then_some(sender);
    let mut session = Session::under(Conditions {
        mode: Mode::System,
        emulated: false,
        why_emulated: None,
        early: false,
        qemu_user: "root".to_owned(),
        memory_mib: 24,
        hot_mib: 12.0,
        bandwidth: 20,
        tls: None,
        far: None,
        memory: Memory::Anonymous,
        shape: ShapeUsed::plain(),
        not_alike: Vec::new(),
        nova: NovaChoice::Not(String::new()),
    });
    let mut stages = Vec::new();
    let ended = session.gather(
        &mut source,
        "starting".to_owned(),
        Duration::ZERO,
        &AtomicBool::new(interrupted),
        &mut |stage| stages.push(stage.to_owned()),
    );
    drop(kept);
    (ended, stages)
}

#[test]
fn the_loop_says_what_a_worker_was_at_when_it_fell_silent_failed_or_ended() {
    let at = |stage: &str| Message::Stage(stage.to_owned());
    let (ended, stages) = gathered(vec![at("migrating"), Message::Done], false, false);
    assert!(matches!(ended, Ok(true)));
    assert_eq!(stages, ["migrating"]);
    let (ended, _) = gathered(vec![at("migrating")], false, false);
    assert!(matches!(ended, Ok(false)), "it ended without a word");
    let (ended, _) = gathered(vec![at("migrating")], true, false);
    assert_eq!(
        ended.unwrap_err().to_string(),
        "nothing happened for 0 s while migrating"
    );
    let (ended, _) = gathered(Vec::new(), true, false);
    assert_eq!(
        ended.unwrap_err().to_string(),
        "nothing happened for 0 s while starting"
    );
    let failure = Message::Failure {
        stage: "migrating".to_owned(),
        message: "QEMU was killed".to_owned(),
    };
    let (ended, _) = gathered(vec![failure], true, false);
    assert_eq!(
        ended.unwrap_err().to_string(),
        "failed while migrating: QEMU was killed"
    );
    let (ended, _) = gathered(vec![Message::Done], true, true);
    assert!(matches!(ended, Err(SessionError::Interrupted)));
}
