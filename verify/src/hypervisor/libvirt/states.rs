//! The states of a domain and their reasons as libvirt numbers them, in words and as far as a migration in post-copy goes.
//!
//! It asks nobody.

use serde::Serialize;
use virt::sys;

use crate::hypervisor::GuestState;
use crate::hypervisor::recovery::Condition;

/// A domain's state, as far as a migration in post-copy goes; libvirt's numbers by their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The daemon does not know it.
    Absent,
    /// It does not run, and why.
    Off(Off),
    /// It runs, and no migration in post-copy concerns it any more.
    Running,
    /// `VIR_DOMAIN_RUNNING_POSTCOPY`: it runs at the destination, and memory still comes.
    RunningPostCopy,
    /// `VIR_DOMAIN_RUNNING_POSTCOPY_FAILED`: at the destination, until it needs a page that has not come.
    RunningPostCopyFailed,
    /// `VIR_DOMAIN_PAUSED_POSTCOPY`: the source's half, which sends.
    PausedPostCopy,
    /// `VIR_DOMAIN_PAUSED_POSTCOPY_FAILED`: the source's half, cut off.
    PausedPostCopyFailed,
    /// Paused for another reason.
    Paused,
    /// Crashed, or a state that is not known here.
    Other,
}

/// Why a domain does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Off {
    /// `VIR_DOMAIN_SHUTOFF_SHUTDOWN`: the guest ended by itself or was asked to.
    ShutDown,
    /// `VIR_DOMAIN_SHUTOFF_DESTROYED`: somebody ended it.
    Destroyed,
    /// `VIR_DOMAIN_SHUTOFF_CRASHED`: its QEMU has gone.
    Crashed,
    /// `VIR_DOMAIN_SHUTOFF_MIGRATED`: it went to another host.
    Migrated,
    /// `VIR_DOMAIN_SHUTOFF_SAVED`: it was saved to a file.
    Saved,
    /// `VIR_DOMAIN_SHUTOFF_FAILED`: it could not be started, or its migration failed.
    Failed,
    /// Another reason, or none that libvirt remembers.
    NotKnown,
}

impl Standing {
    /// Every one.
    pub const ALL: [Self; 15] = [
        Self::Absent,
        Self::Off(Off::ShutDown),
        Self::Off(Off::Destroyed),
        Self::Off(Off::Crashed),
        Self::Off(Off::Migrated),
        Self::Off(Off::Saved),
        Self::Off(Off::Failed),
        Self::Off(Off::NotKnown),
        Self::Running,
        Self::RunningPostCopy,
        Self::RunningPostCopyFailed,
        Self::PausedPostCopy,
        Self::PausedPostCopyFailed,
        Self::Paused,
        Self::Other,
    ];
}

