//! Which nova is installed, and in which Python: the one that was named, or that of the host's `nova-compute`.
//!
//! Of nova nothing is run here: Python tells the version of the package.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use novamend::bounded::{self, Kinds};
use novamend::catalog::Release;
use serde::{Deserialize, Serialize};

use crate::process::{inner, is_trusted_link};

/// Where distributions, Kolla, `DevStack` and people put `nova-compute`.
const PLACES: [&str; 5] = [
    "/usr/bin",
    "/usr/local/bin",
    "/var/lib/kolla/venv/bin",
    "/opt/stack/data/venv/bin",
    "/opt/nova/bin",
];

/// Where OpenStack-Ansible puts environments, one a version.
const ENVIRONMENTS: &str = "/openstack/venvs";

/// The program whose Python has nova.
const PROGRAM: &str = "nova-compute";

/// A script's first lines are enough.
const MOST_OF_A_SCRIPT: u64 = 1 << 20;

/// A nova and its Python.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Found {
    /// The Python.
    pub interpreter: PathBuf,
    /// Nova's version, for instance 31.3.1.
    pub version: String,
    /// The same as a release.
    pub release: Release,
}

/// Whether nova's own code runs in the trials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum NovaChoice {
    /// This one's.
    Run(Found),
    /// None: why not, in words.
    Not(String),
}

impl NovaChoice {
    /// The nova that runs.
    #[must_use]
    pub fn found(&self) -> Option<&Found> {
        match self {
            Self::Run(found) => Some(found),
            Self::Not(_) => None,
        }
    }
}

