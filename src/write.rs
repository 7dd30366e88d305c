//! Writing files so that at every moment the old text or the new one is there, whole, and looks as it did to others.
//!
//! It decides nothing about what is written, and prints nothing. Everything that novamend and `novamend-verify` write
//! for somebody to keep is written here: nova.conf, settings, reports.
//!
//! A file is *replaced*: the new text goes to a temporary file beside it, gets owner, group, mode, ACL, label and other
//! extended attributes, goes to disk, and takes the old file's place in one step (`RENAME_EXCHANGE`, so that the old
//! file itself stays at hand until all is well: it is compared once more with what was read, and put back if a later
//! file fails; where a file system cannot exchange, the old file gets a further name first). Everything that can fail
//! is done for all files before the first one is touched. A file that is not there yet is *created* in the same way.
//!
//! Only where that cannot be — hard links, a file mounted by itself — and only when asked for, a file is written *in
//! place*. Its old text is always in a backup on disk before that; but whoever reads the file at that very moment, or
//! after a kill at that very moment, may see a mixture, which [`undo()`] then repairs.
//!
//! [`undo()`] changes places: the newest backup that differs becomes the file, and what was the file becomes the newest
//! backup. So an undo of an undo brings back the new text.

mod attributes;
mod backup;
mod batch;
mod directory;
mod document;
mod error;
mod flush;
mod in_place;
mod job;
mod lock;
mod mark;
mod place;
mod staged;
mod undo;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::bounded::Root;

use self::batch::Batch;
use self::directory::Directory;
use self::job::WriteJob;
use self::place::ResolvedPath;

pub use self::batch::most_together;
pub use self::document::document;
pub use self::error::{Incomplete, Left, WriteError};
pub use self::undo::{Undone, undo, undo_all, undo_from};

/// What becomes of a path that is a symbolic link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// The file it leads to is written; for root not where another user made it lead to what is not that user's.
    Follow,
    /// It is refused.
    Refuse,
}

/// A change to one file.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The file, or a symbolic link to it.
    pub path: PathBuf,
    /// What was read from it; `None`: it is not there, and is made.
    pub before: Option<Vec<u8>>,
    /// What it is to hold.
    pub after: Vec<u8>,
    /// Whether links are followed.
    pub links: Links,
}

impl Planned {
    /// A new file at `path`, which is no link.
    #[must_use]
    pub fn new(path: &Path, after: Vec<u8>) -> Self {
        Self {
            path: path.to_owned(),
            before: None,
            after,
            links: Links::Follow,
        }
    }
}

/// How to write.
#[derive(Clone, Debug)]
pub struct Options {
    /// Below it no link leads out of it; `None`: paths are the host's.
    pub root: Option<Root>,
    /// Write in place a file that cannot be replaced without harm; any other is still replaced.
    pub in_place: bool,
    /// Keep the old text, with the same owner, mode and extended attributes.
    pub backup: bool,
    /// Where backups are kept and looked for; `None`: beside the file.
    pub backup_directory: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            root: None,
            in_place: false,
            backup: true,
            backup_directory: None,
        }
    }
}

impl Options {
    /// Without a backup, and never in place.
    #[must_use]
    pub fn without_backup() -> Self {
        Self {
            backup: false,
            ..Self::default()
        }
    }

    /// The directory for backups, all links followed.
    fn shelf(&self) -> Result<Option<PathBuf>, WriteError> {
        let Some(path) = &self.backup_directory else {
            return Ok(None);
        };
        let found = ResolvedPath::resolve(self.root.as_ref(), path, Links::Follow, false)?.target;
        if found.is_dir() {
            return Ok(Some(found));
        }
        Err(WriteError::NoDirectory(path.clone()))
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

impl From<Left> for Written {
    /// A file that could not be put back is written.
    fn from(left: Left) -> Self {
        Self {
            target: left.path.clone(),
            path: left.path,
            backup: left.backup,
            in_place: false,
        }
    }
}

/// Writes all of `planned`, or none of it as far as a file system allows; a change that changes nothing is left out.
///
/// # Errors
/// After any error every file holds its old text, and no backup of this call is left; the one exception,
/// [`WriteError::Incomplete`], names each file that could not be put back and where its old text is, and each backup
/// that could not be removed.
pub fn write_all(planned: &[Planned], options: &Options) -> Result<Vec<Written>, WriteError> {
    let (changes, places) = changes(planned, options.root.as_ref())?;
    let shelf = options.shelf()?;
    let held = Directory::lock_all(&places, shelf.as_deref())?;
    let batch = prepare(&held, shelf.as_deref(), &changes, places, options);
    batch.write(options).pop().unwrap_or_else(|| Ok(Vec::new()))
}

/// Does everything of [`write_all`] that can be done without touching a file: so that what cannot be written is known
/// before hours are spent on it.
///
/// # Errors
/// As [`write_all`].
pub fn try_out(planned: &[Planned], options: &Options) -> Result<(), WriteError> {
    let (changes, places) = changes(planned, options.root.as_ref())?;
    let shelf = options.shelf()?;
    let held = Directory::lock_all(&places, shelf.as_deref())?;
    prepare(&held, shelf.as_deref(), &changes, places, options).try_out()
}

/// Removes what a killed run left beside `paths`, for a run that has nothing to write there.
pub fn tidy<'a>(root: Option<&Root>, paths: impl IntoIterator<Item = &'a Path>) {
    let places = paths
        .into_iter()
        .flat_map(|path| ResolvedPath::resolve(root, path, Links::Follow, true));
    let parents: BTreeSet<PathBuf> = places.map(|place| place.parent).collect();
    for parent in &parents {
        Directory::tidy(parent);
    }
}

/// What is to be written, and where.
fn changes<'a>(
    planned: &'a [Planned],
    root: Option<&Root>,
) -> Result<(Vec<&'a Planned>, Vec<ResolvedPath>), WriteError> {
    let is_change = |planned: &&Planned| planned.before.as_ref() != Some(&planned.after);
    let (changes, same): (Vec<&Planned>, Vec<&Planned>) = planned.iter().partition(is_change);
    tidy(root, same.iter().map(|planned| planned.path.as_path()));
    let places = changes
        .iter()
        .map(|planned| ResolvedPath::resolve(root, &planned.path, planned.links, planned.before.is_none()))
        .collect::<Result<_, _>>()?;
    Ok((changes, places))
}

/// All of `changes` as one party.
fn prepare<'a>(
    held: &'a [Directory],
    shelf: Option<&Path>,
    changes: &[&'a Planned],
    places: Vec<ResolvedPath>,
    options: &Options,
) -> Batch<'a> {
    let mut batch = Batch::new();
    let jobs = changes.iter().zip(places);
    batch.add(jobs.map(|(planned, place)| job_of(held, shelf, planned, place, options)));
    batch
}

fn job_of<'a>(
    held: &'a [Directory],
    shelf: Option<&Path>,
    planned: &'a Planned,
    place: ResolvedPath,
    options: &Options,
) -> Result<WriteJob<'a>, WriteError> {
    let directory = Directory::find(held, &place.parent)?;
    let shelf = Directory::find(held, shelf.unwrap_or(&place.parent))?;
    WriteJob::prepare(planned, place, directory, shelf, options)
}
