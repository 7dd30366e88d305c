//! Where one finding is found, in how many files, and on which lines of them.

use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::{LINES, NAMED};

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
    /// Whether it stands for others that differ in what they quote.
    pub is_varied: bool,
    last: Arc<str>,
    lines: Lines,
    /// A sum over the names of all files: two that are found in the same files have the same.
    all: u64,
}

/// Digests of the lines of the first file and of the one at hand.
#[derive(Clone, Copy, Debug, Default)]
struct Lines {
    first: u64,
    current: u64,
}

impl Entry {
    pub(super) fn new(file: &Arc<str>, line: Option<usize>) -> Self {
        let mut entry = Self {
            count: 0,
            files: 0,
            first: Vec::new(),
            is_alike: true,
            is_varied: false,
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
        self.all = self.all.wrapping_add(digest(0, file.as_bytes()));
        self.last = Arc::clone(file);
        self.lines.current = 0;
        if self.first.len() < NAMED {
            self.first.push((Arc::clone(file), Vec::new()));
        }
    }

    pub(super) fn add(&mut self, file: &Arc<str>, line: Option<usize>) {
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

    /// Whether the file at hand has it already.
    pub(super) fn is_in(&self, file: &Arc<str>) -> bool {
        self.last == *file
    }

    /// Whether all its files are known, and none of them is one of `other`.
    pub(super) fn is_apart(&self, other: &Self) -> bool {
        let is_one = |(file, _): &(Arc<str>, Vec<usize>)| other.first.iter().any(|(known, _)| known == file);
        [self, other].iter().all(|entry| entry.files <= NAMED) && !self.first.iter().any(is_one)
    }

    /// Takes in one that is apart and differs in what it quotes.
    pub(super) fn take_in(&mut self, other: Self) {
        self.is_alike = self.lines_are_alike() && other.lines_are_alike() && self.lines.first == other.lines.first;
        self.is_varied = true;
        self.count += other.count;
        self.files += other.files;
        self.first.extend(other.first);
        self.first.truncate(NAMED);
        self.all = self.all.wrapping_add(other.all);
        self.last = other.last;
        self.lines.current = self.lines.first;
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
