//! What a rule says: a finding with its place, reason, help and fix.
//!
//! How it is printed is [`crate::output`]'s business, how a fix is applied [`crate::fix`]'s.

pub use crate::conf::layers::Place;

use super::Rule;
use crate::text::{Edit, Span};

/// How bad a finding is; the order is that of `--fail-on`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Something other than a person would expect.
    Warning,
    /// The upgraded nova will do harm or not start.
    Error,
}

impl Severity {
    /// All, the mildest first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Error];

    /// The word for it in settings and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The severity `word` names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == word)
    }
}

/// Where something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Location {
    /// A stretch of a file; `layer` indexes [`crate::conf::layers::Stack::layers`].
    File {
        /// Which file.
        layer: usize,
        /// Which bytes of it.
        span: Span,
    },
    /// A variable of the environment; index into [`crate::conf::layers::Stack::environment`].
    Environment(usize),
    /// The stack as a whole: something is missing, and no line can be blamed.
    Stack,
}

/// Another place that has to do with a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// Where.
    pub location: Location,
    /// What about it, in a few words.
    pub note: String,
}

/// A group (as oslo.config matches it) and an option's name as looked up: what an edit may change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OptionName {
    /// The group.
    pub group: String,
    /// The name.
    pub name: String,
}

impl OptionName {
    /// `name` in `group`.
    #[must_use]
    pub fn new(group: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            group: group.into(),
            name: name.into(),
        }
    }
}

/// Whether a fix may be applied without being asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Safety {
    /// It keeps what the file means to the release of today.
    Safe,
    /// It changes what the file means, or rests on something only the operator knows: only with `--unsafe-fixes`.
    Unsafe,
}

impl Safety {
    /// The word for it in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
        }
    }
}

/// One edit of one file of the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerEdit {
    /// Which file; index into [`crate::conf::layers::Stack::layers`].
    pub layer: usize,
    /// What changes in it.
    pub edit: Edit,
}

/// A way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an order: "remove `live_migration_progress_timeout`".
    pub title: String,
    /// Whether it is applied without being asked for.
    pub safety: Safety,
    /// The edits; applied together or not at all.
    pub edits: Vec<LayerEdit>,
    /// The options whose effective value may change; anything else that moves makes the proof fail.
    pub announces: Vec<OptionName>,
}

/// One thing a rule found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How bad; set from the rule and the settings by [`super::run`].
    pub severity: Severity,
    /// Where.
    pub location: Location,
    /// What is found: lower case, no full stop, options in backquotes, never a secret.
    pub message: String,
    /// Why it matters, in a sentence or two; empty where the message says it.
    pub why: String,
    /// What to do next; empty where there is nothing to do.
    pub help: String,
    /// Every other place that has to do with it.
    pub related: Vec<Related>,
    /// A way out, where there is one.
    pub fix: Option<Fix>,
}

impl Finding {
    /// A finding of `rule` at `location` that says `message`; the rest is added by the `with` functions.
    #[must_use]
    pub fn new(rule: &'static Rule, location: Location, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity: rule.severity,
            location,
            message: message.into(),
            why: String::new(),
            help: String::new(),
            related: Vec::new(),
            fix: None,
        }
    }

    /// With the reason why it matters.
    #[must_use]
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    /// With what to do next.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// With another place.
    #[must_use]
    pub fn with_related(mut self, location: Location, note: impl Into<String>) -> Self {
        let note = note.into();
        self.related.push(Related { location, note });
        self
    }

    /// With a way out, if there is one.
    #[must_use]
    pub fn with_fix(mut self, fix: Option<Fix>) -> Self {
        self.fix = fix;
        self
    }

    /// Reading order: by place, the worse first where places are equal.
    pub(super) fn order(&self) -> (Location, std::cmp::Reverse<Severity>, &'static str, &str) {
        (
            self.location,
            std::cmp::Reverse(self.severity),
            self.rule.id,
            &self.message,
        )
    }
}
