//! The backup of a file: written beside the new text, kept before the file is touched, and withdrawn where it was not.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;

use rustix::io::Errno;

use super::WriteJob;
use crate::write::Planned;
use crate::write::attributes::Attributes;
use crate::write::directory::Directory;
use crate::write::error::WriteError;
use crate::write::mark::BackupMark;
use crate::write::place::ResolvedPath;
use crate::write::staged::Staged;
use crate::write::undo::is_marked;

/// The old text under a temporary name in `shelf`, and the name that it is to get there.
pub(super) fn waiting<'a>(
    planned: &Planned,
    place: &ResolvedPath,
    shelf: &'a Directory,
    attributes: &Attributes,
) -> Result<(Staged<'a>, OsString), WriteError> {
    let path = &planned.path;
    let name = next_name(shelf, &place.name, attributes.owner());
    let name = name.map_err(|error| WriteError::io(path, "making its backup", error))?;
    let old = planned.before.as_deref().unwrap_or_default();
    let mark = BackupMark::new(&name, place.as_seen_from(shelf), old, &planned.after);
    let staged = Staged::make(shelf, path, old, Some(attributes), Some(&mark))?;
    Ok((staged, name))
}

/// A free name in `shelf` for the next backup of the file `name` of `owner`.
fn next_name(shelf: &Directory, name: &OsStr, owner: u32) -> io::Result<OsString> {
    let counts = |backup: &OsStr| is_marked(shelf, backup, owner);
    shelf.backups()?.next(shelf, name, counts)
}

impl<'a> WriteJob<'a> {
    /// Gives the backup its name; for good once the directory of it is on disk.
    pub(in crate::write) fn keep_backup(&mut self) -> Result<(), WriteError> {
        let Some((mut staged, mut name)) = self.waiting_backup.take() else {
            return Ok(());
        };
        let failed = |error: io::Error| WriteError::io(&self.planned.path, "making its backup", error);
        while let Err(error) = staged.settle(&name) {
            if error != Errno::EXIST {
                return Err(failed(error.into()));
            }
            name = self.another_name(&staged).map_err(failed)?;
        }
        self.backup = Some(name);
        Ok(())
    }

    /// Another name for the backup in `staged`, as somebody has taken the one that it was to get.
    fn another_name(&self, staged: &Staged<'_>) -> io::Result<OsString> {
        let owner = self.old.as_ref().map_or(0, |old| old.attributes.owner());
        let name = next_name(self.shelf, &self.place.name, owner)?;
        // One that cannot be opened, as it is readable to nobody, gets no mark.
        if let Some(file) = staged.reopen().ok().flatten() {
            let old = self.planned.before.as_deref().unwrap_or_default();
            let mark = BackupMark::new(&name, self.place.as_seen_from(self.shelf), old, &self.planned.after);
            if mark.put(&file)? {
                file.sync_all()?;
            }
        }
        Ok(name)
    }

    /// The directory that holds the new backup, if there is one.
    pub(in crate::write) fn backup_directory(&self) -> Option<&'a Directory> {
        self.backup.is_some().then_some(self.shelf)
    }

    /// Removes the backup again, as the file holds its old text; returns its path where it could not be removed.
    pub(in crate::write) fn withdraw_backup(&mut self) -> Option<PathBuf> {
        let name = self.backup.take()?;
        match self.shelf.remove(&name) {
            Ok(()) => None,
            Err(_) => Some(self.shelf.path().join(name)),
        }
    }
}
