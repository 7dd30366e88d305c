//! `novamend upgrade FROM TO`: what an upgrade changes for any file, hop by hop, as a table to read beforehand.
//!
//! It reads no file; what it means for one, `check` says.

use clap::Args;

use super::documents::FormatArguments;
use super::{Failure, Outcome};
use crate::terminal::Terminal;
use novamend::catalog::Release;
use novamend::output::envelope::Kind;
use novamend::output::hop::Hop;
use novamend::output::{Head, Part};

/// Show what an upgrade changes, release by release, whatever the file
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The release that runs today: number, series or date (18, rocky, 2025.1)
    #[arg(value_name = "FROM", value_parser = Release::parse)]
    from: Release,
    /// The release to come
    #[arg(value_name = "TO", value_parser = Release::parse)]
    to: Release,
    #[command(flatten)]
    formats: FormatArguments,
}

impl Arguments {
    /// Prints what every hop changes.
    pub(super) fn run(self, terminal: &mut Terminal<'_>) -> Result<Outcome, Failure> {
        let Self { from, to, formats } = self;
        let formats = formats.of(Kind::Upgrade)?;
        if from >= to {
            return Err(Failure::Refused(format!(
                "{from} is not older than {to}: name the release that runs today first, then the release to come"
            )));
        }
        if !from.is_complete() {
            let first = Release::FIRST_COMPLETE;
            return Err(Failure::Refused(format!(
                "only the live-migration options are known of releases before {first}"
            )));
        }
        let stops = from.hops(to);
        let starts = std::iter::once(from).chain(stops.iter().copied());
        let hops: Vec<Hop> = starts.zip(&stops).map(|(from, &to)| Hop::new(from, to)).collect();
        let head = Head::Upgrade(from, to);
        formats.print(terminal, &head, hops.iter().map(Part::Hop))?;
        Ok(Outcome::Clean)
    }
}
