//! PID 1 of the sandbox: mounts what is private, starts the worker, reaps whatever dies and ends with the tool.
//!
//! It decides nothing about migrations and writes nothing outside the sandbox's own tmpfs.

use std::ffi::{CStr, OsString};
use std::fs::{self, File, Permissions};
use std::io::{self, BufRead, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ExitCode, Stdio};
use std::thread;

use rustix::fs::{CWD, Mode as FileMode, OFlags, StatVfsMountFlags, openat, statvfs};
use rustix::mount::{MountFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive, mount_remount, unmount};
use rustix::process::{WaitOptions, wait};
use serde::{Deserialize, Serialize};

use super::daemon::Setup;
use super::given::HostPaths;
use super::supervisor::die_with_parent;
use super::{KVM, Mode, inner, layout};
use crate::accident::Kills;
use crate::guest::memory::Memory;

/// What concerns this process of the order that it hands on to the worker.
#[derive(Deserialize)]
struct Needs {
    setup: Setup,
    memory: Memory,
}

/// How a process ended that init has reaped.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct ProcessExit {
    /// Its number in the sandbox.
    pub(crate) pid: i32,
    /// The signal that ended it.
    pub(crate) signal: Option<i32>,
    /// Otherwise its exit code.
    pub(crate) code: Option<i32>,
}

/// Runs the sandbox until the worker or the tool ends.
#[must_use]
pub fn run(mode: Mode, kvm: &str) -> ExitCode {
    match live(mode, kvm == KVM) {
        Ok(code) => code,
        Err(message) => {
            eprintln!("{}", crate::shown::text(&message));
            ExitCode::from(2)
        }
    }
}

fn live(mode: Mode, kvm: bool) -> Result<ExitCode, String> {
    die_with_parent(None)?;
    let mut order = String::new();
    let mut input = io::stdin().lock();
    input
        .read_line(&mut order)
        .map_err(|error| format!("the sandbox received no order: {error}"))?;
    if order.is_empty() {
        return Err("novamend-verify has ended".to_owned());
    }
    drop(input);
    let lifeline = || {
        // Until the tool closes its end or dies; then PID 1 ends, and the kernel ends everything else in here.
        let _ = io::stdin().lock().read_to_end(&mut Vec::new());
        std::process::exit(3);
    };
    thread::Builder::new()
        .spawn(lifeline)
        .map_err(|error| format!("the sandbox could not start a thread: {error}"))?;
    let needs: Needs = serde_json::from_str(&order).map_err(|error| format!("the order cannot be read: {error}"))?;
    let given = HostPaths::hold(&needs.setup.given);
    // held before /tmp is made read-only, as it may lie there
    let backing = match &needs.memory {
        Memory::Files {
            made_in: Some(directory),
            ..
        } => openat(CWD, directory, OFlags::PATH | OFlags::CLOEXEC, FileMode::empty()).ok(),
        _ => None,
    };
    mount_private(mode, kvm)?;
    given.put_back()?;
    if let Some(directory) = backing {
        let held = format!("/proc/self/fd/{}", directory.as_raw_fd());
        // without it the worker cannot make the files there, and says so
        let _ = fs::create_dir(layout::backing()).map(|()| mount_bind(&held, layout::backing()));
    }
    let kills = Kills::now();
    let mut worker = inner("worker")
        .envs(std::env::var_os("HOME").map(|home| ("HOME", home)))
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| format!("the worker did not start: {error}"))?;
    let mut pipe = worker.stdin.take();
    if let Some(pipe) = pipe.as_mut() {
        let _ = pipe.write_all(order.as_bytes());
    }
    reap_until(worker.id(), pipe, kills)
}

/// Reaps whatever dies and tells the worker how, as QEMU is nobody's child but ours; ends with the worker.
fn reap_until(worker: u32, mut told: Option<ChildStdin>, kills: Kills) -> Result<ExitCode, String> {
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid.as_raw_nonzero().get().unsigned_abs() == worker => {
                return match status.exit_status() {
                    Some(code) => Ok(ExitCode::from(code as u8)),
                    None => Err(kills.killed("its worker", status.terminating_signal().unwrap_or_default())),
                };
            }
            Ok(Some((pid, status))) => {
                let ended = ProcessExit {
                    pid: pid.as_raw_nonzero().get(),
                    signal: status.terminating_signal(),
                    code: status.exit_status(),
                };
                if let (Some(pipe), Ok(line)) = (told.as_mut(), serde_json::to_string(&ended)) {
                    // a worker that has ended is noticed above
                    let _ = writeln!(pipe, "{line}");
                }
            }
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(format!("waiting for the worker failed: {error}")),
        }
    }
}

