//! The processes of this host, as /proc shows them.
//!
//! It judges none of them; one that has ended meanwhile has no name and no fields.

use std::fs;
use std::path::{Path, PathBuf};

/// The numbers of all processes that run now; none where that cannot be seen.
pub fn all() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Where /proc has that process.
#[must_use]
pub fn place(number: u32) -> PathBuf {
    Path::new("/proc").join(number.to_string())
}

/// The name of the process that /proc has there.
#[must_use]
pub fn comm(process: &Path) -> Option<String> {
    let name = fs::read_to_string(process.join("comm")).ok()?;
    Some(name.trim().to_owned())
}

/// Its fields behind its name: the first is its state, the second its parent's number.
#[must_use]
pub fn stat(process: &Path) -> Option<Vec<String>> {
    let text = fs::read_to_string(process.join("stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}
