//! Nova's live-migration semantics as pure functions of settings and figures.
//!
//! It reads no file: settings come from [`crate::nova`], and what a value means to a host is `verify`'s business.

pub mod connection;
pub mod flags;
pub mod intent;
pub mod timeout;
pub mod uri;

use std::fmt;

/// What nova does when `live_migration_completion_timeout` runs out, from Stein (19) on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Cancel the migration; the guest goes on at the source.
    Abort,
    /// Post-copy where it is permitted, else a pause of the guest, so that the migration ends.
    ForceComplete,
}

impl Action {
    /// Both, in the order of nova's choices.
    pub const ALL: [Self; 2] = [Self::Abort, Self::ForceComplete];

    /// The word in nova.conf; case matters there.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Abort => "abort",
            Self::ForceComplete => "force_complete",
        }
    }

    /// The action that nova reads from `word`, if it takes it.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
