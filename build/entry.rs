//! What the entries of the hand-written lists have in common: words, releases and options by their key.

use std::error::Error;

use toml_edit::{Document, Table};

use super::series::{FIRST, SERIES};

/// An option: its group and its name.
pub(super) type Title = (String, String);

/// The entries of `text`, a list of `kind` alone, in its order.
pub(super) fn entries(text: &str, kind: &str) -> Result<Vec<Table>, Box<dyn Error>> {
    let document = Document::parse(text)?;
    let mut found = Vec::new();
    for (name, item) in document.iter() {
        if name != kind {
            return Err(format!("a list of `{kind}` has no `{name}`").into());
        }
        found.extend(item.as_array_of_tables().ok_or("not a list of tables")?.iter().cloned());
    }
    Ok(found)
}

pub(super) fn word<'a>(table: &'a Table, key: &str) -> Result<&'a str, Box<dyn Error>> {
    let word = table.get(key).and_then(|item| item.as_str());
    word.ok_or_else(|| format!("an entry has no `{key}`: {table}").into())
}

pub(super) fn text_or_empty<'a>(table: &'a Table, key: &str) -> &'a str {
    table.get(key).and_then(|item| item.as_str()).unwrap_or_default()
}

pub(super) fn is_said(table: &Table, key: &str) -> bool {
    table.get(key).is_some_and(|item| item.as_bool() == Some(true))
}

/// One word, or a list of them.
pub(super) fn words<'a>(table: &'a Table, key: &str) -> Result<Vec<&'a str>, Box<dyn Error>> {
    let item = table
        .get(key)
        .ok_or_else(|| format!("an entry has no `{key}`: {table}"))?;
    let words: Option<Vec<&str>> = match item.as_array() {
        Some(words) => words.iter().map(|word| word.as_str()).collect(),
        None => item.as_str().map(|word| vec![word]),
    };
    words.ok_or_else(|| format!("`{key}` is no text and no list of texts: {table}").into())
}

/// The release that the entry names by its series or its date, as an expression; `None` where it names none.
pub(super) fn optional_release(table: &Table, key: &str) -> Result<Option<String>, Box<dyn Error>> {
    if table.get(key).is_none() {
        return Ok(None);
    }
    let word = word(table, key)?;
    let place = SERIES
        .iter()
        .position(|(series, date)| *series == word || *date == Some(word));
    let place = place.ok_or_else(|| format!("no release is called `{word}`: {table}"))?;
    Ok(Some(format!("Release::numbered({})", usize::from(FIRST) + place)))
}

/// As [`optional_release`], an expression of the type `Option<Release>`.
pub(super) fn release_or_none(table: &Table, key: &str) -> Result<String, Box<dyn Error>> {
    let release = optional_release(table, key)?;
    Ok(release.map_or_else(|| "None".to_owned(), |release| format!("Some({release})")))
}

/// One option or a list of them, each `[group] name`.
pub(super) fn options(table: &Table, key: &str) -> Result<Vec<Title>, Box<dyn Error>> {
    words(table, key)?.into_iter().map(split).collect()
}

fn split(title: &str) -> Result<Title, Box<dyn Error>> {
    let parts = title.strip_prefix('[').and_then(|title| title.split_once("] "));
    let (group, name) = parts.ok_or_else(|| format!("`{title}` is not of the form `[group] name`"))?;
    Ok((group.to_owned(), name.to_owned()))
}

/// The expression after `choices` that belongs to the word at `key`.
pub(super) fn chosen<'c>(table: &Table, key: &str, choices: &[(&str, &'c str)]) -> Result<&'c str, Box<dyn Error>> {
    let word = word(table, key)?;
    let found = choices.iter().find(|(name, _)| *name == word);
    found
        .map(|(_, expression)| *expression)
        .ok_or_else(|| format!("`{key}` is `{word}`, which is none of its words: {table}").into())
}
