//! One value of one option: the same verdict, and what it becomes, as from the types of real oslo.config.
//!
//! The types are built again from the words of `options.txt`, so that a fact that novamend reads wrongly shows too.
//! `NOVAMEND_ORACLE_VALUES` is how many pairs of option and value each age is asked (6,000 where it is not set).

use std::collections::BTreeMap;

use novamend::catalog::{self, Release};
use novamend::oslo::value::{self, Profile, Value as Read};
use serde_json::{Map, Value, json};

use crate::harness::{Test, tests};
use crate::python::Oracle;
use crate::random::Random;

/// An environment, its oslo.config, and the release whose options it is asked about.
const AGES: [(&str, (u16, u16), u32); 3] = [
    ("oslo-3", (3, 24), 16),
    ("oslo-6", (6, 12), 20),
    ("oslo-new", (10, 7), Release::NEWEST.number() as u32),
];
/// So many questions fit a pipe.
const BATCH: usize = 40;

/// One option as `options.txt` has it: group, name, type, facts.
struct Row {
    group: String,
    name: String,
    kind: String,
    facts: Map<String, Value>,
}

fn rows(release: u32) -> Vec<Row> {
    let text = include_str!("../../src/catalog/data/options.txt");
    let (mut rows, mut group) = (Vec::new(), String::new());
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(header) = line.strip_prefix('[') {
            header.trim_end_matches(']').clone_into(&mut group);
            continue;
        }
        let mut words = line.split('\t');
        let (name, span) = (words.next().expect("a name"), words.next().expect("a span"));
        let kind = words.next().expect("a type");
        let (since, until) = span.split_once('-').expect("a span");
        let until = until.parse().unwrap_or(u32::MAX);
        if since.parse().is_ok_and(|since: u32| since <= release) && release <= until && !kind.contains("custom:") {
            let facts = words.filter_map(|word| match word.split_once('=') {
                Some(("aliases" | "source", _)) => None,
                Some((key, json)) => Some((key.to_owned(), serde_json::from_str(json).expect("a fact"))),
                None => Some((word.to_owned(), json!(true))),
            });
            rows.push(Row {
                group: group.clone(),
                name: name.to_owned(),
                kind: kind.to_owned(),
                facts: facts.collect(),
            });
        }
    }
    rows
}

/// Texts that are odd for one type or another.
const ODD: [&str; 66] = [
    "",
    " ",
    "0",
    "1",
    "-1",
    "+1",
    "007",
    "1_000",
    "0x10",
    "1.0",
    "1e3",
    ".5",
    "inf",
    "-inf",
    "nan",
    "true",
    "True",
    "YES",
    "off",
    "t",
    "none",
    "None",
    "1 ",
    " 1",
    "65535",
    "65536",
    "99999999999999999999",
    "٣",
    "a",
    "a,b",
    "a, b,",
    ",",
    ",,",
    "a,,b",
    "[a,b]",
    "{a:b}",
    "a:1",
    "a:1,b:2",
    "a:1,2,b:3",
    "a:1,a:2",
    ":1",
    "a:1,",
    "\"a\"",
    "'a",
    "\"",
    "10.0.0.1",
    "10.0.0.256",
    "010.0.0.1",
    "::1",
    "fe80::1%eth0",
    "1:2:3",
    "host",
    "host.",
    "-host",
    "host_name",
    "a.b.1",
    "1.2.3",
    "http://h",
    "http://h:80/x?y#z",
    "http://",
    "//h/x",
    "ftp://u:p@h/",
    "http://[::1]/",
    "a b",
    "a\nb",
    "x\u{a0}",
];

/// A text for an option: often near what it takes, sometimes far from it.
fn text(row: &Row, random: &mut Random) -> String {
    let near = match random.below(8) {
        0 => row.facts.get("default").map(written),
        1 | 2 => number(row, "min", random),
        3 => number(row, "max", random),
        4 | 5 => {
            let item = row.facts.get("item").and_then(|item| item.get("choices"));
            let choices = row.facts.get("choices").or(item).and_then(Value::as_array);
            choices
                .filter(|choices| !choices.is_empty())
                .map(|choices| written(random.one(choices)))
        }
        _ => None,
    };
    let mut text = near.unwrap_or_else(|| (*random.one(&ODD)).to_owned());
    match random.below(12) {
        0 => text = text.to_uppercase(),
        1 => text.push_str(ODD[random.below(ODD.len())]),
        2 => text = format!("{}{text}", ODD[random.below(ODD.len())]),
        3 => text = format!("{text},{text}"),
        _ => {}
    }
    text
}

