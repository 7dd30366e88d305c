//! The formats by their words: which there are, what each is for, which verbs print it, and how its documents are known.

use std::borrow::Cow;
use std::sync::Arc;

use super::envelope::Kind;
use super::{
    Report, Style, checkstyle, csv, github, gitlab, json, jsonl, junit, markdown, nova_status, pretty, sarif, short,
};
use crate::plain;

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// For people, on a terminal.
    #[default]
    Pretty,
    /// One line for each finding, fix, place or change.
    Short,
    /// One document for programs (docs/json.md)
    Json,
    /// The same, one object a line.
    Jsonl,
    /// A page for a wiki or a ticket.
    Markdown,
    /// A table for spreadsheets.
    Csv,
    /// SARIF 2.1.0.
    Sarif,
    /// `JUnit` XML.
    Junit,
    /// Workflow commands of GitHub Actions.
    Github,
    /// A Code Quality report of GitLab.
    Gitlab,
    /// Checkstyle XML.
    Checkstyle,
    /// The table of `nova-status upgrade check`.
    NovaStatus,
    /// The JSON of `nova-status upgrade check --json`.
    NovaStatusJson,
}

impl Format {
    /// All, in the order of `--help`.
    pub const ALL: [Self; 13] = [
        Self::Pretty,
        Self::Short,
        Self::Json,
        Self::Jsonl,
        Self::Markdown,
        Self::Csv,
        Self::Sarif,
        Self::Junit,
        Self::Github,
        Self::Gitlab,
        Self::Checkstyle,
        Self::NovaStatus,
        Self::NovaStatusJson,
    ];

    /// The word for it after `--format`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pretty => "pretty",
            Self::Short => "short",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Markdown => "markdown",
            Self::Csv => "csv",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Checkstyle => "checkstyle",
            Self::NovaStatus => "nova-status",
            Self::NovaStatusJson => "nova-status-json",
        }
    }

    /// What `--help` says of it.
    #[must_use]
    pub fn summary(self) -> &'static str {
        match self {
            Self::Pretty => "For people: excerpts, diffs, tables",
            Self::Short => "One line for each finding, fix, place or change",
            Self::Json => "One document for programs (docs/json.md)",
            Self::Jsonl => "The same, one object a line",
            Self::Markdown => "A page for a wiki or a ticket",
            Self::Csv => "A table for spreadsheets",
            Self::Sarif => "SARIF 2.1.0, with the edits of `fix` (check only)",
            Self::Junit => "JUnit XML, for Jenkins and others (check only)",
            Self::Github => "Annotations of GitHub Actions (check only)",
            Self::Gitlab => "GitLab Code Quality (check only)",
            Self::Checkstyle => "Checkstyle XML (check only)",
            Self::NovaStatus => "The table of `nova-status upgrade check` (check only)",
            Self::NovaStatusJson => "The JSON of `nova-status upgrade check --json` (check only)",
        }
    }

    /// The format that `word` names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == word)
    }

    /// Whether it shows findings and nothing else, so that only `check` prints it.
    #[must_use]
    pub fn is_of_findings(self) -> bool {
        !matches!(
            self,
            Self::Pretty | Self::Short | Self::Json | Self::Jsonl | Self::Markdown | Self::Csv
        )
    }

    /// Those in which a document of this kind is printed.
    pub fn of(kind: Kind) -> impl Iterator<Item = Self> {
        let formats = Self::ALL.into_iter();
        formats.filter(move |format| kind == Kind::Check || !format.is_of_findings())
    }

    /// Whether it can give counts per rule instead of findings.
    #[must_use]
    pub fn counts_rules(self) -> bool {
        matches!(self, Self::Pretty | Self::Short)
    }

    /// Whether it says equal findings of many files once.
    #[must_use]
    pub fn folds(self) -> bool {
        self == Self::Pretty
    }

    /// `text` as it leaves in this format without colours: lines that GitHub Actions takes for commands only in the one made of them.
    #[must_use]
    pub fn safe(self, text: &str) -> Cow<'_, str> {
        if self.is_of_commands() {
            plain::commands(text).into()
        } else {
            plain::output(text, false)
        }
    }

    /// Whether it is commands of GitHub Actions.
    #[must_use]
    pub fn is_of_commands(self) -> bool {
        self == Self::Github
    }

    /// Whether it shows what `fix` would write, edit by edit.
    #[must_use]
    pub fn has_edits(self) -> bool {
        self == Self::Sarif
    }

    /// Whether `document` is one that novamend printed in this format, or empty: what may be replaced by another one.
    #[must_use]
    pub fn is_own(self, document: &[u8]) -> bool {
        let start = String::from_utf8_lossy(&document[..document.len().min(400)]);
        let opens = |words: &[&str]| words.iter().any(|word| start.starts_with(word));
        start.is_empty()
            || match self {
                // What other verbs print has no opening of its own; it is not replaced.
                Self::Pretty | Self::Short => opens(&["checked "]) && start.contains(" file"),
                Self::Json | Self::Jsonl => start.contains("\"schema\":\"novamend\""),
                Self::Markdown => opens(&["# novamend ", "# Nova from ", "# Rules of novamend"]),
                Self::Csv => csv::HEADINGS
                    .iter()
                    .any(|heading| start.starts_with(&heading.join(","))),
                Self::Sarif => opens(&["{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\""]),
                Self::Junit => start.contains("<testsuites name=\"novamend\""),
                Self::Github => opens(&["::error ", "::warning ", "::notice ", "checked "]),
                Self::Gitlab => opens(&["[]", "[\n]", "[\n{\"description\":"]),
                Self::Checkstyle => start.contains("<checkstyle version="),
                Self::NovaStatus => start.contains("| Upgrade Check Results "),
                Self::NovaStatusJson => opens(&["{\"name\": \"Upgrade Check Results\""]),
            }
    }

    pub(super) fn report(self, style: Style) -> Arc<dyn Report> {
        match self {
            Self::Pretty => Arc::new(pretty::Pretty::new(style)),
            Self::Short => Arc::new(short::Short::new(style)),
            Self::Json => Arc::new(json::Json),
            Self::Jsonl => Arc::new(jsonl::Jsonl),
            Self::Markdown => Arc::new(markdown::Markdown),
            Self::Csv => Arc::new(csv::Csv),
            Self::Sarif => Arc::new(sarif::Sarif),
            Self::Junit => Arc::new(junit::Junit),
            Self::Github => Arc::new(github::Github),
            Self::Gitlab => Arc::new(gitlab::Gitlab),
            Self::Checkstyle => Arc::new(checkstyle::Checkstyle),
            Self::NovaStatus => Arc::new(nova_status::NovaStatus { is_json: false }),
            Self::NovaStatusJson => Arc::new(nova_status::NovaStatus { is_json: true }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_names_its_format() {
        for format in Format::ALL {
            assert_eq!(Format::parse(format.as_str()), Some(format));
        }
    }

    #[test]
    fn nothing_of_somebody_elses_is_taken_for_a_report() {
        for text in [
            "[DEFAULT]\nmy_ip = 1\n",
            "root:x:0:0\n",
            "#!/bin/sh\n",
            "<html>",
            "{}",
            "key,value\n",
        ] {
            for format in Format::ALL {
                assert!(!format.is_own(text.as_bytes()), "{format:?} {text}");
            }
        }
    }
}
