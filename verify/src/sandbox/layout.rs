//! Where everything lies inside the sandbox.
//!
//! It makes nothing; every path is on the sandbox's own tmpfs, so none of them exists on the host.

use std::path::{Path, PathBuf};

use crate::hypervisor::Side;
use crate::trial::conditions::Mode;

/// The root of all files of the sandbox.
pub const ROOT: &str = "/run/novamend";

/// The letter of a side in paths and arguments.
#[must_use]
pub fn letter(side: Side) -> &'static str {
    match side {
        Side::First => "a",
        Side::Second => "b",
    }
}

/// The side with that letter.
#[must_use]
pub fn side(of: &str) -> Option<Side> {
    Side::BOTH.into_iter().find(|side| letter(*side) == of)
}

/// The directory of a side's daemon.
#[must_use]
pub fn directory(side: Side) -> PathBuf {
    Path::new(ROOT).join(letter(side))
}

/// What a side's daemon wrote on standard error.
#[must_use]
pub fn log(side: Side) -> PathBuf {
    directory(side).join("daemon.log")
}

/// The libvirt URI of a side's daemon, `socket` being the name of its socket.
#[must_use]
pub fn uri(side: Side, mode: Mode, socket: &str) -> String {
    let path = mode.word();
    format!("qemu+unix:///{path}?socket={ROOT}/{}/{socket}", letter(side))
}

/// The five places that libvirt writes to, each put on the sandbox's tmpfs.
pub(super) const PLACES: [(&str, &str); 5] = [
    ("lib", "/var/lib/libvirt"),
    ("log", "/var/log/libvirt"),
    ("cache", "/var/cache/libvirt"),
    ("etc", "/etc/libvirt"),
    ("run", "/run/libvirt"),
];

/// The network namespace of a side's daemon and its QEMUs, where they are joined by a link.
#[must_use]
pub fn network(side: Side) -> PathBuf {
    Path::new(ROOT).join(format!("network-{}", letter(side)))
}

/// The guest's image with its parameters.
#[must_use]
pub fn image() -> PathBuf {
    Path::new(ROOT).join("probe.rom")
}

/// The socket that every QEMU of the domain `guest` connects its serial port to.
#[must_use]
pub fn serial(guest: &str) -> PathBuf {
    Path::new(ROOT).join(format!("{guest}.sock"))
}

/// The disk of the domain `guest`, which both ends share.
#[must_use]
pub fn disk(guest: &str) -> PathBuf {
    Path::new(ROOT).join(format!("{guest}.img"))
}

/// Where each daemon has a directory of its own, as a compute node has its disks.
pub(super) const PRIVATE: &str = "/run/novamend/private";

/// The disk of the domain `guest` that each end has for itself, as its daemon sees it.
#[must_use]
pub fn private_disk(guest: &str) -> PathBuf {
    Path::new(PRIVATE).join(format!("{guest}.img"))
}

/// The same of `side`, as the worker sees it.
#[must_use]
pub fn disk_at(side: Side, guest: &str) -> PathBuf {
    directory(side).join("private").join(format!("{guest}.img"))
}

/// The channel by which the disk of the domain `guest` is copied.
#[must_use]
pub fn disks(guest: &str) -> PathBuf {
    channel().join(format!("{guest}-disk.sock"))
}

/// The directory of the certificates that are made for the trials.
#[must_use]
pub fn pki() -> PathBuf {
    Path::new(ROOT).join("pki")
}

/// Where the directory is bound in which the host would have guests' memory, if that is needed; it can be written to there.
#[must_use]
pub fn backing() -> PathBuf {
    Path::new(ROOT).join("backing")
}

/// The directory of the migration channels; the user of QEMU may write there.
#[must_use]
pub fn channel() -> PathBuf {
    Path::new(ROOT).join("channel")
}

/// The migration channel of the domain `guest`.
#[must_use]
pub fn migration(guest: &str) -> PathBuf {
    channel().join(format!("{guest}.sock"))
}
