//! `moves.toml` as Rust: entries of the types in `src/catalog/moves.rs`.

use std::error::Error;
use std::fmt::Write;

use toml_edit::{Document, Table};

use super::entry::{Title, is_said, optional_release, options, text_or_empty, word};

/// An expression that holds everything in `text`; each entry with several options is one entry for each.
pub(super) fn source(text: &str) -> Result<String, Box<dyn Error>> {
    let document = Document::parse(text)?;
    let mut gone = Vec::new();
    let (mut defaults, mut meanings, mut successors) = (String::new(), String::new(), String::new());
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
                    "meaning" => meanings.push_str(&one_meaning(table, &title)?),
                    "successor" => successors.push_str(&one_outgoing(table, &title, word(table, "instead")?)?),
                    _ => return Err(format!("moves.toml has no `{kind}`").into()),
                }
            }
        }
    }
    gone.sort_by(|a, b| a.0.cmp(&b.0));
    let gone: String = gone.into_iter().map(|(_, entry)| entry).collect();
    Ok(format!(
        "Moves {{\ngone: &[\n{gone}],\ndefaults: &[\n{defaults}],\nmeanings: &[\n{meanings}],\nsuccessors: &[\n{successors}],\n}}\n"
    ))
}

fn one_outgoing(table: &Table, title: &Title, instead: &str) -> Result<String, Box<dyn Error>> {
    let mut entry = opened("Outgoing", title);
    writeln!(
        entry,
        "becomes: {}, instead: {instead:?}, why: {:?}, source: {:?}, is_early: {} }},",
        becomes(table)?,
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
        "release: {}, why: {:?}, is_grave: {}, source: {:?} }},",
        release(table)?,
        text_or_empty(table, "why"),
        is_said(table, "grave"),
        word(table, "source")?,
    )?;
    Ok(entry)
}

fn one_meaning(table: &Table, title: &Title) -> Result<String, Box<dyn Error>> {
    let mut entry = opened("NewMeaning", title);
    writeln!(
        entry,
        "release: {}, why: {:?}, source: {:?} }},",
        release(table)?,
        word(table, "why")?,
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

/// What takes the place of the entry's options, as a slice.
fn becomes(table: &Table) -> Result<String, Box<dyn Error>> {
    let options = match table.get("becomes") {
        Some(_) => options(table, "becomes")?,
        None => Vec::new(),
    };
    Ok(format!("&{options:?}"))
}
