//! `novamend undo PATH`: brings back what `novamend fix --write` replaced.
//!
//! How, [`novamend::write`] says.

use std::path::PathBuf;

use clap::Args;
use novamend::inputs::arguments::open_root;
use novamend::output::shown_path;
use novamend::write::{self, WriteError};

use super::{EXIT_CODES, Failure, Outcome, WritingArguments};
use crate::terminal::Terminal;

/// Restore what `fix --write` replaced
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// The files to restore
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Restore this file instead of the newest backup; it is kept, and only one PATH may be named
    #[arg(long, value_name = "FILE")]
    backup: Option<PathBuf>,
    /// Follow no link out of this directory for paths below it, as `fix --root`
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,
    #[command(flatten)]
    writing: WritingArguments,
}

impl Arguments {
    /// Brings back the newest backup of each path, or `--backup`; one that fails does not keep the others from it.
    pub(super) fn run(self, terminal: &mut Terminal<'_>) -> Result<Outcome, Failure> {
        if self.backup.is_some() && self.paths.len() > 1 {
            let why = "`--backup` restores one file; name exactly one PATH";
            return Err(Failure::Refused(why.to_owned()));
        }
        let options = self.writing.options(&open_root(&self.root)?);
        let (mut outcome, mut lines) = (Outcome::Clean, String::new());
        let mut tell = |undone| match undone {
            Ok(undone) => said(&undone, self.backup.is_some(), &mut lines, terminal),
            Err(error) => {
                terminal.complain(&WriteError::with_state(&error));
                outcome = Outcome::Failed;
            }
        };
        let paths = self.paths.iter().map(PathBuf::as_path);
        match &self.backup {
            Some(backup) => paths
                .map(|path| write::undo_from(path, backup, &options))
                .for_each(&mut tell),
            None => write::undo_all(paths, &options, tell),
        }
        // Once all is done: standard output that cannot be written keeps no file from being brought back.
        terminal.print(&lines)?;
        Ok(outcome)
    }
}

fn said(undone: &write::Undone, is_named: bool, lines: &mut String, terminal: &mut Terminal<'_>) {
    for passed_over in &undone.passed_over {
        terminal.complain(&format!("skipped: {passed_over}"));
    }
    let line = undone_line(undone, is_named);
    lines.push_str(&line);
    lines.push('\n');
    terminal.done.push(line);
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
