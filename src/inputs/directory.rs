//! The files below a directory that are checked one by one, and what else lies there.
//!
//! It opens none of them. What a `--config-dir` means is [`super::load`]'s.

use std::collections::HashSet;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::exclude::{self, Exclude};
use super::load::{LoadError, STDIN};
use crate::bounded::{self, Root};

/// Something that was found and is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotRead {
    /// Its path.
    pub path: PathBuf,
    /// Why it is not read, to follow "it": "is not a *.conf file".
    pub why: String,
    /// Whether somebody wanted it left out.
    pub is_excluded: bool,
}

impl NotRead {
    /// What is left out by `--exclude`.
    #[must_use]
    pub fn excluded(path: PathBuf) -> Self {
        let why = exclude::WHY.to_owned();
        Self {
            path,
            why,
            is_excluded: true,
        }
    }

    /// What `error` is about, and why it was not read.
    #[must_use]
    pub fn of(error: &LoadError) -> Self {
        let (path, why) = match error {
            LoadError::NotFound(path) => (path.as_path(), "does not exist".to_owned()),
            LoadError::LeadsNowhere(path, target) => (
                path.as_path(),
                format!("is a symbolic link to {}, which does not exist", target.display()),
            ),
            LoadError::Denied(path) => (path.as_path(), "cannot be read by this user".to_owned()),
            LoadError::IsDirectory(path) => (path.as_path(), "is a directory".to_owned()),
            LoadError::EmptyInput => (Path::new(STDIN), "is empty".to_owned()),
            LoadError::NothingIn(path) => (path.as_path(), "contains no *.conf file".to_owned()),
            LoadError::Refused { path, why } => (path.as_path(), why.to_string()),
            LoadError::Io { path, source } => (path.as_path(), format!("could not be read: {source}")),
        };
        Self {
            path: path.to_owned(),
            why,
            is_excluded: false,
        }
    }
}

/// What lies below a directory.
#[derive(Debug, Default)]
pub struct Walked {
    /// Every `*.conf` that is a regular file, or a link to one, in code-point order.
    pub files: Vec<PathBuf>,
    /// Everything else, but for directories that were entered.
    pub not_read: Vec<NotRead>,
    /// What could not be looked into, and links that lead nowhere.
    pub errors: Vec<LoadError>,
}

/// Looks through `directory` and the directories below it; hidden ones are left out, and each is entered once, however
/// many links lead to it; so is what `excluded` covers. Paths are looked up in `root`.
#[must_use]
pub fn walk(root: &Root, directory: &Path, excluded: &[Exclude]) -> Walked {
    let mut walked = Walked::default();
    walked.enter((root, excluded), directory, &mut HashSet::new());
    walked
}

/// What nova does not read of a directory that it takes as `--config-dir`: everything but its own `*.conf`.
#[must_use]
pub fn left_by_nova(root: &Root, directory: &Path) -> Vec<NotRead> {
    let Ok(mut paths) = entries(root, directory) else {
        return Vec::new();
    };
    let mut walked = Walked::default();
    paths.sort_unstable();
    let mut is_empty = true;
    for path in paths {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        if name.starts_with(b".") {
            walked.leave_out(&path, "is hidden");
        } else if name.ends_with(b".conf") {
            is_empty = false;
        } else if root.is_dir(&path) {
            walked.leave_out(&path, "is a directory, which nova does not enter");
        } else {
            walked.leave_out(&path, NO_CONF);
        }
    }
    if is_empty {
        walked.leave_out(directory, "contains no *.conf file");
    }
    walked.not_read
}

const NO_CONF: &str = "is not a *.conf file";

fn entries(root: &Root, directory: &Path) -> io::Result<Vec<PathBuf>> {
    let names = root.names(directory, usize::MAX)?.into_iter();
    Ok(names.map(|name| directory.join(name)).collect())
}

impl Walked {
    fn enter(&mut self, (root, excluded): (&Root, &[Exclude]), directory: &Path, entered: &mut HashSet<(u64, u64)>) {
        let listed = root.look(directory).and_then(|looked| {
            if !entered.insert((looked.metadata().dev(), looked.metadata().ino())) {
                self.leave_out(directory, "is a symbolic link to a directory that is read already");
                return Ok(Vec::new());
            }
            entries(root, directory)
        });
        let mut paths = match listed {
            Ok(paths) => paths,
            Err(error) => {
                self.errors.push(LoadError::of(directory, error));
                return;
            }
        };
        paths.sort_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
        for path in paths {
            if exclude::covers(excluded, &path) {
                self.not_read.push(NotRead::excluded(path));
            } else {
                self.take((root, excluded), path, entered);
            }
        }
    }

    fn take(&mut self, (root, excluded): (&Root, &[Exclude]), path: PathBuf, entered: &mut HashSet<(u64, u64)>) {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        let (is_hidden, is_conf) = (name.starts_with(b"."), name.ends_with(b".conf"));
        if is_hidden {
            return self.leave_out(&path, "is hidden");
        }
        let found = match root.metadata(&path) {
            Ok(found) => found,
            // A configuration that nova would miss as well; of anything else a broken link says little.
            Err(error) if is_conf => return self.errors.push(LoadError::of(&path, error)),
            Err(_) => return self.leave_out(&path, NO_CONF),
        };
        if found.is_dir() {
            self.enter((root, excluded), &path, entered);
        } else if !is_conf {
            self.leave_out(&path, NO_CONF);
        } else if found.is_file() {
            self.files.push(path);
        } else {
            let kind = bounded::kind(&found).unwrap_or("a pipe");
            self.leave_out(&path, &format!("is {kind}"));
        }
    }

    fn leave_out(&mut self, path: &Path, why: &str) {
        self.not_read.push(NotRead {
            path: path.to_owned(),
            why: why.to_owned(),
            is_excluded: false,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn every_conf_file_below_is_found_and_the_rest_is_named_with_its_reason() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        for directory in ["a/b", ".git"] {
            fs::create_dir_all(at(directory)).unwrap();
        }
        for file in ["nova.conf", "a/b/x.conf", "a/README", ".git/y.conf", "a/.z.conf"] {
            fs::write(at(file), "").unwrap();
        }
        symlink("../..", at("a/b/up")).unwrap();
        symlink("/no/such/file", at("lost.conf")).unwrap();
        let walked = walk(&Root::default(), root.path(), &[]);
        let names = |paths: Vec<&PathBuf>| -> Vec<String> {
            let short = paths.into_iter().map(|path| path.strip_prefix(root.path()).unwrap());
            short.map(|path| path.display().to_string()).collect()
        };
        assert_eq!(names(walked.files.iter().collect()), ["a/b/x.conf", "nova.conf"]);
        assert_eq!(
            names(walked.not_read.iter().map(|left| &left.path).collect()),
            [".git", "a/.z.conf", "a/README", "a/b/up"]
        );
        assert!(matches!(&walked.errors[..], [LoadError::LeadsNowhere(path, _)] if path.ends_with("lost.conf")));
    }

    #[test]
    fn a_device_that_is_called_like_a_file_is_left_out() {
        let root = tempfile::tempdir().unwrap();
        symlink("/dev/zero", root.path().join("zero.conf")).unwrap();
        let walked = walk(&Root::default(), root.path(), &[]);
        assert!(walked.files.is_empty());
        assert_eq!(walked.not_read[0].why, "is a device");
    }
}
