//! The proof of a fix: over the whole stack, in both releases, no effective value moves but the announced ones.
//!
//! It compares what nova reads, not texts; the text is read a second time by an independent parser in [`super::witness`].

use std::collections::BTreeMap;
use std::fmt;

use crate::catalog::{self, OptionFacts, Release};
use crate::conf::layers::{Site, Stack};
use crate::effective::View;
use crate::lint::OptionName;

/// Why a proof failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moved {
    /// This option would have had another value.
    Value(OptionName),
    /// Edits lie over each other.
    Overlap,
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(OptionName { group, name, .. }) => write!(f, "`[{group}] {name}` would have had another value"),
            Self::Overlap => f.write_str("its edits lie over each other"),
        }
    }
}

/// The first option whose value differs between `before` and `after` though nothing announced it.
///
/// An option that one of `releases` knows is compared as that release reads it: every name of it, references replaced.
/// One that none of them knows is compared as it is written.
#[must_use]
pub fn first_moved(before: &Stack, after: &Stack, announced: &[&OptionName], releases: [Release; 2]) -> Option<Moved> {
    let is_announced = |group: &str, name: &str| {
        let mut moving = announced.iter().filter(|a| !a.keeps_value);
        moving.any(|a| a.group == group && a.name == name)
    };
    let is_written = |name: &&OptionName| announced.iter().any(|a| a.is_same(name));
    for release in releases {
        let (old, new) = (View::new(before, release), View::new(after, release));
        for facts in catalog::options(release) {
            if !is_announced(facts.group(), facts.name()) && differs(&old, &new, facts) {
                return Some(Moved::Value(OptionName::new(facts.group(), facts.name())));
            }
        }
    }
    let (old, new) = (written(before, releases), written(after, releases));
    let names = old.keys().chain(new.keys());
    names
        .filter(|name| !is_written(name))
        .find(|name| old.get(name) != new.get(name))
        .map(|name| Moved::Value(name.clone()))
}

/// Whether the release reads other values of an option; one that is unset in both stacks can only move by a reference.
fn differs(old: &View<'_>, new: &View<'_>, facts: OptionFacts) -> bool {
    let (was, is) = (old.setting_of(facts), new.setting_of(facts));
    if was.is_set() != is.is_set() {
        return true;
    }
    old.texts(&was) != new.texts(&is)
}

/// The values of every option that no release of these knows, as written, in reading order.
fn written(stack: &Stack, releases: [Release; 2]) -> BTreeMap<OptionName, Vec<String>> {
    let mut values: BTreeMap<OptionName, Vec<String>> = BTreeMap::new();
    for place in stack.places() {
        let (group, key) = (stack.group(place), stack.key(place));
        let is_known = releases
            .iter()
            .any(|&release| catalog::by_any_name(group, &key, release).is_some());
        if !is_known {
            values
                .entry(OptionName::new(group, key))
                .or_default()
                .push(stack.value(Site::File(place)).into_owned());
        }
    }
    values
}
