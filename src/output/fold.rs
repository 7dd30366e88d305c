//! Equal findings of all stacks, each once with its places: what a first screen is made of.
//!
//! What it keeps does not grow with the number of files: the worst findings by their texts, of each the first places and how many
//! there are; whatever is more is counted. How that looks the formats say.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::Counts;
use crate::lint::Severity;

pub use super::told::{Batch, Kind, Text, Told};

/// So many findings that differ are kept.
const MOST: usize = 1_000;
/// So many files of one are named.
pub const NAMED: usize = 3;
/// So many lines of one file are named.
pub const LINES: usize = 5;

/// The order on a screen: errors, by what comes of them; then the rest so; each in the order in which it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank(bool, u8, usize);

/// Where one finding is found.
#[derive(Clone, Debug)]
pub struct Entry {
    /// How often.
    pub count: usize,
    /// In how many files.
    pub files: usize,
    /// The first of them, each with its first lines.
    pub first: Vec<(Arc<str>, Vec<usize>)>,
    /// Whether it is on the same lines in each.
    pub is_alike: bool,
    last: Arc<str>,
    lines: Lines,
    /// A digest of the names of all files: two that are found in the same files have the same.
    all: u64,
}

/// Digests of the lines of the first file and of the one at hand.
#[derive(Clone, Copy, Debug, Default)]
struct Lines {
    first: u64,
    current: u64,
}

impl Entry {
    fn new(file: &Arc<str>, line: Option<usize>) -> Self {
        let mut entry = Self {
            count: 0,
            files: 0,
            first: Vec::new(),
            is_alike: true,
            last: Arc::clone(file),
            lines: Lines::default(),
            all: 0,
        };
        entry.enter(file);
        entry.add(file, line);
        entry
    }

    /// A further file.
    fn enter(&mut self, file: &Arc<str>) {
        self.is_alike &= self.is_whole_alike();
        self.files += 1;
        self.all = digest(self.all, file.as_bytes());
        self.last = Arc::clone(file);
        self.lines.current = 0;
        if self.first.len() < NAMED {
            self.first.push((Arc::clone(file), Vec::new()));
        }
    }

    fn add(&mut self, file: &Arc<str>, line: Option<usize>) {
        if self.last != *file {
            self.enter(file);
        }
        self.count += 1;
        self.lines.current = digest(self.lines.current, &line.unwrap_or(0).to_le_bytes());
        if self.files == 1 {
            self.lines.first = self.lines.current;
        }
        let near = self.first.last_mut().filter(|(known, _)| known == file);
        if let (Some((_, lines)), Some(line)) = (near, line)
            && lines.len() <= LINES
        {
            lines.push(line);
        }
    }

    fn is_whole_alike(&self) -> bool {
        self.files < 2 || self.lines.first == self.lines.current
    }

    /// Whether it is found on the same lines of each of its files.
    #[must_use]
    pub fn lines_are_alike(&self) -> bool {
        self.is_alike && self.is_whole_alike()
    }

    /// Whether both are found in the same files.
    #[must_use]
    pub fn is_where(&self, other: &Self) -> bool {
        (self.files, self.all) == (other.files, other.all)
    }
}

fn digest(so_far: u64, bytes: &[u8]) -> u64 {
    let mut hasher = FixedState::with_seed(so_far).build_hasher();
    hasher.write(bytes);
    hasher.finish()
}

/// All findings of a run, folded.
#[derive(Debug, Default)]
pub struct Fold {
    entries: HashMap<Arc<Text>, Entry, foldhash::fast::RandomState>,
    by_rank: BTreeMap<Rank, Arc<Text>>,
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
        self.seen += 1;
        let rank = Rank(text.severity != Severity::Error, text.effect.rank(), self.seen);
        if self.entries.len() >= MOST {
            let worst_is_kept = self.by_rank.last_key_value().is_some_and(|(last, _)| *last < rank);
            if worst_is_kept {
                *self.beyond.entry(text.rule).or_default() += 1;
                return;
            }
            if let Some((_, out)) = self.by_rank.pop_last()
                && let Some(entry) = self.entries.remove(&out)
            {
                *self.beyond.entry(out.rule).or_default() += entry.count;
            }
        }
        let text = Arc::new(text.clone());
        self.by_rank.insert(rank, Arc::clone(&text));
        self.entries.insert(text, Entry::new(file, line));
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
