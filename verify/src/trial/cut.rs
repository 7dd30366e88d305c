//! A migration that is broken in post-copy on purpose, under nova's monitor: what each side says of it, and what brings it back.
//!
//! It breaks nothing itself: a [`Breaker`] does, and touches nothing but the test guest's.

mod evidence;
mod judge;
mod kind;
mod run;
mod script;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::evidence::{CutEvidence, NovaEnd, Standings};
pub use self::kind::{Cut, FAST, Fate, SLOW};
pub use self::run::run;
use crate::hypervisor::End;
use crate::hypervisor::recovery::Recovery;
use crate::trial::messages::TrialOrder;
use crate::trial::worker::{Guest, Lab};

/// How long libvirt's daemons wait for each other over a connection that is silent: `keepalive_interval` times
/// `keepalive_count` and one, by their defaults in qemu.conf.
pub const KEEPALIVE: Duration = Duration::from_secs(30);

/// What is to be cut.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CutOrder {
    /// Each in turn, with a guest of its own.
    pub cuts: Vec<Cut>,
    /// The migration that is cut: that to post-copy.
    pub trial: TrialOrder,
}

/// Breaks the test guest's migration, and takes that back.
pub trait Breaker {
    /// Does it.
    ///
    /// # Errors
    /// Why it could not be done, in words.
    fn cut(&mut self, cut: Cut, hypervisor: &mut dyn Recovery) -> Result<(), String>;

    /// Takes it back as far as somebody would in time: the link is up again, the daemon started again.
    ///
    /// # Errors
    /// Why it could not be done, in words.
    fn restore(&mut self, cut: Cut) -> Result<(), String>;

    /// Why the destination is not to be asked to resume a migration, in words; none where it may be.
    fn why_no_resume(&self) -> Option<String> {
        None
    }

    /// How the daemon at one end has crashed by itself, in words, where it has and was not started again.
    fn crash(&self, _: End) -> Option<String> {
        None
    }

    /// Whether the guest's QEMU at one end runs; none where that cannot be seen.
    fn has_qemu(&self, _: End) -> Option<bool> {
        None
    }
}

/// A lab whose migrations can be broken.
pub trait CutLab: Lab {
    /// What migrates `guest`, as slowly as `cut` needs it, and brings it back; from here on all that happens belongs to that
    /// migration.
    fn recovery(&mut self, guest: &Guest, cut: Cut) -> &mut dyn Recovery;

    /// What breaks the migration of `guest`, made once that is set up by [`Self::recovery`].
    fn breaker(&self, guest: &Guest) -> Box<dyn Breaker>;

    /// Has the guest be heard at the destination, where it is heard there by a line of its own; the number of that line.
    fn line_at_the_destination(&mut self, guest: &Guest) -> Option<usize>;

    /// Whether a guest that is not paused is heard all the time, so that its silence tells something.
    fn hears_all(&self) -> bool;

    /// The accident that a cut failed by, which is none of those that were made; none where it shows something.
    fn accident_of(&self, _: &CutEvidence) -> Option<Self::Error> {
        None
    }

    /// Whether the guest has checked every page since `since`, waited for.
    fn checks_all_pages(&mut self, guest: &Guest, since: Duration) -> bool;
}
