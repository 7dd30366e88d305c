//! `--exclude GLOB`: what is left out of the paths and directories that are named.
//!
//! It looks at names alone.

use std::path::{Component, Path};

use crate::globs::{Glob, endings};

/// Why such a path is not read, to follow "it".
pub(super) const WHY: &str = "is excluded by `--exclude`";

/// What is left out.
#[derive(Clone, Debug)]
pub struct Exclude {
    /// Of the whole path, or what stands at its end.
    path: Glob,
    /// Whether the pattern names one part of a path.
    is_name: bool,
}

impl Exclude {
    /// Reads a pattern: `*` and `?` stand for anything but `/`, `**` for that too. Without `/` it is about names, of files or of
    /// directories on the way; with one about a path as it is given, or about its last parts.
    ///
    /// # Errors
    /// It is no pattern.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix("./").unwrap_or(text).trim_end_matches('/');
        if text.is_empty() {
            return Err("a pattern is missing, such as `*.bak.conf` or `lab/**`".to_owned());
        }
        Ok(Self {
            path: Glob::parse(text)?,
            is_name: !text.contains('/'),
        })
    }

    /// Whether `path`, a part of it or its end is meant.
    #[must_use]
    pub fn covers(&self, path: &Path) -> bool {
        if self.is_name {
            let mut names = path.components().filter_map(|part| match part {
                Component::Normal(name) => Some(name),
                _ => None,
            });
            return names.any(|name| self.path.is_match(name));
        }
        // The directories on the way, too: what lies in one that is left out is left out with it.
        path.ancestors()
            .any(|path| endings(path).any(|end| self.path.is_match(end)))
    }
}

/// Whether one of `all` covers `path`.
#[must_use]
pub fn covers(all: &[Exclude], path: &Path) -> bool {
    all.iter().any(|one| one.covers(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_anywhere_and_a_path_at_the_end() {
        for (pattern, path, is_meant) in [
            ("*.bak.conf", "fleet/a/nova.bak.conf", true),
            ("*.bak.conf", "fleet/a/nova.conf", false),
            ("lab", "fleet/lab/nova.conf", true),
            ("lab", "fleet/lab2/nova.conf", false),
            ("lab/*.conf", "fleet/lab/nova.conf", true),
            ("lab/*.conf", "fleet/lab/x/nova.conf", false),
            ("lab/**", "fleet/lab/x/nova.conf", true),
            ("fleet/a", "./fleet/a/nova.conf", true),
            ("./fleet/*", "fleet/a/nova.conf", true),
            ("/etc/nova/*", "/etc/nova/nova.conf", true),
            ("/etc/nova/*", "x/etc/nova/nova.conf", false),
            ("{a,b}.conf", "b.conf", true),
            ("lab/", "lab/nova.conf", true),
        ] {
            let exclude = Exclude::parse(pattern).unwrap();
            assert_eq!(exclude.covers(Path::new(path)), is_meant, "{pattern} {path}");
        }
        assert!(Exclude::parse("[a").is_err() && Exclude::parse("").is_err());
    }
}
