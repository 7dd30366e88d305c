//! Runs the trials of a plan in a sandbox and gathers the evidence.
//!
//! It judges nothing; every wait has an end, and what was waited for is told.

mod alike;

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::accident::NOTHING_KNOWN;
use crate::guest::memory::Memory;
use crate::host::confinement::Confinement;
use crate::host::programs::NAMELESS_REMEDY;
use crate::host::qemu_conf::Fault;
use crate::host::{Host, Kvm, programs};
use crate::hosts::Far;
use crate::sandbox::pki::{CertificateSource, Tls};
use crate::sandbox::setup::Setup;
use crate::sandbox::{Mode, Sandbox, SandboxError, WorkerOutput};
use crate::shown;
use crate::trial::plan::{Plan, Wanted};
use crate::trial::worker::{Evidence, Message, WorkOrder, silence};
pub(crate) use alike::huge_pages;
use alike::{given, memory, not_alike};

/// QEMU before this version may lose a guest's writes in software emulation when a migration is acted on after its first pass.
pub(crate) const EMULATION_MENDED: (u16, u16, u16) = (9, 0, 0);

/// From this version on libvirt surely knows the ability that [`Setup::batch_cpu_feature_queries`] names.
const KNOWS_THE_ABILITY: (u16, u16, u16) = (6, 0, 0);

/// How long the resolver may take to tell this host's full name.
const RESOLVER: Duration = Duration::from_secs(2);

/// Why nothing could be tried.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Something that the host needs is not there.
    #[error("{what}; {remedy}")]
    Missing {
        /// What.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// The sandbox did not come up or broke.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The worker could not go on.
    #[error("failed while {stage}: {message}")]
    Worker {
        /// At what.
        stage: String,
        /// Why.
        message: String,
    },
    /// The guest could not be removed from a host that the operator named.
    #[error("{left}{}", .after.as_ref().map_or_else(String::new, |after| format!("; before that: {after}")))]
    Left {
        /// The guest, where, and how to remove it.
        left: String,
        /// What had failed before.
        after: Option<Box<SessionError>>,
    },
    /// A person or a service manager ended trials between two hosts.
    #[error("interrupted; the guest has been removed from both hosts")]
    FarInterrupted,
    /// A person or a service manager ended it.
    #[error("interrupted; everything in the sandbox has been stopped")]
    Interrupted,
}

/// How the trials were run.
#[derive(Clone, Debug, Serialize)]
pub struct Conditions {
    /// As root or not.
    pub mode: Mode,
    /// Without KVM.
    pub emulated: bool,
    /// Why without KVM.
    pub why_emulated: Option<String>,
    /// Acting within the first pass, because of QEMU's emulation.
    pub early: bool,
    /// The user QEMU ran as.
    pub qemu_user: String,
    /// The guest's memory in MiB.
    pub memory_mib: u32,
    /// MiB that the guest writes round and round.
    pub hot_mib: f64,
    /// MiB/s of the migration, so low that the guest does not converge.
    pub bandwidth: u64,
    /// Native TLS in the sandbox, if nova.conf asks for it.
    pub tls: Option<Tls>,
    /// The two hosts, where they were named; otherwise it was in the sandbox.
    pub far: Option<Far>,
    /// How the guest's memory was made.
    pub memory: Memory,
    /// What of the guests that nova starts here could not be built alike, a sentence each.
    pub not_alike: Vec<String>,
}

/// Everything that the trials brought.
#[derive(Clone, Debug, Serialize)]
pub struct Session {
    /// How they were run.
    pub conditions: Conditions,
    /// libvirt and QEMU as the daemons told.
    pub versions: Option<(u32, u32)>,
    /// Seconds until both daemons were ready.
    pub ready_after: f64,
    /// The trials.
    pub trials: Vec<Evidence>,
    /// Seconds in all.
    pub seconds: f64,
    /// The guest that could not be removed from a host that the operator named, and how to do it.
    pub left: Option<String>,
}

/// How the operator wants the trials run.
#[derive(Clone, Copy, Debug)]
pub struct RunOptions {
    /// Which.
    pub wanted: Wanted,
    /// Without KVM even where it works.
    pub emulate: bool,
    /// Seconds to wait for a daemon or the guest.
    pub patience: u64,
}

