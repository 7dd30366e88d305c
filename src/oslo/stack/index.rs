//! Where each name stands in the files of a stack: a table from the hash of a name to its places.
//!
//! It knows hashes only; whether two names are the same, the caller compares. The hash is another one in every process, so
//! that nobody can write a file whose names all meet in one place of the table.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

use super::{AssignmentId, Layer};

/// The places of all names.
#[derive(Debug, Default)]
pub(super) struct Index {
    state: RandomState,
    looks: Looks,
    /// Of each bucket where its entries start; the last is where all end.
    starts: Vec<u32>,
    /// By bucket; within one in reading order.
    entries: Vec<Entry>,
    /// The number of the first place of each layer.
    firsts: Vec<u32>,
}

/// One place by its number in reading order, and the hash of its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    hash: u32,
    place: u32,
}

impl Index {
    pub(super) fn of(layers: &[Layer]) -> Self {
        let state = RandomState::default();
        let mut looks = Looks::default();
        let hashes = hashes(&state, layers, &mut looks);
        let buckets = hashes.len().next_power_of_two();
        let mask = buckets - 1;
        let mut starts = vec![0_u32; buckets + 1];
        for hash in &hashes {
            starts[*hash as usize & mask] += 1;
        }
        // Where each bucket ends; filled from its end, it is left where it starts.
        let mut end = 0;
        for start in &mut starts {
            end += *start;
            *start = end;
        }
        let mut entries = vec![Entry::default(); hashes.len()];
        for (place, hash) in hashes.into_iter().enumerate().rev() {
            let at = &mut starts[hash as usize & mask];
            *at -= 1;
            let place = place as u32;
            entries[*at as usize] = Entry { hash, place };
        }
        let counts = layers.iter().map(|layer| layer.document.assignments().len() as u32);
        let firsts = counts.scan(0, |next, count| Some(std::mem::replace(next, *next + count)));
        let firsts = firsts.collect();
        Self {
            state,
            looks,
            starts,
            entries,
            firsts,
        }
    }

    fn place(&self, entry: Entry) -> AssignmentId {
        let layer = self.firsts.partition_point(|&first| first <= entry.place) - 1;
        AssignmentId {
            layer,
            assignment: (entry.place - self.firsts[layer]) as usize,
        }
    }

    /// Places in reading order: all those of `key` in `group`, and seldom one of another name.
    pub(super) fn places_of(&self, group: &str, key: &str) -> impl DoubleEndedIterator<Item = AssignmentId> + '_ {
        let (mut hash, mut entries) = (0, &[][..]);
        if self.looks.may_have(key.as_bytes()) {
            hash = self::hash(&self.state, hash_of_group(&self.state, group), key.as_bytes());
            entries = self.bucket(hash as usize & self.starts.len().saturating_sub(2));
        }
        let entries = entries.iter().filter(move |entry| entry.hash == hash);
        entries.map(|entry| self.place(*entry))
    }

    /// Whether some name stands there more than `count` times; it may say so wrongly, but not for many names.
    pub(super) fn has_more_than(&self, count: u32) -> bool {
        self.starts.windows(2).any(|pair| pair[1] - pair[0] > count)
    }

    /// Calls `found` with places of one file that are likely to be of one name, two or more, in reading order.
    pub(super) fn each_repeated(&self, mut found: impl FnMut(&[AssignmentId])) {
        let (mut sorted, mut places) = (Vec::new(), Vec::new());
        for bucket in 0..self.starts.len().saturating_sub(1) {
            let entries = self.bucket(bucket);
            if entries.len() > 1 {
                sorted.clear();
                sorted.extend_from_slice(entries);
                sorted.sort_unstable();
                for same in sorted.chunk_by(|a, b| a.hash == b.hash).filter(|same| same.len() > 1) {
                    places.clear();
                    places.extend(same.iter().map(|entry| self.place(*entry)));
                    let of_files = places.chunk_by(|a, b| a.layer == b.layer);
                    of_files.filter(|places| places.len() > 1).for_each(&mut found);
                }
            }
        }
    }

    fn bucket(&self, bucket: usize) -> &[Entry] {
        match self.starts.get(bucket..bucket + 2) {
            Some(&[start, end]) => &self.entries[start as usize..end as usize],
            _ => &[],
        }
    }
}

/// What the names of a stack look like, a bit for each length and each way to begin and end: most of what is asked for stands in
/// no file, and need not be hashed then.
#[derive(Clone, Copy, Debug, Default)]
struct Looks {
    lengths: u64,
    ends: u64,
}

impl Looks {
    fn add(&mut self, key: &[u8]) {
        let (length, ends) = Self::bits(key);
        self.lengths |= length;
        self.ends |= ends;
    }

    /// Whether a name may be there that is `key`.
    fn may_have(self, key: &[u8]) -> bool {
        let (length, ends) = Self::bits(key);
        self.lengths & length != 0 && self.ends & ends != 0
    }

    fn bits(key: &[u8]) -> (u64, u64) {
        let (Some(first), Some(last)) = (key.first(), key.last()) else {
            return (1, 1);
        };
        let ends = u64::from(*first).wrapping_mul(7) + u64::from(*last);
        (1 << key.len().min(63), 1 << (ends & 63))
    }
}

/// The hash of the name at every place in reading order; the names are added to `looks`.
fn hashes(state: &RandomState, layers: &[Layer], looks: &mut Looks) -> Vec<u32> {
    let mut hashes = Vec::with_capacity(layers.iter().map(|l| l.document.assignments().len()).sum());
    for file in layers {
        let document = &file.document;
        let bytes = document.source().bytes();
        // Assignments of one section come one after the other.
        let (mut section, mut group) = (None, hash_of_group(state, ""));
        for assignment in document.assignments() {
            if assignment.section() != section {
                section = assignment.section();
                group = hash_of_group(state, document.group(assignment));
            }
            let key = assignment.key().of(bytes);
            looks.add(key);
            hashes.push(hash(state, group, key));
        }
    }
    hashes
}

fn hash_of_group(state: &RandomState, group: &str) -> u64 {
    let mut hasher = state.build_hasher();
    hasher.write(group.as_bytes());
    hasher.finish()
}

fn hash(state: &RandomState, group: u64, key: &[u8]) -> u32 {
    let mut hasher = state.build_hasher();
    hasher.write_u64(group);
    hasher.write(key);
    let hash = hasher.finish();
    (hash ^ (hash >> 32)) as u32
}
