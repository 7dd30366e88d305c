//! The process inside the sandbox: starts the daemons, connects, starts the guest and runs the trials one after the other.
//!
//! It reads no nova.conf and prints for no person: its order comes as one line of JSON, its evidence goes out as lines of JSON.

mod deaths;
mod logs;
mod messages;

use std::fs;
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use novamend::nova::migration::Ending;

use crate::accident::{NOTHING_KNOWN, is_gone, is_refusal, resource};
use crate::guest;
use crate::guest::memory::Memory;
use crate::guest::serial::{Hearing, Kind};
use crate::hypervisor::libvirt::{Libvirt, run_event_loop};
use crate::hypervisor::{End, Hypervisor, Side, Sides};
use crate::sandbox::layout;
use crate::sandbox::memory::Lent;
use crate::sandbox::pki::{self, Tls};
use crate::sandbox::{connection, daemon};
use crate::trial::checks::{GUEST_LIVES, Observation, judge};
use crate::trial::memory;
use crate::trial::migrate::migrate;
use deaths::Deaths;
use logs::{cause, with_logs};
pub(crate) use messages::silence;
pub use messages::{Evidence, Message, TrialOrder, WorkOrder};

/// How long the guest may take to get round all its pages after a migration.
const ROUND: Duration = Duration::from_secs(5);

/// How often a trial is run before a guest that converges by itself is given up.
pub(crate) const MOST_TRIES: u32 = 3;

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
        deaths: None,
    };
    let done = serde_json::from_str(&order)
        .map_err(|error| error.to_string())
        .and_then(|order| worker.work(&order));
    say(&match done {
        Err(message) => Message::Failure {
            stage: worker.stage.clone(),
            message,
        },
        Ok(()) => Message::Done,
    });
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
    /// Who has ended, once the daemons run.
    deaths: Option<Deaths>,
}

/// The guest: where it is, and the line of its QEMU.
struct Place {
    side: Side,
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
        let own = Path::new("/proc/self/exe");
        let daemons = Sides::try_of(|side| daemon::start(own, side, &order.setup)).map_err(text)?;
        let numbers = daemons.iter().map(|(side, daemon)| (side, daemon.id())).collect();
        self.deaths = Some(Deaths::watch(numbers).map_err(text)?);
        let (mut libvirt, versions) =
            connection::connect(&order.setup, daemons, self.began, Duration::from_secs(order.patience))
                .map_err(|refusal| self.not_connected(&refusal.message))?;
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
            match self.one_trial(libvirt, hearing, order, &trial, at)? {
                TrialEnd::Acted(place) => return Ok(place),
                TrialEnd::Converged => trial = trial.with_half_the_bandwidth(),
            }
        }
        Err(format!(
            "the guest converged {MOST_TRIES} times before the action was taken, each time at half the bandwidth; the \
             action was not tested"
        ))
    }

    fn start_guest(&mut self, libvirt: &Libvirt, hearing: &Hearing, order: &WorkOrder) -> Result<Place, String> {
        self.enter("starting the guest");
        for side in Side::BOTH {
            libvirt.remove_guest(side);
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
        let deaths = self.deaths_so_far();
        libvirt
            .start_guest(Side::First, &xml)
            .map_err(|refusal| self.explained(&refusal.message, deaths, Side::First))?;
        if self.lent.as_ref().is_some_and(|lent| !lent.is_used(Side::First)) {
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
                "the guest found its memory damaged before any migration: the page at {:#x} held {:#x}",
                record.sequence, record.generation
            )),
            Some(_) if heard => Ok(Place {
                side: Side::First,
                line,
            }),
            _ => {
                let message = format!("the guest was started but did not respond within {} s", order.patience);
                Err(self.explained(&message, deaths, Side::First))
            }
        }
    }

    /// A failure with the accident that it came by, otherwise with what the daemons wrote.
    fn explained(&self, message: &str, from: usize, source: Side) -> String {
        let accident = self
            .deaths
            .as_ref()
            .and_then(|deaths| deaths.accident(message, from, source));
        accident.unwrap_or_else(|| with_logs(message))
    }

    /// Why no daemon answered; one that ended by itself says why in its log.
    fn not_connected(&self, message: &str) -> String {
        if !message.contains("exited before it was listening") {
            return self.explained(message, 0, Side::First);
        }
        let text = with_logs(message);
        let is_accident = message.contains("(signal: ") || resource(&text).is_some();
        if is_accident {
            format!("{text}; {NOTHING_KNOWN}")
        } else {
            text
        }
    }

    fn deaths_so_far(&self) -> usize {
        self.deaths.as_ref().map_or(0, Deaths::so_far)
    }

    /// The accident that a trial failed by; none where it shows something.
    fn accident(&self, evidence: &Evidence, from: usize, source: Side) -> Option<String> {
        let said = evidence.reason().unwrap_or_default();
        if evidence.judgement.holds() {
            return None;
        }
        let deaths = self.deaths.as_ref()?;
        deaths.accident(&said, from, source).or_else(|| {
            let is_gone = is_gone(&said) && !is_refusal(0, &said) && evidence.judgement.failed(GUEST_LIVES).is_none();
            is_gone.then(|| format!("a process or a connection went away without a reason: {said}; {NOTHING_KNOWN}"))
        })
    }

    fn one_trial(
        &self,
        libvirt: &mut Libvirt,
        hearing: &Hearing,
        order: &WorkOrder,
        trial: &TrialOrder,
        at: Place,
    ) -> Result<TrialEnd, String> {
        let source = at.side;
        libvirt.set_source(source);
        let deaths = self.deaths_so_far();
        let at_source = (at.side, fs::metadata(layout::log(at.side)).map_or(0, |log| log.len()));
        let destination_line = hearing.connections();
        let trace = migrate(libvirt, &trial.request, &trial.settings, trial.pace);
        // a guest that found damage halts and converges; that is no reason to try again
        if trace.converged() && hearing.damage().is_none() {
            return Ok(TrialEnd::Converged);
        }
        let looked_at_all = memory::checked_all_pages(hearing, order.size, memory::migration_end(&trace), ROUND);
        let (records, stray) = hearing.records();
        let observed = Observation {
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
        } else if trial.action == Ending::Abort {
            Some(at)
        } else {
            Some(Place {
                side: at.side.other(),
                line: destination_line,
            })
        };
        let evidence = Evidence {
            request: trial.request.clone(),
            cause: cause(at_source, &trace),
            trace,
            judgement,
        };
        if let Some(accident) = self.accident(&evidence, deaths, source) {
            return Err(accident);
        }
        say(&Message::Trial(Box::new(evidence)));
        Ok(TrialEnd::Acted(next))
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
            "guests' memory in files: no file could be created in {}: {error}",
            directory.display()
        )));
    }
    made.ok()
}

/// How one trial ended.
enum TrialEnd {
    /// Nova acted, or the migration failed before; where the guest is now, if all is well with it.
    Acted(Option<Place>),
    /// It completed by itself.
    Converged,
}