/// Runs the trials; `progress` is told each stage, `interrupted` ends it between two words of the worker.
///
/// # Errors
/// See [`SessionError`].
pub fn run(
    host: &Host,
    plan: &Plan,
    options: RunOptions,
    interrupted: &AtomicBool,
    mut progress: impl FnMut(&str),
) -> Result<Session, SessionError> {
    let began = Instant::now();
    let (order, conditions) = prepare(host, plan, options)?;
    let line = serde_json::to_string(&order).map_err(|error| missing(&error.to_string(), "report this"))?;
    let mut sandbox = Sandbox::start(order.setup.mode, !conditions.emulated, &line)?;
    let mut session = Session {
        conditions,
        versions: None,
        ready_after: 0.0,
        trials: Vec::new(),
        seconds: 0.0,
        left: None,
    };
    let mut stage = "creating the sandbox".to_owned();
    let mut done = false;
    let mut heard = Instant::now();
    let patience = silence(&order.trials, Duration::from_secs(options.patience));
    loop {
        if interrupted.load(Ordering::Relaxed) {
            sandbox.end();
            return Err(SessionError::Interrupted);
        }
        let text = match sandbox.hear(Duration::from_millis(100)) {
            WorkerOutput::Line(text) => text,
            WorkerOutput::Nothing if heard.elapsed() < patience => continue,
            WorkerOutput::Nothing => {
                return Err(SandboxError::Silent {
                    stage,
                    waited: patience,
                }
                .into());
            }
            WorkerOutput::End => break,
        };
        heard = Instant::now();
        match serde_json::from_str(&text) {
            Ok(Message::Stage(now)) => {
                progress(&now);
                stage = now;
            }
            Ok(Message::Versions {
                libvirt,
                qemu,
                ready_after,
            }) => {
                session.versions = Some((libvirt, qemu));
                session.ready_after = ready_after;
            }
            Ok(Message::NotAlike(what)) => session.conditions.not_alike.push(what),
            Ok(Message::Trial(evidence)) => session.trials.push(*evidence),
            Ok(Message::Done) => done = true,
            Ok(Message::Failure { stage, message }) => {
                let suspicion = Confinement::find().suspicion(&message);
                let message = [Some(message), suspicion]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join("; ");
                return Err(SessionError::Worker { stage, message });
            }
            Err(_) => {}
        }
    }
    let end = sandbox.end();
    if !done || session.trials.is_empty() {
        return Err(SandboxError::Ended(format!("{end}; {NOTHING_KNOWN}")).into());
    }
    session.seconds = began.elapsed().as_secs_f64();
    Ok(session)
}

fn missing(what: &str, remedy: &str) -> SessionError {
    SessionError::Missing {
        what: what.to_owned(),
        remedy: remedy.to_owned(),
    }
}

