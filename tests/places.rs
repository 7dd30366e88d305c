//! Where novamend looks by default is where real oslo.config looks, whatever `HOME` is.

#[path = "harness/mod.rs"]
mod harness;
#[path = "oracle/python.rs"]
#[allow(dead_code)]
mod python;
#[path = "oracle/run.rs"]
#[allow(dead_code)]
mod run;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::Value;
use tempfile::TempDir;

use harness::tests;
use novamend::inputs::home;
use python::{here, python};

const CONF: &str = "[DEFAULT]\ndebug = true\n";

/// A directory that holds files at whatever place a wrong reading of `HOME` would look.
fn ground() -> TempDir {
    let at = tempfile::tempdir().expect("a directory");
    for place in [".", ".nova", "home", "home/.nova", "~", "~/.nova"] {
        let place = at.path().join(place);
        fs::create_dir_all(&place).expect("a directory");
        fs::write(place.join("nova.conf"), CONF).expect("a file");
    }
    fs::write(at.path().join("home/nova-compute.conf"), CONF).expect("a file");
    at
}

/// Every way to set `HOME` in `at`; `None`: it is not set.
fn homes(at: &Path) -> Vec<Option<OsString>> {
    let absolute = at.join("home");
    let slashed = format!("{}//", absolute.display());
    let dotted = format!("{}/../home/.", absolute.display());
    [
        Some(absolute.into_os_string()),
        Some(slashed.into()),
        Some(dotted.into()),
        Some("home".into()),
        Some("home/".into()),
        Some(".".into()),
        Some("".into()),
        Some("/".into()),
        Some("//".into()),
        None,
    ]
    .into()
}

/// What a program prints in `at` with `home` and nothing else in its environment.
fn said(program: &Path, arguments: &[&str], at: &Path, home: Option<&OsString>) -> Vec<u8> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(at).env_clear();
    if let Some(home) = home {
        command.env("HOME", home);
    }
    command.output().expect("it runs").stdout
}

/// The oracle's answer.
fn oracle(python: &Path, at: &Path, home: Option<&OsString>) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let script = here().join("places.py");
    let text = said(python, &[script.to_str().expect("UTF-8")], at, home);
    let answer: Value = serde_json::from_slice(&text).expect("the oracle's JSON");
    let paths = |name: &str| -> Vec<PathBuf> {
        let list = answer[name].as_array().expect("a list");
        list.iter().filter_map(Value::as_str).map(PathBuf::from).collect()
    };
    (paths("places"), paths("files"))
}

fn the_default_files_are_those_of_real_oslo_config() {
    let python = python("oslo-new");
    let at = ground();
    for home in homes(at.path()) {
        let (_, files) = oracle(&python, at.path(), home.as_ref());
        let program = Path::new(env!("CARGO_BIN_EXE_novamend"));
        let arguments = ["check", "--no-settings", "--format", "json", "--from", "stein"];
        let text = said(program, &arguments, at.path(), home.as_ref());
        let document: Value = serde_json::from_slice(&text).unwrap_or_default();
        let paths = document["checked"]["paths"].as_array().cloned().unwrap_or_default();
        // Those of a report start at the working directory.
        let whole = |path: &str| at.path().join(path);
        let paths: Vec<PathBuf> = paths.iter().filter_map(Value::as_str).map(whole).collect();
        assert_eq!(paths, files, "HOME={home:?}");
    }
}

fn the_home_is_what_real_oslo_config_makes_of_it() {
    let python = python("oslo-new");
    let at = std::env::current_dir().expect("a directory");
    let absolute = homes(Path::new("/srv"));
    for variable in absolute {
        let (places, _) = oracle(&python, &at, variable.as_ref());
        let home = home::of(variable.clone()).expect("a home");
        // Two slashes at the start are one directory to Linux.
        let places: Vec<PathBuf> = places.iter().map(|place| place.components().collect()).collect();
        assert_eq!(vec![home.join(".nova"), home], places, "HOME={variable:?}");
    }
}

/// `os.path.expanduser` leaves `~` as it is for such a user.
fn a_user_that_the_name_service_does_not_know_has_a_directory_of_that_name() {
    if !rustix::process::geteuid().is_root() {
        harness::skip("only root becomes another user");
    }
    let at = ground();
    let files_of = |user: u32| {
        let arguments = ["check", "--no-settings", "--format", "json", "--from", "stein"];
        let document: Value = serde_json::from_str(&run::as_user(user, at.path(), &arguments).out).unwrap_or_default();
        document["checked"]["paths"].clone()
    };
    assert_eq!(files_of(47_114_711), serde_json::json!(["~/.nova/nova.conf"]));
    // `nobody` is known, and has another.
    let files = files_of(65_534).to_string();
    assert!(!files.contains('~'), "{files}");
}

fn main() -> ExitCode {
    harness::run(&[tests![
        the_default_files_are_those_of_real_oslo_config,
        the_home_is_what_real_oslo_config_makes_of_it,
        a_user_that_the_name_service_does_not_know_has_a_directory_of_that_name,
    ]])
}
