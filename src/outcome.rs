//! How a verb ends: with an outcome, of which the exit code is made, or with the reason why it came to none.

use std::ffi::OsString;
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
    /// As nova-status ends: warnings and nothing worse, exit code 1.
    Warnings,
    /// As nova-status ends: something stops the upgrade, exit code 2.
    Errors,
    /// As nova-status ends: not everything could be checked, exit code 255.
    Accident,
}

/// Whose exit codes are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ExitStyle {
    /// novamend's.
    #[default]
    Novamend,
    /// Those of `nova-status upgrade check`.
    Nova,
}

impl ExitStyle {
    /// The style that `word` names.
    pub(crate) fn parse(word: &str) -> Result<Self, &'static str> {
        match word {
            "novamend" => Ok(Self::Novamend),
            "nova" => Ok(Self::Nova),
            _ => Err("must be `novamend` or `nova`"),
        }
    }

    /// What `arguments` ask for, whatever else is wrong with them: a slip must not end as a verdict.
    pub(crate) fn asked(arguments: &[OsString]) -> Self {
        let pairs = arguments.windows(2);
        let is_pair = pairs
            .into_iter()
            .any(|pair| pair[0] == "--exit-style" && pair[1] == "nova");
        let is_said = || {
            arguments
                .iter()
                .any(|word| word.as_encoded_bytes().starts_with(b"--exit-style"))
        };
        let is_variable = || std::env::var_os("NOVAMEND_EXIT_STYLE").is_some_and(|style| style == "nova") && !is_said();
        if is_pair || arguments.iter().any(|word| word == "--exit-style=nova") || is_variable() {
            Self::Nova
        } else {
            Self::Novamend
        }
    }

    /// `code` of novamend as this style has it: what could not be done at all is 255 for nova-status.
    pub(crate) fn failed(self, code: u8) -> u8 {
        match self {
            Self::Nova if code == Outcome::Failed.code() => Outcome::Accident.code(),
            Self::Nova | Self::Novamend => code,
        }
    }
}

impl Outcome {
    /// The exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings | Self::Warnings => 1,
            Self::Failed | Self::Errors => 2,
            Self::Accident => 255,
        }
    }

    /// The same as `style` has it, where `counts` are the findings.
    pub(crate) fn in_style(self, style: ExitStyle, counts: Counts) -> Self {
        match (style, self) {
            (ExitStyle::Nova, Self::Failed) => Self::Accident,
            (ExitStyle::Nova, Self::Findings) if counts.errors > 0 => Self::Errors,
            (ExitStyle::Nova, Self::Findings) => Self::Warnings,
            (_, same) => same,
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
