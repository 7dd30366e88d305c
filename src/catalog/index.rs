//! Lists of options as numbers: where in one text rows, groups and names stand, in the order in which they are looked up.
//!
//! The build script (`build/main.rs`) makes the built-in lists into static tables by it, and [`super::table`] those that are
//! added at run time. It knows no release but by its number.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;

use super::names::{normal_group, without_hyphens};

/// A part of the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    pub(super) start: u32,
    pub(super) length: u32,
}

/// Neighbours in one of the lists, by their numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Run {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// One option over one span of releases in which nothing about it changed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// The group as oslo.config matches it: lower case, or exactly `DEFAULT`.
    pub(super) group: Word,
    /// The option's `dest`: no hyphens.
    pub(super) name: Word,
    /// The facts: type, then `key=JSON` and flags, tabs between.
    pub(super) facts: Word,
    /// The number of the first release.
    pub(super) since: u8,
    /// The number of the last release; [`OPEN`] where the newest still has it.
    pub(super) until: u8,
    /// Which [`Mark`]s it bears, a bit each.
    pub(super) marks: u8,
}

/// What is mostly only asked whether it is so, by its bit.
#[derive(Clone, Copy)]
pub(super) enum Mark {
    Aliases = 1,
    Mutable = 1 << 1,
    Secret = 1 << 2,
    Advanced = 1 << 3,
    Required = 1 << 4,
    DeprecatedForRemoval = 1 << 5,
    HostDependent = 1 << 6,
    Multi = 1 << 7,
}

/// The facts that are marks.
const MARKS: [(&str, Mark); 7] = [
    ("aliases", Mark::Aliases),
    ("mutable", Mark::Mutable),
    ("secret", Mark::Secret),
    ("advanced", Mark::Advanced),
    ("required", Mark::Required),
    ("deprecated_for_removal", Mark::DeprecatedForRemoval),
    ("host_dependent", Mark::HostDependent),
];

/// No release has so high a number.
pub(super) const OPEN: u8 = u8::MAX;

/// A group that holds an option or an old name of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    /// As matched.
    pub(super) name: Word,
    /// The rows of its options.
    pub(super) rows: Run,
    /// The names in it.
    pub(super) names: Run,
}

/// A name in a group, and all that it leads to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    /// The name, `-` made `_` where it is an old one.
    pub(super) key: Word,
    /// The rows of the option that is called so.
    pub(super) own: Run,
    /// Which of [`Lists::old`] are the rows of options that it is an old name of.
    pub(super) old: Run,
}

/// Everything about the options of some lists.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// What every word is a part of.
    pub(super) text: String,
    /// By group, name and release.
    pub(super) rows: Vec<Row>,
    /// By name.
    pub(super) groups: Vec<Group>,
    /// By group and key.
    pub(super) names: Vec<Name>,
    /// Numbers of rows, by the old names that lead to them.
    pub(super) old: Vec<u32>,
    /// The numbers of the names, by key and group.
    pub(super) by_key: Vec<u32>,
    /// Those of them that lead to an option which nova marks as secret.
    pub(super) secret: Vec<u32>,
    /// The numbers of the rows whose default may refer to another option.
    pub(super) referring: Vec<u32>,
    /// Where the groups are, by the hashes of their names.
    pub(super) group_slots: Vec<u32>,
    /// Where the names are, by the hashes of their groups and keys.
    pub(super) name_slots: Vec<u32>,
    /// Where in [`Lists::by_key`] the first name of each key is, by its hash.
    pub(super) key_slots: Vec<u32>,
}

/// What a slot holds that holds no number.
const EMPTY: u32 = u32::MAX;

/// The hash of `name`, `seed` being another one for each kind of names.
///
/// It is the same in the build script and in the program, so that the slots can be made ready. Whatever somebody writes into a
/// file, no search is longer than the longest run of slots that the lists themselves fill.
pub(super) fn hash(seed: u32, name: &str) -> u32 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let bytes = name.as_bytes();
    let add = |hash: u64, word: u64| {
        let hash = (hash ^ word).wrapping_mul(ODD);
        hash ^ (hash >> 32)
    };
    let start = (u64::from(seed) << 32) | name.len() as u64;
    let (words, rest) = bytes.as_chunks();
    let hash = words
        .iter()
        .fold(start, |hash, word| add(hash, u64::from_le_bytes(*word)));
    // The last eight bytes, some of them once more, are read at once; of a short name there are none before.
    let last = bytes.last_chunk().map_or_else(
        || rest.iter().fold(0, |last, byte| last << 8 | u64::from(*byte)),
        |last| u64::from_le_bytes(*last),
    );
    add(hash, last) as u32
}

/// The seed of names whatever group they are in.
pub(super) const ANY_GROUP: u32 = u32::MAX;

