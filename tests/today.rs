//! What `fix --write` writes by itself changes nothing for the nova that runs: real nova of today's release reads every
//! value alike from the old text and from the new one.
//!
//! Every fixture, each taken for a file of every release whose nova is at hand, on its way to the next release and to the
//! newest.

#[path = "oracle/each.rs"]
mod each;
#[path = "harness/mod.rs"]
mod harness;
#[path = "oracle/novas.rs"]
mod novas;
#[path = "oracle/python.rs"]
mod python;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use novamend::catalog::{self, Release};
use novamend::fix::{FixPlan, Until, fix_stack};
use novamend::lint::Settings;
use novamend::nova::View;
use novamend::nova::today::Today;
use novamend::oslo::Document;
use novamend::oslo::stack::Stack;
use novamend::rules::RULES;
use novamend::text::Source;
use serde_json::{Value, json};

use each::of_each;
use harness::tests;
use python::Oracle;

/// So many questions fit a pipe.
const BATCH: usize = 4;

/// Every `*.conf` of the rules and of the deployments.
fn files() -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut directories: Vec<PathBuf> = fs::read_dir(fixtures.join("rules"))
        .expect("fixtures")
        .map(|rule| rule.expect("a rule").path())
        .collect();
    directories.push(fixtures.join("deployments"));
    for directory in directories {
        for file in fs::read_dir(directory).expect("a directory") {
            let path = file.expect("a file").path();
            if path.extension().is_some_and(|extension| extension == "conf") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths
}

/// A text that would be written now, and the one it is written over.
struct Written {
    what: String,
    before: PathBuf,
    after: tempfile::NamedTempFile,
    /// Every option that either text sets, by group and name.
    asked: Vec<Value>,
}

/// What `fix --write` would make of `path` where `from` runs; `None` where it changes nothing.
fn written(path: &Path, from: Release, to: Release) -> Option<Written> {
    let settings = Settings::default();
    let bytes = fs::read(path).expect("a fixture is read");
    let before = Stack::of(Document::parse(Source::new(path, bytes.clone())));
    let today = Today::said(from);
    let plan = FixPlan {
        rules: RULES,
        today: &today,
        to,
        settings: &settings,
        unsafe_fixes: false,
        until: Until::Now,
    };
    let fixed = fix_stack(&before, &plan);
    let text = fixed.stack.layers()[0].document.source().bytes();
    if text == bytes {
        return None;
    }
    let after = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(after.path(), text).expect("the new text");
    let mut asked = BTreeSet::new();
    for stack in [&before, &fixed.stack] {
        let view = View::new(stack, from);
        let set = catalog::options(from).filter(|option| view.setting_of(*option).is_set());
        asked.extend(set.map(|option| (option.group(), option.name())));
    }
    let titles: Vec<&str> = fixed.applied.iter().map(|applied| applied.title.as_str()).collect();
    Some(Written {
        what: format!("{} from {from} to {to}: {}", path.display(), titles.join("; ")),
        before: path.to_owned(),
        after,
        asked: asked.into_iter().map(|(group, name)| json!([group, name])).collect(),
    })
}

/// Each text once: mostly the next release and the newest make the same of a file.
fn all_written(paths: &[PathBuf], from: Release) -> Vec<Written> {
    let targets: BTreeSet<Release> = [from.next().unwrap_or(from), Release::NEWEST].into_iter().collect();
    let mut all = Vec::new();
    for path in paths {
        let mut known = BTreeSet::new();
        let of_file = targets.iter().filter_map(|&to| written(path, from, to));
        all.extend(of_file.filter(|written| known.insert(fs::read(written.after.path()).expect("the new text"))));
    }
    all
}

/// What `nova` of `from` reads otherwise from the new texts than from the old ones.
fn differences(nova: &mut Oracle, paths: &[PathBuf], from: Release) -> Vec<String> {
    let (all, mut failures, mut values) = (all_written(paths, from), Vec::new(), 0);
    for batch in all.chunks(BATCH) {
        let questions: Vec<Value> = batch
            .iter()
            .flat_map(|written| {
                [written.before.as_path(), written.after.path()].map(|path| json!([path, written.asked]))
            })
            .collect();
        for (written, answers) in batch.iter().zip(nova.ask(&questions).chunks(2)) {
            values += answers[0]["values"].as_object().map_or(0, serde_json::Map::len);
            for part in ["error", "values", "others"] {
                let (old, new) = (&answers[0][part], &answers[1][part]);
                // The message of a rejection holds the path.
                let alike = old == new || (part == "error" && old.is_string() && new.is_string());
                if !alike {
                    failures.push(format!("{}: {}: {part} {old}, then {new}", nova.name, written.what));
                }
            }
        }
    }
    eprintln!("{}: {} rewritten files, {values} values compared", nova.name, all.len());
    assert!(all.len() > 10 && values > 10, "{} was asked hardly anything", nova.name);
    failures
}

fn real_nova_of_today_reads_the_same_before_and_after() {
    let paths = files();
    let failures = of_each(&novas::all_but(&[]), "nova_all.py", |nova, from| {
        differences(nova, &paths, from)
    });
    assert!(
        failures.is_empty(),
        "{} differ:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn main() -> ExitCode {
    harness::run(&[tests![real_nova_of_today_reads_the_same_before_and_after,]])
}
