//! The trials between two hosts that the operator names, instead of in the sandbox.
//!
//! It judges nothing, and makes one domain with a name and a UUID of its own, which is removed from both ends at the end.

mod console;
mod removal;
mod way;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use serde::Serialize;

use self::console::Joined;
pub use self::way::ends;
use crate::guest::serial::{Hearing, Kind};
use crate::guest::{self, FAR};
use crate::hypervisor::libvirt::{Ends, Libvirt, run_event_loop};
use crate::hypervisor::{End, Hypervisor};
use crate::judgement::{Observed, judge};
use crate::plan::Plan;
use crate::preflight::programs::from_number;
use crate::sandbox::layout::Host;
use crate::sandbox::{Mode, SandboxError};
use crate::session::{Conditions, EMULATION_MENDED, GRACE, Session, SessionError, Wishes};
use crate::trial::{Given, migrate};
use crate::worker::{Evidence, MOST_TRIES, Message, TrialOrder, hearing_is_whole, policy, with_half_the_bandwidth};

/// How long the guest may take to get round all its pages after a migration.
const ROUND: Duration = Duration::from_secs(20);

/// The two hosts, for the report.
#[derive(Clone, Debug, Serialize)]
pub struct Far {
    /// The URI of the source.
    pub source: String,
    /// The URI of the destination.
    pub destination: String,
    /// What the source's libvirt was told of the destination.
    pub peer: String,
    /// Where QEMU was told to send to; libvirt's choice if null.
    pub migration: Option<String>,
    /// Whether `peer` is not what nova would make, as the destination's URI names no host.
    pub peer_is_not_novas: bool,
    /// The image on both hosts.
    pub image: PathBuf,
    /// The guest's name.
    pub guest: String,
}

/// What the operator names.
#[derive(Clone, Debug)]
pub struct Named {
    /// The ends.
    pub ends: Ends,
    /// Whether nova could not make the peer's URI.
    pub peer_is_not_novas: bool,
    /// The image on both hosts.
    pub image: PathBuf,
}

/// The domain that is ours.
#[derive(Clone, Debug)]
struct Probe {
    name: String,
    uuid: String,
}

impl Probe {
    fn new() -> io::Result<Self> {
        let uuid = fs::read_to_string("/proc/sys/kernel/random/uuid")?.trim().to_owned();
        Ok(Self {
            name: format!("{}-{}", guest::NAME, uuid.split('-').next().unwrap_or_default()),
            uuid,
        })
    }
}

/// Runs the trials; `progress` is told each stage, `interrupted` ends it.
///
/// # Errors
/// See [`SessionError`]; the guest has been removed then, or is named in it.
pub fn run(
    named: &Named,
    plan: &Plan,
    wishes: Wishes,
    interrupted: &Arc<AtomicBool>,
    mut progress: impl FnMut(&str),
) -> Result<Session, SessionError> {
    let began = Instant::now();
    let failed = |message: String| SessionError::Worker {
        stage: "preparing the guest".to_owned(),
        message,
    };
    let bandwidth = plan.far_bandwidth().ok_or_else(|| {
        failed(
            "`live_migration_downtime` is so long that the probe guest would always converge; \
                run it without --source and --dest"
                .to_owned(),
        )
    })?;
    let probe = Probe::new().map_err(|error| failed(error.to_string()))?;
    let why_emulated = match plan.virt_type.as_str() {
        _ if wishes.emulate => Some("asked for".to_owned()),
        "qemu" => Some("`virt_type` is qemu".to_owned()),
        _ => None,
    };
    let mut session = Session {
        conditions: conditions(named, &probe, why_emulated, bandwidth),
        versions: None,
        ready_after: 0.0,
        trials: Vec::new(),
        seconds: 0.0,
    };
    let (sender, said) = channel();
    let stop = Arc::new(AtomicBool::new(false));
    let gate = Arc::new(Mutex::new(()));
    let mut worker = Worker {
        named: named.clone(),
        probe: probe.clone(),
        plan: plan.clone(),
        wishes,
        emulated: session.conditions.emulated,
        began,
        stop: Arc::clone(&stop),
        gate: Arc::clone(&gate),
        sender,
        stage: String::new(),
    };
    thread::spawn(move || worker.run());
    let longest = plan
        .far_trials(wishes.wanted, false)
        .into_iter()
        .map(|trial| trial.pace.limit);
    let patience = Duration::from_secs(wishes.patience) + GRACE + longest.max().unwrap_or_default() * 2;
    let ended = gather(&said, &mut session, patience, interrupted, &mut progress);
    stop.store(true, Ordering::Relaxed);
    progress("removing the guest from both hosts");
    let removed = if session.versions.is_some() {
        shut(&gate).and_then(|()| removal::remove(&named.ends, &probe))
    } else {
        Ok(())
    };
    session.seconds = began.elapsed().as_secs_f64();
    match (ended, removed) {
        (Ok(()), Ok(())) => Ok(session),
        (Err(error), Ok(())) => Err(error),
        (Ok(()), Err(left)) => Err(SessionError::Left { left, after: None }),
        (Err(error), Err(left)) => Err(SessionError::Left {
            left,
            after: Some(Box::new(error)),
        }),
    }
}