fn prepare(host: &Host, plan: &Plan, options: RunOptions) -> Result<(WorkOrder, Conditions), SessionError> {
    if !cfg!(target_arch = "x86_64") {
        return Err(missing(
            "the probe guest needs x86-64, which this host is not",
            "run verify on an x86-64 compute node",
        ));
    }
    let daemon = host.daemon.as_ref().ok_or_else(|| {
        missing(
            "neither libvirtd nor virtqemud is installed",
            "install libvirt-daemon-system or libvirt-daemon-driver-qemu",
        )
    })?;
    let emulator = host
        .emulator
        .clone()
        .ok_or_else(|| missing("no QEMU for x86-64 is installed", "install qemu-system-x86 or qemu-kvm"))?;
    let why_emulated = match (&host.kvm, plan.settings.virt_type.as_str()) {
        _ if options.emulate => Some("--emulate".to_owned()),
        (_, "qemu") => Some("`virt_type` is qemu".to_owned()),
        (Kvm::Usable, _) => None,
        (Kvm::Missing, _) => Some("there is no /dev/kvm".to_owned()),
        (Kvm::Refused(why), _) => Some(why.clone()),
    };
    let emulated = why_emulated.is_some();
    let early = emulated && host.qemu.is_none_or(|version| version < EMULATION_MENDED);
    if host.is_root && fs::read_to_string("/proc/self/setgroups").is_ok_and(|text| text.trim() == "deny") {
        return Err(missing(
            "this is root of a user namespace, where libvirt cannot switch to another user",
            "run it as root of the host, or as an ordinary user outside the container",
        ));
    }
    qemu_conf_is_known(host)?;
    if let Some(what) = programs::nameless() {
        return Err(missing(&what, NAMELESS_REMEDY));
    }
    let user = &host.qemu_user;
    if host.is_root && (user.uid.is_none() || user.gid.is_none()) {
        let what = format!(
            "QEMU would run as {}:{}, but there is no such user or group",
            user.user, user.group
        );
        return Err(missing(&what, "create it or fix qemu.conf"));
    }
    let (size, bandwidth) = plan.load();
    let mut setup = Setup {
        mode: if host.is_root { Mode::System } else { Mode::Session },
        daemon: daemon.program.clone(),
        socket: daemon.socket.to_owned(),
        emulator,
        qemu_user: host.is_root.then(|| (user.user.clone(), user.group.clone())),
        batch_cpu_feature_queries: host.libvirt.is_some_and(|version| version >= KNOWS_THE_ABILITY),
        drivers: if daemon.is_modular { None } else { programs::drivers() },
        tls: tls(host, plan),
        forces_tls: host.tls.is_forced,
        given: Vec::new(),
    };
    setup.given = given(&setup, &host.tls.files());
    let conditions = Conditions {
        mode: setup.mode,
        emulated,
        why_emulated,
        early,
        qemu_user: if host.is_root {
            user.user.clone()
        } else {
            format!("uid {}, who started it", rustix::process::getuid().as_raw())
        },
        memory_mib: size.memory_mib(),
        hot_mib: size.hot_mib(),
        bandwidth,
        tls: setup.tls.clone(),
        far: None,
        not_alike: not_alike(plan, host),
        memory: memory(plan, host),
    };
    let trials = plan.trials(options.wanted, early);
    Ok((
        WorkOrder {
            setup,
            emulated,
            memory: conditions.memory.clone(),
            size,
            ticks_per_second: ticks_per_second(),
            patience: options.patience,
            trials,
        },
        conditions,
    ))
}

/// A qemu.conf of which nothing is known leaves QEMU's user to a guess, and a guess proves nothing about this host.
fn qemu_conf_is_known(host: &Host) -> Result<(), SessionError> {
    let remedy = match host.qemu_conf.fault() {
        None => return Ok(()),
        // an ordinary user's trials run as that user anyway, and the verdict says so
        Some(Fault::Denied(_)) if !host.is_root => return Ok(()),
        Some(Fault::Refused { .. }) => "fix that line",
        Some(Fault::Denied(_) | Fault::NotRead { .. }) => "make it a readable file, or name another with --qemu-conf",
    };
    let why = host
        .qemu_conf
        .fault()
        .map(|fault| shown::chain(fault))
        .unwrap_or_default();
    Err(missing(&format!("QEMU's user is not known: {why}"), remedy))
}

/// How the trials use TLS: with the host's own certificates wherever QEMU can come to them in the sandbox.
fn tls(host: &Host, plan: &Plan) -> Option<Tls> {
    let settings = &host.tls;
    plan.settings.tls.then(|| Tls {
        certificates: match why_not_the_hosts(host) {
            None => CertificateSource::Host {
                directory: settings.directory.clone(),
                name: host
                    .address(plan.settings.inbound.as_deref(), RESOLVER)
                    .text()
                    .to_owned(),
            },
            Some(because) => CertificateSource::Made { because },
        },
        verifies_clients: settings.verifies_clients,
        priority: settings.priority.clone(),
    })
}

fn why_not_the_hosts(host: &Host) -> Option<String> {
    let Some(found) = &host.certificates else {
        return Some("only root can read them".to_owned());
    };
    if let Some(missing) = found.missing() {
        return Some(missing);
    }
    if host.tls.is_locked {
        return Some("their key is encrypted with a secret that the host's libvirt keeps".to_owned());
    }
    None
}

/// The rate of the time-stamp counter, near enough: it only sets how fast the guest writes.
fn ticks_per_second() -> f64 {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let megahertz = text
        .lines()
        .find_map(|line| {
            line.strip_prefix("cpu MHz")?
                .split(':')
                .nth(1)?
                .trim()
                .parse::<f64>()
                .ok()
        })
        .unwrap_or(2000.0);
    megahertz * 1e6
}
