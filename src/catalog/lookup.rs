//! From a name in a file to the options it leads to, release by release: known, an old name, gone, yet to come, or never
//! heard of.
//!
//! It follows names through the tables; what the file does with them it does not know, and what a wrong one was meant for
//! says [`super::spelling`].

use super::table::{self, Found, Table, referring_defaults, table};
use super::{OptionFacts, Release, index};
use crate::oslo::names::normal_group;

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

/// A group, looked up once for all its names.
#[derive(Clone, Copy)]
pub struct Group {
    table: &'static Table,
    /// `None` where no release has an option or an old name in it.
    entry: Option<&'static index::Group>,
}

/// A name in a group with all that it leads to in any release, looked up once for all of them.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    key: &'a str,
    group: Group,
    found: Found,
}

/// The group called `name`, in any case.
#[must_use]
pub fn group(name: &str) -> Group {
    let table = table();
    let entry = table.group(&normal_group(name));
    Group { table, entry }
}

/// What `key` in `group` leads to in any release; the group in any case, the key exact.
#[must_use]
pub fn known<'a>(group: &str, key: &'a str) -> Known<'a> {
    self::group(group).known(key)
}

impl Group {
    /// What `key` in this group leads to in any release.
    #[must_use]
    pub fn known<'a>(&self, key: &'a str) -> Known<'a> {
        let found = self.table.name_in(self.entry, key);
        let group = *self;
        Known { key, group, found }
    }

    /// Whether any release knows an option or an old name in it.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.entry.is_some()
    }

    /// Its name as matched; empty where no release knows it.
    fn name(&self) -> &'static str {
        self.entry.map_or("", |entry| self.table.word(entry.name))
    }
}

impl Known<'_> {
    /// Whether any release knows the name, as an option's own or an old one.
    #[must_use]
    pub fn is_anywhere(&self) -> bool {
        !self.found.own.is_empty() || !self.found.old.is_empty()
    }

    /// The option as `release` knows it by that very name.
    #[must_use]
    pub fn option(&self, release: Release) -> Option<OptionFacts> {
        self.found.own.of(release).next()
    }

    /// The option that a line with this name sets in `release`, by its name or an old one.
    ///
    /// As `oslo_config.cfg._Namespace` looks: a hyphen in the key counts only in old names that were declared with it, and
    /// only from 16 (oslo.config 3.24).
    #[must_use]
    pub fn named(&self, release: Release) -> Option<Named> {
        if let Some(option) = self.option(release) {
            return Some(Named {
                option,
                via: Via::Current,
            });
        }
        let mut options = self.old(release);
        let is_hyphened = self.key.contains('-');
        let is_declared = |option: &OptionFacts| {
            let mut old = option.aliases();
            old.any(|old| old.name == self.key && normal_group(old.group) == self.group.name())
        };
        let option = options.find(|option| !is_hyphened || is_declared(option))?;
        Some(Named {
            option,
            via: Via::Deprecated,
        })
    }

    /// The rows of `release` that have it for an old name, hyphens or not; none where hyphens never count.
    fn old(&self, release: Release) -> impl Iterator<Item = OptionFacts> {
        let counts = !self.key.contains('-') || release.oslo_config() >= (3, 24);
        self.found.old.of(release).filter(move |_| counts)
    }

    /// The options that take it as an old name in `release`, each once.
    #[must_use]
    pub fn by_old_name(&self, release: Release) -> Vec<OptionFacts> {
        let mut found: Vec<OptionFacts> = self.old(release).collect();
        found.dedup();
        found
    }

    /// The option's life by its own name: one entry per span in which nothing about it changed, oldest first.
    pub fn life(&self) -> impl Iterator<Item = OptionFacts> + use<> {
        self.found.own.iter()
    }

    /// What `release` makes of it.
    #[must_use]
    pub fn fate(&self, release: Release) -> Fate {
        if !self.is_anywhere() {
            return Fate::Unknown;
        }
        if let Some(named) = self.named(release) {
            return match named.via {
                Via::Current => Fate::Known(named.option),
                Via::Deprecated => Fate::Old(self.by_old_name(release)),
            };
        }
        let mut earlier = Release::all().rev().filter(|&earlier| earlier < release);
        let taken = earlier.find_map(|earlier| Some((self.named(earlier)?, earlier)));
        if let Some((named, last)) = taken {
            return Fate::Gone(Gone {
                last: named.option,
                via: named.via,
                release: last.next().unwrap_or(release),
                successors: self.successors(last, release, LONGEST),
            });
        }
        let mut later = Release::all().filter(|&later| later > release);
        later
            .find(|&later| self.named(later).is_some())
            .map_or(Fate::Unknown, Fate::Later)
    }

    /// Where the name, last taken by `last`, leads in `release`; empty where nothing took its place.
    fn successors(&self, last: Release, release: Release, depth: usize) -> Vec<OptionFacts> {
        if depth == 0 {
            return Vec::new();
        }
        let mut found = Vec::new();
        for old in self.by_old_name(last) {
            let old = known(old.group(), old.name());
            match old.option(release) {
                Some(now) => found.push(now),
                None => match old.fate(release) {
                    Fate::Old(now) => found.extend(now),
                    Fate::Gone(gone) => {
                        let last = gone.release.previous().unwrap_or(Release::OLDEST);
                        found.extend(old.successors(last, release, depth - 1));
                    }
                    _ => {}
                },
            }
        }
        found.sort_by_key(|facts| (facts.group(), facts.name()));
        found.dedup();
        found
    }
}

