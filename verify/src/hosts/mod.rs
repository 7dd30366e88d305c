//! The trials between two hosts that the operator names, instead of in the sandbox.
//!
//! It judges nothing, and makes one domain with a name and a UUID of its own, which is removed from both ends at the end.

mod console;
mod removal;
mod roles;
mod uris;
mod worker;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, TryLockError};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use serde::Serialize;

pub use self::roles::Destination;
pub use self::uris::{AddressFrom, RefusedUri, Ways, ends};
use self::worker::Worker;
use crate::guest::memory::Memory;
use crate::guest::{self, FAR};
use crate::host::programs::from_number;
use crate::hypervisor::libvirt::Ends;
use crate::interrupt::Interrupt;
use crate::sandbox::{Mode, SandboxError};
use crate::trial::plan::Plan;
use crate::trial::session::{Conditions, EMULATION_MENDED, RunOptions, Session, SessionError, huge_pages};
use crate::trial::worker::{Message, silence};

const TOO_LONG: &str = "`live_migration_downtime` is so long that the probe guest would always converge; run it \
    without --source and --dest";

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
    /// What is known of the destination by its nova.conf.
    pub by_nova_conf: Destination,
    /// The image on both hosts.
    pub image: PathBuf,
    /// The guest's name.
    pub guest: String,
}

/// The two hosts that the operator names, and what is known of them.
#[derive(Clone, Debug)]
pub struct HostPair {
    /// The ends.
    pub ends: Ends,
    /// What is known of the destination by its nova.conf.
    pub destination: Destination,
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

/// Runs the trials; `progress` is told each stage, `interrupt` ends it.
///
/// # Errors
/// See [`SessionError`]; the guest has been removed then, or is named in it.
pub fn run(
    named: &HostPair,
    plan: &Plan,
    options: RunOptions,
    interrupt: &Interrupt,
    mut progress: impl FnMut(&str),
) -> Result<Session, SessionError> {
    let began = Instant::now();
    let bandwidth = plan.far_bandwidth().ok_or_else(|| failed(TOO_LONG))?;
    let probe = Probe::new().map_err(|error| failed(&error.to_string()))?;
    let mut session = Session {
        conditions: conditions(plan, named, &probe, why_emulated(plan, options), bandwidth),
        versions: None,
        ready_after: 0.0,
        trials: Vec::new(),
        seconds: 0.0,
        left: None,
    };
    let (sender, said) = channel();
    let stop = Arc::new(AtomicBool::new(false));
    let gate = Arc::new(Mutex::new(false));
    let mut worker = Worker {
        named: named.clone(),
        probe: probe.clone(),
        plan: plan.clone(),
        options,
        emulated: session.conditions.emulated,
        began,
        stop: Arc::clone(&stop),
        gate: Arc::clone(&gate),
        sender,
        stage: String::new(),
    };
    let quiet = silence(
        &plan.far_trials(options.wanted, false),
        Duration::from_secs(options.patience),
    );
    interrupt.would_leave(Some(format!(
        "the guest {} may still be on {} or {}; if it is, remove it there with `virsh destroy` and `virsh undefine`",
        probe.name, named.ends.source, named.ends.destination
    )));
    let work = thread::Builder::new()
        .spawn(move || worker.run())
        .map_err(|error| failed(&error.to_string()))?;
    let ended = gather(&said, &mut session, quiet, interrupt.sign(), &mut progress);
    let ended = ended.and_then(|()| work.join().map_err(|_| failed("the worker crashed")));
    stop.store(true, Ordering::Relaxed);
    progress("removing the guest from both hosts");
    let removed = if shut(&gate) {
        removal::remove(&named.ends, &probe, Duration::from_secs(options.patience))
    } else {
        Ok(())
    };
    interrupt.would_leave(None);
    session.seconds = began.elapsed().as_secs_f64();
    match (ended, removed) {
        (Ok(()), removed) if !session.trials.is_empty() => {
            session.left = removed.err().map(|error| error.to_string());
            Ok(session)
        }
        (ended, Err(left)) => Err(SessionError::Left {
            left: left.to_string(),
            after: ended.err().map(Box::new),
        }),
        (ended, Ok(())) => ended.map(|()| session),
    }
}

fn failed(message: &str) -> SessionError {
    SessionError::Worker {
        stage: "preparing the trials".to_owned(),
        message: message.to_owned(),
    }
}

fn why_emulated(plan: &Plan, options: RunOptions) -> Option<String> {
    match plan.settings.virt_type.as_str() {
        _ if options.emulate => Some("--emulate".to_owned()),
        "qemu" => Some("`virt_type` is qemu".to_owned()),
        _ => None,
    }
}

/// Keeps the worker, which sees the stop sign from now on, from defining a guest; says whether one may have been defined.
fn shut(gate: &Mutex<bool>) -> bool {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        match gate.try_lock() {
            Ok(defined) => return *defined,
            Err(TryLockError::WouldBlock) if Instant::now() < until => thread::sleep(Duration::from_millis(20)),
            // the source does not answer; the removal will say the same and name the guest
            Err(_) => return true,
        }
    }
}

/// What nova.conf makes the memory of guests of; the daemons put it where their own qemu.conf says.
fn memory(plan: &Plan) -> Memory {
    if plan.settings.file_backed <= 0 {
        return Memory::Anonymous;
    }
    Memory::Files {
        directory: "the hosts' own directory".into(),
        file_system: "a file system that is not known".to_owned(),
        made_in: None,
        owner: (0, 0),
        discards: true,
    }
}

fn conditions(
    plan: &Plan,
    named: &HostPair,
    probe: &Probe,
    why_emulated: Option<String>,
    bandwidth: u64,
) -> Conditions {
    Conditions {
        mode: Mode::System,
        emulated: why_emulated.is_some(),
        why_emulated,
        early: false,
        qemu_user: "the hosts' own".to_owned(),
        memory_mib: FAR.memory_mib(),
        hot_mib: FAR.hot_mib(),
        bandwidth,
        tls: None,
        memory: memory(plan),
        not_alike: plan.reserves_huge_pages.then(huge_pages).into_iter().collect(),
        far: Some(Far {
            source: named.ends.source.clone(),
            destination: named.ends.destination.clone(),
            peer: named.ends.peer.clone(),
            migration: named.ends.migration.clone(),
            peer_is_not_novas: named.destination.address.is_none(),
            by_nova_conf: named.destination.clone(),
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
            Message::NotAlike(what) => session.conditions.not_alike.push(what),
            Message::Trial(evidence) => session.trials.push(*evidence),
            Message::Done => return Ok(()),
            Message::Failure { stage, message } => return Err(SessionError::Worker { stage, message }),
        }
    }
}
