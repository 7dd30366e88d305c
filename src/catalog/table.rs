//! The tables of options as they lie in the program: lines of text, cut once into rows that borrow from it.
//!
//! What a row says of its option is read on demand in [`super::facts`].

use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};

use super::facts::Typed;
use super::release::Release;
use crate::oslo::names::{normal_group, without_hyphens};

/// One option over one span of releases in which nothing about it changed.
#[derive(Debug)]
pub(super) struct Row {
    /// The group as oslo.config matches it: lower case, or exactly `DEFAULT`.
    pub(super) group: &'static str,
    /// The option's `dest`: no hyphens.
    pub(super) name: &'static str,
    /// First release.
    pub(super) since: Release,
    /// Last release; `None` where the newest still has it.
    pub(super) until: Option<Release>,
    /// The facts: type, then `key=JSON` and flags, tabs between.
    pub(super) facts: &'static str,
    /// What the facts come to, read when first asked.
    pub(super) typed: OnceLock<Box<Typed>>,
}

impl Row {
    fn new(group: &'static str, name: &'static str, span: (Release, Option<Release>), facts: &'static str) -> Self {
        Self {
            group,
            name,
            since: span.0,
            until: span.1,
            facts,
            typed: OnceLock::new(),
        }
    }

    /// Whether `release` is within the span.
    pub(super) fn covers(&self, release: Release) -> bool {
        self.since <= release && self.until.is_none_or(|until| release <= until)
    }

    /// The same row, nothing of it read yet.
    fn unread(&self) -> Self {
        Self::new(self.group, self.name, (self.since, self.until), self.facts)
    }
}

/// What the lists say decides, not what has been read of it.
impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        let key = |row: &Self| (row.group, row.name, row.since, row.until, row.facts);
        key(self) == key(other)
    }
}

impl Eq for Row {}

/// Rows in order of group, name and release, and the old names that lead to them.
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
    /// Group as matched, name with `-` made `_`, row; in this order.
    pub(super) aliases: Vec<(Cow<'static, str>, Cow<'static, str>, usize)>,
}

const OPTIONS: &str = include_str!("data/options.txt");
const EARLY: &str = include_str!("data/early.txt");

/// A table and the one that took its place when options were added: tables only ever come to this list, so that what was
/// found in one stays valid, and to look into the newest takes no lock.
struct Edition {
    table: Table,
    next: OnceLock<Box<Edition>>,
}

/// The built-in tables, cut on first use.
static BUILT_IN: LazyLock<Edition> = LazyLock::new(|| Edition {
    table: Table::new(&[EARLY, OPTIONS]),
    next: OnceLock::new(),
});

/// The newest edition and its number, the built-in tables having 0.
fn newest() -> (&'static Edition, usize) {
    let (mut edition, mut number) = (&*BUILT_IN, 0);
    while let Some(next) = edition.next.get() {
        (edition, number) = (next, number + 1);
    }
    (edition, number)
}

/// The table with everything that was added up to now.
pub(super) fn table() -> &'static Table {
    &newest().0.table
}

/// Adds the options of `text`, in the form of the built-in tables, that nova has in no release.
pub(super) fn add(text: &'static str) {
    let own = &BUILT_IN.table;
    let mut next = Box::new(Edition {
        table: Table::of(Vec::new()),
        next: OnceLock::new(),
    });
    loop {
        let last = newest().0;
        let extra = Table::new(&[text]).rows.into_iter();
        let is_new = |row: &Row| own.rows_of(row.group, row.name).is_empty();
        let rows = last.table.rows.iter().map(Row::unread);
        next.table = Table::of(rows.chain(extra.filter(is_new)).collect());
        match last.next.set(next) {
            Ok(()) => return,
            // Somebody else was quicker; these go behind.
            Err(refused) => next = refused,
        }
    }
}

/// What is made of the whole catalog once, and once more when options have been added.
///
/// `make` must not read it in turn.
pub struct OfCatalog<T: 'static> {
    make: fn() -> T,
    first: OnceLock<Box<Made<T>>>,
}

struct Made<T: 'static> {
    /// The number of the edition it was made of, or of an older one.
    edition: usize,
    value: T,
    next: OnceLock<Box<Made<T>>>,
}

impl<T> OfCatalog<T> {
    /// What `make` makes of the catalog, when it is first read.
    #[must_use]
    pub const fn new(make: fn() -> T) -> Self {
        Self {
            make,
            first: OnceLock::new(),
        }
    }

    /// What was made of all options that were known before this call.
    pub fn read(&self) -> &T {
        let edition = newest().1;
        let mut place = &self.first;
        loop {
            let made = place.get_or_init(|| {
                Box::new(Made {
                    edition,
                    value: (self.make)(),
                    next: OnceLock::new(),
                })
            });
            if made.edition >= edition {
                return &made.value;
            }
            place = &made.next;
        }
    }
}

