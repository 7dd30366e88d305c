//! What becomes of a guest whose post-copy migration broke, by where its two halves stand.
//!
//! It asks nobody and touches nothing. A guest is resumed where both halves say that they are broken, and in no other case.

use serde::Serialize;

use crate::hypervisor::libvirt::{CRASHES, Off, SINCE, Standing};

/// What a host that may be the destination answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Where the domain stands there, and the daemon's version.
    Stands {
        /// The state.
        standing: Standing,
        /// Libvirt's version there.
        version: u32,
    },
    /// Nothing: why not.
    Silent(String),
}

/// A host that may be the destination, and what it answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Sighting {
    /// Its URI.
    pub uri: String,
    /// Its answer.
    pub answer: Answer,
}

/// What holds for one guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// Both halves are broken: libvirt can resume the migration. The number is that of the sighting.
    Resumable(usize),
    /// The source's half was given up, and the destination's still waits for what QEMU sends: it comes to its end by itself,
    /// or shows as broken there too.
    StillWaiting(usize),
    /// The migration is in post-copy and not broken.
    UnderWay,
    /// The guest runs at the destination by itself.
    RunsThere(usize),
    /// The destination's QEMU has gone, and with it what the guest had written since the switch.
    Lost(usize),
    /// The guest was ended at the destination, or has gone on from there.
    Ended(usize, Off),
    /// It is defined there and does not run, and why is not known.
    OffThere(usize),
    /// Its state there is none that a migration leaves.
    Odd(usize),
    /// More than one host has it as a destination has.
    Several,
    /// No host that was asked has it.
    Nowhere,
    /// A host that may have it did not answer.
    NotReached(usize),
    /// Nobody said where it went.
    NoDestination,
    /// A libvirt that is too old, and its version; null for the source's.
    TooOld(Option<usize>, u32),
    /// Both halves are broken, and the destination's libvirt is the one that crashes when it is asked to resume; its version.
    CrashesThere(usize, u32),
    /// There is no migration in post-copy.
    NotBroken,
    /// It was broken and is at the source no more, and no host that was asked has it running.
    Gone,
}

impl Judgement {
    /// Whether it may turn into another one without anybody's doing.
    #[must_use]
    pub fn may_change(&self) -> bool {
        matches!(
            self,
            Self::Resumable(_) | Self::StillWaiting(_) | Self::UnderWay | Self::NotReached(_)
        )
    }

    /// Whether the guest is all right, as far as this goes.
    #[must_use]
    pub fn is_well(&self) -> bool {
        matches!(self, Self::RunsThere(_) | Self::UnderWay | Self::NotBroken)
    }
}

/// Judges a guest by where it stands at its source, whose libvirt has this version, and by what was seen elsewhere; `risks`: a
/// libvirt that is known to crash when it is asked counts as any other.
#[must_use]
pub(super) fn judge(source: Standing, version: u32, seen: &[Sighting], risks: bool) -> Judgement {
    match source {
        Standing::PausedPostCopyFailed => {}
        Standing::PausedPostCopy => return Judgement::UnderWay,
        // its definition is what the link's break has left
        Standing::Off(Off::Migrated) => return running(seen).map_or(Judgement::NotBroken, Judgement::RunsThere),
        _ => return Judgement::NotBroken,
    }
    if version < SINCE {
        return Judgement::TooOld(None, version);
    }
    if seen.is_empty() {
        return Judgement::NoDestination;
    }
    match by_destination(seen) {
        Judgement::CrashesThere(at, _) if risks => Judgement::Resumable(at),
        judgement => judgement,
    }
}

fn by_destination(seen: &[Sighting]) -> Judgement {
    let stands = |wanted: fn(Standing) -> bool| -> Vec<usize> {
        let matching =
            |sighting: &Sighting| matches!(sighting.answer, Answer::Stands { standing, .. } if wanted(standing));
        (0..seen.len()).filter(|index| matching(&seen[*index])).collect()
    };
    // whoever runs it by itself has the guest, whatever any other half says
    if let Some(at) = running(seen) {
        return Judgement::RunsThere(at);
    }
    let halves = stands(|standing| is_half(standing) || matches!(standing, Standing::Paused | Standing::Other));
    if let [_, _, ..] = halves[..] {
        return Judgement::Several;
    }
    if let Some(&at) = halves.first() {
        return of_half(at, &seen[at].answer);
    }
    let silent = seen
        .iter()
        .position(|sighting| matches!(sighting.answer, Answer::Silent(_)));
    if let Some(at) = silent {
        return Judgement::NotReached(at);
    }
    let off = stands(|standing| matches!(standing, Standing::Off(_)));
    let Some(&at) = off.first() else {
        return Judgement::Nowhere;
    };
    if off.len() > 1 {
        return Judgement::OffThere(at);
    }
    match seen[at].answer {
        Answer::Stands {
            standing: Standing::Off(Off::Crashed | Off::Failed),
            ..
        } => Judgement::Lost(at),
        Answer::Stands {
            standing: Standing::Off(off @ (Off::ShutDown | Off::Destroyed | Off::Migrated | Off::Saved)),
            ..
        } => Judgement::Ended(at, off),
        _ => Judgement::OffThere(at),
    }
}

/// The host on which it runs by itself.
pub(super) fn running(seen: &[Sighting]) -> Option<usize> {
    let runs = |sighting: &Sighting| {
        matches!(
            sighting.answer,
            Answer::Stands {
                standing: Standing::Running,
                ..
            }
        )
    };
    seen.iter().position(runs)
}

/// Whether a host has the destination's half of a migration in post-copy.
fn is_half(standing: Standing) -> bool {
    matches!(
        standing,
        Standing::RunningPostCopy | Standing::RunningPostCopyFailed | Standing::PausedPostCopyFailed
    )
}

