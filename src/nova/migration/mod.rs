//! Nova's live-migration semantics as pure functions of settings and figures.
//!
//! It reads no file: settings come from [`crate::nova`], and what a value means to a host `novamend verify` finds out.

pub mod connection;
pub mod flags;
pub mod intent;
pub mod settings;
pub mod timeout;
pub mod uri;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use settings::Settings;

use crate::catalog::Release;

/// What nova does when `live_migration_completion_timeout` runs out, as it is configured; from Stein (19) on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TimeoutAction {
    /// Cancel the migration; the guest keeps running at the source.
    Abort,
    /// Post-copy where it is permitted, else a pause of the guest, so that the migration ends.
    ForceComplete,
}

impl TimeoutAction {
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

impl fmt::Display for TimeoutAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How nova ends the migration of a guest that does not converge: what the configured action comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The job is cancelled; the guest keeps running at the source.
    Abort,
    /// The guest runs at the destination and fetches what is missing.
    PostCopy,
    /// The guest is paused until the rest is copied.
    Pause,
}

impl Ending {
    /// All of them, the order being that of trials.
    pub const ALL: [Self; 3] = [Self::Abort, Self::PostCopy, Self::Pause];

    /// The action that nova.conf must have for it; whether post-copy is permitted tells the other two apart.
    #[must_use]
    pub fn action(self) -> TimeoutAction {
        match self {
            Self::Abort => TimeoutAction::Abort,
            Self::PostCopy | Self::Pause => TimeoutAction::ForceComplete,
        }
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Abort => "abort",
            Self::PostCopy => "force_complete by post-copy",
            Self::Pause => "force_complete by pausing the guest",
        }
    }

    /// In words, as `release` has it: what ends a migration before Stein is no timeout action.
    #[must_use]
    pub fn words_in(self, release: Release) -> &'static str {
        match self {
            Self::PostCopy if release < Release::STEIN => "nova's own switch to post-copy",
            other => other.words(),
        }
    }
}
