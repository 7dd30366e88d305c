//! `novamend.toml`: severities, ignored findings with their reasons, the releases; and the baseline written into it.
//!
//! It is read strictly: a mistake is shown with its place, as a setting that is silently ignored would be a trap.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use toml_edit::{ArrayOfTables, Document, DocumentMut, Item, Table, TableLike, value};

use crate::bounded::{self, Refused};
use crate::catalog::Release;
use crate::catalog::spelling::nearest;
use crate::lint::{Ignore, Rule, Settings, SettingsFile, Severity};
use crate::plain;
use crate::text::{self, Source};

/// The name it is looked for by.
pub const FILE_NAME: &str = "novamend.toml";
/// Where it is looked for.
const FOUND: &str = "./novamend.toml";
/// A word of the file up to so many characters is repeated in a message.
const REPEATED: usize = 40;

/// What the file says.
#[derive(Clone, Debug, Default)]
pub struct FileSettings {
    /// `from`; `None`: not said, or `auto`.
    pub from: Option<Release>,
    /// `to`.
    pub to: Option<Release>,
    /// `fail-on`; the inner `None` is `never`.
    pub fail_on: Option<Option<Severity>>,
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
        why: Refused,
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
        why: Refused,
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

fn not_read(path: &Path, why: &Refused) -> String {
    let path = plain::path(path);
    match why {
        Refused::Io(error) => format!("`{path}` could not be read: {error}"),
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
    parse(path, &text, rules).map(|found| found.of(path, true))
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
    text.map(|text| parse(path, &text, rules).map(|found| found.of(path, false)))
        .transpose()
}

impl FileSettings {
    fn of(mut self, path: &Path, is_named: bool) -> Self {
        let releases = [("from", self.from), ("to", self.to)].into_iter();
        let mut says: Vec<String> = releases
            .filter_map(|(word, release)| Some(format!("{word} {}", release?.short())))
            .collect();
        says.extend(self.fail_on.map(|severity| {
            let word = severity.map_or("never", Severity::as_str);
            format!("fail-on {word}")
        }));
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
        });
        self
    }
}

fn parse(path: &Path, text: &str, rules: &[&Rule]) -> Result<FileSettings, SettingsError> {
    let reader = Reader { path, text, rules };
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

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    rules: &'a [&'a Rule],
}

const KEYS: [&str; 5] = ["from", "to", "fail-on", "severity", "ignore"];
const IGNORE_KEYS: [&str; 4] = ["rule", "file", "option", "reason"];

impl Reader<'_> {
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
                "from" => found.from = self.release(item, true)?,
                "to" => found.to = self.release(item, false)?,
                "fail-on" => found.fail_on = Some(self.fail_on(item)?),
                "severity" => found.settings.severities = self.severities(item)?,
                "ignore" => found.settings.ignores = self.ignores(item)?.into(),
                _ => return Err(self.unknown(root, key, &KEYS)),
            }
        }
        Ok(found)
    }

    fn unknown(&self, table: &dyn TableLike, key: &str, known: &[&str]) -> SettingsError {
        let hint = nearest(key, known.iter().copied()).map_or(String::new(), |near| format!("did you mean `{near}`? "));
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

    fn release(&self, item: &Item, may_be_auto: bool) -> Result<Option<Release>, SettingsError> {
        let number = item.as_integer().map(|number| number.to_string());
        let word = match &number {
            Some(number) => number,
            None => self.word(item)?,
        };
        if may_be_auto && word == "auto" {
            return Ok(None);
        }
        Release::parse(word).map(Some).map_err(|error| {
            let is_word = quoted(word).starts_with('`');
            let message = if is_word {
                error.to_string()
            } else {
                "this is not a nova release".to_owned()
            };
            self.at(item, message)
        })
    }

    fn fail_on(&self, item: &Item) -> Result<Option<Severity>, SettingsError> {
        match self.word(item)? {
            "never" => Ok(None),
            word => Severity::parse(word)
                .map(Some)
                .ok_or_else(|| self.at(item, "must be `info`, `warning`, `error` or `never`".to_owned())),
        }
    }

    fn rule(&self, id: &str, offset: usize) -> Result<String, SettingsError> {
        if self.rules.iter().any(|rule| rule.id == id) {
            return Ok(id.to_owned());
        }
        let hint = nearest(id, self.rules.iter().map(|rule| rule.id))
            .map_or(String::new(), |near| format!("did you mean `{near}`? "));
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

    fn ignores(&self, item: &Item) -> Result<Vec<Ignore>, SettingsError> {
        let tables = item
            .as_array_of_tables()
            .ok_or_else(|| self.at(item, "must be a list of tables: `[[ignore]]`".to_owned()))?;
        tables.iter().map(|table| self.ignore(table)).collect()
    }

    fn ignore(&self, table: &Table) -> Result<Ignore, SettingsError> {
        let mut found = Ignore::default();
        for (key, item) in table {
            match key {
                "rule" => found.rule = self.rule(self.word(item)?, item.span().map_or(0, |span| span.start))?,
                "file" => found.file = Some(PathBuf::from(self.word(item)?)),
                "option" => found.option = Some(self.word(item)?.to_owned()),
                "reason" => self.word(item)?.clone_into(&mut found.reason),
                _ => return Err(self.unknown(table, key, &IGNORE_KEYS)),
            }
        }
        let start = table.span().map_or(0, |span| span.start);
        if found.rule.is_empty() {
            return Err(self.mistake(start, "an ignore must name its rule: `rule = \"…\"`"));
        }
        if found.reason.trim().is_empty() {
            return Err(self.mistake(start, "an ignore must give its reason: `reason = \"…\"`"));
        }
        Ok(found)
    }
}

/// Whether `ignore` can stand in a `novamend.toml`: names come from files that others write, and only what an option can
/// be called, and a path without control characters, is written down.
#[must_use]
pub fn can_be_listed(ignore: &Ignore) -> bool {
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
/// The text is no TOML; [`read`] says where.
pub fn with_baseline(text: &str, ignores: &[Ignore], reason: &str) -> Result<(String, usize), toml_edit::TomlError> {
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
        assert_eq!((found.from, found.to), (Some(Release::ROCKY), Some(Release::STEIN)));
        assert_eq!(found.fail_on, Some(None));
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
                "{text}\n[[ignore]]\nrule = \"lost-auto-post-copy\"\nfile = \"nova.conf\"\noption = \
                 \"libvirt.x\"\nreason = \"baseline\"\n"
            )
        );
        assert_eq!(with_baseline(&once, &ignores, "baseline").unwrap(), (once, 0));
    }
}
