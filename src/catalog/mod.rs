//! What each nova release accepts: every option from Ocata to the newest, its type, limits, default and old names.
//!
//! It reads no file and no value; where a file sets an option, [`crate::oslo`] says.

pub mod before_ocata;
mod by_release;
pub mod changes;
pub mod code;
pub mod extra;
pub mod facts;
mod index;
mod known;
pub mod libraries;
mod lookup;
pub mod moves;
pub mod outside;
pub mod plugins;
pub mod refusals;
pub mod release;
mod same;
mod series;
pub mod services;
pub mod spelling;
mod table;
pub mod update;
pub mod values;

pub use by_release::ByRelease;
pub use changes::{ChangedDefault, changed_defaults};
pub use facts::{Alias, OptionFacts};
pub use known::{Fate, Gone, Group, Known, Named, Via, group, known};
pub use lookup::{
    added, all, by_any_name, by_old_name, called, dropped_after, fate, groups_with, is_group_known, is_in_default,
    is_known_anywhere, is_marked_secret, is_name_of_any_group, is_word, life, life_as_alias, marked_secret_names,
    option, options, readers, with_referring_default,
};
pub use release::Release;
pub use same::is_same_default;
pub use table::OfCatalog;

// The names that `index` takes, which the build script has by the same path.
use crate::oslo::names;

/// The nova whose options the lists of a release hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its version.
    pub nova: &'static str,
    /// The day it was released, as `2026-09-30`.
    pub day: &'static str,
}

/// Of which nova, and of which day, the options of `release` are; `None` before [`Release::FIRST_COMPLETE`].
#[must_use]
pub fn source(release: Release) -> Option<Source> {
    if let Some(new) = release.came() {
        let (nova, day) = new.nova.split_once(' ')?;
        return Some(Source { nova, day });
    }
    let number = release.number().to_string();
    let line = SOURCES.lines().find(|line| line.split(' ').next() == Some(&number))?;
    let mut words = line.split(' ').skip(1);
    Some(Source {
        nova: words.next()?,
        day: words.next()?,
    })
}

const SOURCES: &str = include_str!("data/releases.txt");

/// Adds options of out-of-tree drivers, `text` being in the form of `options.txt`, to what the whole process knows.
///
/// It may come at any time: what was asked before keeps its answer, and what is asked afterwards finds them too. An option
/// that nova has in any release stays as it is. What is made of the text stays in memory to the end of the process.
pub fn add_extra(text: &str) {
    table::add(text);
}
