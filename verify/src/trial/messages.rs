//! What a worker is given to try, and what it says: one message for each thing that happens.
//!
//! It does nothing.

use std::time::Duration;

use novamend::catalog::Release;
use novamend::nova::migration::{Ending, Settings};
use serde::{Deserialize, Serialize};

use crate::hypervisor::Request;
use crate::trial::checks::Judgement;
use crate::trial::cut::CutEvidence;
use crate::trial::migrate::{NovaRun, Pace, Trace};
use crate::trial::shape::NotStarted;

/// How often a trial is run before a guest that converges by itself is given up.
pub(crate) const MOST_TRIES: u32 = 3;

/// Beyond the worker's own patience, so that it can say what it waited for.
const GRACE: Duration = Duration::from_secs(20);

/// What a block migration copies, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The disks.
    Disk,
    /// The memory; the disks are whole at the destination, and what the guest writes goes to both ends.
    Memory,
}

impl Phase {
    /// In words, behind those of an action.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Disk => "while the disk is copied",
            Self::Memory => "while the memory is copied",
        }
    }
}

/// One migration to try.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TrialOrder {
    /// What is to happen at the completion timeout.
    pub action: Ending,
    /// Flags and parameters.
    pub request: Request,
    /// What nova's monitor goes by: the settings of nova.conf but for those that this trial needs otherwise.
    pub settings: Settings,
    /// How nova's clock is shortened.
    pub pace: Pace,
    /// What is being copied when nova acts, where a disk is copied too.
    pub phase: Option<Phase>,
    /// Tried only where the one before did not do what it promises.
    pub only_if_failed: bool,
}

impl TrialOrder {
    /// The same, given up no sooner than after `patience`: the machines or the network may be slower than was reckoned.
    #[must_use]
    pub fn with_patience(&self, patience: Duration) -> Self {
        let mut trial = self.clone();
        trial.pace.limit = trial.pace.limit.max(patience);
        trial
    }

    /// The same once while the memory is copied and once while a disk of so many MiB is.
    pub(crate) fn in_both_phases(&self, disk_mib: u64) -> [Self; 2] {
        let copy = Duration::from_secs_f64(disk_mib as f64 / self.request.bandwidth as f64);
        let [mut memory, mut disk] = [self.clone(), self.clone()];
        memory.phase = Some(Phase::Memory);
        memory.pace.limit += copy * 2;
        disk.phase = Some(Phase::Disk);
        disk.pace = Pace {
            act_after: copy / 4,
            in_disk: true,
            ..memory.pace
        };
        [memory, disk]
    }

    /// The same with half the bandwidth, for a guest that converged.
    pub(crate) fn with_half_the_bandwidth(mut self) -> Self {
        self.request.bandwidth = (self.request.bandwidth / 2).max(1);
        self.pace.act_after *= 2;
        self.pace.limit *= 2;
        self
    }
}

/// How long a worker may say nothing: while one of these trials is tried again and again, and some.
pub(crate) fn silence(trials: &[TrialOrder], patience: Duration) -> Duration {
    let longest = trials
        .iter()
        .map(|trial| trial.with_patience(patience).pace.limit)
        .max();
    patience + GRACE + longest.unwrap_or_default() * 2u32.pow(MOST_TRIES - 1)
}

/// One trial with what it proved.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Evidence {
    /// Flags and parameters.
    pub request: Request,
    /// What happened.
    pub trace: Trace,
    /// What that proves.
    pub judgement: Judgement,
    /// What was to be copied when nova acted, where a disk was copied too.
    pub phase: Option<Phase>,
    /// Why the job failed by the log of the source's daemon, which says it where the call's answer may only tell what the
    /// destination saw of it; null between two hosts.
    pub cause: Option<String>,
    /// What nova's own code did, where that decided; null where the monitor that is rebuilt here did.
    #[serde(default)]
    pub nova: Option<NovaRun>,
}

impl Evidence {
    /// The action as `release` has it, and what was copied meanwhile where a disk was copied too.
    #[must_use]
    pub fn name(&self, release: Release) -> String {
        let action = self.judgement.action.words_in(release);
        let phase = self.phase.map(|phase| format!(" {}", phase.words()));
        action.to_owned() + &phase.unwrap_or_default()
    }

    /// The error that the migration ended or was given up with; the source's own words where its log has them.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        let returned = self.trace.returned.as_ref().and_then(|answer| answer.as_ref().err());
        let refused = || {
            let orders = self.trace.orders.iter().rev().filter(|given| given.is_action());
            orders.map(|given| given.answer.as_ref().err()).next().flatten()
        };
        let refusal = returned.or(self.trace.broken.as_ref()).or_else(refused);
        self.cause
            .clone()
            .or_else(|| refusal.map(|refusal| refusal.message.clone()))
    }
}

/// What the worker says; one a line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// It is at this now.
    Stage(String),
    /// The versions the daemons answered.
    Versions {
        /// libvirt, major × 1 000 000 + minor × 1 000 + micro.
        libvirt: u32,
        /// QEMU, likewise.
        qemu: u32,
        /// Seconds until both daemons answered.
        ready_after: f64,
    },
    /// Something could not be built as on the host.
    NotAlike(String),
    /// A guest did not start, and a simpler one is tried.
    NotStarted(NotStarted),
    /// A trial is over.
    Trial(Box<Evidence>),
    /// A cut is over.
    Cut(Box<CutEvidence>),
    /// All of them are.
    Done,
    /// It cannot go on.
    Failure {
        /// At what.
        stage: String,
        /// Why.
        message: String,
    },
}
