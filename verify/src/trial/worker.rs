//! Runs trials one after the other in a lab, and says what happens.
//!
//! How a guest comes to be somewhere and is heard there, each [`Lab`] knows; what a trial is and when it is repeated is said
//! here alone.

use std::error::Error;
use std::io;
use std::time::Duration;

use crate::guest::serial::{Hearing, Kind};
use crate::hypervisor::{Hypervisor, Request, Side};
use crate::nova_itself::{Seat, SeatError};
use crate::shown;
use crate::trial::checks::{Observation, judge};
use crate::trial::kind;
use crate::trial::messages::{Evidence, MOST_TRIES, Message, TrialOrder};
use crate::trial::migrate::{NovaRun, Trace, migrate, migrate_by_nova};
use crate::trial::turns::{Hush, Turn};

/// A guest that runs.
pub struct Guest {
    /// Where.
    pub side: Side,
    /// The line by which its QEMU is heard there.
    pub line: usize,
    /// Everything that it is heard to say.
    pub hearing: Hearing,
}

/// Two daemons between which a guest can be migrated.
pub trait Lab {
    /// What it may fail by.
    type Error: Error + 'static;

    /// The stage in which a guest is started, in words.
    const STARTING: &'static str;

    /// Removes the guest from both sides, if it is at one.
    ///
    /// # Errors
    /// It may still be there.
    fn clean_up(&mut self) -> Result<(), Self::Error>;

    /// Starts the guest at the first side, and has it heard.
    ///
    /// # Errors
    /// A daemon refuses it, or it could not be heard.
    fn start_guest(&mut self, outlet: &mut Outlet) -> Result<Guest, Self::Error>;

    /// What it is that a guest did not respond within `patience` after its start.
    fn no_response(&self, patience: Duration) -> Self::Error;

    /// Whether a simpler guest is to be tried instead of the one that could not be started, or did not respond, for that reason.
    fn falls_back(&mut self, _why: &Self::Error, _: &mut Outlet) -> bool {
        false
    }

    /// Whether both ends read the guest's disk from one file, which libvirt cannot know.
    fn shares_a_disk(&self) -> bool {
        false
    }

    /// The guest's disks that each end has for itself, by their names in the guest.
    fn own_disks(&self) -> Vec<String> {
        Vec::new()
    }

    /// What migrates `guest` from where it is; from here on all that happens belongs to that migration.
    fn hypervisor(&mut self, guest: &Guest) -> &mut dyn Hypervisor;

    /// The line to nova's own code, where that is to decide; it is put back after each migration.
    fn take_seat(&mut self) -> Option<Seat> {
        None
    }

    /// Takes the line back.
    fn put_seat(&mut self, _: Seat) {}

    /// Hears the guest after the migration, wherever it is now.
    ///
    /// # Errors
    /// The trials are to end.
    fn listen(&mut self, guest: &Guest, trace: &Trace, outlet: &mut Outlet) -> Result<Observation, Self::Error>;

    /// The accident that a trial failed by; none where it shows something.
    fn accident(&self, _: &Evidence) -> Option<Self::Error> {
        None
    }

    /// Stops all guests but this lab's, or lets them go on, where there are others.
    fn hush(&self) -> Hush {
        Box::new(|_| ())
    }

    /// Has the guest do nothing any more, where others are tried beside it.
    fn put_to_rest(&mut self) {}

    /// The guest for the next trial, after one that did what it promises; none where each trial has a guest of its own.
    fn keep(&self, _: Guest, _moved: bool) -> Option<Guest> {
        None
    }
}

/// Why trials could not be run to their end.
#[derive(Debug, thiserror::Error)]
pub enum WorkError<E: Error + 'static> {
    /// The lab failed.
    #[error(transparent)]
    Lab(E),
    /// The guest is not sound.
    #[error("the guest found its memory damaged before any migration: the page at {page:#x} held {found:#x}")]
    Damaged {
        /// Its address.
        page: u32,
        /// What it held.
        found: u32,
    },
    /// The guest is too quiet for the way between the sides.
    #[error(
        "the guest converged {MOST_TRIES} times before the action took effect, each time at half the bandwidth; the action \
         was not tested"
    )]
    Converged,
    /// Nova's own code, which is no word about the host.
    #[error(transparent)]
    Nova(SeatError),
    /// Trials could not be run side by side.
    #[error("the thread of a trial did not start or end")]
    Thread(#[source] io::Error),
}

/// Where a worker's messages go, and what it is at.
pub struct Outlet<'a> {
    stage: String,
    send: Box<dyn FnMut(Message) + 'a>,
}

impl<'a> Outlet<'a> {
    /// One whose messages `send` hands on.
    pub fn new(send: impl FnMut(Message) + 'a) -> Self {
        Self {
            stage: String::new(),
            send: Box::new(send),
        }
    }

    /// Hands a message on.
    pub fn say(&mut self, message: Message) {
        (self.send)(message);
    }

    /// From now on the worker is at `stage`.
    pub fn enter(&mut self, stage: &str) {
        stage.clone_into(&mut self.stage);
        self.say(Message::Stage(stage.to_owned()));
    }

    /// The worker's last words: how its work ended.
    pub fn end(&mut self, work: Result<(), impl Error + 'static>) {
        let message = match work {
            Ok(()) => Message::Done,
            Err(error) => Message::Failure {
                stage: self.stage.clone(),
                message: shown::chain(&error),
            },
        };
        self.say(message);
    }
}

