//! One test migration: start it, let nova's monitor steer it on a shortened clock, and keep all that happened.
//!
//! It passes no judgement; [`crate::trial::checks`] does, from what is kept here.

mod by_nova;
mod run;
mod trace;

use std::time::Duration;

use novamend::nova::migration::Settings;
use serde::{Deserialize, Serialize};
use serde_with::As;

pub use self::by_nova::migrate_by_nova;
pub use self::run::{NovaRun, flag_names};
pub(crate) use self::trace::Seconds;
pub use self::trace::{IssuedOrder, Sample, TimedEvent, Trace};
use crate::hypervisor::{End, Event, GuestState, Hypervisor, Intervention, Job, JobKind, Refusal, Request};
use crate::trial::kind;
use crate::trial::messages::TrialOrder;
use crate::trial::monitor::{Look, Monitor, Order};
use crate::trial::turns::Turn;

/// How nova's clock is shortened.
///
/// The clock stands still until the first pass has begun, then runs evenly so that the completion timeout is reached after
/// `act_after`; it waits just before the timeout until pass `pass` has begun, which proves that a whole pass did not converge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// Between two looks; 0.5 s in nova.
    #[serde(with = "As::<Seconds>")]
    pub interval: Duration,
    /// From the first pass to the completion timeout.
    #[serde(with = "As::<Seconds>")]
    pub act_after: Duration,
    /// The pass that must have begun before the timeout.
    pub pass: i64,
    /// Whether the timeout is reached while a disk is copied, before any pass; `act_after` then counts from there.
    pub in_disk: bool,
    /// When the trial is given up.
    #[serde(with = "As::<Seconds>")]
    pub limit: Duration,
}

/// Runs one migration to its end or to the limit, under a monitor that goes by `settings`; nova's action waits for its `turn`.
pub fn migrate(
    hypervisor: &mut dyn Hypervisor,
    request: &Request,
    settings: &Settings,
    pace: Pace,
    turn: &Turn,
) -> Trace {
    run(hypervisor, request, (settings, pace), turn, FOLLOWED)
}

/// Runs the migration of `trial` likewise, and follows nova's monitor for so long once a migrate call has returned.
pub(super) fn migrate_following(
    hypervisor: &mut dyn Hypervisor,
    trial: &TrialOrder,
    turn: &Turn,
    followed: Duration,
) -> Trace {
    run(
        hypervisor,
        &trial.request,
        (&trial.settings, trial.pace),
        turn,
        followed,
    )
}

fn run(
    hypervisor: &mut dyn Hypervisor,
    request: &Request,
    (settings, pace): (&Settings, Pace),
    turn: &Turn,
    followed: Duration,
) -> Trace {
    let mut running = Running::new(hypervisor, settings, pace, turn);
    running.followed = followed;
    match hypervisor.start(request) {
        Err(refusal) => running.trace.broken = Some(refusal),
        Ok(()) => running.watch(hypervisor),
    }
    running.end(hypervisor)
}

/// Between two looks of nova.
const NOVAS_INTERVAL: Duration = Duration::from_millis(500);

/// How long others wait for an action to end a migration.
const LONGEST_TURN: Duration = Duration::from_secs(2);

/// How long nova's monitor is followed once the migrate call has returned.
const FOLLOWED: Duration = Duration::from_secs(5);

/// How long libvirt's figures may be on their way.
const FIGURES: Duration = Duration::from_secs(2);

struct Running<'a> {
    trace: Trace,
    monitor: Monitor,
    pace: Pace,
    timeout: f64,
    turn: &'a Turn,
    /// How long nova's monitor is followed once a migrate call has returned.
    followed: Duration,
    /// Whether the turn has been taken.
    may_act: bool,
    /// When the guest ran at the destination with all its memory.
    arrived: Option<Duration>,
    /// Whether the action does to the guest what takes so little time that others' guests would show in it.
    is_brief: bool,
}

impl<'a> Running<'a> {
    fn new(hypervisor: &dyn Hypervisor, settings: &Settings, pace: Pace, turn: &'a Turn) -> Self {
        let monitor = Monitor::new(settings.clone());
        let timeout = monitor.completion_timeout().max(1) as f64;
        Self {
            trace: Trace {
                began: hypervisor.now(),
                scale: timeout / pace.act_after.as_secs_f64().max(0.001),
                ..Trace::default()
            },
            monitor,
            pace,
            timeout,
            turn,
            followed: FOLLOWED,
            may_act: false,
            arrived: None,
            is_brief: !kind::of(settings.ending()).pauses,
        }
    }

