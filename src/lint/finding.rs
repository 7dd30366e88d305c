//! What a rule says: a finding with its place, reason, help and fix.
//!
//! How it is printed is up to [`crate::output`], how a fix is applied is up to [`crate::fix`].

pub use crate::oslo::stack::AssignmentId;

use std::borrow::Cow;

use super::{Condition, Rule};
use crate::catalog::Release;
use crate::redact::Secrets;
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

/// What comes of what is found, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// A service of nova does not start.
    StopsService,
    /// Live migrations or instances fail.
    StopsWork,
    /// Nova does something else than the author meant, or than it does today.
    MeansOther,
    /// Nova takes no notice of it.
    Ignored,
    /// Nothing yet.
    ToPlan,
}

impl Effect {
    /// All, the worst first.
    pub const ALL: [Self; 5] = [
        Self::StopsService,
        Self::StopsWork,
        Self::MeansOther,
        Self::Ignored,
        Self::ToPlan,
    ];

    /// Its place in the order of reports: what nova takes no notice of and what is to be planned are equally far from any harm.
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::StopsService => 0,
            Self::StopsWork => 1,
            Self::MeansOther => 2,
            Self::Ignored | Self::ToPlan => 3,
        }
    }

    /// The word for it in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StopsService => "stops-service",
            Self::StopsWork => "stops-work",
            Self::MeansOther => "means-other",
            Self::Ignored => "ignored",
            Self::ToPlan => "to-plan",
        }
    }
}

/// Where something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Location {
    /// A stretch of a file; `layer` indexes [`crate::oslo::stack::Stack::layers`].
    File {
        /// Which file.
        layer: usize,
        /// Which bytes of it.
        span: Span,
    },
    /// A variable of the environment; index into [`crate::oslo::stack::Stack::environment`].
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
pub struct Announced {
    /// The group.
    pub group: String,
    /// The name.
    pub name: String,
    /// Whether only the lines change: its effective value must stay what it is.
    pub keeps_value: bool,
}

impl Announced {
    /// `name` in `group`.
    #[must_use]
    pub fn new(group: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            group: group.into(),
            name: name.into(),
            keeps_value: false,
        }
    }

    /// `name` in `group`, whose lines change while its effective value must stay what it is.
    #[must_use]
    pub fn kept(group: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            keeps_value: true,
            ..Self::new(group, name)
        }
    }

    /// Whether both name the same option.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.group == other.group && self.name == other.name
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
    /// Which file; index into [`crate::oslo::stack::Stack::layers`].
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
    pub announces: Vec<Announced>,
}

/// When the edit that a finding asks for can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EditWindow {
    /// Before the upgrade: both releases read the new text alike.
    Before,
    /// On the way: after the hop to one release and before the hop to the next.
    Between(Release, Release),
    /// Only with the hop to this release: the one before it does not read the new text so.
    With(Release),
}

/// When an edit may be written; see [`crate::fix::grade()`], which finds it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Moment {
    /// Now: the release that runs today reads the same values before and after.
    Now,
    /// With the hop to this release: the one that runs today still reads the old text.
    With(Release),
}

/// A step of the upgrade, and when to edit for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where the hop starts and ends; `None` where it lies behind, or no hop changes anything.
    pub hop: Option<(Release, Release)>,
    /// When to edit.
    pub edited: EditWindow,
}

impl Step {
    /// When to edit, to go on from an order: "before the upgrade (both releases read it the same way)".
    #[must_use]
    pub fn when(&self) -> String {
        match self.edited {
            EditWindow::Before => "before the upgrade (both releases read it the same way)".to_owned(),
            EditWindow::Between(after, before) => format!(
                "after the hop to {} and before the one to {}",
                after.short(),
                before.short()
            ),
            EditWindow::With(release) => format!("with the hop to {}, not before", release.short()),
        }
    }

    /// To begin a sentence: "it begins at the hop from rocky to stein; "; empty where no hop lies ahead.
    #[must_use]
    pub fn begin(&self) -> String {
        match self.place() {
            place if place.is_empty() => place,
            place => format!("it begins{place}; "),
        }
    }

