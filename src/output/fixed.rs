//! What `fix` hands over: the fixes of each stack, the files that they change, what is left, and how it ended.
//!
//! The sentences about it are built whole here; a format only lays them out.

use std::path::Path;

use serde::Serialize;

use super::Base;
use super::checked::{Checked, SuppressedCounts, counted_word};
use super::diff::Diff;
use super::entry::{self, hex};
use super::shown_path;
use crate::lint::{Context, Finding, Moment, Safety, Suppressed};
use crate::plain;
use crate::text::{Span, of_path};
use crate::write::Written;

/// What becomes of one stack.
pub struct Fixes<'a> {
    /// Where paths start in reports for other programs.
    pub base: &'a Base,
    /// The stack as it is.
    pub before: Context<'a>,
    /// The stack with what is written.
    pub written: Context<'a>,
    /// What is not reported of the stack as it is.
    pub suppressed: &'a [Suppressed],
    /// The findings that remain in what is written, and that no later fix answers.
    pub left: Vec<&'a Finding>,
    /// What the test migrations of `--verify` showed.
    pub proven: Option<Proof>,
    /// What speaks against the fixes, a sentence each.
    pub objections: Vec<String>,
    /// What is written, up to `--when`.
    pub now: Batch,
    /// What waits for a later hop.
    pub later: Batch,
}

/// Fixes that are applied together.
pub struct Batch {
    /// What holds for all of them, a line that ends with a colon where nothing more is said.
    pub heading: String,
    /// The fixes, in order.
    pub applied: Vec<AppliedFix>,
    /// The files that they change.
    pub changed: Vec<ChangedFile>,
}

/// One fix in the new texts.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AppliedFix {
    /// The rule whose finding it answers; `None` where an argument asked for it.
    pub rule: Option<&'static str>,
    /// What was done.
    pub title: String,
    /// Whether it needed `--unsafe-fixes`.
    #[serde(serialize_with = "entry::safety")]
    #[cfg_attr(test, schemars(with = "crate::output::json::schema::SafetyWord"))]
    pub safety: Safety,
    /// When it may be written.
    #[serde(serialize_with = "entry::moment")]
    #[cfg_attr(test, schemars(with = "entry::When"))]
    pub moment: Moment,
    /// Its edits, to be made one after the other.
    pub edits: Vec<ShownEdit>,
}

impl AppliedFix {
    /// The rule, or that it was asked for.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.rule.unwrap_or("as requested")
    }

    /// `with stein: `, where it belongs to a hop.
    #[must_use]
    pub fn hop(&self) -> String {
        match self.moment {
            Moment::Now => String::new(),
            Moment::With(release) => format!("with {}: ", release.short()),
        }
    }
}

/// One edit, for others to make.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ShownEdit {
    /// The file, from the base on.
    pub file: String,
    /// The bytes that go, in the text that all edits before it have left.
    pub span: Offsets,
    /// What comes in their place, secrets masked.
    pub text: String,
    /// Whether a secret in it is masked.
    pub masked: bool,
    /// As its fix.
    #[serde(serialize_with = "entry::safety")]
    #[cfg_attr(test, schemars(with = "crate::output::json::schema::SafetyWord"))]
    pub safety: Safety,
    /// As its fix.
    #[serde(serialize_with = "entry::moment")]
    #[cfg_attr(test, schemars(with = "entry::When"))]
    pub moment: Moment,
    /// The path's bytes in hex, where it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_hex: Option<String>,
}

/// A stretch of a file, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Offsets {
    /// Of the first byte.
    pub start: usize,
    /// Behind the last byte.
    pub end: usize,
}

impl From<Span> for Offsets {
    fn from(span: Span) -> Self {
        let Span { start, end } = span;
        Self { start, end }
    }
}

/// One file that changes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ChangedFile {
    /// Its path from the base on.
    pub file: String,
    /// What changes, secrets masked.
    #[cfg_attr(test, schemars(with = "String"))]
    pub diff: Diff,
    /// Whether a second parser agrees; `None` where it cannot read the texts.
    pub witnessed: Option<bool>,
    /// Why it cannot.
    pub not_witnessed_because: Option<String>,
    /// The path's bytes in hex, where it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_hex: Option<String>,
}

impl ChangedFile {
    /// The file at `path`, which starts at the base, about which a second parser is silent.
    #[must_use]
    pub fn new(path: &Path, diff: Diff) -> Self {
        Self {
            file: of_path(path).into_owned(),
            diff,
            witnessed: None,
            not_witnessed_because: None,
            file_hex: hex(path),
        }
    }

