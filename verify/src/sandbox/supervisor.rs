//! The first process of the sandbox: makes the namespaces and waits for the process that lives in them.
//!
//! It mounts nothing itself beyond making mounts private; the process inside does that.

use std::fs;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitCode;

use rustix::process::{getgid, getuid};
use rustix::thread::{
    CapabilitySet, UnshareFlags, capabilities, configure_capability_in_ambient_set, set_capabilities, unshare_unsafe,
};

use super::mounts::{self, MountError};
use crate::accident::Kills;
use crate::process::{ParentError, die_with_parent, inner};
use crate::shown;
use crate::trial::conditions::Mode;

/// The sandbox's first process ended before what it starts did.
#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    /// Its parent.
    #[error(transparent)]
    Parent(#[from] ParentError),
    /// The kernel refused.
    #[error("cannot create namespaces")]
    Namespaces {
        /// How it was to run.
        mode: Mode,
        /// Why.
        source: io::Error,
    },
    /// A mount.
    #[error(transparent)]
    Mount(#[from] MountError),
    /// The process inside did not start.
    #[error("the first process of the sandbox did not start")]
    Start(#[source] io::Error),
    /// The process inside was killed: by what, in words.
    #[error("{0}")]
    Killed(String),
}

impl SupervisorError {
    /// What may help.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Namespaces { mode, .. } => Some(match mode {
                Mode::System => "run it with CAP_SYS_ADMIN, not inside an unprivileged container",
                Mode::Session => {
                    "run it as root, or allow user namespaces (kernel.unprivileged_userns_clone, \
                     user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns)"
                }
            }),
            Self::Mount(error) => error.remedy(),
            Self::Parent(_) | Self::Start(_) | Self::Killed(_) => None,
        }
    }
}

/// Makes the namespaces, starts init in them and ends as it ends; errors are one line on standard error.
#[must_use]
pub fn run(mode: Mode, kvm: &str, parent: &str) -> ExitCode {
    match supervise(mode, kvm, parent) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{}", shown::text(&shown::with_remedy(&error, error.remedy())));
            ExitCode::from(2)
        }
    }
}

fn supervise(mode: Mode, kvm: &str, parent: &str) -> Result<ExitCode, SupervisorError> {
    die_with_parent(Some(parent))?;
    enter_namespaces(mode)?;
    die_with_parent(Some(parent))?; // entering a user namespace takes the first request back
    mounts::make_private()?;
    let kills = Kills::now();
    let status = inner("init")
        .args([mode.word(), kvm])
        .envs(std::env::var_os("HOME").map(|home| ("HOME", home)))
        .status()
        .map_err(SupervisorError::Start)?;
    match status.signal() {
        Some(signal) => Err(SupervisorError::Killed(
            kills.killed("the first process inside", signal),
        )),
        None => Ok(ExitCode::from(status.code().unwrap_or(2) as u8)),
    }
}

fn enter_namespaces(mode: Mode) -> Result<(), SupervisorError> {
    let refused = |source: io::Error| SupervisorError::Namespaces { mode, source };
    let (user, group) = (getuid().as_raw(), getgid().as_raw());
    let mut flags =
        UnshareFlags::NEWNS | UnshareFlags::NEWPID | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS | UnshareFlags::NEWNET;
    if mode == Mode::Session {
        flags |= UnshareFlags::NEWUSER;
    }
    // SAFETY: no flag shares or unshares the file descriptor table, and this process has one thread.
    #[allow(unsafe_code)]
    let entered = unsafe { unshare_unsafe(flags) };
    entered.map_err(|error| refused(error.into()))?;
    if mode == Mode::Session {
        let write = |file: &str, text: String| fs::write(format!("/proc/self/{file}"), text).map_err(refused);
        write("setgroups", "deny".to_owned())?;
        write("uid_map", format!("{user} {user} 1"))?;
        write("gid_map", format!("{group} {group} 1"))?;
        keep_capabilities().map_err(|error| refused(error.into()))?;
    }
    Ok(())
}

/// Without this the rights to mount and to join networks, held in the new user namespace, would be lost to a user other than
/// root at the next exec.
fn keep_capabilities() -> rustix::io::Result<()> {
    let kept = [CapabilitySet::SYS_ADMIN, CapabilitySet::NET_ADMIN];
    let mut sets = capabilities(None)?;
    for capability in kept {
        sets.inheritable |= capability;
    }
    set_capabilities(None, sets)?;
    kept.into_iter()
        .try_for_each(|capability| configure_capability_in_ambient_set(capability, true))
}
