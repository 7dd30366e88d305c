//! The same arguments are the same files, releases and settings in `check`, `fix`, `where` and `probe`.
//!
//! `verify` reads them as `probe` does; what it then tries is tested in its own package.

#[path = "oracle/ground.rs"]
#[allow(dead_code)]
mod ground;
#[path = "harness/mod.rs"]
mod harness;

use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode, Output, Stdio};

use harness::{skip, tests};
use serde_json::Value;
use tempfile::TempDir;

use ground::with;

const VERBS: [&[&str]; 4] = [&["check"], &["fix"], &["where", "--all"], &["probe"]];
const CONF: &str = "[libvirt]\nlive_migration_inbound_addr = 192.0.2.7\n";

/// A stack's files.
type Stacks<'a> = &'a [&'a [&'a str]];

/// Arguments, and the stacks that they make.
const FILES: &[(&[&str], Stacks)] = &[
    (&["a.conf"], &[&["a.conf"]]),
    (&["b.conf", "a.conf"], &[&["b.conf"], &["a.conf"]]),
    (&["a.conf", "./a.conf"], &[&["a.conf"]]),
    (&["d"], &[&["d/x.conf"], &["d/y.conf"]]),
    (&["-"], &[&["<stdin>"]]),
    (
        &["--config-file", "b.conf", "--config-file", "a.conf"],
        &[&["b.conf", "a.conf"]],
    ),
    (
        &["--config-dir", "d", "--config-file", "a.conf"],
        &[&["d/x.conf", "d/y.conf", "a.conf"]],
    ),
    (
        &["--config-file", "a.conf", "--config-dir", "d"],
        &[&["a.conf", "d/x.conf", "d/y.conf"]],
    ),
    (&["a.conf", "--config-file", "b.conf"], &[&["a.conf"], &["b.conf"]]),
    (&["--root", "img"], &[&["img/etc/nova/nova.conf"]]),
    (
        &["--root", "img", "--program", "nova-api"],
        &[&["img/etc/nova/nova.conf", "img/etc/nova/nova-api.conf"]],
    ),
];

fn ground() -> TempDir {
    with(&[
        ("a.conf", CONF),
        ("b.conf", CONF),
        ("d/x.conf", CONF),
        ("d/y.conf", CONF),
        ("img/etc/nova/nova.conf", CONF),
        ("img/etc/nova/nova-api.conf", CONF),
    ])
}

/// `verb` with `arguments` in `at`; without a home, so that nothing of this machine is read.
fn run(at: &Path, verb: &[&str], arguments: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_novamend"))
        .args(verb)
        .args(arguments)
        .current_dir(at)
        .env("HOME", "/nonexistent")
        .env("OS_LIBVIRT__LIVE_MIGRATION_INBOUND_ADDR", "192.0.2.99")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("novamend runs");
    // One that has refused its arguments does not read it.
    let _ = child.stdin.take().expect("a pipe").write_all(CONF.as_bytes());
    child.wait_with_output().expect("novamend ends")
}

/// The verbs; without libvirt's client library, or novamend-verify, there is no `probe`, and the test is skipped.
fn verbs() -> Vec<&'static [&'static str]> {
    let probe = run(Path::new("/"), &["probe"], &["--help"]);
    if !probe.status.success() {
        skip(&format!("probe: {}", String::from_utf8_lossy(&probe.stderr).trim()));
    }
    VERBS.into_iter().collect()
}

