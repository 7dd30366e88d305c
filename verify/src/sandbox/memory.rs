//! Files for the guest's memory on the file system that libvirt would put them on, without a name and so without a trace.
//!
//! Each is bound to where a daemon of the sandbox lets QEMU make it, and its name on the host is gone before QEMU starts; the
//! kernel frees it with the last of the sandbox.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{OpenOptionsExt, chown, fchown};
use std::path::Path;

use rustix::mount::mount_bind;

use super::layout;
use crate::guest::NAME;
use crate::hypervisor::Side;

/// How often QEMU may be started by one daemon; libvirt counts the starts in the name of the directory.
const STARTS: u32 = 16;

/// The file's name: that of QEMU's memory for the guest's machine.
const FILE: &str = "pc.ram";

/// The files, as long as they are held.
pub struct Lent {
    files: Vec<(Side, File)>,
}

impl Lent {
    /// Makes the files in `directory` for `owner`, user and group; to be called before the daemons start.
    ///
    /// # Errors
    /// The file system takes no files here, or they could not be bound.
    pub fn make(directory: &Path, owner: (u32, u32)) -> io::Result<Self> {
        let mut files = Vec::new();
        for side in Side::BOTH {
            for number in 1..=STARTS {
                let place = layout::directory(side).join(format!("lib/qemu/ram/{number}-{NAME}"));
                fs::create_dir_all(&place)?;
                chown(&place, Some(owner.0), Some(owner.1))?;
                let at = place.join(FILE);
                File::create(&at)?;
                files.push((side, nameless(directory, &at, owner)?));
            }
        }
        Ok(Self { files })
    }

    /// Whether QEMU has put memory into one of the files of `side`.
    #[must_use]
    pub fn is_used(&self, side: Side) -> bool {
        let mut own = self.files.iter().filter(|(other, _)| *other == side);
        own.any(|(_, file)| file.metadata().is_ok_and(|at| at.len() > 0))
    }
}

/// A file of `directory` that can be found at `at` alone.
fn nameless(directory: &Path, at: &Path, owner: (u32, u32)) -> io::Result<File> {
    let chance = fs::read_to_string("/proc/sys/kernel/random/uuid")?;
    let name = directory.join(format!(".{NAME}-{}", chance.trim()));
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&name)?;
    // The very file that is open is bound, whatever has its name by now: others may write in the directory.
    let opened = format!("/proc/self/fd/{}", file.as_raw_fd());
    let bound = fchown(&file, Some(owner.0), Some(owner.1)).and_then(|()| mount_bind(opened, at).map_err(Into::into));
    fs::remove_file(&name)?;
    bound.map(|()| file)
}
