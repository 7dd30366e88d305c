//! The conditions under which a service of nova refuses to start, or cannot do what it is for, though every value is one that
//! oslo.config takes. Hand-written in `data/refusals.toml`, each entry with its source.
//!
//! What a condition means and whether files meet it, [`crate::nova::start`] finds out.

use std::sync::OnceLock;

use toml_edit::{Document, Table};

use super::Release;

/// What a refusal stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stops {
    /// The service: it ends with an error when it starts.
    Service,
    /// Live migrations.
    Migrations,
    /// Instances: they cannot be built, or not be used.
    Instances,
}

/// A condition under which nova refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Words that name it; never reused.
    pub id: String,
    /// The services that refuse: `nova-compute`.
    pub programs: Vec<String>,
    /// The first release that refuses so.
    pub since: Release,
    /// The last; `None` where the newest still does.
    pub until: Option<Release>,
    /// What it stops.
    pub stops: Stops,
    /// The options whose being written makes it worth asking, the one to blame first; none where it is about what is missing.
    pub options: Vec<(String, String)>,
    /// The condition.
    pub when: String,
    /// What is so, a clause.
    pub what: String,
    /// Nova's own message, or what it raises, with `{}` for what it fills in.
    pub message: String,
    /// What to do, an order.
    pub instead: String,
    /// A nova.conf that meets it in every release that refuses so.
    pub example: String,
    /// Where that is said.
    pub source: String,
}

impl Refusal {
    /// Whether `release` refuses so.
    #[must_use]
    pub fn covers(&self, release: Release) -> bool {
        self.since <= release && self.until.is_none_or(|until| release <= until)
    }
}

const TEXT: &str = include_str!("data/refusals.toml");

/// All of them, in the order of the file.
#[must_use]
pub fn all() -> &'static [Refusal] {
    static READ: OnceLock<Vec<Refusal>> = OnceLock::new();
    READ.get_or_init(|| read(TEXT).unwrap_or_default())
}

/// Reads the text; `None` where an entry is not of the form that docs/catalog.md describes.
fn read(text: &str) -> Option<Vec<Refusal>> {
    let document = Document::parse(text).ok()?;
    let entries = document.get("refusal")?.as_array_of_tables()?;
    entries.iter().map(refusal).collect()
}

fn refusal(table: &Table) -> Option<Refusal> {
    let word = |key: &str| table.get(key)?.as_str().map(str::to_owned);
    let words = |key: &str| -> Option<Vec<String>> {
        let item = table.get(key)?;
        match item.as_array() {
            Some(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
            None => Some(vec![item.as_str()?.to_owned()]),
        }
    };
    let release = |key: &str| word(key).and_then(|name| Release::parse(&name).ok());
    let option = |title: &String| {
        let (group, name) = title.strip_prefix('[')?.split_once("] ")?;
        Some((group.to_owned(), name.to_owned()))
    };
    Some(Refusal {
        id: word("id")?,
        programs: words("program")?,
        since: release("since")?,
        until: release("until"),
        stops: match &*word("stops")? {
            "service" => Stops::Service,
            "migrations" => Stops::Migrations,
            "instances" => Stops::Instances,
            _ => return None,
        },
        options: words("option")
            .unwrap_or_default()
            .iter()
            .map(option)
            .collect::<Option<_>>()?,
        when: word("when")?,
        what: word("what")?,
        message: word("message")?,
        instead: word("instead")?,
        example: word("example")?,
        source: word("source")?,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_file_is_read_whole_and_each_entry_has_its_own_id_and_a_source() {
        let read = read(TEXT).expect("data/refusals.toml");
        let mut ids = HashSet::new();
        for fact in &read {
            assert!(ids.insert(&fact.id), "{}", fact.id);
            assert!(fact.source.starts_with("https://"), "{}", fact.id);
            assert!(!fact.programs.is_empty() && !fact.what.ends_with('.'), "{}", fact.id);
        }
        assert!(ids.len() > 3);
    }
}
