//! How results look: one file per format, and what they share.
//!
//! It decides nothing: severities, secrets and exit codes are settled before. Every text goes through the mask.

pub mod diff;
pub mod excerpt;
pub mod facts;
pub mod json;
pub mod pretty;
pub mod short;
pub mod sink;
pub mod table;

use std::path::Path;

use crate::catalog::Release;
use crate::conf::layers::Stack;
use crate::lint::{Finding, Location, Severity};

/// How `check` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The line, a caret, why it matters, what to do.
    #[default]
    Pretty,
    /// One line per finding: `path:line:column: severity[rule]: message`.
    Short,
    /// One document, described in `docs/json.md`.
    Json,
}

/// How text looks on this terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether colours are used.
    pub color: bool,
    /// Whether lines may be drawn with characters beyond ASCII.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            color: false,
            unicode: true,
            width: 100,
        }
    }
}

/// What was checked: the first line of every report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// How many files were read.
    pub files: usize,
    /// The releases of today, each with how many stacks are of it; most first.
    pub from: Vec<(Release, usize)>,
    /// The release to come.
    pub to: Release,
    /// Where `from` comes from.
    pub why: String,
}

/// How many findings of each severity there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Good to know.
    pub infos: usize,
}

impl Counts {
    /// Counts `findings`.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Self {
        let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        Self {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            infos: count(Severity::Info),
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            errors: self.errors + other.errors,
            warnings: self.warnings + other.warnings,
            infos: self.infos + other.infos,
        }
    }

    /// How many there are at `severity` or above.
    #[must_use]
    pub fn at_or_above(self, severity: Severity) -> usize {
        match severity {
            Severity::Info => self.errors + self.warnings + self.infos,
            Severity::Warning => self.errors + self.warnings,
            Severity::Error => self.errors,
        }
    }

    /// `1 error, 2 warnings`; `nothing found` where there is none.
    #[must_use]
    pub fn in_words(self) -> String {
        let counted = [(self.errors, "error"), (self.warnings, "warning"), (self.infos, "note")];
        let words: Vec<String> = counted
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| counted_word(count, word))
            .collect();
        if words.is_empty() {
            "nothing found".to_owned()
        } else {
            words.join(", ")
        }
    }
}

/// `1 file`, `2 files`.
#[must_use]
pub fn counted_word(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

impl Checked {
    /// The releases an upgrade stops at, the first and the last of it included; empty where it is one hop or none, or
    /// where not every stack is of one release.
    #[must_use]
    pub fn stops(&self) -> Vec<Release> {
        let [(from, _)] = self.from[..] else {
            return Vec::new();
        };
        let hops = from.hops(self.to);
        if hops.len() < 2 {
            return Vec::new();
        }
        std::iter::once(from).chain(hops).collect()
    }

    /// The line that opens a report.
    #[must_use]
    pub fn line(&self) -> String {
        let from = match &self.from[..] {
            [] => String::new(),
            [(only, _)] => format!("from {only} "),
            many => {
                let words: Vec<String> = many
                    .iter()
                    .map(|(release, count)| format!("{} ({count})", release.short()))
                    .collect();
                format!("from {} ", words.join(", "))
            }
        };
        format!(
            "checked {}, {from}to {}: {}",
            counted_word(self.files, "file"),
            self.to,
            self.why
        )
    }
}

/// `path:line:column` of a location, as far as it has one.
#[must_use]
pub fn address(stack: &Stack, location: Location) -> String {
    match location {
        Location::File { layer, span } => {
            let source = stack.layers()[layer].document.source();
            let position = source.position(span.start);
            format!("{}:{}:{}", shown_path(source.path()), position.line, position.column)
        }
        Location::Environment(variable) => format!("environment {}", stack.environment()[variable].name),
        Location::Stack => stack.layers().last().map_or_else(
            || "no file".to_owned(),
            |layer| shown_path(layer.document.source().path()),
        ),
    }
}

/// A path as it may be printed: control characters, which could rule a terminal, are escaped.
#[must_use]
pub fn shown_path(path: &Path) -> String {
    plain(&path.to_string_lossy())
}

/// `text` with its control characters escaped, but for tabs and line ends.
#[must_use]
pub fn plain(text: &str) -> String {
    let is_harmful = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(is_harmful) {
        return text.to_owned();
    }
    text.chars()
        .map(|c| {
            if is_harmful(c) {
                c.escape_default().to_string()
            } else {
                c.to_string()
            }
        })
        .collect()
}
