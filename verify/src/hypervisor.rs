//! What a test migration asks of a hypervisor: start it, look at it, steer it, and hear what happened.
//!
//! It says nothing of when to do what; that is up to the monitor.

pub mod libvirt;
pub mod recovery;
pub mod scripted;
mod side;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_with::{As, FromInto};

pub use self::side::{Side, Sides};

/// Which end of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// Where the guest is when the migration starts.
    Source,
    /// Where it is to go.
    Destination,
}

/// A call that the hypervisor refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[error("{message}")]
pub struct Refusal {
    /// Libvirt's error code.
    pub code: u32,
    /// Libvirt's words.
    pub message: String,
}

/// What became of a call, as it is written in JSON: `"done"` or `{"refused": …}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It was done.
    Done,
    /// It was refused.
    Refused(Refusal),
}

impl From<Result<(), Refusal>> for Answer {
    fn from(result: Result<(), Refusal>) -> Self {
        result.map_or_else(Self::Refused, |()| Self::Done)
    }
}

impl From<Answer> for Result<(), Refusal> {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Done => Ok(()),
            Answer::Refused(refusal) => Err(refusal),
        }
    }
}

/// The flags and parameters of one migration, as nova would set them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[allow(clippy::struct_excessive_bools)] // as many as libvirt has flags
pub struct Request {
    /// `VIR_MIGRATE_POSTCOPY`.
    pub post_copy: bool,
    /// `VIR_MIGRATE_AUTO_CONVERGE`.
    pub auto_converge: bool,
    /// `VIR_MIGRATE_TUNNELLED`.
    pub tunnelled: bool,
    /// `VIR_MIGRATE_PARALLEL` with so many connections.
    pub parallel: Option<u32>,
    /// `VIR_MIGRATE_TLS`.
    pub tls: bool,
    /// Whether the domain that is started at the destination is also handed over as the one to keep there.
    pub persistent_xml: bool,
    /// `VIR_MIGRATE_UNSAFE`: libvirt does not ask whether the guest's disk is on storage that both ends share.
    pub unsafe_storage: bool,
    /// The disks that are copied to the destination (`VIR_MIGRATE_NON_SHARED_INC`, `migrate_disks`), by their names in the
    /// guest.
    pub disks: Vec<String>,
    /// MiB/s before the switch.
    pub bandwidth: u64,
}

impl Request {
    /// The flags by name, those that nova always sets first.
    #[must_use]
    pub fn flag_names(&self) -> Vec<&'static str> {
        let mut names = vec!["LIVE", "PEER2PEER", "UNDEFINE_SOURCE", "PERSIST_DEST"];
        let rest = [
            (!self.disks.is_empty(), "NON_SHARED_INC"),
            (self.post_copy, "POSTCOPY"),
            (self.auto_converge, "AUTO_CONVERGE"),
            (self.tunnelled, "TUNNELLED"),
            (self.parallel.is_some(), "PARALLEL"),
            (self.tls, "TLS"),
            (self.unsafe_storage, "UNSAFE"),
        ];
        names.extend(rest.iter().filter(|(set, _)| *set).map(|(_, name)| *name));
        names
    }
}

/// What kind of job the hypervisor reports, in libvirt's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum JobKind {
    /// `VIR_DOMAIN_JOB_NONE`: none runs, or not yet, or not any more.
    None,
    /// `VIR_DOMAIN_JOB_UNBOUNDED`: running.
    Unbounded,
    /// `VIR_DOMAIN_JOB_COMPLETED`.
    Completed,
    /// `VIR_DOMAIN_JOB_FAILED`.
    Failed,
    /// `VIR_DOMAIN_JOB_CANCELLED`.
    Cancelled,
}

/// The figures of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its kind.
    pub kind: JobKind,
    /// Bytes of memory and disk still to copy.
    pub remaining: i64,
    /// Those of them that are the disk's.
    pub disk_remaining: i64,
    /// The pass over the memory, from 1 on.
    pub iteration: i64,
}

impl Job {
    /// No job.
    pub const NONE: Self = Self {
        kind: JobKind::None,
        remaining: 0,
        disk_remaining: 0,
        iteration: 0,
    };
}

/// What can be done to a running migration from outside, by libvirt's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Intervention {
    /// Cancels the job.
    Abort,
    /// Switches to post-copy.
    StartPostCopy,
    /// Pauses the guest at the source.
    Pause,
    /// Lets the guest at the source run again.
    Resume,
}

/// What became of a guest at one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum GuestState {
    /// No such domain.
    Absent,
    /// Defined, not running.
    Off,
    /// Its processor runs.
    Running,
    /// Paused.
    Paused,
    /// Crashed, or in a state that no migration leaves behind.
    Broken,
}

/// Something that the hypervisor reports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The domain changed its state at one end: libvirt's event and detail in words.
    Lifecycle {
        /// Where.
        end: End,
        /// What, for instance `resumed: migrated`.
        what: String,
    },
    /// The source began a pass over the memory.
    Pass(i64),
    /// The source's own figures of a migration that completed.
    Figures {
        /// The guest's downtime in milliseconds, as libvirt has it.
        downtime_ms: Option<u64>,
        /// Bytes of memory that were sent.
        transferred: Option<u64>,
    },
    /// The blocking migrate call returned.
    Returned(
        #[serde(with = "As::<FromInto<Answer>>")]
        #[cfg_attr(test, schemars(with = "Answer"))]
        Result<(), Refusal>,
    ),
}

/// One hypervisor with a guest between two ends. Calls return at once or within a second or so.
pub trait Hypervisor {
    /// Time since some fixed moment; a script's own clock in tests.
    fn now(&self) -> Duration;

    /// Starts the migration in the background; its end comes as [`Event::Returned`].
    ///
    /// # Errors
    /// The guest is not there.
    fn start(&mut self, request: &Request) -> Result<(), Refusal>;

    /// The job at the source; completed where the domain is gone or does not run.
    ///
    /// # Errors
    /// The hypervisor does not answer.
    fn job(&mut self) -> Result<Job, Refusal>;

    /// The same as libvirt reports it, an error where the domain is gone or does not run.
    ///
    /// # Errors
    /// Libvirt's.
    fn job_as_told(&mut self) -> Result<Job, Refusal> {
        self.job()
    }

    /// The guest's definition at the source; `flags` are libvirt's `VIR_DOMAIN_XML_…`.
    ///
    /// # Errors
    /// The guest is not there.
    fn definition(&mut self, flags: u32) -> Result<String, Refusal>;

    /// Does something to the migration, or to the guest at the source.
    ///
    /// # Errors
    /// Refused: an abort in post-copy, or post-copy without the flag.
    fn intervene(&mut self, intervention: Intervention) -> Result<(), Refusal>;

    /// Allows a downtime in milliseconds.
    ///
    /// # Errors
    /// Refused.
    fn set_max_downtime(&mut self, milliseconds: i64) -> Result<(), Refusal>;

    /// The next event, or none within `patience`.
    fn next(&mut self, patience: Duration) -> Option<(Duration, Event)>;

    /// The guest's state at one end.
    ///
    /// # Errors
    /// The hypervisor does not answer.
    fn standing(&mut self, end: End) -> Result<GuestState, Refusal>;
}
