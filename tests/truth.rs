//! Every option of every fixture, as real nova of several releases reads it, before and after `fix`; and what nova itself
//! warns of, novamend has said.
//!
//! `tests/nova.rs` does so for the live-migration options and what they mean together.

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

use novamend::catalog::{self, OptionFacts, Release};
use novamend::inputs::load::{self, Input};
use novamend::lint::{self, Context, Settings};
use novamend::nova::View;
use novamend::nova::nature::natures;
use novamend::oslo::stack::Stack;
use novamend::oslo::value;
use novamend::rules::RULES;
use serde_json::{Value, json};

use each::of_each;
use harness::tests;
use in_json::in_json;
use python::Oracle;

/// So many questions fit a pipe.
const BATCH: usize = 20;

/// Every fixture of a rule, as it is and as `fix` leaves it.
fn files() -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules");
    for rule in fs::read_dir(rules).expect("fixtures") {
        for case in fs::read_dir(rule.expect("a rule").path()).expect("its fixtures") {
            let path = case.expect("a fixture").path();
            let extension = path.extension().and_then(|extension| extension.to_str());
            if matches!(extension, Some("conf" | "fixed")) {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths
}

/// What novamend reads, in the words of `nova_all.py`; `None` where a host decides.
fn reading(view: &View<'_>, option: OptionFacts) -> Option<Value> {
    let setting = view.setting_of(option);
    let texts = view.texts(&setting).unwrap_or_default();
    if texts.iter().any(|text| text.contains('<')) {
        return None;
    }
    let kind = option.option_type();
    let read = |text: &String| value::check(kind, text, view.profile()).map(|value| in_json(&value));
    let values: Result<Vec<Value>, _> = texts.iter().map(read).collect();
    Some(match values {
        Ok(values) if !values.is_empty() && option.is_multi() => json!({"value": values}),
        Ok(values) if !values.is_empty() => json!({"value": values[0]}),
        _ => json!({"error": true}),
    })
}

fn set_options(view: &View<'_>) -> Vec<OptionFacts> {
    catalog::options(view.release())
        .filter(|option| view.setting_of(*option).is_set())
        .collect()
}

/// How nova's answer about one file differs from what novamend says.
fn differences(stack: &Stack, release: Release, answer: &Value) -> Vec<String> {
    if stack.layers()[0].document.template().is_some() {
        return Vec::new(); // nova reads what it is rendered to
    }
    let is_rejected = stack.layers()[0].document.rejection().is_some();
    if is_rejected || answer.get("error").is_some() {
        let alike = is_rejected && answer.get("error").is_some();
        return if alike {
            Vec::new()
        } else {
            vec![format!("rejected by one: {answer}")]
        };
    }
    let view = View::new(stack, release);
    let mut found = Vec::new();
    for option in set_options(&view) {
        let title = format!("{}.{}", option.group(), option.name());
        let (Some(theirs), Some(ours)) = (answer["values"].get(&title), reading(&view, option)) else {
            continue;
        };
        // Some novas give `[database] connection` a value of their own, and the fixture refers to it here.
        let is_own = title == "database.slave_connection";
        if *theirs != ours && !is_own {
            found.push(format!("{title}: nova {theirs}, novamend {ours}"));
        }
    }
    for title in answer["others"].as_array().expect("a list") {
        // What another option of the file decides, by a reference in a default or by nova itself, is not set here.
        let name = title.as_str().unwrap_or_default();
        let (group, name) = name.split_once('.').unwrap_or_default();
        if catalog::option(group, name, release).is_some_and(|option| !option.is_host_dependent()) {
            found.push(format!("{title}: nova has a value, novamend none"));
        }
    }
    // Of another service's file nothing is said but that it is one.
    if natures(stack)[0].is_nova() {
        found.extend(unsaid(stack, release, answer));
    }
    found
}

/// What nova warns of and no finding of a check of this release is about.
fn unsaid(stack: &Stack, release: Release, answer: &Value) -> Vec<String> {
    let settings = Settings::default();
    let context = Context::new(stack, release, release, &settings);
    let findings = lint::run(RULES, &context);
    let said: BTreeSet<String> = findings
        .iter()
        .flat_map(|finding| {
            let named = finding
                .message
                .split('`')
                .nth(1)
                .map(|title| title.replacen('[', "", 1).replacen("] ", ".", 1));
            [context.option_of(finding.location), named].into_iter().flatten()
        })
        .map(|option| option.to_lowercase())
        .collect();
    let warned = answer["deprecated"].as_array().expect("a list");
    let words = |pair: &Value, at: usize| pair[at].as_str().unwrap_or_default().replace('-', "_").to_lowercase();
    // The environments have libraries of a later time: what only those announce is a later release's doing.
    let is_of_its_time = |pair: &&Value| {
        let (group, name) = (words(pair, 0).replacen("default", "DEFAULT", 1), words(pair, 1));
        let is_fine_in = |release: Release| {
            let fate = catalog::fate(&group, &name, release);
            matches!(fate, catalog::Fate::Known(option) if !option.is_deprecated_for_removal())
        };
        let mut later = Release::all().filter(|later| *later > release);
        !is_fine_in(release) || later.all(is_fine_in)
    };
    warned
        .iter()
        .filter(is_of_its_time)
        .map(|pair| format!("{}.{}", words(pair, 0), words(pair, 1)))
        // An old name is named by oslo.config, the option by a rule about its new one: either will do.
        .filter(|option| !said.contains(option) && !said.contains(option.trim_start_matches("default.")))
        .map(|option| format!("nova warns of {option}, novamend does not"))
        .collect()
}

/// What `nova` of `release` reads otherwise than novamend says of the files at `paths`.
fn of_nova(nova: &mut Oracle, release: Release, paths: &[PathBuf]) -> Vec<String> {
    let (mut options, mut warnings, mut failures) = (0, 0, Vec::new());
    for batch in paths.chunks(BATCH) {
        let stacks: Vec<Stack> = batch
            .iter()
            .map(|path| load::load(&[Input::File(path.clone())], Vec::new()).expect("a fixture is read"))
            .collect();
        let questions: Vec<Value> = batch
            .iter()
            .zip(&stacks)
            .map(|(path, stack)| {
                let asked = set_options(&View::new(stack, release));
                let asked: Vec<Value> = asked
                    .iter()
                    .map(|option| json!([option.group(), option.name()]))
                    .collect();
                json!([path, asked])
            })
            .collect();
        for ((path, stack), answer) in batch.iter().zip(&stacks).zip(nova.ask(&questions)) {
            options += answer["values"].as_object().map_or(0, serde_json::Map::len);
            warnings += answer["deprecated"].as_array().map_or(0, Vec::len);
            for difference in differences(stack, release, &answer) {
                failures.push(format!("{}: {}: {difference}", nova.name, path.display()));
            }
        }
    }
    eprintln!(
        "{}: {options} values compared, {warnings} warnings of nova's own",
        nova.name
    );
    assert!(options > 100 && warnings > 0, "{} was asked hardly anything", nova.name);
    failures
}

fn real_nova_reads_what_novamend_says_and_warns_of_nothing_else() {
    let paths = files();
    let failures = of_each(&novas::all_but(&[18]), "nova_all.py", |nova, release| {
        of_nova(nova, release, &paths)
    });
    assert!(
        failures.is_empty(),
        "{} differ:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn main() -> ExitCode {
    harness::run(&[tests![real_nova_reads_what_novamend_says_and_warns_of_nothing_else,]])
}
