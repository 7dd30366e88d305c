//! The baseline: today's findings as ignores in `novamend.toml`, so that only what is new is reported from then on.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TomlError, value};

use super::{FILE_NAME, not_read};
use crate::bounded::{self, ReadRefusal};
use crate::inputs::arguments::SettingsArguments;
use crate::lint::Ignore;
use crate::text;
use crate::write::{self, Links, Options, Planned, WriteError};

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// The settings.
    pub path: PathBuf,
    /// How many ignores were added.
    pub added: usize,
    /// How many were not: of an option or a file with a name that no option or file of nova has.
    pub unfit: usize,
}

/// Why no ignores were written.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// There is no place for them.
    #[error("`--write-ignores` cannot be used with `--no-settings`: the ignores are written to the settings")]
    NoPlace,
    /// The settings cannot be read.
    #[error("{}; no ignores were written", not_read(path, why))]
    NotRead {
        /// The settings.
        path: PathBuf,
        /// Why.
        #[source]
        why: ReadRefusal,
    },
    /// The settings are no TOML.
    #[error("{0}; no ignores were written")]
    NotToml(#[from] TomlError),
    /// The settings cannot be written.
    #[error("{}", .0.with_state())]
    NotWritten(#[from] WriteError),
}

/// Where a baseline goes: the settings that are named, else a new file where they would be looked for.
///
/// # Errors
/// None are read.
pub fn place(arguments: &SettingsArguments) -> Result<PathBuf, BaselineError> {
    if arguments.no_settings {
        return Err(BaselineError::NoPlace);
    }
    Ok(arguments.settings.clone().unwrap_or_else(|| PathBuf::from(FILE_NAME)))
}

/// Adds an ignore for each of `ignores` to the settings at `path`, which are made where there are none, with the reason
/// that it is today's baseline (UTC).
///
/// # Errors
/// The settings cannot be read or written; nothing has changed then.
pub fn add_ignores(path: &Path, ignores: &[Ignore]) -> Result<Baseline, BaselineError> {
    let before = match bounded::read_text(path, bounded::LIMIT) {
        Ok(text) => Some(text),
        Err(ReadRefusal::Io(error)) if error.kind() == io::ErrorKind::NotFound => None,
        Err(why) => {
            let path = path.to_owned();
            return Err(BaselineError::NotRead { path, why });
        }
    };
    let (fit, unfit): (Vec<Ignore>, Vec<Ignore>) = ignores.iter().cloned().partition(can_be_listed);
    let reason = Timestamp::now().strftime("baseline of %Y-%m-%d").to_string();
    let (after, added) = with_baseline(before.as_deref().unwrap_or_default(), &fit, &reason)?;
    if added > 0 {
        let planned = Planned {
            path: path.to_owned(),
            links: if before.is_some() { Links::Follow } else { Links::Refuse },
            before: before.map(String::into_bytes),
            after: after.into_bytes(),
        };
        write::write_all(&[planned], &Options::without_backup())?;
    } else {
        write::tidy(None, [path]);
    }
    Ok(Baseline {
        path: path.to_owned(),
        added,
        unfit: unfit.len(),
    })
}

/// Whether `ignore` can stand in a `novamend.toml`: names come from files that others write, and only what an option can
/// be called, and a path without control characters, is written down.
fn can_be_listed(ignore: &Ignore) -> bool {
    let is_name = |name: &String| {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "_-.: ".contains(c);
        !name.is_empty() && name.chars().all(is_part)
    };
    let is_plain = |path: &PathBuf| path.to_str().is_some_and(|path| !path.contains(char::is_control));
    ignore.option.as_ref().is_none_or(is_name) && ignore.file.as_ref().is_none_or(is_plain)
}

/// `text` of a `novamend.toml` with an ignore added for each of `ignores` that it does not hold yet; comments, order and
/// everything else stay as they are. Returns the new text and how many were added.
///
/// # Errors
/// The text is no TOML; `read` says where.
fn with_baseline(text: &str, ignores: &[Ignore], reason: &str) -> Result<(String, usize), TomlError> {
    let mut document: DocumentMut = text.parse()?;
    let entry = document
        .entry("ignore")
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    let Some(tables) = entry.as_array_of_tables_mut() else {
        return Ok((text.to_owned(), 0));
    };
    let mut known: HashSet<(String, Option<String>, Option<String>)> = tables
        .iter()
        .map(|table| {
            let word = |key: &str| table.get(key).and_then(Item::as_str).map(str::to_owned);
            (word("rule").unwrap_or_default(), word("file"), word("option"))
        })
        .collect();
    let mut added = 0;
    for ignore in ignores {
        let file = ignore.file.as_ref().map(|path| text::of_path(path).into_owned());
        let key = (ignore.rule.clone(), file.clone(), ignore.option.clone());
        if !known.insert(key) {
            continue;
        }
        let mut table = Table::new();
        table["rule"] = value(&ignore.rule);
        if let Some(file) = file {
            table["file"] = value(file);
        }
        if let Some(option) = &ignore.option {
            table["option"] = value(option);
        }
        table["reason"] = value(reason);
        table.decor_mut().set_prefix("\n");
        tables.push(table);
        added += 1;
    }
    let text = if added == 0 {
        text.to_owned()
    } else {
        document.to_string()
    };
    Ok((text, added))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_keeps_comments_and_order_and_adds_nothing_twice() {
        let text = "# ours\nto = 19 # next\n\n[severity] # none\n";
        let ignores = [Ignore {
            rule: "lost-auto-post-copy".into(),
            file: Some("nova.conf".into()),
            option: Some("libvirt.x".into()),
            reason: String::new(),
        }];
        let (once, added) = with_baseline(text, &ignores, "baseline").unwrap();
        assert_eq!(added, 1);
        assert_eq!(
            once,
            format!(
                "{text}\n[[ignore]]\nrule = \"lost-auto-post-copy\"\nfile = \"nova.conf\"\noption = \"libvirt.x\"\nreason = \"baseline\"\n"
            )
        );
        assert_eq!(with_baseline(&once, &ignores, "baseline").unwrap(), (once, 0));
    }
}
