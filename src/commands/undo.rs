//! `novamend undo PATH`: brings back what `novamend fix --write` replaced.
//!
//! How, [`crate::write`] says.

use std::io;
use std::path::{Path, PathBuf};

use super::{Outcome, Terminal};
use crate::output::shown_path;
use crate::write::{self, Options};

/// Brings back the newest backup of each path, or `backup`; one that fails does not keep the others from it.
///
/// # Errors
/// The writer's.
pub fn run(
    paths: &[PathBuf],
    backup: Option<&Path>,
    options: &Options,
    terminal: &mut Terminal<'_>,
) -> io::Result<Outcome> {
    let mut outcome = Outcome::Clean;
    let mut lines = String::new();
    for path in paths {
        let undone = match backup {
            Some(backup) => write::undo_from(path, backup, options),
            None => write::undo(path, options),
        };
        match undone {
            Ok(undone) => {
                for passed_over in &undone.passed_over {
                    terminal.complain(&format!("skipped: {passed_over}"));
                }
                let line = undone_line(&undone, backup.is_some());
                lines.push_str(&line);
                lines.push('\n');
                terminal.done.push(line);
            }
            Err(error) => {
                terminal.complain(&error.with_state());
                outcome = Outcome::Failed;
            }
        }
    }
    // Once all is done: standard output that cannot be written keeps no file from being brought back.
    terminal.print(&lines)?;
    Ok(outcome)
}

fn undone_line(undone: &write::Undone, is_named: bool) -> String {
    let mut line = format!(
        "{}: restored from {}",
        shown_path(&undone.target),
        shown_path(&undone.from)
    );
    if undone.from_is_kept && !is_named {
        line.push_str(" (which could not be removed)");
    }
    if let Some(backup) = &undone.backup {
        line.push_str(&format!("; what it replaced is in {}", shown_path(backup)));
    }
    line
}