fn of_half(at: usize, answer: &Answer) -> Judgement {
    match *answer {
        Answer::Stands { version, .. } if version < SINCE => Judgement::TooOld(Some(at), version),
        // a guest that somebody had paused is broken while it is paused
        Answer::Stands {
            standing: Standing::RunningPostCopyFailed | Standing::PausedPostCopyFailed,
            version,
        } if version == CRASHES => Judgement::CrashesThere(at, version),
        Answer::Stands {
            standing: Standing::RunningPostCopyFailed | Standing::PausedPostCopyFailed,
            ..
        } => Judgement::Resumable(at),
        Answer::Stands {
            standing: Standing::RunningPostCopy,
            ..
        } => Judgement::StillWaiting(at),
        _ => Judgement::Odd(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: u32 = 9_000_000;

    fn at(standing: Standing) -> Sighting {
        Sighting {
            uri: "qemu+tls://b/system".to_owned(),
            answer: Answer::Stands { standing, version: NEW },
        }
    }

    fn silent() -> Sighting {
        Sighting {
            uri: "qemu+tls://c/system".to_owned(),
            answer: Answer::Silent("no answer".to_owned()),
        }
    }

    fn broken(seen: &[Sighting]) -> Judgement {
        judge(Standing::PausedPostCopyFailed, NEW, seen, false)
    }

    #[test]
    fn only_two_broken_halves_are_resumed_whatever_the_pair() {
        for source in Standing::ALL {
            for destination in Standing::ALL {
                let is_broken = matches!(
                    destination,
                    Standing::RunningPostCopyFailed | Standing::PausedPostCopyFailed
                );
                let resumed = judge(source, NEW, &[at(destination)], false) == Judgement::Resumable(0);
                let wanted = source == Standing::PausedPostCopyFailed && is_broken;
                assert_eq!(resumed, wanted, "{source:?} and {destination:?}");
            }
        }
    }

    #[test]
    fn what_has_moved_and_runs_there_is_whole() {
        let moved = Standing::Off(Off::Migrated);
        assert_eq!(
            judge(moved, NEW, &[at(Standing::Running)], false),
            Judgement::RunsThere(0)
        );
        assert_eq!(judge(moved, NEW, &[silent()], false), Judgement::NotBroken);
    }

    #[test]
    fn a_guest_that_runs_anywhere_is_never_touched() {
        for other in Standing::ALL {
            let seen = [at(other), at(Standing::Running)];
            let judgement = broken(&seen);
            assert!(matches!(judgement, Judgement::RunsThere(_)), "{other:?}: {judgement:?}");
        }
        assert_eq!(broken(&[at(Standing::RunningPostCopy)]), Judgement::StillWaiting(0));
    }

    #[test]
    fn a_guest_is_lost_only_where_its_destination_says_so_and_every_host_has_answered() {
        let crashed = at(Standing::Off(Off::Crashed));
        assert_eq!(broken(std::slice::from_ref(&crashed)), Judgement::Lost(0));
        assert_eq!(broken(&[at(Standing::Absent), crashed.clone()]), Judgement::Lost(1));
        assert_eq!(broken(&[crashed.clone(), silent()]), Judgement::NotReached(1));
        assert_eq!(broken(&[at(Standing::Off(Off::NotKnown))]), Judgement::OffThere(0));
        assert_eq!(broken(&[at(Standing::Absent)]), Judgement::Nowhere);
        assert_eq!(broken(&[crashed.clone(), crashed]), Judgement::OffThere(0));
        assert_eq!(
            broken(&[at(Standing::Off(Off::ShutDown))]),
            Judgement::Ended(0, Off::ShutDown)
        );
    }

    #[test]
    fn a_libvirt_that_crashes_when_it_is_asked_is_asked_only_at_a_known_risk() {
        let half = |version| Sighting {
            uri: "qemu+tls://b/system".to_owned(),
            answer: Answer::Stands {
                standing: Standing::RunningPostCopyFailed,
                version,
            },
        };
        let judged = |version, risks| judge(Standing::PausedPostCopyFailed, CRASHES, &[half(version)], risks);
        assert_eq!(judged(CRASHES, false), Judgement::CrashesThere(0, CRASHES));
        assert!(!judged(CRASHES, false).may_change() && !judged(CRASHES, false).is_well());
        assert_eq!(judged(CRASHES, true), Judgement::Resumable(0));
        // the source's own version does not matter, and of others nothing is known
        assert_eq!(judged(CRASHES + 1, false), Judgement::Resumable(0));
    }

    #[test]
    fn two_destinations_and_an_old_libvirt_are_left_alone() {
        let half = at(Standing::RunningPostCopyFailed);
        assert_eq!(broken(&[half.clone(), half.clone()]), Judgement::Several);
        assert_eq!(broken(&[half.clone(), at(Standing::Paused)]), Judgement::Several);
        assert_eq!(
            judge(
                Standing::PausedPostCopyFailed,
                8_004_000,
                std::slice::from_ref(&half),
                false
            ),
            Judgement::TooOld(None, 8_004_000)
        );
        let old = Sighting {
            answer: Answer::Stands {
                standing: Standing::RunningPostCopyFailed,
                version: 8_004_000,
            },
            ..half
        };
        assert_eq!(broken(&[old]), Judgement::TooOld(Some(0), 8_004_000));
        assert_eq!(broken(&[]), Judgement::NoDestination);
    }

    #[test]
    fn one_host_that_is_silent_does_not_hide_the_half_that_another_has() {
        assert_eq!(
            broken(&[silent(), at(Standing::RunningPostCopyFailed)]),
            Judgement::Resumable(1)
        );
    }
}
