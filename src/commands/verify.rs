//! `novamend verify`: real test migrations on this host, by the program `novamend-verify`.
//!
//! That program explains and reads the arguments itself.

use std::ffi::OsString;

use clap::Args;

use super::{Failure, Outcome};
use crate::host_trial::program;
use crate::terminal::Terminal;

/// Run real test migrations on this host and report what a nova.conf will do (needs novamend-verify)
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// Arguments of novamend-verify; `--help` shows them
    #[arg(value_name = "ARGUMENT", trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

impl Arguments {
    /// Becomes `novamend-verify`; comes back only where that cannot be.
    pub(super) fn run(self, terminal: &Terminal<'_>) -> Result<Outcome, Failure> {
        Err(program::become_it("verify", terminal.color, &self.arguments).into())
    }
}
