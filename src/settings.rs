//! `novamend.toml`: severities, ignored findings with their reasons, the releases; and the baseline written into it.
//!
//! It is read strictly: a mistake is shown with its place, as a setting that is silently ignored would be a trap.

use std::path::{Path, PathBuf};

use toml_edit::{ArrayOfTables, Document, DocumentMut, Item, Table, TableLike, value};

use crate::bounded::{self, Refused};
use crate::catalog::Release;
use crate::catalog::nearest::nearest;
use crate::lint::{Ignore, Rule, Settings, Severity};
use crate::plain;
use crate::redact;
use crate::text::Source;

/// The name it is looked for by.
pub const FILE_NAME: &str = "novamend.toml";

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
    /// Something in it is wrong.
    #[error("{path}:{line}:{column}: {message}{excerpt}")]
    Mistake {
        /// The file.
        path: String,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong, and what would be right.
        message: String,
        /// The line and a caret under the place, each behind a line end; empty where the line is none of such a file.
        excerpt: String,
    },
}

fn not_read(path: &Path, why: &Refused) -> String {
    let path = plain::path(path);
    match why {
        Refused::Io(error) => format!("`{path}` could not be read: {error}"),
        why => format!("`{path}` {why}"),
    }
}

/// Reads `path`; `rules` are the ids it may name.
///
/// # Errors
/// The file cannot be read, or the first mistake in it.
pub fn read(path: &Path, rules: &[&Rule]) -> Result<FileSettings, SettingsError> {
    let text = bounded::read_text(path, bounded::LIMIT).map_err(|why| SettingsError::NotRead {
        path: path.to_owned(),
        why,
    })?;
    parse(path, &text, rules)
}

fn parse(path: &Path, text: &str, rules: &[&Rule]) -> Result<FileSettings, SettingsError> {
    let reader = Reader { path, text, rules };
    let document = Document::parse(text)
        .map_err(|error| reader.mistake(error.span().map_or(0, |span| span.start), error.message()))?;
    reader.read(document.as_table())
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    rules: &'a [&'a Rule],
}

const KEYS: [&str; 5] = ["from", "to", "fail-on", "severity", "ignore"];
const IGNORE_KEYS: [&str; 4] = ["rule", "file", "option", "reason"];

/// No line longer than this, in bytes, is quoted.
const WIDEST: usize = 200;

/// Whether `line` is one of a `novamend.toml`: of a nova.conf or another file that was named by mistake, or that a link
/// leads to, nothing is quoted.
fn is_of_settings(line: &str) -> bool {
    let line = line.trim_start();
    let word = line
        .split(|c: char| c.is_whitespace() || c == '=')
        .next()
        .unwrap_or_default();
    let is_header = ["[severity]", "[[ignore]]"]
        .iter()
        .any(|header| line.starts_with(header));
    line.len() <= WIDEST && (is_header || KEYS.contains(&word) || IGNORE_KEYS.contains(&word))
}

impl Reader<'_> {
    fn mistake(&self, offset: usize, message: impl AsRef<str>) -> SettingsError {
        let source = Source::new(self.path, self.text.as_bytes().to_vec());
        let position = source.position(offset);
        let line = source
            .line(position.line)
            .map_or("", |span| &self.text[span.start..span.end]);
        let excerpt = if is_of_settings(line) {
            let line = plain::line(&redact::lines::unknown_line(line)).into_owned();
            format!("\n{line}\n{}^", " ".repeat(position.column.min(WIDEST) - 1))
        } else {
            String::new()
        };
        SettingsError::Mistake {
            path: plain::path(self.path),
            line: position.line,
            column: position.column,
            message: plain::line(message.as_ref()).into_owned(),
            excerpt,
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
                "ignore" => found.settings.ignores = self.ignores(item)?,
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
            format!("`{key}` is no setting; {hint}known: {}", known.join(", ")),
        )
    }

    fn word<'i>(&self, item: &'i Item) -> Result<&'i str, SettingsError> {
        item.as_str()
            .ok_or_else(|| self.at(item, "must be a text in quotes".to_owned()))
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
        Release::parse(word)
            .map(Some)
            .map_err(|error| self.at(item, error.to_string()))
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
            format!("no rule is called `{id}`; {hint}`novamend rules` lists them"),
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
            return Err(self.mistake(start, "an ignore names its rule: `rule = \"…\"`"));
        }
        if found.reason.trim().is_empty() {
            return Err(self.mistake(start, "an ignore gives its reason: `reason = \"…\"`"));
        }
        Ok(found)
    }
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
    let mut known: Vec<(String, Option<String>, Option<String>)> = tables
        .iter()
        .map(|table| {
            let word = |key: &str| table.get(key).and_then(Item::as_str).map(str::to_owned);
            (word("rule").unwrap_or_default(), word("file"), word("option"))
        })
        .collect();
    let mut added = 0;
    for ignore in ignores {
        let file = ignore.file.as_ref().map(|path| path.to_string_lossy().into_owned());
        let key = (ignore.rule.clone(), file.clone(), ignore.option.clone());
        if known.contains(&key) {
            continue;
        }
        known.push(key);
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
        let text = "from = \"rocky\"\nto = 19\nfail-on = \"never\"\n[severity]\nlost-auto-post-copy = \"info\"\nremoved-progress-timeout = \"off\"\n[[ignore]]\nrule = \"lost-auto-post-copy\"\nfile = \"nova.conf\"\nreason = \"no guest is that busy\"\n";
        let found = read_text(text).unwrap();
        assert_eq!((found.from, found.to), (Some(Release::ROCKY), Some(Release::STEIN)));
        assert_eq!(found.fail_on, Some(None));
        assert_eq!(
            found.settings.severities[1],
            ("removed-progress-timeout".to_owned(), None)
        );
        assert_eq!(found.settings.ignores[0].reason, "no guest is that busy");
    }

    #[test]
    fn a_mistake_is_shown_with_its_place() {
        for (text, words) in [
            (
                "to = 19\nform = \"rocky\"\n",
                "novamend.toml:2:1: `form` is no setting; did you mean `from`?",
            ),
            (
                "to = \"rocki\"\n",
                "novamend.toml:1:6: no nova release is called `rocki`",
            ),
            (
                "[severity]\nlost-post-copy = \"off\"\n",
                "novamend.toml:2:1: no rule is called `lost-post-copy`",
            ),
            ("[[ignore]]\nrule = \"lost-auto-post-copy\"\n", "gives its reason"),
            ("to = \n", "novamend.toml:1:"),
            ("fail-on = true\n", "novamend.toml:1:11: must be a text in quotes"),
        ] {
            let error = read_text(text).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
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
                "{text}\n[[ignore]]\nrule = \"lost-auto-post-copy\"\nfile = \"nova.conf\"\noption = \"libvirt.x\"\nreason = \"baseline\"\n"
            )
        );
        assert_eq!(with_baseline(&once, &ignores, "baseline").unwrap(), (once, 0));
    }
}
