//! Links that root does not follow for others: one that a user made to a file of somebody else would let root show or
//! overwrite what the user may not.
//!
//! It is the kernel's own rule for links in `/tmp` (`fs.protected_symlinks`), for every directory. Nothing is opened here.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use rustix::io::Errno;

/// So many links are followed on one way, as the kernel does.
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

/// Where a path leads.
#[derive(Clone, Debug)]
pub struct Followed {
    /// The path without links; what is not there is taken as it is written.
    pub target: PathBuf,
    /// Every link on the way, in directories too, with its owner.
    pub links: Vec<(PathBuf, u32)>,
}

impl Followed {
    /// The first link that is neither root's nor of `owner`, whose file it leads to.
    #[must_use]
    pub fn foreign(&self, owner: u32) -> Option<ForeignLink> {
        let found = self.links.iter().find(|&&(_, maker)| maker != 0 && maker != owner);
        found.map(|(path, maker)| ForeignLink {
            path: path.clone(),
            owner: *maker,
            of: owner,
        })
    }
}

/// Follows `path` from `base` on, which has no links: absolute links start there, and `..` never leaves it.
///
/// # Errors
/// The system's word; more links than the kernel follows.
pub fn follow(base: &Path, path: &Path) -> io::Result<Followed> {
    let mut open = parts(path);
    let (mut target, mut links) = (base.to_owned(), Vec::new());
    while let Some(part) = open.pop_front() {
        if part == ".." {
            if target != base {
                target.pop();
            }
            continue;
        }
        let next = target.join(&part);
        match fs::symlink_metadata(&next) {
            Ok(found) if found.is_symlink() => {
                let to = fs::read_link(&next)?;
                links.push((next, found.uid()));
                if links.len() > MOST {
                    return Err(Errno::LOOP.into());
                }
                if to.is_absolute() {
                    base.clone_into(&mut target);
                }
                for part in parts(&to).into_iter().rev() {
                    open.push_front(part);
                }
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => target = next,
        }
    }
    Ok(Followed { target, links })
}

fn parts(path: &Path) -> VecDeque<OsString> {
    let named = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{lchown, symlink};

    #[test]
    fn links_of_root_and_of_the_files_owner_are_no_foreign_ones() {
        let directory = tempfile::tempdir().unwrap();
        let place = |name: &str| directory.path().join(name);
        fs::write(place("private"), "x").unwrap();
        symlink(place("private"), place("link")).unwrap();
        symlink("link", place("chain")).unwrap();
        let foreign = |owner| follow(Path::new("/"), &place("chain")).unwrap().foreign(owner);
        let own = rustix::process::geteuid().as_raw();
        assert_eq!(foreign(own), None);
        // only root can make links of others; an ordinary user's own are others' to everybody else
        let maker = if own == 0 { 4711 } else { own };
        for name in ["link", "chain"] {
            lchown(place(name), Some(maker), None).unwrap();
        }
        let link = foreign(maker + 1).unwrap();
        assert_eq!((link.path, link.owner, link.of), (place("chain"), maker, maker + 1));
        assert_eq!(foreign(maker), None);
    }

    #[test]
    fn links_of_directories_count_and_a_circle_ends() {
        let directory = tempfile::tempdir().unwrap();
        let place = |name: &str| directory.path().join(name);
        fs::create_dir(place("a")).unwrap();
        fs::write(place("a/x"), "x").unwrap();
        symlink("a", place("b")).unwrap();
        symlink("round", place("round")).unwrap();
        let links = |path: &str| follow(Path::new("/"), &place(path)).map(|followed| followed.links.len());
        assert_eq!((links("a/x").unwrap(), links("b/x").unwrap()), (0, 1));
        assert!(links("round").is_err());
    }

    #[test]
    fn below_a_base_links_lead_nowhere_else() {
        let directory = tempfile::tempdir().unwrap();
        let base = directory.path().canonicalize().unwrap();
        fs::create_dir_all(base.join("etc/nova")).unwrap();
        symlink("/srv/nova.conf", base.join("etc/nova/nova.conf")).unwrap();
        symlink("../../../../srv", base.join("etc/up")).unwrap();
        for path in ["etc/nova/nova.conf", "etc/up/nova.conf", "../../srv/nova.conf"] {
            let followed = follow(&base, Path::new(path)).unwrap();
            assert_eq!(followed.target, base.join("srv/nova.conf"), "{path}");
        }
    }
}
