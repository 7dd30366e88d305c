//! The catalog's answers to single questions about names: which option, in which release, under which other names.
//!
//! It follows names through the tables, one by one; who asks several things of a name takes [`super::Known`]. What a wrong one was
//! meant for says [`super::spelling`].

use std::cell::Cell;

use super::known::{Fate, Named, Via, known};
use super::table::{self, Found, referring_defaults, table};
use super::{OptionFacts, Release};

/// The option `name` of `group` as `release` knows it by that very name; the group in any case, the name exact.
#[must_use]
pub fn option(group: &str, name: &str, release: Release) -> Option<OptionFacts> {
    thread_local! {
        /// What was found last, by [`place`]: the rules ask for the same options of each file of a fleet.
        static FOUND: [Cell<Option<OptionFacts>>; PLACES] = const { [const { Cell::new(None) }; PLACES] };
    }
    FOUND.with(|found| {
        let found = &found[place(name, release)];
        let is_it = |facts: &OptionFacts| {
            facts.is_newest() && facts.name() == name && facts.group() == group && facts.covers(release)
        };
        found.get().filter(is_it).or_else(|| {
            let option = known(group, name).option(release)?;
            found.set(Some(option));
            Some(option)
        })
    })
}

/// So many options are remembered.
const PLACES: usize = 128;

/// Where an option called `name` is remembered: by its end, as the start is that of others too.
fn place(name: &str, release: Release) -> usize {
    let end = name.as_bytes().last_chunk().map_or(0, |end| u32::from_le_bytes(*end));
    let mixed = (end ^ (name.len() as u32) << 8 ^ u32::from(release.number())).wrapping_mul(0x9e37_79b9);
    (mixed >> 16) as usize % PLACES
}

/// The option that a line `key = …` in section `group` sets in `release`, by its name or an old one: [`super::Known::named`].
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
    super::group(group).is_known()
}

/// The groups in which `release` has an option called `name`, in order.
#[must_use]
pub fn groups_with(name: &str, release: Release) -> Vec<&'static str> {
    let options = table()
        .in_any_group(name)
        .filter_map(|found| found.own.of(release).next());
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

/// Whether nova marks an option as secret, in any group and release, that is called `name` or has it for an old name, `-`
/// made `_`.
#[must_use]
pub fn is_marked_secret(name: &str) -> bool {
    table().is_marked_secret(name)
}

/// The names of which [`is_marked_secret`] is true, in order.
pub fn marked_secret_names() -> impl Iterator<Item = &'static str> {
    table().secret_names()
}

/// Whether an option of any group and release is called `name`, or has it for an old name with `-` made `_`.
#[must_use]
pub fn is_name_of_any_group(name: &str) -> bool {
    table().in_any_group(name).next().is_some()
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
    fn what_is_remembered_of_an_option_is_what_the_tables_say() {
        // Each in turn and from the last on, so that every place has held another.
        let all: Vec<OptionFacts> = all().collect();
        for facts in all.iter().chain(all.iter().rev()) {
            for release in Release::all() {
                for group in [facts.group().to_owned(), facts.group().to_uppercase()] {
                    let remembered = option(&group, facts.name(), release);
                    assert_eq!(
                        remembered,
                        known(&group, facts.name()).option(release),
                        "{}",
                        facts.title()
                    );
                }
            }
        }
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
