//! The tables of options: text, and where in it the rows, groups and names stand, as [`super::index`] finds them.
//!
//! Those of the built-in lists are made when the program is built, and lie in it ready to be looked into. What a row says of
//! its option is read on demand in [`super::facts`].

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::sync::OnceLock;

use super::OptionFacts;
use super::facts::Typed;
use super::index::{ANY_GROUP, Group, Lists, Name, Row, Run, Word, field, hash, in_slots};
use super::names::without_hyphens;
use super::release::Release;
use super::series::FIRST;

/// Rows in order of group, name and release, and the names that lead to them.
pub(super) struct Table {
    text: &'static str,
    rows: &'static [Row],
    groups: &'static [Group],
    names: &'static [Name],
    old: &'static [u32],
    by_key: &'static [u32],
    secret: &'static [u32],
    referring: &'static [u32],
    group_slots: &'static [u32],
    name_slots: &'static [u32],
    key_slots: &'static [u32],
    /// What the facts of each row come to, read when first asked.
    read: &'static [OnceLock<Box<Typed>>],
}

/// The options of every release.
#[allow(clippy::unreadable_literal)] // nobody reads what is generated
static OPTIONS: Table = include!(concat!(env!("OUT_DIR"), "/options.rs"));

/// The plugins of keystoneauth as groups, what they read as options.
#[allow(clippy::unreadable_literal)]
pub(super) static PLUGINS: Table = include!(concat!(env!("OUT_DIR"), "/plugins.rs"));

/// A table and the one that took its place when options were added: tables only ever come to this list, so that what was
/// found in one stays valid, and to look into the newest takes no lock.
struct Edition {
    table: &'static Table,
    next: OnceLock<Box<Edition>>,
}

static BUILT_IN: Edition = Edition {
    table: &OPTIONS,
    next: OnceLock::new(),
};

/// The options of nova as a file changed them: [`super::update`].
static UPDATED: OnceLock<&'static Table> = OnceLock::new();

/// The options of nova, without those that were added.
fn nova() -> &'static Table {
    UPDATED.get().copied().unwrap_or(&OPTIONS)
}

/// The numbers of the releases that are known.
fn releases() -> RangeInclusive<u8> {
    FIRST..=Release::newest().number()
}

/// Takes the rows of `text` for nova's own: one of the same option and first release takes the place of another.
pub(super) fn update(text: &str) {
    let updated: &'static Table = Box::leak(Box::new(nova().updated(text)));
    // It comes once, before anybody asks.
    let _ = UPDATED.set(updated);
    put(|_| updated);
}

/// Makes what `make` makes of the newest table the newest edition; where somebody else is quicker, it goes behind theirs.
fn put(make: impl Fn(&Table) -> &'static Table) {
    loop {
        let last = newest().0;
        let (table, next) = (make(last.table), OnceLock::new());
        if last.next.set(Box::new(Edition { table, next })).is_ok() {
            return;
        }
    }
}

/// The newest edition and its number, the built-in tables having 0.
fn newest() -> (&'static Edition, usize) {
    let (mut edition, mut number) = (&BUILT_IN, 0);
    while let Some(next) = edition.next.get() {
        (edition, number) = (next, number + 1);
    }
    (edition, number)
}

/// The table with everything that was added up to now.
pub(super) fn table() -> &'static Table {
    newest().0.table
}

/// Adds the options of `text`, in the form of the built-in tables, that nova has in no release.
pub(super) fn add(text: &str) {
    put(|last| Box::leak(Box::new(last.with(text))));
}

/// The options that were added.
pub(super) fn added() -> impl Iterator<Item = OptionFacts> {
    let (edition, number) = newest();
    let all = edition.table.all().take(if number == 0 { 0 } else { usize::MAX });
    all.filter(|facts| nova().name(facts.group(), facts.name()).own.is_empty())
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
pub(super) fn referring_defaults() -> &'static [(&'static str, OptionFacts)] {
    static REFERRING: OfCatalog<Vec<(&str, OptionFacts)>> = OfCatalog::new(|| {
        let table = table();
        let with_dollar = table.referring.iter().map(|&number| OptionFacts::new(table, number));
        with_dollar
            .flat_map(|facts| {
                let default = field(facts.words(), "default").unwrap_or_default();
                let after = default.split('$').skip(1).map(|rest| rest.trim_start_matches('{'));
                after.map(move |rest| {
                    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                    (&rest[..end.unwrap_or(rest.len())], facts)
                })
            })
            .collect()
    });
    REFERRING.read()
}