/// The files in the JSON of `verb`, and how many stacks they are, where it says so.
fn read(verb: &str, text: &[u8]) -> (Vec<String>, Option<u64>) {
    let document: Value = serde_json::from_slice(text).unwrap_or_else(|error| panic!("{verb}: {error}"));
    let strings = |value: &Value| -> Vec<String> {
        let list = value.as_array().cloned().unwrap_or_default();
        list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    match verb {
        "probe" => {
            let stacks = document["stacks"].as_array().expect("an entry for each stack");
            let files = stacks.iter().flat_map(|stack| strings(&stack["files"]));
            (files.collect(), Some(stacks.len() as u64))
        }
        "where" => {
            let rows = document.as_array().or_else(|| document["assignments"].as_array());
            let files = rows.expect("assignments").iter().filter_map(|row| row["file"].as_str());
            (files.map(str::to_owned).collect(), None)
        }
        _ => {
            let from = document["checked"]["from"].as_array().expect("ranges");
            let stacks = from.iter().filter_map(|range| range["stacks"].as_u64()).sum();
            (strings(&document["checked"]["paths"]), Some(stacks))
        }
    }
}

fn the_same_arguments_are_the_same_stacks_in_every_verb() {
    let (at, verbs) = (ground(), verbs());
    for (arguments, stacks) in FILES {
        let expected: Vec<&str> = stacks.iter().copied().flatten().copied().collect();
        for verb in &verbs {
            let output = run(at.path(), verb, &[arguments, &["--format", "json"][..]].concat());
            assert_ne!(output.status.code(), Some(2), "{verb:?} {arguments:?}: {output:?}");
            let (files, count) = read(verb[0], &output.stdout);
            // Reports for other programs start at the root.
            let is_report = ["check", "fix"].contains(&verb[0]) && arguments.contains(&"--root");
            let named = |file: &&'static str| match file.strip_prefix("img/") {
                Some(below) if is_report => below,
                _ => file,
            };
            let expected: Vec<&str> = expected.iter().map(named).collect();
            assert_eq!(files, expected, "{verb:?} {arguments:?}");
            if let Some(count) = count {
                assert_eq!(count, stacks.len() as u64, "{verb:?} {arguments:?}");
            }
        }
    }
}

fn the_environment_counts_in_every_verb_where_it_is_asked_for() {
    let (at, verbs) = (ground(), verbs());
    for verb in verbs.iter().filter(|verb| ["where", "probe"].contains(&verb[0])) {
        for (flags, address) in [(&["a.conf"][..], "192.0.2.7"), (&["a.conf", "--env"], "192.0.2.99")] {
            let verb = if verb[0] == "where" {
                &["where", "libvirt.live_migration_inbound_addr"][..]
            } else {
                verb
            };
            let out = run(at.path(), verb, flags).stdout;
            let out = String::from_utf8_lossy(&out).into_owned();
            let is_said = |text: &str| out.contains(&format!(": {text} (")) || out.contains(&format!("to {text} "));
            assert!(is_said(address), "{verb:?} {flags:?}: {out}");
        }
    }
}

fn what_cannot_be_is_refused_by_every_verb_in_the_same_words() {
    let (at, verbs) = (ground(), verbs());
    std::fs::write(at.path().join("back.toml"), "from = \"2025.1\"\nto = \"stein\"\n").expect("a file");
    std::fs::write(at.path().join("wrong.toml"), "form = \"rocky\"\n").expect("a file");
    let back = "`--from` 2025.1 epoxy (31) is newer than `--to` stein (19)";
    for (arguments, words) in [
        (&["a.conf", "--from", "2025.1", "--to", "stein"][..], back),
        (&["a.conf", "--settings", "back.toml"], back),
        (
            &["a.conf", "--settings", "wrong.toml"],
            "wrong.toml:1:1: unknown setting `form`",
        ),
        (&["a.conf", "--settings", "no.toml"], "`no.toml` could not be read"),
        (&["a.conf", "--to", "stien"], "unknown nova release `stien`"),
        (&["a.conf", "--max-size", "1"], "`a.conf` "),
        (&["a.conf", "no.conf"], "`no.conf` does not exist; check the path"),
        (
            &["--config-file", "no.conf"],
            "`no.conf` does not exist; check the path",
        ),
        (&["a.conf", "--root", "no"], "`--root no` "),
        (&["a.conf", "--extra-catalog", "no.txt"], "`no.txt` could not be read"),
        (
            &["a.conf", "--settings", "s.toml", "--no-settings"],
            "cannot be used with",
        ),
    ] {
        for verb in &verbs {
            let output = run(at.path(), verb, arguments);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{verb:?} {arguments:?}: {said}");
            assert!(said.contains(words), "{verb:?} {arguments:?}: {said}");
        }
    }
}

fn the_settings_of_the_directory_are_read_by_every_verb() {
    let (at, verbs) = (ground(), verbs());
    std::fs::write(at.path().join("novamend.toml"), "from = \"rocky\"\nto = \"stein\"\n").expect("a file");
    for verb in &verbs {
        let said = |arguments: &[&str]| String::from_utf8_lossy(&run(at.path(), verb, arguments).stdout).into_owned();
        let read = said(&["a.conf"]);
        assert!(
            read.contains("rocky (18)") && read.contains("stein (19)"),
            "{verb:?}: {read}"
        );
        let not_read = said(&["a.conf", "--no-settings"]);
        assert!(!not_read.contains("stein (19)"), "{verb:?}: {not_read}");
    }
}

