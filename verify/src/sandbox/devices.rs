//! What stands behind the guest's devices in the sandbox.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The device by which libvirt makes taps.
pub(super) const TUN: &str = "/dev/net/tun";

/// Bytes of a guest's disk; it holds nothing.
const DISK: u64 = 16 << 20;

/// Makes the empty disk at `path`, for every user of the sandbox.
pub(super) fn make_disk(path: &Path) -> io::Result<()> {
    let file = File::create(path)?;
    file.set_len(DISK)?;
    fs::set_permissions(path, Permissions::from_mode(0o666))
}