/// A state's reasons: each with its words, and where a domain stands by it.
type Reasons = [(u32, &'static str, Standing)];

const RUNNING: &Reasons = &[
    (1, "booted", Standing::Running),
    (2, "migrated", Standing::Running),
    (3, "restored", Standing::Running),
    (4, "from snapshot", Standing::Running),
    (5, "unpaused", Standing::Running),
    (6, "migration canceled", Standing::Running),
    (7, "save canceled", Standing::Running),
    (8, "woken up", Standing::Running),
    (9, "crashed", Standing::Running),
    (10, "post-copy", Standing::RunningPostCopy),
    (11, "post-copy failed", Standing::RunningPostCopyFailed),
    (0, "unknown", Standing::Running),
];

const PAUSED: &Reasons = &[
    (1, "by a user", Standing::Paused),
    (2, "migrating", Standing::Paused),
    (3, "saving", Standing::Paused),
    (4, "dumping", Standing::Paused),
    (5, "I/O error", Standing::Paused),
    (6, "watchdog", Standing::Paused),
    (7, "from snapshot", Standing::Paused),
    (8, "shutting down", Standing::Paused),
    (9, "creating snapshot", Standing::Paused),
    (10, "crashed", Standing::Paused),
    (11, "starting up", Standing::Paused),
    (12, "post-copy", Standing::PausedPostCopy),
    (13, "post-copy failed", Standing::PausedPostCopyFailed),
    (0, "unknown", Standing::Paused),
];

const OFF: &Reasons = &[
    (1, "shutdown", Standing::Off(Off::ShutDown)),
    (2, "destroyed", Standing::Off(Off::Destroyed)),
    (3, "crashed", Standing::Off(Off::Crashed)),
    (4, "migrated", Standing::Off(Off::Migrated)),
    (5, "saved", Standing::Off(Off::Saved)),
    (6, "failed", Standing::Off(Off::Failed)),
    (7, "from snapshot", Standing::Off(Off::NotKnown)),
    (8, "daemon", Standing::Off(Off::NotKnown)),
    (0, "unknown", Standing::Off(Off::NotKnown)),
];

/// A state: what it is to us, its word, its reasons, and where a domain stands by a reason that is not known here.
struct State {
    guest: GuestState,
    word: &'static str,
    reasons: &'static Reasons,
    otherwise: Standing,
}

impl State {
    fn of(number: u32) -> Self {
        let (guest, word, reasons, otherwise) = match number {
            sys::VIR_DOMAIN_RUNNING => (GuestState::Running, "running", RUNNING, Standing::Running),
            sys::VIR_DOMAIN_PAUSED => (GuestState::Paused, "paused", PAUSED, Standing::Paused),
            sys::VIR_DOMAIN_SHUTOFF => (GuestState::Off, "shut off", OFF, Standing::Off(Off::NotKnown)),
            _ => (
                GuestState::Broken,
                "crashed or in another state",
                &[][..],
                Standing::Other,
            ),
        };
        Self {
            guest,
            word,
            reasons,
            otherwise,
        }
    }

    fn reason(&self, number: u32) -> Option<(&'static str, Standing)> {
        let known = self.reasons.iter().find(|(of, ..)| *of == number);
        known.map(|(_, words, standing)| (*words, *standing))
    }
}

/// How a domain stands and why, in words.
pub(super) fn condition(state: u32, reason: u32) -> Condition {
    let found = State::of(state);
    let words = match found.reason(reason) {
        Some((why, _)) => format!("{} ({why})", found.word),
        None => format!("{} (reason {reason})", found.word),
    };
    Condition {
        state: found.guest,
        reason: reason.cast_signed(),
        words,
    }
}

/// Where a domain stands, as far as a migration in post-copy goes.
pub(super) fn standing(state: u32, reason: u32) -> Standing {
    let found = State::of(state);
    found.reason(reason).map_or(found.otherwise, |(_, standing)| standing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_halves_of_a_broken_migration_are_told_by_their_reasons() {
        let source = condition(sys::VIR_DOMAIN_PAUSED, sys::VIR_DOMAIN_PAUSED_POSTCOPY_FAILED);
        assert_eq!(
            (source.reason, source.words.as_str()),
            (13, "paused (post-copy failed)")
        );
        let destination = condition(sys::VIR_DOMAIN_RUNNING, sys::VIR_DOMAIN_RUNNING_POSTCOPY_FAILED);
        assert_eq!(
            (destination.reason, destination.words.as_str()),
            (11, "running (post-copy failed)")
        );
        assert!(source.is_broken() && destination.is_broken());
        assert_eq!(condition(1, 99).words, "running (reason 99)");
    }

    #[test]
    fn a_broken_post_copy_is_told_from_one_that_runs_and_from_every_other_state() {
        assert_eq!(standing(3, 13), Standing::PausedPostCopyFailed);
        assert_eq!(standing(3, 12), Standing::PausedPostCopy);
        assert_eq!(standing(3, 1), Standing::Paused);
        assert_eq!(standing(1, 11), Standing::RunningPostCopyFailed);
        assert_eq!(standing(1, 10), Standing::RunningPostCopy);
        assert_eq!(standing(1, 2), Standing::Running);
        assert_eq!(standing(5, 3), Standing::Off(Off::Crashed));
        assert_eq!(standing(5, 99), Standing::Off(Off::NotKnown));
        assert_eq!(standing(6, 0), Standing::Other);
    }
}