    /// Where it happens, to end a sentence: " at the hop from rocky to stein"; empty where no hop lies ahead.
    #[must_use]
    pub fn place(&self) -> String {
        self.hop.map_or_else(String::new, |(start, end)| {
            format!(" at the hop from {} to {}", start.short(), end.short())
        })
    }
}

/// One thing a rule found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How bad: the rule's word, unless the settings say otherwise ([`super::run`]).
    pub severity: Severity,
    /// How bad the rule calls it, where the settings call it less bad.
    pub lowered_from: Option<Severity>,
    /// What comes of it.
    pub effect: Effect,
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
    /// The hop at which it happens and when to edit, where that is known.
    pub step: Option<Step>,
    /// The option it is about, where no line can be blamed.
    pub option: Option<Announced>,
    /// When its fix may be written; `None` until [`crate::fix::grade()`] has looked, and where there is no fix.
    pub moment: Option<Moment>,
    /// Why its fix is not safe though the rule offers it as such; found out by [`crate::fix::grade()`].
    pub objection: Option<String>,
    /// Whether its fix writes a value that no line of the files holds, for the reason that it gives.
    pub is_reasoned: bool,
    /// What must run today for it to hold; `None`: it holds whatever may run ([`super::run_today`]).
    pub condition: Option<Condition>,
    /// Whether it says all there is to say of its file: what else is found there is left out.
    pub says_all: bool,
    /// Whether it speaks of its file as a whole, of whatever branches of a template are taken.
    pub is_of_file: bool,
}

impl Finding {
    /// Whether one of its texts names the file `name`, so that it is of no other.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        let title = self.fix.as_ref().map(|fix| &fix.title);
        let own = [&self.message, &self.why, &self.help]
            .into_iter()
            .chain(&self.objection);
        let others = self.related.iter().map(|related| &related.note).chain(title);
        own.chain(others).any(|text| text.contains(name))
    }

    /// A finding of `rule` at `location` that says `message`; the rest is added by the `with` functions.
    #[must_use]
    pub fn new(rule: &'static Rule, location: Location, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity: rule.severity,
            lowered_from: None,
            effect: rule.effect,
            location,
            message: message.into(),
            why: String::new(),
            help: String::new(),
            related: Vec::new(),
            fix: None,
            step: None,
            option: None,
            moment: None,
            objection: None,
            is_reasoned: false,
            condition: None,
            says_all: false,
            is_of_file: false,
        }
    }

    /// With a fix whose value follows from what the files mean today, though no line of them holds it.
    #[must_use]
    pub fn reasoned(mut self) -> Self {
        self.is_reasoned = true;
        self
    }

    /// About its file as a whole.
    #[must_use]
    pub fn of_file(mut self) -> Self {
        self.is_of_file = true;
        self
    }

    /// As all there is to say of its file.
    #[must_use]
    pub fn saying_all(mut self) -> Self {
        self.says_all = true;
        self.of_file()
    }

    /// About an option that no line sets.
    #[must_use]
    pub fn about_option(mut self, option: Announced) -> Self {
        self.option = Some(option);
        self
    }

    /// Graded other than its rule.
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// With another effect than its rule's.
    #[must_use]
    pub fn with_effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// With the hop at which it happens, and when to edit.
    #[must_use]
    pub fn with_hop(mut self, step: Step) -> Self {
        self.step = Some(step);
        self
    }

    /// With the reason why it matters.
    #[must_use]
    pub fn with_reason(mut self, why: impl Into<String>) -> Self {
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

    /// Hides `secrets` in every text of it.
    pub(super) fn hide(&mut self, secrets: &Secrets) {
        let notes = self.related.iter_mut().map(|related| &mut related.note);
        let title = self.fix.iter_mut().map(|fix| &mut fix.title);
        let own = [&mut self.message, &mut self.why, &mut self.help];
        for text in own.into_iter().chain(notes).chain(title) {
            if let Cow::Owned(hidden) = secrets.hide(text) {
                *text = hidden;
            }
        }
    }

    /// Errors first, then what stops something, then by place, the worse first where places are equal.
    pub(super) fn order(&self) -> (bool, u8, Location, std::cmp::Reverse<Severity>, &'static str, &str) {
        (
            self.severity != Severity::Error,
            self.effect.rank(),
            self.location,
            std::cmp::Reverse(self.severity),
            self.rule.id,
            &self.message,
        )
    }
}
