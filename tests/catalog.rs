//! The data of the catalog: in order, true to the lists it was made from, and consistent with itself.
//!
//! The lists themselves lie in `$NOVAMEND_SHARED/catalog` or `../shared/catalog`; without them their digests must do.

#[path = "oracle/beside.rs"]
mod beside;

use std::collections::BTreeSet;
use std::fs;

use novamend::catalog::by_old_name;
use novamend::catalog::{self, Fate, Release, fate, moves};
use novamend::oslo::value::{self, Profile};
use serde_json::Value;

use beside::beside;

const OPTIONS: &str = include_str!("../src/catalog/data/options.txt");
const DIGESTS: &str = include_str!("../src/catalog/data/digests.txt");
const REGISTERED: &str = include_str!("../catalog-tools/registered.txt");
const MOVES: &str = include_str!("../src/catalog/data/moves.toml");

/// A line of `options.txt`: group, name, first and last release, the rest.
struct Row {
    group: &'static str,
    name: &'static str,
    since: u32,
    until: Option<u32>,
    rest: &'static str,
}

fn rows() -> Vec<Row> {
    rows_of(OPTIONS)
}

fn rows_of(text: &'static str) -> Vec<Row> {
    let (mut rows, mut group) = (Vec::new(), "");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
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
        assert_eq!(sha256(list.as_bytes()), words[2], "the list of {release}");
        releases += 1;
    }
    assert_eq!(releases, complete().count());
}

#[test]
fn the_lists_it_was_made_from_say_the_same() {
    let Some(directory) = beside("catalog") else {
        return;
    };
    for release in complete() {
        let path = directory.join(format!("nova-{}.jsonl", release.number()));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut listed = BTreeSet::new();
        for line in text.lines() {
            let facts: Value = serde_json::from_str(line).expect("a line of JSON");
            let word = |key: &str| facts[key].as_str().unwrap_or_default();
            let found = catalog::option(word("group"), word("name"), release)
                .unwrap_or_else(|| panic!("{release}: [{}] {} is missing", word("group"), word("name")));
            let title = format!("{release}: {}", found.title());
            assert_eq!(found.kind(), word("type"), "{title}");
            assert_eq!(found.default().unwrap_or(&Value::Null), &facts["default"], "{title}");
            let flag = |key: &str| facts[key].as_bool().unwrap_or(false);
            assert_eq!(
                found.is_deprecated_for_removal(),
                flag("deprecated_for_removal"),
                "{title}"
            );
            assert_eq!(found.is_mutable(), flag("mutable"), "{title}");
            assert_eq!(found.is_secret(), flag("secret"), "{title}");
            let is_added = is_registered((found.group(), found.name()), release);
            let old = facts["deprecated"].as_array().map_or(0, Vec::len);
            let known = found.aliases().count();
            assert!(if is_added { known > old } else { known == old }, "{title}");
            listed.insert((found.group(), found.name()));
        }
        let known: BTreeSet<_> = catalog::options(release)
            .map(|facts| (facts.group(), facts.name()))
            .collect();
        let missing: Vec<_> = listed.difference(&known).collect();
        let added: Vec<_> = known.difference(&listed).collect();
        let unexplained: Vec<_> = added
            .iter()
            .filter(|option| !is_registered(***option, release))
            .collect();
        assert!(
            missing.is_empty() && unexplained.is_empty(),
            "{release}: {missing:?} {unexplained:?}"
        );
    }
}

/// Whether `registered.txt` adds the option, or old names of it, to the list of `release`.
fn is_registered((group, name): (&str, &str), release: Release) -> bool {
    let number = u32::from(release.number());
    rows_of(REGISTERED).iter().any(|row| {
        let covers = row.since <= number && row.until.is_none_or(|until| number <= until);
        (row.group, row.name) == (group, name) && covers
    })
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
    let known = moves::read(MOVES).expect("moves.toml is of its form");
    let mut said = BTreeSet::new();
    for gone in &known.gone {
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
            assert!(catalog::is_group_known(&gone.group) && !is_there, "{title}");
        } else if gone.is_early {
            assert_eq!(fate(&gone.group, &gone.name, Release::NEWEST), Fate::Unknown, "{title}");
        } else {
            let fate = fate(&gone.group, &gone.name, Release::NEWEST);
            assert!(matches!(fate, Fate::Gone(_)), "{title}: {fate:?}");
        }
        for (group, name) in &gone.becomes {
            assert!(
                !catalog::life(group, name).is_empty(),
                "{title} becomes [{group}] {name}"
            );
        }
    }
}

