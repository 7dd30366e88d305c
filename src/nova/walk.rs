//! How far the references of one value may lead, and how much they may become in all.
//!
//! A value can refer to itself many times over, or to one that refers to one twice, and so on: oslo.config dies of
//! Python's recursion limit or works for hours. Neither may happen to a program that only reads.

use std::cell::Cell;

/// How deep references may lead before they count as a circle.
const DEEPEST: usize = 30;

/// How many bytes all references of one value may become in all, a reference being counted as [`EACH`] more.
pub(super) const MOST_WORK: usize = 1 << 20;

/// What it costs to follow a reference, even to nothing.
const EACH: usize = 64;

/// A place on the way along references, with the work that is left for all of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk<'a> {
    depth: usize,
    left: &'a Cell<usize>,
}

impl<'a> Walk<'a> {
    /// The start; `left` is what all steps together may cost.
    pub(super) fn new(left: &'a Cell<usize>) -> Self {
        Self { depth: 0, left }
    }

    /// One reference further; `None` where that is too far or too much.
    pub(super) fn deeper(self) -> Option<Self> {
        let depth = self.depth + 1;
        (depth <= DEEPEST).then_some(())?;
        self.spend(EACH)?;
        Some(Self { depth, ..self })
    }

    /// Takes `work` off what is left; `None` where that is less.
    pub(super) fn spend(self, work: usize) -> Option<()> {
        let left = self.left.get().checked_sub(work);
        self.left.set(left.unwrap_or(0));
        left.map(|_| ())
    }
}
