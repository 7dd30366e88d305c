//! What a verb works on: the files, the upgrade and the settings, once the arguments and `novamend.toml` are weighed.
//!
//! An argument beats the file, the file beats the default; so it is for every verb of both programs.

use super::{FileSettings, SettingsError, settings};
use crate::catalog::Release;
use crate::inputs::arguments::{ArgumentsError, Start};
use crate::inputs::{Arguments, Sources, Survey, Upgrade};
use crate::lint::Rule;

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Which files.
    pub sources: Sources,
    /// Where the upgrade starts; `None` where nobody said so, not even `auto`.
    pub start: Option<Start>,
    /// The upgrade, as it was asked for.
    pub upgrade: Upgrade,
    /// The release to come: the one that was asked for, else the newest known.
    pub to: Release,
    /// What the settings say.
    pub file: FileSettings,
}

/// Why a verb cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum ScopeError {
    /// The settings.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The arguments.
    #[error(transparent)]
    Arguments(#[from] ArgumentsError),
    /// The release to come is older than today's.
    #[error("`--from` {from} is newer than `--to` {to}: an upgrade cannot go back")]
    Back {
        /// Today's.
        from: Release,
        /// The one to come.
        to: Release,
    },
}

impl Scope {
    /// Weighs `arguments` against the settings, whose rules are among `rules`, and makes `--extra-catalog` known.
    ///
    /// # Errors
    /// A file of the arguments or the settings cannot be read, or the upgrade leads back.
    pub fn of(arguments: &Arguments, rules: &[&Rule]) -> Result<Self, ScopeError> {
        arguments.stack.extra.add()?;
        let mut file = settings(&arguments.settings, rules)?;
        file.settings.programs = arguments.stack.programs();
        let start = arguments.upgrade.from.or(file.from);
        let upgrade = Upgrade {
            from: start.and_then(Start::release),
            to: arguments.upgrade.to.or(file.to),
        };
        let to = upgrade.to.unwrap_or_else(Release::newest);
        if let Some(from) = upgrade.from.filter(|from| *from > to) {
            return Err(ScopeError::Back { from, to });
        }
        Ok(Self {
            sources: arguments.sources()?,
            start,
            upgrade,
            to,
            file,
        })
    }

    /// Reads the files once, and finds out which release runs today.
    #[must_use]
    pub fn survey(&self) -> Survey {
        Survey::of(&self.sources, self.upgrade)
    }
}
