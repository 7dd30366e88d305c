//! `rescue` between two hosts of network namespaces: real post-copy migrations that are cut, by virsh and by real nova.
//!
//! `rescue_lab.py` makes the hosts, breaks and reports; what must hold is said here. All of it ends with its namespaces.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::documents::hold_those_in;
use crate::environments::{libvirt_python, python};
use crate::ground::{Ground, need_kvm, need_real};
use crate::harness::{Test, skip, tests};

/// PID 1 of the lab's namespaces collects whoever died there; else libvirt waits for each QEMU that it has asked what it can do.
const INIT: &str = "mount -t tmpfs none /run && { python3 \"$@\" & wait $!; }";

/// What is set to repeat the scenarios with nova so often.
const RESCUES: &str = "NOVAMEND_RESCUES";

fn need_lab() {
    need_real();
    need_kvm();
    for program in ["python3", "virsh", "ip", "tc", "ss", "nsenter", "unshare"] {
        let found = Command::new("sh")
            .args(["-c", "command -v \"$0\"", program])
            .stdout(Stdio::null())
            .status();
        if !found.is_ok_and(|status| status.success()) {
            skip(&format!("no {program}"));
        }
    }
}

/// Runs the scenarios one after the other in one lab.
fn run(scenarios: &[&str], environment: &[(&str, &str)]) -> Vec<Value> {
    let ground = Ground::new("", "root");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rescue_lab.py");
    let mut command = Command::new("unshare");
    command
        .args([
            "--mount",
            "--propagation",
            "private",
            "--net",
            "--pid",
            "--fork",
            "--mount-proc",
            "--kill-child",
        ])
        .args(["sh", "-c", INIT, "sh"])
        .arg(script)
        .arg(&ground.program)
        .arg(ground.path("lab"))
        .args(scenarios)
        .envs(environment.iter().copied())
        .stdin(Stdio::null());
    let output = command.output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    let found: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    if err.contains("sch_tbf") || err.contains("Specified qdisc kind is unknown") {
        skip("this kernel cannot slow a link down (sch_tbf)");
    }
    assert_eq!(found.len(), scenarios.len(), "{err}");
    for one in &found {
        assert_eq!(one["error"], Value::Null, "{one}");
        hold_those_in(one);
    }
    found
}

/// The guest goes on, its memory is as it wrote it, and no heartbeat was lost or sent twice.
fn assert_whole(found: &Value) {
    let health = &found["health"];
    assert!(health["beats"].as_u64().unwrap() > 0, "{found}");
    assert_eq!(
        (&health["damage"], &health["gaps"]),
        (&Value::from(0), &Value::from(0)),
        "{found}"
    );
    assert_eq!(found["states"]["destination"], "running (migrated)", "{found}");
}

fn guest(found: &Value, run: &str) -> Value {
    found[run]["document"]["guests"][0].clone()
}

/// What the run that acts came to is a guest that is whole.
fn assert_rescued(found: &Value) {
    assert_whole(found);
    assert_eq!(found["acted"]["code"], 0, "{found}");
    let guests = found["acted"]["document"]["guests"].as_array().unwrap();
    // one that had come to its end by itself before is no longer listed
    assert!(guests.iter().all(|guest| guest["progress"] == "whole"), "{found}");
}

fn what_broke_is_brought_back_and_without_yes_nothing_is_done() {
    need_lab();
    let found = run(&["reset", "link", "half_open"], &[]);
    for one in &found {
        assert_rescued(one);
    }
    let [reset, link, _] = &found[..] else { unreachable!() };
    assert_eq!(reset["untouched"], true, "{reset}");
    assert_eq!(reset["looked"]["code"], 1, "{reset}");
    assert_eq!(
        guest(reset, "looked")["judgement"],
        serde_json::json!({"resumable": 0}),
        "{reset}"
    );
    assert_eq!(
        guest(link, "looked")["judgement"],
        serde_json::json!({"not_reached": 0}),
        "{link}"
    );
}

fn daemons_that_are_killed_lose_nothing() {
    need_lab();
    for one in run(&["destination_daemon", "source_daemon", "all_at_once"], &[]) {
        assert_rescued(&one);
    }
}

fn a_lost_guest_is_called_lost_and_what_is_not_known_is_left_alone() {
    need_lab();
    let found = run(&["lost", "interfered"], &[]);
    let [lost, interfered] = &found[..] else { unreachable!() };
    for run in ["looked", "acted"] {
        assert_eq!(lost[run]["code"], 1, "{lost}");
        assert_eq!(guest(lost, run)["judgement"], serde_json::json!({"lost": 0}), "{lost}");
    }
    assert_eq!(lost["untouched"], true, "{lost}");
    assert_eq!(
        guest(interfered, "unnamed")["judgement"],
        "no_destination",
        "{interfered}"
    );
    assert_eq!(interfered["untouched"], true, "{interfered}");
    assert_rescued(interfered);
}

fn two_rescuers_and_killed_ones_do_no_harm() {
    need_lab();
    let found = run(&["two", "killed"], &[]);
    let [two, killed] = &found[..] else { unreachable!() };
    assert_whole(two);
    assert_eq!(two["codes"], serde_json::json!([0, 0]), "{two}");
    assert_rescued(killed);
}

fn a_watcher_finds_the_destination_by_itself() {
    need_lab();
    let found = run(&["watched"], &[]);
    assert_whole(&found[0]);
    assert_eq!(found[0]["code"], 0, "{found:?}");
    assert!(
        found[0]["said"].as_str().unwrap().contains("being resumed"),
        "{found:?}"
    );
}

fn real_nova_completes_what_is_rescued() {
    need_lab();
    let python = python("nova-31");
    let libraries = libvirt_python().display().to_string();
    let imported = Command::new(&python)
        .args(["-c", "import libvirt, nova.virt.libvirt.driver"])
        .env("PYTHONPATH", &libraries)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(imported.status.success(), "{imported:?}");
    let times = std::env::var(RESCUES).map_or(1, |text| text.parse().expect("a number"));
    let program = python.display().to_string();
    for round in 1..=times {
        let found = run(
            &["nova:reset", "nova:link", "nova:destination_daemon"],
            &[("LAB_NOVA", program.as_str()), ("LAB_PYTHONPATH", libraries.as_str())],
        );
        for one in &found {
            assert_rescued(one);
            let said = one["nova"].as_array().unwrap();
            assert_eq!(said.last().unwrap()["outcome"], "post", "{one}");
        }
        if times > 1 {
            println!("round {round} of {times}: nova completed all {}", found.len());
        }
    }
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    what_broke_is_brought_back_and_without_yes_nothing_is_done,
    daemons_that_are_killed_lose_nothing,
    a_lost_guest_is_called_lost_and_what_is_not_known_is_left_alone,
    two_rescuers_and_killed_ones_do_no_harm,
    a_watcher_finds_the_destination_by_itself,
    real_nova_completes_what_is_rescued,
];
