//! How a verb ends: with an outcome, of which the exit code is made, or with the reason why it came to none.

use std::io;

use novamend::inputs::arguments::ArgumentsError;
use novamend::lint::FailOn;
use novamend::output::Counts;
use novamend::settings::{BaselineError, ScopeError};

use crate::host_trial::HostTrialError;

/// How a verb ended; `main` makes the exit code of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// Nothing at or above `--fail-on`: exit code 0.
    Clean,
    /// Findings at or above it: exit code 1.
    Findings,
    /// Something could not be done: exit code 2.
    Failed,
}

impl Outcome {
    /// The exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Failed => 2,
        }
    }

    /// The outcome for `counts` under `--fail-on`.
    pub(crate) fn of(counts: Counts, fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::AtLeast(severity) if counts.at_or_above(severity) > 0 => Self::Findings,
            _ => Self::Clean,
        }
    }
}

/// Why a verb came to no outcome.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// What the arguments and the settings ask for cannot be.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// The same, of arguments that no settings go with.
    #[error(transparent)]
    Arguments(#[from] ArgumentsError),
    /// The baseline has no place.
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    /// `novamend-verify` cannot be run.
    #[error("{}", whole(.0))]
    HostTrial(#[from] HostTrialError),
    /// Arguments that mean nothing together.
    #[error("{0}")]
    Refused(String),
    /// Standard output.
    #[error("the result could not be written: {0}")]
    Unwritten(#[from] io::Error),
}

/// An error with its causes.
pub(crate) fn whole(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
