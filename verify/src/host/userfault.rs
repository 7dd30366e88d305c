//! Whether a user may use userfaultfd as QEMU does, found out by trying it as that user.
//!
//! It changes no setting; the try is a process of its own that ends at once.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{ExitCode, Stdio};

use rustix::io::Errno;
use rustix::mm::UserfaultfdFlags;
use rustix::process::{geteuid, getuid};

use super::qemu_user::{QemuUser, groups_of};
use crate::process::inner;

/// The system setting that opens userfaultfd to users without `CAP_SYS_PTRACE`.
pub const SETTING: &str = "/proc/sys/vm/unprivileged_userfaultfd";

/// The device that QEMU 8.1 and newer tries first.
pub const DEVICE: &str = "/dev/userfaultfd";

/// Whether QEMU's user may use userfaultfd, as far as it was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserfaultAccess {
    /// It may.
    Allowed,
    /// It may not, and this is the error.
    Refused(String),
    /// It could not be tried as that user.
    NotTried(String),
}

/// Tries the system call as the user of QEMU; only root can become another user.
#[must_use]
pub fn try_as(user: &QemuUser) -> UserfaultAccess {
    let (Some(uid), Some(gid)) = (user.uid, user.gid) else {
        return UserfaultAccess::NotTried(format!("there is no user `{}` with group `{}`", user.user, user.group));
    };
    let mut command = inner("userfault");
    command.stdin(Stdio::null()).stderr(Stdio::null());
    if geteuid().is_root() {
        if uid != 0 {
            command.uid(uid).gid(gid);
        }
    } else if getuid().as_raw() != uid {
        return UserfaultAccess::NotTried(format!("only root can test it as {}", user.user));
    }
    match command.output() {
        Ok(output) => match String::from_utf8_lossy(&output.stdout).trim() {
            "" if output.status.success() => UserfaultAccess::Allowed,
            "" => UserfaultAccess::NotTried(format!("the test ended with {}", output.status)),
            error => UserfaultAccess::Refused(error.to_owned()),
        },
        Err(error) => UserfaultAccess::NotTried(error.to_string()),
    }
}

/// The process that tries: prints the error, or nothing.
#[must_use]
pub fn run() -> ExitCode {
    // SAFETY: the descriptor is closed at once and nothing is registered with it.
    #[allow(unsafe_code)]
    let tried = unsafe { rustix::mm::userfaultfd(UserfaultfdFlags::CLOEXEC | UserfaultfdFlags::NONBLOCK) };
    if let Err(error) = tried {
        let word = match error {
            Errno::PERM => "Operation not permitted",
            Errno::NOSYS => "Function not implemented",
            // an accident, such as no memory or no file left, tells nothing of what it may
            _ => return ExitCode::from(2),
        };
        println!("{word} (errno {})", error.raw_os_error());
    }
    ExitCode::SUCCESS
}

/// Whether the setting opens it to everybody; none where the kernel has no such setting.
#[must_use]
pub fn is_open_to_all() -> Option<bool> {
    fs::read_to_string(SETTING).ok().map(|text| text.trim() == "1")
}

/// Whether the device is there and its mode lets the user in.
#[must_use]
pub fn device_admits(user: &QemuUser) -> Option<bool> {
    use std::os::unix::fs::MetadataExt;
    let at = fs::metadata(DEVICE).ok()?;
    Some(admits(at.mode(), at.uid(), at.gid(), user))
}

/// Whether a file's mode lets the user of QEMU read and write.
#[must_use]
pub fn admits(mode: u32, owner: u32, group: u32, user: &QemuUser) -> bool {
    let Some(uid) = user.uid else { return false };
    let shift = if uid == owner {
        6
    } else if user.gid == Some(group) || groups_of(&user.user).contains(&group) {
        3
    } else {
        0
    };
    uid == 0 || mode >> shift & 0o6 == 0o6
}
