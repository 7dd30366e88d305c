//! Owner, group, mode and extended attributes of a file, carried over to another one in full or not at all.
//!
//! POSIX ACLs and `SELinux` labels are extended attributes too (`system.posix_acl_access`, `security.selinux`). Left out
//! are `security.ima` and `security.evm`: they sign the old content, and the kernel makes new ones; and the mark of a
//! backup, which holds for that file alone. It does not carry inode flags (`chattr`) or times.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

use xattr::FileExt;

use super::mark::is_mark;

/// What a file has besides its content.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attributes {
    owner: u32,
    group: u32,
    mode: u32,
    extended: BTreeMap<OsString, Vec<u8>>,
}

/// Which attribute could not be carried over, and the system's word.
pub(super) type Refusal = (String, io::Error);

impl Attributes {
    /// Those of `file`.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self {
            owner: metadata.uid(),
            group: metadata.gid(),
            mode: metadata.mode() & 0o7777,
            extended: extended(file)?,
        })
    }

    /// The owner's number.
    pub(super) fn owner(&self) -> u32 {
        self.owner
    }

    /// Makes `file` have exactly these; proven by reading them back.
    ///
    /// The order matters: a change of owner clears setuid bits, an ACL changes the mode, and a mode may forbid the
    /// setting of attributes. `file` is expected to start private to its owner, and is never more open than at the end.
    pub(super) fn give(&self, file: &File) -> Result<(), Refusal> {
        let other = |error: io::Error| ("attributes".to_owned(), error);
        let now = Self::of(file).map_err(other)?;
        if now.owner != self.owner {
            fchown(file, Some(self.owner), None).map_err(|error| ("owner".to_owned(), error))?;
        }
        if now.group != self.group {
            fchown(file, None, Some(self.group)).map_err(|error| ("group".to_owned(), error))?;
        }
        for name in now.extended.keys().filter(|name| !self.extended.contains_key(*name)) {
            file.remove_xattr(name).map_err(|error| named(name, error))?;
        }
        let (late, early): (Vec<_>, Vec<_>) = self.extended.iter().partition(|(name, _)| is_late(name));
        for (name, value) in early.into_iter().chain(late) {
            if now.extended.get(name) != Some(value) {
                file.set_xattr(name, value).map_err(|error| named(name, error))?;
            }
        }
        file.set_permissions(Permissions::from_mode(self.mode))
            .map_err(|error| ("mode".to_owned(), error))?;
        match self.difference(&Self::of(file).map_err(other)?) {
            None => Ok(()),
            Some(what) => Err((what, io::Error::other("the file system does not take it"))),
        }
    }

    fn difference(&self, other: &Self) -> Option<String> {
        let fields = [
            ("owner", self.owner == other.owner),
            ("group", self.group == other.group),
            ("mode", self.mode == other.mode),
            ("extended attributes", self.extended == other.extended),
        ];
        let differing = fields.iter().find(|(_, same)| !same);
        differing.map(|(what, _)| (*what).to_owned())
    }
}

fn is_late(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b"system.")
}

fn named(name: &OsStr, error: io::Error) -> Refusal {
    (format!("attribute `{}`", name.display()), error)
}

fn extended(file: &File) -> io::Result<BTreeMap<OsString, Vec<u8>>> {
    let names = match file.list_xattr() {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::Unsupported => return Ok(BTreeMap::new()),
        Err(error) => return Err(error),
    };
    let mut found = BTreeMap::new();
    for name in names.filter(|name| name != "security.ima" && name != "security.evm" && !is_mark(name)) {
        if let Some(value) = file.get_xattr(&name)? {
            found.insert(name, value);
        }
    }
    Ok(found)
}
