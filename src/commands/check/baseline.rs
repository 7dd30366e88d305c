//! `--write-ignores`: what is found now is known from then on.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::outcome::Outcome;
use crate::terminal::Terminal;
use novamend::lint::{Context, Finding, Location};
use novamend::oslo::stack::Layer;
use novamend::output::{self, counted_word};
use novamend::settings::{self, Known};

/// What the name of the file for the ignores ends in.
const ENDING: &str = ".toml";

/// The flag.
const FLAG: &str = "--write-ignores";

/// The file that is named for the ignores: its name ends in `.toml`, so that no nova.conf is taken for it.
pub(super) fn file(word: &str) -> Result<PathBuf, String> {
    if word.ends_with(ENDING) {
        return Ok(PathBuf::from(word));
    }
    Err(format!("the name of the file for the ignores must end in `{ENDING}`"))
}

/// `arguments` with `--write-ignores FILE` as one word, where the one behind the flag ends in `.toml`: any other is a PATH, as
/// the flag needs no file.
pub(in crate::commands) fn with_baseline_joined(arguments: Vec<OsString>) -> Vec<OsString> {
    let mut joined = Vec::with_capacity(arguments.len());
    let mut rest = arguments.into_iter().peekable();
    while let Some(mut word) = rest.next() {
        if word == "--" {
            joined.push(word);
            break;
        }
        let is_file = |next: &OsString| next.as_encoded_bytes().ends_with(ENDING.as_bytes());
        if word == FLAG
            && let Some(file) = rest.next_if(is_file)
        {
            word.push("=");
            word.push(file);
        }
        joined.push(word);
    }
    joined.extend(rest);
    joined
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_settings_file_behind_the_flag_is_its_file() {
        let joined = |words: &str| {
            let words = words.split(' ').map(OsString::from).collect();
            let words = with_baseline_joined(words).into_iter();
            words
                .map(|word| word.into_string().unwrap())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(
            joined("check --write-ignores a.toml b"),
            "check --write-ignores=a.toml b"
        );
        for same in [
            "check --write-ignores nova.conf",
            "check --write-ignores --settings a.toml",
            "check nova.conf --write-ignores",
            "check -- --write-ignores a.toml",
        ] {
            assert_eq!(joined(same), same);
        }
    }
}