    /// Its path, as it may be printed.
    #[must_use]
    pub fn name(&self) -> String {
        plain::line(&self.file).into_owned()
    }

    /// That a second parser cannot read it, and why.
    #[must_use]
    pub fn doubt(&self) -> Option<String> {
        let reason = self.not_witnessed_because.as_ref()?;
        Some(format!("not confirmed by a second parser: {reason}"))
    }
}

/// What this host did with the new texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Proof {
    /// Whether it works as configured.
    pub works: bool,
    /// The verdict in a sentence.
    pub headline: String,
    /// What to do, where something is to be done.
    pub remedy: Option<String>,
}

impl Proof {
    /// That it works, where it does; what does not is among the objections.
    #[must_use]
    pub fn line(&self) -> Option<String> {
        self.works.then(|| format!("tested on this host: {}", self.headline))
    }
}

/// The command that would make the fix of `finding`, what it does, and why it is not safe.
#[must_use]
pub fn fix_available(finding: &Finding) -> Option<String> {
    let fix = finding.fix.as_ref()?;
    let flag = match fix.safety {
        Safety::Safe => "",
        Safety::Unsafe => " --unsafe-fixes",
    };
    let mut text = match finding.moment {
        Some(Moment::With(release)) => {
            format!("`novamend fix{flag} --when {}`, once {0} is installed", release.short())
        }
        _ => format!("`novamend fix{flag}`"),
    };
    if !finding.help.contains(&fix.title) {
        text.push_str(&format!(": {}", fix.title));
    }
    text.extend(finding.objection.iter().map(|why| format!("; not safe: {why}")));
    Some(text)
}

/// Why a fix that waits for the operator is not made without `--unsafe-fixes`.
#[must_use]
pub fn objection(finding: &Finding) -> Option<String> {
    let why = finding.objection.as_ref()?;
    Some(format!("its fix is not safe: {why}"))
}

/// How `fix` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending<'a> {
    /// The changes were shown, of all moments or of this one alone.
    Shown {
        /// Whether only what may be written now was asked for.
        is_now: bool,
    },
    /// They were shown, and would not be written.
    Refused,
    /// These files were written; none where that failed.
    Written(&'a [Written]),
}

/// What all stacks came to.
pub struct FixTotal<'a> {
    /// What was checked.
    pub checked: &'a Checked,
    /// Findings that are not reported, or lowered.
    pub hidden: SuppressedCounts,
    /// How many files change up to `--when`.
    pub changed: usize,
    /// How many change later.
    pub changed_later: usize,
    /// How many fixes wait for a later hop.
    pub later: usize,
    /// The command that applies them, to be copied.
    pub command: String,
    /// How it ended.
    pub ending: Ending<'a>,
}

impl FixTotal<'_> {
    /// The files that were written.
    #[must_use]
    pub fn written(&self) -> &[Written] {
        match self.ending {
            Ending::Written(written) => written,
            Ending::Shown { .. } | Ending::Refused => &[],
        }
    }

    /// The last lines: what was or would be written, what waits, what is hidden.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = self.outcome();
        lines.extend(self.hidden.in_words(self.checked));
        if self.checked.compares_nothing() {
            lines.push("no upgrade was compared: pass `--from` with the release that runs today".to_owned());
        }
        lines
    }

    fn outcome(&self) -> Vec<String> {
        let files = counted_word(self.changed, "file");
        let mut lines = match self.ending {
            _ if self.changed == 0 && self.changed_later == 0 => return vec!["no fixes to apply".to_owned()],
            _ if self.changed == 0 => vec!["no fixes to apply now".to_owned()],
            Ending::Refused => vec!["nothing would be written".to_owned()],
            Ending::Shown { is_now: true } => vec![format!("{files} would be changed now; use `--write` to apply")],
            Ending::Shown { is_now: false } => vec![format!("{files} would be changed; use `--write` to apply")],
            Ending::Written([]) => vec!["nothing was written".to_owned()],
            Ending::Written(written) => written.iter().map(written_line).collect(),
        };
        if self.changed_later > 0 {
            lines.push(format!(
                "{} in {} left for the upgrade; when you upgrade, run {}",
                counted_word(self.later, "edit"),
                counted_word(self.changed_later, "file"),
                self.command
            ));
        }
        lines
    }
}

/// What was written, and where the old text is.
#[must_use]
pub fn written_line(written: &Written) -> String {
    let mut line = format!("wrote {}", shown_path(&written.target));
    if let Some(backup) = &written.backup {
        line.push_str(&format!("; the old text is in {}", shown_path(backup)));
    }
    line
}
