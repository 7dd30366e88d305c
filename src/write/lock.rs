//! The lock of a directory: a file there that only its owner and root can open, and that names the temporary files of
//! this run.
//!
//! A lock on the directory itself, or on the file, could be held by anybody who may read it. This one is private
//! (0600), so that nobody without write permission in the directory can hold novamend up, and what somebody else put
//! under its name is passed by. It is removed at the end. Killed, a run leaves it, and the next one, which gets the
//! lock because the dead hold none, removes exactly the temporary files it names: those are novamend's own.

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::error::WriteError;
use super::staged::is_temporary;

/// How long another novamend is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(20);
/// What the names of locks begin with.
const START: &str = ".novamend-lock-";
/// So many names of locks are tried where somebody else put something under them.
const MOST_NAMES: u32 = 1000;
/// More is not read of a list of temporary files, in bytes.
const MOST_LISTED: u64 = 16 << 20;

fn name_of(number: u32) -> OsString {
    OsString::from(format!("{START}{number}.tmp"))
}

/// Whether there is a lock in `directory`, or something under its name, which [`Lock::take`] then looks at.
pub(super) fn is_left(directory: &File) -> bool {
    kind(directory, &name_of(0)).is_some()
}

/// The lock, held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    directory: Rc<File>,
    file: File,
    name: OsString,
    /// The temporary files of this run.
    listed: RefCell<Vec<OsString>>,
}

impl Lock {
    /// Takes the lock of `directory`, which is at `path`, and removes what a killed run left there.
    ///
    /// # Errors
    /// Another novamend holds it for longer than `patience`, or the lock cannot be made.
    pub(super) fn take(directory: &Rc<File>, path: &Path, patience: Duration) -> Result<Self, WriteError> {
        let failed = |error: io::Error| WriteError::io(path, "locking the directory", error);
        let until = Instant::now() + patience;
        let owner = directory.metadata().map_err(failed)?.uid();
        for number in 0..MOST_NAMES {
            let name = name_of(number);
            if let Some(file) = hold(directory, path, &name, owner, until)? {
                let lock = Self {
                    directory: Rc::clone(directory),
                    file,
                    name,
                    listed: RefCell::default(),
                };
                lock.clear_leftovers().map_err(failed)?;
                return Ok(lock);
            }
        }
        Err(WriteError::Locked {
            directory: path.to_owned(),
            holder: Some(
                "files of other users occupy every name of the lock, `.novamend-lock-0.tmp` and the \
                          following"
                    .to_owned(),
            ),
        })
    }

    /// Puts `name` on the list of temporary files, before it is made.
    pub(super) fn note(&self, name: &OsStr) -> io::Result<()> {
        let mut line = name.as_bytes().to_vec();
        line.push(b'\n');
        (&self.file).write_all(&line)?;
        self.listed.borrow_mut().push(name.to_owned());
        Ok(())
    }

    /// Takes `name` off the list: it is a temporary file no more, or is to be kept.
    pub(super) fn forget(&self, name: &OsStr) -> io::Result<()> {
        self.listed.borrow_mut().retain(|listed| listed != name);
        self.file.set_len(0)?;
        let mut text = Vec::new();
        for name in self.listed.borrow().iter() {
            text.extend_from_slice(name.as_bytes());
            text.push(b'\n');
        }
        (&self.file).write_all(&text)
    }

    /// What cannot be removed stays on the list, and the list stays then.
    fn clear_leftovers(&self) -> io::Result<()> {
        let mut listed = Vec::new();
        (&self.file).take(MOST_LISTED).read_to_end(&mut listed)?;
        for name in listed.split(|&byte| byte == b'\n') {
            let name = OsString::from_vec(name.to_vec());
            let is_left = is_temporary(&name) && kind(&self.directory, &name) == Some(FileType::RegularFile);
            if is_left && rustix::fs::unlinkat(&*self.directory, &name, AtFlags::empty()).is_err() {
                self.listed.borrow_mut().push(name);
            }
        }
        if listed.is_empty() {
            return Ok(());
        }
        self.forget(OsStr::new(""))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let is_there = |name: &OsString| kind(&self.directory, name).is_some();
        if !self.listed.borrow().iter().any(is_there) {
            // Should it stay, the next run takes it.
            let _ = rustix::fs::unlinkat(&*self.directory, &self.name, AtFlags::empty());
        }
        // At once: a process forked meanwhile has the same lock until it executes another program.
        let _ = rustix::fs::flock(&self.file, FlockOperation::Unlock);
    }
}