fn where_answers_for_today_for_the_release_to_come_or_for_both() {
    let at = with(&[("nova.conf", "[libvirt]\nlive_migration_progress_timeout = 7\n")]);
    let option = "libvirt.live_migration_progress_timeout";
    let title = "libvirt.live_migration_progress_timeout: ";
    for (flags, heads) in [
        (&["--from", "rocky"][..], &["7 (rocky)"][..]),
        (&["--release", "rocky"], &["7 (rocky)"]),
        (&["--to", "stein"], &["unknown option in stein"]),
        (
            &["--from", "rocky", "--to", "stein"],
            &["7 (rocky)", "unknown option in stein"],
        ),
        (
            &["--release", "18", "--to", "19"],
            &["7 (rocky)", "unknown option in stein"],
        ),
        (&["--from", "rocky", "--to", "rocky"], &["7 (rocky)"]),
    ] {
        let output = run(at.path(), &["where", option, "nova.conf", "--no-settings"], flags);
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        let found: Vec<&str> = out.lines().filter_map(|line| line.strip_prefix(title)).collect();
        assert_eq!(found.len(), heads.len(), "{flags:?}: {out}");
        for (found, head) in found.iter().zip(heads) {
            assert!(found.starts_with(head), "{flags:?}: {out}");
        }
        assert_eq!(output.status.code(), Some(0), "{flags:?}: {output:?}");
    }
}

fn colours_are_there_when_they_are_asked_for_and_else_on_no_pipe() {
    let at = ground();
    let text = "[libvirt]\nlive_migration_progress_timeout = 7\n";
    std::fs::write(at.path().join("old.conf"), text).expect("a file");
    let check = |flags: &[&str], variables: &[(&str, &str)]| {
        let output = Command::new(env!("CARGO_BIN_EXE_novamend"))
            .args(["check", "old.conf", "--from", "rocky", "--to", "stein"])
            .args(flags)
            .current_dir(at.path())
            .env_clear()
            .envs(variables.iter().copied())
            .output()
            .expect("novamend runs");
        String::from_utf8_lossy(&output.stdout).contains('\u{1b}')
    };
    for (flags, variables, is_coloured) in [
        (&[][..], &[][..], false),
        (&["--color", "always"], &[("NO_COLOR", "1")], true),
        (&["--color", "never"], &[("CLICOLOR_FORCE", "1")], false),
        (&[], &[("CLICOLOR_FORCE", "1")], true),
        (&[], &[("CLICOLOR_FORCE", "0")], false),
        (&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
        (&[], &[("TERM", "dumb")], false),
    ] {
        assert_eq!(check(flags, variables), is_coloured, "{flags:?} {variables:?}");
    }
}

fn where_takes_a_name_that_only_one_group_has() {
    let at = ground();
    for words in ["live_migration_inbound_addr", "[libvirt] live_migration_inbound_addr"] {
        let output = run(at.path(), &["where"], &[words, "a.conf", "--from", "rocky"]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            text.contains("libvirt.live_migration_inbound_addr: 192.0.2.7 (rocky)"),
            "{words}: {output:?}"
        );
    }
    for (word, why) in [
        ("enabled", "is ambiguous; use one of "),
        ("no_such_name", "unknown option `no_such_name`"),
    ] {
        let output = run(at.path(), &["where"], &[word, "a.conf", "--from", "rocky"]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains(why) && text.contains("`--all`"), "{text}");
        assert_eq!(output.status.code(), Some(2), "{word}");
    }
}

fn main() -> ExitCode {
    harness::run(&[tests![
        the_same_arguments_are_the_same_stacks_in_every_verb,
        the_environment_counts_in_every_verb_where_it_is_asked_for,
        what_cannot_be_is_refused_by_every_verb_in_the_same_words,
        the_settings_of_the_directory_are_read_by_every_verb,
        where_answers_for_today_for_the_release_to_come_or_for_both,
        where_takes_a_name_that_only_one_group_has,
        colours_are_there_when_they_are_asked_for_and_else_on_no_pipe,
    ]])
}
