//! The worker and the message loop over a lab that follows a script: what is tried again, what is left out, what is waited for.
//!
//! No libvirt is asked.

use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel;
use std::time::Duration;

use novamend::catalog::Release;
use novamend::nova::migration::{Ending, Settings};
use novamend_verify::guest::memory::Memory;
use novamend_verify::guest::serial::Hearing;
use novamend_verify::hypervisor::scripted::{Call, Scripted, Step};
use novamend_verify::hypervisor::{Event, GuestState, Hypervisor, Intervention, Job, JobKind, Refusal, Request, Side};
use novamend_verify::trial::checks::Observation;
use novamend_verify::trial::conditions::{Conditions, Mode};
use novamend_verify::trial::messages::{Evidence, Message, TrialOrder};
use novamend_verify::trial::migrate::{Pace, Trace};
use novamend_verify::trial::session::{Session, SessionError};
use novamend_verify::trial::worker::{Guest, Lab, Outlet, WorkError, run};

/// A lab whose migrations are scripts, one after the other.
#[derive(Default)]
struct ScriptedLab {
    scripts: VecDeque<Scripted>,
    now: Scripted,
    /// What it was asked for.
    log: Vec<&'static str>,
    /// Whether the guest beats after its start.
    is_mute: bool,
    accident: Option<&'static str>,
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Broken(&'static str);

impl Lab for ScriptedLab {
    type Error = Broken;

    const STARTING: &'static str = "starting the guest";

    fn clean_up(&mut self) -> Result<(), Broken> {
        self.log.push("clean up");
        Ok(())
    }

    fn start_guest(&mut self, _: &mut Outlet) -> Result<Guest, Broken> {
        self.log.push("start");
        let hearing = Hearing::default();
        let line = hearing.add_line();
        if !self.is_mute {
            hearing.feed(line, Duration::ZERO, &[0xA5, b'H', 1, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
        }
        Ok(Guest {
            side: Side::First,
            line,
            hearing,
        })
    }

    fn no_response(&self, _: Duration) -> Broken {
        Broken("mute")
    }

    fn hypervisor(&mut self, _: &Guest) -> &mut dyn Hypervisor {
        self.log.push("migrate");
        self.now = self.scripts.pop_front().expect("a script for each migration");
        &mut self.now
    }

    fn listen(&mut self, guest: &Guest, _: &Trace, _: &mut Outlet) -> Result<Observation, Broken> {
        Ok(Observation {
            records: guest.hearing.records().0,
            source_span: guest.hearing.span(guest.line),
            source: Some(GuestState::Running),
            destination: Some(GuestState::Absent),
            looked_at_all: true,
            ..Observation::default()
        })
    }

    fn accident(&self, _: &Evidence) -> Option<Broken> {
        self.accident.map(Broken)
    }

    fn keep(&self, guest: Guest, _: bool) -> Option<Guest> {
        Some(guest)
    }
}

fn job(kind: JobKind, iteration: i64, remaining: i64) -> Step {
    Step::Job(Job {
        kind,
        remaining,
        iteration,
    })
}

fn busy() -> Scripted {
    Scripted::default()
        .at(50, job(JobKind::Unbounded, 0, 0))
        .at(300, Step::Hear(Event::Pass(1)))
        .at(300, job(JobKind::Unbounded, 1, 20 << 20))
        .at(1000, Step::Hear(Event::Pass(2)))
        .at(1000, job(JobKind::Unbounded, 2, 12 << 20))
}

/// A migration that nova's abort ends.
fn cancelled() -> Scripted {
    let abort = Call::Intervene(Intervention::Abort);
    let refusal = Refusal {
        code: 78,
        message: "canceled by client".to_owned(),
    };
    busy()
        .after(abort, 60, job(JobKind::Cancelled, 2, 0))
        .after(abort, 80, Step::Hear(Event::Returned(Err(refusal))))
}

/// A migration that ends by itself after its first pass.
fn converging() -> Scripted {
    Scripted::default()
        .at(50, job(JobKind::Unbounded, 0, 0))
        .at(300, Step::Hear(Event::Pass(1)))
        .at(600, job(JobKind::Completed, 0, 0))
        .at(602, Step::Hear(Event::Returned(Ok(()))))
}

/// A migration that libvirt refuses.
fn refused() -> Scripted {
    Scripted::default().refusing(Call::Start, "no such flag")
}

fn abort(only_if_failed: bool) -> TrialOrder {
    TrialOrder {
        action: Ending::Abort,
        request: Request {
            bandwidth: 20,
            ..Request::default()
        },
        settings: Settings::defaults(Release::NEWEST),
        pace: Pace {
            interval: Duration::from_millis(25),
            act_after: Duration::from_millis(600),
            pass: 2,
            limit: Duration::from_secs(20),
        },
        only_if_failed,
    }
}

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

fn lab(scripts: impl Into<VecDeque<Scripted>>) -> ScriptedLab {
    ScriptedLab {
        scripts: scripts.into(),
        ..ScriptedLab::default()
    }
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
        not_alike: Vec::new(),
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
