//! Runs trials side by side, each in a lab of its own, and what failed so once more alone.
//!
//! A trial that failed beside others may have failed because of them: what counts is what it shows alone, but for a guest that
//! was lost or damaged, which nothing excuses.

use std::error::Error;
use std::io;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use crate::trial::kind;
use crate::trial::messages::{Evidence, Message, TrialOrder};
use crate::trial::turns::Turn;
use crate::trial::worker::{Lab, Outlet, WorkError, Worker};

/// One lab and what is tried in it.
struct Lane<L> {
    /// The number of the trial in the order.
    number: usize,
    lab: L,
    trial: TrialOrder,
}

/// What a lane says.
enum Said<L, E: Error + 'static> {
    /// To be handed on at once.
    Now(Message),
    /// Its trial is over; no evidence where the guest converged each time.
    Over(Box<Lane<L>>, Option<Box<Evidence>>),
    /// It cannot go on, and what it was at.
    Failed(Option<Message>, WorkError<E>),
}

/// Runs `trials`, none of them for failures only, each in its lab of `labs`; waits `patience` for a guest. The evidence comes
/// in their order once all are over.
///
/// # Errors
/// A lab fails or an accident, at once; a guest that converges, when it does alone, too.
pub fn run<L>(
    labs: Vec<L>,
    trials: &[TrialOrder],
    patience: Duration,
    outlet: &mut Outlet,
) -> Result<(), WorkError<L::Error>>
where
    L: Lab + Send + 'static,
    L::Error: Send,
{
    let (sender, said) = channel();
    let lanes = lanes(labs, trials);
    let count = lanes.len();
    let turns = Turn::of(lanes.iter().map(|lane| lane.lab.hush()).collect());
    for (lane, turn) in lanes.into_iter().zip(turns) {
        let sender = sender.clone();
        let work = move || lane.run(&turn, patience, &sender);
        thread::Builder::new().spawn(work).map_err(WorkError::Thread)?;
    }
    drop(sender);
    let mut over = Vec::new();
    for said in said {
        match said {
            Said::Now(message) => hand_on(message, outlet),
            Said::Over(lane, evidence) => over.push((lane, evidence)),
            // the others' threads end with this process
            Said::Failed(stage, error) => {
                if let Some(stage) = stage {
                    hand_on(stage, outlet);
                }
                return Err(error);
            }
        }
    }
    if over.len() < count {
        return Err(WorkError::Thread(io::Error::other("one of them crashed")));
    }
    over.sort_by_key(|(lane, _)| lane.number);
    for (lane, evidence) in over {
        let evidence = match evidence {
            Some(evidence) if evidence.judgement.holds() => evidence,
            doubtful => lane.once_more(doubtful, patience, outlet)?,
        };
        outlet.say(Message::Trial(evidence));
    }
    Ok(())
}

/// The lanes in the order in which they start: first the guest that stays, all of whose silence counts, then the one whose
/// pause is as long as what is left when it comes to it.
fn lanes<L>(labs: Vec<L>, trials: &[TrialOrder]) -> Vec<Lane<L>> {
    let both = labs.into_iter().zip(trials.iter().cloned()).enumerate();
    let mut lanes: Vec<_> = both.map(|(number, (lab, trial))| Lane { number, lab, trial }).collect();
    lanes.sort_by_key(|lane| {
        let kind = kind::of(lane.trial.action);
        (kind.moves, !kind.pauses)
    });
    lanes
}

fn hand_on(message: Message, outlet: &mut Outlet) {
    match message {
        Message::Stage(stage) => outlet.enter(&stage),
        other => outlet.say(other),
    }
}

impl<L: Lab> Lane<L> {
    /// Runs its trial beside the others and has the guest rest.
    fn run(mut self, turn: &Turn, patience: Duration, sender: &Sender<Said<L, L::Error>>) {
        let mut stage = None;
        // nobody listens any more once another lane has failed
        let tried = self.try_it(turn, patience, |message| {
            if matches!(message, Message::Stage(_)) {
                stage = Some(message.clone());
            }
            let _ = sender.send(Said::Now(message));
        });
        let said = match tried {
            Ok(evidence) => {
                self.lab.put_to_rest();
                Said::Over(Box::new(self), evidence)
            }
            Err(WorkError::Converged) => {
                self.lab.put_to_rest();
                Said::Over(Box::new(self), None)
            }
            Err(error) => Said::Failed(stage, error),
        };
        let _ = sender.send(said);
    }

    /// Runs its trial alone after it has shown `doubtful` beside others.
    fn once_more(
        mut self,
        doubtful: Option<Box<Evidence>>,
        patience: Duration,
        outlet: &mut Outlet,
    ) -> Result<Box<Evidence>, WorkError<L::Error>> {
        let alone = self.try_it(&Turn::alone(), patience, |message| hand_on(message, outlet))?;
        let inexcusable = doubtful.filter(|first| first.judgement.is_grave());
        match (alone, inexcusable) {
            (Some(alone), Some(first)) if alone.judgement.holds() => Ok(first),
            (Some(alone), _) => Ok(alone),
            (None, _) => Err(WorkError::Converged),
        }
    }

    /// Runs its trial with a guest of its own; all but the evidence goes to `say`.
    fn try_it(
        &mut self,
        turn: &Turn,
        patience: Duration,
        mut say: impl FnMut(Message),
    ) -> Result<Option<Box<Evidence>>, WorkError<L::Error>> {
        let mut evidence = None;
        let mut outlet = Outlet::new(|message| match message {
            Message::Trial(trial) => evidence = Some(trial),
            other => say(other),
        });
        let mut worker = Worker {
            lab: &mut self.lab,
            patience,
            outlet: &mut outlet,
            turn,
        };
        worker.until_it_acts(&self.trial, None)?;
        drop(outlet);
        Ok(evidence)
    }
}