/// The option `name` of `group` as `release` knows it by that very name; the group in any case, the name exact.
#[must_use]
pub fn option(group: &str, name: &str, release: Release) -> Option<OptionFacts> {
    known(group, name).option(release)
}

/// The option that a line `key = …` in section `group` sets in `release`, by its name or an old one: [`Known::named`].
#[must_use]
pub fn by_any_name(group: &str, key: &str, release: Release) -> Option<Named> {
    known(group, key).named(release)
}

/// Every option of `release`, by group and name; of 13 and 14 only those of live migration are known.
pub fn options(release: Release) -> impl Iterator<Item = OptionFacts> {
    all().filter(move |facts| facts.covers(release))
}

/// Every option of every release: one entry per span of releases in which nothing about it changed.
pub fn all() -> impl Iterator<Item = OptionFacts> {
    table().all()
}

/// The options that [`super::add_extra`] added, as [`all`] has them.
pub fn added() -> impl Iterator<Item = OptionFacts> {
    table::added()
}

/// The option's life by its own name: one entry per span in which nothing about it changed, oldest first.
#[must_use]
pub fn life(group: &str, name: &str) -> Vec<OptionFacts> {
    known(group, name).life().collect()
}

/// The options, over all releases, that once took `name` in `group` as an old name; oldest span first.
#[must_use]
pub fn life_as_alias(group: &str, name: &str) -> Vec<OptionFacts> {
    let mut options: Vec<OptionFacts> = known(group, name).found.old.iter().collect();
    options.sort_by_key(|facts| (facts.since(), facts.group(), facts.name()));
    options
}

/// Whether any release knows `key` in `group`, by its own or an old name.
#[must_use]
pub fn is_known_anywhere(group: &str, key: &str) -> bool {
    known(group, key).is_anywhere()
}

/// Whether any release knows an option or an old name in `group`.
#[must_use]
pub fn is_group_known(group: &str) -> bool {
    self::group(group).is_known()
}

/// The groups in which `release` has an option called `name`, in order.
#[must_use]
pub fn groups_with(name: &str, release: Release) -> Vec<&'static str> {
    let options = table().in_any_group(name).filter_map(|found| found.own.of(release).next());
    options.map(|facts| facts.group()).collect()
}

/// All options of any group and release that are called `name`, then those that have it for an old name, `-` made `_`.
pub fn called(name: &str) -> impl Iterator<Item = (OptionFacts, Via)> + use<'_> {
    let of = |found: Found| {
        let own = found.own.iter().map(|facts| (facts, Via::Current));
        own.chain(found.old.iter().map(|facts| (facts, Via::Deprecated)))
    };
    table().in_any_group(name).flat_map(of)
}

/// Whether an option or a group with options is called `word`, in any release.
#[must_use]
pub fn is_word(word: &str) -> bool {
    let table = table();
    let mut names = table.in_any_group(word);
    names.any(|found| !found.own.is_empty()) || !table.rows_in(word).is_empty()
}

/// The options of `release` whose default refers to another option; one that refers to several comes as often.
pub fn with_referring_default(release: Release) -> impl Iterator<Item = OptionFacts> {
    let options = referring_defaults().iter().map(|(_, facts)| *facts);
    options.filter(move |facts| facts.covers(release))
}

/// Whether the default of some option of `release` refers to `name`; nearly none does.
#[must_use]
pub fn is_in_default(name: &str, release: Release) -> bool {
    let mut referring = referring_defaults().iter();
    referring.any(|(asked, facts)| *asked == name && facts.covers(release))
}

/// What `release` makes of `key` in `group`.
#[must_use]
pub fn fate(group: &str, key: &str, release: Release) -> Fate {
    known(group, key).fate(release)
}

/// The options that take `key` of `group` as an old name in `release`, each once.
#[must_use]
pub fn by_old_name(group: &str, key: &str, release: Release) -> Vec<OptionFacts> {
    known(group, key).by_old_name(release)
}

/// Every option of `release` that reads `key` of `group`: by its own name, and those that take it as an old one.
#[must_use]
pub fn readers(group: &str, key: &str, release: Release) -> Vec<OptionFacts> {
    let known = known(group, key);
    let own = known.option(release);
    own.into_iter().chain(known.by_old_name(release)).collect()
}

/// The first release after `since` that does not take `key` of `group` in any way; `None`: the newest still does.
#[must_use]
pub fn dropped_after(group: &str, key: &str, since: Release) -> Option<Release> {
    let known = known(group, key);
    Release::all()
        .filter(|&release| release > since)
        .find(|&release| known.named(release).is_none())
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
