//! docs/verify.md is true: the options it names are there, and its examples are run.
//!
//! Blocks of `console` are run as they are, with the file that docs/verify.in holds; in those of `sh`, which are about two
//! hosts, the URIs lead to two daemons of this machine. `novamend` is the program that it hands these commands to.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::between::Between;
use crate::ground::{Ran, need_real};
use crate::harness::{Test, tests};

const PROGRAM: &str = env!("CARGO_BIN_EXE_novamend-verify");

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/verify.md")
}

/// The fenced blocks of the page that are of `kind`.
fn blocks(kind: &str) -> Vec<String> {
    let page = fs::read_to_string(page()).unwrap();
    let opening = format!("\n```{kind}\n");
    let blocks = page.split(&opening).skip(1);
    let found: Vec<String> = blocks
        .map(|rest| rest.split("\n```").next().unwrap().to_owned() + "\n")
        .collect();
    assert!(!found.is_empty(), "the page has no block of {kind}");
    found
}

/// The long options that a text names.
fn options(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_lowercase() || c == '-'));
    words
        .filter(|word| word.len() > 2 && word.starts_with("--"))
        .map(str::to_owned)
        .collect()
}

fn every_option_that_the_page_names_is_there() {
    let page = fs::read_to_string(page()).unwrap();
    let mut there = options("--verify --write --postcopy"); // of `novamend fix` and of virsh
    for command in ["probe", "verify"] {
        let output = Command::new(PROGRAM).args([command, "--help"]).output().unwrap();
        there.extend(options(&String::from_utf8_lossy(&output.stdout)));
    }
    let code = page
        .split('`')
        .skip(1)
        .step_by(2)
        .chain(page.split("```").skip(1).step_by(2));
    let named = options(&code.collect::<Vec<_>>().join("\n"));
    assert!(named.len() > 8, "{named:?}");
    assert_eq!(named.difference(&there).collect::<Vec<_>>(), Vec::<&String>::new());
}

fn the_examples_in_the_sandbox_print_what_the_page_shows() {
    need_real();
    blocks("console");
    let cases = trycmd::TestCases::new();
    cases.register_bin("novamend", Path::new(PROGRAM));
    cases.case(page()).run();
}

fn the_examples_between_two_hosts_work() {
    need_real();
    for block in blocks("sh") {
        let between = Between::new("live_migration_timeout_action = force_complete");
        let at = |name: &str| between.path(name);
        let programs = at("programs");
        fs::create_dir(&programs).unwrap();
        for name in ["novamend", "novamend-verify"] {
            symlink(between.program(), programs.join(name)).unwrap();
        }
        for host in ["host1", "host2"] {
            fs::create_dir(at(host)).unwrap();
            fs::copy(at("nova.conf"), at(host).join("nova.conf")).unwrap();
        }
        let script = block
            .replace("qemu+ssh://root@host1/system", "\"$SOURCE\"")
            .replace("qemu+ssh://root@host2/system", "\"$DEST\"")
            .replace("/var/lib/libvirt/images/", "\"$PWD/\"");
        assert!(
            script.contains("\"$SOURCE\"") && script.contains("\"$DEST\""),
            "{script}"
        );
        let [source, destination] = between.uris();
        let path = format!("{}:/usr/bin:/bin", programs.display());
        let output = Command::new("sh")
            .args(["-e", "-c", &script])
            .current_dir(at(""))
            .envs([("PATH", path.as_str()), ("SOURCE", source), ("DEST", destination)])
            .output()
            .unwrap();
        let ran = Ran::of(&output);
        assert_eq!(ran.code, Some(0), "{script}\n{ran:?}");
        assert!(ran.out.starts_with("works: "), "{ran:?}");
        between.assert_nothing_is_left();
    }
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    every_option_that_the_page_names_is_there,
    the_examples_in_the_sandbox_print_what_the_page_shows,
    the_examples_between_two_hosts_work,
];
