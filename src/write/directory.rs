//! The directory a file is written in: opened without following a link, locked, and never left for another one.
//!
//! What is in it is looked at before it is opened, by a handle that opens nothing (`O_PATH`), so that no FIFO and no
//! device is ever opened and nothing can take a file's place between the look and the opening.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::backup::Listing;
use super::error::WriteError;
use super::lock::{self, Lock, PATIENCE};
use super::place::ResolvedPath;

/// A directory that no other novamend writes in while this value lives.
#[derive(Debug)]
pub(super) struct Directory {
    file: Rc<File>,
    path: PathBuf,
    identity: (u64, u64),
    /// One where two of these are the same directory; none where nothing is made in it.
    lock: Option<Rc<Lock>>,
    /// The names of the files that it is locked for, here and in other directories.
    files: Rc<HashSet<OsString>>,
    /// Their backups in it, once somebody has asked for one.
    backups: OnceCell<Listing>,
}

/// What has a name in a directory, a link not followed; nothing is opened by it.
#[derive(Debug)]
pub(super) struct Looked {
    handle: OwnedFd,
    stat: Stat,
}

impl Looked {
    /// What it is if it is no regular file, with its article.
    pub(super) fn other_kind(&self) -> Option<&'static str> {
        match FileType::from_raw_mode(self.stat.st_mode) {
            FileType::RegularFile => None,
            FileType::Directory => Some("a directory"),
            FileType::Symlink => Some("a symbolic link"),
            FileType::Fifo => Some("a FIFO"),
            FileType::Socket => Some("a socket"),
            FileType::CharacterDevice | FileType::BlockDevice => Some("a device"),
            FileType::Unknown => Some("something else"),
        }
    }

    /// Its owner's number.
    pub(super) fn owner(&self) -> u32 {
        self.stat.st_uid
    }

    /// By device and inode.
    pub(super) fn identity(&self) -> (u64, u64) {
        (self.stat.st_dev, self.stat.st_ino)
    }

    /// In bytes.
    pub(super) fn size(&self) -> u64 {
        self.stat.st_size.cast_unsigned()
    }
}

impl Directory {
    /// `path`, of which no part is a link, to read from.
    pub(super) fn open_directory(path: &Path) -> Result<Self, WriteError> {
        let failed = |error: io::Error| WriteError::io(path, "opening the directory", error);
        let file = walk(path).map_err(|error| failed(error.into()))?;
        let metadata = file.metadata().map_err(failed)?;
        Ok(Self {
            file: Rc::new(file),
            path: path.to_owned(),
            identity: (metadata.dev(), metadata.ino()),
            lock: None,
            files: Rc::default(),
            backups: OnceCell::new(),
        })
    }

    /// Every directory of `places` and `shelf`, each locked once, in the order of their paths; they are let go when the
    /// list is dropped. Where there is a shelf, files may lie in directories that nothing can be made in.
    pub(super) fn lock_all(places: &[ResolvedPath], shelf: Option<&Path>) -> Result<Vec<Self>, WriteError> {
        let mut parents: Vec<&Path> = places.iter().map(|place| place.parent.as_path()).collect();
        parents.extend(shelf);
        parents.sort_unstable();
        parents.dedup();
        let files: Rc<HashSet<OsString>> = Rc::new(places.iter().map(|place| place.name.clone()).collect());
        let mut held: Vec<Self> = Vec::with_capacity(parents.len());
        let mut known: HashMap<(u64, u64), usize> = HashMap::new();
        for parent in parents {
            let mut directory = Self::open_directory(parent)?;
            directory.files = Rc::clone(&files);
            // One directory under two names (a bind mount) would meet its own lock.
            directory.lock = match known.get(&directory.identity) {
                Some(&other) => held[other].lock.clone(),
                None => match Lock::take(&directory.file, parent, PATIENCE) {
                    Ok(lock) => Some(Rc::new(lock)),
                    Err(error) if shelf.is_some_and(|shelf| shelf != parent) && error.is_refused_writing() => None,
                    Err(error) => return Err(error),
                },
            };
            known.entry(directory.identity).or_insert(held.len());
            held.push(directory);
        }
        Ok(held)
    }

