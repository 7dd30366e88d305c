//! Which release a stack of files was written for, told by the options it sets.
//!
//! It reads names only: no value tells a release.

use crate::catalog::{self, Release};
use crate::conf::layers::{Place, Stack};

/// The releases in which something is known, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Releases(u32);

impl Releases {
    const NONE: Self = Self(0);

    fn bit(release: Release) -> u32 {
        1 << (release.number() - Release::OLDEST.number())
    }

    fn span(since: Release, until: Option<Release>) -> Self {
        let last = until.unwrap_or(Release::NEWEST);
        // What the first complete list holds was there before, as far as anyone can tell.
        let since = if since == Release::FIRST_COMPLETE {
            Release::OLDEST
        } else {
            since
        };
        Self(
            Release::all()
                .filter(|&release| since <= release && release <= last)
                .map(Self::bit)
                .sum(),
        )
    }

    fn has(self, release: Release) -> bool {
        self.0 & Self::bit(release) != 0
    }
}

/// An option that bounds the release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Where it is set.
    pub place: Place,
    /// `live_migration_progress_timeout`.
    pub name: String,
    /// The group it stands in.
    pub group: String,
    /// From above: the first release without it; from below: the first release with it.
    pub release: Release,
}

/// What the options of a stack say of its release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inference {
    /// The newest release that knows every option in the files that any release knows.
    pub release: Release,
    /// The option that allows no newer one.
    pub above: Option<Pin>,
    /// The option that allows no older one.
    pub below: Option<Pin>,
    /// How many options that some release knows this one does not: above 0 where no release knows them all.
    pub unknown: usize,
}

/// Infers the release `stack` was written for; options that no release knows do not count.
#[must_use]
pub fn infer(stack: &Stack) -> Inference {
    // What another service's file sets says nothing of nova.
    let natures = super::nature::natures(stack);
    let known: Vec<(Place, Releases)> = stack
        .places()
        .filter(|place| natures[place.layer].is_nova())
        .map(|place| (place, releases_knowing(stack.group(place), &stack.key(place))))
        .filter(|(_, releases)| *releases != Releases::NONE)
        .collect();
    let count = |release: Release| known.iter().filter(|(_, releases)| releases.has(release)).count();
    // `max_by_key` takes the last of equals: the newest.
    let release = Release::all()
        .max_by_key(|&release| count(release))
        .unwrap_or(Release::NEWEST);
    let in_it = || known.iter().filter(|(_, releases)| releases.has(release));
    let pin = |place: Place, release: Release| Pin {
        place,
        name: stack.key(place).into_owned(),
        group: stack.group(place).to_owned(),
        release,
    };
    let above = in_it()
        .filter_map(|&(place, releases)| Some(pin(place, first_without(releases, release)?)))
        .min_by_key(|pin| pin.release);
    let below = in_it()
        .filter_map(|&(place, releases)| Some(pin(place, first_with(releases, release)?)))
        .max_by_key(|pin| pin.release);
    Inference {
        release,
        above,
        below,
        unknown: known.len() - count(release),
    }
}

fn first_without(releases: Releases, after: Release) -> Option<Release> {
    Release::all().find(|&release| release > after && !releases.has(release))
}

/// The oldest of the unbroken run of releases up to `last`; `None` where it reaches back to the oldest known.
fn first_with(releases: Releases, last: Release) -> Option<Release> {
    let before = Release::all()
        .rev()
        .find(|&release| release < last && !releases.has(release))?;
    before.next()
}

fn releases_knowing(group: &str, key: &str) -> Releases {
    if catalog::outside::is_listed_late(group) {
        // The list learnt of it late: no release is too old for it.
        return Releases::NONE;
    }
    let own = catalog::life(group, key);
    let old = catalog::life_as_alias(group, key);
    own.iter().chain(&old).fold(Releases::NONE, |all, facts| {
        Releases(all.0 | Releases::span(facts.since(), facts.until()).0)
    })
}

