//! The tables of options as they lie in the program: lines of text, cut once into rows that borrow from it.
//!
//! What a row says of its option is read on demand in [`super::facts`].

use std::borrow::Cow;
use std::sync::OnceLock;

use super::release::Release;

/// One option over one span of releases in which nothing about it changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The group as oslo.config matches it: lower case, or exactly `DEFAULT`.
    pub group: &'static str,
    /// The option's `dest`: no hyphens.
    pub name: &'static str,
    /// First release.
    pub since: Release,
    /// Last release; `None` where the newest still has it.
    pub until: Option<Release>,
    /// The facts: type, then `key=JSON` and flags, tabs between.
    pub(super) facts: &'static str,
}

impl Row {
    /// Whether `release` is within the span.
    #[must_use]
    pub fn covers(&self, release: Release) -> bool {
        self.since <= release && self.until.is_none_or(|until| release <= until)
    }
}

/// Rows in order of group, name and release, and the old names that lead to them.
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
    /// Group as matched, name with `-` made `_`, row; in this order.
    pub(super) aliases: Vec<(Cow<'static, str>, Cow<'static, str>, usize)>,
}

const OPTIONS: &str = include_str!("data/options.txt");
const EARLY: &str = include_str!("data/early.txt");

static TABLE: OnceLock<Table> = OnceLock::new();

/// The table, cut on first use; `extra` was added if [`install_extra`] came before.
pub(super) fn table() -> &'static Table {
    TABLE.get_or_init(|| Table::new(&[EARLY, OPTIONS]))
}

/// Adds the options of `text`, in the form of the built-in tables, that nova has in no release; false if the catalog was
/// asked before.
pub(super) fn install_extra(text: &'static str) -> bool {
    let own = Table::new(&[EARLY, OPTIONS]);
    let extra = Table::new(&[text]).rows.into_iter();
    let mut rows: Vec<Row> = extra
        .filter(|row| own.rows_of(row.group, row.name).is_empty())
        .collect();
    rows.extend(own.rows);
    TABLE.set(Table::of(rows)).is_ok()
}

/// Every option whose default refers to another, with the name it asks for.
pub(super) fn referring_defaults() -> &'static [(&'static str, Row)] {
    static REFERRING: OnceLock<Vec<(&str, Row)>> = OnceLock::new();
    REFERRING.get_or_init(|| {
        let with_dollar = table().rows.iter().filter(|row| row.facts.contains('$'));
        with_dollar
            .flat_map(|row| {
                let default = field(row.facts, "default").unwrap_or_default();
                let after = default.split('$').skip(1).map(|rest| rest.trim_start_matches('{'));
                after.map(|rest| {
                    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                    (&rest[..end.unwrap_or(rest.len())], *row)
                })
            })
            .collect()
    })
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
                aliases.push((super::normal_group(group), super::without_hyphens(name), at));
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
    pub(super) fn rows_by_alias<'a>(&'a self, group: &'a str, name: &'a str) -> impl Iterator<Item = &'a Row> {
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
    Some(Row {
        group,
        name,
        since: Release::from_number(since.parse().ok()?)?,
        until: match until {
            "" => None,
            number => Some(Release::from_number(number.parse().ok()?)?),
        },
        facts,
    })
}
