//! From a name in a file to the options it leads to, release by release: known, an old name, gone, yet to come, or never
//! heard of.
//!
//! It follows names through the tables; what the file does with them it does not know, and what a wrong one was meant for
//! says [`super::spelling`].

use super::table::{Row, referring_defaults, table};
use super::{OptionFacts, Release};
use crate::oslo::names::{normal_group, without_hyphens};

/// How a name in a file leads to an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// It is the option's name.
    Current,
    /// It is an old name that the release still takes.
    Deprecated,
}

/// An option found by a name in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// The option.
    pub option: OptionFacts,
    /// How the name leads to it.
    pub via: Via,
}

/// The option `name` of `group` as `release` knows it by that very name; the group in any case, the name exact.
#[must_use]
pub fn option(group: &str, name: &str, release: Release) -> Option<OptionFacts> {
    let rows = table().rows_of(&normal_group(group), name);
    rows.iter().find(|row| row.covers(release)).map(OptionFacts::new)
}

/// The option that a line `key = …` in section `group` sets in `release`, by its name or an old one.
///
/// As `oslo_config.cfg._Namespace` looks: a hyphen in `key` counts only in old names that were declared with it, and only
/// from 16 (oslo.config 3.24).
#[must_use]
pub fn by_any_name(group: &str, key: &str, release: Release) -> Option<Named> {
    if let Some(option) = option(group, key, release) {
        return Some(Named {
            option,
            via: Via::Current,
        });
    }
    let hyphens = key.contains('-');
    if hyphens && release.oslo_config() < (3, 24) {
        return None;
    }
    let (group, name) = (normal_group(group), without_hyphens(key));
    let rows = table().rows_by_alias(&group, &name).filter(|row| row.covers(release));
    let mut options = rows.map(OptionFacts::new);
    // Hyphens count only where they were declared.
    let is_declared = |option: &OptionFacts| {
        option
            .aliases()
            .any(|old| old.name == key && normal_group(old.group) == group)
    };
    let option = options.find(|option| !hyphens || is_declared(option))?;
    Some(Named {
        option,
        via: Via::Deprecated,
    })
}

/// Every option of `release`, by group and name; of 13 and 14 only those of live migration are known.
pub fn options(release: Release) -> impl Iterator<Item = OptionFacts> {
    let rows = table().rows.iter().filter(move |row| row.covers(release));
    rows.map(OptionFacts::new)
}

/// Every option of every release: one entry per span of releases in which nothing about it changed.
pub fn all() -> impl Iterator<Item = OptionFacts> {
    table().rows.iter().map(OptionFacts::new)
}

/// The option's life by its own name: one entry per span in which nothing about it changed, oldest first.
#[must_use]
pub fn life(group: &str, name: &str) -> Vec<OptionFacts> {
    let rows = table().rows_of(&normal_group(group), name);
    rows.iter().map(OptionFacts::new).collect()
}

/// The options, over all releases, that once took `name` in `group` as an old name; oldest span first.
#[must_use]
pub fn life_as_alias(group: &str, name: &str) -> Vec<OptionFacts> {
    let (group, name) = (normal_group(group), without_hyphens(name));
    let mut rows: Vec<&Row> = table().rows_by_alias(&group, &name).collect();
    rows.sort_by_key(|row| (row.since, row.group, row.name));
    rows.into_iter().map(OptionFacts::new).collect()
}

/// Whether any release knows `key` in `group`, by its own or an old name.
#[must_use]
pub fn is_known_anywhere(group: &str, key: &str) -> bool {
    !table().rows_of(&normal_group(group), key).is_empty() || !life_as_alias(group, key).is_empty()
}

/// Whether any release knows an option or an old name in `group`.
#[must_use]
pub fn is_group_known(group: &str) -> bool {
    let group = normal_group(group);
    let aliases = &table().aliases;
    let first = aliases.partition_point(|(known, ..)| **known < *group);
    !table().rows_in(&group).is_empty() || aliases.get(first).is_some_and(|(known, ..)| **known == *group)
}

/// The groups in which `release` has an option called `name`, in order.
#[must_use]
pub fn groups_with(name: &str, release: Release) -> Vec<&'static str> {
    let options = table()
        .rows
        .iter()
        .filter(|row| row.name == name && row.covers(release));
    options.map(|row| row.group).collect()
}

/// The options of `release` whose default refers to another option; one that refers to several comes as often.
pub fn with_referring_default(release: Release) -> impl Iterator<Item = OptionFacts> {
    let rows = referring_defaults().iter().map(|(_, row)| *row);
    rows.filter(move |row| row.covers(release)).map(OptionFacts::new)
}

/// Whether the default of some option of `release` refers to `name`; nearly none does.
#[must_use]
pub fn is_in_default(name: &str, release: Release) -> bool {
    let mut referring = referring_defaults().iter();
    referring.any(|(asked, row)| *asked == name && row.covers(release))
}

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
