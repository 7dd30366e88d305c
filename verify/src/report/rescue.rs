//! What `rescue` prints as JSON: each case, with its words for people.

use serde::Serialize;

use crate::rescue::Case;

/// What `novamend rescue --format json` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Rescue<'a> {
    /// The URI of the source's libvirt.
    pub source: &'a str,
    /// Whether it was to act (`--yes`), or only to look.
    pub acts: bool,
    /// The guests whose migration broke, or the one that was named.
    pub guests: Vec<Guest<'a>>,
}

/// One guest.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Guest<'a> {
    /// What was found of it.
    #[serde(flatten)]
    pub case: &'a Case,
    /// What holds, in a few words.
    pub headline: String,
    /// What it means, and what to do.
    pub advice: String,
    /// How nova's record of the migration will end, and what to do.
    pub nova: &'static str,
}

impl<'a> Rescue<'a> {
    /// Of the guests of `source` that were found.
    #[must_use]
    pub fn of(source: &'a str, acts: bool, cases: &[&'a Case]) -> Self {
        let guests = cases.iter().map(|case| Guest {
            case,
            headline: case.headline(),
            advice: case.advice(acts),
            nova: case.watch.words(),
        });
        Self {
            source,
            acts,
            guests: guests.collect(),
        }
    }
}
