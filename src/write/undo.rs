//! Bringing back: the newest backup that novamend itself made and that differs becomes the file, and what was the file
//! becomes the newest backup.

mod many;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};

use super::batch::Batch;
use super::directory::{Directory, Looked};
use super::error::WriteError;
use super::mark::BackupMark;
use super::place::ResolvedPath;
use super::{Links, Options, Planned, Written, job, job_of};
use crate::bounded::{self, ReadRefusal};

pub use self::many::undo_all;

/// A file that has its former text again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// The path as given.
    pub path: PathBuf,
    /// The file, all links followed.
    pub target: PathBuf,
    /// The backup that was brought back.
    pub from: PathBuf,
    /// Whether that backup is still there: it was named, or could not be removed.
    pub from_is_kept: bool,
    /// Where the text that was replaced is; an undo of this undo brings it back.
    pub backup: Option<PathBuf>,
    /// What has the name of a newer backup and was not brought back, with the reason.
    pub passed_over: Vec<String>,
}

/// The backup to bring back.
struct OldText {
    name: OsString,
    /// By device and inode.
    identity: (u64, u64),
    text: Vec<u8>,
    mark: Option<BackupMark>,
    passed_over: Vec<String>,
}

/// Gives `path` the text of its newest backup that differs from it.
///
/// A backup counts if it belongs to root, to the file's owner or to this user, and carries novamend's mark; anything
/// else under such a name is neither read nor removed. What is no regular file is not opened.
///
/// # Errors
/// As [`super::write_all`]; [`WriteError::NoBackup`] where there is nothing to bring back; [`WriteError::EditWindow`] where
/// the present text would be lost and is not what novamend wrote.
pub fn undo(path: &Path, options: &Options) -> Result<Undone, WriteError> {
    let place = ResolvedPath::resolve(options.root.as_ref(), path, Links::Follow, false)?;
    alone(place, None, options)
}

/// Gives `path` the text of the file `from`, which stays where it is.
///
/// # Errors
/// As [`undo`].
pub fn undo_from(path: &Path, from: &Path, options: &Options) -> Result<Undone, WriteError> {
    let place = ResolvedPath::resolve(options.root.as_ref(), path, Links::Follow, false)?;
    alone(place, Some(from), options)
}

fn alone(place: ResolvedPath, named: Option<&Path>, options: &Options) -> Result<Undone, WriteError> {
    let missing = WriteError::NotFound(place.path.clone());
    side_by_side(&[place], named, options)?.pop().unwrap_or(Err(missing))
}

/// Brings back each of `places`, all of them different files, whatever becomes of the others.
///
/// # Errors
/// Their directories cannot all be locked; nothing is done then.
fn side_by_side(
    places: &[ResolvedPath],
    named: Option<&Path>,
    options: &Options,
) -> Result<Vec<Result<Undone, WriteError>>, WriteError> {
    let shelf = options.shelf()?;
    let held = Directory::lock_all(places, shelf.as_deref())?;
    let shelf = shelf.as_deref();
    let found: Vec<Result<Found, WriteError>> = places
        .iter()
        .map(|place| Found::look_for(place, named, &held, shelf, options))
        .collect();
    let mut batch = Batch::new();
    for (found, place) in found.iter().zip(places) {
        let job = found.as_ref().ok();
        batch.add(job.map(|found| job_of(&held, shelf, &found.planned, place.clone(), options)));
    }
    let written = batch.write(options);
    let each = found.into_iter().zip(places).zip(written);
    Ok(each
        .map(|((found, place), written)| {
            let shelf = Directory::find(&held, shelf.unwrap_or(&place.parent))?;
            Ok(found?.undone(place, named, shelf, written?))
        })
        .collect())
}

/// What is to be brought back, and in place of what.
struct Found {
    planned: Planned,
    old: OldText,
}

impl Found {
    fn look_for(
        place: &ResolvedPath,
        named: Option<&Path>,
        held: &[Directory],
        shelf: Option<&Path>,
        options: &Options,
    ) -> Result<Self, WriteError> {
        let directory = Directory::find(held, &place.parent)?;
        let shelf = Directory::find(held, shelf.unwrap_or(&place.parent))?;
        let (file, looked) = job::open(directory, place)?;
        let before = read(&place.path, file)?;
        let mut old = match named {
            Some(from) => of_name(from, place, shelf)?,
            None => newest_other(shelf, place, looked.owner(), &before)?,
        };
        let is_ours = old.mark.as_ref().is_some_and(|mark| mark.is_followed_by(&before));
        if !options.backup && !is_ours {
            return Err(WriteError::EditWindow(place.path.clone()));
        }
        let planned = Planned {
            before: Some(before),
            ..Planned::new(&place.path, mem::take(&mut old.text))
        };
        Ok(Self { planned, old })
    }

