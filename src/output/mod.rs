//! How results look: the typed parts that every verb hands over, and one file per format that renders them.
//!
//! It decides nothing: severities, secrets and exit codes are settled before. What is printed passes `plain` once more.

pub mod base;
pub mod checked;
pub mod checkstyle;
pub mod csv;
pub mod diff;
pub mod entry;
pub mod envelope;
pub mod excerpt;
pub mod facts;
mod fingerprint;
pub mod fixed;
pub mod fold;
mod format;
pub mod github;
pub mod gitlab;
pub mod hop;
pub mod json;
pub mod jsonl;
pub mod junit;
pub mod known;
pub mod life;
pub mod markdown;
pub mod nova_status;
pub mod places;
pub mod pretty;
pub mod proposed;
mod reported;
pub mod sarif;
#[cfg(any(test, feature = "schema"))]
pub mod schema;
pub mod short;
pub mod sink;
pub mod style;
mod survey;
pub mod table;
pub mod told;
mod xml;

use std::path::Path;
use std::sync::Arc;

pub use base::Base;
pub use checked::{Checked, Compared, Counts, Summary, SuppressedCounts, counted_word};
pub use format::Format;
pub use proposed::Proposed;
pub use style::{Detail, Style};

use crate::catalog::Release;
use crate::inputs::directory::NotRead;
use crate::lint::{Context, EditWindow, Finding, Location, Rule, Suppressed};
use crate::oslo::stack::Stack;
use crate::plain;
use crate::redact;
use envelope::Kind;

/// A format: it renders what every verb hands over. A document is what [`Report::begin`] returns, one piece for each part
/// with [`Report::between`] between those that are not empty, and what [`Report::end`] returns.
pub trait Report: Send + Sync {
    /// What opens the document.
    fn begin(&self, head: &Head<'_>) -> String;
    /// One part. It may be asked of many threads at once, for the parts of a document in any order; the pieces are
    /// printed in reading order.
    fn stack(&self, part: &Part<'_, '_>) -> Piece;
    /// What stands between two pieces that are not empty.
    fn between(&self, _kind: Kind) -> &'static str {
        ""
    }
    /// Takes what a piece tells of its findings, in reading order, for a report that says equal ones once.
    fn keep(&self, _told: fold::Batch) {}
    /// What closes the document; `late` is what its pieces kept for this, in reading order.
    fn end(&self, tail: &Tail<'_>, late: &[String]) -> String;
}

/// What is known before anything is printed.
#[derive(Clone, Copy, Debug)]
pub enum Head<'a> {
    /// Of `check`.
    Check(&'a Checked),
    /// Of `fix`.
    Fix(&'a Checked),
    /// Of `where`.
    Where,
    /// Of `option`.
    Option,
    /// Of `upgrade`: from, to.
    Upgrade(Release, Release),
    /// Of `rules`.
    Rules,
    /// Of `explain`.
    Explain,
}

impl Head<'_> {
    /// The verb.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Check(_) => Kind::Check,
            Self::Fix(_) => Kind::Fix,
            Self::Where => Kind::Where,
            Self::Option => Kind::Option,
            Self::Upgrade(..) => Kind::Upgrade,
            Self::Rules => Kind::Rules,
            Self::Explain => Kind::Explain,
        }
    }
}

