//! What the operator wants of a run: severities, ignored findings, the action.
//!
//! It is plain data; `novamend.toml` is read in [`crate::settings`], arguments in the command line.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};

use super::finding::{Finding, Location, Severity};
use super::{Context, Rule};
use crate::nova::migration::TimeoutAction;
use crate::nova::start::programs::Programs;
use crate::oslo::stack::Layer;
use crate::text;

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
    pub ignores: Ignores,
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

    /// The first ignore that covers `finding`.
    #[must_use]
    pub fn ignoring(&self, context: &Context<'_>, finding: &Finding) -> Option<&Ignore> {
        self.ignores.covering(context, finding)
    }
}

/// Ignores in their order, found without a look at each: a baseline has one for every finding.
#[derive(Clone, Debug, Default)]
pub struct Ignores {
    all: Vec<Ignore>,
    /// The first of each rule, option and file, by the hash of these; of several with one hash all, in their order.
    first: HashMap<u64, Vec<usize>>,
    hasher: RandomState,
}

impl From<Vec<Ignore>> for Ignores {
    fn from(all: Vec<Ignore>) -> Self {
        let hasher = RandomState::new();
        let mut first: HashMap<u64, Vec<usize>> = HashMap::with_capacity(all.len());
        for (number, ignore) in all.iter().enumerate() {
            let known = first.entry(hasher.hash_one(ignore.key())).or_default();
            if known.iter().all(|&one| all[one].key() != ignore.key()) {
                known.push(number);
            }
        }
        Self { all, first, hasher }
    }
}

impl Ignore {
    /// What must be the same for it to cover a finding.
    fn key(&self) -> (&str, Option<&str>, Option<&Path>) {
        (&self.rule, self.option.as_deref(), self.file.as_deref())
    }
}

impl Ignores {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The ignores in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Ignore> {
        self.all.iter()
    }

    /// The first that covers `finding`.
    #[must_use]
    pub fn covering(&self, context: &Context<'_>, finding: &Finding) -> Option<&Ignore> {
        if self.all.is_empty() {
            return None;
        }
        let option = context.subject(finding);
        let options = [None, option.as_deref()];
        let options = &options[..=usize::from(option.is_some())];
        let layers = context.stack.layers();
        let layers = match finding.location {
            Location::File { layer, .. } => layers.get(layer..=layer).unwrap_or_default(),
            Location::Stack => layers,
            Location::Environment(_) => &[],
        };
        let mut least: Option<usize> = None;
        let mut look_for = |file: Option<&Path>| {
            for &option in options {
                let number = self.first_of((finding.rule.id, option, file));
                least = least.into_iter().chain(number).min();
            }
        };
        look_for(None);
        for layer in layers {
            for_each_ending(layer, |ending| look_for(Some(ending)));
        }
        self.all.get(least?)
    }

    /// The first with this rule, option and file.
    fn first_of(&self, key: (&str, Option<&str>, Option<&Path>)) -> Option<usize> {
        let known = self.first.get(&self.hasher.hash_one(key))?;
        known.iter().copied().find(|&one| self.all[one].key() == key)
    }
}

/// Calls `take` with what may stand for the file of `layer`: its path as reported, and the last components of that.
fn for_each_ending(layer: &Layer, mut take: impl FnMut(&Path)) {
    let path = layer.document.source().path();
    // A path that is not UTF-8 is written as reports show it.
    let written = path.to_str().is_none().then(|| PathBuf::from(&*text::of_path(path)));
    for path in std::iter::once(path).chain(written.as_deref()) {
        let mut rest = path.components();
        while !rest.as_path().as_os_str().is_empty() {
            take(rest.as_path());
            rest.next();
        }
    }
}
