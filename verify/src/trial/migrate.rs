//! One test migration: start it, let nova's monitor steer it on a shortened clock, and keep all that happened.
//!
//! It passes no judgement; [`crate::trial::checks`] does, from what is kept here.

use std::time::Duration;

use novamend::nova::migration::Settings;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_with::{As, DeserializeAs, DurationSecondsWithFrac, FromInto, SerializeAs};

use crate::hypervisor::{Answer, End, Event, GuestState, Hypervisor, Intervention, Job, JobKind, Refusal, Request};
use crate::trial::monitor::{Look, Monitor, Order, Outcome};

/// A time as it is written in JSON: a number of seconds, to the microsecond.
pub(crate) struct Seconds;

impl SerializeAs<Duration> for Seconds {
    fn serialize_as<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64((time.as_secs_f64() * 1e6).round() / 1e6)
    }
}

impl<'de> DeserializeAs<'de, Duration> for Seconds {
    fn deserialize_as<D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        DurationSecondsWithFrac::<f64>::deserialize_as(from)
    }
}

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
    /// When the trial is given up.
    #[serde(with = "As::<Seconds>")]
    pub limit: Duration,
}

/// Data remaining at one look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// When.
    #[serde(with = "As::<Seconds>")]
    pub at: Duration,
    /// Bytes.
    pub remaining: i64,
    /// The pass.
    pub iteration: i64,
}

/// An order that nova's monitor gave, and the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IssuedOrder {
    /// When.
    #[serde(with = "As::<Seconds>")]
    pub at: Duration,
    /// What.
    pub order: Order,
    /// What the hypervisor answered.
    #[serde(with = "As::<FromInto<Answer>>")]
    pub answer: Result<(), Refusal>,
}

impl IssuedOrder {
    /// Whether it is the action itself, tried at least.
    #[must_use]
    pub fn is_action(&self) -> bool {
        matches!(self.order, Order::Intervene(_))
    }

    /// Whether it is `intervention`, tried at least.
    #[must_use]
    pub fn is(&self, intervention: Intervention) -> bool {
        self.order == Order::Intervene(intervention)
    }
}

/// An event and its moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimedEvent {
    /// When.
    #[serde(with = "As::<Seconds>")]
    pub at: Duration,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// All that happened during one migration; times are those of the hypervisor's clock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// When it was started.
    #[serde(with = "As::<Seconds>")]
    pub began: Duration,
    /// When the monitor ended, or the trial was given up.
    #[serde(with = "As::<Seconds>")]
    pub ended: Duration,
    /// Nova's seconds for each real one, while the clock runs.
    pub scale: f64,
    /// Data remaining.
    pub samples: Vec<Sample>,
    /// Events of both ends.
    pub events: Vec<TimedEvent>,
    /// What nova did.
    pub orders: Vec<IssuedOrder>,
    /// How nova took it to have ended; none where the trial was given up.
    pub outcome: Option<Outcome>,
    /// How the migrate call ended.
    #[serde(with = "As::<Option<FromInto<Answer>>>")]
    pub returned: Option<Result<(), Refusal>>,
    /// A call that nova would not expect to fail did.
    pub broken: Option<Refusal>,
}

impl Trace {
    /// The first time that `intervention` succeeded.
    #[must_use]
    pub fn done(&self, intervention: Intervention) -> Option<Duration> {
        self.orders
            .iter()
            .find(|given| given.is(intervention) && given.answer.is_ok())
            .map(|given| given.at)
    }

    /// Whether it completed by itself, before nova acted.
    #[must_use]
    pub fn converged(&self) -> bool {
        self.returned == Some(Ok(())) && !self.orders.iter().any(IssuedOrder::is_action)
    }

    /// When pass `number` began.
    #[must_use]
    pub fn pass(&self, number: i64) -> Option<Duration> {
        self.events.iter().find_map(|heard| match heard.event {
            Event::Pass(pass) if pass >= number => Some(heard.at),
            _ => None,
        })
    }

    /// The first lifecycle event `what` at `end`.
    #[must_use]
    pub fn event(&self, wanted_end: End, wanted: &str) -> Option<Duration> {
        self.events.iter().find_map(|heard| match &heard.event {
            Event::Lifecycle { end, what } if *end == wanted_end && what == wanted => Some(heard.at),
            _ => None,
        })
    }

    /// Libvirt's own figure of the guest's downtime in milliseconds.
    #[must_use]
    pub fn downtime_ms(&self) -> Option<u64> {
        self.events.iter().find_map(|heard| match &heard.event {
            Event::Figures { downtime_ms, .. } => *downtime_ms,
            _ => None,
        })
    }
}

