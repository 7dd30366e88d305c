//! `novamend.toml`: severities, ignored findings with their reasons, the releases; and the baseline written into it.
//!
//! It is read strictly: a mistake is shown with its place, as a setting that is silently ignored would be a trap.

mod baseline;
mod ignores;
#[cfg(test)]
mod schema;
mod scope;

use std::path::{Path, PathBuf};

use toml_edit::{Document, Item, Table, TableLike};

use crate::bounded::{self, ReadRefusal};
use crate::catalog::Release;
use crate::catalog::release::UnknownRelease;
use crate::catalog::spelling::hint;
use crate::inputs::arguments::{SettingsArguments, Start};
use crate::lint::{FailOn, Ignore, Rule, Settings, SettingsFile, Severity};
use crate::plain;
use crate::text::Source;

pub use baseline::{Baseline, BaselineError, Known, add_ignores, place};
pub use scope::{Scope, ScopeError};

/// The name it is looked for by.
pub const FILE_NAME: &str = "novamend.toml";
/// Where it is looked for.
const FOUND: &str = "./novamend.toml";
/// A word of the file up to so many characters is repeated in a message.
const REPEATED: usize = 40;

/// What the file says.
#[derive(Clone, Debug, Default)]
pub struct FileSettings {
    /// `from`.
    pub from: Option<Start>,
    /// `to`.
    pub to: Option<Release>,
    /// `fail-on`.
    pub fail_on: Option<FailOn>,
    /// Severities and ignores.
    pub settings: Settings,
}

/// A mistake in the file, or why it could not be read.
///
/// No line of it is shown: what was named by mistake may be a nova.conf with its passwords.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file is not read.
    #[error("{}", not_read(path, why))]
    NotRead {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        why: ReadRefusal,
    },
    /// The file was found, not named, and is not taken.
    #[error(
        "{}; inspect it, then use `--settings {FILE_NAME}` to read it anyway, or `--no-settings` to read none",
        not_read(path, why)
    )]
    NotTaken {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        why: ReadRefusal,
    },
    /// Something in it is wrong.
    #[error("{}:{line}:{column}: {message}", plain::path(path))]
    Mistake {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// What is wrong, and what would be right.
        message: String,
    },
}

fn not_read(path: &Path, why: &ReadRefusal) -> String {
    let path = plain::path(path);
    match why {
        ReadRefusal::Io(error) => format!("`{path}` could not be read: {error}"),
        why => format!("`{path}` {why}"),
    }
}

/// A word of the file in backquotes, where it can be one that was mistyped, and no secret of another file.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_. ".contains(c);
    if word.chars().count() <= REPEATED && word.chars().all(is_plain) {
        format!("`{word}`")
    } else {
        "(not shown)".to_owned()
    }
}

/// Reads `path`, which was named; `rules` are the ids it may name.
///
/// # Errors
/// The file cannot be read, or the first mistake in it.
pub fn read(path: &Path, rules: &[&Rule]) -> Result<FileSettings, SettingsError> {
    let text = bounded::read_text(path, bounded::LIMIT).map_err(|why| SettingsError::NotRead {
        path: path.to_owned(),
        why,
    })?;
    parse(path, &text, rules).map(|found| found.of(path, &text, true))
}

/// Reads the `novamend.toml` of the current directory; `None` where there is none.
///
/// # Errors
/// As [`read`]; it is no regular file; or root runs this, and somebody else can write or replace the file.
pub fn find(rules: &[&Rule]) -> Result<Option<FileSettings>, SettingsError> {
    let path = Path::new(FOUND);
    let text = bounded::read_found(path, bounded::LIMIT).map_err(|why| SettingsError::NotTaken {
        path: path.to_owned(),
        why,
    })?;
    text.map(|text| parse(path, &text, rules).map(|found| found.of(path, &text, false)))
        .transpose()
}

/// Reads what `arguments` name, or the `novamend.toml` of the current directory; nothing where that is not there or not
/// wanted.
///
/// # Errors
/// As [`read`] and [`find`].
pub fn settings(arguments: &SettingsArguments, rules: &[&Rule]) -> Result<FileSettings, SettingsError> {
    match &arguments.settings {
        _ if arguments.no_settings => Ok(FileSettings::default()),
        Some(path) if arguments.is_made && is_missing(path) => Ok(FileSettings::default()),
        Some(path) => read(path, rules),
        None => find(rules).map(Option::unwrap_or_default),
    }
}

/// Adds to `settings` the ignores that stand at `path` already, where that is another file than theirs: what it covers is known
/// and need not be written there once more.
///
/// # Errors
/// As [`read`]; that there is no such file is none.
pub fn add_known(settings: &mut Settings, path: &Path, rules: &[&Rule]) -> Result<(), SettingsError> {
    let own = settings.file.as_ref().map(|file| file.path.as_path());
    if own.is_some_and(|own| own == path || own == Path::new(".").join(path)) || is_missing(path) {
        return Ok(());
    }
    for ignore in read(path, rules)?.settings.ignores.iter() {
        settings.ignores.add(Ignore {
            span: None,
            ..ignore.clone()
        });
    }
    Ok(())
}

