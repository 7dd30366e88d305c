//! The data of the catalog: in order, true to the lists it was made from, and consistent with itself.
//!
//! Of the lists it was made from it has the digests.

use std::collections::{BTreeMap, BTreeSet};

use novamend::catalog::by_old_name;
use novamend::catalog::{self, Fate, Release, fate, moves};
use novamend::oslo::value::{self, Profile};
use serde_json::Value;
use sha2::{Digest, Sha256};

const OPTIONS: &str = include_str!("../src/catalog/data/options.txt");
const DIGESTS: &str = include_str!("../src/catalog/data/digests.txt");

/// A line of `options.txt`: group, name, first and last release, the rest.
struct Row {
    group: &'static str,
    name: &'static str,
    since: u32,
    until: Option<u32>,
    rest: &'static str,
}

fn rows() -> Vec<Row> {
    let (mut rows, mut group) = (Vec::new(), "");
    for line in OPTIONS.lines().filter(|line| !line.starts_with('#')) {
        if let Some(header) = line.strip_prefix('[') {
            group = header.strip_suffix(']').expect("a header ends in a bracket");
            continue;
        }
        let mut words = line.splitn(3, '\t');
        let mut word = || words.next().expect("three words");
        let (name, span, rest) = (word(), word(), word());
        let (since, until) = span.split_once('-').expect("a span");
        let until = (!until.is_empty()).then(|| until.parse().expect("a number"));
        rows.push(Row {
            group,
            name,
            since: since.parse().expect("a number"),
            until,
            rest,
        });
    }
    rows
}

fn complete() -> impl Iterator<Item = Release> {
    Release::all().filter(|release| release.is_complete())
}

#[test]
fn hyphens_in_an_old_name_count_only_where_they_were_declared() {
    let train = Release::parse("train").expect("a release");
    assert!(catalog::by_any_name("DEFAULT", "notify_on_state_change", train).is_some());
    assert!(catalog::by_any_name("DEFAULT", "notify_on_state-change", train).is_none());
}

#[test]
fn options_are_in_order_and_the_spans_of_one_do_not_meet() {
    for pair in rows().windows(2) {
        let (a, b) = (&pair[0], &pair[1]);
        let order = (a.group, a.name, a.since).cmp(&(b.group, b.name, b.since));
        assert!(order.is_lt(), "[{}] {} and [{}] {}", a.group, a.name, b.group, b.name);
        if (a.group, a.name) == (b.group, b.name) {
            let until = a.until.expect("only the last span is open");
            assert!(until < b.since && a.since <= until, "[{}] {}", a.group, a.name);
            let is_split = until + 1 == b.since && a.rest == b.rest;
            assert!(!is_split, "[{}] {}: one span is written as two", a.group, a.name);
        }
    }
}

/// The list of one release as `catalog-tools/intervals.py` digests it.
fn canonical(release: u32) -> String {
    let covers = |row: &&Row| row.since <= release && row.until.is_none_or(|until| release <= until);
    let mut lines: Vec<String> = rows()
        .iter()
        .filter(covers)
        .map(|row| format!("{}\t{}\t{}\n", row.group, row.name, row.rest))
        .collect();
    lines.sort();
    lines.concat()
}

#[test]
fn each_release_has_exactly_the_options_of_its_list() {
    let digests = DIGESTS.lines().filter(|line| !line.starts_with('#'));
    let mut releases = 0;
    for line in digests {
        let words: Vec<&str> = line.split(' ').collect();
        let release: u32 = words[0].parse().expect("a release");
        let list = canonical(release);
        assert_eq!(list.lines().count().to_string(), words[1], "options of {release}");
        let digest = format!("{:x}", Sha256::digest(&list));
        assert_eq!(digest, words[2], "the list of {release}");
        releases += 1;
    }
    assert_eq!(releases, complete().count());
}

