//! How much work the fixes of one stack may make: each is tried on the whole stack, and a file may offer fifty thousand.
//!
//! It counts lines, no time: the same files always come to the same result.

use crate::oslo::stack::Stack;

/// What all trials for one stack may cost together.
const MOST: usize = 16 << 20;
/// So many fixes are tried however long the files are.
const LEAST: usize = 16;
/// What an assignment costs that is read and compared once more; a byte of other text costs an eighth.
const ASSIGNMENT: usize = 64;
/// What a trial costs in any case: the options of every release are looked up.
const TRIAL: usize = 1 << 12;

/// What is left to spend.
#[derive(Debug)]
pub(super) struct Effort {
    left: usize,
    each: usize,
}

impl Effort {
    /// For fixes of `stack`.
    pub(super) fn of(stack: &Stack) -> Self {
        let documents = stack.layers().iter().map(|layer| &layer.document);
        let costs = documents.map(|one| one.assignments().len() * ASSIGNMENT + one.source().bytes().len() / 8);
        let each = costs.sum::<usize>().max(TRIAL);
        Self {
            left: MOST.max(each.saturating_mul(LEAST)),
            each,
        }
    }

    /// Takes one trial off what is left; `false` where that is too little.
    pub(super) fn spend(&mut self) -> bool {
        let left = self.left.checked_sub(self.each);
        self.left = left.unwrap_or(0);
        left.is_some()
    }

    /// Takes `count` trials off, or none; `false` where that is too little.
    pub(super) fn spend_all(&mut self, count: usize) -> bool {
        let left = self
            .each
            .checked_mul(count)
            .and_then(|cost| self.left.checked_sub(cost));
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }
}
