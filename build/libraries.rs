//! `libraries.txt` as Rust: entries of the type in `src/catalog/libraries.rs`.

use std::error::Error;
use std::fmt::Write;

/// An expression that holds every library with its version in each release.
pub(super) fn source(text: &str) -> Result<String, Box<dyn Error>> {
    let mut libraries = String::from("&[\n");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, versions) = line
            .split_once('\t')
            .ok_or_else(|| format!("libraries.txt: `{line}` has no versions"))?;
        let versions: Vec<&str> = versions.split(' ').collect();
        writeln!(libraries, "Library {{ name: {name:?}, versions: &{versions:?} }},")?;
    }
    Ok(libraries + "]\n")
}
