//! Equal findings of all stacks, each once with its places: what a first screen is made of.
//!
//! What it keeps does not grow with the number of files: the worst findings by their texts, of each the first places and how many
//! there are; whatever is more is counted. Findings of more than `NAMED` files that differ in nothing but what is quoted and in
//! numbers, as the addresses and names of a fleet's hosts, are one as well. How that looks the formats say.

mod entry;
mod shape;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::Counts;
use crate::lint::Severity;

pub use super::told::{Batch, Kind, Text, Told};
pub use entry::Entry;
use shape::Shape;

/// So many findings that differ are kept.
const MOST: usize = 1_000;
/// So many files of one are named.
pub const NAMED: usize = 3;
/// So many lines of one file are named.
pub const LINES: usize = 5;

type Entries = HashMap<Arc<Text>, Entry, foldhash::fast::RandomState>;

/// What differs in nothing but what it quotes: which are kept, and whether each stands for others.
#[derive(Debug, Default)]
struct Like {
    kept: Vec<(Rank, Arc<Text>)>,
    are_many: bool,
}

impl Like {
    /// Whether they are found in `NAMED` files beside `file`, in which no two of them meet.
    fn are_in_many(&self, entries: &Entries, file: &Arc<str>) -> bool {
        let mut apart: Vec<&Entry> = Vec::new();
        for entry in self.kept.iter().filter_map(|(_, text)| entries.get(text)) {
            if apart.len() < NAMED && !entry.is_in(file) && apart.iter().all(|other| other.is_apart(entry)) {
                apart.push(entry);
            }
        }
        apart.len() >= NAMED
    }

    /// From now on each stands for others: those of files in which no two of them meet become one.
    fn become_many(&mut self, entries: &mut Entries, by_rank: &mut BTreeMap<Rank, Arc<Text>>) {
        self.are_many = true;
        for (rank, text) in std::mem::take(&mut self.kept) {
            let Some(entry) = entries.remove(&text) else {
                continue;
            };
            let is_apart =
                |(_, known): &&(Rank, Arc<Text>)| entries.get(known).is_some_and(|known| known.is_apart(&entry));
            let known = self.kept.iter().find(is_apart).map(|(_, known)| known);
            if let Some(known) = known.and_then(|known| entries.get_mut(known)) {
                known.take_in(entry);
                by_rank.remove(&rank);
            } else {
                entries.insert(Arc::clone(&text), entry);
                self.kept.push((rank, text));
            }
        }
    }
}

/// The order on a screen: errors, by what comes of them; then the rest so; each in the order in which it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank(bool, u8, usize);

/// All findings of a run, folded.
#[derive(Debug, Default)]
pub struct Fold {
    entries: Entries,
    by_rank: BTreeMap<Rank, Arc<Text>>,
    like: HashMap<Shape, Like, foldhash::fast::RandomState>,
    seen: usize,
    /// Every rule that found something.
    pub rules: BTreeMap<&'static str, Counts>,
    /// What is beyond `MOST`, by rule.
    pub beyond: BTreeMap<&'static str, usize>,
    /// How many lines nova ignores already.
    pub ignored: usize,
    /// The options whose defaults change, and how bad that is at worst.
    pub defaults: BTreeMap<String, Severity>,
}

impl Fold {
    /// Adds the findings of a stack; those of a kind that `folds` are only counted.
    pub fn add(&mut self, batch: &Batch, folds: impl Fn(Kind) -> bool) {
        let mut last_line = None;
        for one in &*batch.told {
            self.rules.entry(one.text.rule).or_default().add(one.text.severity);
            match one.kind {
                Kind::Ignored if folds(one.kind) => {
                    let line = Some((&one.file, one.line));
                    // Several findings about a line make it no further line.
                    self.ignored += usize::from(one.line.is_none() || last_line != line);
                    last_line = line;
                }
                Kind::Default if folds(one.kind) => self.add_default(&one.text),
                _ => self.insert(&one.text, batch.file.as_ref().unwrap_or(&one.file), one.line),
            }
        }
    }

