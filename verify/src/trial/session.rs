//! What the trials bring: gathered from the messages of a worker, wherever that works.
//!
//! It judges nothing; every wait has an end, and what was waited for is told.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::nova_itself::NovaChoice;
use crate::speed::{Link, Speed};
use crate::trial::conditions::Conditions;
use crate::trial::cost::Cost;
use crate::trial::cut::CutEvidence;
use crate::trial::kind;
use crate::trial::messages::{Evidence, Message};
use crate::trial::plan::Wanted;
use crate::trial::shape::Shape;

/// Between two looks for an interruption.
const LOOK: Duration = Duration::from_millis(50);

/// Everything that the trials brought.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Session {
    /// How they were run.
    pub conditions: Conditions,
    /// libvirt and QEMU as the daemons told.
    pub versions: Option<(u32, u32)>,
    /// Seconds until both daemons were ready.
    pub ready_after: f64,
    /// The trials.
    pub trials: Vec<Evidence>,
    /// What was cut; nothing unless that was asked for, and then there are no other trials.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cuts: Vec<CutEvidence>,
    /// What a switch to post-copy costs over the operator's network; null where no action forces a guest.
    pub cost: Option<Cost>,
    /// Seconds in all.
    pub seconds: f64,
    /// The guest that could not be removed from a host that the operator named, and how to do it.
    pub left: Option<String>,
}

/// How the operator wants the trials run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Which.
    pub wanted: Wanted,
    /// With what guest.
    pub shape: Shape,
    /// Without KVM even where it works.
    pub emulate: bool,
    /// Seconds to wait for a daemon or the guest.
    pub patience: u64,
    /// The speed of the network, where it was said.
    pub link: Option<Speed>,
    /// Whose nova decides in the trials.
    pub nova: NovaChoice,
}

impl RunOptions {
    /// How long to wait for a daemon or the guest.
    #[must_use]
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.patience)
    }
}

/// Why the worker's messages ended before its trials did.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Nothing was heard for too long.
    #[error("nothing happened for {} s while {stage}", .waited.as_secs())]
    Silent {
        /// What it was at.
        stage: String,
        /// For how long.
        waited: Duration,
    },
    /// The worker could not go on.
    #[error("failed while {stage}: {message}")]
    Worker {
        /// At what.
        stage: String,
        /// Why.
        message: String,
    },
    /// A person or a service manager ended it.
    #[error("interrupted")]
    Interrupted,
}

/// What comes next from a worker.
#[derive(Debug)]
pub enum Incoming {
    /// It says something.
    Message(Message),
    /// Nothing in time.
    Nothing,
    /// It has ended.
    End,
}

/// Where a worker's messages come from: a pipe out of the sandbox, or a channel.
pub trait MessageSource {
    /// What comes within `patience`.
    fn next(&mut self, patience: Duration) -> Incoming;
}

impl MessageSource for Receiver<Message> {
    fn next(&mut self, patience: Duration) -> Incoming {
        match self.recv_timeout(patience) {
            Ok(message) => Incoming::Message(message),
            Err(RecvTimeoutError::Timeout) => Incoming::Nothing,
            Err(RecvTimeoutError::Disconnected) => Incoming::End,
        }
    }
}

impl Session {
    /// One that has brought nothing yet.
    #[must_use]
    pub fn under(conditions: Conditions) -> Self {
        Self {
            conditions,
            versions: None,
            ready_after: 0.0,
            trials: Vec::new(),
            cuts: Vec::new(),
            cost: None,
            seconds: 0.0,
            left: None,
        }
    }

    /// Whether it has brought nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.trials.is_empty() && self.cuts.is_empty()
    }

    /// Whether an action was tried that forces the end of a migration, the guest's pause or its switch.
    #[must_use]
    pub fn has_forced(&self) -> bool {
        self.trials.iter().any(|trial| kind::of(trial.judgement.action).moves)
    }

    /// The trial of a switch to post-copy, the first that was made.
    #[must_use]
    pub fn switched(&self) -> Option<&Evidence> {
        self.trials
            .iter()
            .find(|trial| kind::of(trial.judgement.action).switches())
    }

    /// What a forced end costs over `link` where it is not measured, `why` being the reason: a pause is reckoned anyway.
    #[must_use]
    pub fn unmeasured_cost(&self, link: Option<Link>, why: &str) -> Option<Cost> {
        let link = link.filter(|_| self.has_forced())?;
        Some(match self.switched() {
            Some(_) => Cost::unknown(Some(link), why.to_owned()),
            None => Cost::over(link),
        })
    }

    /// Takes in what a worker says until it has ended; `progress` is told each stage, the first being `stage`. True if it
    /// said that all its trials are over.
    ///
    /// # Errors
    /// It fails, says nothing for `patience`, or `interrupted` is set.
    pub fn gather(
        &mut self,
        source: &mut dyn MessageSource,
        mut stage: String,
        patience: Duration,
        interrupted: &AtomicBool,
        progress: &mut dyn FnMut(&str),
    ) -> Result<bool, SessionError> {
        let mut done = false;
        let mut heard = Instant::now();
        loop {
            if interrupted.load(Ordering::Relaxed) {
                return Err(SessionError::Interrupted);
            }
            let message = match source.next(LOOK) {
                Incoming::Message(message) => message,
                Incoming::Nothing if heard.elapsed() < patience => continue,
                Incoming::Nothing => {
                    let waited = patience;
                    return Err(SessionError::Silent { stage, waited });
                }
                Incoming::End => return Ok(done),
            };
            heard = Instant::now();
            match message {
                Message::Stage(now) => {
                    progress(&now);
                    stage = now;
                }
                Message::Versions {
                    libvirt,
                    qemu,
                    ready_after,
                } => {
                    self.versions = Some((libvirt, qemu));
                    self.ready_after = ready_after;
                }
                Message::NotAlike(what) => self.conditions.not_alike.push(what),
                Message::NotStarted(what) => self.conditions.shape.not_started(what),
                Message::Trial(evidence) => self.trials.push(*evidence),
                Message::Cut(evidence) => self.cuts.push(*evidence),
                Message::Done => done = true,
                Message::Failure { stage, message } => return Err(SessionError::Worker { stage, message }),
            }
        }
    }
}
