//! This program as one of its own processes, each of which may be tied to the life of its parent.
//!
//! What they do, their own modules say.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use rustix::process::{Signal, geteuid, getppid, set_parent_process_death_signal};

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

/// Whether nobody but root could have put it there, where it is root that would run it: `/usr/local` is open to a group of its
/// own on some distributions.
#[must_use]
pub fn is_trusted(path: &Path) -> bool {
    let Ok(real) = fs::canonicalize(path) else { return false };
    let is_roots = |part: &Path| fs::metadata(part).is_ok_and(|at| at.uid() == 0 && at.mode() & 0o022 == 0);
    !geteuid().is_root() || real.ancestors().all(is_roots)
}

/// The same of a link, such as that of a virtual environment: of what it leads to, and of the directory that holds it.
#[must_use]
pub fn is_trusted_link(path: &Path) -> bool {
    is_trusted(path) && path.parent().is_some_and(is_trusted)
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
