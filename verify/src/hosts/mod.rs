//! The trials between two hosts that the operator names, instead of in the sandbox.
//!
//! It judges nothing, and makes one domain with a name and a UUID of its own, which is removed from both ends at the end.

mod console;
mod cutting;
mod lab;
mod removal;
mod roles;
mod uris;

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, TryLockError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{fs, io, thread};

pub use self::cutting::{CUTS, why_no_cut};
use self::lab::{HostLab, LabError, Order};
pub use self::removal::RemovalError;
pub use self::roles::destination;
pub use self::uris::{RefusedUri, Ways, accepted, ends, ends_by_name, is_here};
use crate::guest::memory::Memory;
use crate::guest::{self, FAR};
use crate::host::programs::from_number;
use crate::hypervisor::libvirt::Ends;
use crate::interrupt::Interrupt;
use crate::nova_itself::NovaChoice;
use crate::shown::chain;
use crate::speed::Link;
use crate::trial::conditions::{Conditions, Destination, Far, Mode, NO_HUGE_PAGES};
use crate::trial::cut::{self, Cut};
use crate::trial::messages::{Message, silence};
use crate::trial::plan::{EMULATION_KEEPS_WRITES, Plan, Wanted};
use crate::trial::session::{RunOptions, Session, SessionError};
use crate::trial::shape::ShapeUsed;
use crate::trial::worker::{self, Outlet, WorkError};

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

/// Why nothing could be tried between the two hosts, or what is left there.
#[derive(Debug, thiserror::Error)]
pub enum HostsError {
    /// The guest of fixed size would always converge.
    #[error(
        "failed while preparing the trials: `live_migration_downtime` is so long that the probe guest would always \
         converge; run it without --source and --dest"
    )]
    TooLong,
    /// Something of this machine failed.
    #[error("failed while preparing the trials")]
    Preparation(#[source] io::Error),
    /// The worker's thread ended by a panic.
    #[error("failed while preparing the trials: the worker crashed")]
    Crashed,
    /// The guest could not be removed from a host that the operator named.
    #[error("{left}{}", .after.as_ref().map_or_else(String::new, |after| format!("; before that: {}", chain(after))))]
    Left {
        /// The guest, where, and how to remove it.
        left: RemovalError,
        /// What had failed before.
        after: Option<Box<HostsError>>,
    },
    /// A person or a service manager ended it.
    #[error("interrupted; the guest has been removed from both hosts")]
    Interrupted,
    /// The trials did not come to their end.
    #[error(transparent)]
    Session(SessionError),
}

impl From<SessionError> for HostsError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Interrupted => Self::Interrupted,
            other => Self::Session(other),
        }
    }
}

/// Runs the trials; `progress` is told each stage, `interrupt` ends it.
///
/// # Errors
/// See [`HostsError`]; the guest has been removed then, or is named in it.
pub fn run(
    named: &HostPair,
    plan: &Plan,
    options: &RunOptions,
    interrupt: &Interrupt,
    mut progress: impl FnMut(&str),
) -> Result<Session, HostsError> {
    let errand = Errand::Trials(options.wanted);
    run_errand(named, plan, options, errand, interrupt, &mut progress)
}

/// Breaks migrations of the guest in post-copy, each of `cuts` in turn, which must be of [`CUTS`].
///
/// # Errors
/// See [`HostsError`]; the guest has been removed then, or is named in it.
pub fn cut(
    named: &HostPair,
    plan: &Plan,
    options: &RunOptions,
    cuts: Vec<Cut>,
    interrupt: &Interrupt,
    mut progress: impl FnMut(&str),
) -> Result<Session, HostsError> {
    run_errand(named, plan, options, Errand::Cuts(cuts), interrupt, &mut progress)
}

/// What is to be done between the hosts.
enum Errand {
    Trials(Wanted),
    Cuts(Vec<Cut>),
}

impl Errand {
    /// How long the worker may say nothing.
    fn silence(&self, plan: &Plan, patience: Duration) -> Duration {
        match self {
            Self::Trials(wanted) => silence(&plan.far_trials(*wanted, false), patience),
            Self::Cuts(_) => silence(&[], patience) + cutting::order(plan, Vec::new(), false).longest(),
        }
    }
}

