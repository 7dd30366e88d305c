//! The baseline: today's findings as ignores in `novamend.toml`, so that only what is new is reported from then on.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, TomlError, value};

use super::{FILE_NAME, not_read};
use crate::bounded::{self, ReadRefusal};
use crate::globs::escape;
use crate::inputs::arguments::SettingsArguments;
use crate::lint::Ignore;
use crate::text;
use crate::write::{self, Links, Options, Planned, WriteError};

/// A finding that is to be known from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The rule's id.
    pub rule: &'static str,
    /// Its file; `None` where none of several can be blamed.
    pub file: Option<PathBuf>,
    /// `group.name` of the option it is about.
    pub option: Option<String>,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// The settings.
    pub path: PathBuf,
    /// How many ignores were added.
    pub added: usize,
    /// How many findings they cover.
    pub covered: usize,
    /// How many were not: of an option or a file with a name that no option or file of nova has.
    pub unfit: usize,
}

/// Why no ignores were written.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// There is no place for them.
    #[error("`--write-ignores` with `--no-settings` needs a file of its own: `--write-ignores FILE`")]
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

/// Where a baseline goes: to `told`, else to the settings that are named, else to a new file where they would be looked for.
///
/// # Errors
/// No settings are read, and no file is named.
pub fn place(arguments: &SettingsArguments, told: Option<&Path>) -> Result<PathBuf, BaselineError> {
    match (told, &arguments.settings) {
        (Some(path), _) => Ok(path.to_owned()),
        (None, Some(path)) => Ok(path.clone()),
        (None, None) if arguments.no_settings => Err(BaselineError::NoPlace),
        (None, None) => Ok(PathBuf::from(FILE_NAME)),
    }
}

/// Adds ignores for `known` to the settings at `path`, which are made where there are none, with the reason that it is today's
/// baseline (UTC). `checked` are all files of the run, so that a glob covers no other.
///
/// # Errors
/// The settings cannot be read or written; nothing has changed then.
pub fn add_ignores(path: &Path, known: &[Known], checked: &[PathBuf]) -> Result<Baseline, BaselineError> {
    let before = match bounded::read_text(path, bounded::LIMIT) {
        Ok(text) => Some(text),
        Err(ReadRefusal::Io(error)) if error.kind() == io::ErrorKind::NotFound => None,
        Err(why) => {
            let path = path.to_owned();
            return Err(BaselineError::NotRead { path, why });
        }
    };
    let (fit, unfit): (Vec<&Known>, Vec<&Known>) = known.iter().partition(|known| can_be_listed(known));
    let reason = Timestamp::now().strftime("baseline of %Y-%m-%d").to_string();
    let groups = grouped(&fit, checked);
    let after = with_baseline(before.as_deref().unwrap_or_default(), &groups, &reason)?;
    if groups.is_empty() {
        write::tidy(None, [path]);
    } else {
        let planned = Planned {
            path: path.to_owned(),
            links: if before.is_some() { Links::Follow } else { Links::Refuse },
            before: before.map(String::into_bytes),
            after: after.into_bytes(),
        };
        write::write_all(&[planned], &Options::without_backup())?;
    }
    Ok(Baseline {
        path: path.to_owned(),
        added: groups.len(),
        covered: fit.len(),
        unfit: unfit.len(),
    })
}

/// Whether `known` can stand in a `novamend.toml`: names come from files that others write, and only what an option can
/// be called, and a path without control characters, is written down.
fn can_be_listed(known: &Known) -> bool {
    let is_name = |name: &String| {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "_-.: ".contains(c);
        !name.is_empty() && name.chars().all(is_part)
    };
    let is_plain = |path: &PathBuf| path.to_str().is_some_and(|path| !path.contains(char::is_control));
    known.option.as_ref().is_none_or(is_name) && known.file.as_ref().is_none_or(is_plain)
}

/// Ignores that cover findings of one rule and option, so many in each of their files.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    rule: &'static str,
    option: Option<String>,
    count: usize,
    files: Vec<String>,
}

/// Rule, option, and how many findings there are in one file.
type Key<'a> = (&'static str, Option<&'a str>, usize);

