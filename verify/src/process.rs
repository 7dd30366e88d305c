//! This program as one of its own processes, each of which may be tied to the life of its parent.
//!
//! What they do, their own modules say.

use std::io;
use std::process::Command;

use rustix::process::{Signal, getppid, set_parent_process_death_signal};

use crate::environment::bare;

/// The first argument of this program's own processes.
pub const INNER: &str = "sandbox-inner";

/// This program as its own process `what`, with nothing of the caller's environment.
#[must_use]
pub fn inner(what: &str) -> Command {
    let mut command = Command::new("/proc/self/exe");
    bare(&mut command).args([INNER, what]);
    command
}

/// A process could not be tied to its parent.
#[derive(Debug, thiserror::Error)]
pub enum ParentError {
    /// The kernel refused.
    #[error("prctl(PR_SET_PDEATHSIG) failed")]
    Refused(#[source] io::Error),
    /// The parent has ended already.
    #[error("novamend-verify has ended")]
    Gone,
}

/// This process is killed when its parent dies; `parent` is the process id it must still have.
///
/// # Errors
/// The parent has ended already, or the kernel refuses.
pub fn die_with_parent(parent: Option<&str>) -> Result<(), ParentError> {
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|error| ParentError::Refused(error.into()))?;
    let now = getppid().map(|pid| pid.as_raw_nonzero().to_string());
    match parent {
        Some(parent) if now.as_deref() != Some(parent) => Err(ParentError::Gone),
        _ => Ok(()),
    }
}
