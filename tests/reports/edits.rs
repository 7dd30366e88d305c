//! A tool that knows nothing of novamend makes the edits of its JSON and its SARIF, and what comes of them is what `fix` writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::harness::{Test, tests};
use crate::python::Oracle;
use crate::run::run;

pub(crate) const TESTS: &[Test] = tests![the_edits_of_a_report_give_the_bytes_of_fix];

/// Every fixture of a rule with the arguments that it names.
fn fixtures() -> Vec<(PathBuf, Vec<String>)> {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules");
    let mut found = Vec::new();
    for rule in fs::read_dir(rules).expect("fixtures") {
        for case in fs::read_dir(rule.expect("a rule").path()).expect("its fixtures") {
            let path = case.expect("a fixture").path();
            if path.extension().is_none_or(|extension| extension != "conf") {
                continue;
            }
            let text = String::from_utf8_lossy(&fs::read(&path).expect("a fixture")).into_owned();
            let beside = fs::read_to_string(path.with_extension("args")).ok();
            let line = beside.or_else(|| Some(text.lines().next()?.strip_prefix("# check:")?.to_owned()));
            let words = line.unwrap_or_default();
            let words = words.split_whitespace().map(str::to_owned);
            let is_of_fix =
                |word: &String| matches!(word.as_str(), "--unsafe-fixes" | "--explicit" | "--allow-unwitnessed");
            found.push((path, words.filter(|word| !is_of_fix(word)).collect()));
        }
    }
    found.sort();
    found
}

/// How much of `fix` is asked for: what is asked for by default is in SARIF, too.
const ASKED: [&[&str]; 2] = [&[], &["--unsafe-fixes", "--when", "upgrade"]];

/// How many fixtures change as much as is asked for, and how many have an edit that hides a secret.
type Counts = [[usize; 2]; 2];

/// What is wrong with the edits of the fixture at `path`; nothing where one of them hides a secret, which is counted.
fn wrong(tool: &mut Oracle, path: &Path, arguments: &[String], counts: &Mutex<Counts>) -> Vec<String> {
    let directory = tempfile::tempdir().expect("a directory");
    let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
    let before = fs::read(path).expect("a fixture");
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let shared = [&[name][..], &words, &["--fail-on", "never"]].concat();
    let printed = |verb: &[&str]| run(directory.path(), &[verb, &shared].concat(), "").out;
    let mut differing = Vec::new();
    for (number, asked) in ASKED.into_iter().enumerate() {
        fs::write(directory.path().join(name), &before).expect("a file");
        let json = printed(&[&["fix", "--format", "json"], asked].concat());
        let Ok(report) = serde_json::from_str::<Value>(&json) else {
            continue;
        };
        // What is refused is not written, though its diff and its edits are shown.
        let is_refused = !report["stacks"][0]["objections"].as_array().is_none_or(Vec::is_empty);
        let is_masked = report["stacks"][0]["applied"].to_string().contains("\"masked\":true");
        let mut reports = Vec::new();
        if !is_refused {
            reports.push(("json", json));
        }
        if asked.is_empty() {
            reports.push(("sarif", printed(&["check", "--format", "sarif"])));
        }
        printed(&[&["fix", "--write", "--no-backup"], asked].concat());
        let after = fs::read(directory.path().join(name)).expect("the file");
        fs::write(directory.path().join(name), &before).expect("a file");
        let mut counts = counts.lock().expect("a count");
        counts[number][0] += usize::from(after != before);
        counts[number][1] += usize::from(is_masked);
        drop(counts);
        for (kind, text) in reports.into_iter().filter(|_| !is_masked) {
            let report = directory.path().join(kind);
            fs::write(&report, text).expect("a report");
            let answer = &tool.ask(&[json!({"report": report, "directory": directory.path()})])[0];
            let text = answer[name].as_str().map_or_else(|| before.clone(), decoded);
            if text != after {
                differing.push(format!("{}: {kind} {}", path.display(), asked.join(" ")));
            }
        }
    }
    differing
}

/// The bytes of base64.
fn decoded(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => u32::from(byte - b'A'),
        b'a'..=b'z' => u32::from(byte - b'a') + 26,
        b'0'..=b'9' => u32::from(byte - b'0') + 52,
        b'+' => 62,
        _ => 63,
    };
    let (mut out, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        held = (held << 6 | digit(byte)) & 0xff_ffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits & 0xff) as u8);
        }
    }
    out
}

fn the_edits_of_a_report_give_the_bytes_of_fix() {
    let fixtures = fixtures();
    let counts = Mutex::new(Counts::default());
    let half = fixtures.len().div_ceil(2);
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let lanes = fixtures.chunks(half).map(|fixtures| {
            // Started here, so that a test without Python is skipped.
            let mut tool = Oracle::start("reports", "../reports/apply.py");
            let counts = &counts;
            scope.spawn(move || {
                let each = fixtures
                    .iter()
                    .flat_map(|(path, arguments)| wrong(&mut tool, path, arguments, counts));
                each.collect::<Vec<String>>()
            })
        });
        let lanes: Vec<_> = lanes.collect();
        lanes
            .into_iter()
            .flat_map(|lane| lane.join().expect("a lane ends"))
            .collect()
    });
    let counts = *counts.lock().expect("a count");
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        fixtures.len(),
        wrong.join("\n")
    );
    let [[by_default, _], [most, masked]] = counts;
    assert!(by_default > 20 && most > 100 && masked < 20, "{counts:?}");
}