/// Keeps the worker from defining a guest from now on; it has seen the stop sign or is waited for.
fn shut(gate: &Mutex<()>) -> Result<(), String> {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        match gate.try_lock() {
            Ok(_) | Err(std::sync::TryLockError::Poisoned(_)) => return Ok(()),
            Err(std::sync::TryLockError::WouldBlock) if Instant::now() < until => {
                thread::sleep(Duration::from_millis(20));
            }
            // the source does not answer; the removal will say the same and name the guest
            Err(std::sync::TryLockError::WouldBlock) => return Ok(()),
        }
    }
}

fn conditions(named: &Named, probe: &Probe, why_emulated: Option<String>, bandwidth: u64) -> Conditions {
    Conditions {
        mode: Mode::System,
        emulated: why_emulated.is_some(),
        why_emulated,
        early: false,
        qemu_user: "the hosts' own".to_owned(),
        memory_mib: FAR.memory_mib(),
        hot_mib: FAR.hot_mib(),
        bandwidth,
        far: Some(Far {
            source: named.ends.source.clone(),
            destination: named.ends.destination.clone(),
            peer: named.ends.peer.clone(),
            migration: named.ends.migration.clone(),
            peer_is_not_novas: named.peer_is_not_novas,
            image: named.image.clone(),
            guest: probe.name.clone(),
        }),
    }
}

/// Takes in what the worker says until it has ended, fails, is silent for too long or is interrupted.
fn gather(
    said: &Receiver<Message>,
    session: &mut Session,
    patience: Duration,
    interrupted: &AtomicBool,
    progress: &mut impl FnMut(&str),
) -> Result<(), SessionError> {
    let mut stage = "starting".to_owned();
    let mut heard = Instant::now();
    loop {
        if interrupted.load(Ordering::Relaxed) {
            return Err(SessionError::FarInterrupted);
        }
        let message = match said.recv_timeout(Duration::from_millis(50)) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) if heard.elapsed() < patience => continue,
            Err(RecvTimeoutError::Timeout) => {
                let waited = patience;
                return Err(SandboxError::Silent { stage, waited }.into());
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        heard = Instant::now();
        match message {
            Message::Stage(now) => {
                progress(&now);
                stage = now;
            }
            Message::Versions {
                libvirt,
                qemu,
                ready_after,
            } => {
                session.versions = Some((libvirt, qemu));
                session.ready_after = ready_after;
                let old = from_number(qemu) < EMULATION_MENDED;
                session.conditions.early = session.conditions.emulated && old;
            }
            Message::Trial(evidence) => session.trials.push(*evidence),
            Message::Failure { stage, message } => return Err(SessionError::Worker { stage, message }),
        }
    }
}

struct Worker {
    named: Named,
    probe: Probe,
    plan: Plan,
    wishes: Wishes,
    emulated: bool,
    began: Instant,
    stop: Arc<AtomicBool>,
    /// Held while a guest is defined and started, so that none is after the removal has begun.
    gate: Arc<Mutex<()>>,
    sender: Sender<Message>,
    stage: String,
}

impl Worker {
    fn say(&self, message: Message) {
        // nobody listens any more once the session has ended
        let _ = self.sender.send(message);
    }

    fn enter(&mut self, stage: &str) {
        stage.clone_into(&mut self.stage);
        self.say(Message::Stage(stage.to_owned()));
    }

    fn run(&mut self) {
        if let Err(message) = self.work() {
            let stage = self.stage.clone();
            self.say(Message::Failure { stage, message });
        }
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(self.wishes.patience)
    }

    fn work(&mut self) -> Result<(), String> {
        self.enter("connecting to both hosts");
        run_event_loop().map_err(|refusal| refusal.message)?;
        let ends = &self.named.ends;
        let (mut libvirt, versions) = Libvirt::between(ends, &self.probe.name, self.began, self.patience(), &self.stop)
            .map_err(|(uri, refusal)| {
                format!(
                    "{uri}: {}; see that `virsh -c '{uri}' list` works here",
                    refusal.message
                )
            })?;
        let qemu = versions[0].qemu.min(versions[1].qemu);
        self.say(Message::Versions {
            libvirt: versions[0].libvirt.min(versions[1].libvirt),
            qemu,
            ready_after: self.began.elapsed().as_secs_f64(),
        });
        let early = self.emulated && from_number(qemu) < EMULATION_MENDED;
        let mut failed = false;
        for trial in self.plan.far_trials(self.wishes.wanted, early) {
            if !trial.only_if_failed || failed {
                failed = !self.until_it_acts(&mut libvirt, trial)?;
            }
        }
        Ok(())
    }

