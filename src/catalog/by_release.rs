//! What is made of each release once, when it is first asked for.
//!
//! What of a release that is, whoever keeps it knows.

use std::sync::OnceLock;

use super::Release;

/// Something of each release that is known when it is made.
#[derive(Debug)]
pub struct ByRelease<T>(Vec<OnceLock<T>>);

impl<T> Default for ByRelease<T> {
    fn default() -> Self {
        Self(Release::all().map(|_| OnceLock::new()).collect())
    }
}

impl<T> ByRelease<T> {
    /// That of `release`; made by `make` when it is first asked for.
    pub fn of(&self, release: Release, make: impl FnOnce() -> T) -> &T {
        let place = usize::from(release.number() - Release::OLDEST.number());
        self.0[place].get_or_init(make)
    }
}