/// What a line says after its span: the type, and each fact with its value.
fn said(rest: &str) -> (&str, BTreeMap<&str, Value>) {
    let mut words = rest.split('\t');
    let kind = words.next().expect("a type");
    let facts = words.map(|word| match word.split_once('=') {
        None => (word, Value::Bool(true)),
        Some(("aliases", names)) => ("aliases", names.split(',').collect()),
        Some((key, json)) => (key, serde_json::from_str(json).expect("a fact")),
    });
    (kind, facts.collect())
}

#[test]
fn the_catalog_says_of_each_release_what_its_list_says() {
    for release in complete() {
        let number = u32::from(release.number());
        let mut listed = BTreeSet::new();
        for row in rows() {
            if number < row.since || row.until.is_some_and(|until| until < number) {
                continue;
            }
            let title = format!("{release}: [{}] {}", row.group, row.name);
            let found = catalog::option(row.group, row.name, release).unwrap_or_else(|| panic!("no {title}"));
            let (kind, facts) = said(row.rest);
            assert_eq!(found.kind(), kind, "{title}");
            assert_eq!(found.default(), facts.get("default"), "{title}");
            for (key, is_so) in [
                ("deprecated_for_removal", found.is_deprecated_for_removal()),
                ("mutable", found.is_mutable()),
                ("secret", found.is_secret()),
                ("host_dependent", found.is_host_dependent()),
            ] {
                assert_eq!(is_so, facts.contains_key(key), "{title}: {key}");
            }
            let aliases: Vec<String> = found
                .aliases()
                .map(|alias| format!("{}/{}", alias.group, alias.name))
                .collect();
            let written = facts.get("aliases").and_then(Value::as_array);
            let written: Vec<&str> = written.into_iter().flatten().filter_map(Value::as_str).collect();
            assert_eq!(aliases, written, "{title}");
            assert!(listed.insert((row.group, row.name)), "{title} twice");
        }
        let known = catalog::options(release).map(|facts| (facts.group(), facts.name()));
        assert_eq!(known.collect::<BTreeSet<_>>(), listed, "{release}");
    }
}

#[test]
fn every_old_name_leads_to_its_option() {
    for release in complete() {
        for option in catalog::options(release) {
            for alias in option.aliases() {
                let found = by_old_name(alias.group, &alias.name.replace('-', "_"), release);
                let titles: Vec<String> = found.iter().map(catalog::OptionFacts::title).collect();
                assert!(
                    titles.contains(&option.title()),
                    "{release}: [{}] {}",
                    alias.group,
                    alias.name
                );
            }
        }
    }
}

#[test]
fn every_default_is_a_value_of_its_type() {
    for release in complete() {
        let profile = Profile::of(release.oslo_config());
        for option in catalog::options(release).filter(|option| !option.is_host_dependent()) {
            let Some(default) = option.default() else { continue };
            let texts: Vec<String> = match (&default, option.is_multi()) {
                (Value::Array(items), true) => items
                    .iter()
                    .map(|item| item.as_str().unwrap_or("").to_owned())
                    .collect(),
                _ => option.default_text().map(str::to_owned).into_iter().collect(),
            };
            for text in texts.iter().filter(|text| !text.contains('$')) {
                let verdict = value::check(option.option_type(), text, profile);
                // oslo.config never asks its types about a default that is empty, or a float where an int belongs.
                let is_float = matches!(default, Value::Number(_)) && option.kind() == "integer";
                let is_fine = verdict.is_ok() || text.is_empty() || is_float;
                assert!(is_fine, "{release}: {} = {text}: {verdict:?}", option.title());
            }
        }
    }
}

