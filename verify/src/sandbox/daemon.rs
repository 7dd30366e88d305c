//! Starts one private libvirt daemon in a mount namespace of its own, inside the sandbox.
//!
//! It never talks to the daemon; that is done by the hypervisor connection.

use std::ffi::CStr;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use rustix::mount::{MountPropagationFlags, mount_bind_recursive, mount_change};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{UnshareFlags, clear_ambient_capability_set, unshare_unsafe};
use serde::{Deserialize, Serialize};

use super::given::HostPaths;
use super::init::tmpfs;
use super::layout::{self, Host};
use super::pki::Tls;
use super::{INNER, Mode, capabilities};
use crate::environment::{PATH, bare};

/// What is started as a daemon, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Setup {
    /// As root or as an ordinary user.
    pub mode: Mode,
    /// The daemon's program: libvirtd or virtqemud.
    pub daemon: PathBuf,
    /// The name of its socket.
    pub socket: String,
    /// The QEMU program; the others are hidden so that libvirt does not probe them.
    pub emulator: PathBuf,
    /// User and group that QEMU runs as, in system mode.
    pub qemu_user: Option<(String, String)>,
    /// Whether libvirt asks QEMU for the processor's features in a few queries instead of one each; see [`layout::qemu_conf`].
    pub batch_cpu_feature_queries: bool,
    /// The directory with libvirt's drivers, if it is known.
    pub drivers: Option<PathBuf>,
    /// Native TLS, if nova.conf asks for it.
    pub tls: Option<Tls>,
    /// Whether the host's libvirt refuses migrations without TLS.
    pub forces_tls: bool,
    /// Programs and certificates, which the sandbox must not hide wherever they lie.
    pub given: Vec<PathBuf>,
}

/// Open files of a daemon and of each QEMU; a few dozen are needed.
const FILES: u64 = 1024;

/// The five places that libvirt writes to, each put on the sandbox's tmpfs.
pub(super) const PLACES: [(&str, &str); 5] = [
    ("lib", "/var/lib/libvirt"),
    ("log", "/var/log/libvirt"),
    ("cache", "/var/cache/libvirt"),
    ("etc", "/etc/libvirt"),
    ("run", "/run/libvirt"),
];

/// Writes the configuration of `host` and starts its daemon, which dies with the sandbox; `own` is this program.
///
/// # Errors
/// A file or the process could not be made.
pub fn start(own: &Path, host: Host, setup: &Setup) -> io::Result<Child> {
    let directory = host.directory();
    for part in [
        "lib",
        "log",
        "cache/qemu/capabilities",
        "cache/libvirt/qemu/capabilities",
        "etc/qemu",
        "run",
        "config/libvirt",
        "drivers",
        "tmp",
    ] {
        fs::create_dir_all(directory.join(part))?;
    }
    fs::set_permissions(directory.join("tmp"), Permissions::from_mode(0o1777))?;
    let uuid = fs::read_to_string("/proc/sys/kernel/random/uuid")?;
    fs::write(directory.join("daemon.conf"), layout::daemon_conf(host, &uuid))?;
    let conf = layout::qemu_conf(setup);
    fs::write(directory.join("etc/qemu.conf"), &conf)?;
    fs::write(directory.join("etc/libvirt.conf"), "")?;
    fs::write(directory.join("config/libvirt/qemu.conf"), &conf)?;
    if let Some(drivers) = &setup.drivers {
        symlink(
            drivers.join(capabilities::DRIVER),
            directory.join("drivers").join(capabilities::DRIVER),
        )?;
    }
    let order = serde_json::to_string(setup).map_err(io::Error::other)?;
    let core = capabilities::lend(
        setup.mode,
        &cache_of(host, setup.mode),
        &setup.daemon,
        setup.drivers.as_deref(),
    );
    let log = File::create(host.log())?;
    let child = bare(&mut Command::new(own))
        .args([INNER, "daemon", host.letter(), &order])
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    if let Some(core) = core {
        // without it the daemon only takes longer to answer
        let _ = capabilities::tie(child.id(), core);
    }
    Ok(child)
}

/// Where the daemon of `host` keeps what it knows of QEMU.
fn cache_of(host: Host, mode: Mode) -> PathBuf {
    let part = match mode {
        Mode::System => "cache/qemu/capabilities",
        Mode::Session => "cache/libvirt/qemu/capabilities",
    };
    host.directory().join(part)
}

