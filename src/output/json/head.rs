//! What the documents of `check` and `fix` open with: what was checked, and what was not.

use std::path::PathBuf;

use serde::Serialize;

use crate::catalog::Release;
use crate::inputs::directory::NotRead;
use crate::lint::SettingsFile;
use crate::output::Base;
use crate::output::checked::{Checked, Compared};
use crate::output::entry::hex;
use crate::text::of_path;

/// What was checked.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct CheckedHead<'a> {
    checked: CheckedEntry<'a>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct CheckedEntry<'a> {
    files: usize,
    paths: Vec<String>,
    not_read: Vec<NotReadEntry<'a>>,
    from: Vec<ComparedEntry>,
    to: ReleaseEntry,
    compared: bool,
    hops: Vec<u8>,
    why: &'a str,
    valid_in: Vec<u8>,
    settings: Option<SettingsEntry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paths_hex: Option<Vec<Option<String>>>,
}

impl<'a> CheckedHead<'a> {
    pub(super) fn of(checked: &'a Checked) -> Self {
        let paths: Vec<PathBuf> = checked.paths.iter().map(|path| checked.base.relative(path)).collect();
        let hexes: Vec<Option<String>> = paths.iter().map(|path| hex(path)).collect();
        let entry = CheckedEntry {
            files: checked.paths.len(),
            paths: paths.iter().map(|path| of_path(path).into_owned()).collect(),
            not_read: checked
                .not_read
                .iter()
                .map(|left| NotReadEntry::of(&checked.base, left))
                .collect(),
            from: checked.compared.iter().map(ComparedEntry::of).collect(),
            to: ReleaseEntry::of(checked.to),
            compared: checked.not_compared() == 0,
            hops: checked.stops().iter().map(|stop| stop.number()).collect(),
            why: &checked.why,
            valid_in: checked.valid_in.iter().map(|release| release.number()).collect(),
            settings: checked.settings.as_ref().map(SettingsEntry::of),
            paths_hex: hexes.iter().any(Option::is_some).then_some(hexes),
        };
        Self { checked: entry }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct NotReadEntry<'a> {
    file: String,
    why: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_hex: Option<String>,
}

impl<'a> NotReadEntry<'a> {
    fn of(base: &Base, left: &'a NotRead) -> Self {
        let path = base.relative(&left.path);
        Self {
            file: of_path(&path).into_owned(),
            why: &left.why,
            file_hex: hex(&path),
        }
    }
}

/// A release by its number and series.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ReleaseEntry {
    release: u8,
    series: &'static str,
}

impl ReleaseEntry {
    pub(super) fn of(release: Release) -> Self {
        Self {
            release: release.number(),
            series: release.series(),
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ComparedEntry {
    #[serde(flatten)]
    newest_release: ReleaseEntry,
    oldest: u8,
    newest: u8,
    evidence: &'static str,
    compared: bool,
    stacks: usize,
}

impl ComparedEntry {
    fn of(compared: &Compared) -> Self {
        Self {
            newest_release: ReleaseEntry::of(compared.newest),
            oldest: compared.oldest.number(),
            newest: compared.newest.number(),
            evidence: compared.evidence,
            compared: compared.is_compared,
            stacks: compared.stacks,
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct SettingsEntry<'a> {
    file: String,
    named: bool,
    says: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    file_hex: Option<String>,
}

impl<'a> SettingsEntry<'a> {
    fn of(file: &'a SettingsFile) -> Self {
        Self {
            file: of_path(&file.path).into_owned(),
            named: file.is_named,
            says: &file.says,
            file_hex: hex(&file.path),
        }
    }
}