/// The number in `slots` for which `is_it`, of those whose hash is `hash`.
pub(super) fn in_slots(slots: &[u32], hash: u32, is_it: impl Fn(u32) -> bool) -> Option<u32> {
    let last = slots.len().checked_sub(1)?;
    let mut at = hash as usize & last;
    loop {
        match slots[at] {
            EMPTY => return None,
            number if is_it(number) => return Some(number),
            _ => at = (at + 1) & last,
        }
    }
}

/// Slots for `numbers` by their hashes, more than twice as many, so that each search ends soon.
fn slots(numbers: &[(u32, u32)]) -> Vec<u32> {
    let mut slots = vec![EMPTY; (2 * numbers.len() + 1).next_power_of_two()];
    let last = slots.len() - 1;
    for (number, hash) in numbers {
        let mut at = *hash as usize & last;
        while slots[at] != EMPTY {
            at = (at + 1) & last;
        }
        slots[at] = *number;
    }
    slots
}

impl Word {
    /// The word, a part of `text`; empty where it is none.
    pub(super) fn of(self, text: &str) -> &str {
        let (start, length) = (self.start as usize, self.length as usize);
        text.get(start..start + length).unwrap_or_default()
    }

    fn at(start: usize, word: &str) -> Self {
        Self {
            start: start as u32,
            length: word.len() as u32,
        }
    }
}

impl Lists {
    /// Adds the rows of `list`, each in the form of `options.txt`; those of other releases than `releases` are left out.
    /// [`Self::put_in_order`] makes them be found.
    pub(super) fn add(&mut self, list: &str, releases: &RangeInclusive<u8>) {
        let mut group = self.keep("DEFAULT");
        let base = self.text.len();
        self.text.push_str(list);
        let mut at = base;
        for line in list.split_inclusive('\n') {
            let start = at;
            at += line.len();
            let line = line
                .strip_suffix('\n')
                .map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
            match line.as_bytes().first() {
                None | Some(b'#') => {}
                Some(b'[') => {
                    let behind = line.trim_start_matches(['[', ']']);
                    group = Word::at(start + line.len() - behind.len(), behind.trim_end_matches(['[', ']']));
                }
                Some(_) => self.rows.extend(row(group, line, start, releases)),
            }
        }
        self.text.push('\n');
    }

    /// Puts `word` behind the text.
    fn keep(&mut self, word: &str) -> Word {
        let kept = Word::at(self.text.len(), word);
        self.text.push_str(word);
        self.text.push('\n');
        kept
    }

    /// Sorts the rows, and finds groups, names and references.
    pub(super) fn put_in_order(&mut self) {
        let text = std::mem::take(&mut self.text);
        let of = |row: &Row| (row.group.of(&text), row.name.of(&text), row.since);
        self.rows.sort_by(|a, b| of(a).cmp(&of(b)));
        let mut found: BTreeMap<(String, String), (Run, Vec<u32>)> = BTreeMap::new();
        let mut words: HashMap<String, Word> = HashMap::new();
        for (number, row) in self.rows.iter().enumerate() {
            let (group, name, number) = (row.group.of(&text), row.name.of(&text), number as u32);
            words.entry(group.to_owned()).or_insert(row.group);
            words.entry(name.to_owned()).or_insert(row.name);
            let (own, _) = found.entry((group.to_owned(), name.to_owned())).or_default();
            let start = if own.end == 0 { number } else { own.start };
            *own = Run { start, end: number + 1 };
            for (group, name) in aliases(row.facts.of(&text)) {
                let key = (normal_group(group).into_owned(), without_hyphens(name).into_owned());
                found.entry(key).or_default().1.push(number);
            }
        }
        let referring = self.rows.iter().enumerate();
        let referring = referring.filter(|(_, row)| row.facts.of(&text).contains('$'));
        self.referring = referring.map(|(number, _)| number as u32).collect();
        self.text = text;
        self.set_names(found, words);
    }

