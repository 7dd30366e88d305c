//! The other process of these tests: this program once more, started as `write other-process WORK PATH`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use novamend::write::{Options, WriteError, write_all};

use crate::ground::{BACKUP, IN_PLACE, NO_BACKUP, planned, replace, text};

/// The first argument of such a process.
pub(crate) const ARGUMENT: &str = "other-process";
/// How often one that counts counts.
pub(crate) const COUNTED: usize = 25;
/// How many texts it writes, one after the other.
pub(crate) const VERSIONS: usize = 8;

/// Does what the arguments ask; `None` where they are no such process's.
pub(crate) fn work() -> Option<ExitCode> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let [first, work, path] = &arguments[..] else {
        return None;
    };
    if first != ARGUMENT {
        return None;
    }
    let path = PathBuf::from(path);
    match work.to_str() {
        Some("replace") => {
            let mut plan = planned(&path, "", "new");
            plan.before = Some(fs::read(&path).unwrap_or_default());
            match write_all(&[plan], &BACKUP) {
                Ok(_) => println!("outcome: written"),
                Err(error) => println!("outcome: {error}"),
            }
        }
        Some("count") => count(&path),
        Some("versions") => write_versions(&path, &BACKUP),
        Some("versions in place") => write_versions(&path, &IN_PLACE),
        Some("report") => return Some(write_report(&path)),
        other => panic!("no such work: {other:?}"),
    }
    Some(ExitCode::SUCCESS)
}

/// A text that names its number on every line, so that no part of another one can hide in it.
pub(crate) fn version(number: usize) -> String {
    format!("version = {number}\n").repeat(12_000 + 500 * number)
}

fn write_versions(path: &Path, options: &Options) {
    println!("ready");
    for number in 1..=VERSIONS {
        replace(path, &version(number), options).unwrap();
    }
}

fn count(path: &Path) {
    let mut counted = 0;
    while counted < COUNTED {
        let before = text(path);
        let after = (before.parse::<usize>().unwrap() + 1).to_string();
        match write_all(&[planned(path, &before, &after)], &NO_BACKUP) {
            Ok(_) => counted += 1,
            Err(WriteError::Locked { .. } | WriteError::Changed(_)) => std::thread::yield_now(),
            Err(other) => panic!("{other}"),
        }
    }
}

/// Both files of a report, as `novamend-verify --report` writes them.
fn write_report(path: &Path) -> ExitCode {
    let document = |end: &str, text: &str| {
        let path = PathBuf::from(format!("{}.{end}", path.display()));
        novamend::write::document(&path, text.into(), "a report", |_| true)
    };
    let files = document("html", "page").and_then(|page| Ok([page, document("json", "{\"kind\": 1}")?]));
    match files.and_then(|files| write_all(&files, &NO_BACKUP)) {
        Ok(_) => {
            println!("wrote both");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{}", error.with_state());
            ExitCode::from(2)
        }
    }
}
