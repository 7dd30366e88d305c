//! Writing files so that at every moment the old text or the new one is there, whole, and looks as it did to others.
//!
//! It decides nothing about what is written, and prints nothing.
//!
//! A file is *replaced*: the new text goes to a temporary file beside it, gets owner, group, mode, ACL, label and other
//! extended attributes, goes to disk, and takes the old file's place in one step (`RENAME_EXCHANGE`, so that the old
//! file itself stays at hand until all is well: it is compared once more with what was read, and put back if a later
//! file fails). Everything that can fail is done for all files before the first one is touched.
//!
//! Only where that cannot be — hard links, a file mounted by itself — and only when asked for, a file is written *in
//! place*. Its old text is always in a backup on disk before that; but whoever reads the file at that very moment, or
//! after a kill at that very moment, may see a mixture, which [`undo`] then mends.
//!
//! [`undo`] changes places: the newest backup that differs becomes the file, and what was the file becomes the newest
//! backup. So an undo of an undo brings back the new text.

mod attributes;
mod backup;
mod directory;
mod error;
mod job;
mod staged;

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::slice;

use rustix::fs::FileType;

use crate::bounded::Root;

use self::directory::{Directory, Place};
use self::job::Job;

pub use self::error::{Incomplete, Left, WriteError};

/// A change to one file.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The file, or a symbolic link to it.
    pub path: PathBuf,
    /// What was read from it.
    pub before: Vec<u8>,
    /// What it shall hold.
    pub after: Vec<u8>,
}

/// How to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Write in place a file that cannot be replaced without harm; any other is still replaced.
    pub in_place: bool,
    /// Keep the old text beside the file, with the same owner, mode and extended attributes.
    pub backup: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            in_place: false,
            backup: true,
        }
    }
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The path as given.
    pub path: PathBuf,
    /// The file, all links followed.
    pub target: PathBuf,
    /// Where the old text is.
    pub backup: Option<PathBuf>,
    /// Whether it was written in place.
    pub in_place: bool,
}

/// A file that has its former text again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// The path as given.
    pub path: PathBuf,
    /// The file, all links followed.
    pub target: PathBuf,
    /// The backup that was brought back; it is there no more.
    pub from: PathBuf,
    /// Where the text that was replaced is; an undo of this undo brings it back.
    pub backup: Option<PathBuf>,
}

/// Writes all of `planned`, or none of it as far as a file system allows; a change that changes nothing is left out.
///
/// # Errors
/// After any error every file holds its old text, and no backup of this call is left; the one exception,
/// [`WriteError::Incomplete`], names each file that could not be put back and where its old text is.
pub fn write_all(planned: &[Planned], options: &Options) -> Result<Vec<Written>, WriteError> {
    write_all_in(&Root::default(), planned, options)
}

/// As [`write_all`]; of what lies below `root` no link leads out.
///
/// # Errors
/// As [`write_all`].
pub fn write_all_in(root: &Root, planned: &[Planned], options: &Options) -> Result<Vec<Written>, WriteError> {
    let changes: Vec<&Planned> = planned
        .iter()
        .filter(|planned| planned.before != planned.after)
        .collect();
    let places: Vec<Place> = changes
        .iter()
        .map(|planned| Place::resolve_in(root, &planned.path))
        .collect::<Result<_, _>>()?;
    let held = Directory::lock_all(&places)?;
    write_held(&held, &changes, &places, *options)
}

/// Gives `path` the text of its newest backup that differs from it.
///
/// # Errors
/// As [`write_all`]; [`WriteError::NoBackup`] where there is nothing to bring back.
pub fn undo(path: &Path, options: &Options) -> Result<Undone, WriteError> {
    undo_in(&Root::default(), path, options)
}

