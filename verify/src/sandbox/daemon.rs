//! Starts one private libvirt daemon in a mount namespace of its own, inside the sandbox.
//!
//! It never talks to the daemon; that is done by the hypervisor connection.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{UnshareFlags, clear_ambient_capability_set, unshare_unsafe};

use super::given::{HostPathError, HostPaths};
use super::mounts::{self, MountError};
use super::setup::{Network, Setup};
use super::{capabilities, layout, link, pki};
use crate::environment::{PATH, bare};
use crate::hypervisor::Side;
use crate::process::INNER;
use crate::shown;
use crate::trial::conditions::Mode;

/// The daemon could not be started in its own mount namespace.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// What it was handed is no [`Setup`].
    #[error("cannot read the order")]
    Order(#[from] serde_json::Error),
    /// The kernel refused the namespace.
    #[error("cannot create a mount namespace")]
    Namespace(#[source] io::Error),
    /// Its network namespace.
    #[error("cannot enter the daemon's network namespace")]
    Network(#[source] io::Error),
    /// A mount.
    #[error(transparent)]
    Mount(#[from] MountError),
    /// What the daemon needs of the host.
    #[error(transparent)]
    HostPaths(#[from] HostPathError),
    /// The program itself did not start.
    #[error("{}", program.display())]
    Program {
        /// Which.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Open files of a daemon and of each QEMU; a few dozen are needed.
const FILES: u64 = 1024;

/// Writes the configuration of `side` and starts its daemon, which dies with the sandbox; `own` is this program.
///
/// # Errors
/// A file or the process could not be made.
pub fn start(own: &Path, side: Side, setup: &Setup) -> io::Result<Child> {
    let directory = layout::directory(side);
    for part in [
        "lib",
        "log",
        "cache/qemu/capabilities",
        "cache/libvirt/qemu/capabilities",
        "etc/qemu",
        "run",
        "config/libvirt",
        "drivers",
        "private",
        "tmp",
    ] {
        fs::create_dir_all(directory.join(part))?;
    }
    for part in ["tmp", "private"] {
        fs::set_permissions(directory.join(part), Permissions::from_mode(0o1777))?;
    }
    let uuid = fs::read_to_string("/proc/sys/kernel/random/uuid")?;
    fs::write(directory.join("daemon.conf"), daemon_conf(side, &uuid, setup.network))?;
    let conf = qemu_conf(side, setup);
    fs::write(directory.join("etc/qemu.conf"), &conf)?;
    fs::write(directory.join("etc/libvirt.conf"), "")?;
    fs::write(directory.join("config/libvirt/qemu.conf"), &conf)?;
    if let Some(drivers) = &setup.drivers {
        symlink(
            drivers.join(capabilities::DRIVER),
            directory.join("drivers").join(capabilities::DRIVER),
        )?;
    }
    let core = capabilities::lend(
        setup.mode,
        &cache_of(side, setup.mode),
        &setup.daemon,
        setup.drivers.as_deref(),
    );
    let child = spawn(own, side, setup)?;
    if let Some(core) = core {
        // without it the daemon only takes longer to answer
        let _ = capabilities::tie(child.id(), core);
    }
    Ok(child)
}

/// Starts the daemon of `side` again, which has ended; it finds the guests that it had.
///
/// # Errors
/// The process could not be made.
pub fn start_again(own: &Path, side: Side, setup: &Setup) -> io::Result<Child> {
    // what it left, so that it is not taken for one that runs
    let _ = fs::remove_file(layout::directory(side).join("daemon.pid"));
    spawn(own, side, setup)
}

fn spawn(own: &Path, side: Side, setup: &Setup) -> io::Result<Child> {
    let order = serde_json::to_string(setup).map_err(io::Error::other)?;
    let log = File::options().create(true).append(true).open(layout::log(side))?;
    bare(&mut Command::new(own))
        .args([INNER, "daemon", layout::letter(side), &order])
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
}

/// Where the daemon of `side` keeps what it knows of QEMU.
fn cache_of(side: Side, mode: Mode) -> PathBuf {
    let part = match mode {
        Mode::System => "cache/qemu/capabilities",
        Mode::Session => "cache/libvirt/qemu/capabilities",
    };
    layout::directory(side).join(part)
}

/// Becomes the daemon of a side, by its letter; returns only when that failed, having said why on standard error.
#[must_use]
pub fn run(letter: &str, order: &str) -> ExitCode {
    if let Some(side) = layout::side(letter) {
        let failed = become_daemon(side, order);
        eprintln!("{}", shown::text(&shown::chain(&failed)));
    }
    ExitCode::from(2)
}

/// Returns only what it failed by.
fn become_daemon(side: Side, order: &str) -> DaemonError {
    let setup = match prepare(side, order) {
        Ok(setup) => setup,
        Err(error) => return error,
    };
    few_files();
    let _ = clear_ambient_capability_set(); // libvirt and QEMU are to hold no more than they would on the host
    let directory = layout::directory(side);
    let mut command = Command::new(&setup.daemon);
    command.arg("--config").arg(directory.join("daemon.conf"));
    command.arg("--pid-file").arg(directory.join("daemon.pid"));
    if setup.network == Some(Network::Tcp) {
        command.arg("--listen");
    }
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
    let source = command.exec();
    DaemonError::Program {
        program: setup.daemon,
        source,
    }
}

/// Enters the daemon's own mount namespace and mounts there what is its own.
fn prepare(side: Side, order: &str) -> Result<Setup, DaemonError> {
    let setup: Setup = serde_json::from_str(order)?;
    // SAFETY: the flag leaves the file descriptor table alone, and this process has one thread.
    #[allow(unsafe_code)]
    let made = unsafe { unshare_unsafe(UnshareFlags::NEWNS) };
    made.map_err(|error| DaemonError::Namespace(error.into()))?;
    if setup.network.is_some() {
        link::enter(side).map_err(DaemonError::Network)?;
    }
    mounts::make_private()?;
    mounts::mount_own_disks(side)?;
    if setup.mode == Mode::System {
        let given = HostPaths::hold(&setup.given);
        mounts::mount_places(side)?;
        given.put_back()?;
    }
    mounts::hide_other_emulators(&setup.emulator)?;
    Ok(setup)
}

/// Libvirt closes every file number up to the limit, one by one, each time it starts QEMU; a container's limit may be a million.
fn few_files() {
    let limit = getrlimit(Resource::Nofile);
    let current = Some(limit.current.map_or(FILES, |now| now.min(FILES)));
    // with the old limit it only takes longer
    let _ = setrlimit(Resource::Nofile, Rlimit { current, ..limit });
}

/// The daemon's own configuration: its sockets in its directory, open to whoever is in the sandbox, and where it is to listen
/// its port, open to whoever is in the sandbox's networks.
fn daemon_conf(side: Side, uuid: &str, network: Option<Network>) -> String {
    let mut text = format!(
        "unix_sock_dir = \"{}/{}\"\nauth_unix_rw = \"none\"\nauth_unix_ro = \"none\"\nhost_uuid = \"{}\"\n\
         log_outputs = \"3:stderr\"\nmax_clients = 20\n",
        layout::ROOT,
        layout::letter(side),
        uuid.trim(),
    );
    if network == Some(Network::Tcp) {
        text.push_str(&format!(
            "listen_tls = 0\nlisten_tcp = 1\nauth_tcp = \"none\"\nlisten_addr = \"{}\"\ntcp_port = \"{}\"\n",
            link::address(side),
            link::DAEMONS_PORT
        ));
    }
    text
}

/// The ports of the guests' screens: on two hosts the daemons cannot take each other's, and here they share one network, where
/// a daemon sees a port as free until the other's QEMU listens on it.
fn screens(side: Side) -> (u16, u16) {
    match side {
        Side::First => (5900, 15899),
        Side::Second => (15900, 25899),
    }
}

/// The QEMU driver's configuration: the host's QEMU user, and nothing that would reach out of the sandbox.
///
/// [`Setup::batch_cpu_feature_queries`]: without the name of this ability libvirt asks for each name of a feature by itself.
fn qemu_conf(side: Side, setup: &Setup) -> String {
    let (first, last) = screens(side);
    let mut text = format!(
        "dynamic_ownership = 0\nremember_owner = 0\nsecurity_driver = \"none\"\nstdio_handler = \"file\"\n\
         cgroup_controllers = []\nnamespaces = []\nremote_display_port_min = {first}\nremote_display_port_max = {last}\n",
    );
    if setup.batch_cpu_feature_queries {
        text.push_str("capability_filters = [\"cpu-unavailable-features\"]\n");
    }
    if let Some((user, group)) = &setup.qemu_user {
        text.push_str(&format!("user = \"{user}\"\ngroup = \"{group}\"\n"));
    }
    if let Some(tls) = &setup.tls {
        text.push_str(&format!(
            "migrate_tls_x509_cert_dir = \"{}\"\nmigrate_tls_x509_verify = {}\n",
            pki::directory(tls).display(),
            u8::from(tls.verifies_clients)
        ));
        if let Some(priority) = &tls.priority {
            text.push_str(&format!("migrate_tls_priority = \"{priority}\"\n"));
        }
    }
    if setup.forces_tls {
        text.push_str("migrate_tls_force = 1\n");
    }
    text
}
