//! What is to be had of a hypervisor beyond a migration that goes well: how each end stands and why, and the way back after a
//! break in post-copy.
//!
//! It breaks nothing and decides nothing.

use serde::{Deserialize, Serialize};

use super::{End, GuestState, Hypervisor, Refusal, Request};

/// How a guest stands at one end, and libvirt's reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Condition {
    /// Its state.
    pub state: GuestState,
    /// Libvirt's number of the reason, of which each state has its own; 0 where there is no such domain.
    pub reason: i32,
    /// Both in libvirt's words, such as `paused (post-copy failed)`.
    pub words: String,
}

impl Condition {
    /// That there is no such domain.
    #[must_use]
    pub fn absent() -> Self {
        Self {
            state: GuestState::Absent,
            reason: 0,
            words: "no such domain".to_owned(),
        }
    }

    /// Whether the guest runs with all its memory, as far as libvirt knows.
    #[must_use]
    pub fn has_arrived(&self) -> bool {
        self.state == GuestState::Running && !self.is_broken() && !self.words.ends_with("(post-copy)")
    }

    /// Whether this is a half of a post-copy migration that broke: the source's, which has memory that was not sent, or the
    /// destination's, which waits for it.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.words.ends_with("(post-copy failed)")
    }
}

/// A hypervisor whose migrations may be broken and brought back.
pub trait Recovery: Hypervisor {
    /// How the guest stands at one end.
    ///
    /// # Errors
    /// The daemon does not answer.
    fn condition(&mut self, end: End) -> Result<Condition, Refusal>;

    /// Asks for the rest of a post-copy migration that broke, by the same call with `POSTCOPY_RESUME` added; returns at once,
    /// and the call's end comes as [`Event::Returned`](super::Event::Returned).
    ///
    /// # Errors
    /// The guest is not at the source.
    fn resume_post_copy(&mut self, request: &Request) -> Result<(), Refusal>;

    /// Breaks a migration in post-copy off by libvirt's own call, which closes this guest's connection and touches nothing else.
    ///
    /// # Errors
    /// Libvirt, of either end or of this machine, is older than 8.5, or the migration is not in post-copy.
    fn break_off(&mut self) -> Result<(), Refusal>;

    /// Connects again to a daemon that was started again.
    ///
    /// # Errors
    /// It does not listen in time.
    fn reconnect(&mut self, end: End) -> Result<(), Refusal>;
}