fn run_errand(
    named: &HostPair,
    plan: &Plan,
    options: &RunOptions,
    errand: Errand,
    interrupt: &Interrupt,
    progress: &mut dyn FnMut(&str),
) -> Result<Session, HostsError> {
    let began = Instant::now();
    let bandwidth = plan.far_bandwidth().ok_or(HostsError::TooLong)?;
    let probe = Probe::new().map_err(HostsError::Preparation)?;
    let why_emulated = why_emulated(plan, options);
    let mut session = Session::under(conditions(plan, named, &probe, why_emulated, bandwidth));
    session.conditions.nova = options.nova.clone();
    let order = Order {
        named: named.clone(),
        probe: probe.clone(),
        memory: memory(plan),
        emulated: session.conditions.emulated,
        nova: options.nova.found().map(|nova| nova.interpreter.clone()),
        patience: options.patience(),
        began,
        stop: Arc::default(),
        gate: Arc::default(),
    };
    interrupt.would_leave(Some(format!(
        "the guest {} may still be on {} or {}; if it is, remove it there with `virsh destroy` and `virsh undefine`",
        probe.name, named.ends.source, named.ends.destination
    )));
    let quiet = errand.silence(plan, options.patience());
    let (mut said, work) = start(order.clone(), plan.clone(), errand).map_err(HostsError::Preparation)?;
    let stage = "starting".to_owned();
    let gathered = session.gather(&mut said, stage, quiet, interrupt.sign(), progress);
    let ended = gathered.map_err(HostsError::from);
    let ended = ended.and_then(|_| work.join().map_err(|_| HostsError::Crashed));
    progress("removing the guest from both hosts");
    let removed = clean_up(&order);
    interrupt.would_leave(None);
    session.cost = session.unmeasured_cost(options.link.map(Link::said), "between two hosts it is not");
    session.seconds = began.elapsed().as_secs_f64();
    let qemu = session.versions.map(|(_, qemu)| qemu);
    session.conditions.early = session.conditions.emulated && qemu.is_some_and(loses_writes);
    match (ended, removed) {
        (Ok(()), removed) if !session.is_empty() => {
            session.left = removed.err().map(|error| error.to_string());
            Ok(session)
        }
        (ended, Err(left)) => Err(HostsError::Left {
            left,
            after: ended.err().map(Box::new),
        }),
        (ended, Ok(())) => ended.map(|()| session),
    }
}

/// Lets no further guest be made, and removes the one that may be there.
fn clean_up(order: &Order) -> Result<(), RemovalError> {
    order.stop.store(true, Ordering::Relaxed);
    if shut(&order.gate) {
        removal::remove(&order.named.ends, &order.probe, order.patience)
    } else {
        Ok(())
    }
}

/// Starts the worker, whose messages come through the channel.
fn start(order: Order, plan: Plan, errand: Errand) -> io::Result<(Receiver<Message>, JoinHandle<()>)> {
    let (sender, said) = channel();
    let work = thread::Builder::new().spawn(move || {
        // nobody listens any more once the session has ended
        let mut outlet = Outlet::new(|message| drop(sender.send(message)));
        let work = work(order, &plan, errand, &mut outlet);
        outlet.end(work);
    })?;
    Ok((said, work))
}

fn work(order: Order, plan: &Plan, errand: Errand, outlet: &mut Outlet) -> Result<(), WorkError<LabError>> {
    let (emulated, patience) = (order.emulated, order.patience);
    let (mut lab, qemu) = HostLab::connect(order, outlet).map_err(WorkError::Lab)?;
    let early = emulated && loses_writes(qemu);
    match errand {
        Errand::Trials(wanted) => worker::run(&mut lab, &plan.far_trials(wanted, early), patience, outlet),
        Errand::Cuts(cuts) => cut::run(&mut lab, &cutting::order(plan, cuts, early), patience, outlet),
    }
}

/// Whether the software emulation of a QEMU may lose a guest's writes.
fn loses_writes(qemu: u32) -> bool {
    from_number(qemu) < EMULATION_KEEPS_WRITES
}

fn why_emulated(plan: &Plan, options: &RunOptions) -> Option<String> {
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
        nova: NovaChoice::Not(String::new()),
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
        shape: ShapeUsed::plain(),
        not_alike: plan
            .reserves_huge_pages
            .then(|| NO_HUGE_PAGES.to_owned())
            .into_iter()
            .collect(),
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