#[test]
fn what_is_said_of_options_that_went_is_true_of_the_lists() {
    let known = moves::moves();
    let mut said = BTreeSet::new();
    for gone in known.gone {
        let title = format!("[{}] {}", gone.group, gone.name);
        assert!(said.insert(title.clone()), "{title} is said twice");
        assert!(gone.source.starts_with("https://"), "{title} has no source");
        assert!(
            !gone.why.is_empty() && !gone.why.ends_with('.'),
            "{title}: {}",
            gone.why
        );
        if gone.name == "*" {
            let is_there = catalog::options(Release::NEWEST).any(|option| option.group() == gone.group);
            assert!(catalog::is_group_known(gone.group) && !is_there, "{title}");
        } else if gone.is_early {
            assert_eq!(fate(gone.group, gone.name, Release::NEWEST), Fate::Unknown, "{title}");
        } else {
            let fate = fate(gone.group, gone.name, Release::NEWEST);
            assert!(matches!(fate, Fate::Gone(_)), "{title}: {fate:?}");
        }
        for (group, name) in gone.becomes {
            assert!(
                !catalog::life(group, name).is_empty(),
                "{title} becomes [{group}] {name}"
            );
        }
    }
}

#[test]
fn what_is_said_of_defaults_and_meanings_is_true_of_the_lists() {
    let known = moves::moves();
    for entry in known.defaults {
        let title = format!("[{}] {} in {}", entry.group, entry.name, entry.release);
        let default = |release: Release| {
            let option = catalog::option(entry.group, entry.name, release);
            option.unwrap_or_else(|| panic!("{title}: not in {release}")).default()
        };
        let before = entry.release.previous().expect("a release before");
        assert_ne!(default(before), default(entry.release), "{title}");
        assert!(
            entry.source.starts_with("https://") && !entry.why.ends_with('.'),
            "{title}"
        );
        assert!(
            !entry.is_grave || !entry.why.is_empty(),
            "{title} is grave and says not why"
        );
    }
}

#[test]
fn what_nova_does_otherwise_is_about_options_of_the_release_that_brings_it() {
    let known = moves::moves();
    for entry in known.meanings.iter().chain(known.news) {
        let title = format!("[{}] {}", entry.group, entry.name);
        let is_there = |group: &str, name: &str| catalog::option(group, name, entry.release).is_some();
        // Rules of their own speak of those without a condition.
        let is_known = entry.when.is_empty() && catalog::is_known_anywhere(entry.group, entry.name);
        assert!(
            is_known || is_there(entry.group, entry.name),
            "{title} in {}",
            entry.release
        );
        for (group, name) in entry.concerns {
            assert!(is_there(group, name), "{title}: [{group}] {name} in {}", entry.release);
        }
        assert!(
            entry.source.starts_with("https://") && !entry.why.ends_with('.'),
            "{title}"
        );
        let says_what_to_do = !entry.instead.is_empty() || !entry.before.is_empty();
        assert!(says_what_to_do || entry.when.is_empty(), "{title} says not what to do");
        if !entry.before.is_empty() {
            let option = catalog::option(entry.group, entry.name, entry.release).expect("it is there");
            let profile = Profile::of(entry.release.oslo_config());
            let verdict = value::check(option.option_type(), entry.before, profile);
            assert!(verdict.is_ok(), "{title}: {verdict:?}");
        }
    }
}

#[test]
fn the_successor_of_an_option_exists_wherever_the_option_is_announced_to_go() {
    let known = moves::moves();
    assert!(!known.successors.is_empty());
    for entry in known.successors {
        let title = format!("[{}] {}", entry.group, entry.name);
        assert!(
            entry.source.starts_with("https://") && !entry.why.ends_with('.') && !entry.instead.ends_with('.'),
            "{title}"
        );
        let is_deprecated = |release: &Release| {
            let option = catalog::option(entry.group, entry.name, *release);
            option.is_some_and(|option| option.is_deprecated_for_removal())
        };
        let releases: Vec<Release> = complete().filter(is_deprecated).collect();
        assert!(!releases.is_empty(), "{title} is never announced to go");
        for (group, name) in entry.becomes {
            for release in &releases {
                let option = catalog::option(group, name, *release);
                let is_fine = option.is_some_and(|option| !option.is_deprecated_for_removal());
                assert!(is_fine, "{title}: no [{group}] {name} in {release}");
            }
        }
    }
}
