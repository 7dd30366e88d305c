//! Real nova reads what novamend wrote, and finds in it what novamend said.
//!
//! Every `.fixed` of the fixtures, and every fixture that needed no fix, is loaded by nova of several releases. Everything
//! nova says of `[libvirt] live_migration_*` must be what novamend reads, the timeout action above all.

#[path = "oracle/each.rs"]
mod each;
#[path = "harness/mod.rs"]
mod harness;
#[path = "oracle/in_json.rs"]
mod in_json;
#[path = "oracle/novas.rs"]
mod novas;
#[path = "oracle/python.rs"]
mod python;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;

use novamend::catalog::Release;
use novamend::inputs::load::{self, Input};
use novamend::nova::View;
use serde_json::{Value, json};

use each::of_each;
use harness::tests;
use in_json::in_json;

/// What the rules leave behind: `.fixed` where there is one, else the fixture itself.
fn fixed() -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules");
    for rule in fs::read_dir(rules).expect("fixtures") {
        for case in fs::read_dir(rule.expect("a rule").path()).expect("its fixtures") {
            let path = case.expect("a fixture").path();
            let is_original = path.extension().is_some_and(|extension| extension == "conf");
            if is_original {
                let fixed = path.with_extension("fixed");
                paths.push(if fixed.exists() { fixed } else { path });
            }
        }
    }
    paths.sort();
    paths
}

/// How novamend's reading of `path` differs from nova's.
fn differences(path: &Path, release: Release, expected: &Value) -> Vec<String> {
    let stack = load::load(&[Input::File(path.to_owned())], Vec::new()).expect("the file is there");
    if stack.layers()[0].document.template().is_some() {
        return Vec::new(); // nova reads what it is rendered to
    }
    let is_rejected = stack.layers()[0].document.rejection().is_some();
    let options = expected.as_object().expect("an object");
    if is_rejected || options.get("error").is_some_and(Value::is_string) {
        let alike = is_rejected && options.contains_key("error");
        return if alike {
            Vec::new()
        } else {
            vec![format!("rejected by one: {expected}")]
        };
    }
    assert!(options.contains_key("live_migration_timeout_action"), "{expected}");
    let view = View::new(&stack, release);
    let mut differences = Vec::new();
    for (name, answer) in options {
        let setting = view
            .setting("libvirt", name)
            .unwrap_or_else(|| panic!("{release} has {name}"));
        let actual = view.value(&setting).ok().map(|value| in_json(&value));
        if actual.as_ref() != answer.get("value") {
            differences.push(format!("{name}: nova {answer}, novamend {actual:?}"));
        }
    }
    differences
}

fn real_nova_finds_in_mended_files_what_novamend_said() {
    let paths = fixed();
    assert!(paths.len() > 30, "the fixtures are gone");
    let questions: Vec<Value> = paths.iter().map(|path| json!(path)).collect();
    let actions = Mutex::new(BTreeSet::new());
    // rocky has no timeout action; 28 and 33 read these options as their neighbours do
    let failures = of_each(&novas::all_but(&[18, 28, 33]), "nova_conf.py", |nova, release| {
        let answers = nova.ask(&questions);
        let told = answers
            .iter()
            .map(|answer| answer["live_migration_timeout_action"]["value"].to_string());
        actions.lock().expect("a set").extend(told);
        let asked = paths.iter().zip(&answers).map(|(path, answer)| {
            let found = differences(path, release, answer);
            found
                .into_iter()
                .map(|difference| format!("{}: {}: {difference}", nova.name, path.display()))
                .collect()
        });
        asked.collect::<Vec<Vec<String>>>().concat()
    });
    let actions = actions.into_inner().expect("a set");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(
        actions.contains("\"abort\"") && actions.contains("\"force_complete\""),
        "{actions:?}"
    );
}

fn main() -> ExitCode {
    harness::run(&[tests![real_nova_finds_in_mended_files_what_novamend_said,]])
}
