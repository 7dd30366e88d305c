//! What the trials were given and must find in the sandbox too, wherever it lies: programs and certificates.
//!
//! It is held before the sandbox covers a directory and put back at its place afterwards; nothing is copied.

use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File, Metadata, Permissions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::mount::mount_bind_recursive;

use super::layout::{self, PLACES};

/// Directories that the sandbox has of its own, beside those of libvirt.
const OWN: [&str; 5] = ["/run", "/tmp", "/dev", "/dev/shm", layout::ROOT];

/// As many symbolic links as the kernel follows.
const MOST_LINKS: usize = 40;

/// What could not be brought into the sandbox.
#[derive(Debug, thiserror::Error)]
pub enum HostPathError {
    /// A file or a directory.
    #[error("cannot bring {} into the sandbox", path.display())]
    Path {
        /// Which, by its real path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A symbolic link that leads to one.
    #[error("{}", path.display())]
    Link {
        /// The link.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Paths of the host and what they led to when they were opened.
pub(super) struct HostPaths {
    links: Vec<(PathBuf, PathBuf)>,
    held: Vec<OpenPath>,
}

/// One open file or directory, by its real path.
struct OpenPath {
    real: PathBuf,
    file: OwnedFd,
    at: Metadata,
    /// The directories that lead there, the first first.
    parents: Vec<(PathBuf, Metadata)>,
}

/// What a program needs beside itself: the directory it lies in, or itself alone where that is one of the sandbox's own.
#[must_use]
pub fn with_its_directory(program: &Path) -> PathBuf {
    let real = fs::canonicalize(program).unwrap_or_else(|_| program.to_owned());
    let directory = real.parent().filter(|directory| !is_own(directory));
    directory.map_or_else(|| real.clone(), Path::to_owned)
}

/// Whether the sandbox's own directories lie at or below this one, which so cannot be put back.
fn is_own(directory: &Path) -> bool {
    let places = PLACES.iter().map(|(_, place)| *place);
    places.chain(OWN).any(|own| Path::new(own).starts_with(directory))
}

impl HostPaths {
    /// Holds what is there now at these absolute paths; what is not there, or is one of the sandbox's own directories, is left out.
    pub(super) fn hold(paths: &[PathBuf]) -> Self {
        let mut given = Self {
            links: Vec::new(),
            held: Vec::new(),
        };
        for path in paths {
            let Some(real) = given.follow(path) else { continue };
            let is_held = |held: &OpenPath| real == held.real || (held.at.is_dir() && real.starts_with(&held.real));
            if is_own(&real) || given.held.iter().any(is_held) {
                continue;
            }
            if let Ok(held) = OpenPath::open(real) {
                given.held.push(held);
            }
        }
        given
    }

    /// The path without symbolic links, which are kept for [`Self::put_back`].
    fn follow(&mut self, path: &Path) -> Option<PathBuf> {
        let mut ahead: VecDeque<PathBuf> = parts(path).collect();
        let mut real = PathBuf::from("/");
        let mut links = 0;
        while let Some(part) = ahead.pop_front() {
            if part == Path::new("..") {
                real.pop();
                continue;
            }
            let next = real.join(&part);
            match fs::read_link(&next) {
                Ok(target) => {
                    links += 1;
                    if links > MOST_LINKS {
                        return None;
                    }
                    for part in parts(&target).collect::<Vec<_>>().into_iter().rev() {
                        ahead.push_front(part);
                    }
                    if target.is_absolute() {
                        real = PathBuf::from("/");
                    }
                    self.links.push((next, target));
                }
                Err(_) => real = next,
            }
        }
        Some(real)
    }

    /// Puts back what has been covered since; what can still be seen is left alone.
    ///
    /// # Errors
    /// What could not be put back, and why.
    pub(super) fn put_back(&self) -> Result<(), HostPathError> {
        for held in &self.held {
            held.put_back().map_err(|source| HostPathError::Path {
                path: held.real.clone(),
                source,
            })?;
        }
        for (link, target) in &self.links {
            if fs::symlink_metadata(link).is_err()
                && link.parent().is_some_and(|parent| fs::create_dir_all(parent).is_ok())
            {
                symlink(target, link).map_err(|source| HostPathError::Link {
                    path: link.clone(),
                    source,
                })?;
            }
        }
        Ok(())
    }
}

/// The components of a path that lead somewhere.
fn parts(path: &Path) -> impl DoubleEndedIterator<Item = PathBuf> {
    path.components()
        .filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir))
        .map(|part| PathBuf::from(part.as_os_str()))
}

impl OpenPath {
    fn open(real: PathBuf) -> io::Result<Self> {
        let file = openat(CWD, &real, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        let mut parents = Vec::new();
        for parent in real.ancestors().skip(1) {
            parents.push((parent.to_owned(), fs::metadata(parent)?));
        }
        parents.reverse();
        Ok(Self {
            at: fs::metadata(&real)?,
            real,
            file,
            parents,
        })
    }

    fn put_back(&self) -> io::Result<()> {
        let is_same = |seen: Metadata| (seen.dev(), seen.ino()) == (self.at.dev(), self.at.ino());
        if fs::metadata(&self.real).is_ok_and(is_same) {
            return Ok(());
        }
        for (parent, at) in &self.parents {
            if fs::symlink_metadata(parent).is_err() {
                DirBuilder::new().create(parent)?;
                // whoever could not come there before is not to come there now; in a user namespace it stays the user's
                let _ = chown(parent, Some(at.uid()), Some(at.gid()));
                fs::set_permissions(parent, Permissions::from_mode(at.mode() & 0o7777))?;
            }
        }
        if self.at.is_dir() {
            if fs::symlink_metadata(&self.real).is_err() {
                DirBuilder::new().create(&self.real)?;
            }
        } else {
            File::options().create(true).append(true).open(&self.real)?;
        }
        let held = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        mount_bind_recursive(Path::new(&held), &self.real)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_followed_through_every_link() {
        let directory = tempfile::tempdir().unwrap();
        let here = fs::canonicalize(directory.path()).unwrap();
        fs::create_dir_all(here.join("a b/pki")).unwrap();
        symlink("a b", here.join("short")).unwrap();
        symlink(here.join("short/../short/pki"), here.join("far")).unwrap();
        let given = HostPaths::hold(&[here.join("far"), here.join("a b/pki/missing"), here.join("short")]);
        let held: Vec<&Path> = given.held.iter().map(|held| held.real.as_path()).collect();
        assert_eq!(held, [here.join("a b/pki"), here.join("a b")]);
        assert!(
            given
                .links
                .iter()
                .any(|(link, target)| *link == here.join("short") && target == Path::new("a b"))
        );
    }

    #[test]
    fn the_sandboxs_own_directories_are_never_put_back() {
        let paths = ["/", "/run", "/var/lib", "/etc"].map(PathBuf::from);
        assert!(HostPaths::hold(&paths).held.is_empty());
        assert_eq!(with_its_directory(Path::new("/run/program")), Path::new("/run/program"));
        assert_eq!(with_its_directory(Path::new("/nowhere/program")), Path::new("/nowhere"));
    }
}