/// One part of a document.
#[derive(Clone, Copy)]
pub enum Part<'a, 'c> {
    /// Of `check`: what is found in one stack.
    Findings(&'a Findings<'a, 'c>),
    /// Of `fix`: what becomes of one stack.
    Fixes(&'a fixed::Fixes<'c>),
    /// Of `where`: what sets an option of one stack, or every assignment of it.
    Answer(&'a places::Answer),
    /// Of `option`: its life.
    Life(&'a life::Life),
    /// Of `upgrade`: one hop.
    Hop(&'a hop::Hop),
    /// Of `rules`: all of them.
    Rules(&'a [&'static Rule]),
    /// Of `explain`: the page of a rule.
    Page(&'static Rule),
}

/// What is known when all is done.
#[derive(Clone, Copy)]
pub enum Tail<'a> {
    /// Of `check`.
    Check(&'a CheckTotal<'a>),
    /// Of `fix`.
    Fix(&'a fixed::FixTotal<'a>),
    /// Of a verb whose parts say all there is to say.
    Plain(Kind),
}

/// What is found in one stack.
pub struct Findings<'a, 'c> {
    /// What was checked.
    pub checked: &'a Checked,
    /// The stack and the upgrade.
    pub context: &'a Context<'c>,
    /// What is reported, in reading order, graded.
    pub findings: &'a [Finding],
    /// What is not.
    pub suppressed: &'a [Suppressed],
    /// What `fix` would write, by its findings; empty where no format asks for it.
    pub proposed: &'a [Proposed],
}

/// What all stacks of `check` came to.
pub struct CheckTotal<'a> {
    /// What was checked.
    pub checked: &'a Checked,
    /// The counts.
    pub summary: Summary,
    /// When to edit which option, each once.
    pub steps: &'a [(EditWindow, String)],
    /// Every rule that there is.
    pub rules: &'a [&'static Rule],
    /// What was to be checked and could not be read.
    pub unread: &'a [NotRead],
    /// The command that goes on from here, to be copied; `None` where there is nothing to do.
    pub next: Option<&'a str>,
}

/// What became of one part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// What is printed in its place; may be empty.
    pub text: String,
    /// What the end of the document wants of it.
    pub late: Option<String>,
    /// Its findings, for [`Report::keep`]; empty where each is printed in its place.
    pub told: fold::Batch,
}

impl From<String> for Piece {
    fn from(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }
}

/// Puts a document together; the caller prints what it returns, in order.
pub struct Printer {
    report: Arc<dyn Report>,
    kind: Kind,
    has_pieces: bool,
    late: Vec<String>,
}

impl Printer {
    /// A document that opens with `head`, and its first text.
    #[must_use]
    pub fn begin(format: Format, style: Style, head: &Head<'_>) -> (Self, String) {
        let report = format.report(style);
        let text = report.begin(head);
        let printer = Self {
            report,
            kind: head.kind(),
            has_pieces: false,
            late: Vec::new(),
        };
        (printer, text)
    }

    /// What renders the parts, for threads that do so while others of them are printed.
    #[must_use]
    pub fn report(&self) -> Arc<dyn Report> {
        Arc::clone(&self.report)
    }

    /// The text of the next piece.
    pub fn add(&mut self, piece: Piece) -> String {
        self.late.extend(piece.late);
        self.report.keep(piece.told);
        if piece.text.is_empty() || !self.has_pieces {
            self.has_pieces |= !piece.text.is_empty();
            return piece.text;
        }
        format!("{}{}", self.report.between(self.kind), piece.text)
    }

    /// The last text, of a verb that has a total.
    #[must_use]
    pub fn end(&self, tail: &Tail<'_>) -> String {
        self.report.end(tail, &self.late)
    }
}

/// `path:line:column` of a location, as far as it has one; the path from `base` on, as it was given where there is none.
#[must_use]
pub fn address(base: Option<&Base>, stack: &Stack, location: Location) -> String {
    let shown = |path: &Path| base.map_or_else(|| shown_path(path), |base| shown_path(&base.relative(path)));
    match location {
        Location::File { layer, span } => {
            let source = stack.layers()[layer].document.source();
            let position = source.position(span.start);
            format!("{}:{}:{}", shown(source.path()), position.line, position.column)
        }
        Location::Environment(variable) => {
            let name = redact::hidden(&stack.environment()[variable].name);
            format!("environment {}", plain::line(&name))
        }
        Location::Stack => stack
            .layers()
            .last()
            .map_or_else(|| "no file".to_owned(), |layer| shown(layer.document.source().path())),
    }
}

/// A path as it may be printed: on one line, what could rule a terminal escaped.
#[must_use]
pub fn shown_path(path: &Path) -> String {
    plain::path(path)
}
