//! One file on its way from old to new: prepared, backed up, swapped, and put back if need be.
//!
//! The order over several files is [`super::write_all`]'s business.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FallocateFlags, FileType, StatxAttributes, StatxFlags};
use rustix::io::Errno;

use super::attributes::Attributes;
use super::backup;
use super::directory::{Directory, Place};
use super::error::WriteError;
use super::staged::{Staged, Swap};
use super::{Options, Planned, Written};

/// What tells a file from another one and from its own later self.
type Identity = (u64, u64, u64, (i64, i64), (i64, i64));

/// How the new text gets there.
#[derive(Debug)]
enum Way<'a> {
    Replace(Staged<'a>),
    InPlace(File),
}

/// How far it got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Untouched,
    Swapped(Swap),
    WrittenInPlace,
}

/// One file of a [`super::write_all`].
#[derive(Debug)]
pub(super) struct Job<'a> {
    planned: &'a Planned,
    place: Place,
    directory: &'a Directory,
    identity: Identity,
    attributes: Attributes,
    way: Way<'a>,
    waiting_backup: Option<Staged<'a>>,
    backup: Option<OsString>,
    state: State,
}

/// Opens the file at `place` for reading, if it is a regular one.
pub(super) fn open(directory: &Directory, place: &Place) -> Result<File, WriteError> {
    let failed = |error| WriteError::io(&place.path, "opening it", error);
    // Looked at before it is opened: to open a FIFO or a device can have effects.
    let kind = match directory.kind(&place.name).map_err(failed)? {
        FileType::RegularFile => return directory.open(&place.name).map_err(failed),
        FileType::Directory => "a directory",
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        _ => "something else",
    };
    Err(WriteError::NotRegular {
        path: place.path.clone(),
        kind,
    })
}

fn identity(file: &File) -> io::Result<Identity> {
    let m = file.metadata()?;
    let (changed, modified) = ((m.ctime(), m.ctime_nsec()), (m.mtime(), m.mtime_nsec()));
    Ok((m.dev(), m.ino(), m.size(), modified, changed))
}