/// All that one name in one group leads to, over all releases.
#[derive(Clone, Copy)]
pub(super) struct Found {
    /// The option of that name: its rows, oldest first.
    pub(super) own: Options,
    /// The options that have it for an old name, by group, name and release.
    pub(super) old: Options,
}

/// Some rows of a table.
#[derive(Clone, Copy)]
pub(super) struct Options {
    table: &'static Table,
    /// The numbers of the rows; of a run the numbers themselves.
    rows: Rows,
}

#[derive(Clone, Copy)]
enum Rows {
    Run(Run),
    Listed(&'static [u32]),
}

impl Options {
    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        match self.rows {
            Rows::Run(run) => run.start == run.end,
            Rows::Listed(rows) => rows.is_empty(),
        }
    }

    /// The first.
    #[cfg(test)]
    pub(super) fn first(self) -> Option<OptionFacts> {
        self.iter().next()
    }

    /// Each of them.
    pub(super) fn iter(self) -> impl Iterator<Item = OptionFacts> {
        let (run, listed) = match self.rows {
            Rows::Run(run) => (run, &[][..]),
            Rows::Listed(rows) => (Run::default(), rows),
        };
        let numbers = (run.start..run.end).chain(listed.iter().copied());
        let table = self.table;
        numbers.map(move |number| OptionFacts::new(table, number))
    }

    /// Those that are as `release` has them.
    pub(super) fn of(self, release: Release) -> impl Iterator<Item = OptionFacts> {
        self.iter().filter(move |facts| facts.covers(release))
    }
}

impl Table {
    /// The table of one list alone.
    #[cfg(test)]
    pub(super) fn of(list: &str) -> Self {
        let mut lists = Lists::default();
        lists.add(list, &releases());
        Self::made(lists)
    }

    /// This table with the options of `text` that nova has in no release; what was read of rows is read again.
    fn with(&self, text: &str) -> Self {
        let mut lists = Lists {
            text: self.text.to_owned(),
            rows: self.rows.to_owned(),
            ..Lists::default()
        };
        lists.add(text, &releases());
        let mut added = lists.rows.split_off(self.rows.len());
        added.retain(|row| {
            let (group, name) = (row.group.of(&lists.text), row.name.of(&lists.text));
            nova().name(group, name).own.is_empty()
        });
        lists.rows.extend(added);
        Self::made(lists)
    }

    /// This table with the rows of `text`, each in the place of the one for the same option from the same release on.
    fn updated(&self, text: &str) -> Self {
        let mut lists = Lists {
            text: self.text.to_owned(),
            rows: Vec::new(),
            ..Lists::default()
        };
        lists.add(text, &releases());
        let of = |row: &Row, text: &str| (row.group.of(text).to_owned(), row.name.of(text).to_owned(), row.since);
        let replaced: HashSet<_> = lists.rows.iter().map(|row| of(row, &lists.text)).collect();
        let kept = self.rows.iter().filter(|row| !replaced.contains(&of(row, self.text)));
        let kept: Vec<Row> = kept.copied().collect();
        lists.rows.extend(kept);
        Self::made(lists)
    }

    /// The table of `lists`, which stays to the end of the process.
    fn made(mut lists: Lists) -> Self {
        lists.put_in_order();
        let unread = std::iter::repeat_with(OnceLock::new).take(lists.rows.len());
        Self {
            read: unread.collect::<Vec<_>>().leak(),
            text: lists.text.leak(),
            rows: lists.rows.leak(),
            groups: lists.groups.leak(),
            names: lists.names.leak(),
            old: lists.old.leak(),
            by_key: lists.by_key.leak(),
            secret: lists.secret.leak(),
            referring: lists.referring.leak(),
            group_slots: lists.group_slots.leak(),
            name_slots: lists.name_slots.leak(),
            key_slots: lists.key_slots.leak(),
        }
    }

