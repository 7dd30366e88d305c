//! The mark by which novamend knows a backup as its own: an extended attribute that holds for one name and one text.
//!
//! It is no secret and no protection against the file's owner, who can make one; what it tells apart is a file of
//! novamend's from one that a package or a person put there under such a name. It also says which text novamend wrote
//! when it made the backup, so that a later edit is seen. Digests of texts that hold passwords stand in no file name,
//! where everybody could read them: an attribute is read by those who may read the file.

use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

use sha2::{Digest, Sha256};
use xattr::FileExt;

/// The second is for file systems that know only root's attributes.
const NAMES: [&str; 2] = ["user.novamend", "trusted.novamend"];
const VERSION: &str = "1";

/// What a mark says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BackupMark {
    /// Of its name, the file it is of where it lies elsewhere, and its text.
    own: String,
    /// Of the text that took its place.
    successor: String,
}

impl BackupMark {
    /// For the backup `name` with the text `old`, made when `new` was written; `of` is the path of the file where the
    /// backup does not lie beside it, else empty.
    pub(super) fn new(name: &OsStr, of: &OsStr, old: &[u8], new: &[u8]) -> Self {
        Self {
            own: own(name, of, old),
            successor: digest(&[new]),
        }
    }

    /// That of `file`, if it has one.
    pub(super) fn of(file: &File) -> Option<Self> {
        let value = NAMES.iter().find_map(|name| file.get_xattr(name).ok().flatten())?;
        let text = String::from_utf8(value).ok()?;
        let mut parts = text.split(' ');
        let (version, own, successor) = (parts.next()?, parts.next()?, parts.next()?);
        (version == VERSION && parts.next().is_none()).then(|| Self {
            own: own.to_owned(),
            successor: successor.to_owned(),
        })
    }

    /// Puts it on `file`; `false` where the file system keeps no such attributes.
    ///
    /// # Errors
    /// Any other word of the system's, such as of a full disk.
    pub(super) fn put(&self, file: &File) -> io::Result<bool> {
        let value = format!("{VERSION} {} {}", self.own, self.successor);
        let mode = file.metadata()?.permissions().mode();
        if set(file, &value)? {
            return Ok(true);
        }
        if mode & 0o200 != 0 {
            return Ok(false);
        }
        // Whom the mode does not let write may not set attributes either, the owner included.
        file.set_permissions(Permissions::from_mode(mode | 0o200))?;
        let is_set = set(file, &value);
        file.set_permissions(Permissions::from_mode(mode))?;
        is_set
    }

    /// Whether it is that of the backup `name` of `of` with the text `old`.
    pub(super) fn fits(&self, name: &OsStr, of: &OsStr, old: &[u8]) -> bool {
        self.own == own(name, of, old)
    }

    /// Whether `text` is what novamend wrote when it made the backup.
    pub(super) fn is_followed_by(&self, text: &[u8]) -> bool {
        self.successor == digest(&[text])
    }
}

/// Whether `name` is that of an attribute which holds a mark: it belongs to one file and is never carried over.
pub(super) fn is_mark(name: &OsStr) -> bool {
    NAMES.iter().any(|mark| name == *mark)
}

fn set(file: &File, value: &str) -> io::Result<bool> {
    for name in NAMES {
        match file.set_xattr(name, value.as_bytes()) {
            Ok(()) => return Ok(true),
            Err(error) if is_not_kept(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

fn is_not_kept(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied
    )
}

fn own(name: &OsStr, of: &OsStr, text: &[u8]) -> String {
    digest(&[name.as_bytes(), b"\0", of.as_bytes(), b"\0", text])
}

fn digest(parts: &[&[u8]]) -> String {
    let mut sum = Sha256::new();
    for part in parts {
        sum.update(part);
    }
    format!("{:x}", sum.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_holds_for_one_name_one_file_and_one_text() {
        let file = tempfile::tempfile().unwrap();
        let (name, of) = (OsStr::new("nova.conf.novamend-1"), OsStr::new(""));
        let mark = BackupMark::new(name, of, b"old", b"new");
        assert_eq!(BackupMark::of(&file), None);
        // not every file system keeps attributes
        let is_kept = mark.put(&file).unwrap();
        assert_eq!(BackupMark::of(&file).as_ref(), is_kept.then_some(&mark));
        assert!(mark.fits(name, of, b"old") && mark.is_followed_by(b"new"));
        assert!(!mark.fits(OsStr::new("other"), of, b"old"));
        assert!(!mark.fits(name, OsStr::new("/etc/nova/nova.conf"), b"old"));
        assert!(!mark.fits(name, of, b"older") && !mark.is_followed_by(b"newer"));
    }
}
