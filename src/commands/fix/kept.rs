//! What `fix --write` keeps of a stack until its batch is written: what is printed, and of each new text what is not in the old one.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use novamend::oslo::stack::Stack;
use novamend::write::{Links, Planned, WriteError};

use crate::commands::documents::Pieces;

/// So many bytes are kept in all: what ten thousand files of a fleet need, and little beside what they are.
const MOST: usize = 48 << 20;

/// How much is kept so far.
#[derive(Debug, Default)]
pub(super) struct Space(AtomicUsize);

impl Space {
    /// Whether there is any left.
    pub(super) fn is_left(&self) -> bool {
        self.0.load(Ordering::Relaxed) < MOST
    }

    fn takes(&self, bytes: usize) -> bool {
        self.0.fetch_add(bytes, Ordering::Relaxed) + bytes <= MOST
    }
}

/// What is kept of one stack.
pub(super) struct Kept {
    pieces: Pieces,
    changes: Vec<Change>,
}

/// What becomes of one file: its first bytes stay, and its last ones.
struct Change {
    path: PathBuf,
    first: usize,
    last: usize,
    text: Vec<u8>,
}

impl Kept {
    /// What there is to keep, if `space` takes it.
    pub(super) fn of(pieces: Pieces, planned: &[Planned], space: &Space) -> Option<Self> {
        let changes: Vec<Change> = planned.iter().map(Change::of).collect();
        let texts: usize = changes.iter().map(|change| change.text.len()).sum();
        space.takes(texts + pieces.size()).then_some(Self { pieces, changes })
    }

    /// What is printed, and what is written of `stack`, whose files are those of which this was kept.
    ///
    /// # Errors
    /// It has one of them no longer.
    pub(super) fn into_parts(self, stack: &Stack) -> Result<(Pieces, Vec<Planned>), WriteError> {
        let planned = self.changes.into_iter().map(|change| {
            let mut sources = stack.layers().iter().map(|layer| layer.document.source());
            match sources.find(|source| source.path() == change.path) {
                Some(source) => Ok(change.planned(source.bytes())),
                None => Err(WriteError::Changed(change.path)),
            }
        });
        Ok((self.pieces, planned.collect::<Result<_, _>>()?))
    }
}

impl Change {
    fn of(planned: &Planned) -> Self {
        let before = planned.before.as_deref().unwrap_or_default();
        let after = &planned.after;
        let alike = |pairs: &mut dyn Iterator<Item = (&u8, &u8)>| pairs.take_while(|(a, b)| a == b).count();
        let first = alike(&mut before.iter().zip(after));
        let last = alike(&mut before[first..].iter().rev().zip(after[first..].iter().rev()));
        Self {
            path: planned.path.clone(),
            first,
            last,
            text: after[first..after.len() - last].to_vec(),
        }
    }

    fn planned(self, before: &[u8]) -> Planned {
        let end = before.len() - self.last;
        Planned {
            after: [&before[..self.first], &self.text, &before[end..]].concat(),
            before: Some(before.to_vec()),
            path: self.path,
            links: Links::Follow,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn what_is_kept_of_a_text_makes_it_again() {
        for (before, after) in [
            ("", ""),
            ("a", "a"),
            ("", "new"),
            ("gone", ""),
            ("aaaa", "aa"),
            ("aa", "aaaa"),
            ("[a]\nb = 1\nc = 2\n", "[a]\nb = 1\nd = 3\nc = 2\n"),
            ("abcabc", "abc"),
            ("x", "yxy"),
        ] {
            let planned = Planned {
                before: Some(before.into()),
                ..Planned::new(Path::new("nova.conf"), after.into())
            };
            let again = Change::of(&planned).planned(before.as_bytes());
            assert_eq!(again.after, after.as_bytes(), "{before:?} to {after:?}");
            assert_eq!(again.before, planned.before);
        }
    }

    #[test]
    fn no_more_is_kept_than_there_is_space() {
        let space = Space::default();
        assert!(space.is_left() && space.takes(MOST - 1) && space.is_left());
        assert!(!space.takes(2) && !space.is_left());
    }
}
