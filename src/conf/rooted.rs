//! Paths inside another root, such as that of an image: no link leads out of it.
//!
//! It opens no file.

use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// So many links are followed on the way to one file, as Linux itself does.
const LINKS: usize = 40;

/// Where `path`, which lies below `root`, leads for a process whose root that is: links are followed, absolute ones from
/// `root` on, and `..` never leaves it. A component that is not there ends the search for links and is kept. `None` where
/// `path` does not start with `root`, or links run in a circle.
#[must_use]
pub fn resolve(root: &Path, path: &Path) -> Option<PathBuf> {
    let mut open: Vec<OsString> = Vec::new();
    push(&mut open, path.strip_prefix(root).ok()?);
    let (mut at, mut depth, mut links) = (root.to_owned(), 0_usize, 0);
    while let Some(part) = open.pop() {
        if part == ".." {
            if depth > 0 {
                at.pop();
                depth -= 1;
            }
            continue;
        }
        let next = at.join(&part);
        let Ok(target) = fs::read_link(&next) else {
            (at, depth) = (next, depth + 1);
            continue;
        };
        links += 1;
        if links > LINKS {
            return None;
        }
        if target.is_absolute() {
            (at, depth) = (root.to_owned(), 0);
        }
        push(&mut open, &target);
    }
    Some(at)
}

/// Puts the components of `path` onto `open`, the first on top.
fn push(open: &mut Vec<OsString>, path: &Path) {
    let parts = path.components().rev().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    });
    open.extend(parts);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_are_followed_and_none_leads_out() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs::create_dir_all(root.join("etc/nova")).unwrap();
        fs::create_dir_all(root.join("srv")).unwrap();
        symlink("/srv/nova.conf", root.join("etc/nova/nova.conf")).unwrap();
        symlink("../../../../../../srv", root.join("etc/up")).unwrap();
        symlink("circle", root.join("etc/circle")).unwrap();
        let resolved = |path: &str| resolve(root, &root.join(path));
        assert_eq!(resolved("etc/nova/nova.conf"), Some(root.join("srv/nova.conf")));
        assert_eq!(resolved("etc/up/x"), Some(root.join("srv/x")));
        assert_eq!(resolved("etc/nova/none"), Some(root.join("etc/nova/none")));
        assert_eq!(resolved("etc/circle/x"), None);
        assert_eq!(resolve(root, Path::new("/somewhere/else")), None);
    }
}
