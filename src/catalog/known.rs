//! From a name in a file to the options it leads to, release by release: known, an old name, gone, yet to come, or never
//! heard of. A group is looked up once, a name in it once, and that answers for every release.
//!
//! It follows names through the tables; what the file does with them it does not know.

use super::table::{Found, Table, table};
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
    pub(super) found: Found,
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
    /// The name, as written.
    #[must_use]
    pub fn key(&self) -> &str {
        self.key
    }

    fn is_hyphened(&self) -> bool {
        self.key.as_bytes().contains(&b'-')
    }

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
        let is_hyphened = self.is_hyphened();
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
        let counts = !self.is_hyphened() || release.oslo_config() >= (3, 24);
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
