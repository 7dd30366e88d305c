//! What the lists cannot say of an option: what takes its place without being its new name, why it went, which new
//! defaults change what nova does. Hand-written in `data/moves.toml`, each entry with its source.
//!
//! Old names that lead to new ones are in the lists, and not here.

use std::sync::OnceLock;

use super::Release;
use super::table::{Options, table};

/// An option that went, or that nova still reads and announces to go, and what takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Its group.
    pub group: &'static str,
    /// Its name; `*` stands for every option of the group that has no entry of its own.
    pub name: &'static str,
    /// Options that take its place, as (group, name); their values are not the old one's. None where it is only to be taken
    /// away.
    pub becomes: &'static [(&'static str, &'static str)],
    /// What to do instead, an order; of one that went empty where there is nothing to do.
    pub instead: &'static str,
    /// Why it goes, a sentence without its full stop.
    pub why: &'static str,
    /// Where that is said.
    pub source: &'static str,
    /// Whether it went before the first release whose options are all known.
    pub is_early: bool,
}

/// What a new default changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDefault {
    /// The option's group.
    pub group: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The release that brings the default.
    pub release: Release,
    /// What nova does otherwise, a sentence without its full stop; empty where old and new default mean the same.
    pub why: &'static str,
    /// The condition that says which files it concerns; empty: those that use its group.
    pub when: &'static str,
    /// Whether what relied on the old default may break.
    pub is_grave: bool,
    /// Where that is said.
    pub source: &'static str,
}

/// What nova does otherwise from a release on: by an option that kept its name, or by one that is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBehaviour {
    /// The option's group.
    pub group: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The release that brings it.
    pub release: Release,
    /// Further options that belong to it.
    pub concerns: &'static [(&'static str, &'static str)],
    /// The services that act otherwise; none where all do.
    pub programs: &'static [&'static str],
    /// The condition that says which files it concerns; without it nobody learns it of a file.
    pub when: &'static str,
    /// What is so from then on, a sentence without its full stop.
    pub why: &'static str,
    /// The value with which nova does what it did before; empty where there is none.
    pub before: &'static str,
    /// What to do instead, an order; empty where `before` says it.
    pub instead: &'static str,
    /// Whether what relied on the old behaviour may break.
    pub is_grave: bool,
    /// Whether it hardly ever matters: worth a word with `--pedantic` alone.
    pub is_quiet: bool,
    /// A nova.conf that it concerns.
    pub example: &'static str,
    /// Where that is said.
    pub source: &'static str,
}

/// Everything the file holds.
#[derive(Clone, Debug)]
pub struct Moves {
    /// `[[gone]]`.
    pub gone: &'static [Outgoing],
    /// `[[default]]`.
    pub defaults: &'static [NewDefault],
    /// `[[meaning]]`.
    pub meanings: &'static [NewBehaviour],
    /// `[[new]]`.
    pub news: &'static [NewBehaviour],
    /// `[[successor]]`.
    pub successors: &'static [Outgoing],
}

/// The file as it was when the program was built.
static MOVES: Moves = include!(concat!(env!("OUT_DIR"), "/moves.rs"));

/// Everything the file holds; what went by group and name, the rest in its order.
#[must_use]
pub fn moves() -> &'static Moves {
    &MOVES
}

/// Why `name` of `group` went; what is said of a whole group counts for those that went with it, and not before.
#[must_use]
pub fn gone(group: &str, name: &str) -> Option<&'static Outgoing> {
    let of = |wanted: &str| {
        let found = MOVES
            .gone
            .binary_search_by(|entry| (entry.group, entry.name).cmp(&(group, wanted)));
        found.ok().map(|number| &MOVES.gone[number])
    };
    let went_with_group = || {
        let end = |options: Options| {
            options
                .iter()
                .map(|facts| facts.until().unwrap_or(Release::newest()))
                .max()
        };
        let own = end(table().name(group, name).own);
        own.is_some() && own == end(table().rows_in(group))
    };
    of(name).or_else(|| of("*").filter(|_| went_with_group()))
}

/// Whether an option of `group` went before the first release whose options are all known.
#[must_use]
pub fn has_early(group: &str) -> bool {
    static GROUPS: OnceLock<Vec<&str>> = OnceLock::new();
    let groups = GROUPS.get_or_init(|| {
        let early = MOVES.gone.iter().filter(|entry| entry.is_early);
        let mut groups: Vec<&str> = early.map(|entry| entry.group).collect();
        groups.dedup(); // They are in order of groups.
        groups
    });
    groups.binary_search(&group).is_ok()
}

/// What the default of `name` in `group` changes that came after `from` and by `to`; the latest of several.
#[must_use]
pub fn new_default(group: &str, name: &str, from: Release, to: Release) -> Option<&'static NewDefault> {
    let mut entries = moves().defaults.iter().rev();
    entries.find(|entry| entry.group == group && entry.name == name && from < entry.release && entry.release <= to)
}

/// What the new option `name` of `group` changes that came after `from` and by `to`.
#[must_use]
pub fn new_option(group: &str, name: &str, from: Release, to: Release) -> Option<&'static NewBehaviour> {
    let mut entries = moves().news.iter();
    entries.find(|entry| entry.group == group && entry.name == name && from < entry.release && entry.release <= to)
}

/// What nova names as the successor of `name` in `group`, which it announces to go.
#[must_use]
pub fn successor(group: &str, name: &str) -> Option<&'static Outgoing> {
    let mut entries = moves().successors.iter();
    entries.find(|entry| entry.group == group && entry.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_the_rest_of_its_group() {
        assert_eq!(gone("cells", "mute_child_interval").map(|entry| entry.name), Some("*"));
        assert_eq!(gone("libvirt", "no_such_thing"), None);
    }
}
