//! What `option` hands over: the life of one option, release by release, with everything that is known about it.

use super::facts;
use crate::catalog::{self, OptionFacts, Release, moves};
use crate::catalog::{Fate, fate};

/// The life of an option.
#[derive(Clone, Debug)]
pub struct Life {
    /// Its group.
    pub group: String,
    /// Its name.
    pub name: String,
    /// One entry per span of releases in which nothing about it changed.
    pub spans: Vec<OptionFacts>,
    /// The options it is or was an old name of.
    pub old_name_of: Vec<OptionFacts>,
    /// Ids of the rules whose page names it.
    pub rules: Vec<&'static str>,
}

impl Life {
    /// What is known of `group`.`name`, about which `rules` speak.
    #[must_use]
    pub fn of(group: &str, name: &str, rules: Vec<&'static str>) -> Self {
        Self {
            group: group.to_owned(),
            name: name.to_owned(),
            spans: catalog::life(group, name),
            old_name_of: catalog::life_as_alias(group, name),
            rules,
        }
    }

    /// `[group] name`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("[{}] {}", self.group, self.name)
    }

    /// The first release without it; `None` where the newest has it.
    #[must_use]
    pub fn gone_in(&self) -> Option<Release> {
        let last = self.spans.last().and_then(OptionFacts::until)?;
        last.next()
    }

    /// Where to read on: the rules about it.
    #[must_use]
    pub fn pages(&self) -> Option<String> {
        let rules = self.rules.join(", ");
        (!rules.is_empty()).then(|| format!("rules about it: {rules} (`novamend explain RULE-ID`)"))
    }

    /// What it is an old name of, and how long that counts, a sentence each.
    #[must_use]
    pub fn old_names(&self) -> Vec<String> {
        let mut targets: Vec<(&str, &str)> = self.old_name_of.iter().map(|f| (f.group(), f.name())).collect();
        targets.sort_unstable();
        targets.dedup();
        let lines = targets.iter().map(|(group, name)| {
            let spans: Vec<&OptionFacts> = self
                .old_name_of
                .iter()
                .filter(|facts| (facts.group(), facts.name()) == (*group, *name))
                .collect();
            let since = spans.iter().map(|facts| facts.since()).min().unwrap_or(Release::OLDEST);
            let until = if spans.iter().any(|facts| facts.until().is_none()) {
                None
            } else {
                spans.iter().filter_map(|facts| facts.until()).max()
            };
            format!("an old name of [{group}] {name} ({})", releases(since, until))
        });
        lines.collect()
    }

    /// What the lists cannot say, each with its source.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        let known = moves::moves();
        let is_it = |group: &str, name: &str| group == self.group && name == self.name;
        let mut notes = Vec::new();
        let is_gone = !matches!(
            fate(&self.group, &self.name, Release::newest()),
            Fate::Known(_) | Fate::Old(_)
        );
        if let Some(gone) = moves::gone(&self.group, &self.name).filter(|_| is_gone) {
            let instead = if gone.instead.is_empty() {
                String::new()
            } else {
                format!("; instead, {}", gone.instead)
            };
            notes.push(Note::new(format!("{}{instead}", gone.why), gone.source));
        }
        let behaviours = known.meanings.iter().chain(known.news);
        for entry in behaviours.filter(|entry| is_it(entry.group, entry.name)) {
            let (release, why) = (entry.release.short(), &entry.why);
            notes.push(Note::new(format!("from {release} on {why}"), entry.source));
        }
        let defaults = known.defaults.iter().filter(|entry| is_it(entry.group, entry.name));
        for entry in defaults.filter(|entry| !entry.why.is_empty()) {
            let (release, why) = (entry.release.short(), &entry.why);
            notes.push(Note::new(format!("with the default of {release} {why}"), entry.source));
        }
        notes
    }
}

/// What the columns of a life are called.
pub const COLUMNS: [&str; 5] = ["releases", "type", "default", "limits", "remarks"];

/// One span of a life in words, under [`COLUMNS`].
#[must_use]
pub fn row(option: OptionFacts) -> [String; 5] {
    let mut remarks = facts::marks(option);
    remarks.extend(
        option
            .aliases()
            .map(|old| format!("old name [{}] {}", old.group, old.name)),
    );
    let limits = facts::limits(option);
    let or_dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
    [
        releases(option.since(), option.until()),
        facts::kind(option),
        facts::default(option),
        or_dash(limits.join("; ")),
        remarks.join("; "),
    ]
}

/// Something about an option, and where it is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What.
    pub text: String,
    /// Where.
    pub source: String,
}

impl Note {
    /// Both, the source on a line of its own.
    #[must_use]
    pub fn lines(&self) -> String {
        format!("{}\n  {}", self.text, self.source)
    }

    fn new(text: String, source: &str) -> Self {
        let source = source.to_owned();
        Self { text, source }
    }
}

/// `stein (19)`, `stein (19) to train (20)`, `stein (19) on`.
#[must_use]
pub fn releases(since: Release, until: Option<Release>) -> String {
    match until {
        None => format!("{} ({}) on", since.short(), since.number()),
        Some(until) if until == since => format!("{} ({})", since.short(), since.number()),
        Some(until) => format!(
            "{} ({}) to {} ({})",
            since.short(),
            since.number(),
            until.short(),
            until.number()
        ),
    }
}