/// `known` by rule, option and how many there are in one file; the files of each group as one glob, where that covers these of
/// `checked` and no others.
fn grouped(known: &[&Known], checked: &[PathBuf]) -> Vec<Group> {
    let mut counts: BTreeMap<(&'static str, Option<&str>, Option<&Path>), usize> = BTreeMap::new();
    for one in known {
        *counts
            .entry((one.rule, one.option.as_deref(), one.file.as_deref()))
            .or_insert(0) += 1;
    }
    let mut groups: BTreeMap<Key<'_>, Vec<Option<&Path>>> = BTreeMap::new();
    for ((rule, option, file), count) in counts {
        groups.entry((rule, option, count)).or_default().push(file);
    }
    let mut out = Vec::new();
    for ((rule, option, count), files) in groups {
        let group = |files| Group {
            rule,
            option: option.map(str::to_owned),
            count,
            files,
        };
        let named: Vec<&Path> = files.iter().copied().flatten().collect();
        if named.len() < files.len() {
            out.push(group(Vec::new()));
        }
        if !named.is_empty() {
            let one = glob_of(&named, checked);
            out.push(group(one.map_or_else(
                || named.iter().map(|path| literal(path)).collect(),
                |glob| vec![glob],
            )));
        }
    }
    out
}

/// From so many files on a glob is written in their place.
const FEWEST: usize = 3;

/// The glob of `files` that no other of `checked` matches.
fn glob_of(files: &[&Path], checked: &[PathBuf]) -> Option<String> {
    let parts: Vec<Vec<String>> = files.iter().map(|path| components(path)).collect();
    let first = parts
        .first()
        .filter(|first| files.len() >= FEWEST && parts.iter().all(|own| own.len() == first.len()))?;
    let whole = (0..first.len()).map(|at| {
        let mut own = parts.iter().map(|parts| &parts[at]);
        if own.all(|part| *part == first[at]) {
            return escape(&first[at]);
        }
        let suffix = first[at].rfind('.').map(|dot| &first[at][dot..]);
        let suffix = suffix.filter(|suffix| parts.iter().all(|parts| parts[at].ends_with(*suffix)));
        format!("*{}", suffix.map(escape).unwrap_or_default())
    });
    let glob = whole.collect::<Vec<String>>().join("/").replacen("//", "/", 1);
    let ignore = Ignore {
        files: vec![glob.clone()],
        ..Ignore::default()
    };
    let named = ignore.named();
    let covered = checked.iter().filter(|path| named.has(path)).count();
    (covered == files.len() && files.iter().all(|path| named.has(path))).then_some(glob)
}

fn components(path: &Path) -> Vec<String> {
    let parts = path.components();
    parts
        .map(|part| text::of_path(Path::new(part.as_os_str())).into_owned())
        .collect()
}

/// A path that stands for itself alone.
fn literal(path: &Path) -> String {
    escape(&text::of_path(path))
}

/// `text` of a `novamend.toml` with `groups` added; comments, order and everything else stay as they are.
///
/// # Errors
/// The text is no TOML; `read` says where.
fn with_baseline(text: &str, groups: &[Group], reason: &str) -> Result<String, TomlError> {
    let mut document: DocumentMut = text.parse()?;
    if groups.is_empty() {
        return Ok(text.to_owned());
    }
    let entry = document
        .entry("ignore")
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    let Some(tables) = entry.as_array_of_tables_mut() else {
        return Ok(text.to_owned());
    };
    for group in groups {
        let mut table = Table::new();
        table["rule"] = value(group.rule);
        match &group.files[..] {
            [] => {}
            [only] => table["file"] = value(only),
            several => table["file"] = value(list(several)),
        }
        if let Some(option) = &group.option {
            table["option"] = value(option);
        }
        table["count"] = value(i64::try_from(group.count).unwrap_or(i64::MAX));
        table["reason"] = value(reason);
        table.decor_mut().set_prefix("\n");
        tables.push(table);
    }
    Ok(document.to_string())
}

/// `words`, each on a line.
fn list(words: &[String]) -> Array {
    let mut list: Array = words.iter().collect();
    list.iter_mut().for_each(|word| word.decor_mut().set_prefix("\n    "));
    list.set_trailing("\n");
    list.set_trailing_comma(true);
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(file: &str) -> Known {
        Known {
            rule: "lost-auto-post-copy",
            file: Some(PathBuf::from(file)),
            option: Some("libvirt.x".into()),
        }
    }

    #[test]
    fn a_baseline_keeps_comments_and_order() {
        let text = "# ours\nto = 19 # next\n\n[severity] # none\n";
        let groups = grouped(
            &[&known("nova.conf"), &known("nova.conf")],
            &[PathBuf::from("nova.conf")],
        );
        assert_eq!(
            with_baseline(text, &groups, "baseline").unwrap(),
            format!(
                "{text}\n[[ignore]]\nrule = \"lost-auto-post-copy\"\nfile = \"nova.conf\"\noption = \"libvirt.x\"\n\
                 count = 2\nreason = \"baseline\"\n"
            )
        );
        assert_eq!(with_baseline(text, &[], "baseline").unwrap(), text);
    }

    #[test]
    fn equal_findings_of_many_files_are_one_glob_where_it_covers_no_other() {
        let names = ["fleet/a/nova.conf", "fleet/b/nova.conf", "fleet/c/nova.conf"];
        let all: Vec<Known> = names.iter().map(|name| known(name)).collect();
        let all: Vec<&Known> = all.iter().collect();
        let mut checked: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
        let files = |checked: &[PathBuf]| {
            grouped(&all, checked)
                .into_iter()
                .flat_map(|group| group.files)
                .collect::<Vec<_>>()
        };
        assert_eq!(files(&checked), ["fleet/*/nova.conf"]);
        checked.push("fleet/d/nova.conf".into());
        assert_eq!(files(&checked), names);
        let hosts: Vec<Known> = ["a1.conf", "a2.conf", "a3.conf"]
            .iter()
            .map(|name| known(name))
            .collect();
        let hosts: Vec<&Known> = hosts.iter().collect();
        let paths: Vec<PathBuf> = ["a1.conf", "a2.conf", "a3.conf"].iter().map(PathBuf::from).collect();
        assert_eq!(grouped(&hosts, &paths)[0].files, ["*.conf"]);
    }
}
