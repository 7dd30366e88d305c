//! One file: the same sections, keys, values and order, and the same words and line where it is rejected.

use std::fs;
use std::path::{Path, PathBuf};

use novamend::oslo::Document;
use novamend::oslo::document::Rejection;
use novamend::text::Source;
use serde_json::{Map, Value, json};

use crate::harness::{Test, tests};
use crate::python::Oracle;
use crate::random::Random;

const AGES: [&str; 3] = ["oslo-3", "oslo-6", "oslo-new"];
/// So many paths fit a pipe.
const BATCH: usize = 250;

/// What novamend makes of `bytes`, in the words of `parse.py`.
fn read(bytes: &[u8]) -> Value {
    let document = Document::parse_literally(Source::new("x.conf", bytes.to_vec()));
    match document.rejection() {
        Some(Rejection::Undecodable(_)) => return json!({"error": "undecodable"}),
        Some(Rejection::Malformed(line)) => {
            return json!({"error": line.kind.to_string(), "line": line.reported_line});
        }
        None => {}
    }
    let mut sections = Map::new();
    for section in document.sections() {
        let name = document.text(section.name).into_owned();
        sections.entry(name).or_insert_with(|| json!({}));
    }
    let mut assignments = Vec::new();
    for assignment in document.assignments() {
        let section = document.section_name(assignment);
        let (key, value) = (document.key(assignment), document.value(assignment));
        assignments.push(json!([section, key, value]));
        let keys = sections[section.as_ref()].as_object_mut().expect("made above");
        let values = keys.entry(key).or_insert_with(|| json!([]));
        values.as_array_mut().expect("made here").push(json!(value));
    }
    json!({"assignments": assignments, "sections": sections})
}

/// Whether `expected` is a malformed line before bytes that are not UTF-8. Which of the two an oslo.config meets first
/// depends on how far it reads ahead; novamend names the bytes, because no release takes them.
fn is_met_first(bytes: &[u8], expected: &Value) -> bool {
    let document = Document::parse_literally(Source::new("x.conf", bytes.to_vec()));
    let Some(Rejection::Undecodable(offset)) = document.rejection() else {
        return false;
    };
    let first = document.malformed().first().filter(|line| line.span.start < offset);
    first.is_some_and(|line| *expected == json!({"error": line.kind.to_string(), "line": line.reported_line}))
}

/// Holds what novamend reads from `paths` against every oracle; returns how they differ.
fn differences(oracles: &mut [Oracle], paths: &[PathBuf]) -> Vec<String> {
    let mut differences = Vec::new();
    for batch in paths.chunks(BATCH) {
        let questions: Vec<Value> = batch.iter().map(|path| json!(path)).collect();
        for oracle in &mut *oracles {
            for (path, expected) in batch.iter().zip(oracle.ask(&questions)) {
                let bytes = fs::read(path).expect("the file is there");
                let actual = read(&bytes);
                // As texts, so that the order of keys counts too.
                let (as_read, as_expected) = (actual.to_string(), expected.to_string());
                if as_read != as_expected && !is_met_first(&bytes, &expected) {
                    differences.push(format!(
                        "{} reads {} otherwise\n  bytes    {}\n  oslo     {expected}\n  novamend {actual}",
                        oracle.name,
                        path.display(),
                        bytes.escape_ascii(),
                    ));
                }
            }
        }
    }
    differences
}

fn oracles() -> Vec<Oracle> {
    AGES.iter().map(|age| Oracle::start(age, "parse.py")).collect()
}

fn conf_files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(directory) else {
        return found;
    };
    for path in entries.map(|entry| entry.expect("a directory's entry").path()) {
        if path.is_dir() {
            found.extend(conf_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "conf") {
            found.push(path);
        }
    }
    found
}

