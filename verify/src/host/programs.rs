//! Finds the host's own libvirt daemon and QEMU, and asks them for their versions.
//!
//! It connects to nothing: the only thing it starts is a program with `--version`.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use novamend::catalog::release::Version;
use rustix::process::geteuid;

use super::processes;
use crate::environment::bare;
use crate::process::{die_with_parent, inner, is_trusted};

/// Libvirt's daemons with a QEMU driver, the monolithic one first.
pub const DAEMONS: [&str; 2] = ["libvirtd", "virtqemud"];

const DIRECTORIES: [&str; 6] = [
    "/usr/sbin",
    "/usr/bin",
    "/usr/local/sbin",
    "/usr/local/bin",
    "/sbin",
    "/bin",
];
const EMULATORS: [&str; 4] = [
    "/usr/bin/qemu-system-x86_64",
    "/usr/libexec/qemu-kvm",
    "/usr/bin/qemu-kvm",
    "/usr/local/bin/qemu-system-x86_64",
];

/// What helps a user without an entry.
pub const NAMELESS_REMEDY: &str = "add one to /etc/passwd, or run it as root or as another user";

/// That this process's user has no entry in the user database, where that is so: libvirt then waits for nothing, and fails.
#[must_use]
pub fn nameless() -> Option<String> {
    let uid = geteuid().as_raw();
    uzers::get_user_by_uid(uid).is_none().then(|| {
        format!(
            "this user, uid {uid}, has no entry in the user database (`getent passwd {uid}`), and libvirt does \
            not work without one"
        )
    })
}

/// A libvirt daemon with a QEMU driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Daemon {
    /// Its program.
    pub program: PathBuf,
    /// The name of its socket.
    pub socket: &'static str,
    /// Whether it is `virtqemud`, one of the modular daemons.
    pub is_modular: bool,
    /// Whether one runs on the host.
    pub runs: bool,
}

/// The host's daemon: the one that runs, otherwise the one that is installed, monolithic first.
#[must_use]
pub fn daemon() -> Option<Daemon> {
    let running: Vec<String> = processes::all()
        .filter_map(|number| processes::comm(&processes::place(number)))
        .collect();
    let sockets = [("libvirt-sock", false), ("virtqemud-sock", true)];
    let mut found: Vec<Daemon> = DAEMONS
        .into_iter()
        .zip(sockets)
        .filter_map(|(name, (socket, is_modular))| {
            let program = DIRECTORIES
                .iter()
                .map(|at| Path::new(at).join(name))
                .find(|path| is_program(path))?;
            Some(Daemon {
                program,
                socket,
                is_modular,
                runs: running.iter().any(|other| other == name),
            })
        })
        .collect();
    found.sort_by_key(|daemon| (!daemon.runs, daemon.is_modular));
    found.into_iter().next()
}

/// The host's QEMU for x86-64.
#[must_use]
pub fn emulator() -> Option<PathBuf> {
    EMULATORS.iter().map(PathBuf::from).find(|path| is_program(path))
}

/// Whether libvirt finds what it emulates TPMs by.
#[must_use]
pub fn has_swtpm() -> bool {
    let is_there = |name: &str| DIRECTORIES.iter().any(|at| is_program(&Path::new(at).join(name)));
    is_there("swtpm") && is_there("swtpm_setup")
}

/// The directory with libvirt's QEMU driver, where it is in one of the usual places.
#[must_use]
pub fn drivers() -> Option<PathBuf> {
    [
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib64",
        "/usr/lib",
        "/usr/local/lib64",
        "/usr/local/lib",
    ]
    .iter()
    .map(|at| Path::new(at).join("libvirt/connection-driver"))
    .find(|path| path.join("libvirt_driver_qemu.so").is_file())
}

/// How long a program may take to tell its version.
const PATIENCE: Duration = Duration::from_secs(10);

/// The version that `program --version` prints; none where it does not, or not in time.
#[must_use]
pub fn version(program: &Path) -> Option<Version> {
    let mut child = inner("run")
        .arg(std::process::id().to_string())
        .arg(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut output = child.stdout.take()?;
    let (sender, said) = channel();
    let reader = move || {
        let mut text = Vec::new();
        let _ = output.by_ref().take(64 << 10).read_to_end(&mut text);
        let _ = sender.send(text);
    };
    let started = thread::Builder::new().spawn(reader);
    let text = started.ok().and_then(|_| said.recv_timeout(PATIENCE).ok());
    let _ = child.kill();
    let _ = child.wait();
    first_version(&String::from_utf8_lossy(&text?))
}

/// Becomes a program that dies with this one's `parent`; returns only when that failed.
#[must_use]
pub fn run(parent: &str, words: &[OsString]) -> ExitCode {
    if let (Ok(()), Some((program, arguments))) = (die_with_parent(Some(parent)), words.split_first()) {
        let _ = bare(&mut Command::new(program)).args(arguments).exec();
    }
    ExitCode::from(127)
}

/// The first `a.b.c` in a text.
#[must_use]
pub fn first_version(text: &str) -> Option<Version> {
    let is_other = |letter: char| !letter.is_ascii_digit() && letter != '.';
    text.split(is_other).find_map(|word| {
        let mut parts = word.split('.').map(str::parse::<u16>);
        let major = parts.next()?.ok()?;
        let minor = parts.next()?.ok()?;
        Some((major, minor, parts.next().and_then(Result::ok).unwrap_or(0)))
    })
}

/// A version in libvirt's form of one number.
#[must_use]
pub fn from_number(number: u32) -> Version {
    (
        (number / 1_000_000) as u16,
        (number / 1000 % 1000) as u16,
        (number % 1000) as u16,
    )
}

fn is_program(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok() && path.is_file() && is_trusted(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_programs_print() {
        let qemu = "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b2)\n";
        assert_eq!(first_version(qemu), Some((7, 2, 22)));
        assert_eq!(first_version("/usr/sbin/libvirtd (libvirt) 9.0.0\n"), Some((9, 0, 0)));
        assert_eq!(first_version("nothing"), None);
        assert_eq!(from_number(11_003_001), (11, 3, 1));
    }
}