fn number(row: &Row, key: &str, random: &mut Random) -> Option<String> {
    let bound = row.facts.get(key)?.as_f64()?;
    let moved = bound + *random.one(&[-1.0, 0.0, 1.0, 0.5]);
    Some(if moved.fract() == 0.0 {
        format!("{moved:.0}")
    } else {
        moved.to_string()
    })
}

fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(written).collect::<Vec<_>>().join(","),
        Value::Object(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| format!("{key}:{}", written(value)));
            pairs.collect::<Vec<_>>().join(",")
        }
        other => other.to_string(),
    }
}

/// What novamend makes of it, in the words of `values.py`.
fn plain(value: &Read) -> Value {
    match value {
        Read::None => Value::Null,
        Read::Bool(flag) => json!(flag),
        Read::Int(number) => json!({"int": number.to_string()}),
        Read::Float(number) => json!({"float": novamend::nova::printed(&Read::Float(*number))}),
        Read::Text(text) => json!(text),
        Read::List(items) => items.iter().map(plain).collect(),
        Read::Dict(pairs) => {
            let pairs: Vec<Value> = pairs.iter().map(|(key, value)| json!([key, plain(value)])).collect();
            json!({"dict": pairs})
        }
        Read::Range(..) => json!({"other": true}),
    }
}

fn answer(row: &Row, text: &str, release: Release, profile: Profile) -> Value {
    let facts = catalog::option(&row.group, &row.name, release).expect("the option is in the catalog");
    match value::check(facts.option_type(), text, profile) {
        Ok(value) => json!({"value": plain(&value)}),
        Err(_) => json!({"error": true}),
    }
}

/// Whether two answers say the same: floating-point numbers as numbers, not as texts.
fn is_same(ours: &Value, theirs: &Value) -> bool {
    let float = |answer: &Value| {
        answer["value"]["float"]
            .as_str()
            .and_then(|text| text.parse::<f64>().ok())
    };
    // Beyond 128 bits only the end of the range is held.
    let is_long = |answer: &Value| answer["value"]["int"].as_str().is_some_and(|text| text.len() > 38);
    if is_long(ours) && is_long(theirs) {
        return true;
    }
    match (float(ours), float(theirs)) {
        (Some(ours), Some(theirs)) => ours.total_cmp(&theirs).is_eq() || (ours.is_nan() && theirs.is_nan()),
        _ => ours == theirs,
    }
}

fn how_many() -> usize {
    std::env::var("NOVAMEND_ORACLE_VALUES").map_or(6_000, |text| text.parse().expect("a number of values"))
}

fn every_value_is_taken_or_rejected_as_by_oslo_config() {
    let mut failures: BTreeMap<String, String> = BTreeMap::new();
    for (name, version, number) in AGES {
        let mut oracle = Oracle::start(name, "values.py");
        let (rows, release) = (rows(number), Release::from_number(number).expect("a release"));
        let mut random = Random::new(u64::from(number));
        let pairs: Vec<(&Row, String)> = (0..how_many())
            .map(|_| {
                let row = random.one(&rows);
                (row, text(row, &mut random))
            })
            .collect();
        let (mut compared, mut rejected) = (0, 0);
        for batch in pairs.chunks(BATCH) {
            let questions: Vec<Value> = batch
                .iter()
                .map(|(row, text)| {
                    let mut facts = row.facts.clone();
                    facts.remove("default");
                    json!([row.kind, facts, text])
                })
                .collect();
            for ((row, text), theirs) in batch.iter().zip(oracle.ask(&questions)) {
                if theirs == json!({"skipped": true}) {
                    continue;
                }
                compared += 1;
                rejected += usize::from(theirs == json!({"error": true}));
                let ours = answer(row, text, release, Profile::of(version));
                if !is_same(&ours, &theirs) {
                    let option = format!("{name} [{}] {} ({})", row.group, row.name, row.kind);
                    failures.insert(format!("{option} {text:?}"), format!("ours {ours}, theirs {theirs}"));
                }
            }
        }
        eprintln!("{name}: {compared} pairs of option and value, {rejected} of them rejected");
        assert!(compared * 10 > how_many() * 9, "{name} could not be asked most of them");
        assert!(rejected * 20 > compared, "{name} was asked hardly anything it rejects");
    }
    let lines: Vec<String> = failures
        .iter()
        .map(|(pair, answers)| format!("{pair}: {answers}"))
        .collect();
    assert!(lines.is_empty(), "{} differ:\n{}", lines.len(), lines.join("\n"));
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![every_value_is_taken_or_rejected_as_by_oslo_config,];
