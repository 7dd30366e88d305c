//! The command that goes on from a report, to be copied: the same files, the same upgrade, another verb or flag.
//!
//! Whatever is quoted in it is quoted for a shell.

use std::path::Path;

use novamend::inputs::arguments::CatalogArguments;
use novamend::inputs::load::{Input, STDIN};
use novamend::inputs::{Sources, Upgrade};
use novamend::output::shown_path;

/// So many paths are named in a command to be copied.
const MOST: usize = 5;

/// `novamend VERB` with what names the upgrade and the files, `flags` in between.
pub(super) fn command(verb: &str, upgrade: Upgrade, sources: &Sources, flags: &[&str]) -> String {
    let mut words = vec!["novamend".to_owned(), verb.to_owned()];
    for (flag, release) in [("--from", upgrade.from), ("--to", upgrade.to)] {
        words.extend(
            release
                .into_iter()
                .flat_map(|release| [flag.to_owned(), release.short().to_owned()]),
        );
    }
    // The release to come may be known by a file alone.
    let arguments: Vec<_> = std::env::args_os().collect();
    let catalog = CatalogArguments::of(&arguments).words();
    words.extend(catalog.iter().map(|word| quoted(Path::new(word))));
    if !sources.root.is_host() {
        words.extend(["--root".to_owned(), quoted(sources.root.path())]);
    }
    for input in &sources.ordered {
        match input {
            Input::File(path) | Input::Walked(path) | Input::Default(path) => {
                words.extend(["--config-file".to_owned(), quoted(path)]);
            }
            Input::Directory(path) => {
                words.extend(["--config-dir".to_owned(), quoted(path)]);
            }
            Input::Stdin => words.push(STDIN.to_owned()),
        }
    }
    if !sources.environment.is_empty() {
        words.push("--env".to_owned());
    }
    words.extend(flags.iter().map(|&flag| flag.to_owned()));
    words.extend(sources.paths.iter().take(MOST).map(|path| quoted(path)));
    if sources.paths.len() > MOST {
        words.push("…".to_owned());
    }
    words.join(" ")
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let shown = shown_path(path);
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+:@%,=".contains(c);
    if !shown.is_empty() && shown.chars().all(is_plain) {
        return shown;
    }
    format!("'{}'", shown.replace('\'', "'\\''"))
}