    fn set_names(&mut self, found: BTreeMap<(String, String), (Run, Vec<u32>)>, mut words: HashMap<String, Word>) {
        let mut word = |lists: &mut Self, text: String| match words.get(&text) {
            Some(known) => *known,
            None => *words.entry(text.clone()).or_insert_with(|| lists.keep(&text)),
        };
        (self.groups, self.names, self.old) = (Vec::new(), Vec::new(), Vec::new());
        for ((group, key), (own, old)) in found {
            let number = self.names.len() as u32;
            let start = self.old.len() as u32;
            self.old.extend(old);
            let end = self.old.len() as u32;
            let name = word(self, group);
            let key = word(self, key);
            self.names.push(Name {
                key,
                own,
                old: Run { start, end },
            });
            // In order of groups, so all names of one come in a row.
            match self.groups.last_mut() {
                Some(last) if (last.name.start, last.name.length) == (name.start, name.length) => {
                    last.names.end = number + 1;
                    last.rows.add(own);
                }
                _ => self.groups.push(Group {
                    name,
                    rows: own,
                    names: Run {
                        start: number,
                        end: number + 1,
                    },
                }),
            }
        }
        self.by_key = (0..self.names.len() as u32).collect();
        let key = |number: &u32| self.names[*number as usize].key.of(&self.text);
        self.by_key.sort_by(|a, b| key(a).cmp(key(b)));
        let is_secret = |row: &Row| row.has(Mark::Secret);
        let leads_to_secret = |number: &u32| {
            let Name { own, old, .. } = self.names[*number as usize];
            let old = self.old[old.start as usize..old.end as usize].iter();
            let mut rows = (own.start..own.end).chain(old.copied());
            rows.any(|row| is_secret(&self.rows[row as usize]))
        };
        self.secret = self.by_key.iter().copied().filter(leads_to_secret).collect();
        self.set_slots();
    }

    fn set_slots(&mut self) {
        let key = |number: u32| self.names[number as usize].key.of(&self.text);
        let groups = (0..).zip(&self.groups);
        let groups = groups.map(|(number, group)| (number, hash(0, group.name.of(&self.text))));
        let names = self.groups.iter().flat_map(|group| {
            let numbers = group.names.start..group.names.end;
            numbers.map(|number| (number, hash(group.names.start, key(number))))
        });
        // Equal keys follow each other: of each the first.
        let keys = (0..).zip(&self.by_key).filter(|(at, number): &(u32, &u32)| {
            let before = at.checked_sub(1).map(|before| self.by_key[before as usize]);
            before.is_none_or(|before| key(before) != key(**number))
        });
        let keys = keys.map(|(at, number)| (at, hash(ANY_GROUP, key(*number))));
        let slots = [groups.collect::<Vec<_>>(), names.collect(), keys.collect()].map(|numbers| slots(&numbers));
        [self.group_slots, self.name_slots, self.key_slots] = slots;
    }
}

impl Run {
    /// Takes the neighbours behind it in.
    fn add(&mut self, next: Self) {
        if self.start == self.end {
            *self = next;
        } else if next.start < next.end {
            self.end = next.end;
        }
    }
}

/// The old names in `facts`, as declared: group and name.
pub(super) fn aliases(facts: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = field(facts, "aliases").into_iter().flat_map(|pairs| pairs.split(','));
    pairs.filter_map(|pair| pair.split_once('/'))
}

/// The fact `key` of a row, as written; the empty text for a flag.
pub(super) fn field<'a>(facts: &'a str, key: &str) -> Option<&'a str> {
    // Byte by byte: what is looked for at each tab is short, and mostly not there.
    let bytes = facts.as_bytes();
    let mut at = 0;
    loop {
        at += bytes[at..].iter().position(|&byte| byte == b'\t')? + 1;
        if bytes[at..].starts_with(key.as_bytes()) {
            let word = &facts[at..];
            let word = word.split_once('\t').map_or(word, |(word, _)| word);
            if let Some(found) = fact(word, key) {
                return Some(found);
            }
        }
    }
}

/// What `word` says, if it is the fact `key`; the empty text for a flag.
pub(super) fn fact<'a>(word: &'a str, key: &str) -> Option<&'a str> {
    let rest = word.strip_prefix(key)?;
    if rest.is_empty() {
        Some("")
    } else {
        rest.strip_prefix('=')
    }
}

impl Row {
    /// Whether it bears `mark`.
    pub(super) fn has(&self, mark: Mark) -> bool {
        self.marks & mark as u8 != 0
    }
}

/// The marks of a row with these `facts`.
fn marks(facts: &str) -> u8 {
    let borne = MARKS.iter().filter(|(fact, _)| field(facts, fact).is_some());
    let multi = facts.starts_with("multi<").then_some(Mark::Multi);
    let all = borne.map(|(_, mark)| *mark).chain(multi);
    all.fold(0, |marks, mark| marks | mark as u8)
}

/// The row of a line that starts at `start`.
fn row(group: Word, line: &str, start: usize, releases: &RangeInclusive<u8>) -> Option<Row> {
    let (name, rest) = line.split_once('\t')?;
    let (span, facts) = rest.split_once('\t')?;
    let (since, until) = span.split_once('-')?;
    let release = |number: &str| number.parse().ok().filter(|number| releases.contains(number));
    let since = release(since)?;
    let until = match until {
        "" => OPEN,
        number => release(number)?,
    };
    Some(Row {
        group,
        name: Word::at(start, name),
        facts: Word::at(start + line.len() - facts.len(), facts),
        since,
        until,
        marks: marks(facts),
    })
}
