//! Made-up sections `[libvirt]` beside real nova: what nova refuses to start with, raises an exception for, or asks of
//! libvirt, is what the verdict says and what a trial asks.
//!
//! Nova's own code runs, of four releases (`tests/sections/novas_call.py`). `NOVAMEND_SECTIONS` is how many sections each is
//! asked about (100 where it is not set), `NOVAMEND_SEED` repeats a run.

#[path = "../../tests/harness/chance.rs"]
mod chance;
#[path = "../../tests/harness/mod.rs"]
mod harness;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use fastrand::Rng;
use novamend::catalog::Release;
use novamend::nova::View;
use novamend::nova::migration::uri::formatted;
use novamend::oslo::document::Document;
use novamend::oslo::stack::Stack;
use novamend::text::Source;
use novamend_verify::causes;
use novamend_verify::trial::plan::{Plan, PlanError, Wanted};
use serde_json::{Value, json};

use harness::{Test, skip, tests};

const RELEASES: [u32; 4] = [19, 25, 31, 34];

/// The host that is played to both.
const LIBVIRT: u32 = 9_000_000;

/// The destination that is played to both.
const DESTINATION: &str = "192.0.2.7";

/// Options and what they are set to; a value is written in about half of the sections.
const OPTIONS: [(&str, &[&str]); 14] = [
    ("virt_type", &["kvm", "kvm", "qemu", "lxc"]),
    (
        "live_migration_uri",
        &[
            "qemu+tcp://%s/system",
            "qemu+ssh://nova@%s/system?keyfile=%%2Fetc%%2Fx",
            "qemu+tls://%s/system",
            "qemu+bogus://%s/system",
            "qemu+tcp://host/system",
            "qemu+ssh://%s/system?keyfile=%2Fetc",
            "qemu+tcp://%s/%s",
            "qemu+tcp://%d/system",
            "",
        ],
    ),
    (
        "live_migration_scheme",
        &["tcp", "tls", "ssh", "TLS", "bogus", "tcp ", ""],
    ),
    ("live_migration_permit_post_copy", &["true", "false", "yes", "maybe"]),
    ("live_migration_permit_auto_converge", &["true", "false"]),
    ("live_migration_tunnelled", &["true", "false", "false"]),
    ("live_migration_with_native_tls", &["true", "false", "on"]),
    (
        "live_migration_parallel_connections",
        &["1", "2", "8", "0", "4294967296"],
    ),
    (
        "live_migration_bandwidth",
        &[
            "0",
            "100",
            "-1",
            "8796093022207",
            "8796093022208",
            "99999999999999999999",
        ],
    ),
    ("live_migration_downtime", &["500", "60000", "100", "99"]),
    ("live_migration_downtime_steps", &["10", "3", "2"]),
    ("live_migration_downtime_delay", &["75", "3"]),
    (
        "live_migration_timeout_action",
        &["abort", "force_complete", "Force_Complete"],
    ),
    ("live_migration_completion_timeout", &["800", "0", "-1"]),
];

/// One section: mostly of values that are in order, so that the few that are not decide.
fn section(random: &mut Rng) -> String {
    let mut text = "[libvirt]\n".to_owned();
    let lines = random.usize(0..5);
    for _ in 0..lines {
        let (name, values) = random.choice(OPTIONS).expect("there are options");
        let value = random.choice(values).expect("there are values");
        if !text.contains(name) {
            text.push_str(&format!("{name} = {value}\n"));
        }
    }
    text
}

