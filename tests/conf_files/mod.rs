//! The nova.conf files that lie in the repository, for tests over all of them.

use std::fs;
use std::path::{Path, PathBuf};

/// Every `*.conf` in and below `fixtures`.
pub(crate) fn of_fixtures() -> Vec<PathBuf> {
    let mut paths = Vec::new();
    below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"), &mut paths);
    paths
}

fn below(directory: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            below(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "conf") {
            paths.push(path);
        }
    }
}