    pub(super) fn word(&self, word: Word) -> &'static str {
        word.of(self.text)
    }

    pub(super) fn row(&self, number: u32) -> &'static Row {
        &self.rows[number as usize]
    }

    /// The rows behind that of `number` that are of the same option: as later releases have it.
    pub(super) fn later(&'static self, number: u32) -> impl Iterator<Item = OptionFacts> {
        let is_same = move |other: &u32| {
            let (row, other) = (self.row(number), self.row(*other));
            self.word(row.name) == self.word(other.name) && self.word(row.group) == self.word(other.group)
        };
        let behind = number + 1..self.rows.len() as u32;
        behind
            .take_while(is_same)
            .map(move |number| OptionFacts::new(self, number))
    }

    pub(super) fn read(&self, number: u32) -> &'static OnceLock<Box<Typed>> {
        &self.read[number as usize]
    }

    /// Every row, in order of group, name and release.
    pub(super) fn all(&'static self) -> impl Iterator<Item = OptionFacts> {
        (0..self.rows.len() as u32).map(move |number| OptionFacts::new(self, number))
    }

    /// The group called `name`, as matched.
    pub(super) fn group(&self, name: &str) -> Option<&'static Group> {
        let is_it = |number: u32| self.word(self.groups[number as usize].name) == name;
        let found = in_slots(self.group_slots, hash(0, name), is_it);
        found.map(|number| &self.groups[number as usize])
    }

    /// The groups in which `release` has options, by name.
    pub(super) fn groups_of(&'static self, release: Release) -> impl Iterator<Item = &'static str> {
        let has = move |group: &&Group| {
            let mut rows = self.rows[group.rows.start as usize..group.rows.end as usize].iter();
            rows.any(|row| (row.since..=row.until).contains(&release.number()))
        };
        self.groups.iter().filter(has).map(|group| self.word(group.name))
    }

    /// The rows of `group`.
    pub(super) fn rows_in(&'static self, group: &str) -> Options {
        let rows = self.group(group).map_or(Run::default(), |group| group.rows);
        let rows = Rows::Run(rows);
        Options { table: self, rows }
    }

    /// All that `key` in `group`, as matched, leads to: the option called exactly so, and those that have it for an old name.
    pub(super) fn name(&'static self, group: &str, key: &str) -> Found {
        self.name_in(self.group(group), key)
    }

    /// As [`Self::name`], in a group that was found; in none that is not there.
    pub(super) fn name_in(&'static self, group: Option<&Group>, key: &str) -> Found {
        let of = |key: &str| {
            let names = group?.names;
            let is_it = |number: u32| {
                (names.start..names.end).contains(&number) && self.word(self.names[number as usize].key) == key
            };
            let found = in_slots(self.name_slots, hash(names.start, key), is_it);
            found.map(|number| &self.names[number as usize])
        };
        let exact = of(key);
        let old = if memchr::memchr(b'-', key.as_bytes()).is_some() {
            of(&without_hyphens(key))
        } else {
            exact
        };
        self.found(exact.map_or(Run::default(), |name| name.own), old)
    }

    fn found(&'static self, own: Run, old: Option<&Name>) -> Found {
        let old = old.map_or(Run::default(), |name| name.old);
        let listed = &self.old[old.start as usize..old.end as usize];
        Found {
            own: Options {
                table: self,
                rows: Rows::Run(own),
            },
            old: Options {
                table: self,
                rows: Rows::Listed(listed),
            },
        }
    }

    /// Whether an option that nova marks as secret is called `key` in any group, or has it for an old name with `-` made `_`.
    pub(super) fn is_marked_secret(&self, key: &str) -> bool {
        let order = |number: &u32| self.word(self.names[*number as usize].key).cmp(key);
        self.secret.binary_search_by(order).is_ok()
    }

    /// The names of which [`Self::is_marked_secret`] is true, in order.
    pub(super) fn secret_names(&self) -> impl Iterator<Item = &'static str> {
        let names = self.secret.iter().map(|&number| &self.names[number as usize]);
        names.map(|name| self.word(name.key))
    }

    /// All that `key` leads to in each group that has it, by group; an old name is asked for with `-` made `_`.
    pub(super) fn in_any_group<'k>(&'static self, key: &'k str) -> impl Iterator<Item = Found> + use<'k> {
        let is_it = move |number: u32| self.word(self.names[number as usize].key) == key;
        let first = in_slots(self.key_slots, hash(ANY_GROUP, key), |at| {
            is_it(self.by_key[at as usize])
        });
        let numbers = first
            .map_or(&[][..], |first| &self.by_key[first as usize..])
            .iter()
            .copied();
        let names = numbers.take_while(move |&number| is_it(number));
        let names = names.map(|number| &self.names[number as usize]);
        names.map(|name| self.found(name.own, Some(name)))
    }
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
        catalog::add_extra(text);
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
                scope.spawn(move || catalog::add_extra(&format!("[added_by_{number}]\nname\t15-\tstring\n")));
            }
        });
        for number in 0..8 {
            assert!(newest(&format!("added_by_{number}"), "name").is_some(), "{number}");
        }
    }
}
