//! `values.toml` as Rust: entries of the type in `src/catalog/values.rs`.

use std::error::Error;
use std::fmt::Write;

use toml_edit::Table;

use super::entry::{chosen, entries, options, release_or_none, text_or_empty, word, words};

/// An expression that holds every entry, in the order of the file.
pub(super) fn source(text: &str) -> Result<String, Box<dyn Error>> {
    let mut out = String::from("&[\n");
    for table in entries(text, "value")? {
        one(&mut out, &table)?;
    }
    Ok(out + "]\n")
}

fn one(out: &mut String, table: &Table) -> Result<(), Box<dyn Error>> {
    let ways = [
        ("service", "Some(Follows::NoService)"),
        ("requests", "Some(Follows::NoRequests)"),
        ("without", "Some(Follows::Without)"),
        ("open", "Some(Follows::Open)"),
    ];
    let follows = match table.get("follows") {
        Some(_) => chosen(table, "follows", &ways)?,
        None => "None",
    };
    write!(
        out,
        "ValueFact {{ options: &{:?}, values: &{:?}, programs: &{:?}, follows: {follows}, ",
        options(table, "option")?,
        words(table, "value")?,
        words(table, "program")?,
    )?;
    for key in ["deprecated", "gone", "until"] {
        write!(out, "{key}: {}, ", release_or_none(table, key)?)?;
    }
    for key in ["when", "what", "effect", "warning", "message"] {
        write!(out, "{key}: {:?}, ", text_or_empty(table, key))?;
    }
    for key in ["why", "instead", "example", "source"] {
        write!(out, "{key}: {:?}, ", word(table, key)?)?;
    }
    out.push_str("},\n");
    Ok(())
}
