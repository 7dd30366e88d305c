//! Real oslo.config and real nova in their Python environments, asked line by line.
//!
//! It knows neither what is asked nor what the answers mean.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::harness::skip;

/// A Python program that answers each line of JSON with one.
pub(crate) struct Oracle {
    /// The environment it runs in, such as `oslo-new`.
    pub(crate) name: String,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Oracle {
    /// `script` of this directory in the environment `name`; where that is not there, the test is skipped.
    pub(crate) fn start(name: &str, script: &str) -> Self {
        let python = python(name);
        let mut child = Command::new(python)
            .arg(here().join(script))
            .env("PYTHONUTF8", "1")
            .env("PYTHONWARNINGS", "ignore")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python starts");
        let input = child.stdin.take().expect("its input is a pipe");
        let output = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        Self {
            name: name.to_owned(),
            child,
            input,
            output,
        }
    }

    /// The answers to `questions`, in their order. Together the questions must fit a pipe.
    pub(crate) fn ask(&mut self, questions: &[Value]) -> Vec<Value> {
        let mut lines = String::new();
        for question in questions {
            lines.push_str(&question.to_string());
            lines.push('\n');
        }
        assert!(lines.len() < 65_536, "fewer questions at a time");
        self.input.write_all(lines.as_bytes()).expect("the oracle reads");
        questions.iter().map(|_| self.answer()).collect()
    }

    /// What it says next.
    pub(crate) fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the oracle answers");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{}: {error}: {line:?}", self.name))
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The interpreter of the environment `name`; where it is not there, the test is skipped.
pub(crate) fn python(name: &str) -> PathBuf {
    let root = std::env::var_os("NOVAMEND_VENVS").map_or_else(|| PathBuf::from(".venv"), PathBuf::from);
    let python = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(root)
        .join(name)
        .join("bin/python");
    if !python.exists() {
        skip(&format!("no {}; `make venvs` makes it", python.display()));
    }
    python
}

/// This directory.
pub(crate) fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle")
}