/// Why a Python is not one to run nova in.
#[derive(Debug, thiserror::Error)]
pub enum FoundError {
    /// It is no program.
    #[error("{} is not a program", .0.display())]
    NoProgram(PathBuf),
    /// It did not answer.
    #[error("{} did not answer as Python 3.6 or newer does{}", interpreter.display(), after(said))]
    NoPython {
        /// Its path.
        interpreter: PathBuf,
        /// What it said instead.
        said: String,
    },
    /// The package is not there.
    #[error("nova is not installed for {} ({why}); name the Python that nova-compute runs with", interpreter.display())]
    NoNova {
        /// Its path.
        interpreter: PathBuf,
        /// Python's words.
        why: String,
    },
    /// A release that the catalog does not have.
    #[error("nova {version} of {} is no release that is known here", interpreter.display())]
    Unknown {
        /// Its path.
        interpreter: PathBuf,
        /// Nova's version.
        version: String,
    },
    /// Another release than nova.conf is tested for.
    #[error(
        "the nova of {} is {} ({}), and nova.conf is tested for {release}; what that nova does shows --to {}",
        found.interpreter.display(), found.version, found.release, found.release.number()
    )]
    OtherRelease {
        /// It.
        found: Found,
        /// The release that was wanted.
        release: Release,
    },
    /// Before stein there is no timeout action, and its Python is another.
    #[error(
        "the nova of {} is {} ({}); nova's own code is run from stein (19) on",
        .0.interpreter.display(), .0.version, .0.release
    )]
    TooOld(Found),
    /// Somebody but root could have put it there.
    #[error(
        "others than root may write to {}, so it is not run by itself; name it with --nova if it is to be run",
        .0.display()
    )]
    NotRoots(PathBuf),
    /// The script does not begin with the path of a Python.
    #[error("{} names no Python by its path in its first line", .0.display())]
    NoShebang(PathBuf),
    /// A file could not be read.
    #[error("{} cannot be read: {why}", path.display())]
    NotRead {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// No process can be started.
    #[error("nova's Python could not be started")]
    Start(#[source] io::Error),
}

fn after(said: &str) -> String {
    if said.is_empty() {
        String::new()
    } else {
        format!(": {said}")
    }
}

impl Found {
    /// That it is nova of `release`, and one whose code can decide.
    ///
    /// # Errors
    /// It is another, or older than stein.
    pub fn fits(&self, release: Release) -> Result<(), FoundError> {
        if self.release != release {
            return Err(FoundError::OtherRelease {
                found: self.clone(),
                release,
            });
        }
        if release < Release::STEIN {
            return Err(FoundError::TooOld(self.clone()));
        }
        Ok(())
    }
}

/// The host's own nova, where it can decide for a nova.conf of `release`; else why not.
#[must_use]
pub fn of_the_host(release: Release, patience: Duration) -> NovaChoice {
    let found = find().and_then(|path| {
        let Some(path) = path else { return Ok(None) };
        let found = look_at(&path, patience)?;
        found.fits(release).map(|()| Some(found))
    });
    match found {
        Ok(Some(found)) => NovaChoice::Run(found),
        Ok(None) => NovaChoice::Not("nova-compute was not found on this host; name its Python with --nova".to_owned()),
        Err(error) => NovaChoice::Not(error.to_string()),
    }
}

/// What the Python says of itself.
#[derive(Deserialize)]
struct Told {
    nova: Option<String>,
    failed: Option<String>,
}

/// Which nova the Python `interpreter` has; it is asked in a sandbox of its own, for at most `patience`.
///
/// # Errors
/// It is no Python, or has no nova, or one that is not known.
pub fn look_at(interpreter: &Path, patience: Duration) -> Result<Found, FoundError> {
    let is_program = rustix::fs::access(interpreter, rustix::fs::Access::EXEC_OK).is_ok() && interpreter.is_file();
    if !is_program {
        return Err(FoundError::NoProgram(interpreter.to_owned()));
    }
    let said = ask(interpreter, patience)?;
    let told: Told =
        serde_json::from_str(said.lines().next().unwrap_or_default()).map_err(|_| FoundError::NoPython {
            interpreter: interpreter.to_owned(),
            said: said.lines().last().unwrap_or_default().chars().take(200).collect(),
        })?;
    let Some(version) = told.nova else {
        return Err(FoundError::NoNova {
            interpreter: interpreter.to_owned(),
            why: told.failed.unwrap_or_default(),
        });
    };
    let major = version.split('.').next().and_then(|number| number.parse().ok());
    match major.and_then(Release::from_number) {
        Some(release) => Ok(Found {
            interpreter: interpreter.to_owned(),
            version,
            release,
        }),
        None => Err(FoundError::Unknown {
            interpreter: interpreter.to_owned(),
            version,
        }),
    }
}

/// What it prints on standard output, else on standard error.
fn ask(interpreter: &Path, patience: Duration) -> Result<String, FoundError> {
    let mut child = inner("nova")
        .arg(interpreter)
        .arg("look")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(FoundError::Start)?;
    let (sender, said) = channel();
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let reader = move || {
        let all = |stream: Option<&mut dyn Read>| {
            let mut bytes = Vec::new();
            let _ = stream.map(|stream| stream.take(64 << 10).read_to_end(&mut bytes));
            String::from_utf8_lossy(&bytes).trim().to_owned()
        };
        let (mut out, mut err) = (out, err);
        let text = all(out.as_mut().map(|stream| stream as &mut dyn Read));
        let text = if text.is_empty() {
            all(err.as_mut().map(|stream| stream as &mut dyn Read))
        } else {
            text
        };
        let _ = sender.send(text);
    };
    thread::Builder::new().spawn(reader).map_err(FoundError::Start)?;
    let text = said.recv_timeout(patience).unwrap_or_default();
    let _ = child.kill();
    let _ = child.wait();
    Ok(text)
}

/// The Python that the host's `nova-compute` runs with; none where that is not installed.
///
/// # Errors
/// It is installed, and its Python is not one to be run by itself.
pub fn find() -> Result<Option<PathBuf>, FoundError> {
    let mut places: Vec<PathBuf> = PLACES.iter().map(PathBuf::from).collect();
    if let Ok(entries) = fs::read_dir(ENVIRONMENTS) {
        let mut environments: Vec<PathBuf> = entries.flatten().map(|entry| entry.path().join("bin")).collect();
        environments.sort();
        places.extend(environments);
    }
    let script = places
        .into_iter()
        .map(|place| place.join(PROGRAM))
        .find(|path| path.is_file());
    script.map(|script| interpreter_of(&script)).transpose()
}

/// The Python of a script that nobody but root could have written, where it is root that would run it.
fn interpreter_of(script: &Path) -> Result<PathBuf, FoundError> {
    let trusted = |path: &Path| {
        if is_trusted_link(path) {
            Ok(())
        } else {
            Err(FoundError::NotRoots(path.to_owned()))
        }
    };
    trusted(script)?;
    let bytes = bounded::read(script, Kinds::Regular, MOST_OF_A_SCRIPT).map_err(|error| FoundError::NotRead {
        path: script.to_owned(),
        why: error.to_string(),
    })?;
    let interpreter = shebang(&bytes).ok_or_else(|| FoundError::NoShebang(script.to_owned()))?;
    trusted(&interpreter)?;
    Ok(interpreter)
}

/// The interpreter that a script names by its path, be that too long for a first line, which installers then give to a shell.
fn shebang(script: &[u8]) -> Option<PathBuf> {
    let text = String::from_utf8_lossy(script.get(..script.len().min(4096))?).into_owned();
    let mut lines = text.lines();
    let named = |words: &str| {
        let word = words.split_whitespace().next()?.trim_matches('"');
        let path = Path::new(word);
        let is_python = path.file_name()?.to_str()?.starts_with("python");
        (path.is_absolute() && is_python).then(|| path.to_owned())
    };
    let first = lines.next()?.strip_prefix("#!")?;
    if first.trim() == "/bin/sh" {
        return named(lines.next()?.strip_prefix("'''exec' ")?);
    }
    named(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_names_its_python_in_three_forms() {
        for (script, wanted) in [
            ("#!/usr/bin/python3\nimport sys\n", Some("/usr/bin/python3")),
            (
                "#! /var/lib/kolla/venv/bin/python3.11 -s\n",
                Some("/var/lib/kolla/venv/bin/python3.11"),
            ),
            (
                "#!/bin/sh\n'''exec' /a/very/long/path/bin/python3 \"$0\" \"$@\"\n' '''\n",
                Some("/a/very/long/path/bin/python3"),
            ),
            (
                "#!/bin/sh\n'''exec' \"/a/b/python\" \"$0\" \"$@\"\n",
                Some("/a/b/python"),
            ),
            ("#!/usr/bin/env python3\n", None),
            ("#!/bin/sh\nexec /usr/bin/python3\n", None),
            ("#!/bin/bash\n", None),
            ("#!python3\n", None),
            ("", None),
            ("\u{7f}ELF", None),
        ] {
            assert_eq!(shebang(script.as_bytes()), wanted.map(PathBuf::from), "{script:?}");
        }
    }
}
