//! What the trials need of this host: the order for the worker, and the conditions that follow from it.
//!
//! It starts nothing; what the host lacks is said before anything is.

use std::fs;
use std::time::Duration;

use novamend::nova::migration::timeout::has_timeout_action;

use super::alike::{Made, given, made};
use super::setup::{Network, Setup, WorkOrder};
use super::trials::SandboxError;
use crate::guest::FAR;
use crate::guest::memory::Memory;
use crate::host::programs::NAMELESS_REMEDY;
use crate::host::qemu_conf::QemuConfFault;
use crate::host::room::{self, Guests};
use crate::host::{Host, Kvm, programs};
use crate::shown;
use crate::trial::conditions::{BY_VIRT_TYPE, CertificateSource, Conditions, Mode, Tls};
use crate::trial::cut::{Cut, CutOrder};
use crate::trial::messages::TrialOrder;
use crate::trial::plan::{EMULATION_KEEPS_WRITES, Plan};
use crate::trial::session::RunOptions;
use crate::trial::shape::ShapeUsed;

/// From this version on libvirt surely knows the ability that [`Setup::batch_cpu_feature_queries`] names.
const KNOWS_THE_ABILITY: (u16, u16, u16) = (6, 0, 0);

/// How long the resolver may take to tell this host's full name.
const RESOLVER: Duration = Duration::from_secs(2);

/// The order for the worker, and how the trials will be run by it.
///
/// # Errors
/// [`SandboxError::Missing`].
pub(super) fn prepare(host: &Host, plan: &Plan, options: &RunOptions) -> Result<(WorkOrder, Conditions), SandboxError> {
    let setup = setup(host, plan)?;
    let why_emulated = why_emulated(host, plan, options);
    let emulated = why_emulated.is_some();
    let early = emulated && host.qemu.is_none_or(|version| version < EMULATION_KEEPS_WRITES);
    let (size, bandwidth) = plan.load();
    let Made {
        memory,
        builds,
        not_alike,
    } = made(plan, host, options.shape)?;
    let conditions = Conditions {
        mode: setup.mode,
        emulated,
        why_emulated,
        early,
        qemu_user: if host.is_root {
            host.qemu_user.user.clone()
        } else {
            format!("uid {}, who started it", rustix::process::getuid().as_raw())
        },
        memory_mib: size.memory_mib(),
        hot_mib: size.hot_mib(),
        bandwidth,
        tls: setup.tls.clone(),
        far: None,
        not_alike,
        memory,
        shape: ShapeUsed::of(options.shape, &builds),
        nova: options.nova.clone(),
    };
    let trials = plan.trials(options.wanted, early);
    let order = WorkOrder {
        nova: options.nova.found().map(|nova| nova.interpreter.clone()),
        side_by_side: is_side_by_side(&trials, &conditions),
        setup,
        emulated,
        kvm: host.kvm == Kvm::Usable,
        memory: conditions.memory.clone(),
        builds,
        disk_mib: plan.copies_disks.then(|| plan.disk_mib()),
        size,
        patience: options.patience,
        trials,
        cuts: None,
        link: None,
    };
    Ok((order, conditions))
}

/// The same for cuts: the two daemons are joined by a link, over which one guest after the other is migrated to post-copy.
///
/// # Errors
/// [`SandboxError::Missing`].
pub(super) fn prepare_cuts(
    host: &Host,
    plan: &Plan,
    options: &RunOptions,
    cuts: &[Cut],
) -> Result<(WorkOrder, Conditions), SandboxError> {
    let (mut order, mut conditions) = prepare(host, plan, options)?;
    let is_modular = host.daemon.as_ref().is_some_and(|daemon| daemon.is_modular);
    order.setup.network = Some(if is_modular { Network::Socket } else { Network::Tcp });
    order.size = FAR;
    order.trials = Vec::new();
    order.nova = None;
    order.side_by_side = false;
    let trial = plan.post_copy_trial(conditions.early);
    conditions.bandwidth = trial.request.bandwidth;
    conditions.memory_mib = FAR.memory_mib();
    conditions.hot_mib = FAR.hot_mib();
    order.cuts = Some(CutOrder {
        cuts: cuts.to_vec(),
        trial,
    });
    Ok((order, conditions))
}

/// Whether the trials are run side by side: where each is run whatever the others show, and the machine bears it.
///
/// Files of guests' memory are lent to one guest, and a monitor without a timeout action asks for nobody's turn.
fn is_side_by_side(trials: &[TrialOrder], conditions: &Conditions) -> bool {
    let is_fit = |trial: &TrialOrder| !trial.only_if_failed && has_timeout_action(trial.settings.release);
    trials.len() > 1
        && trials.iter().all(is_fit)
        && trials.iter().all(|trial| trial.phase.is_none())
        && matches!(conditions.memory, Memory::Anonymous | Memory::Memfd)
        && room::is_for(Guests {
            count: trials.len() as u64,
            memory_mib: conditions.memory_mib.into(),
        })
}

fn why_emulated(host: &Host, plan: &Plan, options: &RunOptions) -> Option<String> {
    match (&host.kvm, plan.settings.virt_type.as_str()) {
        _ if options.emulate => Some("--emulate".to_owned()),
        (_, "qemu") => Some(BY_VIRT_TYPE.to_owned()),
        (Kvm::Usable, _) => None,
        (Kvm::Missing, _) => Some("there is no /dev/kvm".to_owned()),
        (Kvm::Refused(why), _) => Some(why.clone()),
    }
}

/// What is started as a daemon, where the host has it.
fn setup(host: &Host, plan: &Plan) -> Result<Setup, SandboxError> {
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
    has_users(host)?;
    let user = &host.qemu_user;
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
        network: None,
        given: Vec::new(),
    };
    setup.given = given(&setup, &host.tls.files());
    Ok(setup)
}

/// Whether the users are there as which the daemons and QEMU are to run.
fn has_users(host: &Host) -> Result<(), SandboxError> {
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
    Ok(())
}

pub(super) fn missing(what: &str, remedy: &str) -> SandboxError {
    SandboxError::Missing {
        what: what.to_owned(),
        remedy: remedy.to_owned(),
    }
}

/// A qemu.conf of which nothing is known leaves QEMU's user to a guess, and a guess proves nothing about this host.
fn qemu_conf_is_known(host: &Host) -> Result<(), SandboxError> {
    let remedy = match host.qemu_conf.fault() {
        None => return Ok(()),
        // an ordinary user's trials run as that user anyway, and the verdict says so
        Some(QemuConfFault::Denied(_)) if !host.is_root => return Ok(()),
        Some(QemuConfFault::Refused { .. }) => "fix that line",
        Some(QemuConfFault::Denied(_) | QemuConfFault::NotRead { .. }) => {
            "make it a readable file, or name another with --qemu-conf"
        }
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