/// What nova makes of it, by our lights, in the form of the script's answers.
fn ours(release: Release, text: &str, qemu: u32) -> Value {
    let source = Source::new(Path::new("nova.conf"), text.as_bytes().to_vec());
    let stack = Stack::of(Document::parse(source));
    let plan: Result<Plan, PlanError> = Plan::of(&View::new(&stack, release));
    let Ok(plan) = plan else { return json!("rejected") };
    let qemu = (qemu / 1_000_000, qemu / 1000 % 1000, qemu % 1000);
    let qemu = (qemu.0 as u16, qemu.1 as u16, qemu.2 as u16);
    if !causes::of_the_start(&plan, Some(qemu)).is_empty() {
        return json!("start");
    }
    if !causes::of_nova_conf(&plan, "this host").is_empty() {
        return json!("fails");
    }
    let trials = plan.trials(Wanted::Configured, false);
    let request = &trials[0].request;
    let mut flags = request.flag_names();
    flags.sort_unstable();
    let mut params = json!({ "bandwidth": plan.settings.bandwidth });
    if let Some(parallel) = request.parallel {
        params["parallel.connections"] = json!(parallel);
    }
    let settings = &plan.settings;
    let uri = match (&settings.uri, &settings.scheme) {
        (Some(uri), _) => formatted(uri, DESTINATION).expect("it has no fault"),
        (None, scheme) => format!("qemu+{}://{DESTINATION}/system", scheme.as_deref().unwrap_or("tcp")),
    };
    let mut xml = vec!["destination_xml"];
    xml.extend(request.persistent_xml.then_some("persistent_xml"));
    json!({ "uri": uri, "flags": flags, "params": params, "xml": xml })
}

/// The script's answer in the same form.
fn theirs(answer: &Value) -> Value {
    for (key, word) in [("rejected", "rejected"), ("start", "start"), ("fails", "fails")] {
        if !answer[key].is_null() {
            return json!(word);
        }
    }
    answer["migrates"].clone()
}

/// The interpreter of nova's environment; where it is not there, the test is skipped.
fn python(release: u32) -> PathBuf {
    let root = std::env::var_os("NOVAMEND_VENVS").map_or_else(|| PathBuf::from("../.venv"), PathBuf::from);
    let environment = root.join(format!("nova-{release}"));
    let python = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(environment)
        .join("bin/python");
    if !python.exists() {
        skip(&format!("no {}; `make venvs` makes it", python.display()));
    }
    python
}

fn answers(release: u32, questions: &[Value]) -> Vec<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sections/novas_call.py");
    let mut child = Command::new(python(release))
        .arg(script)
        .env("PYTHONUTF8", "1")
        .env("PYTHONWARNINGS", "ignore")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    let mut input = child.stdin.take().expect("its input is a pipe");
    let mut lines = BufReader::new(child.stdout.take().expect("its output is a pipe")).lines();
    let mut next = || -> Value {
        let line = lines.next().expect("it answers").expect("it answers");
        serde_json::from_str(&line).expect("JSON")
    };
    let checks = next()["checks"].as_u64().unwrap_or_default();
    assert!(
        checks >= if release >= 33 { 2 } else { 1 },
        "{release}: the checks of the start were not found"
    );
    let found = questions.iter().map(|question| {
        writeln!(input, "{question}").expect("it reads");
        next()
    });
    let found = found.collect();
    drop(input);
    child.wait().expect("it ends");
    found
}

fn what_nova_does_with_a_section_is_what_the_verdict_says() {
    let count = std::env::var("NOVAMEND_SECTIONS").map_or(100, |text| text.parse().expect("a number of sections"));
    let mut random: Rng = chance::chance();
    for number in RELEASES {
        let release = Release::from_number(number).expect("a release");
        let asked: Vec<(String, u32)> = (0..count)
            .map(|_| {
                let qemu = if random.bool() { 7_002_022 } else { 10_001_000 };
                (section(&mut random), qemu)
            })
            .collect();
        let questions: Vec<Value> = asked
            .iter()
            .map(|(text, qemu)| json!({ "text": text, "libvirt": LIBVIRT, "qemu": qemu }))
            .collect();
        let mut kinds = std::collections::BTreeSet::new();
        for ((text, qemu), answer) in asked.iter().zip(answers(number, &questions)) {
            let theirs = theirs(&answer);
            assert_eq!(
                ours(release, text, *qemu),
                theirs,
                "{release}, QEMU {qemu}:\n{text}nova: {answer}"
            );
            kinds.insert(theirs.as_str().unwrap_or("migrates").to_owned());
        }
        assert!(count < 100 || kinds.len() >= 3, "{kinds:?}");
    }
}

const TESTS: &[Test] = tests![what_nova_does_with_a_section_is_what_the_verdict_says];

fn main() -> ExitCode {
    harness::run(&[TESTS])
}
