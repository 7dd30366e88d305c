//! A temporary file, complete and on disk, that waits to take another file's place.
//!
//! Its name starts with a dot and does not end in `.conf`, so that nothing that reads `*.conf` ever sees it. Dropped,
//! it is removed; killed, it is left, and the next run that locks the directory removes it.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::Path;

use rustix::fs::RenameFlags;
use rustix::io::Errno;

use super::attributes::Attributes;
use super::directory::Directory;
use super::error::WriteError;

const START: &str = ".novamend-";
const END: &str = ".tmp";

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

/// How a staged file took its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Swap {
    /// The old file now has the temporary name; to swap once more brings it back.
    Exchanged,
    /// The file system cannot exchange; the old file is gone.
    Replaced,
}

/// The temporary file.
#[derive(Debug)]
pub(super) struct Staged<'a> {
    directory: &'a Directory,
    name: OsString,
    is_there: bool,
}

impl<'a> Staged<'a> {
    /// Writes `bytes` with `attributes` to disk, for the sake of `path`.
    pub(super) fn make(
        directory: &'a Directory,
        path: &Path,
        bytes: &[u8],
        attributes: &Attributes,
    ) -> Result<Self, WriteError> {
        let process = std::process::id();
        let failed = |step, error| WriteError::io(path, step, error);
        let mut number = 0_u32;
        let (name, mut file) = loop {
            let name = OsString::from(format!("{START}{process}-{number}{END}"));
            match directory.create(&name) {
                Ok(file) => break (name, file),
                Err(Errno::EXIST) => number += 1,
                Err(error) => return Err(failed("creating a file beside it", error.into())),
            }
        };
        let staged = Self {
            directory,
            name,
            is_there: true,
        };
        let step = "writing a file beside it";
        file.write_all(bytes).map_err(|error| failed(step, error))?;
        attributes
            .give(&file)
            .map_err(|(what, source)| WriteError::CannotKeep {
                path: path.to_owned(),
                what,
                source,
            })?;
        file.sync_all().map_err(|error| failed(step, error))?;
        Ok(staged)
    }

    /// Takes the place of `name` in one step: whoever opens `name` gets the old file or the new one, whole.
    pub(super) fn swap(&mut self, name: &OsStr) -> Result<Swap, Errno> {
        match self.directory.rename_with(&self.name, name, RenameFlags::EXCHANGE) {
            Ok(()) => Ok(Swap::Exchanged),
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                self.directory.rename(&self.name, name)?;
                self.is_there = false;
                Ok(Swap::Replaced)
            }
            Err(error) => Err(error),
        }
    }

    /// Takes the name `name`, which nothing has.
    pub(super) fn settle(&mut self, name: &OsStr) -> Result<(), Errno> {
        match self.directory.rename_with(&self.name, name, RenameFlags::NOREPLACE) {
            // The lock keeps others of our kind away, so that the check that found `name` free still holds.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => self.directory.rename(&self.name, name)?,
            done => done?,
        }
        self.is_there = false;
        Ok(())
    }

    /// The temporary name; after [`Swap::Exchanged`] the old file's.
    pub(super) fn name(&self) -> &OsStr {
        &self.name
    }

    /// Keeps the file from being removed here, whatever its name.
    pub(super) fn leave(&mut self) {
        self.is_there = false;
    }
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
