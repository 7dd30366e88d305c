//! What each nova release accepts: every option from Ocata to the newest, its type, limits, default and old names.
//!
//! It reads no file and no value; where a file sets an option, [`crate::oslo`] says.

pub mod before_ocata;
pub mod changes;
pub mod code;
pub mod extra;
pub mod facts;
pub mod fate;
pub mod meant;
pub mod moves;
pub mod nearest;
pub mod outside;
pub mod plugins;
pub mod release;
mod same;
pub mod services;
pub mod table;

use std::sync::OnceLock;

use crate::oslo::names::{normal_group, without_hyphens};

pub use facts::{Alias, OptionFacts};
pub use fate::{Fate, Gone, fate};
pub use meant::{group_meant, key_meant};
pub use release::Release;
pub use same::is_same_default;
pub use table::Row;

use table::table;

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
    rows.iter()
        .find(|row| row.covers(release))
        .copied()
        .map(OptionFacts::new)
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
    let mut options = rows.copied().map(OptionFacts::new);
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
    rows.copied().map(OptionFacts::new)
}

/// Every option of every release: one entry per span of releases in which nothing about it changed.
pub fn all() -> impl Iterator<Item = OptionFacts> {
    table().rows.iter().copied().map(OptionFacts::new)
}

/// The option's life by its own name: one entry per span in which nothing about it changed, oldest first.
#[must_use]
pub fn life(group: &str, name: &str) -> Vec<OptionFacts> {
    let rows = table().rows_of(&normal_group(group), name);
    rows.iter().copied().map(OptionFacts::new).collect()
}

/// The options, over all releases, that once took `name` in `group` as an old name; oldest span first.
#[must_use]
pub fn life_as_alias(group: &str, name: &str) -> Vec<OptionFacts> {
    let (group, name) = (normal_group(group), without_hyphens(name));
    let mut rows: Vec<Row> = table().rows_by_alias(&group, &name).copied().collect();
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

/// What a person who wrote the unknown `key` in `group` may have meant: the mistyped name in this group first, then the
/// right name of another; of those that `fits` only. `None` for what a nova before Ocata knew by that name.
#[must_use]
pub fn did_you_mean(
    group: &str,
    key: &str,
    release: Release,
    fits: impl Fn(OptionFacts) -> bool,
) -> Option<OptionFacts> {
    let wanted = key.trim().to_lowercase().replace('-', "_");
    let here = normal_group(group.trim());
    if here == "DEFAULT" && before_ocata::had(&wanted) {
        return None; // No slip of the pen, but a name of old.
    }
    let known = |group: &str, name: &str| option(group, name, release).filter(|option| fits(*option));
    if let Some(found) = known(&here, &wanted) {
        return Some(found);
    }
    // `group.name` in [DEFAULT], as the options are called in texts.
    if let Some((group, name)) = wanted.split_once('.')
        && let Some(found) = known(group, name)
    {
        return Some(found);
    }
    let names = table().rows_in(&here).iter().filter(|row| row.covers(release));
    let is_known = |name: &str| known(&here, name).is_some();
    if let Some(name) = nearest::mistyped_fitting(&wanted, names.map(|row| row.name), is_known) {
        return known(&here, name);
    }
    // One name in two groups of their own is mostly two things.
    if let [only] = groups_with(&wanted, release)[..]
        && (here == "DEFAULT" || only == "DEFAULT")
    {
        return known(only, &wanted);
    }
    let mut last = "";
    let groups = options(release).map(|option| option.group());
    let groups = groups.filter(|group| std::mem::replace(&mut last, group) != *group);
    let near_group = nearest::nearest(&here.to_lowercase(), groups)?;
    known(near_group, &wanted)
}

/// An option whose default is not the same in two releases.
#[derive(Clone, Copy, Debug)]
pub struct ChangedDefault {
    /// As the earlier release has it.
    pub old: OptionFacts,
    /// As the later one has it.
    pub new: OptionFacts,
    /// What is known of the change beyond the lists.
    pub known: Option<&'static moves::NewDefault>,
}

/// The options that both releases have and whose default is another value; host-dependent ones left out.
#[must_use]
pub fn changed_defaults(from: Release, to: Release) -> &'static [ChangedDefault] {
    /// One for each pair of releases: a fleet asks ten thousand times.
    static KNOWN: [[OnceLock<Vec<ChangedDefault>>; RELEASES]; RELEASES] =
        [const { [const { OnceLock::new() }; RELEASES] }; RELEASES];
    const RELEASES: usize = (Release::NEWEST.number() - Release::OLDEST.number()) as usize + 1;
    let at = |release: Release| usize::from(release.number() - Release::OLDEST.number());
    KNOWN[at(from)][at(to)].get_or_init(|| {
        let rows = &table().rows;
        let of_options = rows.chunk_by(|a, b| (a.group, a.name) == (b.group, b.name));
        of_options.filter_map(|rows| changed_default(rows, from, to)).collect()
    })
}

fn changed_default(rows: &[Row], from: Release, to: Release) -> Option<ChangedDefault> {
    let old = rows.iter().find(|row| row.covers(from))?;
    let new = rows.iter().find(|row| row.covers(to))?;
    let is_written_alike = table::field(old.facts, "default") == table::field(new.facts, "default");
    let (old, new) = (OptionFacts::new(*old), OptionFacts::new(*new));
    let differs = !is_written_alike && !is_same_default(old, new);
    let known = moves::new_default(new.group(), new.name(), from, to);
    (differs && !old.is_host_dependent() && !new.is_host_dependent()).then_some(ChangedDefault { old, new, known })
}

/// The options of `release` whose default refers to another option; one that refers to several comes as often.
pub fn with_referring_default(release: Release) -> impl Iterator<Item = OptionFacts> {
    let rows = table::referring_defaults().iter().map(|(_, row)| *row);
    rows.filter(move |row| row.covers(release)).map(OptionFacts::new)
}

/// Whether the default of some option of `release` refers to `name`; nearly none does.
#[must_use]
pub fn is_in_default(name: &str, release: Release) -> bool {
    let mut referring = table::referring_defaults().iter();
    referring.any(|(asked, row)| *asked == name && row.covers(release))
}

/// Adds options of out-of-tree drivers for this run; must come before the catalog is first asked.
///
/// Returns whether they were taken. The text stays in memory to the end of the process.
#[must_use]
pub fn add_extra(text: String) -> bool {
    table::install_extra(text.leak())
}