fn kind(directory: &File, name: &OsStr) -> Option<FileType> {
    let found = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
    Some(FileType::from_raw_mode(found.st_mode))
}

/// Holds the lock `name`; `None` where that is somebody else's file.
fn hold(directory: &File, path: &Path, name: &OsStr, owner: u32, until: Instant) -> Result<Option<File>, WriteError> {
    let failed = |error: Errno| WriteError::io(path, "locking the directory", error);
    loop {
        let file = match open(directory, name, owner) {
            Ok(Opened::File(file)) => file,
            Ok(Opened::Gone) => continue,
            Ok(Opened::Foreign) => return Ok(None),
            Err(Errno::ACCESS) if rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).is_ok() => {
                return Err(locked(path, name, None));
            }
            Err(error) => return Err(failed(error)),
        };
        let found = rustix::fs::fstat(&file).map_err(failed)?;
        while let Err(error) = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            if error != Errno::WOULDBLOCK {
                return Err(failed(error));
            }
            if Instant::now() >= until {
                return Err(locked(path, name, holder(found.st_ino)));
            }
            std::thread::sleep(PAUSE);
        }
        // Whoever held it has removed it meanwhile: it locks nothing any more.
        let now = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW);
        if now.is_ok_and(|now| (now.st_dev, now.st_ino) == (found.st_dev, found.st_ino)) {
            return Ok(Some(file));
        }
    }
}

/// What has the name of a lock.
enum Opened {
    File(File),
    /// It was there, and is no more.
    Gone,
    /// Somebody else's.
    Foreign,
}

/// Makes the lock `name`, or opens it where it is one of novamend's.
fn open(directory: &File, name: &OsStr, owner: u32) -> Result<Opened, Errno> {
    let flags = OFlags::RDWR | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let new = flags | OFlags::CREATE | OFlags::EXCL;
    match rustix::fs::openat(directory, name, new, Mode::RUSR | Mode::WUSR) {
        Ok(file) => return Ok(Opened::File(file.into())),
        Err(Errno::EXIST) => {}
        Err(error) => return Err(error),
    }
    match rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(found) if !is_ours(&found, owner) => return Ok(Opened::Foreign),
        Ok(_) => {}
        Err(Errno::NOENT) => return Ok(Opened::Gone),
        Err(error) => return Err(error),
    }
    let file = match rustix::fs::openat(directory, name, flags | OFlags::NONBLOCK, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(Opened::Gone),
        Err(Errno::LOOP | Errno::NXIO | Errno::ISDIR) => return Ok(Opened::Foreign),
        Err(error) => return Err(error),
    };
    let found = rustix::fs::fstat(&file)?;
    if is_ours(&found, owner) {
        return Ok(Opened::File(file));
    }
    Ok(if found.st_nlink == 0 {
        Opened::Gone
    } else {
        Opened::Foreign
    })
}

/// Whether it is a lock that novamend makes: private, and of root, of this user or of the directory's owner.
fn is_ours(found: &rustix::fs::Stat, owner: u32) -> bool {
    let trusted = [0, owner, rustix::process::geteuid().as_raw()];
    FileType::from_raw_mode(found.st_mode) == FileType::RegularFile
        && Mode::from_raw_mode(found.st_mode) & (Mode::RWXG | Mode::RWXO) == Mode::empty()
        && found.st_nlink == 1
        && trusted.contains(&found.st_uid)
}

fn locked(path: &Path, name: &OsStr, holder: Option<String>) -> WriteError {
    let at: PathBuf = path.join(name);
    WriteError::Locked {
        directory: path.to_owned(),
        holder: Some(holder.unwrap_or_else(|| format!("it holds `{}`", at.display()))),
    }
}

/// Who holds the lock on the file with this inode number, as far as `/proc` can tell.
fn holder(inode: u64) -> Option<String> {
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let end = format!(":{inode}");
    let process: u32 = locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_it = words.contains(&"FLOCK") && words.get(5).is_some_and(|file| file.ends_with(&end));
        is_it.then(|| words.get(4)?.parse().ok()).flatten()
    })?;
    let name = fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
    let name: String = name.chars().filter(char::is_ascii_graphic).collect();
    Some(format!("process {process}, `{name}`"))
}
