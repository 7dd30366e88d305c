//! What `catalog` hands over: the releases that are known, or the options in which two of them differ.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::entry;
use crate::catalog::{self, OptionFacts, Release, update};

/// One release that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct KnownRelease {
    /// Its number.
    #[serde(serialize_with = "entry::number")]
    #[cfg_attr(test, schemars(with = "u8"))]
    pub release: Release,
    /// Its series.
    pub series: &'static str,
    /// Its date, where releases are called by it.
    pub date: Option<&'static str>,
    /// The nova whose options are known; null where only those for live migration are.
    pub nova: Option<String>,
    /// The day on which that nova came out.
    pub day: Option<String>,
    /// How many options are known; null where only those for live migration are.
    pub options: Option<usize>,
    /// Whether a file of `--catalog-update` brought it.
    pub by_update: bool,
}

/// Every release that is known, newest first.
#[must_use]
pub fn releases() -> Vec<KnownRelease> {
    let known = |release: Release| {
        let source = catalog::source(release);
        KnownRelease {
            release,
            series: release.series(),
            date: release.date(),
            nova: source.as_ref().map(|source| source.nova.to_string()),
            day: source.as_ref().map(|source| source.day.to_string()),
            options: source.is_some().then(|| catalog::options(release).count()),
            by_update: release.came().is_some(),
        }
    };
    Release::all().rev().map(known).collect()
}

/// [`releases`] for people.
#[must_use]
pub fn text(releases: &[KnownRelease]) -> String {
    let mut text = format!("novamend {} ({})\n", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH);
    for newest in releases.iter().take(1) {
        let day = newest.day.as_ref().map_or_else(String::new, |day| format!(" of {day}"));
        text.push_str(&format!("knows nova up to {}{day}\n\n", newest.release));
    }
    for known in releases {
        let name = known.release.to_string();
        let (Some(nova), Some(day), Some(count)) = (&known.nova, &known.day, known.options) else {
            text.push_str(&format!("{name:<24} its options for live migration alone\n"));
            continue;
        };
        let file = if known.by_update { ", by --catalog-update" } else { "" };
        text.push_str(&format!("{name:<24} nova {nova:<8} {day}  {count} options{file}\n"));
    }
    if let Some(new) = update::releases().first() {
        text.push_str(&format!(
            "\nfrom {} ({}) on the options alone are known: values and starts are taken to be as in {}\n",
            new.series,
            new.number,
            Release::NEWEST
        ));
    }
    text
}

/// An option that one of two releases has and the other has not, or of which a fact differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Difference {
    /// What happens to it: `removed`, `added` or `changed`.
    pub change: &'static str,
    /// Its group.
    pub group: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The facts that differ, of one that is changed.
    pub facts: Vec<FactChange>,
}

/// A fact of an option that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FactChange {
    /// Its word in docs/catalog.md, or `type`.
    pub fact: &'static str,
    /// What it is in the first release, as options.txt has it; null where it is not there.
    pub before: Option<&'static str>,
    /// What it is in the other.
    pub after: Option<&'static str>,
}

/// The options in which `from` and `to` differ, by group and name.
#[must_use]
pub fn differences(from: Release, to: Release) -> Vec<Difference> {
    let (before, after) = (named(from), named(to));
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).copied().collect();
    let each = keys.into_iter().filter_map(|key| {
        let (change, facts) = match (before.get(&key), after.get(&key)) {
            (Some(old), Some(new)) if old.words() == new.words() => return None,
            (Some(old), Some(new)) => ("changed", changed(*old, *new)),
            (Some(_), None) => ("removed", Vec::new()),
            (None, _) => ("added", Vec::new()),
        };
        let (group, name) = key;
        Some(Difference {
            change,
            group,
            name,
            facts,
        })
    });
    each.collect()
}

/// [`differences`] of `from` and `to` for people.
#[must_use]
pub fn compared(from: Release, to: Release, differences: &[Difference]) -> String {
    let count = |change: &str| differences.iter().filter(|one| one.change == change).count();
    let mut text = format!(
        "{from} to {to}: {} removed, {} added, {} changed\n",
        count("removed"),
        count("added"),
        count("changed")
    );
    for one in differences {
        let sign = match one.change {
            "removed" => '-',
            "added" => '+',
            _ => '~',
        };
        let facts: Vec<String> = one.facts.iter().map(FactChange::text).collect();
        let facts = if facts.is_empty() {
            String::new()
        } else {
            format!(": {}", facts.join(", "))
        };
        text.push_str(&format!("{sign} [{}] {}{facts}\n", one.group, one.name));
    }
    text
}

impl FactChange {
    /// It in words, without its texts where they are long.
    fn text(&self) -> String {
        let (was, is) = (self.before.unwrap_or("none"), self.after.unwrap_or("none"));
        if was.len() + is.len() > 80 {
            return format!("{} changed", self.fact);
        }
        format!("{} {was} → {is}", self.fact)
    }
}

fn named(release: Release) -> BTreeMap<(&'static str, &'static str), OptionFacts> {
    let options = catalog::options(release);
    options.map(|facts| ((facts.group(), facts.name()), facts)).collect()
}

/// Which facts differ, by their words in docs/catalog.md.
fn changed(old: OptionFacts, new: OptionFacts) -> Vec<FactChange> {
    let facts = |facts: OptionFacts| -> BTreeMap<&'static str, &'static str> {
        let words = facts.words().split('\t').enumerate();
        let pairs = words.map(|(place, word)| match word.split_once('=') {
            _ if place == 0 => ("type", word),
            Some(pair) => pair,
            None => (word, "yes"),
        });
        pairs.collect()
    };
    let (old, new) = (facts(old), facts(new));
    let keys: BTreeSet<&'static str> = old.keys().chain(new.keys()).copied().collect();
    let all = keys.into_iter().map(|fact| FactChange {
        fact,
        before: old.get(fact).copied(),
        after: new.get(fact).copied(),
    });
    all.filter(|one| one.before != one.after).collect()
}