fn mount_private(mode: Mode, kvm: bool) -> Result<(), String> {
    mount(
        "proc",
        "/proc",
        "proc",
        MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC,
        None,
    )
    .map_err(|error| {
        format!("cannot mount a private /proc ({error}); inside a container an unmasked /proc is needed")
    })?;
    if mode == Mode::System {
        let mounts = fs::read("/proc/self/mounts").map_err(|error| format!("/proc/self/mounts: {error}"))?;
        for place in huge_pages(&mounts) {
            // one that cannot be taken away is named by libvirt, if it matters at all
            let _ = unmount(&place, UnmountFlags::DETACH);
        }
    }
    let wide: &CStr = c"mode=1777,size=1g";
    let narrow: &CStr = c"mode=0755,size=1g";
    let run = if mode == Mode::System { narrow } else { wide };
    tmpfs("/run", run)?;
    // nothing in it stands in the way, and programs may lie there; but nothing is to be left in it
    read_only("/tmp").or_else(|_| tmpfs("/tmp", wide))?;
    own_devices(kvm)?;
    for directory in [layout::ROOT.into(), layout::channel(), "/run/libvirt".into()] {
        fs::create_dir_all(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    }
    fs::set_permissions(layout::channel(), Permissions::from_mode(0o1777))
        .map_err(|error| format!("{}: {error}", layout::channel().display()))
}

/// Where huge pages are mounted: as root, libvirt looks at each such place before anything else and does not start where the
/// sandbox has covered one, and /dev/hugepages is there on every host with systemd.
fn huge_pages(mounts: &[u8]) -> Vec<PathBuf> {
    let lines = mounts.split(|&byte| byte == b'\n');
    lines
        .filter_map(|line| {
            let mut fields = line.split(|&byte| byte == b' ').skip(1);
            let (place, kind) = (fields.next()?, fields.next()?);
            (kind == b"hugetlbfs").then(|| PathBuf::from(OsString::from_vec(unescaped(place))))
        })
        .collect()
}

/// A path of /proc/self/mounts, where white space and backslashes are written in octal.
fn unescaped(mut path: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    while let [first, rest @ ..] = path {
        let octal = rest.get(..3).and_then(|digits| str::from_utf8(digits).ok());
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) if *first == b'\\' => {
                plain.push(byte);
                path = &rest[3..];
            }
            _ => {
                plain.push(*first);
                path = rest;
            }
        }
    }
    plain
}

/// A /dev with the few devices that libvirt and QEMU need. Where KVM is not to be used its device is not there either:
/// a device that QEMU may not open makes libvirt probe QEMU anew at every start of a guest.
fn own_devices(kvm: bool) -> Result<(), String> {
    let made = Path::new("/run/novamend-dev");
    let text = |path: &Path, error: io::Error| format!("{}: {error}", path.display());
    fs::create_dir_all(made.join("shm")).map_err(|error| text(made, error))?;
    fs::set_permissions(made.join("shm"), Permissions::from_mode(0o1777)).map_err(|error| text(made, error))?;
    let devices = ["null", "zero", "full", "random", "urandom", "tty", "userfaultfd"];
    for name in devices.into_iter().chain(kvm.then_some("kvm")) {
        let (real, own) = (Path::new("/dev").join(name), made.join(name));
        if real.exists() {
            File::create(&own).map_err(|error| text(&own, error))?;
            mount_bind(&real, &own).map_err(|error| text(&real, error.into()))?;
        }
    }
    for (name, target) in [("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0")] {
        symlink(target, made.join(name)).map_err(|error| text(made, error))?;
    }
    mount_bind_recursive(made, "/dev").map_err(|error| text(Path::new("/dev"), error.into()))
}

/// Lets a directory be seen as it is and nothing be written into it; file systems that are mounted below it stay as they are.
fn read_only(place: &str) -> rustix::io::Result<()> {
    mount_bind_recursive(place, place)?;
    let now = statvfs(place)?.f_flag;
    // what another user forbade may not be allowed on the way
    let kept = [
        (StatVfsMountFlags::NOSUID, MountFlags::NOSUID),
        (StatVfsMountFlags::NODEV, MountFlags::NODEV),
        (StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
        (StatVfsMountFlags::NOATIME, MountFlags::NOATIME),
        (StatVfsMountFlags::NODIRATIME, MountFlags::NODIRATIME),
        (StatVfsMountFlags::RELATIME, MountFlags::RELATIME),
    ];
    let kept = kept
        .into_iter()
        .filter(|(has, _)| now.contains(*has))
        .map(|(_, flag)| flag);
    let flags = kept.fold(MountFlags::BIND | MountFlags::RDONLY, |flags, flag| flags | flag);
    mount_remount(place, flags, "")
}

/// Puts an empty tmpfs over a directory; one that is not there needs nothing.
pub(super) fn tmpfs(place: &str, options: &CStr) -> Result<(), String> {
    if !fs::metadata(place).is_ok_and(|at| at.is_dir()) {
        return Ok(());
    }
    mount(
        "tmpfs",
        place,
        "tmpfs",
        MountFlags::NOSUID | MountFlags::NODEV,
        Some(options),
    )
    .map_err(|error| format!("cannot mount a tmpfs at {place}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn huge_pages_are_found_by_their_kind_and_their_real_name() {
        let mounts = b"none /tmp/huge\\040pages hugetlbfs rw 0 0\nhugetlbfs /tmp tmpfs rw 0 0\n\
                       h /dev/a\\134b hugetlbfs rw 0 0\n";
        assert_eq!(
            huge_pages(mounts),
            [Path::new("/tmp/huge pages"), Path::new("/dev/a\\b")]
        );
    }
}
