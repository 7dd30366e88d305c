//! Patterns of paths: `*` and `?` match anything but `/`, `**` that too.

use std::iter;
use std::path::Path;

use globset::{GlobBuilder, GlobMatcher};

pub use globset::escape;

/// A pattern, ready to be matched.
#[derive(Clone, Debug)]
pub struct Glob(GlobMatcher);

impl Glob {
    /// Reads a pattern.
    ///
    /// # Errors
    /// It is none; why.
    pub fn parse(text: &str) -> Result<Self, String> {
        let glob = GlobBuilder::new(text).literal_separator(true).build();
        glob.map(|glob| Self(glob.compile_matcher()))
            .map_err(|error| error.kind().to_string())
    }

    /// Whether it matches the whole of `path`.
    #[must_use]
    pub fn is_match(&self, path: impl AsRef<Path>) -> bool {
        self.0.is_match(path)
    }
}

/// `path`, and what is left of it without its first component, without its first two, and so on.
pub fn endings(path: &Path) -> impl Iterator<Item = &Path> {
    let mut rest = path.components();
    iter::from_fn(move || {
        let ending = rest.as_path();
        rest.next()?;
        Some(ending)
    })
}