/// As [`undo`]; of what lies below `root` no link leads out.
///
/// # Errors
/// As [`undo`].
pub fn undo_in(root: &Root, path: &Path, options: &Options) -> Result<Undone, WriteError> {
    let place = Place::resolve_in(root, path)?;
    let held = Directory::lock_all(slice::from_ref(&place))?;
    let directory = directory_of(&held, &place)?;
    let mut file = job::open(directory, &place)?;
    let failed = |error| WriteError::io(path, "reading it", error);
    let owner = file.metadata().map_err(failed)?.uid();
    let mut before = Vec::new();
    file.read_to_end(&mut before).map_err(failed)?;
    let (from, after) = newest_other(directory, &place, owner, &before)?;
    let planned = Planned {
        path: path.to_owned(),
        before,
        after,
    };
    let written = write_held(&held, &[&planned], slice::from_ref(&place), *options)?;
    // Its text is in the file now. Should it stay, it is no longer the newest that differs.
    let _ = directory.remove(&from);
    Ok(Undone {
        path: path.to_owned(),
        target: place.target,
        from: directory.path().join(from),
        backup: written.into_iter().next().and_then(|written| written.backup),
    })
}

/// The newest backup whose text is not `current`; one that someone else may have planted is passed over.
fn newest_other(
    directory: &Directory,
    place: &Place,
    owner: u32,
    current: &[u8],
) -> Result<(OsString, Vec<u8>), WriteError> {
    let trusted = [0, owner, rustix::process::geteuid().as_raw()];
    let failed = |error: io::Error| WriteError::io(directory.path(), "reading the backups", error);
    for name in backup::list(directory, &place.name).map_err(failed)? {
        if directory.kind(&name).map_err(failed)? != FileType::RegularFile {
            continue;
        }
        let mut file = directory.open(&name).map_err(failed)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(failed)?;
        if trusted.contains(&file.metadata().map_err(failed)?.uid()) && text != current {
            return Ok((name, text));
        }
    }
    Err(WriteError::NoBackup(place.path.clone()))
}

fn write_held(
    held: &[Directory],
    changes: &[&Planned],
    places: &[Place],
    options: Options,
) -> Result<Vec<Written>, WriteError> {
    let mut jobs: Vec<Job<'_>> = Vec::with_capacity(changes.len());
    for (planned, place) in changes.iter().zip(places) {
        let job = Job::prepare(planned, place.clone(), directory_of(held, place)?, options)?;
        if let Some(first) = jobs.iter().find(|other| other.is_same_file(&job)) {
            return Err(WriteError::SameFile {
                first: first.path().to_owned(),
                second: planned.path.clone(),
            });
        }
        jobs.push(job);
    }
    for number in 0..jobs.len() {
        if let Err(cause) = jobs[number].keep_backup() {
            jobs.iter_mut().for_each(Job::withdraw_backup);
            return Err(cause);
        }
    }
    for number in 0..jobs.len() {
        if let Err(cause) = jobs[number].commit() {
            return Err(give_up(jobs, cause));
        }
    }
    Ok(jobs.into_iter().map(|job| job.finish(options)).collect())
}

/// Puts back what was written, newest first, and says what became of each file.
fn give_up(jobs: Vec<Job<'_>>, cause: WriteError) -> WriteError {
    let (mut left, mut restored, mut not_written) = (Vec::new(), Vec::new(), Vec::new());
    for mut job in jobs.into_iter().rev() {
        let path = job.path().to_owned();
        match job.roll_back() {
            Ok(was_written) => {
                job.withdraw_backup();
                if was_written {
                    restored.push(path);
                } else {
                    not_written.push(path);
                }
            }
            Err(source) => left.push(Left {
                path,
                backup: job.old_text(),
                source,
            }),
        }
    }
    if left.is_empty() {
        return cause;
    }
    for list in [&mut restored, &mut not_written] {
        list.reverse();
    }
    WriteError::Incomplete(Box::new(Incomplete {
        cause,
        left,
        restored,
        not_written,
    }))
}

fn directory_of<'a>(held: &'a [Directory], place: &Place) -> Result<&'a Directory, WriteError> {
    held.iter()
        .find(|directory| directory.path() == place.parent)
        .ok_or_else(|| WriteError::NotFound(place.path.clone()))
}
