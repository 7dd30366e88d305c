//! `novamend rescue`: guests whose live migration broke in post-copy, by the program `novamend-verify`.
//!
//! That program explains and reads the arguments itself.

use clap::Args;

use super::{Failure, Outcome};
use crate::host_trial::program::{self, HandedOver};
use crate::terminal::Terminal;

/// Bring back guests whose live migration broke in post-copy; only looks without --yes (needs novamend-verify)
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    handed: HandedOver,
}

impl Arguments {
    /// Becomes `novamend-verify`; comes back only where that cannot be.
    pub(super) fn run(self, terminal: &Terminal<'_>) -> Result<Outcome, Failure> {
        Err(program::become_it("rescue", terminal.color, &self.handed).into())
    }
}
