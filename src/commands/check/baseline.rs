//! `--write-ignores`: what is found now is known from then on.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::outcome::Outcome;
use crate::terminal::Terminal;
use novamend::lint::{Context, Finding, Location};
use novamend::oslo::stack::Layer;
use novamend::output::{self, counted_word};
use novamend::settings::{self, Known};

/// The file that `--write-ignores` is told: its name ends in `.toml`, so that no nova.conf behind the flag is taken for it.
pub(super) fn file(word: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(word);
    if path.extension() == Some(OsStr::new("toml")) {
        return Ok(path);
    }
    Err("the file for the ignores must end in `.toml`; a PATH goes before `--write-ignores`".to_owned())
}

/// Adds ignores for `known` to the settings at `place`; what is found is then known, and only what could not be listed still
/// counts. `checked` are all files of the run.
pub(super) fn write(
    place: &Path,
    known: &[Known],
    checked: &[PathBuf],
    outcome: Outcome,
    terminal: &mut Terminal<'_>,
) -> Outcome {
    let baseline = match settings::add_ignores(place, known, checked) {
        Ok(baseline) => baseline,
        Err(error) => {
            terminal.complain(&error);
            return Outcome::Failed;
        }
    };
    terminal.complain(&format!(
        "added {} to {} for {}",
        counted_word(baseline.added, "ignore"),
        output::shown_path(&baseline.path),
        counted_word(baseline.covered, "finding")
    ));
    if baseline.unfit > 0 {
        terminal.complain(&format!(
            "not added: {} about an option or a file whose name no option or file of nova can have; fix the file first",
            counted_word(baseline.unfit, "finding")
        ));
    }
    if outcome == Outcome::Failed || baseline.unfit > 0 {
        outcome
    } else {
        Outcome::Clean
    }
}

/// What would keep `finding` out of the next report.
pub(super) fn known(context: &Context<'_>, finding: &Finding) -> Known {
    let path = |layer: &Layer| layer.document.source().path().to_owned();
    let layers = context.stack.layers();
    let file = match finding.location {
        Location::File { layer, .. } => Some(path(&layers[layer])),
        // Of several files none can be blamed for what none of them sets.
        Location::Stack if layers.len() == 1 => Some(path(&layers[0])),
        _ => None,
    };
    Known {
        rule: finding.rule.id,
        file,
        option: context.subject(finding),
    }
}
