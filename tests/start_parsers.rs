//! Nova's own readers of values with a form of their own, against novamend's: what one takes the other takes, and what it
//! refuses it refuses in the same words. Texts are made by chance, many of them nearly right.
//!
//! `NOVAMEND_PARSERS` says how many for each reader (300 where it is not set), `NOVAMEND_SEED` repeats a run.

#[path = "oracle/each.rs"]
mod each;
#[path = "harness/mod.rs"]
mod harness;
#[path = "oracle/made_values.rs"]
mod made_values;
#[path = "oracle/novas.rs"]
mod novas;
#[path = "oracle/python.rs"]
mod python;
#[path = "oracle/random.rs"]
mod random;

use std::process::ExitCode;

use novamend::catalog::Release;
use novamend::nova::View;
use novamend::nova::start;
use novamend::oslo::Document;
use novamend::oslo::stack::Stack;
use novamend::text::Source;
use serde_json::{Value, json};

use each::of_each;
use harness::tests;
use python::Oracle;
use random::Random;

/// So many questions fit a pipe.
const BATCH: usize = 20;

/// A reader of nova: its name for `parsers.py`, the facts that say what it refuses, and what makes a nova.conf for it.
struct Reader {
    name: &'static str,
    facts: &'static [&'static str],
    make: fn(&mut Random) -> String,
}

const READERS: [Reader; 7] = [
    Reader {
        name: "pci-spec",
        facts: &["pci-spec-"],
        make: made_values::pci_specs,
    },
    Reader {
        name: "pci-alias",
        facts: &["pci-alias"],
        make: made_values::pci_aliases,
    },
    Reader {
        name: "mdev",
        facts: &["mdev-", "vgpu-"],
        make: made_values::mdev_types,
    },
    Reader {
        name: "pmem",
        facts: &["pmem-"],
        make: made_values::namespaces,
    },
    Reader {
        name: "huge-pages",
        facts: &["reserved-huge-pages-"],
        make: made_values::huge_pages,
    },
    Reader {
        name: "physnets",
        facts: &["physnet-"],
        make: made_values::networks,
    },
    Reader {
        name: "cpu-sets",
        facts: &["cpu-shared-set-", "cpu-dedicated-set-"],
        make: made_values::cpu_sets,
    },
];

/// What novamend says that nova says of the file, none where it takes it.
fn ours(reader: &Reader, text: &str, release: Release) -> Vec<String> {
    let stack = Stack::of(Document::parse(Source::new("nova.conf", text.as_bytes().to_vec())));
    let view = View::new(&stack, release);
    let of_reader = |id: &str| reader.facts.iter().any(|start| id.starts_with(start));
    let refusals = start::refusals(&view, &start::Written::of(&view), |_| true).into_iter();
    let refusals = refusals.filter(|refused| of_reader(refused.fact.id));
    refusals
        .map(|refused| refused.filled(&view, refused.fact.message))
        .collect()
}

/// Whether nova's message is one of ours, whose `…` stands for any text.
fn is_said(theirs: &str, ours: &str) -> bool {
    let mut rest = theirs;
    ours.split('…').all(|piece| {
        let place = rest.find(piece);
        rest = place.map_or(rest, |place| &rest[place + piece.len()..]);
        place.is_some()
    })
}

/// How nova and novamend differ about one file; none where they agree.
fn difference(reader: &Reader, text: &str, release: Release, answer: &Value) -> Option<String> {
    let found = ours(reader, text, release);
    let is_same = match answer["error"].as_str() {
        None => found.is_empty(),
        Some(theirs) => found.iter().any(|ours| is_said(theirs, ours)),
    };
    (!is_same && answer["lacks"].is_null())
        .then(|| format!("{release}, {}: {answer}, but novamend {found:?}\n{text}", reader.name))
}

fn of_nova(nova: &mut Oracle, release: Release, files: &[(&Reader, String)]) -> Vec<String> {
    let mut failures = Vec::new();
    let (mut refused, mut taken) = (0, 0);
    for some in files.chunks(BATCH) {
        let questions: Vec<Value> = some.iter().map(|(reader, text)| json!([reader.name, text])).collect();
        for ((reader, text), answer) in some.iter().zip(nova.ask(&questions)) {
            refused += usize::from(answer["error"].is_string());
            taken += usize::from(answer.is_null());
            failures.extend(difference(reader, text, release, &answer));
        }
    }
    eprintln!("{release}: refused {refused}, taken {taken}, differ {}", failures.len());
    assert!(
        refused > files.len() / 10 && taken > files.len() / 10,
        "{release}: all of one kind"
    );
    failures
}

fn nova_refuses_a_value_as_novamend_says_and_no_other() {
    let asked = std::env::var("NOVAMEND_PARSERS").ok();
    let count = asked.map_or(300, |text| text.parse().expect("NOVAMEND_PARSERS is a number"));
    let mut chance = Random::new(14);
    let mut files: Vec<(&Reader, String)> = Vec::new();
    for reader in &READERS {
        files.extend((0..count).map(|_| (reader, (reader.make)(&mut chance))));
    }
    // The driver of 18 is not read by today's Python.
    let failures = of_each(&novas::all_but(&[18]), "parsers.py", |nova, release| {
        of_nova(nova, release, &files)
    });
    let some = failures.iter().step_by(failures.len() / 30 + 1).map(String::as_str);
    assert!(
        failures.is_empty(),
        "{} differ:\n{}",
        failures.len(),
        some.collect::<Vec<_>>().join("\n")
    );
}

fn main() -> ExitCode {
    harness::run(&[tests![nova_refuses_a_value_as_novamend_says_and_no_other,]])
}