#[test]
fn what_is_said_of_defaults_and_meanings_is_true_of_the_lists() {
    let known = moves::read(MOVES).expect("moves.toml is of its form");
    for entry in &known.defaults {
        let title = format!("[{}] {} in {}", entry.group, entry.name, entry.release);
        let default = |release: Release| {
            let option = catalog::option(&entry.group, &entry.name, release);
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
    for entry in &known.meanings {
        assert!(
            catalog::is_known_anywhere(&entry.group, &entry.name),
            "[{}] {}",
            entry.group,
            entry.name
        );
        assert!(entry.source.starts_with("https://") && !entry.why.ends_with('.'));
    }
}

#[test]
fn the_successor_of_an_option_exists_wherever_the_option_is_announced_to_go() {
    let known = moves::read(MOVES).expect("moves.toml is of its form");
    assert!(!known.successors.is_empty());
    for entry in &known.successors {
        let title = format!("[{}] {}", entry.group, entry.name);
        assert!(
            entry.source.starts_with("https://") && !entry.why.ends_with('.') && !entry.instead.ends_with('.'),
            "{title}"
        );
        let is_deprecated = |release: &Release| {
            let option = catalog::option(&entry.group, &entry.name, *release);
            option.is_some_and(|option| option.is_deprecated_for_removal())
        };
        let releases: Vec<Release> = complete().filter(is_deprecated).collect();
        assert!(!releases.is_empty(), "{title} is never announced to go");
        for (group, name) in &entry.becomes {
            for release in &releases {
                let option = catalog::option(group, name, *release);
                let is_fine = option.is_some_and(|option| !option.is_deprecated_for_removal());
                assert!(is_fine, "{title}: no [{group}] {name} in {release}");
            }
        }
    }
}

/// SHA-256 in hexadecimal (FIPS 180-4); a crate for four lines of digests would be one too many.
fn sha256(bytes: &[u8]) -> String {
    let root = |power: f64| {
        let primes = (2_u32..).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0));
        move |count: usize| -> Vec<u32> {
            let fraction = |prime: u32| (f64::from(prime).powf(power).fract() * 4_294_967_296.0) as u32;
            primes.clone().take(count).map(fraction).collect()
        }
    };
    let (mut state, constants) = (root(0.5)(8), root(1.0 / 3.0)(64));
    let mut padded = bytes.to_vec();
    padded.push(0x80);
    padded.resize((padded.len() + 8).div_ceil(64) * 64 - 8, 0);
    padded.extend((bytes.len() as u64 * 8).to_be_bytes());
    for block in padded.chunks(64) {
        let mut words: Vec<u32> = block
            .chunks(4)
            .map(|four| u32::from_be_bytes(four.try_into().unwrap()))
            .collect();
        for at in 16..64 {
            let (a, b) = (words[at - 15], words[at - 2]);
            let low = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
            let high = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
            let sum = words[at - 16].wrapping_add(low).wrapping_add(words[at - 7]);
            words.push(sum.wrapping_add(high));
        }
        let mut v = state.clone();
        for at in 0..64 {
            let high = v[4].rotate_right(6) ^ v[4].rotate_right(11) ^ v[4].rotate_right(25);
            let choice = (v[4] & v[5]) ^ (!v[4] & v[6]);
            let sum = [high, choice, constants[at], words[at]]
                .iter()
                .fold(v[7], |a, b| a.wrapping_add(*b));
            let low = v[0].rotate_right(2) ^ v[0].rotate_right(13) ^ v[0].rotate_right(22);
            let majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
            v.rotate_right(1);
            v[4] = v[4].wrapping_add(sum);
            v[0] = sum.wrapping_add(low).wrapping_add(majority);
        }
        for (word, add) in state.iter_mut().zip(v) {
            *word = word.wrapping_add(add);
        }
    }
    let words: Vec<String> = state.iter().map(|word| format!("{word:08x}")).collect();
    words.concat()
}

#[test]
fn the_digest_is_sha_256() {
    let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(sha256(b"abc"), known);
}
