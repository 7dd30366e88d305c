//! A temporary file, complete, that waits to be on disk and then to take another file's place.
//!
//! Its name starts with a dot and does not end in `.conf`, so that nothing that reads `*.conf` ever sees it. Dropped,
//! it is removed; killed, it is left, and the next run that locks the directory finds it on the list there and removes
//! it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::RenameFlags;
use rustix::io::Errno;

use super::attributes::Attributes;
use super::directory::{Directory, Looked};
use super::error::WriteError;
use super::mark::BackupMark;

const START: &str = ".novamend-";
const END: &str = ".tmp";
/// The number of the next temporary file.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// Whether `name` is one that only [`Staged::make`] gives: `.novamend-<process>-<number>.tmp`.
pub(super) fn is_temporary(name: &OsStr) -> bool {
    let middle = name
        .to_str()
        .and_then(|name| name.strip_prefix(START)?.strip_suffix(END));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    middle
        .and_then(|middle| middle.split_once('-'))
        .is_some_and(|(process, number)| is_number(process) && is_number(number))
}

/// The temporary file.
#[derive(Debug)]
pub(super) struct Staged<'a> {
    directory: &'a Directory,
    name: OsString,
    /// The file that was made, by device and inode: there may be more of them than a process may hold open. None where
    /// another file got a further name.
    made: Option<(u64, u64)>,
    /// It is open until it is on disk.
    unsynced: Option<File>,
    is_there: bool,
}

impl<'a> Staged<'a> {
    /// Writes `bytes` for the sake of `path`, with `attributes`, or with those of any new file; and with `mark`, where
    /// it becomes a backup. It takes no other file's place before it is on disk: see [`Staged::unsynced`].
    pub(super) fn make(
        directory: &'a Directory,
        path: &Path,
        bytes: &[u8],
        attributes: Option<&Attributes>,
        mark: Option<&BackupMark>,
    ) -> Result<Self, WriteError> {
        let failed = |step, error| WriteError::io(path, step, error);
        let (mut staged, mut file) = Self::named(directory, |name| directory.create(name, attributes.is_some()))
            .map_err(|error| failed("creating a file beside it", error))?;
        let step = "writing a file beside it";
        file.write_all(bytes).map_err(|error| failed(step, error))?;
        if let Some(mark) = mark {
            // Where no mark is kept, `undo` asks for the backup by its name.
            mark.put(&file).map_err(|error| failed("making its backup", error))?;
        }
        if let Some(attributes) = attributes {
            attributes
                .give(&file)
                .map_err(|(what, source)| WriteError::CannotKeep {
                    path: path.to_owned(),
                    what,
                    source,
                })?;
        }
        let made = file.metadata().map_err(|error| failed(step, error))?;
        staged.made = Some((made.dev(), made.ino()));
        staged.unsynced = Some(file);
        Ok(staged)
    }

    /// The file, until it is [closed](Staged::close).
    pub(super) fn unsynced(&self) -> Option<&File> {
        self.unsynced.as_ref()
    }

    /// Brings it to disk now.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.unsynced.take().map_or(Ok(()), |file| file.sync_all())
    }

    /// It is on disk, and needs to be open no longer.
    pub(super) fn close(&mut self) {
        self.unsynced = None;
    }

    /// A further, temporary name for the file `name`.
    pub(super) fn link(directory: &'a Directory, name: &OsStr) -> io::Result<Self> {
        Ok(Self::named(directory, |temporary| directory.link(name, temporary))?.0)
    }

    fn named<T>(directory: &'a Directory, make: impl Fn(&OsStr) -> rustix::io::Result<T>) -> io::Result<(Self, T)> {
        let process = std::process::id();
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = OsString::from(format!("{START}{process}-{number}{END}"));
            // What has that name already is not this run's to list, and so to remove.
            if directory.look(&name).is_ok() {
                continue;
            }
            directory.note(&name)?;
            match make(&name) {
                Ok(file) => {
                    let staged = Self {
                        directory,
                        name,
                        made: None,
                        unsynced: None,
                        is_there: true,
                    };
                    return Ok((staged, file));
                }
                Err(error) => {
                    directory.forget(&name)?;
                    if error != Errno::EXIST {
                        return Err(error.into());
                    }
                }
            }
        }
    }

    /// Changes places with `name` in one step: whoever opens `name` gets the old file or the new one, whole.
    /// `false` where the file system cannot do that; nothing is changed then.
    pub(super) fn exchange(&self, name: &OsStr) -> Result<bool, Errno> {
        match self.directory.rename_with(&self.name, name, RenameFlags::EXCHANGE) {
            Ok(()) => Ok(true),
            Err(error) if cannot(error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Takes the place of `name` in one step; what was there is there no more.
    pub(super) fn replace(&mut self, name: &OsStr) -> Result<(), Errno> {
        self.directory.rename(&self.name, name)?;
        self.is_there = false;
        Ok(())
    }

    /// Takes the name `name`, which nothing has; `EEXIST` where something does.
    pub(super) fn settle(&mut self, name: &OsStr) -> Result<(), Errno> {
        match self.directory.rename_with(&self.name, name, RenameFlags::NOREPLACE) {
            Err(error) if cannot(error) => match self.directory.link(&self.name, name) {
                // Its temporary name goes when this is dropped.
                Ok(()) => return Ok(()),
                Err(Errno::EXIST) => return Err(Errno::EXIST),
                Err(_) if self.directory.look(name).is_ok() => return Err(Errno::EXIST),
                // The lock keeps others of our kind away, so that the look that found `name` free still holds.
                Err(_) => self.directory.rename(&self.name, name)?,
            },
            done => done?,
        }
        self.is_there = false;
        Ok(())
    }

    /// The temporary name; after an exchange the old file's.
    pub(super) fn name(&self) -> &OsStr {
        &self.name
    }

    /// Opens the file that was made, by its temporary name; `None` where that is another one by now.
    pub(super) fn reopen(&self) -> io::Result<Option<File>> {
        let looked = self.directory.look(&self.name)?;
        if self.is_made(&looked) {
            return self.directory.open(&self.name, &looked).map(Some);
        }
        Ok(None)
    }

    /// Whether `looked` is the file that was made.
    pub(super) fn is_made(&self, looked: &Looked) -> bool {
        self.made == Some(looked.identity())
    }

    /// Keeps what has the temporary name from being removed, here and by the next run.
    pub(super) fn leave(&mut self) {
        self.is_there = false;
        // Should this fail, the list is gone with it, or the file is where the caller says until the next run.
        let _ = self.directory.forget(&self.name);
    }
}

/// Whether the file system, or the kernel, does not know such a rename.
fn cannot(error: Errno) -> bool {
    matches!(error, Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP)
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        if self.is_there {
            // What cannot be removed now is removed by the next run.
            let _ = self.directory.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_temporary_names_are_ours() {
        let is = |name: &str| is_temporary(OsStr::new(name));
        assert!(is(".novamend-12-0.tmp"));
        for other in [
            "novamend-12-0.tmp",
            ".novamend-12.tmp",
            ".novamend-a-0.tmp",
            ".novamend-12-.tmp",
            ".novamend-1-2.tmp.conf",
            ".novamend-1-2-3.tmp",
        ] {
            assert!(!is(other), "{other}");
        }
    }
}