    /// Runs a trial, with half the bandwidth again where the guest converged; says whether the action did what it promises.
    fn until_it_acts(&mut self, libvirt: &mut Libvirt, mut trial: TrialOrder) -> Result<bool, String> {
        for _ in 0..MOST_TRIES {
            let hearing = self.start_guest(libvirt)?;
            self.enter(&format!("migrating: {}", trial.action.words()));
            if let Some(evidence) = self.one_trial(libvirt, &hearing, &trial)? {
                let holds = evidence.judgement.holds();
                self.say(Message::Trial(Box::new(evidence)));
                return Ok(holds);
            }
            trial = with_half_the_bandwidth(trial);
        }
        Err(format!(
            "the guest converged {MOST_TRIES} times before the action was taken, each time at half the bandwidth; this \
             proves nothing"
        ))
    }

    fn start_guest(&mut self, libvirt: &mut Libvirt) -> Result<Hearing, String> {
        self.enter("starting the guest at the source");
        removal::remove(&self.named.ends, &self.probe)?;
        let (name, uuid) = (&self.probe.name, &self.probe.uuid);
        let xml = guest::far_domain_xml(name, uuid, self.emulated, &self.named.image);
        let gate = Arc::clone(&self.gate);
        {
            let _held = gate.lock().unwrap_or_else(PoisonError::into_inner);
            if self.stop.load(Ordering::Relaxed) {
                return Err("interrupted".to_owned());
            }
            libvirt
                .start_guest(Host::A, &xml)
                .map_err(|refusal| self.not_started(&refusal.message))?;
        }
        libvirt.set_source(Host::A);
        let hearing = Hearing::default();
        self.listen(libvirt, Host::A, &hearing)?;
        let beats = hearing.wait(self.patience(), |records| {
            records
                .last()
                .is_some_and(|record| record.kind == Kind::Damage || record.generation >= 1)
        });
        let (records, _) = hearing.records();
        match records.last() {
            Some(record) if record.kind == Kind::Damage => {
                Err("the guest found damage in its memory before any migration".to_owned())
            }
            Some(_) if beats => Ok(hearing),
            _ => Err(format!(
                "the guest was started but did not come to life within {} s; {}",
                self.wishes.patience,
                self.about_the_image()
            )),
        }
    }

    fn about_the_image(&self) -> String {
        format!(
            "see that {} on both hosts is what `novamend-verify guest-image` writes and that QEMU may read it",
            self.named.image.display()
        )
    }

    fn not_started(&self, message: &str) -> String {
        let kvm = if self.emulated {
            ""
        } else {
            "; where there is no KVM, use --emulate"
        };
        format!("{message}; {}{kvm}", self.about_the_image())
    }

    /// Has `hearing` hear the guest's console at `host`.
    fn listen(&self, libvirt: &Libvirt, host: Host, hearing: &Hearing) -> Result<(), String> {
        let (line, began, heard) = (hearing.add_line(), self.began, hearing.clone());
        let mut joined = Joined::default();
        libvirt
            .read_console(host, self.patience(), move |bytes| {
                heard.feed(line, began.elapsed(), &joined.take(bytes));
            })
            .map_err(|refusal| format!("the guest's console cannot be read: {}", refusal.message))
    }

    /// One migration; none where the guest converged by itself.
    fn one_trial(
        &mut self,
        libvirt: &mut Libvirt,
        hearing: &Hearing,
        trial: &TrialOrder,
    ) -> Result<Option<Evidence>, String> {
        let trace = migrate(libvirt, &trial.request, policy(trial)?, trial.pace);
        if self.stop.load(Ordering::Relaxed) {
            return Err("interrupted".to_owned());
        }
        if trace.returned == Some(Ok(())) && !trace.orders.iter().any(Given::is_action) {
            return Ok(None);
        }
        self.enter("looking at the guest's memory");
        let arrived = trace.returned == Some(Ok(()));
        hearing.forget();
        // the source's console is still open where the guest has stayed
        let is_heard = !arrived || self.listen(libvirt, Host::B, hearing).is_ok();
        let alive = is_heard && hearing.wait(ROUND, |records| !records.is_empty());
        let looked_at_all = alive && hearing_is_whole(hearing, FAR, ROUND);
        let observed = Observed {
            records: hearing.records().0,
            source: libvirt.standing(End::Source).ok(),
            destination: libvirt.standing(End::Destination).ok(),
            looked_at_all,
            only_after: true,
            ..Observed::default()
        };
        Ok(Some(Evidence {
            request: trial.request.clone(),
            judgement: judge(trial.action, &trace, &observed),
            trace,
        }))
    }
}
