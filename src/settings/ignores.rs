//! The ignores of `novamend.toml`: rule, files, option, reason, up to how many and until when.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use toml_edit::{Item, Table, Value};

use super::{SettingsError, TableReader};
use crate::globs::Glob;
use crate::lint::ignores::Ignore;
use crate::text::Span;

/// What an ignore may say.
pub(super) const KEYS: [&str; 6] = ["rule", "file", "option", "count", "until", "reason"];

impl TableReader<'_> {
    pub(super) fn ignores(&self, item: &Item) -> Result<Vec<Ignore>, SettingsError> {
        let tables = item
            .as_array_of_tables()
            .ok_or_else(|| self.at(item, "must be a list of tables: `[[ignore]]`".to_owned()))?;
        tables.iter().map(|table| self.ignore(table)).collect()
    }

    fn ignore(&self, table: &Table) -> Result<Ignore, SettingsError> {
        let start = table.span().map_or(0, |span| span.start);
        let mut found = Ignore {
            span: Some(Span::new(start, start + "[[ignore]]".len())),
            ..Ignore::default()
        };
        for (key, item) in table {
            match key {
                "rule" => found.rule = self.rule(self.word(item)?, item.span().map_or(0, |span| span.start))?,
                "file" => found.files = self.files(item)?,
                "option" => found.option = Some(self.word(item)?.to_owned()),
                "count" => found.count = Some(self.count(item)?),
                "until" => found.expired = self.expired(item)?,
                "reason" => self.word(item)?.clone_into(&mut found.reason),
                _ => return Err(self.unknown(table, key, &KEYS)),
            }
        }
        if found.rule.is_empty() {
            return Err(self.mistake(start, "an ignore must name its rule: `rule = \"…\"`"));
        }
        if found.reason.trim().is_empty() {
            return Err(self.mistake(start, "an ignore must give its reason: `reason = \"…\"`"));
        }
        Ok(found)
    }

    /// A path or a glob, or a list of them.
    fn files(&self, item: &Item) -> Result<Vec<String>, SettingsError> {
        let wrong = || self.at(item, "must be a quoted path or glob, or a list of them".to_owned());
        let files: Vec<String> = match item.as_array() {
            None => vec![item.as_str().ok_or_else(wrong)?.to_owned()],
            Some(list) => {
                let words = list.iter().map(|word| word.as_str().map(str::to_owned));
                words.collect::<Option<_>>().ok_or_else(wrong)?
            }
        };
        if files.is_empty() || files.iter().any(String::is_empty) {
            return Err(self.at(item, "names no file; leave `file` out for any".to_owned()));
        }
        match files.iter().find_map(|file| Glob::parse(file).err()) {
            Some(why) => Err(self.at(item, format!("is no glob: {why}; write `[[]` for a bracket"))),
            None => Ok(files),
        }
    }

    fn count(&self, item: &Item) -> Result<usize, SettingsError> {
        let number = item.as_integer().and_then(|number| usize::try_from(number).ok());
        let number = number.filter(|number| *number > 0);
        number.ok_or_else(|| {
            self.at(
                item,
                "must be a whole number of findings in one file, at least 1".to_owned(),
            )
        })
    }

    /// The date, where it is past.
    fn expired(&self, item: &Item) -> Result<Option<String>, SettingsError> {
        let said = match item.as_value() {
            Some(Value::Datetime(date)) => Some(date.value().to_string()),
            Some(Value::String(text)) => Some(text.value().clone()),
            _ => None,
        };
        let date = said.and_then(|text| text.parse::<Date>().ok().filter(|date| date.to_string() == text));
        let date = date.ok_or_else(|| self.at(item, "must be a date: `until = 2027-03-31`".to_owned()))?;
        let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
        Ok((date < today).then(|| date.to_string()))
    }
}
