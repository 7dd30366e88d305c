//! Real nova's start: what is asked, and what it says.

use std::process::Command;

use serde_json::{Value, json};

use super::python::{self, Oracle};

/// A nova.conf, and the service that starts with it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// What it was made to try.
    pub(crate) family: String,
    /// The service.
    pub(crate) program: String,
    /// The text; what every nova.conf has stands in `needed.conf`, which is read before it.
    pub(crate) conf: String,
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
    /// What it says; of a file's path nothing is left.
    pub(crate) message: String,
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
    let cause = word("cause");
    let message = if cause.is_empty() {
        word("message").to_owned()
    } else {
        format!("{} ({cause})", word("message"))
    };
    Refusal {
        check: word("check").to_owned(),
        exception: word("exception").to_owned(),
        message: without_place(&message),
    }
}

/// Without the place that oslo.config names, a file of each run's own.
fn without_place(message: &str) -> String {
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
        let questions = files
            .iter()
            .map(|asked| json!({"program": asked.program, "conf": asked.conf}));
        let questions: Vec<Value> = questions.collect();
        let answers = questions.chunks(16).flat_map(|some| self.0.ask(some));
        answers.map(|answer| Verdict::of(&answer)).collect()
    }
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
        }
    };
    lines.lines().map(asked).collect()
}
