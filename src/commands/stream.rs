//! Many stacks one after the other in results, side by side in work: while some are printed, the next are under way.
//!
//! What is in memory at once is that of two batches, however many there are.

use std::io;

use rayon::prelude::*;

/// So many are worked on at once.
const BATCH: usize = 128;

/// Calls `work` for each of `all`, on every core, and `take` with what comes of each, in the order of `all`.
///
/// # Errors
/// The first of `take`; nothing is taken after it.
pub(super) fn in_order<T: Send, R: Send>(
    all: Vec<T>,
    work: impl Fn(T) -> R + Sync,
    mut take: impl FnMut(R) -> io::Result<()>,
) -> io::Result<()> {
    if all.len() < 2 {
        // Threads would take longer to start than one stack needs.
        return all.into_iter().map(work).try_for_each(take);
    }
    let mut waiting = all.into_iter();
    let mut done: Vec<R> = Vec::new();
    loop {
        let batch: Vec<T> = waiting.by_ref().take(BATCH).collect();
        if batch.is_empty() && done.is_empty() {
            return Ok(());
        }
        let (work, mut coming) = (&work, Vec::new());
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| coming = batch.into_par_iter().map(work).collect());
            done.drain(..).try_for_each(&mut take)
        })?;
        done = coming;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_comes_in_the_order_of_what_was_given_and_the_first_failure_ends_it() {
        for count in [0, 1, 2, BATCH, 3 * BATCH + 1] {
            let mut taken = Vec::new();
            let keep = |number: usize| {
                taken.push(number);
                Ok(())
            };
            in_order((0..count).collect(), |number| number * 2, keep).unwrap();
            assert_eq!(taken, (0..count).map(|number| number * 2).collect::<Vec<_>>());
        }
        let mut taken = 0;
        let failing = |number: usize| {
            taken += 1;
            if number < 200 {
                Ok(())
            } else {
                Err(io::Error::other("full"))
            }
        };
        assert!(in_order((0..1000).collect(), |number| number, failing).is_err());
        assert_eq!(taken, 201);
    }
}
