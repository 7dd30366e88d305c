//! What makes `novamend-verify` at home on a host: completions, asked for as the shells' scripts ask, and what is installed.

#[path = "../../tests/harness/mod.rs"]
mod harness;

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Output};

use harness::{skip, tests};

/// The unit as it is in the repository.
const UNIT: &str = include_str!("../../packaging/novamend-rescue.service");

/// The words by which it starts the program.
fn start(unit: &str) -> Vec<&str> {
    let line = unit.lines().find_map(|line| line.strip_prefix("ExecStart="));
    line.expect("ExecStart").split_whitespace().collect()
}

/// What fish offers for the last of `words`.
fn completed(words: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_novamend-verify"))
        .args(["--", "novamend-verify"])
        .args(words)
        .env("_NOVAMEND_COMPLETE", "fish")
        .output()
        .expect("novamend-verify runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let first = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
    text.lines().map(first).collect()
}

fn verbs_flags_and_releases_are_completed() {
    assert_eq!(completed(&["resc"]), ["rescue"]);
    assert_eq!(completed(&["verify", "--lin"]), ["--link"]);
    assert_eq!(completed(&["verify", "--to", "roc"]), ["rocky"]);
    assert!(completed(&["no-such-verb", "--lin"]).is_empty());
}

fn the_unit_starts_the_program_that_is_installed_with_it() {
    let at = tempfile::tempdir().expect("a directory");
    let programs = Path::new(env!("CARGO_BIN_EXE_novamend-verify"))
        .parent()
        .expect("a directory");
    let output = Command::new("../packaging/install")
        .args([
            Path::new("novamend-verify"),
            programs,
            at.path(),
            Path::new("/opt/novamend"),
        ])
        .output()
        .expect("packaging/install runs");
    assert!(output.status.success(), "{output:?}");
    let root = at.path().join("opt/novamend");
    let unit = fs::read_to_string(root.join("lib/systemd/system/novamend-rescue.service")).expect("the unit");
    let program = start(&unit)[0];
    assert_eq!(program, "/opt/novamend/bin/novamend-verify");
    let named = unit.split(" see ").nth(1).and_then(|rest| rest.split(".\n").next());
    for path in [program, named.expect("the page")] {
        assert!(at.path().join(&path[1..]).is_file(), "{path} is not installed");
    }
}

/// What systemd finds in `unit`, whose program is replaced by one that is here.
fn looked_at_by_systemd(unit: &str) -> Output {
    let at = tempfile::tempdir().expect("a directory");
    let path = at.path().join("novamend-rescue.service");
    let unit = unit.replace(start(unit)[0], env!("CARGO_BIN_EXE_novamend-verify"));
    fs::write(&path, unit).expect("the unit is written");
    let output = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .arg(&path)
        .env("LC_ALL", "C")
        .output();
    output.unwrap_or_else(|error| skip(&format!("no systemd-analyze: {error}")))
}

fn systemd_finds_nothing_wrong_with_the_unit() {
    let complaints = |unit: &str| {
        let output = looked_at_by_systemd(unit);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // other units of this machine are none of ours
        let ours: Vec<String> = said
            .lines()
            .filter(|line| line.contains("novamend-rescue"))
            .map(str::to_owned)
            .collect();
        (output.status.success(), ours)
    };
    let (_, found) = complaints(&UNIT.replace("RestartSec=5s", "RestartSec=soon"));
    assert_eq!(found.len(), 1, "it sees what is wrong: {found:?}");
    assert_eq!(complaints(UNIT), (true, Vec::new()));
}

fn the_program_understands_what_the_unit_starts() {
    let words = start(UNIT);
    let run = |more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_novamend-verify"))
            .args(&words[1..])
            .args(more)
            .output()
            .expect("novamend-verify runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    // it gets as far as to a URI that is refused before anybody is asked
    let (code, said) = run(&["--connect", "qemu+ext:///system?command=/bin/false"]);
    assert!(code == Some(2) && !said.contains("Usage:"), "{said}");
    assert!(said.contains("ext"), "{said}");
    let (code, said) = run(&["--no-such-flag"]);
    assert!(code == Some(2) && said.contains("Usage:"), "{said}");
    assert!(words.contains(&"--watch"), "{words:?}");
}

fn main() -> ExitCode {
    harness::run(&[tests![
        verbs_flags_and_releases_are_completed,
        the_unit_starts_the_program_that_is_installed_with_it,
        systemd_finds_nothing_wrong_with_the_unit,
        the_program_understands_what_the_unit_starts,
    ]])
}