    fn add_default(&mut self, text: &Text) {
        let option = text.option.as_deref().unwrap_or_default();
        match self.defaults.get_mut(option) {
            Some(known) => *known = text.severity.max(*known),
            None => {
                self.defaults.insert(option.to_owned(), text.severity);
            }
        }
    }

    fn insert(&mut self, text: &Text, file: &Arc<str>, line: Option<usize>) {
        if let Some(entry) = self.entries.get_mut(text) {
            return entry.add(file, line);
        }
        let shape = Shape::of(text);
        if let Some(entry) = self.entry_like(&shape, file) {
            entry.is_varied = true;
            return entry.add(file, line);
        }
        self.seen += 1;
        let rank = Rank(text.severity != Severity::Error, text.effect.rank(), self.seen);
        if self.entries.len() >= MOST {
            let worst_is_kept = self.by_rank.last_key_value().is_some_and(|(last, _)| *last < rank);
            if worst_is_kept {
                *self.beyond.entry(text.rule).or_default() += 1;
                return;
            }
            self.drop_last();
        }
        let text = Arc::new(text.clone());
        self.by_rank.insert(rank, Arc::clone(&text));
        self.like.entry(shape).or_default().kept.push((rank, Arc::clone(&text)));
        self.entries.insert(text, Entry::new(file, line));
    }

    fn drop_last(&mut self) {
        let Some((rank, out)) = self.by_rank.pop_last() else {
            return;
        };
        if let Some(entry) = self.entries.remove(&out) {
            *self.beyond.entry(out.rule).or_default() += entry.count;
        }
        let shape = Shape::of(&out);
        if let Some(like) = self.like.get_mut(&shape) {
            like.kept.retain(|(kept, _)| *kept != rank);
            if like.kept.is_empty() {
                self.like.remove(&shape);
            }
        }
    }

    /// The entry that stands for a further finding of `shape` in `file`, where more than `NAMED` files have such ones.
    fn entry_like(&mut self, shape: &Shape, file: &Arc<str>) -> Option<&mut Entry> {
        let like = self.like.get_mut(shape)?;
        if !like.are_many {
            if !like.are_in_many(&self.entries, file) {
                return None;
            }
            like.become_many(&mut self.entries, &mut self.by_rank);
        }
        let takes = |entry: &Entry| !entry.is_in(file) && (entry.is_varied || entry.files <= NAMED);
        let mut kept = like.kept.iter();
        let (_, text) = kept.find(|(_, text)| self.entries.get(text).is_some_and(takes))?;
        self.entries.get_mut(text)
    }

    /// The findings, in their order on a screen.
    pub fn entries(&self) -> impl Iterator<Item = (&Text, &Entry)> {
        let ordered = self.by_rank.values();
        ordered.filter_map(|text| Some((&**text, self.entries.get(text)?)))
    }