/// Runs one migration to its end or to the limit, under a monitor that goes by `settings`.
pub fn migrate(hypervisor: &mut dyn Hypervisor, request: &Request, settings: &Settings, pace: Pace) -> Trace {
    let monitor = Monitor::new(settings.clone());
    let timeout = monitor.completion_timeout().max(1) as f64;
    let mut running = Running {
        trace: Trace {
            began: hypervisor.now(),
            scale: timeout / pace.act_after.as_secs_f64().max(0.001),
            ..Trace::default()
        },
        monitor,
        pace,
        timeout,
    };
    match hypervisor.start(request) {
        Err(refusal) => running.trace.broken = Some(refusal),
        Ok(()) => running.watch(hypervisor),
    }
    running.trace.ended = hypervisor.now();
    running.hear_the_rest(hypervisor);
    running.trace
}

/// How long nova's monitor is followed once the migrate call has returned.
const FOLLOWED: Duration = Duration::from_secs(5);

/// How long libvirt's figures may be on their way.
const FIGURES: Duration = Duration::from_secs(2);

struct Running {
    trace: Trace,
    monitor: Monitor,
    pace: Pace,
    timeout: f64,
}

impl Running {
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
            if self.carry_out(hypervisor, &look) || self.is_over_for_all_but_nova(hypervisor) {
                return;
            }
        }
    }

    /// The call has long returned, and nova's monitor still waits for a job that nobody carries on, as it does for ever where
    /// post-copy broke.
    fn is_over_for_all_but_nova(&self, hypervisor: &mut dyn Hypervisor) -> bool {
        let mut heard = self.trace.events.iter();
        let returned = heard.find(|heard| matches!(heard.event, Event::Returned(_)));
        returned.is_some_and(|returned| hypervisor.now().saturating_sub(returned.at) > FOLLOWED)
    }

    /// Takes in what happens until the next look is due, the awaited pass begins or the migrate call returns.
    fn hear(&mut self, hypervisor: &mut dyn Hypervisor) {
        let due = hypervisor.now() + self.pace.interval;
        loop {
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

    fn keep(&mut self, at: Duration, event: Event) {
        if let Event::Returned(result) = &event {
            self.trace.returned = Some(result.clone());
        }
        self.trace.events.push(TimedEvent { at, event });
    }

    fn look(&mut self, hypervisor: &mut dyn Hypervisor) -> Result<Look, Refusal> {
        let job: Job = hypervisor.job()?;
        let at = hypervisor.now();
        if job.kind == JobKind::Unbounded {
            self.trace.samples.push(Sample {
                at,
                remaining: job.remaining,
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

    fn nova_seconds(&self, at: Duration) -> f64 {
        let Some(first) = self.trace.pass(1) else {
            return 0.0;
        };
        let seconds = at.saturating_sub(first).as_secs_f64() * self.trace.scale;
        if self.trace.pass(self.pace.pass).is_none() {
            seconds.min(self.timeout * 0.999)
        } else {
            seconds
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_survives_the_way_out_of_the_sandbox() {
        let refusal = Refusal {
            code: 78,
            message: "cancelled".to_owned(),
        };
        let heard = |event| TimedEvent {
            at: Duration::from_micros(1_500_001),
            event,
        };
        let given = |order| IssuedOrder {
            at: Duration::from_secs(2),
            order,
            answer: Ok(()),
        };
        let trace = Trace {
            began: Duration::from_millis(1250),
            events: vec![
                heard(Event::Pass(2)),
                heard(Event::Returned(Err(refusal.clone()))),
                heard(Event::Returned(Ok(()))),
            ],
            orders: vec![
                given(Order::SetDowntime(50)),
                given(Order::Intervene(Intervention::StartPostCopy)),
                given(Order::ResumeIfPaused),
            ],
            returned: Some(Err(refusal)),
            ..Trace::default()
        };
        let text = serde_json::to_string(&trace).unwrap();
        assert!(
            text.contains("\"began\":1.25") && text.contains("{\"at\":1.500001,\"pass\":2}"),
            "{text}"
        );
        assert!(text.contains("\"returned\":\"done\""), "{text}");
        for order in ["{\"set_downtime\":50}", "\"start_post_copy\"", "\"resume_if_paused\""] {
            assert!(text.contains(&format!("\"order\":{order}")), "{text}");
        }
        assert_eq!(serde_json::from_str::<Trace>(&text).unwrap(), trace);
    }
}
