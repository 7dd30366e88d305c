//! What is mounted, and how a place is made one that nothing can be written to.
//!
//! It mounts in the caller's mount namespace and makes nothing.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::fs::{StatVfsMountFlags, statvfs};
use rustix::mount::{MountFlags, mount_remount};

/// The list of this process's mounts.
pub const MOUNTS: &str = "/proc/self/mounts";

/// A place where something is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounted {
    /// Where.
    pub place: PathBuf,
    /// The kind of file system.
    pub kind: Vec<u8>,
}

/// All places where something is mounted, the first mounted first.
///
/// # Errors
/// The kernel does not list them.
pub fn mounted() -> io::Result<Vec<Mounted>> {
    fs::read(MOUNTS).map(|mounts| of(&mounts))
}

/// The mounts of a list as [`MOUNTS`] is one.
#[must_use]
pub fn of(mounts: &[u8]) -> Vec<Mounted> {
    let lines = mounts.split(|&byte| byte == b'\n');
    lines
        .filter_map(|line| {
            let mut fields = line.split(|&byte| byte == b' ').skip(1);
            let (place, kind) = (fields.next()?, fields.next()?);
            Some(Mounted {
                place: PathBuf::from(OsString::from_vec(unescaped(place))),
                kind: kind.to_vec(),
            })
        })
        .collect()
}

/// A path of the list, where white space and backslashes are written in octal.
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

/// Has nothing be written any more to what is mounted at `place`; what is mounted below it stays as it is.
///
/// # Errors
/// The kernel refuses.
pub fn remount(place: &Path) -> rustix::io::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_known_by_their_real_name() {
        let mounts = b"none /tmp/huge\\040pages hugetlbfs rw 0 0\nh /dev/a\\134b tmpfs rw 0 0\n";
        let found: Vec<(PathBuf, Vec<u8>)> = of(mounts).into_iter().map(|at| (at.place, at.kind)).collect();
        let wanted = [("/tmp/huge pages", "hugetlbfs"), ("/dev/a\\b", "tmpfs")];
        assert_eq!(
            found,
            wanted.map(|(place, kind)| (place.into(), kind.as_bytes().to_vec()))
        );
    }
}
