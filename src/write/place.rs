//! Where a path leads, every symbolic link followed by hand: links that somebody else planted lead nowhere for root.
//!
//! It opens nothing.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use rustix::io::Errno;

use super::Links;
use super::directory::Directory;
use super::error::WriteError;

/// So many links are followed, as the kernel does.
const MOST_LINKS: usize = 40;

/// Where a path leads: the file itself, all symbolic links followed.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The path as given.
    pub(super) path: PathBuf,
    /// The file.
    pub(super) target: PathBuf,
    /// The directory the file is in.
    pub(super) parent: PathBuf,
    /// Its name there.
    pub(super) name: OsString,
}

impl Place {
    /// Where `path` leads; the file need not be there where `may_be_new`.
    ///
    /// # Errors
    /// It leads nowhere, or by a link that is not to be followed. For root that is one made by a user to a file that
    /// is not that user's own.
    pub(super) fn resolve(path: &Path, links: Links, may_be_new: bool) -> Result<Self, WriteError> {
        if links == Links::Refuse && fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
            return Err(WriteError::Link(path.to_owned()));
        }
        let (target, makers) = follow(path).map_err(|error| WriteError::io(path, "finding it", error))?;
        let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
            return Err(WriteError::NotRegular {
                path: path.to_owned(),
                kind: "a directory",
            });
        };
        match fs::symlink_metadata(&target) {
            Ok(found) => refuse_planted(path, &makers, found.uid())?,
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(WriteError::io(path, "finding it", error));
            }
            Err(_) if may_be_new && makers.is_empty() => {}
            Err(_) if fs::symlink_metadata(path).is_ok() => return Err(WriteError::DanglingLink(path.to_owned())),
            Err(_) if may_be_new && parent.is_dir() => {
                let owner = fs::metadata(parent).map(|found| found.uid());
                refuse_planted(path, &makers, owner.unwrap_or_default())?;
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

impl Place {
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
fn refuse_planted(path: &Path, makers: &[u32], owner: u32) -> Result<(), WriteError> {
    let is_root = rustix::process::geteuid().is_root();
    match makers.iter().find(|&&maker| maker != 0 && maker != owner) {
        Some(&maker) if is_root => Err(WriteError::PlantedLink {
            path: path.to_owned(),
            maker,
            owner,
        }),
        _ => Ok(()),
    }
}

/// The path without links, and who made each link on the way; what is not there is taken as it is written.
fn follow(path: &Path) -> io::Result<(PathBuf, Vec<u32>)> {
    let mut open: VecDeque<OsString> = parts(&std::path::absolute(path)?);
    let (mut done, mut makers) = (PathBuf::from("/"), Vec::new());
    while let Some(part) = open.pop_front() {
        if part == ".." {
            done.pop();
            continue;
        }
        let next = done.join(&part);
        match fs::symlink_metadata(&next) {
            Ok(found) if found.is_symlink() => {
                makers.push(found.uid());
                if makers.len() > MOST_LINKS {
                    return Err(Errno::LOOP.into());
                }
                let to = fs::read_link(&next)?;
                if to.is_absolute() {
                    done = PathBuf::from("/");
                }
                for part in parts(&to).into_iter().rev() {
                    open.push_front(part);
                }
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => done = next,
        }
    }
    Ok((done, makers))
}

fn parts(path: &Path) -> VecDeque<OsString> {
    let named = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    named.collect()
}
