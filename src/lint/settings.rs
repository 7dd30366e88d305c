//! What the operator wants of a run: severities, ignored findings, the action.
//!
//! It is plain data; `novamend.toml` is read in [`crate::settings`], arguments in the command line.

use std::path::{Path, PathBuf};

use super::finding::{Finding, Location, Severity};
use super::{Context, Rule};
use crate::conf::layers::Layer;
use crate::migration::Action;
use crate::text;

/// `--action`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ActionChoice {
    /// The one that keeps what the old settings meant.
    #[default]
    Auto,
    /// This one.
    Fixed(Action),
}

/// Findings the operator knows of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignore {
    /// The rule's id.
    pub rule: String,
    /// Only in this file, or in a stack it is of: the path as reported, or its last components.
    pub file: Option<PathBuf>,
    /// Only of this option: `group.name`.
    pub option: Option<String>,
    /// Why.
    pub reason: String,
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
}

/// What the operator wants of a run.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Where severities and ignores come from, if anywhere.
    pub file: Option<SettingsFile>,
    /// Severities other than the rules' own; `None` turns a rule off.
    pub severities: Vec<(String, Option<Severity>)>,
    /// Findings not to report.
    pub ignores: Vec<Ignore>,
    /// Whether commented samples count too.
    pub pedantic: bool,
    /// `--action`.
    pub action: ActionChoice,
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

    /// The first ignore that covers `finding`.
    #[must_use]
    pub fn ignoring(&self, context: &Context<'_>, finding: &Finding) -> Option<&Ignore> {
        self.ignores.iter().find(|ignore| ignore.covers(context, finding))
    }
}

impl Ignore {
    /// Whether it covers `finding`.
    #[must_use]
    pub fn covers(&self, context: &Context<'_>, finding: &Finding) -> bool {
        if self.rule != finding.rule.id {
            return false;
        }
        let mut layers = context.stack.layers().iter();
        let is_of = |layer: &Layer, file: &PathBuf| {
            let path = layer.document.source().path();
            // A path that is not UTF-8 is written as reports show it.
            path.ends_with(file) || (path.to_str().is_none() && Path::new(&*text::of_path(path)).ends_with(file))
        };
        let in_file = match (&self.file, finding.location) {
            (None, _) => true,
            (Some(file), Location::File { layer, .. }) => layers.nth(layer).is_some_and(|layer| is_of(layer, file)),
            (Some(file), Location::Stack) => layers.any(|layer| is_of(layer, file)),
            (Some(_), Location::Environment(_)) => false,
        };
        in_file
            && self
                .option
                .as_ref()
                .is_none_or(|option| context.subject(finding).as_ref() == Some(option))
    }
}
