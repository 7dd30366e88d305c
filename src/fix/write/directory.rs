//! The directory a file is written in: found through symbolic links, locked, and cleared of what a killed run left.
//!
//! The lock is an advisory `flock` on the directory itself: it leaves no file behind, it outlives the renames that
//! would carry a lock on the file away, it ends with the process, and whoever holds it knows that every temporary file
//! there is nobody's any more. A second novamend does not wait: it would find the file changed anyway.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, Mode, OFlags};

use super::error::WriteError;
use crate::bounded::Root;

/// Where a path leads: the file itself, all symbolic links followed.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The path as given.
    pub(super) path: PathBuf,
    /// The file.
    pub(super) target: PathBuf,
    /// The directory the file is in.
    pub(super) parent: PathBuf,
    /// Its name there.
    pub(super) name: OsString,
    /// The directory, opened, where it was found below another root: there no path may be gone a second time.
    pub(super) opened: Option<Arc<File>>,
}

impl Place {
    /// As [`Place::resolve`], but no link leads out of `root` where `path` lies below it.
    pub(super) fn resolve_in(root: &Root, path: &Path) -> Result<Self, WriteError> {
        let found = root
            .directory_of(path)
            .map_err(|error| WriteError::io(path, "finding it", error))?;
        let Some((directory, name, target)) = found else {
            return Self::resolve(path);
        };
        Ok(Self {
            path: path.to_owned(),
            parent: target.parent().unwrap_or(Path::new("")).to_owned(),
            name,
            target,
            opened: Some(Arc::new(directory)),
        })
    }

    pub(super) fn resolve(path: &Path) -> Result<Self, WriteError> {
        let target = path
            .canonicalize()
            .map_err(|error| WriteError::io(path, "finding it", error))?;
        let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
            return Err(WriteError::NotRegular {
                path: path.to_owned(),
                kind: "a directory",
            });
        };
        Ok(Self {
            path: path.to_owned(),
            parent: parent.to_owned(),
            name: name.to_owned(),
            target: target.clone(),
            opened: None,
        })
    }
}

/// A directory that no other novamend writes in while this value lives.
#[derive(Debug)]
pub(super) struct Directory {
    file: File,
    path: PathBuf,
    identity: (u64, u64),
}

impl Directory {
    #[cfg(test)]
    pub(super) fn lock(path: &Path) -> Result<Self, WriteError> {
        let failed = |error| WriteError::io(path, "opening the directory", error);
        Self::lock_opened(path, File::open(path).map_err(failed)?)
    }

    /// Locks the directory `file`, which goes by `path`, and removes the temporary files of killed runs.
    fn lock_opened(path: &Path, file: File) -> Result<Self, WriteError> {
        let failed = |error| WriteError::io(path, "opening the directory", error);
        let metadata = file.metadata().map_err(failed)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(WriteError::Locked(path.to_owned())),
            Err(error) => return Err(WriteError::io(path, "locking the directory", error)),
        }
        let directory = Self {
            file,
            path: path.to_owned(),
            identity: (metadata.dev(), metadata.ino()),
        };
        directory.clear_leftovers();
        Ok(directory)
    }

    /// Every directory of `places`, each locked once; they are let go when the list is dropped.
    pub(super) fn lock_all(places: &[Place]) -> Result<Vec<Self>, WriteError> {
        let mut places: Vec<&Place> = places.iter().collect();
        places.sort_unstable_by_key(|place| &place.parent);
        places.dedup_by_key(|place| &place.parent);
        let mut held: Vec<Self> = Vec::new();
        for place in places {
            let parent = place.parent.as_path();
            let failed = |error| WriteError::io(parent, "opening the directory", error);
            let file = match &place.opened {
                Some(opened) => opened.try_clone(),
                None => File::open(parent),
            };
            let file = file.map_err(failed)?;
            // One directory under two names (a bind mount) would meet its own lock.
            let known = file.metadata().map(|metadata| (metadata.dev(), metadata.ino()));
            match held
                .iter()
                .find(|other| Some(other.identity) == known.as_ref().ok().copied())
            {
                Some(other) => {
                    held.push(Self {
                        file: other.file.try_clone().map_err(failed)?,
                        path: parent.to_owned(),
                        identity: other.identity,
                    });
                }
                None => held.push(Self::lock_opened(parent, file)?),
            }
        }
        Ok(held)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Opens `name` for reading without following a link and without waiting for anybody.
    pub(super) fn open(&self, name: &OsStr) -> io::Result<File> {
        self.open_with(name, OFlags::RDONLY)
    }

    /// Opens the file `name` for writing, its content left as it is.
    pub(super) fn open_to_write(&self, name: &OsStr) -> io::Result<File> {
        self.open_with(name, OFlags::RDWR)
    }

    fn open_with(&self, name: &OsStr, access: OFlags) -> io::Result<File> {
        let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        Ok(rustix::fs::openat(&self.file, name, flags, Mode::empty())?.into())
    }

    /// Creates `name`, which must not exist, private to this user.
    pub(super) fn create(&self, name: &OsStr) -> rustix::io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.file, name, flags, Mode::RUSR | Mode::WUSR)?.into())
    }

    /// What `name` is, a link not followed.
    pub(super) fn kind(&self, name: &OsStr) -> io::Result<FileType> {
        let found = rustix::fs::statat(&self.file, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(FileType::from_raw_mode(found.st_mode))
    }

    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.file, name, AtFlags::empty())?)
    }

    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> rustix::io::Result<()> {
        rustix::fs::renameat(&self.file, from, &self.file, to)
    }

    pub(super) fn rename_with(
        &self,
        from: &OsStr,
        to: &OsStr,
        flags: rustix::fs::RenameFlags,
    ) -> rustix::io::Result<()> {
        rustix::fs::renameat_with(&self.file, from, &self.file, to, flags)
    }

    /// The names in it.
    pub(super) fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.file)? {
            names.push(OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned());
        }
        Ok(names)
    }

    /// Best effort: one that cannot be removed does no harm, as nova and `--config-dir` never read it.
    fn clear_leftovers(&self) {
        for name in self.names().unwrap_or_default() {
            let ours = super::staged::is_temporary(&name);
            if ours && self.kind(&name).is_ok_and(|kind| kind == FileType::RegularFile) {
                let _ = self.remove(&name);
            }
        }
    }
}

impl Drop for Directory {
    /// Lets go at once: a process forked meanwhile has the same lock until it executes another program.
    fn drop(&mut self) {
        let _ = rustix::fs::flock(&self.file, FlockOperation::Unlock);
    }
}
