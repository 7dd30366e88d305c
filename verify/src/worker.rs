//! The process inside the sandbox: starts the daemons, connects, starts the guest and runs the trials one after the other.
//!
//! It reads no nova.conf and prints for no person: its order comes as one line of JSON, its evidence goes out as lines of JSON.

mod logs;

use std::fs;
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use novamend::catalog::Release;
use novamend::migration;
use novamend::migration::timeout::DowntimeSettings;
use novamend::migration::timeout::downtime_schedule;
use serde::{Deserialize, Serialize};

use crate::guest::memory::Memory;
use crate::guest::serial::{Hearing, Kind};
use crate::guest::{self, Size};
use crate::hypervisor::libvirt::{Libvirt, run_event_loop};
use crate::hypervisor::{End, Hypervisor, Request};
use crate::judgement::{Action, Judgement, Observed, judge};
use crate::monitor::Policy;
use crate::sandbox::daemon::{self, Setup};
use crate::sandbox::layout::{self, Host};
use crate::sandbox::memory::Lent;
use crate::sandbox::pki::{self, Tls};
use crate::trial::{Pace, Trace, migrate};
use crate::whole;
use logs::{cause, with_logs};

/// How long the guest may take to get round all its pages after a migration.
const ROUND: Duration = Duration::from_secs(5);

/// Beyond the worker's own patience, so that it can say what it waited for.
const GRACE: Duration = Duration::from_secs(20);

/// How often a trial is run before a guest that converges by itself is given up.
pub(crate) const MOST_TRIES: u32 = 3;

/// One migration to try.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TrialOrder {
    /// What is to happen at the completion timeout.
    pub action: Action,
    /// Flags and parameters.
    pub request: Request,
    /// The release whose monitor steers.
    pub release: u32,
    /// Seconds, scaled by the size of the guest.
    pub completion_timeout: i64,
    /// Seconds.
    pub progress_timeout: i64,
    /// Milliseconds, steps and seconds per GiB of the downtime schedule.
    pub downtime: (i64, i64, i64),
    /// How nova's clock is shortened.
    pub pace: Pace,
    /// Tried only where the one before did not do what it promises.
    pub only_if_failed: bool,
}

impl TrialOrder {
    /// The same, given up no sooner than after `patience`: the machines or the network may be slower than was reckoned.
    #[must_use]
    pub fn with_patience(&self, patience: Duration) -> Self {
        let mut trial = self.clone();
        trial.pace.limit = trial.pace.limit.max(patience);
        trial
    }

    /// The same with half the bandwidth, for a guest that converged.
    pub(crate) fn with_half_the_bandwidth(mut self) -> Self {
        self.request.bandwidth = (self.request.bandwidth / 2).max(1);
        self.pace.act_after *= 2;
        self.pace.limit *= 2;
        self
    }
}

/// How long a worker may say nothing: while one of these trials is tried again and again, and some.
pub(crate) fn silence(trials: &[TrialOrder], patience: Duration) -> Duration {
    let longest = trials
        .iter()
        .map(|trial| trial.with_patience(patience).pace.limit)
        .max();
    patience + GRACE + longest.unwrap_or_default() * 2u32.pow(MOST_TRIES - 1)
}

/// All that the worker needs to know.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorkOrder {
    /// The daemons.
    pub setup: Setup,
    /// Without KVM.
    pub emulated: bool,
    /// What the guest's memory is made of.
    pub memory: Memory,
    /// The guest.
    pub size: Size,
    /// Rate of the time-stamp counter.
    pub ticks_per_second: f64,
    /// Seconds to wait for a daemon or the guest.
    pub patience: u64,
    /// The trials, in order.
    pub trials: Vec<TrialOrder>,
}

/// One trial with what it proved.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Evidence {
    /// Flags and parameters.
    pub request: Request,
    /// What happened.
    pub trace: Trace,
    /// What that proves.
    pub judgement: Judgement,
    /// Why the job failed by the log of the source's daemon, which says it where the call's answer may only tell what the
    /// destination saw of it; none between two hosts.
    pub cause: Option<String>,
}

/// What the worker says; one a line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// It is at this now.
    Stage(String),
    /// The versions the daemons answered.
    Versions {
        /// libvirt, major × 1 000 000 + minor × 1 000 + micro.
        libvirt: u32,
        /// QEMU, likewise.
        qemu: u32,
        /// Seconds until both daemons answered.
        ready_after: f64,
    },
    /// Something could not be built as on the host.
    NotAlike(String),
    /// A trial is over.
    Trial(Box<Evidence>),
    /// It cannot go on.
    Failure {
        /// At what.
        stage: String,
        /// Why.
        message: String,
    },
}

