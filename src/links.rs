//! Links that root does not follow for others: one that a user made to a file of somebody else would let root show him what
//! he may not read himself.
//!
//! It is the kernel's own rule for links in `/tmp` (`fs.protected_symlinks`), for every directory.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// So many links are followed on one way; the kernel gives up at 40.
const MOST: usize = 40;

/// A link on the way to a file that root does not follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignLink {
    /// The link.
    pub path: PathBuf,
    /// The user that made it.
    pub owner: u32,
    /// The user whose file it leads to.
    pub of: u32,
}

/// The first link on the way of `path` that is neither root's nor of the owner of the file it leads to, `target`; `None`
/// for every user but root, whom the kernel holds to what he may read.
#[must_use]
pub fn foreign(path: &Path, target: &Metadata) -> Option<ForeignLink> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    links_of(path).into_iter().find_map(|(path, owner)| {
        (owner != 0 && owner != target.uid()).then(|| ForeignLink {
            path,
            owner,
            of: target.uid(),
        })
    })
}

/// Every link on the way of `path`, in directories too, with its owner.
fn links_of(path: &Path) -> Vec<(PathBuf, u32)> {
    let mut found = Vec::new();
    let (mut known, mut waiting) = (HashSet::new(), vec![path.to_owned()]);
    while let Some(path) = waiting.pop() {
        for part in path.ancestors() {
            if part.as_os_str().is_empty() || !known.insert(part.to_owned()) {
                continue;
            }
            let Some(metadata) = fs::symlink_metadata(part).ok().filter(Metadata::is_symlink) else {
                continue;
            };
            found.push((part.to_owned(), metadata.uid()));
            if let (Ok(to), true) = (fs::read_link(part), found.len() <= MOST) {
                waiting.push(part.parent().unwrap_or(Path::new("/")).join(to));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{lchown, symlink};

    #[test]
    fn root_follows_his_own_links_and_those_of_the_files_owner_only() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: only root can make links of others");
            return;
        }
        let directory = tempfile::tempdir().unwrap();
        let place = |name: &str| directory.path().join(name);
        fs::write(place("private"), "x").unwrap();
        symlink(place("private"), place("link")).unwrap();
        symlink("link", place("chain")).unwrap();
        let target = fs::metadata(place("private")).unwrap();
        assert_eq!(foreign(&place("chain"), &target), None);
        lchown(place("link"), Some(4711), None).unwrap();
        let link = foreign(&place("chain"), &target).unwrap();
        assert_eq!((link.path, link.owner, link.of), (place("link"), 4711, 0));
        std::os::unix::fs::chown(place("private"), Some(4711), None).unwrap();
        assert_eq!(foreign(&place("chain"), &fs::metadata(place("private")).unwrap()), None);
    }

    #[test]
    fn links_of_directories_count_and_a_circle_ends() {
        let directory = tempfile::tempdir().unwrap();
        let place = |name: &str| directory.path().join(name);
        fs::create_dir(place("a")).unwrap();
        fs::write(place("a/x"), "x").unwrap();
        symlink("a", place("b")).unwrap();
        symlink("round", place("round")).unwrap();
        let names = |path: &str| links_of(&place(path)).len();
        assert_eq!((names("a/x"), names("b/x"), names("round")), (0, 1, 1));
    }
}
