//! `novamend catalog [FROM TO]`: which releases this program knows and of which day; the options in which two of them differ.
//!
//! It reads no file but those of `--catalog-update`. What a change means for nova, `novamend upgrade` says.

use std::collections::BTreeMap;
use std::env::consts;

use clap::Args;
use novamend::catalog::{self, OptionFacts, Release, update};

use super::{Failure, Outcome};
use crate::terminal::Terminal;

/// Show which releases are known, of which nova and day; or the options in which two of them differ
#[derive(Debug, Default, Args)]
pub(crate) struct Arguments {
    /// One release: number, series or date (18, rocky, 2025.1)
    #[arg(value_name = "FROM", value_parser = Release::parse, requires = "to")]
    from: Option<Release>,
    /// The other
    #[arg(value_name = "TO", value_parser = Release::parse)]
    to: Option<Release>,
}

impl Arguments {
    /// Prints the releases, or the differences.
    pub(super) fn run(self, terminal: &mut Terminal<'_>) -> Result<Outcome, Failure> {
        let text = match (self.from, self.to) {
            (Some(from), Some(to)) => compared(from, to)?,
            _ => listed(),
        };
        terminal.print(&text)?;
        Ok(Outcome::Clean)
    }
}

/// Every release, newest first.
fn listed() -> String {
    let mut text = format!("novamend {} ({})\n", env!("CARGO_PKG_VERSION"), consts::ARCH);
    let newest = Release::newest();
    let day =
        |release: Release| catalog::source(release).map_or_else(String::new, |source| format!(" of {}", source.day));
    text.push_str(&format!("knows nova up to {newest}{}\n\n", day(newest)));
    for release in Release::all().rev() {
        let Some(source) = catalog::source(release) else {
            text.push_str(&format!(
                "{:<24} its options for live migration alone\n",
                release.to_string()
            ));
            continue;
        };
        let count = catalog::options(release).count();
        let file = if release.came().is_some() {
            ", by --catalog-update"
        } else {
            ""
        };
        text.push_str(&format!(
            "{:<24} nova {:<8} {}  {count} options{file}\n",
            release.to_string(),
            source.nova,
            source.day
        ));
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

/// The options that one of two releases has and the other has not, and those that differ.
fn compared(from: Release, to: Release) -> Result<String, Failure> {
    if let Some(release) = [from, to].into_iter().find(|release| !release.is_complete()) {
        let first = Release::FIRST_COMPLETE;
        return Err(Failure::Refused(format!(
            "of {release} only the options for live migration are known; the first of which all are is {first}"
        )));
    }
    let (before, after) = (named(from), named(to));
    let mut lines = Vec::new();
    let (mut removed, mut added, mut changed) = (0, 0, 0);
    for (key, old) in &before {
        match after.get(key) {
            None => {
                removed += 1;
                lines.push((key, format!("- {}\n", old.title())));
            }
            Some(new) if new.words() != old.words() => {
                changed += 1;
                lines.push((key, format!("~ {}: {}\n", old.title(), differences(*old, *new))));
            }
            Some(_) => {}
        }
    }
    for (key, new) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
        added += 1;
        lines.push((key, format!("+ {}\n", new.title())));
    }
    lines.sort();
    let lines: String = lines.into_iter().map(|(_, line)| line).collect();
    Ok(format!(
        "{from} to {to}: {removed} removed, {added} added, {changed} changed\n{lines}"
    ))
}

fn named(release: Release) -> BTreeMap<(&'static str, &'static str), OptionFacts> {
    let options = catalog::options(release);
    options.map(|facts| ((facts.group(), facts.name()), facts)).collect()
}

/// Which facts differ, by their words in docs/catalog.md, with those that are short.
fn differences(old: OptionFacts, new: OptionFacts) -> String {
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
    let keys: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let differing = keys
        .into_iter()
        .filter(|key| old.get(*key) != new.get(*key))
        .map(|key| {
            let of = |facts: &BTreeMap<&str, &'static str>| facts.get(key).copied().unwrap_or("none");
            let (was, is) = (of(&old), of(&new));
            if was.len() + is.len() > 80 {
                return format!("{key} changed");
            }
            format!("{key} {was} → {is}")
        });
    differing.collect::<Vec<_>>().join(", ")
}