/// Whether nothing is at `path`, not even a link.
fn is_missing(path: &Path) -> bool {
    let looked = path.symlink_metadata();
    looked.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

impl FileSettings {
    fn of(mut self, path: &Path, text: &str, is_named: bool) -> Self {
        let from = self.from.and_then(Start::release);
        let releases = [("from", from), ("to", self.to)].into_iter();
        let mut says: Vec<String> = releases
            .filter_map(|(word, release)| Some(format!("{word} {}", release?.short())))
            .collect();
        let valid_in: Vec<&str> = self.settings.valid_in.iter().map(|release| release.short()).collect();
        says.extend((!valid_in.is_empty()).then(|| format!("valid-in {}", valid_in.join(", "))));
        says.extend(self.fail_on.map(|fail_on| format!("fail-on {}", fail_on.as_str())));
        let (off, other): (Vec<_>, Vec<_>) = self
            .settings
            .severities
            .iter()
            .partition(|(_, severity)| severity.is_none());
        let counted = [
            (off.len(), "rule off", "rules off"),
            (other.len(), "severity set", "severities set"),
            (self.settings.ignores.len(), "ignore", "ignores"),
        ];
        says.extend(
            counted
                .iter()
                .filter(|(count, ..)| *count > 0)
                .map(|(count, one, many)| {
                    let word = if *count == 1 { one } else { many };
                    format!("{count} {word}")
                }),
        );
        self.settings.file = Some(SettingsFile {
            path: path.to_owned(),
            is_named,
            says,
            text: text.into(),
        });
        self
    }
}

fn parse(path: &Path, text: &str, rules: &[&Rule]) -> Result<FileSettings, SettingsError> {
    let reader = TableReader { path, text, rules };
    let document = Document::parse(text)
        .map_err(|error| reader.mistake(error.span().map_or(0, |span| span.start), grammar(error.message())))?;
    reader.read(document.as_table())
}

/// What the reader of TOML says, a line of it, and nothing that the file itself says.
fn grammar(message: &str) -> String {
    let words = message.lines().next().unwrap_or_default();
    let is_plain = |c: char| !c.is_control() && c.is_ascii();
    let words: String = words.chars().filter(|&c| is_plain(c)).collect();
    format!("this is not valid TOML: {words}")
}

struct TableReader<'a> {
    path: &'a Path,
    text: &'a str,
    rules: &'a [&'a Rule],
}

/// What it may say.
const KEYS: [&str; 6] = ["from", "to", "valid-in", "fail-on", "severity", "ignore"];

