//! Where a report goes: what may not be written is known before a trial starts, and nothing else is overwritten.

#[path = "../../tests/harness/mod.rs"]
mod harness;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, ExitCode, Output, Stdio};

use tempfile::TempDir;

use harness::{skip, tests};

fn ground() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("nova.conf"), "[libvirt]\n").unwrap();
    directory
}

/// `verify --report r.html`; refused before the trials, it needs neither libvirt nor root.
fn verify(at: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_novamend-verify"))
        .args(["verify", "--report", "r.html", "nova.conf"])
        .current_dir(at)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// That it is refused with `words`, at once, and that nothing is left.
fn refused(at: &Path, words: &str) {
    let names = || {
        let mut names: Vec<_> = fs::read_dir(at)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    let before = names();
    let output = verify(at);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("the report cannot be written") && said.contains(words),
        "{said}"
    );
    assert!(output.stdout.is_empty(), "a trial was made");
    assert_eq!(names(), before);
}

fn what_a_link_leads_to_is_not_overwritten() {
    for name in ["r.html", "r.json"] {
        let ground = ground();
        let victim = ground.path().join("victim");
        symlink("victim", ground.path().join(name)).unwrap();
        refused(ground.path(), "symbolic link");
        assert!(!victim.exists());
        fs::write(&victim, "{\"kind\":\"verify\",\"schema\":1}").unwrap();
        refused(ground.path(), "symbolic link");
        assert_eq!(
            fs::read_to_string(&victim).unwrap(),
            "{\"kind\":\"verify\",\"schema\":1}"
        );
    }
}

fn a_file_beside_that_is_no_report_is_not_overwritten() {
    for text in ["{\"mine\": 1}", "", "{\"kind\":\"probe\",\"schema\":1}", "not json"] {
        let ground = ground();
        fs::write(ground.path().join("r.json"), text).unwrap();
        refused(ground.path(), "not a report of novamend verify");
        assert_eq!(fs::read_to_string(ground.path().join("r.json")).unwrap(), text);
    }
}

fn a_fifo_and_a_directory_are_refused_and_not_waited_for() {
    for name in ["r.html", "r.json"] {
        let ground = ground();
        let made = Command::new("mkfifo").arg(ground.path().join(name)).status().unwrap();
        assert!(made.success());
        refused(ground.path(), "a FIFO");
        fs::remove_file(ground.path().join(name)).unwrap();
        fs::create_dir(ground.path().join(name)).unwrap();
        refused(ground.path(), "a directory");
    }
}

fn a_directory_that_is_not_there_is_said_before_the_trials() {
    let ground = ground();
    let output = Command::new(env!("CARGO_BIN_EXE_novamend-verify"))
        .args(["verify", "--report", "no/such/r.html", "nova.conf"])
        .current_dir(ground.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && output.stdout.is_empty(), "{said}");
    assert!(said.contains("does not exist"), "{said}");
}

fn what_belongs_to_another_user_is_not_replaced() {
    if !rustix::process::geteuid().is_root() {
        skip("giving files away needs root");
    }
    for name in ["r.html", "r.json"] {
        let ground = ground();
        let path = ground.path().join(name);
        fs::write(&path, "{\"kind\":\"verify\",\"schema\":1}").unwrap();
        std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
        refused(ground.path(), "belongs to user 65534");
    }
}

fn main() -> ExitCode {
    harness::run(&[tests![
        what_a_link_leads_to_is_not_overwritten,
        a_file_beside_that_is_no_report_is_not_overwritten,
        a_fifo_and_a_directory_are_refused_and_not_waited_for,
        a_directory_that_is_not_there_is_said_before_the_trials,
        what_belongs_to_another_user_is_not_replaced,
    ]])
}
