//! `refusals.toml` as Rust: entries of the type in `src/catalog/refusals.rs`, and which of them ask for an option of which name.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write;

use toml_edit::Table;

use super::entry::{chosen, entries, optional_release, options, release_or_none, word, words};

/// An expression that holds every entry, in the order of the file.
pub(super) fn source(text: &str) -> Result<String, Box<dyn Error>> {
    let mut out = String::from("&[\n");
    for table in entries(text, "refusal")? {
        one(&mut out, &table)?;
    }
    Ok(out + "]\n")
}

/// An expression that holds the name of every option that an entry is asked for by, in order, each with the entry's number; those
/// that are about what is missing have no name.
pub(super) fn by_name(text: &str) -> Result<String, Box<dyn Error>> {
    let mut found: BTreeSet<(String, usize)> = BTreeSet::new();
    for (number, table) in entries(text, "refusal")?.iter().enumerate() {
        match table.get("option") {
            Some(_) => found.extend(options(table, "option")?.into_iter().map(|(_, name)| (name, number))),
            None => drop(found.insert((String::new(), number))),
        }
    }
    let found: Vec<_> = found.into_iter().collect();
    Ok(format!("&{found:?}\n"))
}

fn one(out: &mut String, table: &Table) -> Result<(), Box<dyn Error>> {
    let asked = match table.get("option") {
        Some(_) => options(table, "option")?,
        None => Vec::new(),
    };
    let stops = [
        ("service", "Stops::Service"),
        ("migrations", "Stops::Migrations"),
        ("instances", "Stops::Instances"),
        ("sense", "Stops::Sense"),
        ("nothing", "Stops::Nothing"),
    ];
    let since = optional_release(table, "since")?.ok_or_else(|| format!("an entry has no `since`: {table}"))?;
    writeln!(
        out,
        "Refusal {{ id: {:?}, programs: &{:?}, since: {since}, until: {}, stops: {}, options: &{asked:?}, when: {:?}, what: {:?}, \
         message: {:?}, instead: {:?}, example: {:?}, source: {:?} }},",
        word(table, "id")?,
        words(table, "program")?,
        release_or_none(table, "until")?,
        chosen(table, "stops", &stops)?,
        word(table, "when")?,
        word(table, "what")?,
        word(table, "message")?,
        word(table, "instead")?,
        word(table, "example")?,
        word(table, "source")?,
    )?;
    Ok(())
}