    /// The monitor has ended, or was left.
    fn end(mut self, hypervisor: &mut dyn Hypervisor) -> Trace {
        self.trace.ended = hypervisor.now();
        self.hear_the_rest(hypervisor);
        self.turn.give_back();
        self.trace
    }
}

impl Running<'_> {
    fn watch(&mut self, hypervisor: &mut dyn Hypervisor) {
        while hypervisor.now().saturating_sub(self.trace.began) < self.pace.limit {
            self.hear(hypervisor);
            let look = match self.look(hypervisor) {
                Ok(look) => look,
                Err(refusal) => {
                    self.trace.broken = Some(refusal);
                    return;
                }
            };
            if self.is_past_action(hypervisor.now()) {
                self.turn.give_back();
            }
            if self.carry_out(hypervisor, &look) || self.is_over_for_all_but_nova(hypervisor) {
                return;
            }
        }
    }

    /// The guest has arrived and the source has had the time to take note of it, so that its own figure is right, too; or the
    /// action was taken long ago and has not ended the migration: others are not kept waiting for it.
    fn is_past_action(&self, now: Duration) -> bool {
        let is_past = |since: Duration, time: Duration| now.saturating_sub(since) >= time;
        let acted = self.trace.orders.iter().find(|given| given.is_action());
        let is_overdue = acted.is_some_and(|acted| is_past(acted.at, LONGEST_TURN));
        is_overdue || self.arrived.is_some_and(|arrived| is_past(arrived, self.pace.interval))
    }

    /// The call has long returned, and nova's monitor still waits for a job that nobody carries on, as it does for ever where
    /// post-copy broke.
    fn is_over_for_all_but_nova(&self, hypervisor: &mut dyn Hypervisor) -> bool {
        let mut heard = self.trace.events.iter().rev();
        let returned = heard.find(|heard| matches!(heard.event, Event::Returned(_)));
        returned.is_some_and(|returned| hypervisor.now().saturating_sub(returned.at) > self.followed)
    }

    /// Takes in what happens until the next look is due, the awaited pass begins or the migrate call returns.
    fn hear(&mut self, hypervisor: &mut dyn Hypervisor) {
        let since = hypervisor.now();
        loop {
            let due = since
                + if self.is_switching() || self.is_refused() {
                    NOVAS_INTERVAL
                } else {
                    self.pace.interval
                };
            let patience = due.saturating_sub(hypervisor.now());
            let Some((at, event)) = hypervisor.next(patience) else {
                return;
            };
            let decisive = match event {
                Event::Returned(_) => true,
                Event::Pass(pass) => pass == self.pace.pass,
                _ => false,
            };
            self.keep(at, event);
            if decisive {
                return;
            }
        }
    }

    /// Nova has ordered the switch to post-copy, and the guest does not run at the destination yet. A look would be answered
    /// by the very threads that bring it there; nova itself, which looks every half second, hardly ever makes one then.
    fn is_switching(&self) -> bool {
        let is_over = |heard: &TimedEvent| match &heard.event {
            Event::Lifecycle { end, what } => *end == End::Destination && what.starts_with("resumed: "),
            Event::Returned(_) => true,
            _ => false,
        };
        self.trace.done(Intervention::StartPostCopy).is_some() && !self.trace.events.iter().any(is_over)
    }

    /// Nova's action has just been refused; it is ordered again as often as nova does it.
    fn is_refused(&self) -> bool {
        let last = self.trace.orders.iter().rfind(|given| given.is_action());
        last.is_some_and(|last| last.answer.is_err())
    }

    fn keep(&mut self, at: Duration, event: Event) {
        match &event {
            Event::Returned(result) => {
                self.trace.returned = Some(result.clone());
                self.turn.give_back();
            }
            arrived if is_arrival(arrived) => self.arrived = Some(at),
            _ => {}
        }
        self.trace.events.push(TimedEvent { at, event });
    }

    fn look(&mut self, hypervisor: &mut dyn Hypervisor) -> Result<Look, Refusal> {
        let job = hypervisor.job()?;
        self.look_at(job, hypervisor)
    }

    fn look_at(&mut self, job: Job, hypervisor: &mut dyn Hypervisor) -> Result<Look, Refusal> {
        let at = hypervisor.now();
        if job.kind == JobKind::Unbounded {
            self.trace.samples.push(Sample {
                at,
                remaining: job.remaining,
                disk_remaining: job.disk_remaining,
                iteration: job.iteration,
            });
        }
        let returned = self.trace.returned.is_some();
        let source = if job.kind == JobKind::None && returned {
            hypervisor.standing(End::Source)?
        } else {
            GuestState::Running
        };
        Ok(Look {
            elapsed: self.nova_seconds(at),
            job,
            returned,
            source,
        })
    }

    /// Once the timeout is passed the turn is this trial's, until the guest has arrived or the call has returned.
    fn nova_seconds(&mut self, at: Duration) -> f64 {
        let Some(first) = self.clock_began() else {
            return 0.0;
        };
        let seconds = at.saturating_sub(first).as_secs_f64() * self.trace.scale;
        let before = self.timeout * 0.999;
        if seconds > before && (self.pace.in_disk || self.trace.pass(self.pace.pass).is_some()) {
            self.may_act = self.may_act || self.turn.take(self.is_brief);
        }
        if self.may_act { seconds } else { seconds.min(before) }
    }

    /// When nova's clock began to run: with the first pass, or with the copy of the disk.
    fn clock_began(&self) -> Option<Duration> {
        if !self.pace.in_disk {
            return self.trace.pass(1);
        }
        let mut samples = self.trace.samples.iter();
        samples.find(|sample| sample.disk_remaining > 0).map(|sample| sample.at)
    }

    /// Carries out what the monitor orders; true when it has ended.
    fn carry_out(&mut self, hypervisor: &mut dyn Hypervisor, look: &Look) -> bool {
        let tasks = self.monitor.begin(look);
        if tasks.into_iter().any(|order| self.obey(hypervisor, order)) {
            return true;
        }
        let decisions = self.monitor.decide(look);
        decisions.into_iter().any(|order| self.obey(hypervisor, order))
    }

    fn obey(&mut self, hypervisor: &mut dyn Hypervisor, order: Order) -> bool {
        let at = hypervisor.now();
        let answer = match order {
            Order::Intervene(intervention) => hypervisor.intervene(intervention),
            Order::SetDowntime(milliseconds) => hypervisor.set_max_downtime(milliseconds),
            Order::ResumeIfPaused => match hypervisor.standing(End::Source) {
                Ok(GuestState::Paused) => hypervisor.intervene(Intervention::Resume),
                other => other.map(|_| ()),
            },
            Order::Finish(outcome) => {
                self.trace.outcome = Some(outcome);
                return true;
            }
        };
        let died = self.monitor.answered(order, answer.is_ok());
        self.trace.orders.push(IssuedOrder { at, order, answer });
        if died.is_some() {
            self.trace.outcome = died;
        }
        died.is_some()
    }

    /// The call's end and, after a migration that completed, libvirt's figures may still be on their way; the call may take its
    /// time where the job has ended, as both daemons tidy up before it returns.
    fn hear_the_rest(&mut self, hypervisor: &mut dyn Hypervisor) {
        if self.trace.broken.is_some() {
            return;
        }
        // one that was given up is not waited for again
        let is_over = self.trace.returned.is_none() && self.trace.outcome.is_some();
        let mut until = hypervisor.now() + if is_over { self.pace.limit } else { FIGURES };
        loop {
            let figures = self
                .trace
                .events
                .iter()
                .any(|heard| matches!(heard.event, Event::Figures { .. }));
            let complete = match &self.trace.returned {
                Some(result) => result.is_err() || figures,
                None => false,
            };
            let patience = if complete {
                Duration::ZERO
            } else {
                until.saturating_sub(hypervisor.now())
            };
            let Some((at, event)) = hypervisor.next(patience) else {
                return;
            };
            if matches!(event, Event::Returned(_)) {
                until = hypervisor.now() + FIGURES;
            }
            self.keep(at, event);
        }
    }
}

/// The guest runs at the destination with all its memory.
fn is_arrival(event: &Event) -> bool {
    matches!(event, Event::Lifecycle { end: End::Destination, what } if what == "resumed: migrated")
}
