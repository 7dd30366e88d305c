//! Where paths in reports for other programs start: at `--root`, or at the working directory.
//!
//! It looks nothing up: what a link leads to is not asked.

use std::path::{Component, Path, PathBuf};

use crate::bounded::Root;

/// The directory that paths in reports for other programs start at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// `--root`, from `/` on.
    root: Option<PathBuf>,
    /// The working directory; `None` where it cannot be found out.
    directory: Option<PathBuf>,
}

impl Base {
    /// Paths start at `root`, or at the working directory where that is this host's.
    #[must_use]
    pub fn new(root: &Root) -> Self {
        let directory = std::env::current_dir().ok();
        let root = (!root.is_host()).then(|| whole(root.path(), directory.as_deref()));
        Self { root, directory }
    }

    /// `path` from the base on; from `/` on where it lies elsewhere.
    #[must_use]
    pub fn relative(&self, path: &Path) -> PathBuf {
        if path.as_os_str().as_encoded_bytes().starts_with(b"<") {
            // Standard input.
            return path.to_owned();
        }
        let is_below = self.root.is_none() && self.directory.is_some() && path.file_name().is_some();
        if is_below && path.components().all(is_name) {
            return path.components().collect(); // Nearly every path.
        }
        let whole = whole(path, self.directory.as_deref());
        let bases = [&self.root, &self.directory];
        let below = bases
            .into_iter()
            .flatten()
            .find_map(|base| whole.strip_prefix(base).ok());
        match below {
            Some(below) if !below.as_os_str().is_empty() => below.to_owned(),
            _ => whole,
        }
    }
}

fn is_name(part: Component<'_>) -> bool {
    matches!(part, Component::Normal(_))
}

/// `path` from `/` on, without `.` and `..`.
fn whole(path: &Path, directory: Option<&Path>) -> PathBuf {
    let mut whole = directory.map_or_else(PathBuf::new, Path::to_path_buf);
    for part in path.components() {
        match part {
            Component::RootDir | Component::Prefix(_) => whole = PathBuf::from("/"),
            Component::CurDir => {}
            Component::ParentDir => {
                whole.pop();
            }
            Component::Normal(name) => whole.push(name),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_starts_at_the_root_else_at_the_working_directory() {
        let base = |root: Option<&str>| Base {
            root: root.map(PathBuf::from),
            directory: Some(PathBuf::from("/srv/repo")),
        };
        for (root, path, shown) in [
            (None, "nova.conf", "nova.conf"),
            (None, "./a/../b/nova.conf", "b/nova.conf"),
            (None, "a//b/./nova.conf", "a/b/nova.conf"),
            (None, "/srv/repo/nova.conf", "nova.conf"),
            (None, "/etc/nova/nova.conf", "/etc/nova/nova.conf"),
            (None, "../x.conf", "/srv/x.conf"),
            (None, "<stdin>", "<stdin>"),
            (
                Some("/mnt/image"),
                "/mnt/image/etc/nova/nova.conf",
                "etc/nova/nova.conf",
            ),
            (Some("/mnt/image"), "nova.conf", "nova.conf"),
        ] {
            assert_eq!(base(root).relative(Path::new(path)), Path::new(shown), "{path}");
        }
    }
}
