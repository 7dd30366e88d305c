//! What becomes of a name in a file on the way to a release: known, an old name, gone, yet to come, or never heard of.
//!
//! It follows names through the tables; what the file does with them it does not know.

use super::table::table;
use super::{OptionFacts, Release, Via, by_any_name, normal_group, option, without_hyphens};

/// What a release makes of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is an option's own name.
    Known(OptionFacts),
    /// It is an old name that the release still takes, of these options: mostly one.
    Old(Vec<OptionFacts>),
    /// Some earlier release took it, this one does not.
    Gone(Gone),
    /// A later release is the first to know it.
    Later(Release),
    /// No release knows it.
    Unknown,
}

/// A name that a release no longer takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// The option it led to, as the last release that took the name knows it.
    pub last: OptionFacts,
    /// How it led there.
    pub via: Via,
    /// The first release that does not take it.
    pub release: Release,
    /// The options that took its place under another name, as the release in question knows them.
    pub successors: Vec<OptionFacts>,
}

/// How often a name may lead on to another before that counts as a circle.
const LONGEST: usize = 8;

/// What `release` makes of `key` in `group`.
#[must_use]
pub fn fate(group: &str, key: &str, release: Release) -> Fate {
    if let Some(named) = by_any_name(group, key, release) {
        return match named.via {
            Via::Current => Fate::Known(named.option),
            Via::Deprecated => Fate::Old(by_old_name(group, key, release)),
        };
    }
    let earlier = Release::all().rev().filter(|&earlier| earlier < release);
    let taken = earlier.filter_map(|earlier| Some((by_any_name(group, key, earlier)?, earlier)));
    if let Some((named, last)) = taken.into_iter().next() {
        return Fate::Gone(Gone {
            last: named.option,
            via: named.via,
            release: last.next().unwrap_or(release),
            successors: successors(group, key, last, release, LONGEST),
        });
    }
    let mut later = Release::all().filter(|&later| later > release);
    later
        .find(|&later| by_any_name(group, key, later).is_some())
        .map_or(Fate::Unknown, Fate::Later)
}

/// The options that take `key` of `group` as an old name in `release`, each once.
#[must_use]
pub fn by_old_name(group: &str, key: &str, release: Release) -> Vec<OptionFacts> {
    if key.contains('-') && release.oslo_config() < (3, 24) {
        return Vec::new();
    }
    let (group, name) = (normal_group(group), without_hyphens(key));
    let mut found: Vec<OptionFacts> = table()
        .rows_by_alias(&group, &name)
        .filter(|row| row.covers(release))
        .copied()
        .map(OptionFacts::new)
        .collect();
    found.dedup();
    found
}

/// Every option of `release` that reads `key` of `group`: by its own name, and those that take it as an old one.
#[must_use]
pub fn readers(group: &str, key: &str, release: Release) -> Vec<OptionFacts> {
    let own = option(group, key, release);
    own.into_iter().chain(by_old_name(group, key, release)).collect()
}

/// Where `key`, last taken by `last`, leads in `release`; empty where nothing took its place.
fn successors(group: &str, key: &str, last: Release, release: Release, depth: usize) -> Vec<OptionFacts> {
    if depth == 0 {
        return Vec::new();
    }
    let mut found = Vec::new();
    for old in by_old_name(group, key, last) {
        match option(old.group(), old.name(), release) {
            Some(now) => found.push(now),
            None => match fate(old.group(), old.name(), release) {
                Fate::Old(now) => found.extend(now),
                Fate::Gone(gone) => {
                    let last = gone.release.previous().unwrap_or(Release::OLDEST);
                    found.extend(successors(old.group(), old.name(), last, release, depth - 1));
                }
                _ => {}
            },
        }
    }
    found.sort_by_key(|facts| (facts.group(), facts.name()));
    found.dedup();
    found
}

/// The first release after `since` that does not take `key` of `group` in any way; `None`: the newest still does.
#[must_use]
pub fn dropped_after(group: &str, key: &str, since: Release) -> Option<Release> {
    Release::all()
        .filter(|&release| release > since)
        .find(|&release| by_any_name(group, key, release).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(number: u32) -> Release {
        Release::from_number(number).unwrap()
    }

    fn titles(options: &[OptionFacts]) -> Vec<String> {
        options.iter().map(OptionFacts::title).collect()
    }

    #[test]
    fn a_name_is_followed_to_the_option_that_took_its_place() {
        let Fate::Old(now) = fate("pci", "passthrough_whitelist", Release::NEWEST) else {
            panic!("no old name");
        };
        assert_eq!(titles(&now), ["[pci] device_spec"]);
        let Fate::Gone(gone) = fate("DEFAULT", "dhcp_domain", Release::NEWEST) else {
            panic!("not gone");
        };
        assert_eq!(titles(&gone.successors), ["[api] dhcp_domain"]);
    }

    #[test]
    fn an_option_without_a_successor_is_gone_in_the_release_after_its_last() {
        let Fate::Gone(gone) = fate("libvirt", "live_migration_progress_timeout", release(30)) else {
            panic!("not gone");
        };
        assert_eq!((gone.release, gone.via), (Release::STEIN, Via::Current));
        assert_eq!(titles(&gone.successors), Vec::<String>::new());
    }

    #[test]
    fn a_name_that_comes_later_says_when() {
        let fate = fate("libvirt", "live_migration_timeout_action", Release::ROCKY);
        assert_eq!(fate, Fate::Later(Release::STEIN));
        assert_eq!(super::fate("libvirt", "no_such_thing", Release::ROCKY), Fate::Unknown);
    }

    #[test]
    fn one_old_name_may_lead_to_several_options() {
        let Fate::Old(options) = fate("DEFAULT", "sql_connection", release(24)) else {
            panic!("not an old name");
        };
        assert_eq!(titles(&options), ["[api_database] connection", "[database] connection"]);
    }
}