fn read(file: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl<'a> Job<'a> {
    /// Makes every check, and puts the new text and the backup on disk under temporary names.
    pub(super) fn prepare(
        planned: &'a Planned,
        place: Place,
        directory: &'a Directory,
        options: Options,
    ) -> Result<Self, WriteError> {
        let path = &planned.path;
        let failed = |error| WriteError::io(path, "reading it", error);
        let mut file = open(directory, &place)?;
        let must_stay = is_bound_to_its_place(&file, path, options)?;
        let identity = identity(&file).map_err(failed)?;
        if read(&mut file).map_err(failed)? != planned.before {
            return Err(WriteError::Changed(path.clone()));
        }
        let attributes = Attributes::of(&file).map_err(failed)?;
        let way = if must_stay {
            let file = directory.open_to_write(&place.name);
            Way::InPlace(file.map_err(|error| WriteError::io(path, "opening it to write", error))?)
        } else {
            Way::Replace(Staged::make(directory, path, &planned.after, &attributes)?)
        };
        let waiting_backup = if options.backup || must_stay {
            Some(Staged::make(directory, path, &planned.before, &attributes)?)
        } else {
            None
        };
        Ok(Self {
            planned,
            place,
            directory,
            identity,
            attributes,
            way,
            waiting_backup,
            backup: None,
            state: State::Untouched,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.planned.path
    }

    pub(super) fn is_same_file(&self, other: &Self) -> bool {
        (self.identity.0, self.identity.1) == (other.identity.0, other.identity.1)
    }

    /// Gives the backup its name, for good once this returns.
    pub(super) fn keep_backup(&mut self) -> Result<(), WriteError> {
        let Some(mut staged) = self.waiting_backup.take() else {
            return Ok(());
        };
        let failed = |error: io::Error| WriteError::io(&self.planned.path, "making its backup", error);
        let name = backup::next(self.directory, &self.place.name).map_err(failed)?;
        staged.settle(&name).map_err(|error| failed(error.into()))?;
        self.backup = Some(name);
        self.directory.sync().map_err(failed)
    }

    /// Removes the backup again; the file must hold its old text.
    pub(super) fn withdraw_backup(&mut self) {
        if let Some(name) = self.backup.take() {
            // A backup too many does no harm.
            let _ = self.directory.remove(&name);
        }
    }

    /// Old becomes new. After an error [`Job::roll_back`] is due.
    pub(super) fn commit(&mut self) -> Result<(), WriteError> {
        self.check_unchanged()?;
        self.put_in_place()
    }

    fn put_in_place(&mut self) -> Result<(), WriteError> {
        let path = &self.planned.path;
        match &mut self.way {
            Way::InPlace(file) => {
                let growth = self.planned.after.len() as u64;
                match rustix::fs::fallocate(&*file, FallocateFlags::KEEP_SIZE, 0, growth) {
                    Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => {}
                    Err(error) => return Err(WriteError::io(path, "making room for it", error)),
                }
                self.state = State::WrittenInPlace;
                overwrite(file, &self.planned.after).map_err(|error| WriteError::io(path, "writing it", error))
            }
            Way::Replace(staged) => {
                let swap = staged.swap(&self.place.name).map_err(|error| match error {
                    Errno::BUSY => WriteError::Mounted(path.clone()),
                    other => WriteError::io(path, "replacing it", other),
                })?;
                self.state = State::Swapped(swap);
                if swap == Swap::Exchanged && !self.has_taken_what_was_read() {
                    return Err(WriteError::Changed(path.clone()));
                }
                let synced = self.directory.sync();
                synced.map_err(|error| WriteError::io(path, "writing its directory", error))
            }
        }
    }

    fn check_unchanged(&self) -> Result<(), WriteError> {
        let path = &self.planned.path;
        let failed = |error| WriteError::io(path, "looking at it again", error);
        let mut now = open(self.directory, &self.place)?;
        let same =
            identity(&now).map_err(failed)? == self.identity && read(&mut now).map_err(failed)? == self.planned.before;
        if same {
            Ok(())
        } else {
            Err(WriteError::Changed(path.clone()))
        }
    }

    /// Whether the file that was swapped out holds what was read: closes the gap between the last look and the swap.
    fn has_taken_what_was_read(&self) -> bool {
        let Way::Replace(staged) = &self.way else {
            return true;
        };
        let old = self.directory.open(staged.name()).and_then(|mut old| read(&mut old));
        old.is_ok_and(|old| old == self.planned.before)
    }

    /// Makes the file what it was; says whether it had been touched.
    pub(super) fn roll_back(&mut self) -> io::Result<bool> {
        match (self.state, &mut self.way) {
            (State::Untouched, _) => return Ok(false),
            (State::Swapped(Swap::Exchanged), Way::Replace(staged)) => {
                if let Err(error) = staged.swap(&self.place.name) {
                    // Under the temporary name is the old file: without a backup the only one, so it becomes it.
                    if self.backup.is_none() {
                        let name = backup::next(self.directory, &self.place.name)?;
                        self.backup = staged.settle(&name).is_ok().then_some(name);
                    }
                    staged.leave();
                    return Err(error.into());
                }
            }
            (_, Way::Replace(_)) => {
                let old = Staged::make(self.directory, &self.place.path, &self.planned.before, &self.attributes);
                old.map_err(io::Error::other)?.swap(&self.place.name)?;
            }
            (_, Way::InPlace(file)) => overwrite(file, &self.planned.before)?,
        }
        self.state = State::Untouched;
        // The old text is in place; that this, too, is on disk can only be asked for.
        let _ = self.directory.sync();
        Ok(true)
    }

    /// Where the old text is to be found after a failed [`Job::roll_back`].
    pub(super) fn old_text(&self) -> Option<PathBuf> {
        let temporary = match (&self.way, self.state) {
            (Way::Replace(staged), State::Swapped(Swap::Exchanged)) => Some(staged.name()),
            _ => None,
        };
        let name = self.backup.as_deref().or(temporary);
        name.map(|name| self.directory.path().join(name))
    }

    /// The end of a write that went well.
    pub(super) fn finish(mut self, options: Options) -> Written {
        if !options.backup {
            self.withdraw_backup();
        }
        Written {
            path: self.planned.path.clone(),
            target: self.place.target.clone(),
            backup: self.backup.as_ref().map(|name| self.directory.path().join(name)),
            in_place: matches!(self.way, Way::InPlace(_)),
        }
    }
}

/// Whether the file can only be written in place, which `options` must then allow.
fn is_bound_to_its_place(file: &File, path: &Path, options: Options) -> Result<bool, WriteError> {
    let metadata = file
        .metadata()
        .map_err(|error| WriteError::io(path, "reading it", error))?;
    let links = metadata.nlink();
    // A kernel without statx says so at the rename instead.
    let flags = rustix::fs::statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS)
        .map_or(StatxAttributes::empty(), |found| found.stx_attributes);
    if flags.intersects(StatxAttributes::IMMUTABLE | StatxAttributes::APPEND) {
        return Err(WriteError::Immutable(path.to_owned()));
    }
    let is_mounted = flags.contains(StatxAttributes::MOUNT_ROOT);
    match (links > 1, is_mounted, options.in_place) {
        (false, false, _) => Ok(false),
        (_, _, true) => Ok(true),
        (true, _, false) => Err(WriteError::HardLinked {
            path: path.to_owned(),
            links,
        }),
        (false, true, false) => Err(WriteError::Mounted(path.to_owned())),
    }
}

/// Writes over the whole of `file`, and to disk; never empties it first.
fn overwrite(file: &File, bytes: &[u8]) -> io::Result<()> {
    file.write_all_at(bytes, 0)?;
    file.set_len(bytes.len() as u64)?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
