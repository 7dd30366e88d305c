//! Several files and an environment: the same effective value of every option.

use std::fs;
use std::path::PathBuf;

use novamend::catalog::{self, OptionFacts, Release};
use novamend::inputs::load::{self, Input};
use novamend::nova::View;
use novamend::oslo::stack::Variable;
use serde_json::{Map, Value, json};

use crate::harness::{Test, tests};
use crate::in_json::in_json;
use crate::python::Oracle;
use crate::random::Random;

/// Options of every release asked for: each kind, with old names in other groups and some that others refer to.
const OPTIONS: &[(&str, &str)] = &[
    ("DEFAULT", "log_file"),
    ("DEFAULT", "log_dir"),
    ("DEFAULT", "pybasedir"),
    ("DEFAULT", "state_path"),
    ("DEFAULT", "instances_path"),
    ("DEFAULT", "executor_thread_pool_size"),
    ("libvirt", "images_volume_group"),
    ("libvirt", "images_rbd_pool"),
    ("libvirt", "live_migration_completion_timeout"),
    ("libvirt", "live_migration_permit_post_copy"),
    ("console", "allowed_origins"),
    ("consoleauth", "token_ttl"),
    ("filter_scheduler", "available_filters"),
    ("filter_scheduler", "isolated_hosts"),
    ("database", "max_overflow"),
];
const VALUES: &[&str] = &[
    "a",
    "b",
    "",
    "1",
    "0",
    "-5",
    "800",
    "yes",
    "False",
    "maybe",
    "a,b",
    "a, b,",
    ",",
    "$log_file",
    "${log_dir}/x",
    "$instances_path",
    "$database.max_overflow",
    "${libvirt.images_rbd_pool}",
    "$$x",
    "\\$x",
    "$nothing",
    "$log_dir.",
    "$token_ttl",
    "'q'",
    "\"q",
    "5$",
    "$5",
    "$LOG_DIR",
    "$live_migration_permit_post_copy",
    "a\n  b",
    "\n  $log_file",
    "1_000",
    " 7 ",
    "$logdir",
    "${console_token_ttl}",
];
/// Stacks at a time: their questions must fit a pipe.
const BATCH: usize = 16;

fn kind(facts: OptionFacts) -> &'static str {
    match facts.kind() {
        "list<string>" => "list",
        "multi<string>" => "multi",
        kind => kind,
    }
}

fn described(facts: OptionFacts) -> Value {
    let aliases: Vec<Value> = facts.aliases().map(|old| json!([old.group, old.name])).collect();
    let min = facts
        .min()
        .map(|text| text.parse::<i64>().expect("an integer's least value"));
    json!({
        "group": facts.group(), "name": facts.name(), "kind": kind(facts), "default": facts.default(), "min": min,
        "aliases": aliases,
    })
}

/// The effective value in the words of `stacks.py`; an error has none.
fn effective(view: &View<'_>, facts: OptionFacts) -> Option<Value> {
    let setting = view.setting_of(facts);
    if !setting.is_set() {
        return if facts.default_text().is_some_and(|text| text.contains('$')) {
            view.text(&setting).ok().map(|text| json!(text))
        } else {
            facts.default().cloned().or(Some(Value::Null))
        };
    }
    if facts.is_multi() {
        return view.texts(&setting).ok().map(|texts| json!(texts));
    }
    view.value(&setting).ok().map(|value| in_json(&value))
}

fn file(random: &mut Random, options: &[OptionFacts]) -> String {
    let mut text = String::new();
    for _ in 0..random.below(7) {
        let facts = *random.one(options);
        let mut names = vec![(facts.group(), facts.name().to_owned())];
        names.extend(facts.aliases().map(|old| (old.group, old.name.to_owned())));
        let (group, name) = random.one(&names).clone();
        let group = match random.below(12) {
            0 => group.to_uppercase(),
            1 => format!(" {group}"),
            2 => group.to_lowercase(),
            _ => group.to_owned(),
        };
        let name = match random.below(10) {
            0 => name.replace('_', "-"),
            1 if random.once_in(3) => name.to_uppercase(),
            _ => name,
        };
        text.push_str(&format!("[{group}]\n"));
        for _ in 0..=random.below(2) {
            text.push_str(&format!("{name} = {}\n", random.one(VALUES)));
        }
    }
    if random.once_in(100) {
        text.push_str("no separator\n");
    }
    text
}

