//! What the operator wants of a run: severities, ignored findings, the action.
//!
//! It is plain data; `novamend.toml` is read in [`crate::settings`], arguments in the command line.

use std::path::PathBuf;
use std::sync::Arc;

use super::Rule;
use super::finding::Severity;
use super::ignores::Ignores;
use crate::catalog::Release;
use crate::nova::migration::TimeoutAction;
use crate::nova::start::programs::Programs;

/// `--action`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ActionChoice {
    /// The one that keeps what the old settings meant.
    #[default]
    Auto,
    /// This one.
    Fixed(TimeoutAction),
}

impl ActionChoice {
    /// The choice that `word` names: `auto`, or an action as nova.conf has it, `-` taken for `_`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "auto" => Some(Self::Auto),
            word => TimeoutAction::parse(&word.replace('-', "_")).map(Self::Fixed),
        }
    }
}

/// From which severity on findings make a command fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    /// This one and worse.
    AtLeast(Severity),
    /// None.
    Never,
}

impl Default for FailOn {
    fn default() -> Self {
        Self::AtLeast(Severity::Warning)
    }
}

impl FailOn {
    /// The choice that `word` names: a severity, or `never`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "never" => Some(Self::Never),
            word => Severity::parse(word).map(Self::AtLeast),
        }
    }

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AtLeast(severity) => severity.as_str(),
            Self::Never => "never",
        }
    }
}

/// A file of settings, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFile {
    /// Its path, `./novamend.toml` where it was found there.
    pub path: PathBuf,
    /// Whether it was named: `--settings`.
    pub is_named: bool,
    /// What it says, in words: `fail-on never`, `2 ignores`.
    pub says: Vec<String>,
    /// Its text.
    pub text: Arc<str>,
}

/// What the operator wants of a run.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Where severities and ignores come from, if anywhere.
    pub file: Option<SettingsFile>,
    /// Severities other than the rules' own; `None` turns a rule off.
    pub severities: Vec<(String, Option<Severity>)>,
    /// Findings not to report.
    pub ignores: Ignores,
    /// The releases that the files must serve at once, oldest first; fewer than two: there is an upgrade.
    pub valid_in: Vec<Release>,
    /// Which rules are asked.
    pub asked: Asked,
    /// Whether commented samples count too.
    pub pedantic: bool,
    /// `--action`.
    pub action: ActionChoice,
    /// `--program`: whom the files serve.
    pub programs: Programs,
    /// `--explicit`: write the action even where the default is the same.
    pub explicit: bool,
}

impl Settings {
    /// What is written about `rule`, the last line first: a severity, or that it is off.
    fn configured(&self, rule: &Rule) -> Option<&(String, Option<Severity>)> {
        self.severities.iter().rev().find(|(id, _)| id == rule.id)
    }

    /// Whether the settings turn `rule` off.
    #[must_use]
    pub fn is_off(&self, rule: &Rule) -> bool {
        self.configured(rule).is_some_and(|(_, severity)| severity.is_none())
    }

    /// How bad a finding of `rule` is that the rule itself calls `own`.
    #[must_use]
    pub fn severity(&self, rule: &Rule, own: Severity) -> Severity {
        self.configured(rule).and_then(|(_, severity)| *severity).unwrap_or(own)
    }
}

/// Which rules are asked: `--select` and `--ignore`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    only: Vec<&'static str>,
    without: Vec<&'static str>,
}

impl Asked {
    /// Only the rules `only`, all where that is empty, but for `without`.
    #[must_use]
    pub fn new(only: &[&'static Rule], without: &[&'static Rule]) -> Self {
        let ids = |rules: &[&'static Rule]| rules.iter().map(|rule| rule.id).collect();
        Self {
            only: ids(only),
            without: ids(without),
        }
    }

    /// Whether `rule` is.
    #[must_use]
    pub fn includes(&self, rule: &Rule) -> bool {
        (self.only.is_empty() || self.only.contains(&rule.id)) && !self.without.contains(&rule.id)
    }

    /// What is said about it, a clause; `None` where every rule is asked.
    #[must_use]
    pub fn in_words(&self) -> Option<String> {
        let mut words = Vec::new();
        if !self.only.is_empty() {
            words.push(format!("only {}", self.only.join(", ")));
        }
        if !self.without.is_empty() {
            words.push(format!("not {}", self.without.join(", ")));
        }
        (!words.is_empty()).then(|| words.join(", but "))
    }
}
