//! What makes `novamend-verify` at home on a host: completions, asked for as the shells' scripts ask, and what is installed.

use std::fs;
use std::path::Path;
use std::process::Command;

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

#[test]
fn verbs_flags_and_releases_are_completed() {
    assert_eq!(completed(&["resc"]), ["rescue"]);
    assert_eq!(completed(&["verify", "--lin"]), ["--link"]);
    assert_eq!(completed(&["verify", "--to", "roc"]), ["rocky"]);
    assert!(completed(&["no-such-verb", "--lin"]).is_empty());
}

#[test]
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
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart="));
    let program = start.and_then(|start| start.split(' ').next()).expect("a program");
    assert_eq!(program, "/opt/novamend/bin/novamend-verify");
    let named = unit.split(" see ").nth(1).and_then(|rest| rest.split(".\n").next());
    for path in [program, named.expect("the page")] {
        assert!(at.path().join(&path[1..]).is_file(), "{path} is not installed");
    }
}
