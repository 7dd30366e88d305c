//! Real nova's start: what is asked, and what it says.

use std::io::Write;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::python::{self, Oracle};

/// Of files below so many bytes a number fit a pipe.
const SHORT: usize = 2_000;

/// A nova.conf, and the service that starts with it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// What it was made to try.
    pub(crate) family: String,
    /// The service.
    pub(crate) program: String,
    /// The text.
    pub(crate) conf: String,
    /// Whether it is all that there is; else `needed.conf` is read before it, which has what every nova.conf has.
    pub(crate) is_whole: bool,
}

impl Asked {
    /// The same service with another text.
    pub(crate) fn with(&self, conf: String) -> Self {
        Self { conf, ..self.clone() }
    }
}

/// A message of a service that does not start.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    /// Which of the checks of `checks.py` it was.
    pub(crate) check: String,
    /// The exception.
    pub(crate) exception: String,
    /// What it says, without places on this machine.
    pub(crate) message: String,
    /// Where the service only ends: the exception that it caught, empty where there was none.
    pub(crate) cause: String,
}

impl Refusal {
    /// All of it, in a line.
    pub(crate) fn words(&self) -> String {
        let cause = match &*self.cause {
            "" => String::new(),
            cause => format!(" ({cause})"),
        };
        format!("{}: {}{cause}", self.exception, self.message)
    }

    /// Whether it is oslo.config's own, about a value or a line.
    pub(crate) fn is_oslos(&self) -> bool {
        let both = [&self.exception, &self.cause];
        both.iter().any(|text| text.starts_with("ConfigFile")) || self.message.starts_with("argument --")
    }
}

/// What nova does with a file.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    /// That it does not start.
    pub(crate) refusal: Option<Refusal>,
    /// What fails later though it starts.
    pub(crate) later: Vec<Refusal>,
    /// A library that this needs is not installed.
    pub(crate) is_skipped: bool,
}

impl Verdict {
    fn of(answer: &Value) -> Self {
        let later = answer["later"].as_array();
        Self {
            refusal: (answer["refused"] == true).then(|| refusal(answer)),
            later: later.into_iter().flatten().map(refusal).collect(),
            is_skipped: !answer["skipped"].is_null(),
        }
    }
}

fn refusal(said: &Value) -> Refusal {
    let word = |key: &str| said[key].as_str().unwrap_or_default();
    Refusal {
        check: word("check").to_owned(),
        exception: word("exception").to_owned(),
        message: without_place(word("message")),
        cause: without_place(word("cause")),
    }
}

/// Without the place that oslo.config names, a file of each run's own, and without what Python says of the way there.
fn without_place(message: &str) -> String {
    let message = message
        .split_once(" (['Traceback")
        .map_or(message, |(before, _)| before);
    match (
        message.split_once(" from LocationInfo("),
        message.rfind("') is not valid"),
    ) {
        (Some((before, _)), Some(end)) => format!("{before}{}", &message[end + 2..]),
        _ => message.to_owned(),
    }
}

/// Real nova of one release.
pub(crate) struct Real<'o>(&'o mut Oracle);

impl<'o> Real<'o> {
    /// The process that runs `real.py`.
    pub(crate) fn new(oracle: &'o mut Oracle) -> Self {
        Self(oracle)
    }

    /// What it does with each of `files`.
    pub(crate) fn ask(&mut self, files: &[Asked]) -> Vec<Verdict> {
        let some = files.chunks(16).flat_map(|some| {
            let written: Vec<Option<NamedTempFile>> = some.iter().map(|asked| written(&asked.conf)).collect();
            let questions = some.iter().zip(&written).map(|(asked, written)| match written {
                Some(file) => json!({"program": asked.program, "whole": asked.is_whole, "file": file.path()}),
                None => json!({"program": asked.program, "whole": asked.is_whole, "conf": asked.conf}),
            });
            self.0.ask(&questions.collect::<Vec<Value>>())
        });
        some.map(|answer| Verdict::of(&answer)).collect()
    }
}

/// A file with `conf` where it is too long to be asked about as it is.
fn written(conf: &str) -> Option<NamedTempFile> {
    if conf.len() < SHORT {
        return None;
    }
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(conf.as_bytes()).expect("the file takes it");
    Some(file)
}

/// `NOVAMEND_SEED`, else a seed of always.
pub(crate) fn seed() -> u64 {
    let asked = std::env::var("NOVAMEND_SEED").ok();
    asked.map_or(34, |text| text.parse().expect("NOVAMEND_SEED is a number"))
}

/// So many files, as `generate.py` makes them up.
pub(crate) fn made_up(environment: &str, seed: u64, count: usize) -> Vec<Asked> {
    let script = python::here().join("../start/generate.py");
    let output = Command::new(python::python(environment))
        .arg(script)
        .args(["--seed", &seed.to_string(), "--count", &count.to_string()])
        .output()
        .expect("python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    let asked = |line: &str| {
        let made: Value = serde_json::from_str(line).expect("JSON");
        let word = |key: &str| made[key].as_str().expect("a text").to_owned();
        Asked {
            family: word("family"),
            program: word("program"),
            conf: word("conf"),
            is_whole: made["whole"] == true,
        }
    };
    lines.lines().map(asked).collect()
}