    /// Removes the backup, whose text is in the file now. Should it stay, it is no longer the newest that differs.
    fn undone(self, place: &ResolvedPath, named: Option<&Path>, at: &Directory, written: Vec<Written>) -> Undone {
        let name = &self.old.name;
        let is_the_same = || at.look(name).is_ok_and(|now| now.identity() == self.old.identity);
        let is_removed = named.is_none() && is_the_same() && at.remove(name).is_ok();
        Undone {
            path: place.path.clone(),
            target: place.target.clone(),
            from: named.map_or_else(|| at.path().join(name), Path::to_owned),
            from_is_kept: !is_removed,
            backup: written.into_iter().next().and_then(|written| written.backup),
            passed_over: self.old.passed_over,
        }
    }
}

fn read(path: &Path, file: File) -> Result<Vec<u8>, WriteError> {
    bounded::read_whole(file, bounded::LIMIT).map_err(|why| match why {
        ReadRefusal::Io(error) => WriteError::io(path, "reading it", error),
        _ => WriteError::TooLong(path.to_owned()),
    })
}

/// The backup that the operator named.
fn of_name(from: &Path, place: &ResolvedPath, shelf: &Directory) -> Result<OldText, WriteError> {
    let there = ResolvedPath::resolve(None, from, Links::Follow, false)?;
    let directory = Directory::open_directory(&there.parent)?;
    let (file, looked) = job::open(&directory, &there)?;
    let mark = BackupMark::of(&file);
    let text = read(from, file)?;
    let of = place.as_seen_from(shelf);
    Ok(OldText {
        mark: mark.filter(|mark| mark.fits(&there.name, of, &text)),
        text,
        name: there.name,
        identity: looked.identity(),
        passed_over: Vec::new(),
    })
}

/// The newest backup of novamend's whose text is not `current`.
fn newest_other(shelf: &Directory, place: &ResolvedPath, owner: u32, current: &[u8]) -> Result<OldText, WriteError> {
    let failed = |error: io::Error| WriteError::io(shelf.path(), "reading the backups", error);
    let of = place.as_seen_from(shelf);
    let mut passed_over = Vec::new();
    for name in shelf.backups().map_err(failed)?.newest_first(&place.name) {
        let at = shelf.path().join(name);
        match candidate(shelf, name, owner) {
            Ok((file, looked)) => {
                let mark = BackupMark::of(&file);
                let text = match read(&at, file) {
                    Ok(text) => text,
                    Err(error) => {
                        passed_over.push(error.to_string());
                        continue;
                    }
                };
                let Some(mark) = mark.filter(|mark| mark.fits(name, of, &text)) else {
                    passed_over.push(unmarked(&at));
                    continue;
                };
                if text != current {
                    return Ok(OldText {
                        name: name.to_owned(),
                        identity: looked.identity(),
                        text,
                        mark: Some(mark),
                        passed_over,
                    });
                }
            }
            Err(why) => passed_over.push(format!("`{}` {why}", at.display())),
        }
    }
    Err(WriteError::NoBackup {
        path: place.path.clone(),
        passed_over,
    })
}

fn unmarked(at: &Path) -> String {
    format!(
        "`{}` is not an unchanged backup made by novamend: its mark, an extended attribute, is missing or belongs to \
         another name or text (a copy, an edit and some file systems lose it); if it is the right one, name it with \
         `--backup`",
        at.display()
    )
}

/// Opens what may be a backup; what is no regular file or somebody else's is not opened, and why is the answer.
fn candidate(shelf: &Directory, name: &OsStr, owner: u32) -> Result<(File, Looked), String> {
    let not_read = |error: io::Error| format!("could not be read: {error}");
    let looked = shelf.look(name).map_err(not_read)?;
    if let Some(kind) = looked.other_kind() {
        return Err(format!("is {kind}, not a backup"));
    }
    if ![0, owner, rustix::process::geteuid().as_raw()].contains(&looked.owner()) {
        return Err(format!(
            "belongs to user {}, who is neither root nor the file's owner",
            looked.owner()
        ));
    }
    if looked.size() > bounded::LIMIT {
        return Err("is longer than 64 MiB".to_owned());
    }
    let file = shelf.open(name, &looked).map_err(not_read)?;
    Ok((file, looked))
}

/// Whether novamend gave the name `backup`, as far as a look can tell: of a trusted owner, and marked.
pub(super) fn is_marked(shelf: &Directory, backup: &OsStr, owner: u32) -> bool {
    candidate(shelf, backup, owner).is_ok_and(|(file, _)| BackupMark::of(&file).is_some())
}