impl Inference {
    /// The release of today for an upgrade to `to`, and why: never a later one than that. Where the options would also
    /// suit `to` or what came after it, the release before it, as an upgrade starts there; `to` itself only where an
    /// option came with it or later. To the newest release the question is not asked: it is the default.
    #[must_use]
    pub fn before(&self, to: Release) -> (Release, String) {
        if self.release < to || to == Release::NEWEST {
            return (self.release, self.reason());
        }
        match (&self.below, to.previous()) {
            (Some(below), _) if below.release >= to => {
                let why = format!("`{}` came with {}", below.name, below.release.short());
                (to, why)
            }
            (_, Some(previous)) => {
                let why = format!(
                    "no option in it came with {} or later; `--from` says what runs today",
                    to.short()
                );
                (previous, why)
            }
            (_, None) => (to, self.reason()),
        }
    }

    /// The reason in words, for the first line of a report.
    #[must_use]
    pub fn reason(&self) -> String {
        let mut words = match (&self.above, &self.below) {
            (Some(above), _) => format!(
                "looks like {} or earlier: `{}` is gone in {}",
                self.release.short(),
                above.name,
                above.release.short()
            ),
            (None, Some(below)) => format!(
                "every option is known to {}; `{}` came with {}",
                self.release.short(),
                below.name,
                below.release.short()
            ),
            (None, None) => "no option in it tells an older release; `--from` says what runs today".to_owned(),
        };
        if let (Some(_), Some(below)) = (&self.above, &self.below) {
            words.push_str(&format!("; `{}` came with {}", below.name, below.release.short()));
        }
        if self.unknown > 0 {
            words.push_str(&format!("; no release knows them all, {} it does not", self.unknown));
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::Document;
    use crate::text::Source;

    fn inferred(text: &str) -> Inference {
        infer(&Stack::of(Document::parse(Source::new(
            "nova.conf",
            text.as_bytes().to_vec(),
        ))))
    }

    #[test]
    fn an_upgrade_starts_before_the_release_it_leads_to() {
        let before = |text: &str, to| inferred(text).before(to).0;
        let (silent, train) = ("[libvirt]\nvirt_type=kvm\n", Release::STEIN.next().unwrap());
        assert_eq!(before(silent, Release::STEIN), Release::ROCKY);
        assert_eq!(before(silent, Release::NEWEST), Release::NEWEST);
        let action = "[libvirt]\nlive_migration_timeout_action=abort\n";
        assert_eq!(before(action, train), Release::STEIN);
        assert_eq!(before(action, Release::STEIN), Release::STEIN);
        assert_eq!(before(action, Release::ROCKY), Release::ROCKY);
        let old = "[libvirt]\nlive_migration_progress_timeout=0\n";
        assert_eq!(before(old, train), Release::ROCKY);
    }

    #[test]
    fn the_newest_release_that_knows_every_option_is_taken() {
        let inference = inferred("[libvirt]\nvirt_type=kvm\nlive_migration_progress_timeout=0\n");
        assert_eq!(inference.release, Release::ROCKY);
        assert!(
            inference
                .reason()
                .starts_with("looks like rocky or earlier: `live_migration_progress_timeout` is gone in stein"),
            "{}",
            inference.reason()
        );
    }

    #[test]
    fn an_option_of_a_later_release_bounds_from_below() {
        let inference = inferred("[libvirt]\nlive_migration_timeout_action=abort\n");
        assert_eq!((inference.release, inference.above.is_none()), (Release::NEWEST, true));
        assert_eq!(inference.below.unwrap().release, Release::STEIN);
    }

    #[test]
    fn options_nobody_knows_do_not_count() {
        let inference = inferred("[mine]\nx=1\n[DEFAULT]\nno_such_thing=1\n");
        assert_eq!((inference.release, inference.unknown), (Release::NEWEST, 0));
    }

    #[test]
    fn where_no_release_knows_all_the_one_that_knows_most_is_taken() {
        let text = "[libvirt]\nlive_migration_timeout_action=abort\nlive_migration_with_native_tls=true\nlive_migration_progress_timeout=0\n";
        let inference = inferred(text);
        assert_eq!((inference.release, inference.unknown), (Release::NEWEST, 1));
    }
}
