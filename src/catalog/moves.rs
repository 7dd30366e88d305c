//! What the lists cannot say of an option: what takes its place without being its new name, why it went, which new
//! defaults change what nova does. Hand-written in `data/moves.toml`, each entry with its source.
//!
//! Old names that lead to new ones are in the lists, and not here.

use std::sync::OnceLock;

use toml_edit::{Document, Table};

use super::Release;
use super::table::{Row, table};

/// Why an option went, and what takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedOption {
    /// Its group.
    pub group: String,
    /// Its name; `*` stands for every option of the group that has no entry of its own.
    pub name: String,
    /// Options that take its place, as (group, name); their values are not the old one's.
    pub becomes: Vec<(String, String)>,
    /// What to do instead, to follow "instead, "; empty where there is nothing to do.
    pub instead: String,
    /// Why it went, a sentence without its full stop.
    pub why: String,
    /// Where that is said.
    pub source: String,
    /// Whether it went before the first release whose options are all known.
    pub is_early: bool,
}

/// What a new default changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDefault {
    /// The option's group.
    pub group: String,
    /// Its name.
    pub name: String,
    /// The release that brings the default.
    pub release: Release,
    /// What nova does otherwise, a sentence without its full stop; empty where old and new default mean the same.
    pub why: String,
    /// Whether what relied on the old default may break.
    pub is_grave: bool,
    /// Where that is said.
    pub source: String,
}

/// An option that kept its name and changed its meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMeaning {
    /// The option's group.
    pub group: String,
    /// Its name.
    pub name: String,
    /// The release that brings the meaning.
    pub release: Release,
    /// What it means from then on, a sentence without its full stop.
    pub why: String,
    /// Where that is said.
    pub source: String,
}

/// What nova names as the successor of an option that it still reads and announces to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Successor {
    /// The option's group.
    pub group: String,
    /// Its name.
    pub name: String,
    /// Options that take its place, as (group, name); none where it is only to be taken away.
    pub becomes: Vec<(String, String)>,
    /// What to do, an order.
    pub instead: String,
    /// Why it is to go, a sentence without its full stop.
    pub why: String,
    /// Where that is said.
    pub source: String,
}

/// Everything the file holds.
#[derive(Clone, Debug, Default)]
pub struct Moves {
    /// `[[gone]]`.
    pub gone: Vec<RemovedOption>,
    /// `[[default]]`.
    pub defaults: Vec<NewDefault>,
    /// `[[meaning]]`.
    pub meanings: Vec<NewMeaning>,
    /// `[[successor]]`.
    pub successors: Vec<Successor>,
}

const TEXT: &str = include_str!("data/moves.toml");

static MOVES: OnceLock<Moves> = OnceLock::new();

/// The file, read on first use; an entry it cannot read is left out, which `tests/catalog.rs` does not let pass.
#[must_use]
pub fn moves() -> &'static Moves {
    MOVES.get_or_init(|| read(TEXT).unwrap_or_default())
}

/// Why `name` of `group` went; what is said of a whole group counts for those that went with it, and not before.
#[must_use]
pub fn gone(group: &str, name: &str) -> Option<&'static RemovedOption> {
    let of = |wanted: &str| {
        let mut entries = moves().gone.iter();
        entries.find(|entry| entry.group == group && entry.name == wanted)
    };
    let went_with_group = || {
        let end = |rows: &[Row]| rows.iter().map(|row| row.until.unwrap_or(Release::NEWEST)).max();
        let own = end(table().rows_of(group, name));
        own.is_some() && own == end(table().rows_in(group))
    };
    of(name).or_else(|| of("*").filter(|_| went_with_group()))
}

/// What the default of `name` in `group` changes that came after `from` and by `to`; the latest of several.
#[must_use]
pub fn new_default(group: &str, name: &str, from: Release, to: Release) -> Option<&'static NewDefault> {
    let mut entries = moves().defaults.iter().rev();
    entries.find(|entry| entry.group == group && entry.name == name && from < entry.release && entry.release <= to)
}

/// What nova names as the successor of `name` in `group`, which it announces to go.
#[must_use]
pub fn successor(group: &str, name: &str) -> Option<&'static Successor> {
    let mut entries = moves().successors.iter();
    entries.find(|entry| entry.group == group && entry.name == name)
}

/// Reads the text; `None` where an entry is not of the form that docs/catalog.md describes.
#[must_use]
pub fn read(text: &str) -> Option<Moves> {
    let document = Document::parse(text).ok()?;
    let mut moves = Moves::default();
    for (kind, item) in document.iter() {
        for table in item.as_array_of_tables()? {
            for (group, name) in options(table, "option")? {
                match kind {
                    "gone" => moves.gone.push(one_gone(table, group, name)?),
                    "default" => moves.defaults.push(NewDefault {
                        group,
                        name,
                        release: release(table)?,
                        why: text_or_empty(table, "why"),
                        is_grave: is_said(table, "grave"),
                        source: word(table, "source")?,
                    }),
                    "meaning" => moves.meanings.push(NewMeaning {
                        group,
                        name,
                        release: release(table)?,
                        why: word(table, "why")?,
                        source: word(table, "source")?,
                    }),
                    "successor" => moves.successors.push(Successor {
                        group,
                        name,
                        becomes: options(table, "becomes").unwrap_or_default(),
                        instead: word(table, "instead")?,
                        why: word(table, "why")?,
                        source: word(table, "source")?,
                    }),
                    _ => return None,
                }
            }
        }
    }
    Some(moves)
}

fn one_gone(table: &Table, group: String, name: String) -> Option<RemovedOption> {
    Some(RemovedOption {
        group,
        name,
        becomes: options(table, "becomes").unwrap_or_default(),
        instead: text_or_empty(table, "instead"),
        why: word(table, "why")?,
        source: word(table, "source")?,
        is_early: is_said(table, "early"),
    })
}

fn word(table: &Table, key: &str) -> Option<String> {
    table.get(key)?.as_str().map(str::to_owned)
}

fn text_or_empty(table: &Table, key: &str) -> String {
    word(table, key).unwrap_or_default()
}

fn is_said(table: &Table, key: &str) -> bool {
    table.get(key).is_some_and(|item| item.as_bool() == Some(true))
}

fn release(table: &Table) -> Option<Release> {
    Release::parse(table.get("release")?.as_str()?).ok()
}

/// One option, or a list of them.
fn options(table: &Table, key: &str) -> Option<Vec<(String, String)>> {
    let item = table.get(key)?;
    match item.as_array() {
        Some(titles) => titles.iter().map(|title| split(title.as_str()?)).collect(),
        None => Some(vec![split(item.as_str()?)?]),
    }
}

/// `[group] name`.
fn split(title: &str) -> Option<(String, String)> {
    let (group, name) = title.strip_prefix('[')?.split_once("] ")?;
    Some((group.to_owned(), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_read_whole() {
        let read = read(TEXT).expect("data/moves.toml");
        assert!(!read.gone.is_empty() && !read.defaults.is_empty());
    }

    #[test]
    fn a_star_stands_for_the_rest_of_its_group() {
        assert_eq!(
            gone("cells", "mute_child_interval").map(|entry| &*entry.name),
            Some("*")
        );
        assert_eq!(gone("libvirt", "no_such_thing"), None);
    }
}
