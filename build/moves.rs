//! `moves.toml` as Rust: entries of the types in `src/catalog/moves.rs`.

use std::error::Error;
use std::fmt::Write;

use toml_edit::{Document, Table};

use super::entry::{Title, is_said, optional_release, options, text_or_empty, word, words};

/// An expression that holds everything in `text`; each entry with several options is one entry for each.
pub(super) fn source(text: &str) -> Result<String, Box<dyn Error>> {
    let document = Document::parse(text)?;
    let mut gone = Vec::new();
    let (mut defaults, mut successors) = (String::new(), String::new());
    let (mut meanings, mut news) = (String::new(), String::new());
    for (kind, item) in document.iter() {
        let tables = item.as_array_of_tables().ok_or("not a list of tables")?;
        for table in tables {
            for title in options(table, "option")? {
                match kind {
                    "gone" => {
                        let instead = text_or_empty(table, "instead");
                        gone.push((title.clone(), one_outgoing(table, &title, instead)?));
                    }
                    "default" => defaults.push_str(&one_default(table, &title)?),
                    "meaning" => meanings.push_str(&one_behaviour(table, &title)?),
                    "new" => news.push_str(&one_behaviour(table, &title)?),
                    "successor" => successors.push_str(&one_outgoing(table, &title, word(table, "instead")?)?),
                    _ => return Err(format!("moves.toml has no `{kind}`").into()),
                }
            }
        }
    }
    gone.sort_by(|a, b| a.0.cmp(&b.0));
    let gone: String = gone.into_iter().map(|(_, entry)| entry).collect();
    Ok(format!(
        "Moves {{\ngone: &[\n{gone}],\ndefaults: &[\n{defaults}],\nmeanings: &[\n{meanings}],\nnews: &[\n{news}],\nsuccessors: &[\n{successors}],\n}}\n"
    ))
}

fn one_outgoing(table: &Table, title: &Title, instead: &str) -> Result<String, Box<dyn Error>> {
    let mut entry = opened("Outgoing", title);
    writeln!(
        entry,
        "becomes: {}, instead: {instead:?}, why: {:?}, source: {:?}, is_early: {} }},",
        options_or_none(table, "becomes")?,
        word(table, "why")?,
        word(table, "source")?,
        is_said(table, "early"),
    )?;
    Ok(entry)
}

fn one_default(table: &Table, title: &Title) -> Result<String, Box<dyn Error>> {
    let mut entry = opened("NewDefault", title);
    writeln!(
        entry,
        "release: {}, why: {:?}, when: {:?}, is_grave: {}, source: {:?} }},",
        release(table)?,
        text_or_empty(table, "why"),
        text_or_empty(table, "when"),
        is_said(table, "grave"),
        word(table, "source")?,
    )?;
    Ok(entry)
}

fn one_behaviour(table: &Table, title: &Title) -> Result<String, Box<dyn Error>> {
    let mut entry = opened("NewBehaviour", title);
    writeln!(
        entry,
        "release: {}, concerns: {}, programs: &{:?}, when: {:?}, why: {:?}, before: {:?}, instead: {:?}, is_grave: {}, \
         is_quiet: {}, example: {:?}, source: {:?} }},",
        release(table)?,
        options_or_none(table, "concerns")?,
        words_or_none(table, "program")?,
        text_or_empty(table, "when"),
        word(table, "why")?,
        text_or_empty(table, "before"),
        text_or_empty(table, "instead"),
        is_said(table, "grave"),
        is_said(table, "quiet"),
        text_or_empty(table, "example"),
        word(table, "source")?,
    )?;
    Ok(entry)
}

fn opened(kind: &str, (group, name): &Title) -> String {
    format!("{kind} {{ group: {group:?}, name: {name:?}, ")
}

/// The release that brings what the entry says.
fn release(table: &Table) -> Result<String, Box<dyn Error>> {
    optional_release(table, "release")?.ok_or_else(|| format!("an entry has no `release`: {table}").into())
}

/// The options of a key that may be absent, as a slice.
fn options_or_none(table: &Table, key: &str) -> Result<String, Box<dyn Error>> {
    let options = match table.get(key) {
        Some(_) => options(table, key)?,
        None => Vec::new(),
    };
    Ok(format!("&{options:?}"))
}

/// One word, a list of them, or none.
fn words_or_none<'a>(table: &'a Table, key: &str) -> Result<Vec<&'a str>, Box<dyn Error>> {
    match table.get(key) {
        Some(_) => words(table, key),
        None => Ok(Vec::new()),
    }
}
