//! `novamend catalog [FROM TO]`: which releases this program knows and of which day; the options in which two of them differ.
//!
//! It reads no file but those of `--catalog-update`. What a change means for nova, `novamend upgrade` says.

use clap::{Args, ValueEnum};
use novamend::catalog::Release;
use novamend::output::{json, known};

use super::{Failure, Outcome};
use crate::terminal::Terminal;

/// Show which releases are known, of which nova and day; or the options in which two of them differ
#[derive(Debug, Default, Args)]
pub(crate) struct Arguments {
    /// One release: number, series or date (18, rocky, 2025.1)
    #[arg(value_name = "FROM", value_parser = Release::parse, requires = "to")]
    from: Option<Release>,
    /// The other
    #[arg(value_name = "TO", value_parser = Release::parse)]
    to: Option<Release>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    format: Layout,
}

/// How it is printed.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Layout {
    /// For people
    #[default]
    Pretty,
    /// One document for programs (docs/json.md)
    Json,
}

impl Arguments {
    /// Prints the releases, or the differences.
    pub(super) fn run(self, terminal: &mut Terminal<'_>) -> Result<Outcome, Failure> {
        let text = match (self.from, self.to) {
            (Some(from), Some(to)) => {
                let differences = differences(from, to)?;
                match self.format {
                    Layout::Pretty => known::compared(from, to, &differences),
                    Layout::Json => json::compared(from, to, &differences),
                }
            }
            _ => match self.format {
                Layout::Pretty => known::text(&known::releases()),
                Layout::Json => json::known(&known::releases()),
            },
        };
        terminal.print(&text)?;
        Ok(Outcome::Clean)
    }
}

/// The options in which they differ, if all of both are known.
fn differences(from: Release, to: Release) -> Result<Vec<known::Difference>, Failure> {
    if let Some(release) = [from, to].into_iter().find(|release| !release.is_complete()) {
        let first = Release::FIRST_COMPLETE;
        return Err(Failure::Refused(format!(
            "of {release} only the options for live migration are known; the first of which all are is {first}"
        )));
    }
    Ok(known::differences(from, to))
}
