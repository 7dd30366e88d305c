//! Comments that hold nothing secret, as they were found in files before: those of a fleet's files are mostly the same ones.
//!
//! It only spares the search for what was searched for already. It knows whole texts and no hashes alone, so that nothing is taken
//! for another.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use foldhash::fast::RandomState;

use crate::catalog::OfCatalog;
use crate::text::line_start;

/// So many bytes of comments are kept; a file without an end has others.
const ROOM: usize = 1 << 19;

/// What was found, of every thread: what is secret hangs on the options that are known.
static HARMLESS: OfCatalog<Harmless> = OfCatalog::new(Harmless::default);

/// Comments that hold nothing secret.
#[derive(Debug, Default)]
pub(super) struct Harmless {
    texts: RwLock<Texts>,
    /// Whether more than one text is read: of a single one nothing is worth keeping.
    is_worth_it: AtomicBool,
}

/// The texts themselves.
#[derive(Debug, Default)]
pub(super) struct Texts {
    all: HashSet<Box<[u8]>, RandomState>,
    bytes: usize,
}

impl Harmless {
    /// Those of this process.
    pub(super) fn of_process() -> &'static Self {
        HARMLESS.read()
    }

    /// Says that those of the next file are worth keeping.
    pub(super) fn expect_again(&self) {
        self.is_worth_it.store(true, Ordering::Relaxed);
    }

    /// Those that are known.
    pub(super) fn known(&self) -> RwLockReadGuard<'_, Texts> {
        // What a panic left is whole: a text is put in at once.
        self.texts.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether those of the file that is read now are worth keeping, and there is room: of the first it is not known that it will not be
    /// the only one.
    pub(super) fn wants_more(&self) -> bool {
        self.is_worth_it.swap(true, Ordering::Relaxed) && self.known().bytes < ROOM
    }

    /// Keeps `found`, the comments of one file, as far as there is room.
    pub(super) fn keep(&self, found: &[&[u8]]) {
        if found.is_empty() {
            return;
        }
        let mut texts = self.texts.write().unwrap_or_else(PoisonError::into_inner);
        for text in found {
            if texts.bytes + text.len() <= ROOM && texts.all.insert((*text).into()) {
                texts.bytes += text.len();
            }
        }
    }
}

impl Texts {
    /// Whether `comment` is one of them.
    pub(super) fn contains(&self, comment: &[u8]) -> bool {
        !self.all.is_empty() && self.all.contains(comment)
    }
}

/// Whether what is found in `comment` hangs on no line behind it: it does not end with a name in quotes, whose value may stand in the next
/// line.
pub(super) fn is_closed(comment: &[u8]) -> bool {
    let end = comment.trim_ascii_end();
    let last = line_start(end, 0, end.len());
    memchr::memchr2(b'"', b'\'', &end[last..]).is_none()
}