/// Runs `trials` in `lab`, those that are for failures only where the one before failed; waits `patience` for the guest.
///
/// # Errors
/// The lab fails, an accident, or a guest that shows nothing.
pub fn run<L: Lab>(
    lab: &mut L,
    trials: &[TrialOrder],
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
    let mut guest = None;
    let mut failed = false;
    for trial in trials {
        if !trial.only_if_failed || failed {
            (failed, guest) = worker.until_it_acts(trial, guest)?;
        }
    }
    Ok(())
}

/// What runs trials in one lab.
pub(super) struct Worker<'a, 'b, L> {
    pub(super) lab: &'a mut L,
    pub(super) patience: Duration,
    pub(super) outlet: &'a mut Outlet<'b>,
    /// Its place among those that run trials at the same time.
    pub(super) turn: &'a Turn,
}

/// How one migration ended.
enum TrialEnd {
    /// Nova acted, or the migration failed before: whether it failed, and the guest for the next trial.
    Acted(bool, Option<Guest>),
    /// It completed by itself.
    Converged,
}

impl<L: Lab> Worker<'_, '_, L> {
    /// Runs a trial, with half the bandwidth again where the guest converged before nova's action took effect, which proves nothing. Whether
    /// it failed, and the guest for the next one.
    pub(super) fn until_it_acts(
        &mut self,
        trial: &TrialOrder,
        mut guest: Option<Guest>,
    ) -> Result<(bool, Option<Guest>), WorkError<L::Error>> {
        let mut trial = trial.with_patience(self.patience);
        for _ in 0..MOST_TRIES {
            let ready = match guest.take() {
                Some(guest) => guest,
                None => self.start_guest()?,
            };
            self.turn.has_started();
            self.outlet.enter(&format!("migrating: {}", trial.action.words()));
            match self.one_trial(&trial, ready)? {
                TrialEnd::Acted(failed, guest) => return Ok((failed, guest)),
                TrialEnd::Converged => trial = trial.with_half_the_bandwidth(),
            }
        }
        Err(WorkError::Converged)
    }

    /// Starts a guest and waits until it is ready to be migrated.
    pub(super) fn start_guest(&mut self) -> Result<Guest, WorkError<L::Error>> {
        self.turn.wait();
        loop {
            match self.start_this_guest() {
                Err(WorkError::Lab(why)) if self.lab.falls_back(&why, self.outlet) => {}
                other => return other,
            }
        }
    }

    fn start_this_guest(&mut self) -> Result<Guest, WorkError<L::Error>> {
        self.outlet.enter(L::STARTING);
        self.lab.clean_up().map_err(WorkError::Lab)?;
        let guest = self.lab.start_guest(self.outlet).map_err(WorkError::Lab)?;
        // With the first generation every page has been filled; it is the migration that will look at them all.
        let mut last = None;
        let responds = guest.hearing.wait(self.patience, |records| {
            last = records.last().copied();
            last.is_some_and(|last| last.kind == Kind::Damage || last.generation >= 1)
        });
        match last {
            Some(record) if record.kind == Kind::Damage => Err(WorkError::Damaged {
                page: record.sequence,
                found: record.generation,
            }),
            Some(_) if responds => Ok(guest),
            _ => Err(WorkError::Lab(self.lab.no_response(self.patience))),
        }
    }

    /// What `trial` asks for, as far as the guest that was started decides over it.
    pub(super) fn request(&self, trial: &TrialOrder) -> Request {
        Request {
            unsafe_storage: self.lab.shares_a_disk(),
            disks: self.lab.own_disks(),
            ..trial.request.clone()
        }
    }

    /// One migration, under nova's own code where there is a line to it.
    fn migrate(&mut self, trial: &TrialOrder, guest: &Guest) -> Result<(Trace, Option<NovaRun>), WorkError<L::Error>> {
        // copied disks are the rebuilt monitor's alone
        let seat = trial.request.disks.is_empty().then(|| self.lab.take_seat()).flatten();
        let hypervisor = self.lab.hypervisor(guest);
        let Some(mut seat) = seat else {
            let trace = migrate(hypervisor, &trial.request, &trial.settings, trial.pace, self.turn);
            return Ok((trace, None));
        };
        let done = migrate_by_nova(&mut seat, hypervisor, trial, self.turn, self.patience);
        self.lab.put_seat(seat);
        let (trace, nova) = done.map_err(WorkError::Nova)?;
        Ok((trace, Some(nova)))
    }

    fn one_trial(&mut self, trial: &TrialOrder, guest: Guest) -> Result<TrialEnd, WorkError<L::Error>> {
        let trial = TrialOrder {
            request: self.request(trial),
            ..trial.clone()
        };
        let (trace, nova) = self.migrate(&trial, &guest)?;
        // a guest that found damage halts and converges; that is no reason to try again
        if trace.converged(kind::of(trial.action)) && guest.hearing.damage().is_none() {
            return Ok(TrialEnd::Converged);
        }
        let heard = self.lab.listen(&guest, &trace, self.outlet);
        let mut observed = heard.map_err(WorkError::Lab)?;
        let evidence = Evidence {
            request: trial.request.clone(),
            cause: observed.cause.take(),
            judgement: judge(trial.action, &trace, &observed),
            phase: trial.phase,
            trace,
            nova,
        };
        if let Some(accident) = self.lab.accident(&evidence) {
            return Err(WorkError::Lab(accident));
        }
        let failed = !evidence.judgement.holds();
        self.outlet.say(Message::Trial(Box::new(evidence)));
        let moved = kind::of(trial.action).moves;
        let kept = if failed { None } else { self.lab.keep(guest, moved) };
        Ok(TrialEnd::Acted(failed, kept))
    }
}
