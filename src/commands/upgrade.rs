//! `novamend upgrade FROM TO`: what an upgrade changes for any file, hop by hop, as a table to read beforehand.
//!
//! It reads no file; what it means for one, `check` says.

use std::io;

use super::{Outcome, Terminal};
use crate::catalog::Release;
use crate::output::hop::Hop;
use crate::output::{self, Format, Head, Part};

/// Prints what every hop from `from` to `to` changes.
///
/// # Errors
/// The writer's.
pub fn run(from: Release, to: Release, format: Format, terminal: &mut Terminal<'_>) -> io::Result<Outcome> {
    if from >= to {
        terminal.complain(&format!(
            "{from} is not older than {to}: name the release that runs today first, then the \
                                    release to come"
        ));
        return Ok(Outcome::Failed);
    }
    if !from.is_complete() {
        let first = Release::FIRST_COMPLETE;
        terminal.complain(&format!(
            "only the live-migration options are known of releases before {first}"
        ));
        return Ok(Outcome::Failed);
    }
    let stops = from.hops(to);
    let starts = std::iter::once(from).chain(stops.iter().copied());
    let hops: Vec<Hop> = starts.zip(&stops).map(|(from, &to)| Hop::new(from, to)).collect();
    let head = Head::Upgrade(from, to);
    let text = output::document(format, terminal.style, &head, hops.iter().map(Part::Hop));
    terminal.print(&text)?;
    Ok(Outcome::Clean)
}
