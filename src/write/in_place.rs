//! Files that cannot be replaced: which these are, and how they are written over.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use rustix::fs::{AtFlags, StatxAttributes, StatxFlags};

use super::Options;
use super::error::WriteError;

/// Whether the file can only be written in place, which `options` must then allow.
pub(super) fn is_bound_to_its_place(
    file: &File,
    path: &Path,
    target: &Path,
    options: &Options,
) -> Result<bool, WriteError> {
    let metadata = file
        .metadata()
        .map_err(|error| WriteError::io(path, "reading it", error))?;
    let links = metadata.nlink();
    // A kernel without statx says so at the rename instead.
    let (flags, known) = rustix::fs::statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS)
        .map_or((StatxAttributes::empty(), StatxAttributes::empty()), |found| {
            (found.stx_attributes, found.stx_attributes_mask)
        });
    if flags.intersects(StatxAttributes::IMMUTABLE | StatxAttributes::APPEND) {
        return Err(WriteError::Immutable(path.to_owned()));
    }
    let is_mounted = if known.contains(StatxAttributes::MOUNT_ROOT) {
        flags.contains(StatxAttributes::MOUNT_ROOT)
    } else {
        is_mount_point(target)
    };
    match (links > 1, is_mounted, options.in_place) {
        (false, false, _) => Ok(false),
        (_, true, true) if options.backup && options.backup_directory.is_none() => {
            Err(WriteError::BackupInLayer(path.to_owned()))
        }
        (_, _, true) => Ok(true),
        (true, _, false) => Err(WriteError::HardLinked {
            path: path.to_owned(),
            links,
        }),
        (false, true, false) => Err(WriteError::Mounted(path.to_owned())),
    }
}

/// Whether something is mounted at `target`, as the list of mounts says; a kernel before 5.8 says it nowhere else.
fn is_mount_point(target: &Path) -> bool {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let is_at = |line: &str| {
        let at = line.split(' ').nth(4).unwrap_or_default();
        at.replace("\\040", " ").replace("\\134", "\\") == target.to_string_lossy()
    };
    mounts.lines().any(is_at)
}

/// Writes over the whole of `file`, and to disk; never empties it first.
pub(super) fn overwrite(file: &File, bytes: &[u8]) -> io::Result<()> {
    file.write_all_at(bytes, 0)?;
    file.set_len(bytes.len() as u64)?;
    file.sync_all()
}