    /// The directory at `path` among those that [`Directory::lock_all`] has locked.
    pub(super) fn find<'a>(held: &'a [Self], path: &Path) -> Result<&'a Self, WriteError> {
        held.binary_search_by(|directory| directory.path().cmp(path))
            .map(|at| &held[at])
            .map_err(|_| WriteError::NotFound(path.to_owned()))
    }

    /// Removes what killed runs left in `path`, if any did; best effort, as it does no harm.
    pub(super) fn tidy(path: &Path) {
        if let Ok(directory) = Self::open_directory(path)
            && lock::is_left(&directory.file)
        {
            let _ = Lock::take(&directory.file, path, Duration::ZERO);
        }
    }

    /// Puts `name` on the list of what the next run removes should this one be killed.
    pub(super) fn note(&self, name: &OsStr) -> io::Result<()> {
        match &self.lock {
            Some(lock) => lock.note(name),
            None => Err(Errno::ROFS.into()),
        }
    }

    /// Takes it off that list.
    pub(super) fn forget(&self, name: &OsStr) -> io::Result<()> {
        self.lock.as_ref().map_or(Ok(()), |lock| lock.forget(name))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The open directory, to bring what has a name in it to disk.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// By device and inode.
    pub(super) fn identity(&self) -> (u64, u64) {
        self.identity
    }

    /// The backups in it of the files that it is locked for, as of the first time that they are asked for.
    pub(super) fn backups(&self) -> io::Result<&Listing> {
        if let Some(listing) = self.backups.get() {
            return Ok(listing);
        }
        let mut listing = Listing::default();
        for entry in Dir::read_from(&*self.file)? {
            listing.add(OsStr::from_bytes(entry?.file_name().to_bytes()), &self.files);
        }
        Ok(self.backups.get_or_init(|| listing))
    }

    /// Looks at `name` without opening it.
    pub(super) fn look(&self, name: &OsStr) -> io::Result<Looked> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = rustix::fs::openat(&*self.file, name, flags, Mode::empty())?;
        let stat = rustix::fs::fstat(&handle)?;
        Ok(Looked { handle, stat })
    }

    /// Opens for reading the very file that was looked at, which is a regular one.
    pub(super) fn open(&self, name: &OsStr, looked: &Looked) -> io::Result<File> {
        self.open_with(name, looked, OFlags::RDONLY)
    }

    /// Opens it for writing, its content left as it is.
    pub(super) fn open_to_write(&self, name: &OsStr, looked: &Looked) -> io::Result<File> {
        self.open_with(name, looked, OFlags::RDWR)
    }

    fn open_with(&self, name: &OsStr, looked: &Looked, access: OFlags) -> io::Result<File> {
        if let Some(kind) = looked.other_kind() {
            return Err(io::Error::other(format!("it is {kind}")));
        }
        let flags = access | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        let again = format!("/proc/self/fd/{}", looked.handle.as_raw_fd());
        match rustix::fs::open(again, flags, Mode::empty()) {
            Ok(file) => return Ok(file.into()),
            Err(Errno::NOENT | Errno::NOTDIR) => {}
            Err(error) => return Err(error.into()),
        }
        // Without /proc by its name; that it is still the same file is looked at afterwards.
        let file: File = rustix::fs::openat(&*self.file, name, flags | OFlags::NOFOLLOW, Mode::empty())?.into();
        let now = rustix::fs::fstat(&file)?;
        if (now.st_dev, now.st_ino) == (looked.stat.st_dev, looked.stat.st_ino) {
            Ok(file)
        } else {
            Err(io::Error::other("another file took its place"))
        }
    }

    /// Creates `name`, which must not exist: private to this user, or as open as the user's umask lets new files be.
    pub(super) fn create(&self, name: &OsStr, is_private: bool) -> rustix::io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = if is_private { 0o600 } else { 0o666 };
        Ok(rustix::fs::openat(&*self.file, name, flags, Mode::from_raw_mode(mode))?.into())
    }

    /// Gives the file `from` the further name `to`, which nothing has; a link is not followed.
    pub(super) fn link(&self, from: &OsStr, to: &OsStr) -> rustix::io::Result<()> {
        rustix::fs::linkat(&*self.file, from, &*self.file, to, AtFlags::empty())
    }

    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&*self.file, name, AtFlags::empty())?)
    }

    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> rustix::io::Result<()> {
        rustix::fs::renameat(&*self.file, from, &*self.file, to)
    }

    pub(super) fn rename_with(
        &self,
        from: &OsStr,
        to: &OsStr,
        flags: rustix::fs::RenameFlags,
    ) -> rustix::io::Result<()> {
        rustix::fs::renameat_with(&*self.file, from, &*self.file, to, flags)
    }
}

/// Opens `path`, which is absolute, part by part, and follows no link: what became one meanwhile is refused.
fn walk(path: &Path) -> rustix::io::Result<File> {
    let through = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let mut at = rustix::fs::open("/", through, Mode::empty())?;
    for component in path.components() {
        if let Component::Normal(name) = component {
            at = rustix::fs::openat(&at, name, through, Mode::empty())?;
        }
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(&at, ".", flags, Mode::empty())?.into())
}