/// Becomes the daemon of `host`; returns only when that failed, having said why on standard error.
#[must_use]
pub fn run(host: &str, order: &str) -> ExitCode {
    let Some(host) = Host::parse(host) else {
        return ExitCode::from(2);
    };
    let failed = match serde_json::from_str(order) {
        Ok(setup) => become_daemon(host, &setup),
        Err(error) => error.to_string(),
    };
    eprintln!("{}", crate::shown::text(&failed));
    ExitCode::from(2)
}

fn become_daemon(host: Host, setup: &Setup) -> String {
    if let Err(message) = mount_own(host, setup) {
        return message;
    }
    few_files();
    let _ = clear_ambient_capability_set(); // libvirt and QEMU are to hold no more than they would on the host
    let directory = host.directory();
    let mut command = Command::new(&setup.daemon);
    command.arg("--config").arg(directory.join("daemon.conf"));
    command.arg("--pid-file").arg(directory.join("daemon.pid"));
    command.env_clear();
    command
        .env("PATH", PATH)
        .env("LC_ALL", "C")
        .env("HOME", &directory)
        .env("TMPDIR", directory.join("tmp")); // handed on to QEMU
    if setup.drivers.is_some() {
        command.env("LIBVIRT_DRIVER_DIR", directory.join("drivers"));
    }
    if setup.mode == Mode::Session {
        command.env("XDG_CONFIG_HOME", directory.join("config"));
        command.env("XDG_CACHE_HOME", directory.join("cache"));
        command.env("XDG_DATA_HOME", directory.join("lib"));
        command.env("XDG_RUNTIME_DIR", directory.join("run"));
    }
    format!("{}: {}", setup.daemon.display(), command.exec())
}

/// Libvirt closes every file number up to the limit, one by one, each time it starts QEMU; a container's limit may be a million.
fn few_files() {
    let limit = getrlimit(Resource::Nofile);
    let current = Some(limit.current.map_or(FILES, |now| now.min(FILES)));
    // with the old limit it only takes longer
    let _ = setrlimit(Resource::Nofile, Rlimit { current, ..limit });
}

fn mount_own(host: Host, setup: &Setup) -> Result<(), String> {
    // SAFETY: the flag leaves the file descriptor table alone, and this process has one thread.
    #[allow(unsafe_code)]
    let made = unsafe { unshare_unsafe(UnshareFlags::NEWNS) };
    made.map_err(|error| format!("cannot create a mount namespace: {error}"))?;
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .map_err(|error| format!("cannot make mounts private: {error}"))?;
    if setup.mode == Mode::System {
        let given = HostPaths::hold(&setup.given);
        for (part, place) in PLACES {
            provide(Path::new(place))?;
            bind(&host.directory().join(part), Path::new(place))?;
        }
        given.put_back()?;
    }
    hide_other_emulators(&setup.emulator)
}

/// Sees to it that a directory is there to mount on, without making it on the host: its parent becomes a tmpfs.
fn provide(place: &Path) -> Result<(), String> {
    if place.is_dir() {
        return Ok(());
    }
    let parent = place.parent().unwrap_or(place);
    if !parent.starts_with("/var/") {
        return Err(format!(
            "{} is missing on this host; install the daemon's configuration package",
            place.display()
        ));
    }
    let options: &CStr = c"mode=0755,size=64m";
    tmpfs(&parent.display().to_string(), options)?;
    fs::create_dir_all(place).map_err(|error| format!("{}: {error}", place.display()))
}

/// Libvirt starts every emulator it finds twice to ask what it can do; the ones not needed are made not executable.
fn hide_other_emulators(emulator: &Path) -> Result<(), String> {
    let Some(directory) = emulator.parent() else {
        return Ok(());
    };
    let Ok(entries) = fs::read_dir(directory) else {
        return Ok(());
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if !name.to_string_lossy().starts_with("qemu-system-") || entry.path() == emulator {
            continue;
        }
        if entry.file_type().is_ok_and(|kind| kind.is_file()) {
            bind(Path::new("/dev/null"), &entry.path())?;
        }
    }
    Ok(())
}

fn bind(from: &Path, to: &Path) -> Result<(), String> {
    mount_bind_recursive(from, to)
        .map_err(|error| format!("cannot mount {} at {}: {error}", from.display(), to.display()))
}
