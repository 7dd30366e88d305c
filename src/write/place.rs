//! Where a path leads, all symbolic links followed; those that somebody else planted lead nowhere for root.
//!
//! It opens nothing.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::Links;
use super::directory::Directory;
use super::error::WriteError;
use crate::bounded::Root;
use crate::links::Followed;

/// Where a path leads: the file itself, all symbolic links followed.
#[derive(Clone, Debug)]
pub(super) struct ResolvedPath {
    /// The path as given.
    pub(super) path: PathBuf,
    /// The file.
    pub(super) target: PathBuf,
    /// The directory the file is in.
    pub(super) parent: PathBuf,
    /// Its name there.
    pub(super) name: OsString,
}

impl ResolvedPath {
    /// Where `path` leads; below `root` no link leads out of it. The file need not be there where `may_be_new`.
    ///
    /// # Errors
    /// It leads nowhere, or by a link that is not to be followed. For root that is one made by a user to a file that
    /// is not that user's own.
    pub(super) fn resolve(
        root: Option<&Root>,
        path: &Path,
        links: Links,
        may_be_new: bool,
    ) -> Result<Self, WriteError> {
        if links == Links::Refuse && fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
            return Err(WriteError::Link(path.to_owned()));
        }
        let followed = root
            .unwrap_or(&Root::default())
            .follow(path)
            .map_err(|error| WriteError::io(path, "finding it", error))?;
        let target = &followed.target;
        let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
            return Err(WriteError::NotRegular {
                path: path.to_owned(),
                kind: "a directory",
            });
        };
        match fs::symlink_metadata(target) {
            Ok(found) => refuse_planted(path, &followed, found.uid())?,
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(WriteError::io(path, "finding it", error));
            }
            Err(_) if may_be_new && followed.links.is_empty() => {}
            Err(_) if fs::symlink_metadata(path).is_ok() => return Err(WriteError::DanglingLink(path.to_owned())),
            Err(_) if may_be_new && parent.is_dir() => {
                let owner = fs::metadata(parent).map(|found| found.uid());
                refuse_planted(path, &followed, owner.unwrap_or_default())?;
            }
            Err(_) => return Err(WriteError::NotFound(path.to_owned())),
        }
        Ok(Self {
            path: path.to_owned(),
            parent: parent.to_owned(),
            name: name.to_owned(),
            target: target.clone(),
        })
    }
}

impl ResolvedPath {
    /// What names the file in the mark of a backup in `directory`: nothing where the file lies there too, so that the
    /// directory may be moved.
    pub(super) fn as_seen_from(&self, directory: &Directory) -> &OsStr {
        if directory.path() == self.parent {
            OsStr::new("")
        } else {
            self.target.as_os_str()
        }
    }
}

/// Refuses, for root, a link of a user other than root that leads to what is not that user's.
fn refuse_planted(path: &Path, followed: &Followed, owner: u32) -> Result<(), WriteError> {
    match followed.foreign(owner) {
        Some(link) if rustix::process::geteuid().is_root() => Err(WriteError::PlantedLink {
            path: path.to_owned(),
            maker: link.owner,
            owner,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn below_a_root_links_lead_nowhere_else() {
        let directory = tempfile::tempdir().unwrap();
        let image = directory.path().canonicalize().unwrap().join("img");
        fs::create_dir_all(image.join("etc/nova")).unwrap();
        fs::create_dir_all(image.join("srv")).unwrap();
        for name in ["srv/nova.conf", "../outside"] {
            fs::write(image.join(name), "").unwrap();
        }
        symlink("/srv/nova.conf", image.join("etc/nova/nova.conf")).unwrap();
        symlink("../../../../srv", image.join("etc/up")).unwrap();
        symlink(directory.path().join("outside"), image.join("etc/out")).unwrap();
        let root = Root::open(&image).unwrap();
        let place = |path: &str| ResolvedPath::resolve(Some(&root), &image.join(path), Links::Follow, false);
        for path in ["etc/nova/nova.conf", "etc/up/nova.conf"] {
            assert_eq!(place(path).unwrap().target, image.join("srv/nova.conf"), "{path}");
        }
        assert!(place("etc/out").is_err());
        let host = ResolvedPath::resolve(None, &image.join("etc/out"), Links::Follow, false).unwrap();
        assert!(host.target.ends_with("outside"));
    }
}
