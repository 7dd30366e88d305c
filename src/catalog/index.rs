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
}

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
        let is_secret = |row: &Row| field(row.facts.of(&self.text), "secret") == Some("");
        let leads_to_secret = |number: &u32| {
            let Name { own, old, .. } = self.names[*number as usize];
            let old = self.old[old.start as usize..old.end as usize].iter();
            let mut rows = (own.start..own.end).chain(old.copied());
            rows.any(|row| is_secret(&self.rows[row as usize]))
        };
        self.secret = self.by_key.iter().copied().filter(leads_to_secret).collect();
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
    facts.split('\t').skip(1).find_map(|word| fact(word, key))
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
    })
}