/// Does what its order says; exit code 0 whatever the trials proved.
#[must_use]
pub fn run() -> ExitCode {
    let mut order = String::new();
    if io::stdin().lock().read_line(&mut order).is_err() {
        return ExitCode::from(2);
    }
    let mut worker = Worker {
        stage: String::new(),
        began: Instant::now(),
        lent: None,
    };
    let done = serde_json::from_str(&order)
        .map_err(|error| error.to_string())
        .and_then(|order| worker.work(&order));
    if let Err(message) = done {
        let stage = worker.stage.clone();
        say(&Message::Failure { stage, message });
    }
    // The daemons and QEMU end with PID 1, which ends now; nothing is left to be dropped in order.
    std::process::exit(0)
}

fn say(message: &Message) {
    if let Ok(line) = serde_json::to_string(message) {
        let mut out = io::stdout().lock();
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}

struct Worker {
    stage: String,
    began: Instant,
    /// The files of the guest's memory, where they are not the sandbox's own.
    lent: Option<Lent>,
}

/// The guest: where it is, and the line of its QEMU.
struct Place {
    host: Host,
    line: usize,
}

impl Worker {
    fn enter(&mut self, stage: &str) {
        stage.clone_into(&mut self.stage);
        say(&Message::Stage(self.stage.clone()));
    }

    fn work(&mut self, order: &WorkOrder) -> Result<(), String> {
        self.enter("starting two private libvirt daemons");
        let text = |error: io::Error| error.to_string();
        fs::write(layout::image(), guest::image(order.size, order.ticks_per_second)).map_err(text)?;
        if order.setup.tls.as_ref().is_some_and(Tls::is_made) {
            pki::make(&layout::pki(), pki::MADE_NAME, pki::FOR_EVER).map_err(text)?;
        }
        self.lent = lent(&order.memory);
        let hearing = Hearing::listen(&layout::serial(), self.began).map_err(text)?;
        run_event_loop().map_err(|refusal| refusal.message)?;
        let mut daemons = Vec::new();
        for host in Host::BOTH {
            daemons.push((
                host,
                daemon::start(Path::new("/proc/self/exe"), host, &order.setup).map_err(text)?,
            ));
        }
        let (mut libvirt, versions) =
            Libvirt::connect(&order.setup, daemons, self.began, Duration::from_secs(order.patience))
                .map_err(|refusal| with_logs(&refusal.message))?;
        say(&Message::Versions {
            libvirt: versions.libvirt,
            qemu: versions.qemu,
            ready_after: self.began.elapsed().as_secs_f64(),
        });
        let mut place = None;
        let mut failed = false;
        for trial in &order.trials {
            if trial.only_if_failed && !failed {
                continue;
            }
            place = self.until_it_acts(&mut libvirt, &hearing, order, trial, place)?;
            failed = place.is_none();
        }
        Ok(())
    }

    /// Runs a trial, with half the bandwidth again where the guest converged before nova acted, which proves nothing.
    fn until_it_acts(
        &mut self,
        libvirt: &mut Libvirt,
        hearing: &Hearing,
        order: &WorkOrder,
        trial: &TrialOrder,
        mut place: Option<Place>,
    ) -> Result<Option<Place>, String> {
        let mut trial = trial.with_patience(Duration::from_secs(order.patience));
        for _ in 0..MOST_TRIES {
            let at = match place.take() {
                Some(place) => place,
                None => self.start_guest(libvirt, hearing, order)?,
            };
            self.enter(&format!("migrating: {}", trial.action.words()));
            match Self::one_trial(libvirt, hearing, order, &trial, at)? {
                Tried::Acted(place) => return Ok(place),
                Tried::Converged => trial = trial.with_half_the_bandwidth(),
            }
        }
        Err(format!(
            "the guest converged {MOST_TRIES} times before the action was taken, each time at half the bandwidth; this \
             proves nothing"
        ))
    }

    fn start_guest(&mut self, libvirt: &Libvirt, hearing: &Hearing, order: &WorkOrder) -> Result<Place, String> {
        self.enter("starting the guest");
        for host in Host::BOTH {
            libvirt.remove_guest(host);
        }
        hearing.forget();
        let line = hearing.connections();
        let xml = guest::domain_xml(
            order.size,
            order.emulated,
            &order.memory,
            &order.setup.emulator,
            &layout::image(),
            &layout::serial(),
        );
        libvirt
            .start_guest(Host::A, &xml)
            .map_err(|refusal| with_logs(&refusal.message))?;
        if self.lent.as_ref().is_some_and(|lent| !lent.is_used(Host::A)) {
            say(&Message::NotAlike(
                "guests' memory in files: this QEMU or libvirt put it elsewhere".to_owned(),
            ));
            self.lent = None; // told once
        }
        // With the first generation every page has been filled; it is the migration that will look at them all.
        let mut last = None;
        let heard = hearing.wait(Duration::from_secs(order.patience), |records| {
            last = records.last().copied();
            last.is_some_and(|last| last.kind == Kind::Damage || last.generation >= 1)
        });
        match last {
            Some(record) if record.kind == Kind::Damage => Err(format!(
                "the guest found damage in its memory before any migration: the page at {:#x} held {:#x}",
                record.sequence, record.generation
            )),
            Some(_) if heard => Ok(Place { host: Host::A, line }),
            _ => Err(with_logs(&format!(
                "the guest was started but did not come to life within {} s",
                order.patience
            ))),
        }
    }

    fn one_trial(
        libvirt: &mut Libvirt,
        hearing: &Hearing,
        order: &WorkOrder,
        trial: &TrialOrder,
        at: Place,
    ) -> Result<Tried, String> {
        libvirt.set_source(at.host);
        let at_source = (at.host, fs::metadata(at.host.log()).map_or(0, |log| log.len()));
        let destination_line = hearing.connections();
        let policy = policy(trial)?;
        let trace = migrate(libvirt, &trial.request, policy, trial.pace);
        // a guest that found damage stands still and converges; that is no reason to try again
        if trace.converged() && hearing.damage().is_none() {
            return Ok(Tried::Converged);
        }
        let looked_at_all = whole::has_looked_at_all(hearing, order.size, whole::over(&trace), ROUND);
        let (records, stray) = hearing.records();
        let observed = Observed {
            records: records
                .into_iter()
                .filter(|record| record.kind != Kind::Start)
                .collect(),
            stray,
            source_line: at.line,
            source_span: hearing.span(at.line),
            destination_span: hearing.span(destination_line),
            source: libvirt.standing(End::Source).ok(),
            destination: libvirt.standing(End::Destination).ok(),
            looked_at_all,
            only_after: false,
        };
        let judgement = judge(trial.action, &trace, &observed);
        let next = if !judgement.holds() {
            None
        } else if trial.action == Action::Abort {
            Some(at)
        } else {
            Some(Place {
                host: at.host.other(),
                line: destination_line,
            })
        };
        say(&Message::Trial(Box::new(Evidence {
            request: trial.request.clone(),
            cause: cause(at_source, &trace),
            trace,
            judgement,
        })));
        Ok(Tried::Acted(next))
    }
}

/// The files for the guest's memory; says so where they cannot be made.
fn lent(memory: &Memory) -> Option<Lent> {
    let Memory::Files {
        made_in: Some(directory),
        owner,
        ..
    } = memory
    else {
        return None;
    };
    let made = Lent::make(&layout::backing(), *owner);
    if let Err(error) = &made {
        say(&Message::NotAlike(format!(
            "guests' memory in files: none could be made in {}: {error}",
            directory.display()
        )));
    }
    made.ok()
}

/// What became of one migration.
enum Tried {
    /// Nova acted, or the migration failed before; where the guest is now, if all is well with it.
    Acted(Option<Place>),
    /// It completed by itself.
    Converged,
}

pub(crate) fn policy(trial: &TrialOrder) -> Result<Policy, String> {
    let release = Release::from_number(trial.release).ok_or("no such release")?;
    let (downtime_ms, steps, delay_s) = trial.downtime;
    let settings = DowntimeSettings {
        downtime_ms,
        steps,
        delay_s,
    };
    Ok(Policy {
        release,
        action: match trial.action {
            Action::Abort => migration::Action::Abort,
            Action::PostCopy | Action::Pause => migration::Action::ForceComplete,
        },
        completion_timeout: trial.completion_timeout,
        progress_timeout: trial.progress_timeout,
        post_copy: trial.request.post_copy,
        schedule: downtime_schedule(settings, 2.0, release),
    })
}
