//! `novamend undo PATH`: brings back what `novamend fix --write` replaced.
//!
//! How, [`crate::fix::write`] says.

use std::io;
use std::path::PathBuf;

use super::{Outcome, Terminal};
use crate::bounded::Root;
use crate::fix::write::{self, Options};
use crate::output::shown_path;

/// Brings back the newest backup of each path, below `root` without leaving it; one that fails does not keep the others from it.
///
/// # Errors
/// The writer's.
pub fn run(root: &Root, paths: &[PathBuf], options: Options, terminal: &mut Terminal<'_>) -> io::Result<Outcome> {
    let mut outcome = Outcome::Clean;
    for path in paths {
        match write::undo_in(root, path, &options) {
            Ok(undone) => terminal.print(&format!("{}\n", undone_line(&undone)))?,
            Err(error) => {
                terminal.complain(&error);
                outcome = Outcome::Failed;
            }
        }
    }
    Ok(outcome)
}

fn undone_line(undone: &write::Undone) -> String {
    let mut line = format!(
        "{}: restored from {}",
        shown_path(&undone.target),
        shown_path(&undone.from)
    );
    if let Some(backup) = &undone.backup {
        line.push_str(&format!("; what it replaced is in {}", shown_path(backup)));
    }
    line
}
