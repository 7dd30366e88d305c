//! Many stacks one after the other in results, side by side in work: while some are printed, the next are under way.
//!
//! What is in memory at once is that of three batches, however many there are. Ctrl-C begins no further batch.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use rayon::prelude::*;

use crate::terminal::{Progress, Terminal};

/// So many are worked on at once.
const BATCH: usize = 128;
/// So many batches are under way, so that no core waits for the last of one.
const AHEAD: usize = 2;

/// Calls `work` for each of `all`, on every core, and `take` with what comes of each, in the order of `all`, until it is to `stop`.
/// Says how many were left.
///
/// # Errors
/// The first of `take`; nothing is taken after it.
pub(super) fn in_order<T: Send, R: Send>(
    all: Vec<T>,
    stop: &AtomicBool,
    work: impl Fn(T) -> R + Sync,
    mut take: impl FnMut(R) -> io::Result<()>,
) -> io::Result<usize> {
    if all.len() < 2 {
        // Threads would take longer to start than one stack needs.
        return all.into_iter().map(work).try_for_each(take).map(|()| 0);
    }
    let (mut waiting, work) = (all.into_iter(), &work);
    rayon::in_place_scope(|scope| {
        let mut coming = VecDeque::new();
        loop {
            // What is done is said; what is not begun when it is to stop is left.
            while coming.len() < AHEAD && !stop.load(Ordering::Relaxed) && !waiting.as_slice().is_empty() {
                let batch: Vec<T> = waiting.by_ref().take(BATCH).collect();
                let (done, come) = mpsc::channel();
                coming.push_back(come);
                scope.spawn(move |_| {
                    let results: Vec<R> = batch.into_par_iter().map(work).collect();
                    // Nobody waits for it where an earlier batch could not be taken.
                    let _ = done.send(results);
                });
            }
            // One that never comes has panicked, which goes on behind the scope.
            let Some(Ok(results)) = coming.pop_front().map(|come| come.recv()) else {
                return Ok(waiting.len());
            };
            results.into_iter().try_for_each(&mut take)?;
        }
    })
}

/// Takes the bar away, and says it where `left` of `all` were left; whether none were.
pub(super) fn ended(progress: Progress, (left, all): (usize, usize), terminal: &mut Terminal<'_>) -> bool {
    drop(progress);
    if left > 0 {
        terminal.complain(&format!("interrupted: {left} of {all} were not looked at"));
    }
    left == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    static GOES_ON: AtomicBool = AtomicBool::new(false);

    #[test]
    fn what_is_done_when_it_is_to_stop_is_taken_and_the_rest_is_counted() {
        let stop = AtomicBool::new(false);
        let mut taken = Vec::new();
        let left = in_order(
            (0..10 * BATCH).collect(),
            &stop,
            |number| {
                if number == 2 * BATCH {
                    stop.store(true, Ordering::Relaxed);
                }
                number
            },
            |number| {
                taken.push(number);
                Ok(())
            },
        );
        // The batch behind it may have begun by then.
        assert!([3 * BATCH, 4 * BATCH].contains(&taken.len()), "{}", taken.len());
        assert_eq!(left.unwrap(), 10 * BATCH - taken.len());
        assert_eq!(taken, (0..taken.len()).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_taken_comes_in_the_order_of_what_was_given_and_the_first_failure_ends_it() {
        for count in [0, 1, 2, BATCH, 3 * BATCH + 1] {
            let mut taken = Vec::new();
            let keep = |number: usize| {
                taken.push(number);
                Ok(())
            };
            in_order((0..count).collect(), &GOES_ON, |number| number * 2, keep).unwrap();
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
        assert!(in_order((0..1000).collect(), &GOES_ON, |number| number, failing).is_err());
        assert_eq!(taken, 201);
    }
}