fn environment(random: &mut Random, options: &[OptionFacts]) -> Vec<(String, String)> {
    let mut variables = Vec::new();
    for facts in options.iter().filter(|facts| !facts.is_multi()) {
        if random.once_in(25) {
            let name = format!("OS_{}__{}", facts.group().to_uppercase(), facts.name().to_uppercase());
            variables.push((name, (*random.one(VALUES)).to_owned()));
        }
    }
    variables
}

/// One stack: where its files are, its environment, and the question about it.
struct Case {
    files: Vec<PathBuf>,
    environment: Vec<(String, String)>,
    question: Value,
}

fn case(random: &mut Random, options: &[OptionFacts], stem: &str) -> Case {
    let files: Vec<PathBuf> = (0..=random.below(3))
        .map(|number| PathBuf::from(format!("{stem}-{number}.conf")))
        .collect();
    for path in &files {
        fs::write(path, file(random, options)).expect("the directory is writable");
    }
    let environment = environment(random, options);
    let variables: Map<String, Value> = environment
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let described: Vec<Value> = options.iter().copied().map(described).collect();
    let question = json!({"files": files, "environment": variables, "options": described});
    Case {
        files,
        environment,
        question,
    }
}

/// How novamend's reading of `case` differs from `expected`; `None` where it does not.
fn difference(case: &Case, options: &[OptionFacts], release: Release, expected: &Value) -> Option<String> {
    let inputs: Vec<Input> = case.files.iter().map(|path| Input::File(path.clone())).collect();
    let variables = case.environment.iter().map(|(name, value)| Variable {
        name: name.clone(),
        value: value.clone(),
    });
    let stack = load::load(&inputs, variables.collect()).expect("the files are there");
    let is_rejected = stack.layers().iter().any(|layer| layer.document.rejection().is_some());
    let Some(expected) = expected.as_array() else {
        return (!is_rejected).then(|| format!("oslo.config rejects it: {expected}"));
    };
    if is_rejected {
        return Some("novamend rejects it".to_owned());
    }
    let view = View::new(&stack, release);
    let differing = options.iter().zip(expected).find_map(|(&facts, expected)| {
        let actual = effective(&view, facts);
        (actual.as_ref() != expected.get("value"))
            .then(|| format!("{}: oslo.config {expected}, novamend {actual:?}", facts.title()))
    })?;
    let texts = stack
        .layers()
        .iter()
        .map(|layer| layer.document.source().bytes().escape_ascii());
    let texts: Vec<String> = texts.map(|text| format!("  {text}")).collect();
    Some(format!("{differing}\n{}\n  {:?}", texts.join("\n"), case.environment))
}

fn compare(age: &'static str, release: Release) {
    let mut oracle = Oracle::start(age, "stacks.py");
    let options: Vec<OptionFacts> = OPTIONS
        .iter()
        .filter_map(|(group, name)| catalog::option(group, name, release))
        .collect();
    assert!(options.len() > 8, "the options of {release} are gone");
    let directory = tempfile::tempdir().expect("a directory");
    let mut random = Random::new(19);
    for _ in 0..crate::documents() / 8 / BATCH {
        let stem = |number: usize| directory.path().join(number.to_string()).display().to_string();
        let cases: Vec<Case> = (0..BATCH)
            .map(|number| case(&mut random, &options, &stem(number)))
            .collect();
        let questions: Vec<Value> = cases.iter().map(|case| case.question.clone()).collect();
        for (case, expected) in cases.iter().zip(oracle.ask(&questions)) {
            if let Some(difference) = difference(case, &options, release, &expected) {
                panic!("{age} as {release}: {difference}");
            }
        }
    }
}

fn stacks_come_out_as_in_oslo_config_of_pike() {
    compare("oslo-3", Release::parse("pike").expect("a release"));
}

fn stacks_come_out_as_in_oslo_config_of_stein() {
    compare("oslo-6", Release::STEIN);
}

fn stacks_come_out_as_in_the_newest_oslo_config() {
    compare("oslo-new", Release::NEWEST);
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    stacks_come_out_as_in_oslo_config_of_pike,
    stacks_come_out_as_in_oslo_config_of_stein,
    stacks_come_out_as_in_the_newest_oslo_config,
];
