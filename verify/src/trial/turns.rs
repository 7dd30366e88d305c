//! Whose turn it is where trials run side by side: guests are started one after the other, and while an action is under way
//! there is no other, so that what it costs is measured as if nobody else were there.
//!
//! It knows no migration; whoever runs one says how far it has come.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

#[derive(Debug)]
struct Board {
    /// Of each trial, whether its guest runs.
    started: Vec<bool>,
    /// The trial whose action is under way.
    acting: Option<usize>,
    /// Whether the others' guests are stopped meanwhile.
    is_still: bool,
}

/// Stops the guests of all other trials, or lets them go on.
pub type Hush = Box<dyn Fn(bool) + Send>;

/// The place of one trial among those that run side by side.
///
/// Dropped, it keeps nobody waiting.
pub struct Turn {
    board: Arc<(Mutex<Board>, Condvar)>,
    number: usize,
    hush: Hush,
}

impl Turn {
    /// That of a trial beside which none runs.
    #[must_use]
    pub fn alone() -> Self {
        Self {
            board: board(1),
            number: 0,
            hush: Box::new(|_| ()),
        }
    }

    /// One for each of these, in the order in which the trials are to start.
    #[must_use]
    pub fn of(hushes: Vec<Hush>) -> Vec<Self> {
        let board = board(hushes.len());
        let turn = |(number, hush)| Self {
            board: Arc::clone(&board),
            number,
            hush,
        };
        hushes.into_iter().enumerate().map(turn).collect()
    }

    /// Waits until the guest of the trial before this one runs, or that trial is over.
    pub fn wait(&self) {
        let Some(before) = self.number.checked_sub(1) else {
            return;
        };
        let is_to_wait = |board: &mut Board| !board.started[before];
        drop(self.board.1.wait_while(self.look(), is_to_wait));
    }

    /// This trial's guest runs.
    pub fn has_started(&self) {
        self.look().started[self.number] = true;
        self.board.1.notify_all();
    }

    /// Whether the action may be taken now; if so, no other trial's may until this one gives the turn back, and where it is to
    /// be `still` the other guests are stopped until then.
    #[must_use]
    pub fn take(&self, still: bool) -> bool {
        let mut board = self.look();
        if board.acting.is_none() {
            board.acting = Some(self.number);
            if still {
                board.is_still = true;
                (self.hush)(true);
            }
        }
        board.acting == Some(self.number)
    }

    /// What the action did to the guest is over; does nothing where the turn was not taken.
    pub fn give_back(&self) {
        let mut board = self.look();
        if board.acting == Some(self.number) {
            board.acting = None;
            if std::mem::take(&mut board.is_still) {
                (self.hush)(false);
            }
        }
    }

    fn look(&self) -> MutexGuard<'_, Board> {
        self.board.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.give_back();
        self.has_started();
    }
}

fn board(count: usize) -> Arc<(Mutex<Board>, Condvar)> {
    let board = Board {
        started: vec![false; count],
        acting: None,
        is_still: false,
    };
    Arc::new((Mutex::new(board), Condvar::new()))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    fn turns(count: usize) -> Vec<Turn> {
        Turn::of((0..count).map(|_| -> Hush { Box::new(|_| ()) }).collect())
    }

    #[test]
    fn one_action_is_under_way_at_a_time() {
        let turns = turns(2);
        assert!(turns[0].take(false) && turns[0].take(false) && !turns[1].take(false));
        turns[1].give_back();
        assert!(!turns[1].take(false), "it was not its own to give back");
        turns[0].give_back();
        assert!(turns[1].take(false));
        assert!(Turn::alone().take(true));
    }

    #[test]
    fn the_others_are_stopped_only_while_it_is_to_be_still_and_go_on_however_the_trial_ends() {
        let (sender, told) = channel();
        let mut turns = Turn::of(vec![Box::new(move |still| sender.send(still).unwrap())]);
        let turn = turns.remove(0);
        assert!(turn.take(false));
        turn.give_back();
        assert!(turn.take(true) && turn.take(true));
        turn.give_back();
        turn.give_back();
        assert!(turn.take(true));
        drop(turn);
        assert_eq!(told.iter().collect::<Vec<_>>(), [true, false, true, false]);
    }

    #[test]
    fn a_guest_waits_for_the_one_before_until_that_runs_or_its_trial_is_over() {
        let mut turns = turns(3);
        let (last, middle, first) = (turns.pop().unwrap(), turns.pop().unwrap(), turns.pop().unwrap());
        first.wait(); // nobody is before it
        let (sender, came) = channel();
        let waiting = thread::spawn(move || {
            middle.wait();
            sender.send("middle").unwrap();
            drop(middle);
            last.wait();
            sender.send("last").unwrap();
        });
        assert!(came.try_recv().is_err());
        first.has_started();
        waiting.join().unwrap();
        assert_eq!(came.iter().collect::<Vec<_>>(), ["middle", "last"]);
    }
}
