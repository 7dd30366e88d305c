//! What stands behind the guest's devices in the sandbox.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The device by which libvirt makes taps.
pub(super) const TUN: &str = "/dev/net/tun";

/// Bytes of a disk that is not copied; it holds nothing.
const EMPTY: u64 = 16 << 20;

/// Makes the empty disk at `path`, for every user of the sandbox.
pub(super) fn make_disk(path: &Path) -> io::Result<()> {
    make_empty(path, EMPTY)
}

/// Makes a disk of zeros.
pub(super) fn make_empty(path: &Path, size: u64) -> io::Result<()> {
    let file = File::create(path)?;
    file.set_len(size)?;
    fs::set_permissions(path, Permissions::from_mode(0o666))
}

/// Makes a disk of so many MiB that is full: every sector has its own number in it.
pub(super) fn make_full(path: &Path, mib: u64) -> io::Result<()> {
    let mut file = File::create(path)?;
    for number in 0..mib {
        let sectors = (0..2048).flat_map(|sector| {
            let own = (number * 2048 + sector + 1).to_le_bytes();
            own.into_iter().cycle().take(512)
        });
        file.write_all(&sectors.collect::<Vec<u8>>())?;
    }
    fs::set_permissions(path, Permissions::from_mode(0o666))
}

/// Whether the disk at `path` is full, as [`make_full`] makes it.
pub(super) fn is_full(path: &Path, mib: u64) -> bool {
    let Ok(bytes) = fs::read(path) else { return false };
    let mut sectors = bytes.chunks_exact(512).zip(1u64..);
    bytes.len() as u64 == mib << 20
        && sectors.all(|(sector, number)| sector.chunks_exact(8).all(|word| word == number.to_le_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_lacks_a_sector_is_not_full() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("disk");
        make_full(&path, 2).unwrap();
        assert!(is_full(&path, 2) && !is_full(&path, 3));
        let mut bytes = fs::read(&path).unwrap();
        bytes[512 * 5..512 * 6].fill(0);
        fs::write(&path, bytes).unwrap();
        assert!(!is_full(&path, 2));
        make_empty(&path, 2 << 20).unwrap();
        assert!(!is_full(&path, 2));
    }
}
