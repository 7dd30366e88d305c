//! A hypervisor that follows a script on a clock of its own, for tests of the monitor and of the trials.
//!
//! It runs no guest; what it answers and when is written down beforehand.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::{End, Event, GuestState, Hypervisor, Intervention, Job, Refusal, Request};

/// The calls that a script can refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// [`Hypervisor::start`].
    Start,
    /// [`Hypervisor::job`].
    Job,
    /// [`Hypervisor::intervene`].
    Intervene(Intervention),
    /// [`Hypervisor::set_max_downtime`].
    SetMaxDowntime,
    /// [`Hypervisor::standing`].
    GuestState,
}

/// What happens from some moment on.
#[derive(Clone, Debug)]
pub enum Step {
    /// The job looks so from now on.
    Job(Job),
    /// This is heard.
    Hear(Event),
    /// The guest stands so at one end from now on.
    Stand(End, GuestState),
}

/// A script and where it has got to.
#[derive(Debug)]
pub struct Scripted {
    now: Duration,
    steps: VecDeque<(Duration, Step)>,
    replies: BTreeMap<Call, Vec<(Duration, Step)>>,
    refusals: BTreeMap<Call, Refusal>,
    job: Job,
    standing: BTreeMap<bool, GuestState>,
    /// Every call with its moment, in order.
    pub calls: Vec<(Duration, Call)>,
}

impl Default for Scripted {
    fn default() -> Self {
        Self {
            now: Duration::ZERO,
            steps: VecDeque::new(),
            replies: BTreeMap::new(),
            refusals: BTreeMap::new(),
            job: Job::NONE,
            standing: BTreeMap::from([(true, GuestState::Running), (false, GuestState::Absent)]),
            calls: Vec::new(),
        }
    }
}

impl Scripted {
    /// At `milliseconds`, `step` happens.
    #[must_use]
    pub fn at(mut self, milliseconds: u64, step: Step) -> Self {
        self.insert(Duration::from_millis(milliseconds), step);
        self
    }

    /// So many milliseconds after `call` first succeeds, `step` happens.
    #[must_use]
    pub fn after(mut self, call: Call, milliseconds: u64, step: Step) -> Self {
        self.replies
            .entry(call)
            .or_default()
            .push((Duration::from_millis(milliseconds), step));
        self
    }

    /// `call` is refused.
    #[must_use]
    pub fn refusing(mut self, call: Call, message: &str) -> Self {
        self.refusals.insert(
            call,
            Refusal {
                code: 1,
                message: message.to_owned(),
            },
        );
        self
    }

    fn insert(&mut self, at: Duration, step: Step) {
        let index = self
            .steps
            .iter()
            .position(|(other, _)| *other > at)
            .unwrap_or(self.steps.len());
        self.steps.insert(index, (at, step));
    }

    /// Takes the steps that are due by `until`; stops at the first that is heard.
    fn advance(&mut self, until: Duration) -> Option<(Duration, Event)> {
        while self.steps.front().is_some_and(|(at, _)| *at <= until) {
            let (at, step) = self.steps.pop_front()?;
            self.now = self.now.max(at);
            match step {
                Step::Job(job) => self.job = job,
                Step::Stand(end, standing) => {
                    self.standing.insert(end == End::Source, standing);
                }
                Step::Hear(event) => return Some((self.now, event)),
            }
        }
        self.now = self.now.max(until);
        None
    }

    fn call(&mut self, call: Call) -> Result<(), Refusal> {
        self.calls.push((self.now, call));
        if let Some(refusal) = self.refusals.get(&call) {
            return Err(refusal.clone());
        }
        for (delay, step) in self.replies.remove(&call).unwrap_or_default() {
            self.insert(self.now + delay, step);
        }
        Ok(())
    }
}

impl Hypervisor for Scripted {
    fn now(&self) -> Duration {
        self.now
    }

    fn start(&mut self, _: &Request) -> Result<(), Refusal> {
        self.call(Call::Start)
    }

    fn job(&mut self) -> Result<Job, Refusal> {
        self.call(Call::Job)?;
        Ok(self.job)
    }

    fn definition(&mut self, _: u32) -> Result<String, Refusal> {
        Ok("<domain type=\"kvm\"><name>scripted</name></domain>".to_owned())
    }

    fn intervene(&mut self, intervention: Intervention) -> Result<(), Refusal> {
        self.call(Call::Intervene(intervention))
    }

    fn set_max_downtime(&mut self, _: i64) -> Result<(), Refusal> {
        self.call(Call::SetMaxDowntime)
    }

    fn next(&mut self, patience: Duration) -> Option<(Duration, Event)> {
        self.advance(self.now + patience)
    }

    fn standing(&mut self, end: End) -> Result<GuestState, Refusal> {
        self.call(Call::GuestState)?;
        Ok(self
            .standing
            .get(&(end == End::Source))
            .copied()
            .unwrap_or(GuestState::Absent))
    }
}
