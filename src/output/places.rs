//! What `where` hands over: the places that set an option, or every assignment of a stack, and what takes effect.

use serde::Serialize;

use super::entry::PlaceEntry;
use crate::catalog::Release;
use crate::plain;

/// What one stack, read by one release, answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The option that was asked for, its value and its release; `None` where every assignment is wanted.
    pub headline: Option<String>,
    /// The release, where more than one is asked.
    pub reader: Option<Release>,
    /// The assignments, in reading order.
    pub assignments: Vec<Assignment>,
}

/// One assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Assignment {
    /// The file and line, or the variable.
    #[serde(flatten)]
    pub place: PlaceEntry,
    /// The section as written.
    pub section: String,
    /// The key as written.
    pub key: String,
    /// The value as nova reads it, masked where it is secret.
    pub value: String,
    /// Whether it is the effective value, or one of them.
    pub effective: bool,
    /// The release that reads it so, by its number.
    pub release: u8,
    /// Why it is or is not, where one option was asked for.
    #[serde(skip)]
    pub reason: Option<&'static str>,
}

impl Answer {
    /// What stands over the assignments: the option and its value, or the release where more than one is asked.
    #[must_use]
    pub fn heading(&self) -> Option<String> {
        let reader = self.reader.map(|release| format!("as {release} reads it:"));
        self.headline.clone().or(reader)
    }
}

impl Assignment {
    /// `path:line`, or `environment NAME`.
    #[must_use]
    pub fn address(&self) -> String {
        let PlaceEntry {
            file, line, variable, ..
        } = &self.place;
        let address = match (file, line) {
            (Some(file), Some(line)) => format!("{file}:{line}"),
            (Some(file), None) => file.clone(),
            (None, _) => format!("environment {}", variable.as_deref().unwrap_or_default()),
        };
        plain::line(&address).into_owned()
    }

    /// `[section] key = value` on one line.
    #[must_use]
    pub fn text(&self) -> String {
        let text = format!("[{}] {} = {}", self.section, self.key, self.value);
        plain::line(&text).into_owned()
    }

    /// Whether it takes effect, and why where that is known.
    #[must_use]
    pub fn effect(&self) -> &'static str {
        match (self.reason, self.effective) {
            (Some(reason), _) => reason,
            (None, true) => "takes effect",
            (None, false) => "without effect",
        }
    }
}
