//! The process that becomes the Python of nova, once it can do no harm.
//!
//! Two steps, as the second is the first process of a PID namespace: `nova` makes the namespaces and waits, `nova-inside`
//! gives up everything and becomes that Python.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use rustix::fs::{StatVfsMountFlags, statvfs};
use rustix::io::Errno;
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use rustix::process::{Gid, Uid, getgid, getuid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, UnshareFlags, clear_ambient_capability_set, remove_capability_from_bounding_set,
    set_capabilities, set_no_new_privs, set_thread_groups, set_thread_res_gid, set_thread_res_uid, unshare_unsafe,
};

use super::INSIDE;
use crate::environment::bare;
use crate::process::{ParentError, die_with_parent, inner, is_trusted_link};
use crate::read_only;
use crate::shown;

/// Not a file system that anything is kept in, and one that must not be touched without need.
const AUTOMATIC: &[u8] = b"autofs";

/// Why that Python was not started.
#[derive(Debug, thiserror::Error)]
enum ConfinementError {
    #[error(transparent)]
    Parent(#[from] ParentError),
    #[error("cannot create namespaces for nova's Python")]
    Namespaces(#[source] io::Error),
    #[error("cannot take nova's Python the right to write to {}", place.display())]
    Mount { place: PathBuf, source: io::Error },
    #[error("cannot take nova's Python its privileges")]
    Privileges(#[source] io::Error),
    #[error("cannot run {}", program.display())]
    Start { program: PathBuf, source: io::Error },
}

/// Makes the namespaces and runs the Python `interpreter` in them, which does `what`; ends as it ends.
#[must_use]
pub fn run(interpreter: &OsStr, what: &OsStr) -> ExitCode {
    told(enter().and_then(|()| {
        let status = inner("nova-inside").arg(interpreter).arg(what).status();
        let status = status.map_err(|source| ConfinementError::Start {
            program: interpreter.into(),
            source,
        })?;
        Ok(ExitCode::from(status.code().unwrap_or(2) as u8))
    }))
}

/// Gives up everything and becomes that Python; returns only when that failed.
#[must_use]
pub fn become_nova(interpreter: &OsStr, what: &OsStr) -> ExitCode {
    told(give_up(Path::new(interpreter)).and_then(|()| {
        let mut command = Command::new(interpreter);
        bare(&mut command)
            .env("LC_ALL", "C.UTF-8")
            // neither the user's own packages nor variables, no compiled files, no warnings
            .args(["-I", "-B", "-W", "ignore", "-c", INSIDE])
            .arg(what);
        let source = command.exec();
        Err(ConfinementError::Start {
            program: interpreter.into(),
            source,
        })
    }))
}

fn told(done: Result<ExitCode, ConfinementError>) -> ExitCode {
    done.unwrap_or_else(|error| {
        eprintln!("{}", shown::text(&shown::chain(&error)));
        ExitCode::from(2)
    })
}

fn enter() -> Result<(), ConfinementError> {
    die_with_parent(None)?;
    let flags = UnshareFlags::NEWNS | UnshareFlags::NEWPID | UnshareFlags::NEWNET | UnshareFlags::NEWIPC;
    let refused = |error: Errno| ConfinementError::Namespaces(error.into());
    match unshare(flags) {
        // an ordinary user needs a user namespace first
        Err(Errno::PERM) => {
            let (user, group) = (getuid().as_raw(), getgid().as_raw());
            unshare(flags | UnshareFlags::NEWUSER).map_err(refused)?;
            let write = |file: &str, text: String| fs::write(format!("/proc/self/{file}"), text);
            write("setgroups", "deny".to_owned())
                .and_then(|()| write("uid_map", format!("{user} {user} 1")))
                .and_then(|()| write("gid_map", format!("{group} {group} 1")))
                .map_err(ConfinementError::Namespaces)?;
            seal()?;
            die_with_parent(None).map_err(ConfinementError::from)
        }
        other => other.map_err(refused).and_then(|()| seal()),
    }
}

fn unshare(flags: UnshareFlags) -> rustix::io::Result<()> {
    // SAFETY: no flag shares or unshares the file descriptor table, and this process has one thread.
    #[allow(unsafe_code)]
    unsafe {
        unshare_unsafe(flags)
    }
}

/// Hides the sockets of the sandbox and of the host, and lets nothing be written anywhere.
fn seal() -> Result<(), ConfinementError> {
    let failed = |place: &Path| {
        let place = place.to_owned();
        move |error: Errno| ConfinementError::Mount {
            place,
            source: error.into(),
        }
    };
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).map_err(failed(Path::new("/")))?;
    for place in ["/run", "/var/run"] {
        let is_own = fs::symlink_metadata(place).is_ok_and(|at| at.is_dir());
        if is_own {
            let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
            mount("tmpfs", place, "tmpfs", flags, Some(c"mode=0755,size=64k")).map_err(failed(Path::new(place)))?;
        }
    }
    let list = read_only::mounted().map_err(|source| ConfinementError::Mount {
        place: read_only::MOUNTS.into(),
        source,
    })?;
    let places = list.into_iter().filter(|at| at.kind != AUTOMATIC).map(|at| at.place);
    let tried: Vec<_> = places.map(|place| (read_only::remount(&place), place)).collect();
    for (done, place) in tried {
        // what is covered by another mount cannot be told anything; what covers it has been
        let is_writable = statvfs(&place).is_ok_and(|at| !at.f_flag.contains(StatVfsMountFlags::RDONLY));
        if let (Err(error), true) = (done, is_writable) {
            return Err(failed(&place)(error));
        }
    }
    Ok(())
}

/// Gives up all privileges, for good: no program that is run from here on has one, whoever owns it.
///
/// Root runs as root only what nobody but root could have written; all else with the rights of its owner.
fn give_up(interpreter: &Path) -> Result<(), ConfinementError> {
    let refused = |error: Errno| ConfinementError::Privileges(error.into());
    if !is_trusted_link(interpreter) {
        become_owner(interpreter)?;
    }
    // a change of the user takes an earlier request back
    die_with_parent(None)?;
    for capability in CapabilitySet::all() {
        // without the right to, and where the kernel does not know it; what follows is enough by itself
        let _ = remove_capability_from_bounding_set(capability);
    }
    clear_ambient_capability_set().map_err(refused)?;
    set_no_new_privs(true).map_err(refused)?;
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, none).map_err(refused)
}

/// Who may do nothing; root's own programs at a place that others may write to are run so.
const NOBODY: u32 = 65534;

fn become_owner(interpreter: &Path) -> Result<(), ConfinementError> {
    let at = fs::symlink_metadata(interpreter).map_err(ConfinementError::Privileges)?;
    let (user, group) = if at.uid() == 0 {
        (NOBODY, NOBODY)
    } else {
        (at.uid(), at.gid())
    };
    let (user, group) = (Uid::from_raw(user), Gid::from_raw(group));
    set_thread_groups(&[])
        .and_then(|()| set_thread_res_gid(group, group, group))
        .and_then(|()| set_thread_res_uid(user, user, user))
        .map_err(|error| ConfinementError::Privileges(error.into()))
}