/// Pieces that lines are made of: what the dialect treats apart, and what looks as if it did.
const PIECES: &[&str] = &[
    "[",
    "]",
    "[DEFAULT]",
    "[libvirt]",
    "[LibVirt]",
    "[ libvirt ]",
    "[]",
    "#",
    ";",
    "# note",
    "=",
    ":",
    " = ",
    " : ",
    "a",
    "b",
    "A",
    "a-b",
    "a_b",
    "live_migration_uri",
    "1",
    "800",
    "true",
    "",
    " ",
    "  ",
    "\t",
    "\u{b}",
    "\u{c}",
    "\u{1c}",
    "\u{1f}",
    "\u{85}",
    "\u{a0}",
    "\u{2028}",
    "\u{3000}",
    "\u{feff}",
    "\u{200b}",
    "\0",
    "'",
    "\"",
    "''",
    "\"\"",
    "\"x y\"",
    "'x",
    "x\"",
    "\\",
    "\\\\",
    "%",
    "$",
    "$x",
    "$$",
    "${a}",
    "ä",
    "漢",
    "😀",
    "é",
    ",",
    "a,b",
    "\u{1b}",
];
const ENDS: &[&str] = &["\n", "\n", "\n", "\n", "\r\n", "\r", "\n\n", ""];

fn document(random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    if random.once_in(60) {
        bytes.extend("\u{feff}".bytes());
    }
    if !random.once_in(4) {
        bytes.extend(b"[DEFAULT]\n");
    }
    for _ in 0..random.below(14) {
        line(random, &mut bytes);
        bytes.extend(random.one(ENDS).bytes());
        if random.once_in(400) {
            bytes.push(*random.one(&[0xFF, 0xC3, 0xE2, 0x80]));
        }
    }
    bytes
}

/// A line: mostly one that oslo.config takes, so that documents are read to their end, else anything.
fn line(random: &mut Random, bytes: &mut Vec<u8>) {
    match random.below(48) {
        0..6 => bytes.extend(
            random
                .one(&["[DEFAULT]", "[libvirt]", "[LIBVIRT]", "[a b]", "[x]]"])
                .bytes(),
        ),
        6..30 => {
            for part in [
                random.one(&["a", "b", "a b", "ä", "a-b"]),
                random.one(&["=", ":", " = ", " :\t", "  ="]),
            ] {
                bytes.extend(part.bytes());
            }
            pieces(random, bytes);
        }
        30..34 => {
            bytes.extend(random.one(&[" ", "  ", "\t"]).bytes());
            pieces(random, bytes);
        }
        34..40 => bytes.extend(random.one(&["# note", ";x=1", "#"]).bytes()),
        40..46 => {}
        _ => pieces(random, bytes),
    }
}

fn pieces(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..random.below(5) {
        bytes.extend(random.one(PIECES).bytes());
    }
}

fn made_up_documents_are_read_as_oslo_config_reads_them() {
    let mut oracles = oracles();
    let directory = tempfile::tempdir().expect("a directory");
    let mut random = Random::new(20);
    let paths: Vec<PathBuf> = (0..BATCH)
        .map(|number| directory.path().join(format!("{number}.conf")))
        .collect();
    let (mut accepted, mut done) = (0, 0);
    while done < crate::documents() {
        for path in &paths {
            let bytes = document(&mut random);
            accepted += usize::from(read(&bytes).get("error").is_none());
            fs::write(path, bytes).expect("the directory is writable");
        }
        let differences = differences(&mut oracles, &paths);
        assert!(
            differences.is_empty(),
            "{}",
            differences[..differences.len().min(5)].join("\n")
        );
        done += BATCH;
    }
    println!("{done} documents, {accepted} of them accepted, three times alike");
    assert!(
        accepted > done / 5,
        "too few documents are read to their end: {accepted} of {done}"
    );
}

fn every_fixture_is_read_as_oslo_config_reads_it() {
    let mut oracles = oracles();
    let paths = conf_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"));
    assert!(paths.len() > 10, "the fixtures are gone");
    let differences = differences(&mut oracles, &paths);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    made_up_documents_are_read_as_oslo_config_reads_them,
    every_fixture_is_read_as_oslo_config_reads_it,
];
