//! One file on its way from old to new: prepared, backed up, swapped, and put back if need be.
//!
//! In which order several files go, and when they are on disk, [`super::batch`] decides.

mod kept;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use super::attributes::Attributes;
use super::directory::{Directory, Looked};
use super::error::WriteError;
use super::in_place::{is_bound_to_its_place, overwrite};
use super::place::ResolvedPath;
use super::staged::Staged;
use super::{Options, Planned, Written};

/// What tells a file from another one and from its own later self.
type Identity = (u64, u64, u64, (i64, i64), (i64, i64));

/// What no two files have in common.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Inode(u64, u64),
    Target(PathBuf),
}

/// How the new text gets there.
#[derive(Debug)]
enum Way<'a> {
    /// A temporary file becomes the file, which is not there yet.
    Create(Staged<'a>),
    Replace(Staged<'a>),
    InPlace(File),
}

/// How far it got.
#[derive(Debug)]
enum State<'a> {
    Untouched,
    Created,
    /// The old file has the temporary name of the new one; to exchange once more brings it back.
    Exchanged,
    /// The file system cannot exchange: the old file has this temporary name.
    Replaced(Staged<'a>),
    WrittenInPlace,
}

/// What there is of the file before it is written.
#[derive(Debug)]
struct Old {
    identity: Identity,
    attributes: Attributes,
}

/// One file of a [`super::write_all`].
#[derive(Debug)]
pub(super) struct WriteJob<'a> {
    planned: &'a Planned,
    place: ResolvedPath,
    directory: &'a Directory,
    /// Where the backup goes.
    shelf: &'a Directory,
    /// None where the file is not there yet.
    old: Option<Old>,
    way: Way<'a>,
    /// With the name that it is to get.
    waiting_backup: Option<(Staged<'a>, OsString)>,
    backup: Option<OsString>,
    /// The old file under a temporary name that it keeps, as nothing else could be done.
    left: Option<PathBuf>,
    state: State<'a>,
}

/// Opens the file at `place` for reading, if it is a regular one; anything else is not opened.
pub(super) fn open(directory: &Directory, place: &ResolvedPath) -> Result<(File, Looked), WriteError> {
    let failed = |error| WriteError::io(&place.path, "opening it", error);
    let looked = directory.look(&place.name).map_err(failed)?;
    if let Some(kind) = looked.other_kind() {
        return Err(WriteError::NotRegular {
            path: place.path.clone(),
            kind,
        });
    }
    let file = directory.open(&place.name, &looked).map_err(failed)?;
    Ok((file, looked))
}

/// Whether `file` holds exactly `text`; no more of it is read than that takes.
fn holds(file: &File, text: &[u8]) -> io::Result<bool> {
    // One byte more, by which a longer file shows; with room for it the file is read in one piece.
    let mut found = Vec::with_capacity(text.len() + 1);
    file.take(text.len() as u64 + 1).read_to_end(&mut found)?;
    Ok(found == text)
}

fn identity(file: &File) -> io::Result<Identity> {
    let m = file.metadata()?;
    let (changed, modified) = ((m.ctime(), m.ctime_nsec()), (m.mtime(), m.mtime_nsec()));
    Ok((m.dev(), m.ino(), m.size(), modified, changed))
}

impl<'a> WriteJob<'a> {
    /// Makes every check, and writes the new text and the backup under temporary names; the backup in `shelf`. They are
    /// not on disk yet: see [`WriteJob::unsynced`].
    pub(super) fn prepare(
        planned: &'a Planned,
        place: ResolvedPath,
        directory: &'a Directory,
        shelf: &'a Directory,
        options: &Options,
    ) -> Result<Self, WriteError> {
        let path = &planned.path;
        let Some(before) = &planned.before else {
            return Self::prepare_new(planned, place, directory, shelf);
        };
        let failed = |error| WriteError::io(path, "reading it", error);
        let (file, looked) = open(directory, &place)?;
        let must_stay = is_bound_to_its_place(&file, path, &place.target, options)?;
        let identity = identity(&file).map_err(failed)?;
        if !holds(&file, before).map_err(failed)? {
            return Err(WriteError::Changed(path.clone()));
        }
        let attributes = Attributes::of(&file).map_err(failed)?;
        let way = if must_stay {
            let file = directory.open_to_write(&place.name, &looked);
            Way::InPlace(file.map_err(|error| WriteError::io(path, "opening it to write", error))?)
        } else {
            Way::Replace(Staged::make(directory, path, &planned.after, Some(&attributes), None)?)
        };
        let waiting_backup = if options.backup || must_stay {
            Some(kept::waiting(planned, &place, shelf, &attributes)?)
        } else {
            None
        };
        Ok(Self {
            planned,
            place,
            directory,
            shelf,
            old: Some(Old { identity, attributes }),
            way,
            waiting_backup,
            backup: None,
            left: None,
            state: State::Untouched,
        })
    }

    fn prepare_new(
        planned: &'a Planned,
        place: ResolvedPath,
        directory: &'a Directory,
        shelf: &'a Directory,
    ) -> Result<Self, WriteError> {
        if directory.look(&place.name).is_ok() {
            return Err(WriteError::Changed(planned.path.clone()));
        }
        Ok(Self {
            way: Way::Create(Staged::make(directory, &planned.path, &planned.after, None, None)?),
            planned,
            place,
            directory,
            shelf,
            old: None,
            waiting_backup: None,
            backup: None,
            left: None,
            state: State::Untouched,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.planned.path
    }

    /// What no two files have in common: device and inode, or the path where there is no file yet.
    pub(super) fn key(&self) -> Key {
        match &self.old {
            Some(old) => Key::Inode(old.identity.0, old.identity.1),
            None => Key::Target(self.place.target.clone()),
        }
    }

    /// The files that are to be on disk before [`WriteJob::keep_backup`].
    pub(super) fn unsynced(&self) -> impl Iterator<Item = &File> {
        let new = match &self.way {
            Way::Create(staged) | Way::Replace(staged) => staged.unsynced(),
            Way::InPlace(_) => None,
        };
        let backup = self.waiting_backup.as_ref();
        new.into_iter().chain(backup.and_then(|(staged, _)| staged.unsynced()))
    }

    /// They are, and need to be open no longer.
    pub(super) fn close(&mut self) {
        if let Way::Create(staged) | Way::Replace(staged) = &mut self.way {
            staged.close();
        }
        if let Some((staged, _)) = &mut self.waiting_backup {
            staged.close();
        }
    }

    /// The directory that has another file under the name than before, if it has.
    pub(super) fn changed_directory(&self) -> Option<&'a Directory> {
        (!matches!(self.way, Way::InPlace(_))).then_some(self.directory)
    }

    /// Old becomes new; for good once its directory is on disk. After an error [`WriteJob::roll_back`] is due.
    pub(super) fn commit(&mut self) -> Result<(), WriteError> {
        self.check_unchanged()?;
        self.put_in_place()
    }

    fn put_in_place(&mut self) -> Result<(), WriteError> {
        let path = &self.planned.path;
        let failed = |error: Errno| match error {
            Errno::BUSY => WriteError::Mounted(path.clone()),
            other => WriteError::io(path, "replacing it", other),
        };
        match &mut self.way {
            Way::InPlace(file) => {
                let growth = self.planned.after.len() as u64;
                match rustix::fs::fallocate(&*file, FallocateFlags::KEEP_SIZE, 0, growth) {
                    Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => {}
                    Err(error) => return Err(WriteError::io(path, "making room for it", error)),
                }
                self.state = State::WrittenInPlace;
                return overwrite(file, &self.planned.after).map_err(|error| WriteError::io(path, "writing it", error));
            }
            Way::Create(staged) => {
                staged.settle(&self.place.name).map_err(|error| match error {
                    Errno::EXIST => WriteError::Changed(path.clone()),
                    other => failed(other),
                })?;
                self.state = State::Created;
            }
            Way::Replace(staged) => {
                if staged.exchange(&self.place.name).map_err(failed)? {
                    self.state = State::Exchanged;
                    if !self.has_taken_what_was_read() {
                        return Err(WriteError::Changed(path.clone()));
                    }
                } else {
                    let aside = self.set_aside()?;
                    if let Way::Replace(staged) = &mut self.way {
                        staged.replace(&self.place.name).map_err(failed)?;
                    }
                    self.state = State::Replaced(aside);
                }
            }
        }
        Ok(())
    }

    /// The old file under a temporary name, before it loses its own: a further name of it, or a copy.
    fn set_aside(&self) -> Result<Staged<'a>, WriteError> {
        if let Ok(linked) = Staged::link(self.directory, &self.place.name) {
            return Ok(linked);
        }
        let attributes = self.old.as_ref().map(|old| &old.attributes);
        let text = self.planned.before.as_deref().unwrap_or_default();
        let path = &self.place.path;
        let mut copy = Staged::make(self.directory, path, text, attributes, None)?;
        copy.sync()
            .map_err(|error| WriteError::io(path, "writing a file beside it", error))?;
        Ok(copy)
    }

    fn check_unchanged(&self) -> Result<(), WriteError> {
        let path = &self.planned.path;
        let failed = |error| WriteError::io(path, "looking at it again", error);
        let (Some(old), Some(before)) = (&self.old, &self.planned.before) else {
            return Ok(());
        };
        let (now, _) = open(self.directory, &self.place)?;
        if identity(&now).map_err(failed)? == old.identity && holds(&now, before).map_err(failed)? {
            Ok(())
        } else {
            Err(WriteError::Changed(path.clone()))
        }
    }

    /// Whether the file that was swapped out holds what was read: closes the gap between the last look and the swap.
    fn has_taken_what_was_read(&self) -> bool {
        let (Way::Replace(staged), Some(before)) = (&self.way, &self.planned.before) else {
            return true;
        };
        let looked = self.directory.look(staged.name());
        let old = looked.and_then(|looked| self.directory.open(staged.name(), &looked));
        old.and_then(|old| holds(&old, before)).unwrap_or(false)
    }

    /// Makes the file what it was; says whether it had been touched.
    pub(super) fn roll_back(&mut self) -> io::Result<bool> {
        let done = match (&mut self.state, &mut self.way) {
            (State::Untouched, _) => return Ok(false),
            (State::Created, Way::Create(staged)) => remove_own(self.directory, &self.place.name, staged),
            (State::Exchanged, Way::Replace(staged)) => match staged.exchange(&self.place.name) {
                Ok(true) => Ok(()),
                Ok(false) => Err(Errno::NOSYS.into()),
                Err(error) => Err(error.into()),
            },
            (State::Replaced(aside), _) => aside.replace(&self.place.name).map_err(io::Error::from),
            (_, Way::InPlace(file)) => {
                let old = self.planned.before.as_deref().unwrap_or_default();
                overwrite(file, old)
            }
            // A state and a way that never meet.
            (_, Way::Replace(_) | Way::Create(_)) => Ok(()),
        };
        if let Err(error) = done {
            self.keep_old_file();
            return Err(error);
        }
        self.state = State::Untouched;
        Ok(true)
    }

    /// After a failed [`WriteJob::roll_back`]: the old file has a temporary name, and stays where there is no backup.
    fn keep_old_file(&mut self) {
        let ((State::Exchanged, Way::Replace(staged)) | (State::Replaced(staged), _)) =
            (&mut self.state, &mut self.way)
        else {
            return;
        };
        if self.backup.is_none() {
            staged.leave();
            self.left = Some(self.directory.path().join(staged.name()));
        }
    }

    /// Where the old text is to be found after a failed [`WriteJob::roll_back`]; none where there was none.
    pub(super) fn old_text(&self) -> Option<PathBuf> {
        let backup = self.backup.as_ref().map(|name| self.shelf.path().join(name));
        backup.or_else(|| self.left.clone())
    }

    /// Whether the file was not there before.
    pub(super) fn is_new(&self) -> bool {
        self.old.is_none()
    }

    /// The end of a write that went well.
    pub(super) fn finish(mut self, options: &Options) -> Written {
        let kept = if options.backup {
            self.backup.as_ref().map(|name| self.shelf.path().join(name))
        } else {
            // One that cannot be removed is there, and named.
            self.withdraw_backup()
        };
        Written {
            path: self.planned.path.clone(),
            target: self.place.target.clone(),
            backup: kept,
            in_place: matches!(self.way, Way::InPlace(_)),
        }
    }
}

/// Removes `name` if it is the file that was made, and not what somebody put there since.
fn remove_own(directory: &Directory, name: &OsStr, staged: &Staged<'_>) -> io::Result<()> {
    if staged.is_made(&directory.look(name)?) {
        return directory.remove(name);
    }
    Err(io::Error::other("somebody replaced it meanwhile"))
}

#[cfg(test)]
mod tests;
