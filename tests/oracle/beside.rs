//! What lies beside the repository and is not of it: real files and the lists the catalog was made from.
//!
//! A test that misses it says so and passes: a clone alone must be enough.

use std::path::{Path, PathBuf};

/// `$NOVAMEND_SHARED/NAME` or `../shared/NAME`; `None`, having said why, where neither is there.
pub(crate) fn beside(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("NOVAMEND_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let directory = root.join(name);
    if directory.is_dir() {
        return Some(directory);
    }
    eprintln!("skipped: no {}", directory.display());
    None
}
