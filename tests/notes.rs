//! What nova's release notes announce is found: each entry of `notes/cases.tsv` has a nova.conf that its note concerns, which is
//! checked over the hop that brings it.
//!
//! `notes/missed.tsv` has what is not found, and why. `docs/coverage.md` is written from both: `NOVAMEND_BLESS=1 cargo test --test
//! notes` writes it again, and takes out of the list what is found by now.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use novamend::catalog::Release;
use novamend::lint::{self, Context, Finding, Settings};
use novamend::oslo::Document;
use novamend::oslo::stack::Stack;
use novamend::rules::RULES;
use novamend::text::Source;

/// So much of what a file shows must be found, in percent.
const WANTED: usize = 95;

/// An entry of the list.
struct Entry<'t> {
    release: Release,
    kind: &'t str,
    options: &'t str,
    conf: String,
    words: &'t str,
    seen: &'t str,
    note: &'t str,
}

/// What is found of a kind, or of a release.
#[derive(Clone, Copy, Default)]
struct Tally {
    found: usize,
    all: usize,
}

impl Tally {
    fn add(&mut self, is_found: bool) {
        self.found += usize::from(is_found);
        self.all += 1;
    }

    fn percent(self) -> usize {
        100 * self.found / self.all.max(1)
    }
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The lines of a list that are no comments.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with('#'))
}

fn entries(text: &str) -> Vec<Entry<'_>> {
    let entry = |line| {
        let fields: Vec<&str> = str::split(line, '\t').collect();
        let [release, kind, options, conf, words, seen, note] = fields[..] else {
            panic!("not of the form: {line}");
        };
        Entry {
            release: Release::parse(release).unwrap_or_else(|error| panic!("{line}: {error}")),
            kind,
            options,
            conf: conf.replace("\\n", "\n"),
            words,
            seen,
            note,
        }
    };
    lines(text).map(entry).collect()
}

/// Everything that a finding says, and the options at the lines that it shows.
fn said(context: &Context<'_>, finding: &Finding) -> String {
    let mut words = vec![
        finding.rule.id.to_owned(),
        finding.message.clone(),
        finding.why.clone(),
        finding.help.clone(),
    ];
    words.extend(finding.fix.as_ref().map(|fix| fix.title.clone()));
    words.extend(context.option_of(finding.location));
    for related in &finding.related {
        words.push(related.note.clone());
        words.extend(context.option_of(related.location));
    }
    words.extend(finding.option.as_ref().map(|option| option.name.clone()));
    words.join("\n")
}

/// Whether every option of the entry is named, and one of its words falls.
fn is_found(entry: &Entry<'_>) -> bool {
    let source = Source::new("nova.conf", entry.conf.as_bytes().to_vec());
    let stack = Stack::of(Document::parse(source));
    let settings = Settings::default();
    let from = entry.release.previous().expect("a release before");
    let context = Context::new(&stack, from, entry.release, &settings);
    let findings = lint::run(RULES, &context);
    let said: String = findings.iter().map(|finding| said(&context, finding) + "\n").collect();
    let is_named = |option: &str| match option.rsplit_once('.') {
        Some((group, "*")) => said.contains(group),
        Some((_, name)) => has_word(&said, name),
        None => has_word(&said, option),
    };
    let lower = said.to_lowercase();
    let mut words = entry.words.split('|').map(str::to_lowercase);
    !said.is_empty() && entry.options.split(' ').all(is_named) && words.any(|word| lower.contains(&word))
}

