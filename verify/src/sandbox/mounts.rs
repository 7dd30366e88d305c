//! The sandbox's mounts: a /proc, a /dev and directories of its own, and for each daemon its places and one emulator.
//!
//! It mounts in the caller's mount namespace, which is the sandbox's or a daemon's, and makes nothing on the host.

use std::ffi::{CStr, CString};
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive, mount_change, unmount,
};

use super::layout;
use crate::hypervisor::Side;
use crate::read_only;
use crate::trial::conditions::Mode;

/// What could not be mounted.
#[derive(Debug, thiserror::Error)]
pub enum MountError {
    /// What is mounted would be seen outside.
    #[error("cannot make mounts private")]
    Private(#[source] io::Error),
    /// The kernel gives no new /proc.
    #[error("cannot mount a private /proc")]
    Proc(#[source] io::Error),
    /// A tmpfs over a directory.
    #[error("cannot mount a tmpfs at {place}")]
    Tmpfs {
        /// The directory.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// Huge pages.
    #[error("cannot mount huge pages")]
    HugePages(#[source] io::Error),
    /// A file or a directory at another place.
    #[error("cannot mount {} at {}", from.display(), to.display())]
    Bind {
        /// What.
        from: PathBuf,
        /// The place.
        to: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file or a directory that was to be made or looked at.
    #[error("{}", path.display())]
    Path {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A place that libvirt writes to and that could only be made on the host itself.
    #[error("{} is missing on this host; install the daemon's configuration package", .0.display())]
    Missing(PathBuf),
}

impl MountError {
    /// What may help.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        matches!(self, Self::Proc(_)).then_some("inside a container an unmasked /proc is needed")
    }

    /// Of `path`.
    fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Path { path, source }
    }
}

/// Keeps what is mounted from now on within this namespace.
pub(super) fn make_private() -> Result<(), MountError> {
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .map_err(|error| MountError::Private(error.into()))
}

/// What guests need in the sandbox beside what every guest does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wishes {
    /// /dev/kvm.
    pub(super) kvm: bool,
    /// What swtpm writes to.
    pub(super) vtpm: bool,
    /// Huge pages of this size, in KiB.
    pub(super) huge_pages: Option<u64>,
}

/// What swtpm writes to beside its state, which libvirt keeps among its own: logs, and the keys of its own certificates.
const OF_SWTPM: [&str; 2] = ["/var/log/swtpm", "/var/lib/swtpm-localca"];

/// Mounts what is the sandbox's own.
pub(super) fn mount_private(mode: Mode, wishes: Wishes) -> Result<(), MountError> {
    mount(
        "proc",
        "/proc",
        "proc",
        MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC,
        None,
    )
    .map_err(|error| MountError::Proc(error.into()))?;
    if mode == Mode::System {
        let list = Path::new(read_only::MOUNTS);
        let mounts = fs::read(list).map_err(MountError::at(list))?;
        for place in huge_pages(&mounts) {
            // one that cannot be taken away is named by libvirt, if it matters at all
            let _ = unmount(&place, UnmountFlags::DETACH);
        }
    }
    let wide: &CStr = c"mode=1777,size=1g";
    let narrow: &CStr = c"mode=0755,size=1g";
    let run = if mode == Mode::System { narrow } else { wide };
    tmpfs("/run", run)?;
    if wishes.vtpm {
        for place in OF_SWTPM {
            provide(Path::new(place))?;
            tmpfs(place, wide)?;
        }
        // swtpm's tools know no other place for their files
        tmpfs("/tmp", wide)?;
    } else {
        // nothing in it stands in the way, and programs may lie there; but nothing is to be left in it
        only_seen("/tmp").or_else(|_| tmpfs("/tmp", wide))?;
    }
    own_devices(wishes.kvm)?;
    if let Some(size_kib) = wishes.huge_pages {
        mount_huge_pages(size_kib)?;
    }
    for directory in [layout::ROOT.into(), layout::channel(), "/run/libvirt".into()] {
        fs::create_dir_all(&directory).map_err(MountError::at(&directory))?;
    }
    let channel = layout::channel();
    fs::set_permissions(&channel, Permissions::from_mode(0o1777)).map_err(MountError::at(&channel))
}

/// Mounts huge pages where libvirt looks for them.
fn mount_huge_pages(size_kib: u64) -> Result<(), MountError> {
    let place = Path::new("/dev/hugepages");
    fs::create_dir_all(place).map_err(MountError::at(place))?;
    let options = CString::new(format!("pagesize={size_kib}K,mode=0755")).unwrap_or_default();
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    mount("hugetlbfs", place, "hugetlbfs", flags, Some(options.as_c_str()))
        .map_err(|error| MountError::HugePages(error.into()))
}

/// Where huge pages are mounted: as root, libvirt looks at each such place before anything else and does not start where the
/// sandbox has covered one, and /dev/hugepages is there on every host with systemd.
fn huge_pages(mounts: &[u8]) -> Vec<PathBuf> {
    let mounted = read_only::of(mounts).into_iter();
    mounted
        .filter(|at| at.kind == b"hugetlbfs")
        .map(|at| at.place)
        .collect()
}

/// A /dev with the few devices that libvirt and QEMU need. Where QEMU may not open /dev/kvm that is not there: such a device makes
/// libvirt probe QEMU again at every start of a guest. Where it may, the device is there for emulated guests too: without it
/// libvirt would not believe what the host's libvirt knows of QEMU.
fn own_devices(kvm: bool) -> Result<(), MountError> {
    let made = Path::new("/run/novamend-dev");
    fs::create_dir_all(made.join("shm")).map_err(MountError::at(made))?;
    fs::set_permissions(made.join("shm"), Permissions::from_mode(0o1777)).map_err(MountError::at(made))?;
    let devices = ["null", "zero", "full", "random", "urandom", "tty", "userfaultfd"];
    for name in devices.into_iter().chain(kvm.then_some("kvm")) {
        let (real, own) = (Path::new("/dev").join(name), made.join(name));
        if real.exists() {
            File::create(&own).map_err(MountError::at(&own))?;
            mount_bind(&real, &own).map_err(bound(&real, &own))?;
        }
    }
    let (tun, own) = (Path::new(super::devices::TUN), made.join("net/tun"));
    if tun.exists() {
        fs::create_dir_all(made.join("net")).map_err(MountError::at(made))?;
        File::create(&own).map_err(MountError::at(&own))?;
        mount_bind(tun, &own).map_err(bound(tun, &own))?;
    }
    for (name, target) in [("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0")] {
        symlink(target, made.join(name)).map_err(MountError::at(made))?;
    }
    bind(made, Path::new("/dev"))
}

/// Lets a directory be seen as it is and nothing be written into it; file systems that are mounted below it stay as they are.
fn only_seen(place: &str) -> rustix::io::Result<()> {
    mount_bind_recursive(place, place)?;
    read_only::remount(Path::new(place))
}

/// Puts an empty tmpfs over a directory; one that is not there needs nothing.
fn tmpfs(place: &str, options: &CStr) -> Result<(), MountError> {
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
    .map_err(|error| MountError::Tmpfs {
        place: place.to_owned(),
        source: error.into(),
    })
}

/// Puts the directory of `side` where its daemon and QEMU have disks of their own.
pub(super) fn mount_own_disks(side: Side) -> Result<(), MountError> {
    let place = Path::new(layout::PRIVATE);
    fs::create_dir_all(place).map_err(MountError::at(place))?;
    bind(&layout::directory(side).join("private"), place)
}

/// Puts the five places of `side` where its daemon looks for them.
pub(super) fn mount_places(side: Side) -> Result<(), MountError> {
    for (part, place) in layout::PLACES {
        provide(Path::new(place))?;
        bind(&layout::directory(side).join(part), Path::new(place))?;
    }
    Ok(())
}

/// Sees to it that a directory is there to mount on, without making it on the host: its parent becomes a tmpfs.
fn provide(place: &Path) -> Result<(), MountError> {
    if place.is_dir() {
        return Ok(());
    }
    let parent = place.parent().unwrap_or(place);
    if !parent.starts_with("/var/") {
        return Err(MountError::Missing(place.to_owned()));
    }
    let options: &CStr = c"mode=0755,size=64m";
    tmpfs(&parent.display().to_string(), options)?;
    fs::create_dir_all(place).map_err(MountError::at(place))
}

/// Libvirt starts every emulator it finds twice to ask what it can do; the ones not needed are made not executable.
pub(super) fn hide_other_emulators(emulator: &Path) -> Result<(), MountError> {
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

fn bind(from: &Path, to: &Path) -> Result<(), MountError> {
    mount_bind_recursive(from, to).map_err(bound(from, to))
}

fn bound(from: &Path, to: &Path) -> impl FnOnce(Errno) -> MountError {
    let (from, to) = (from.to_owned(), to.to_owned());
    move |error| MountError::Bind {
        from,
        to,
        source: error.into(),
    }
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
