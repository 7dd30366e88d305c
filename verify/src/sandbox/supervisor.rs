//! The first process of the sandbox: makes the namespaces and waits for the process that lives in them.
//!
//! It mounts nothing itself beyond making mounts private; the process inside does that.

use std::fs;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitCode;

use rustix::mount::{MountPropagationFlags, mount_change};
use rustix::process::{Signal, getgid, getppid, getuid, set_parent_process_death_signal};
use rustix::thread::{
    CapabilitySet, UnshareFlags, capabilities, configure_capability_in_ambient_set, set_capabilities, unshare_unsafe,
};

use super::{Mode, inner};
use crate::accident::Kills;

/// Makes the namespaces, starts init in them and ends as it ends; errors are one line on standard error.
#[must_use]
pub fn run(mode: Mode, kvm: &str, parent: &str) -> ExitCode {
    match supervise(mode, kvm, parent) {
        Ok(code) => code,
        Err(message) => {
            eprintln!("{}", crate::shown::text(&message));
            ExitCode::from(2)
        }
    }
}

fn supervise(mode: Mode, kvm: &str, parent: &str) -> Result<ExitCode, String> {
    die_with_parent(Some(parent))?;
    enter_namespaces(mode)?;
    die_with_parent(Some(parent))?; // entering a user namespace takes the first request back
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .map_err(|error| format!("cannot make the sandbox's mounts private: {error}"))?;
    let kills = Kills::now();
    let status = inner("init")
        .args([mode.word(), kvm])
        .envs(std::env::var_os("HOME").map(|home| ("HOME", home)))
        .status()
        .map_err(|error| format!("the first process of the sandbox did not start: {error}"))?;
    match status.signal() {
        Some(signal) => Err(kills.killed("the first process inside", signal)),
        None => Ok(ExitCode::from(status.code().unwrap_or(2) as u8)),
    }
}

/// This process is killed when its parent dies; `parent` is the process id it must still have.
///
/// # Errors
/// The parent has ended already, or the kernel refuses.
pub fn die_with_parent(parent: Option<&str>) -> Result<(), String> {
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| format!("prctl(PR_SET_PDEATHSIG) failed: {error}"))?;
    let now = getppid().map(|pid| pid.as_raw_nonzero().to_string());
    match parent {
        Some(parent) if now.as_deref() != Some(parent) => Err("novamend-verify has ended".to_owned()),
        _ => Ok(()),
    }
}

fn enter_namespaces(mode: Mode) -> Result<(), String> {
    let (user, group) = (getuid().as_raw(), getgid().as_raw());
    let mut flags =
        UnshareFlags::NEWNS | UnshareFlags::NEWPID | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS | UnshareFlags::NEWNET;
    if mode == Mode::Session {
        flags |= UnshareFlags::NEWUSER;
    }
    // SAFETY: no flag shares or unshares the file descriptor table, and this process has one thread.
    #[allow(unsafe_code)]
    let entered = unsafe { unshare_unsafe(flags) };
    entered.map_err(|error| refused(mode, &error.into()))?;
    if mode == Mode::Session {
        let write = |file: &str, text: String| {
            fs::write(format!("/proc/self/{file}"), text).map_err(|error| refused(mode, &error))
        };
        write("setgroups", "deny".to_owned())?;
        write("uid_map", format!("{user} {user} 1"))?;
        write("gid_map", format!("{group} {group} 1"))?;
        keep_mounting().map_err(|error| refused(mode, &error.into()))?;
    }
    Ok(())
}

/// Without this the right to mount, held in the new user namespace, would be lost to a user other than root at the next exec.
fn keep_mounting() -> rustix::io::Result<()> {
    let mut sets = capabilities(None)?;
    sets.inheritable |= CapabilitySet::SYS_ADMIN;
    set_capabilities(None, sets)?;
    configure_capability_in_ambient_set(CapabilitySet::SYS_ADMIN, true)
}

fn refused(mode: Mode, error: &io::Error) -> String {
    let remedy = match mode {
        Mode::System => "run it with CAP_SYS_ADMIN, not inside an unprivileged container",
        Mode::Session => {
            "run it as root, or allow user namespaces (kernel.unprivileged_userns_clone, user.max_user_namespaces, \
             kernel.apparmor_restrict_unprivileged_userns)"
        }
    };
    format!("cannot create namespaces ({error}); {remedy}")
}