/// Whether `name` is there and no part of a longer name.
fn has_word(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(start, _)| {
        let before = text[..start].chars().next_back();
        let after = text[start + name.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// What the list of the missed says of an entry: `release kind options`.
fn key(entry: &Entry<'_>) -> String {
    format!("{}\t{}\t{}", entry.release.number(), entry.kind, entry.options)
}

#[test]
fn what_release_notes_announce_is_found_and_the_page_says_how_much() {
    let text = read("tests/notes/cases.tsv");
    let entries = entries(&text);
    let found: Vec<bool> = entries.iter().map(is_found).collect();
    let in_file: Vec<(&Entry<'_>, bool)> = entries
        .iter()
        .zip(found.iter().copied())
        .filter(|(entry, _)| entry.seen == "file")
        .collect();

    let (mut kinds, mut all) = (BTreeMap::<&str, Tally>::new(), Tally::default());
    for (entry, is_found) in &in_file {
        kinds.entry(entry.kind).or_default().add(*is_found);
        all.add(*is_found);
    }
    for (kind, tally) in &kinds {
        println!("{kind:18}{:4} of {:4}{:5} %", tally.found, tally.all, tally.percent());
    }
    println!("{:18}{:4} of {:4}{:5} %", "all", all.found, all.all, all.percent());

    let list = read("tests/notes/missed.tsv");
    let missed = missed(&list, &in_file);
    let page = page(&entries, &found, &missed);
    if std::env::var_os("NOVAMEND_BLESS").is_some() {
        let of_list =
            |line: &&str| line.starts_with('#') || missed.iter().any(|(key, _)| line.starts_with(key.as_str()));
        let kept: Vec<&str> = list.lines().filter(of_list).collect();
        let kept = kept.join("\n") + "\n";
        fs::write(file("tests/notes/missed.tsv"), kept).expect("tests/notes/missed.tsv");
        fs::write(file("docs/coverage.md"), &page).expect("docs/coverage.md");
    }
    let stale = lines(&list).filter(|line| !missed.iter().any(|(key, _)| line.starts_with(key.as_str())));
    assert_eq!(stale.collect::<Vec<_>>(), [""; 0], "found by now, or no entry");
    let unknown: Vec<&str> = missed
        .iter()
        .filter(|(_, why)| why.is_empty())
        .map(|(key, _)| &**key)
        .collect();
    assert!(unknown.is_empty(), "missed without a reason:\n{}", unknown.join("\n"));
    assert!(all.percent() >= WANTED, "{} of {}", all.found, all.all);
    assert_eq!(
        read("docs/coverage.md"),
        page,
        "`NOVAMEND_BLESS=1 cargo test --test notes` writes it"
    );
}

#[test]
fn every_entry_is_new_in_its_release_and_has_its_note() {
    for entry in &entries(&read("tests/notes/cases.tsv")) {
        let name = key(entry);
        assert!(entry.note.starts_with("https://"), "{name}");
        assert!(["file", "guess", "hardly"].contains(&entry.seen), "{name}");
        assert!(
            entry.conf.ends_with('\n') && entry.release > Release::FIRST_COMPLETE,
            "{name}"
        );
    }
}

/// What is missed of what files show, with its reason, which is empty where none is known.
fn missed(list: &str, in_file: &[(&Entry<'_>, bool)]) -> Vec<(String, String)> {
    let reason = |key: &str| {
        let mut lines = lines(list);
        lines.find_map(|line| Some(line.strip_prefix(key)?.strip_prefix('\t')?.to_owned()))
    };
    let missed = in_file.iter().filter(|(_, is_found)| !is_found);
    missed
        .map(|(entry, _)| {
            let key = key(entry);
            let why = reason(&key).unwrap_or_default();
            (key, why)
        })
        .collect()
}

/// The kinds in the order of the page, with what they are.
const KINDS: [(&str, &str); 13] = [
    ("removed", "an option goes"),
    ("renamed", "an option gets another name"),
    ("moved", "an option goes to another group"),
    ("alias", "an old name counts no more"),
    ("deprecated", "an option is announced to go"),
    ("default", "a default changes"),
    ("new-option", "a new option changes what nova does"),
    ("meaning", "an option means something else"),
    ("limits", "values are limited"),
    ("value", "a value goes"),
    ("deprecated-value", "a value is announced to go"),
    ("conflict", "options exclude each other"),
    ("required", "an option must be set"),
];

/// `docs/coverage.md`.
fn page(entries: &[Entry<'_>], found: &[bool], missed: &[(String, String)]) -> String {
    let mut shown = Table::default();
    let mut beyond = Tally::default();
    for (entry, is_found) in entries.iter().zip(found.iter().copied()) {
        if entry.seen == "file" {
            shown.add(entry, is_found);
        } else {
            beyond.add(is_found);
        }
    }
    format!(
        "# What of nova's release notes novamend finds\n\n\
         <!-- `NOVAMEND_BLESS=1 cargo test --test notes` writes this page. -->\n\n\
         Nova's release notes from Pike (16) to 2026.2 (34) were read for what an upgrade does to a nova.conf. Each entry is a small\n\
         nova.conf that a note concerns; it is found where `check` over that hop names every option of it and what becomes of it.\n\n\
         **{} of {} entries that a file shows are found: {} %.** The command is `cargo test --test notes`, which fails under {WANTED} %;\n\
         `tests/notes/cases.tsv` has the entries, each with its note.\n\n\
         Found and all, for each release and kind:\n\n{}\n{}{}",
        shown.all.found,
        shown.all.all,
        shown.all.percent(),
        shown.text(),
        not_found(missed),
        not_seen(beyond)
    )
}

/// How much is found of each release and kind.
#[derive(Default)]
struct Table {
    cells: BTreeMap<(Release, String), Tally>,
    releases: BTreeMap<Release, Tally>,
    kinds: BTreeMap<String, Tally>,
    all: Tally,
}

impl Table {
    fn add(&mut self, entry: &Entry<'_>, is_found: bool) {
        let kind = entry.kind.to_owned();
        self.cells
            .entry((entry.release, kind.clone()))
            .or_default()
            .add(is_found);
        self.releases.entry(entry.release).or_default().add(is_found);
        self.kinds.entry(kind).or_default().add(is_found);
        self.all.add(is_found);
    }

    fn text(&self) -> String {
        let of_all = |cell: &dyn Fn(&str) -> String| KINDS.map(|(kind, _)| cell(kind)).join(" | ");
        let shown =
            |tally: Option<&Tally>| tally.map_or(String::new(), |tally| format!("{}/{}", tally.found, tally.all));
        let mut text = format!("| release | {} | all |\n", of_all(&str::to_owned));
        writeln!(text, "|---|{}", "---|".repeat(KINDS.len() + 1)).expect("a String takes it");
        for (release, all) in &self.releases {
            let cells = of_all(&|kind| shown(self.cells.get(&(*release, kind.to_owned()))));
            writeln!(text, "| {release} | {cells} | {} |", shown(Some(all))).expect("a String takes it");
        }
        let cells = of_all(&|kind| shown(self.kinds.get(kind)));
        writeln!(text, "| all | {cells} | {} |", shown(Some(&self.all))).expect("a String takes it");
        text.push_str("\n| kind | what a note announces |\n|---|---|\n");
        for (kind, what) in KINDS {
            writeln!(text, "| {kind} | {what} |").expect("a String takes it");
        }
        text
    }
}

fn not_found(missed: &[(String, String)]) -> String {
    let mut text = "## What is not found\n\n".to_owned();
    if missed.is_empty() {
        text.push_str("Nothing of what a file shows.\n");
    } else {
        text.push_str("| release | kind | options | why |\n|---|---|---|---|\n");
    }
    for (key, why) in missed {
        let (start, options) = key.rsplit_once('\t').expect("a key has options");
        let options: Vec<&str> = options.split(' ').collect();
        let more = match options.len() {
            0..=3 => String::new(),
            all => format!(" and {} more", all - 3),
        };
        let first = options.into_iter().take(3).collect::<Vec<_>>().join(" ");
        writeln!(text, "| {} | {first}{more} | {why} |", start.replace('\t', " | ")).expect("a String takes it");
    }
    text
}

fn not_seen(beyond: Tally) -> String {
    format!(
        "\n## What no file shows\n\n\
         {} further entries hang on what a nova.conf does not hold, or concern nearly every cloud and harm hardly any; {} of them are\n\
         found all the same, some others with `--pedantic`. Novamend does not see:\n\n\
         * the host: its CPUs and their architecture, its devices, the versions of its packages (`novamend upgrade` names the libvirt and\n  \
         QEMU that a release needs);\n\
         * what other services have: the catalog and the limits of keystone, the aggregates of placement, the endpoints of cinder and glance;\n\
         * other files: policies, `api-paste.ini`, `provider_config`, unit files and their timeouts, code that is not nova's;\n\
         * the database: cells, flavors, and instances, with their images, machine types and devices;\n\
         * clients: which versions of the API they ask for, and what they do with the answers.\n",
        beyond.all, beyond.found
    )
}
