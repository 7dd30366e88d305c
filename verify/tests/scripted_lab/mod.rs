//! A lab that follows a script, for the tests of what runs trials in labs.
//!
//! It asserts nothing, and no libvirt is asked.

#![allow(dead_code, unreachable_pub)] // each test program uses a part of it

use std::collections::VecDeque;
use std::time::Duration;

use novamend::catalog::Release;
use novamend::nova::migration::{Ending, Settings, TimeoutAction};
use novamend_verify::guest::serial::Hearing;
use novamend_verify::hypervisor::scripted::{Call, Scripted, Step};
use novamend_verify::hypervisor::{
    End, Event, GuestState, Hypervisor, Intervention, Job, JobKind, Refusal, Request, Side,
};
use novamend_verify::trial::checks::Observation;
use novamend_verify::trial::messages::{Evidence, TrialOrder};
use novamend_verify::trial::migrate::{Pace, Trace};
use novamend_verify::trial::worker::{Guest, Lab, Outlet};

/// A lab whose migrations are scripts, one after the other.
#[derive(Default)]
pub struct ScriptedLab {
    pub scripts: VecDeque<Scripted>,
    now: Scripted,
    /// What it was asked for.
    pub log: Vec<&'static str>,
    /// Whether the guest beats after its start.
    pub is_mute: bool,
    pub accident: Option<&'static str>,
    /// Whether it never has a guest.
    pub is_stuck: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub &'static str);

impl Lab for ScriptedLab {
    type Error = Broken;

    const STARTING: &'static str = "starting the guest";

    fn clean_up(&mut self) -> Result<(), Broken> {
        self.log.push("clean up");
        Ok(())
    }

    fn start_guest(&mut self, _: &mut Outlet) -> Result<Guest, Broken> {
        self.log.push("start");
        if self.is_stuck {
            loop {
                std::thread::park();
            }
        }
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
        let destination = self.now.standing(End::Destination).ok();
        let has_moved = destination == Some(GuestState::Running);
        Ok(Observation {
            records: guest.hearing.records().0,
            source_span: guest.hearing.span(guest.line),
            destination_span: has_moved.then_some((Duration::from_secs(2), Duration::from_secs(3))),
            source: self.now.standing(End::Source).ok(),
            destination,
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

pub fn job(kind: JobKind, iteration: i64, remaining: i64) -> Step {
    Step::Job(Job {
        kind,
        remaining,
        disk_remaining: 0,
        iteration,
    })
}

/// Busy, and silent once the action is taken: the passes stop there.
pub fn busy() -> Scripted {
    Scripted::default()
        .at(50, job(JobKind::Unbounded, 0, 0))
        .at(300, Step::Hear(Event::Pass(1)))
        .at(300, job(JobKind::Unbounded, 1, 20 << 20))
        .at(1000, Step::Hear(Event::Pass(2)))
        .at(1000, job(JobKind::Unbounded, 2, 12 << 20))
}

/// A migration that nova's abort ends.
pub fn cancelled() -> Scripted {
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
pub fn converging() -> Scripted {
    Scripted::default()
        .at(50, job(JobKind::Unbounded, 0, 0))
        .at(300, Step::Hear(Event::Pass(1)))
        .at(600, job(JobKind::Completed, 0, 0))
        .at(602, Step::Hear(Event::Returned(Ok(()))))
}

/// A migration that libvirt refuses.
pub fn refused() -> Scripted {
    Scripted::default().refusing(Call::Start, "no such flag")
}

pub fn abort(only_if_failed: bool) -> TrialOrder {
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
            in_disk: false,
            limit: Duration::from_secs(20),
        },
        phase: None,
        only_if_failed,
    }
}

/// The same for a switch to post-copy.
pub fn post_copy(mut trial: TrialOrder) -> TrialOrder {
    trial.action = Ending::PostCopy;
    trial.request.post_copy = true;
    trial.settings.post_copy = true;
    trial.settings.timeout_action = TimeoutAction::ForceComplete;
    trial
}

pub fn lab(scripts: impl Into<VecDeque<Scripted>>) -> ScriptedLab {
    ScriptedLab {
        scripts: scripts.into(),
        ..ScriptedLab::default()
    }
}