    /// The rules that found errors, those that stop most first, with how many.
    #[must_use]
    pub fn errors(&self) -> Vec<(&'static str, usize)> {
        let mut named: Vec<(&'static str, usize)> = Vec::new();
        let kept = self.entries().filter(|(text, _)| text.severity == Severity::Error);
        let kept = kept.map(|(text, _)| text.rule);
        for rule in kept.chain(self.rules.keys().copied()) {
            let count = self.rules.get(rule).map_or(0, |count| count.errors);
            if count > 0 && named.iter().all(|(known, _)| *known != rule) {
                named.push((rule, count));
            }
        }
        named
    }

    /// The rules that found something, those that found most first.
    #[must_use]
    pub fn statistics(&self) -> Vec<(&'static str, Counts)> {
        let mut counts: Vec<_> = self.rules.iter().map(|(rule, count)| (*rule, *count)).collect();
        counts.sort_by_key(|(rule, count)| (std::cmp::Reverse(count.total()), *rule));
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::Effect;

    fn told(severity: Severity, message: &str, file: &str, line: usize) -> Told {
        Told {
            text: Text {
                rule: "some-rule",
                severity,
                effect: Effect::MeansOther,
                message: message.to_owned(),
                why: String::new(),
                help: String::new(),
                option: None,
            },
            kind: Kind::Usual,
            file: file.into(),
            line: Some(line),
        }
    }

    fn batch(told: Vec<Told>) -> Batch {
        Batch {
            told: told.into(),
            file: None,
        }
    }

    #[test]
    fn what_is_beyond_the_most_is_counted_and_the_worst_stay() {
        let mut fold = Fold::default();
        for number in 0..2 * MOST {
            let one = told(Severity::Warning, &number.to_string(), "a", 1);
            fold.add(&batch(vec![one]), |_| false);
        }
        fold.add(&batch(vec![told(Severity::Error, "late", "a", 1)]), |_| false);
        assert_eq!(fold.entries().count(), MOST);
        assert_eq!(fold.beyond["some-rule"], MOST + 1);
        assert_eq!(fold.entries().next().map(|(text, _)| &*text.message), Some("late"));
        let counts = fold.rules["some-rule"];
        assert_eq!((counts.errors, counts.warnings, counts.infos), (1, 2 * MOST, 0));
        assert_eq!(fold.errors(), [("some-rule", 1)]);
    }

    #[test]
    fn equal_findings_are_one_with_the_first_files_and_the_lines_where_these_are_alike() {
        let mut fold = Fold::default();
        for (file, lines) in [("a", [1, 2]), ("b", [1, 2]), ("c", [1, 2]), ("d", [1, 2])] {
            let found = lines.map(|line| told(Severity::Info, "x", file, line));
            fold.add(&batch(found.into()), |_| false);
        }
        let entry = fold.entries().next().expect("one").1.clone();
        assert_eq!((entry.count, entry.files, entry.lines_are_alike()), (8, 4, true));
        assert_eq!(entry.first.len(), NAMED);
        assert_eq!(entry.first[0].1, [1, 2]);
        fold.add(&batch(vec![told(Severity::Info, "x", "e", 9)]), |_| false);
        assert!(!fold.entries().next().expect("one").1.lines_are_alike());
    }

    #[test]
    fn findings_of_many_files_that_differ_in_what_they_quote_are_one() {
        let mut fold = Fold::default();
        for number in 0..2 * MOST {
            let file = format!("{number}.conf");
            let found = [("a", 2), ("b", 3)].map(|(name, line)| {
                let message = format!("`{name}{number}` is no filter");
                told(Severity::Warning, &message, &file, line)
            });
            let same = told(Severity::Warning, "`x` is no filter", &file, 4);
            fold.add(&batch(found.into_iter().chain([same]).collect()), |_| false);
        }
        let entries: Vec<(&Text, &Entry)> = fold.entries().collect();
        let said = |(text, entry): &(&Text, &Entry)| (text.message.clone(), entry.files, entry.is_varied);
        assert_eq!(
            entries.iter().map(said).collect::<Vec<_>>(),
            [
                ("`a0` is no filter".to_owned(), 2 * MOST, true),
                ("`b0` is no filter".to_owned(), 2 * MOST, true),
                ("`x` is no filter".to_owned(), 2 * MOST, false),
            ]
        );
        let (first, last) = (entries[0].1, entries[2].1);
        assert!(first.is_where(last) && first.lines_are_alike());
        assert!(fold.beyond.is_empty());
    }

    #[test]
    fn findings_of_a_file_that_differ_in_what_they_quote_are_said_each() {
        let mut fold = Fold::default();
        for (file, count) in [("a", 12), ("b", 1), ("c", 1)] {
            let found = (0..count).map(|number| {
                let message = format!("`{file}{number}` is no filter");
                told(Severity::Warning, &message, file, number)
            });
            fold.add(&batch(found.collect()), |_| false);
        }
        assert_eq!(fold.entries().count(), 14);
        assert!(fold.entries().all(|(_, entry)| !entry.is_varied));
    }

    #[test]
    fn a_file_that_holds_the_same_stands_for_itself() {
        let mut fold = Fold::default();
        let first = batch(vec![told(Severity::Info, "x", "a", 1)]);
        fold.add(&first, |_| false);
        let second = Batch {
            file: Some("b".into()),
            ..first
        };
        fold.add(&second, |_| false);
        let names: Vec<String> = fold
            .entries()
            .flat_map(|(_, entry)| entry.first.iter().map(|(name, _)| name.to_string()))
            .collect();
        assert_eq!(names, ["a", "b"]);
    }
}
