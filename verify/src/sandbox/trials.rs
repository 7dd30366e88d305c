//! Runs the trials of a plan in a sandbox and gathers the evidence.
//!
//! It judges nothing; the worker inside runs them.

use std::io;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::preparation::{missing, prepare, prepare_cuts};
use super::setup::WorkOrder;
use super::{Sandbox, cost};
use crate::accident::NOTHING_KNOWN;
use crate::host::Host;
use crate::host::confinement::Confinement;
use crate::trial::conditions::Conditions;
use crate::trial::cut::{Cut, CutOrder};
use crate::trial::messages::silence;
use crate::trial::plan::Plan;
use crate::trial::session::{RunOptions, Session, SessionError};

/// Why nothing could be tried in the sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Something that the host needs is not there.
    #[error("{what}; {remedy}")]
    Missing {
        /// What.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// The chain's first process did not start.
    #[error("the sandbox did not start")]
    Start(#[source] io::Error),
    /// A process of the chain ended.
    #[error("the sandbox ended early: {0}")]
    Ended(String),
    /// A person or a service manager ended it.
    #[error("interrupted; everything in the sandbox has been stopped")]
    Interrupted,
    /// The trials did not come to their end.
    #[error(transparent)]
    Session(SessionError),
}

/// Runs the trials; `progress` is told each stage, `interrupted` ends it between two words of the worker.
///
/// # Errors
/// See [`SandboxError`].
pub fn run(
    host: &Host,
    plan: &Plan,
    options: &RunOptions,
    interrupted: &AtomicBool,
    mut progress: impl FnMut(&str),
) -> Result<Session, SandboxError> {
    let began = Instant::now();
    let (order, conditions) = prepare(host, plan, options)?;
    let patience = silence(&order.trials, options.patience());
    let mut session = gather(&order, conditions, patience, interrupted, &mut progress)?;
    let tried = (&order, &session);
    session.cost = cost::measure((host, plan), options, tried, interrupted, &mut progress)?;
    session.seconds = began.elapsed().as_secs_f64();
    Ok(session)
}

/// Breaks migrations of a guest in post-copy, each of `cuts` in turn, in a sandbox whose two daemons are joined by a link.
///
/// # Errors
/// See [`SandboxError`].
pub fn cut(
    host: &Host,
    plan: &Plan,
    options: &RunOptions,
    cuts: &[Cut],
    interrupted: &AtomicBool,
    mut progress: impl FnMut(&str),
) -> Result<Session, SandboxError> {
    let (order, conditions) = prepare_cuts(host, plan, options, cuts)?;
    let longest = order.cuts.as_ref().map(CutOrder::longest).unwrap_or_default();
    let patience = silence(&[], options.patience()) + longest;
    gather(&order, conditions, patience, interrupted, &mut progress)
}

/// Runs what `order` says in a sandbox of its own and gathers what it brings; `patience` is for its silence.
///
/// # Errors
/// See [`SandboxError`].
pub(super) fn gather(
    order: &WorkOrder,
    conditions: Conditions,
    patience: Duration,
    interrupted: &AtomicBool,
    progress: &mut dyn FnMut(&str),
) -> Result<Session, SandboxError> {
    let began = Instant::now();
    let line = serde_json::to_string(order).map_err(|error| missing(&error.to_string(), "report this"))?;
    let started = Sandbox::start(order.setup.mode, order.kvm, &line);
    let mut sandbox = started.map_err(SandboxError::Start)?;
    let mut session = Session::under(conditions);
    let stage = "creating the sandbox".to_owned();
    let gathered = session.gather(&mut sandbox, stage, patience, interrupted, progress);
    let end = sandbox.end();
    if !gathered.map_err(failed)? || session.is_empty() {
        return Err(SandboxError::Ended(format!("{end}; {NOTHING_KNOWN}")));
    }
    session.seconds = began.elapsed().as_secs_f64();
    Ok(session)
}

/// The same failure, with what on this host may have refused it.
fn failed(error: SessionError) -> SandboxError {
    match error {
        SessionError::Interrupted => SandboxError::Interrupted,
        SessionError::Worker { stage, message } => {
            let suspicion = Confinement::find().suspicion(&message);
            let message = suspicion.map_or_else(|| message.clone(), |suspicion| format!("{message}; {suspicion}"));
            SandboxError::Session(SessionError::Worker { stage, message })
        }
        SessionError::Silent { .. } => SandboxError::Session(error),
    }
}
