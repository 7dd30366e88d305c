//! `fix --verify` writes only what the host was shown to do, and chooses the action that was shown to work.
//!
//! A stand-in plays `novamend-verify` here; the real one is tried in its own package.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

static PROGRAMS: Mutex<()> = Mutex::new(());

/// One test at a time: a program cannot be started while another test's child still holds it open for writing.
fn alone() -> MutexGuard<'static, ()> {
    PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner)
}

const BEFORE: &str =
    "[DEFAULT]\ntransport_url = rabbit://u:hush@h/\n[libvirt]\nlive_migration_permit_post_copy = true\n";

/// What `novamend-verify verify --format json` prints, as far as it is read.
fn document(result: &str, headline: &str, remedy: &str) -> String {
    format!(
        "{{\"schema\":\"novamend\",\"kind\":\"verify\",\"version\":2,\"stacks\":\
         [{{\"verdict\":{{\"result\":\"{result}\",\"headline\":\"{headline}\",\"remedy\":{remedy}}}}}]}}"
    )
}

/// Puts `script` in the place of the stand-in.
fn stand_in(directory: &TempDir, script: &str) {
    let text = format!("#!/bin/sh\ntest \"$1\" = --version && exit 0\n{script}\n");
    fs::write(directory.path().join("novamend-verify"), text).unwrap();
}

/// novamend with a stand-in beside it for which `works` (a shell pattern over the file's text) works.
fn with_stand_in(works: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::copy(env!("CARGO_BIN_EXE_novamend"), path("novamend")).unwrap();
    let (works_here, fails) = (
        document("works", "it works", "null"),
        document("does_not_work", "it fails", "\"do this\""),
    );
    let script = format!(
        "#!/bin/sh\ntest \"$1\" = --version && exit 0\nhere=$(dirname \"$0\")\n\
         echo \"$@\" >> \"$here/calls\"; text=$(cat); echo \"$text\" >> \"$here/seen\"\n\
         case \"$text\" in\n{works}) echo '{works_here}' ;;\n*) echo '{fails}'; exit 1 ;;\nesac\n"
    );
    fs::write(path("novamend-verify"), script).unwrap();
    fs::set_permissions(path("novamend-verify"), Permissions::from_mode(0o755)).unwrap();
    fs::write(path("nova.conf"), BEFORE).unwrap();
    directory
}

fn fix(directory: &TempDir, words: &str) -> Output {
    Command::new(directory.path().join("novamend"))
        .args([
            "fix",
            "--from",
            "rocky",
            "--to",
            "stein",
            "--write",
            "--no-settings",
            "--verify",
            "--fail-on",
            "error",
        ])
        .args(words.split_whitespace())
        .arg(directory.path().join("nova.conf"))
        .output()
        .unwrap()
}

fn read(directory: &TempDir, name: &str) -> String {
    fs::read_to_string(directory.path().join(name)).unwrap_or_default()
}

#[test]
fn what_works_here_is_written_and_no_secret_is_handed_over() {
    let _programs = alone();
    let directory = with_stand_in("*force_complete*");
    let output = fix(&directory, "");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(read(&directory, "nova.conf").contains("live_migration_timeout_action = force_complete"));
    assert!(String::from_utf8_lossy(&output.stdout).contains("tested on this host: it works"));
    assert!(!read(&directory, "seen").contains("hush"));
    let calls = read(&directory, "calls");
    assert_eq!(calls.lines().count(), 1, "{calls}");
    assert!(calls.contains("--to 19") && calls.contains("--format json"), "{calls}");
}

#[test]
fn what_is_tried_lies_in_no_file_and_the_trial_ends_with_the_program() {
    let _programs = alone();
    let directory = with_stand_in("*force_complete*");
    fix(&directory, "");
    let calls = read(&directory, "calls");
    assert!(calls.starts_with("verify - "), "by standard input: {calls}");
    let words: Vec<&str> = calls.split_whitespace().collect();
    let parent = words
        .iter()
        .position(|word| *word == "--ends-with")
        .map(|at| words[at + 1]);
    assert!(parent.is_some_and(|parent| parent.parse::<u32>().is_ok()), "{calls}");
}

#[test]
fn a_trial_that_is_killed_is_named_and_nothing_is_written() {
    let _programs = alone();
    let directory = with_stand_in("*");
    stand_in(&directory, "kill -9 $$");
    let output = fix(&directory, "");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(read(&directory, "nova.conf"), BEFORE);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("killed by signal 9, so the result is not known"),
        "{said}"
    );
}

#[test]
fn the_other_action_is_chosen_where_only_that_one_works() {
    let _programs = alone();
    let directory = with_stand_in("*'timeout_action = abort'*");
    let output = fix(&directory, "");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(read(&directory, "nova.conf").contains("live_migration_timeout_action = abort"));
    assert_eq!(read(&directory, "calls").lines().count(), 2);
}

#[test]
fn where_nothing_works_nothing_is_written_and_the_remedy_is_told() {
    let _programs = alone();
    let directory = with_stand_in("nothing");
    for words in ["", "--action force_complete", "--format json"] {
        let output = fix(&directory, words);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert_eq!(read(&directory, "nova.conf"), BEFORE);
        let out = String::from_utf8_lossy(&output.stdout);
        assert!(
            out.contains("not shown to work on this host: it fails; do this"),
            "{out}"
        );
    }
    assert_eq!(
        read(&directory, "calls").lines().count(),
        5,
        "a fixed action has no other"
    );
}

#[test]
fn where_it_cannot_be_tried_nothing_is_written() {
    let _programs = alone();
    let directory = with_stand_in("*");
    let other = document("works", "it works", "null").replace("\"version\":2", "\"version\":3");
    for (script, words) in [
        (
            "echo '{\"schema\":\"novamend\",\"kind\":\"error\",\"version\":2,\"message\":\"no QEMU\"}'; exit 2",
            "failed: no QEMU",
        ),
        ("echo 'no such option' >&2; exit 2", "failed: no such option"),
        (&format!("echo '{other}'"), "install both programs of one version"),
        ("echo works", "it printed no verdict"),
    ] {
        stand_in(&directory, script);
        let output = fix(&directory, "");
        assert_eq!(output.status.code(), Some(2), "{script}: {output:?}");
        assert_eq!(read(&directory, "nova.conf"), BEFORE, "{script}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(words), "{script}: {said}");
    }
}

#[test]
fn the_trials_go_by_no_settings_of_the_directory() {
    let _programs = alone();
    let directory = with_stand_in("*");
    fix(&directory, "");
    let calls = read(&directory, "calls");
    assert!(
        calls.contains("--no-settings") && calls.contains("--from 18"),
        "{calls}"
    );
}
