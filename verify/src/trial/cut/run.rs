//! Runs cuts one after the other, each with a guest of its own.
//!
//! How a migration is broken, the lab's [`Breaker`](super::Breaker) knows; what became of it is said in [`super::evidence`].

use std::time::Duration;

use super::evidence::{CutEvidence, Signs};
use super::script::Script;
use super::{Cut, CutLab, CutOrder, Fate, KEEPALIVE};
use crate::hypervisor::Hypervisor;
use crate::trial::kind;
use crate::trial::messages::{MOST_TRIES, Message, TrialOrder};
use crate::trial::migrate::migrate_following;
use crate::trial::turns::Turn;
use crate::trial::worker::{Outlet, WorkError, Worker};

/// How long nova's monitor is followed where nothing brings the migration back.
const FOLLOWED: Duration = Duration::from_secs(4);

/// The same where something may.
const LONG: Duration = Duration::from_secs(60);

impl CutOrder {
    /// How long a worker may be at one of them, besides its patience.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.trial.pace.limit + KEEPALIVE + LONG * 2
    }
}

/// Runs them; waits `patience` for the guest. Where the first comes to no cut, the others are not tried.
///
/// # Errors
/// The lab fails, or a guest that shows nothing.
pub fn run<L: CutLab>(
    lab: &mut L,
    order: &CutOrder,
    patience: Duration,
    outlet: &mut Outlet,
) -> Result<(), WorkError<L::Error>> {
    let turn = Turn::alone();
    let mut worker = Worker {
        lab,
        patience,
        outlet,
        turn: &turn,
    };
    for &cut in &order.cuts {
        let evidence = until_it_is_cut(&mut worker, &order.trial, cut)?;
        if let Some(accident) = worker.lab.accident_of(&evidence).filter(|_| !evidence.holds()) {
            return Err(WorkError::Lab(accident));
        }
        let has_come_to_it = evidence.story.switched.is_some();
        worker.outlet.say(Message::Cut(Box::new(evidence)));
        if !has_come_to_it {
            break;
        }
    }
    Ok(())
}

/// One cut, with half the bandwidth again where the guest converged before the switch.
fn until_it_is_cut<L: CutLab>(
    worker: &mut Worker<L>,
    trial: &TrialOrder,
    cut: Cut,
) -> Result<CutEvidence, WorkError<L::Error>> {
    let mut trial = trial.with_patience(worker.patience);
    trial.pace.limit += KEEPALIVE + LONG;
    for _ in 0..MOST_TRIES {
        let evidence = one(worker, &trial, cut)?;
        if !evidence.trace.converged(kind::of(trial.action)) {
            return Ok(evidence);
        }
        trial = trial.with_half_the_bandwidth();
    }
    Err(WorkError::Converged)
}

fn one<L: CutLab>(worker: &mut Worker<L>, trial: &TrialOrder, cut: Cut) -> Result<CutEvidence, WorkError<L::Error>> {
    let guest = worker.start_guest()?;
    let trial = &TrialOrder {
        request: worker.request(trial),
        ..trial.clone()
    };
    worker.outlet.enter(&format!("cutting a migration: {}", cut.words()));
    let lab = &mut *worker.lab;
    let line = lab.line_at_the_destination(&guest);
    let mut breaker = lab.breaker(&guest);
    let hearing = guest.hearing.clone();
    let is_heard = || line.is_some_and(|line| hearing.span(line).is_some());
    let heard: Option<&dyn Fn() -> bool> = if line.is_some() { Some(&is_heard) } else { None };
    let hypervisor = lab.recovery(&guest, cut);
    let mut script = Script::new(hypervisor, &mut *breaker, heard, cut, &trial.request);
    let followed = match cut {
        Cut::Reset | Cut::DestinationQemu => FOLLOWED,
        _ => LONG,
    };
    let trace = migrate_following(&mut script, trial, worker.turn, followed);
    let since = script.now();
    let story = script.end();
    let awaited = story.cut.is_some() && cut.fate() == Fate::Whole;
    let memory_whole = awaited.then(|| lab.checks_all_pages(&guest, since));
    let hears_all = lab.hears_all();
    let records = guest.hearing.records().0;
    let mut signs = Signs::of(&records, story.switched.unwrap_or(since), hears_all);
    signs.memory_whole = memory_whole;
    Ok(CutEvidence::of(cut, trial.request.clone(), trace, story, signs))
}