impl TableReader<'_> {
    fn mistake(&self, offset: usize, message: impl AsRef<str>) -> SettingsError {
        let source = Source::new(self.path, self.text.as_bytes().to_vec());
        let position = source.position(offset);
        SettingsError::Mistake {
            path: self.path.to_owned(),
            line: position.line,
            column: position.column,
            message: plain::line(message.as_ref()).into_owned(),
        }
    }

    fn at(&self, item: &Item, message: String) -> SettingsError {
        self.mistake(item.span().map_or(0, |span| span.start), message)
    }

    fn read(&self, root: &Table) -> Result<FileSettings, SettingsError> {
        let mut found = FileSettings::default();
        for (key, item) in root {
            match key {
                "from" => found.from = Some(self.release(item, Start::parse)?),
                "to" => found.to = Some(self.release(item, Release::parse)?),
                "valid-in" => found.settings.valid_in = self.releases(item)?,
                "fail-on" => found.fail_on = Some(self.fail_on(item)?),
                "severity" => found.settings.severities = self.severities(item)?,
                "ignore" => found.settings.ignores = self.ignores(item)?.into(),
                _ => return Err(self.unknown(root, key, &KEYS)),
            }
        }
        Ok(found)
    }

    fn unknown(&self, table: &dyn TableLike, key: &str, known: &[&str]) -> SettingsError {
        let hint = hint(key, known.iter().copied());
        let offset = table
            .get_key_value(key)
            .and_then(|(key, _)| key.span())
            .map_or(0, |span| span.start);
        self.mistake(
            offset,
            format!("unknown setting {}; {hint}known: {}", quoted(key), known.join(", ")),
        )
    }

    fn word<'i>(&self, item: &'i Item) -> Result<&'i str, SettingsError> {
        item.as_str()
            .ok_or_else(|| self.at(item, "must be a quoted string".to_owned()))
    }

    fn release<T>(&self, item: &Item, parse: fn(&str) -> Result<T, UnknownRelease>) -> Result<T, SettingsError> {
        let number = item.as_integer().map(|number| number.to_string());
        let word = match &number {
            Some(number) => number,
            None => self.word(item)?,
        };
        parse(word).map_err(|error| {
            let is_word = quoted(word).starts_with('`');
            let message = if is_word {
                error.to_string()
            } else {
                "this is not a nova release".to_owned()
            };
            self.at(item, message)
        })
    }

    /// Two releases or more, each once, oldest first.
    fn releases(&self, item: &Item) -> Result<Vec<Release>, SettingsError> {
        let list = item.as_array();
        let list = list.ok_or_else(|| self.at(item, "must be a list: `[\"rocky\", \"stein\"]`".to_owned()))?;
        let each = list
            .iter()
            .map(|one| self.release(&Item::Value(one.clone()), Release::parse));
        let mut releases = each.collect::<Result<Vec<Release>, SettingsError>>()?;
        releases.sort_unstable();
        releases.dedup();
        if releases.len() < 2 {
            return Err(self.at(item, "must name two releases or more".to_owned()));
        }
        Ok(releases)
    }

    fn fail_on(&self, item: &Item) -> Result<FailOn, SettingsError> {
        FailOn::parse(self.word(item)?)
            .ok_or_else(|| self.at(item, "must be `info`, `warning`, `error` or `never`".to_owned()))
    }

    fn rule(&self, id: &str, offset: usize) -> Result<String, SettingsError> {
        if self.rules.iter().any(|rule| rule.id == id) {
            return Ok(id.to_owned());
        }
        let hint = hint(id, self.rules.iter().map(|rule| rule.id));
        Err(self.mistake(
            offset,
            format!("unknown rule {}; {hint}`novamend rules` lists all rules", quoted(id)),
        ))
    }

    fn severities(&self, item: &Item) -> Result<Vec<(String, Option<Severity>)>, SettingsError> {
        let table = item
            .as_table_like()
            .ok_or_else(|| self.at(item, "must be a table: `[severity]`".to_owned()))?;
        let mut found = Vec::new();
        for (id, item) in table.iter() {
            let offset = table
                .get_key_value(id)
                .and_then(|(key, _)| key.span())
                .map_or(0, |span| span.start);
            let rule = self.rule(id, offset)?;
            let severity = match self.word(item)? {
                "off" => None,
                word => Some(
                    Severity::parse(word)
                        .ok_or_else(|| self.at(item, "must be `info`, `warning`, `error` or `off`".to_owned()))?,
                ),
            };
            found.push((rule, severity));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RULES;

    fn read_text(text: &str) -> Result<FileSettings, SettingsError> {
        parse(Path::new(FILE_NAME), text, RULES)
    }

    #[test]
    fn every_setting_is_read() {
        let text = "from = \"rocky\"\nto = 19\nfail-on = \"never\"\n[severity]\nlost-auto-post-copy = \
                    \"info\"\nremoved-progress-timeout = \"off\"\n[[ignore]]\nrule = \"lost-auto-post-copy\"\nfile = \
                    \"nova.conf\"\nreason = \"no guest is that busy\"\n";
        let found = read_text(text).unwrap();
        assert_eq!(
            (found.from, found.to),
            (Some(Start::Release(Release::ROCKY)), Some(Release::STEIN))
        );
        assert_eq!(found.fail_on, Some(FailOn::Never));
        assert_eq!(
            found.settings.severities[1],
            ("removed-progress-timeout".to_owned(), None)
        );
        assert_eq!(
            found.settings.ignores.iter().next().unwrap().reason,
            "no guest is that busy"
        );
    }

    #[test]
    fn a_mistake_is_shown_with_its_place() {
        for (text, words) in [
            (
                "to = 19\nform = \"rocky\"\n",
                "novamend.toml:2:1: unknown setting `form`; did you mean `from`?",
            ),
            ("to = \"rocki\"\n", "novamend.toml:1:6: unknown nova release `rocki`"),
            (
                "[severity]\nlost-post-copy = \"off\"\n",
                "novamend.toml:2:1: unknown rule `lost-post-copy`",
            ),
            ("[[ignore]]\nrule = \"lost-auto-post-copy\"\n", "must give its reason"),
            ("to = \n", "novamend.toml:1:"),
            ("fail-on = true\n", "novamend.toml:1:11: must be a quoted string"),
        ] {
            let error = read_text(text).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn no_mistake_shows_what_the_file_holds() {
        for text in [
            "[DEFAULT]\ntransport_url = rabbit://nova:hunter2@host/\n",
            "admin_password = hunter2\n",
            "\"hunter2 \u{202e}\" = 1\n",
            "to = \"hunter2:hunter2\"\n",
            "[severity]\n\"hunter2/hunter2\" = \"off\"\n",
            "from = \"rocky\" hunter2\n",
            "hunter2\n",
            "a.hunter2 = 1\na.hunter2 = 2\n",
            "[hunter2]\n[hunter2]\n",
        ] {
            let error = read_text(text).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
