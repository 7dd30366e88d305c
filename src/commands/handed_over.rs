//! `novamend probe`, `verify` and `rescue`, which are the program `novamend-verify`'s.
//!
//! That program explains and reads the arguments itself.

use clap::Args;

use super::{Failure, Outcome};
use crate::host_trial::program::{self, HandedOver};
use crate::terminal::Terminal;

// No words for `--help` here: each verb has its own.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    handed: HandedOver,
}

impl Arguments {
    /// Becomes `novamend-verify`, which does what `verb` asks for; comes back only where that cannot be.
    pub(super) fn run(self, verb: &str, terminal: &Terminal<'_>) -> Result<Outcome, Failure> {
        Err(program::become_it(verb, terminal.color, &self.handed).into())
    }
}