/// Every option whose default refers to another, with the name it asks for.
pub(super) fn referring_defaults() -> &'static [(&'static str, &'static Row)] {
    static REFERRING: OfCatalog<Vec<(&str, &Row)>> = OfCatalog::new(|| {
        let with_dollar = table().rows.iter().filter(|row| row.facts.contains('$'));
        with_dollar
            .flat_map(|row| {
                let default = field(row.facts, "default").unwrap_or_default();
                let after = default.split('$').skip(1).map(|rest| rest.trim_start_matches('{'));
                after.map(move |rest| {
                    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                    (&rest[..end.unwrap_or(rest.len())], row)
                })
            })
            .collect()
    });
    REFERRING.read()
}

impl Table {
    /// The rows of `texts`, each in the form of `options.txt`.
    pub(super) fn new(texts: &[&'static str]) -> Self {
        let mut rows = Vec::with_capacity(2500);
        for text in texts {
            let mut group = "DEFAULT";
            for line in text.lines() {
                match line.as_bytes().first() {
                    None | Some(b'#') => {}
                    Some(b'[') => group = line.trim_matches(['[', ']']),
                    Some(_) => rows.extend(row(group, line)),
                }
            }
        }
        Self::of(rows)
    }

    fn of(mut rows: Vec<Row>) -> Self {
        // The texts are sorted one by one, so this merges a few runs.
        rows.sort_by(|a, b| (a.group, a.name, a.since).cmp(&(b.group, b.name, b.since)));
        let mut aliases = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            let pairs = field(row.facts, "aliases")
                .into_iter()
                .flat_map(|pairs| pairs.split(','));
            for (group, name) in pairs.filter_map(|pair| pair.split_once('/')) {
                aliases.push((normal_group(group), without_hyphens(name), at));
            }
        }
        aliases.sort();
        Self { rows, aliases }
    }

    /// The rows of one option, oldest first.
    pub(super) fn rows_of(&self, group: &str, name: &str) -> &[Row] {
        let start = self.rows.partition_point(|row| (row.group, row.name) < (group, name));
        let count = self.rows[start..].partition_point(|row| (row.group, row.name) == (group, name));
        &self.rows[start..start + count]
    }

    /// The rows of one group.
    pub(super) fn rows_in(&self, group: &str) -> &[Row] {
        let start = self.rows.partition_point(|row| row.group < group);
        let count = self.rows[start..].partition_point(|row| row.group == group);
        &self.rows[start..start + count]
    }

    /// The rows that an old name leads to, `name` without hyphens.
    pub(super) fn rows_by_alias<'t, 'n>(
        &'t self,
        group: &'n str,
        name: &'n str,
    ) -> impl Iterator<Item = &'t Row> + use<'t, 'n> {
        let key = move |entry: &(Cow<'_, str>, Cow<'_, str>, usize)| (&*entry.0, &*entry.1).cmp(&(group, name));
        let start = self.aliases.partition_point(|entry| key(entry).is_lt());
        self.aliases[start..]
            .iter()
            .take_while(move |entry| key(entry).is_eq())
            .map(|entry| &self.rows[entry.2])
    }
}

/// The fact `key` of a row, as written; the empty text for a flag.
pub(super) fn field<'a>(facts: &'a str, key: &str) -> Option<&'a str> {
    facts.split('\t').skip(1).find_map(|word| {
        let rest = word.strip_prefix(key)?;
        if rest.is_empty() {
            Some("")
        } else {
            rest.strip_prefix('=')
        }
    })
}

fn row(group: &'static str, line: &'static str) -> Option<Row> {
    let (name, rest) = line.split_once('\t')?;
    let (span, facts) = rest.split_once('\t')?;
    let (since, until) = span.split_once('-')?;
    let release = |number: &str| number.parse().ok().and_then(Release::from_number);
    let since = release(since)?;
    let until = match until {
        "" => None,
        number => Some(release(number)?),
    };
    Some(Row::new(group, name, (since, until), facts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{self, OptionFacts};

    fn newest(group: &str, name: &str) -> Option<OptionFacts> {
        catalog::option(group, name, Release::NEWEST)
    }

    #[test]
    fn options_are_found_once_added_whatever_was_asked_before() {
        static NAMES: OfCatalog<Vec<&str>> = OfCatalog::new(|| catalog::all().map(|facts| facts.name()).collect());
        let action = || newest("libvirt", "live_migration_timeout_action");
        let before = action();
        assert!(newest("added_late", "option_added_late").is_none());
        assert!(!NAMES.read().contains(&"option_added_late"));
        let text = "[added_late]\noption_added_late\t15-\tinteger\tdefault=$other_added_late\n\
                    [libvirt]\nlive_migration_timeout_action\t15-\tinteger\n";
        catalog::add_extra(text.to_owned());
        assert_eq!(
            newest("added_late", "option_added_late").map(|facts| facts.kind()),
            Some("integer")
        );
        assert!(NAMES.read().contains(&"option_added_late"));
        assert!(catalog::is_in_default("other_added_late", Release::NEWEST));
        assert_eq!(action(), before, "what nova has stays");
    }

    #[test]
    fn nothing_is_lost_when_several_threads_add_at_once() {
        std::thread::scope(|scope| {
            for number in 0..8 {
                scope.spawn(move || catalog::add_extra(format!("[added_by_{number}]\nname\t15-\tstring\n")));
            }
        });
        for number in 0..8 {
            assert!(newest(&format!("added_by_{number}"), "name").is_some(), "{number}");
        }
    }
}
