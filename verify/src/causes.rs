//! What nova.conf and the host themselves say against live migrations, before any is tried: every cause at once.
//!
//! It observes nothing and tries nothing; what trials show is [`crate::verdict`]'s.

use std::path::Path;

use novamend::catalog::Release;
use novamend::catalog::release::Version;

use crate::host::Host;
use crate::host::certificates::Certificates;
use crate::host::versions::{dotted, in_clear};
use crate::trial::plan::Plan;

/// Something that keeps live migrations from working as configured.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Cause {
    /// What is so and what follows, in a sentence.
    pub what: String,
    /// What to do.
    pub remedy: Option<String>,
}

impl Cause {
    pub(crate) fn new(what: impl Into<String>, remedy: &str) -> Self {
        Self {
            what: what.into(),
            remedy: (!remedy.is_empty()).then(|| remedy.to_owned()),
        }
    }
}

/// The QEMU from which on nova takes several connections together with post-copy.
const PARALLEL_WITH_POST_COPY: Version = (10, 1, 0);

/// More MiB/s than this libvirt refuses: in bytes they do not fit a signed number of 64 bits.
const MOST_BANDWIDTH: i64 = i64::MAX >> 20;

/// More raises of the allowed downtime than this are a list of some 12 GiB in nova-compute, made again for every migration.
const MOST_STEPS: i64 = 100_000_000;

/// The transports between two daemons of different hosts that libvirt knows and that need no further parameter.
const TRANSPORTS: [&str; 5] = ["tcp", "tls", "ssh", "libssh", "libssh2"];

/// What keeps nova-compute from starting; `libvirt` and `qemu` are what the host has, if that is known.
#[must_use]
pub fn of_the_start(plan: &Plan, qemu: Option<Version>) -> Vec<Cause> {
    let mut causes = Vec::new();
    if plan.settings.release >= Release::STEIN && plan.settings.tunnelled && plan.settings.tls {
        causes.push(Cause::new(
            format!(
                "nova-compute of {} does not start: `live_migration_tunnelled` and `live_migration_with_native_tls` \
                 are both \
                 set",
                plan.settings.release
            ),
            "set live_migration_tunnelled = false",
        ));
    }
    if let Some(found) = qemu.filter(|found| *found < PARALLEL_WITH_POST_COPY)
        && plan.settings.runs_qemu()
        && plan.settings.release.number() >= 33
        && plan.settings.parallel > 1
        && plan.settings.post_copy
    {
        causes.push(Cause::new(
            format!(
                "nova-compute of {} does not start: `live_migration_parallel_connections` above 1 with \
                 `live_migration_permit_post_copy` needs QEMU {}, and this is {}",
                plan.settings.release,
                dotted(PARALLEL_WITH_POST_COPY),
                dotted(found)
            ),
            "set live_migration_parallel_connections = 1, or live_migration_permit_post_copy = false",
        ));
    }
    causes
}

/// What makes every live migration from the host of this nova.conf fail, wherever it goes: nova raises an exception, or libvirt
/// refuses what nova asks. `source` is that host in words.
///
/// All of it is the source's: of the destination's nova.conf nova uses `live_migration_inbound_addr` alone.
#[must_use]
pub fn of_nova_conf(plan: &Plan, source: &str) -> Vec<Cause> {
    let mut causes = Vec::new();
    let every = format!("every live migration from {source} fails");
    if let Some(fault) = plan.uri_fault() {
        causes.push(Cause::new(
            format!("{every}: nova cannot put the destination's host into `live_migration_uri`: {fault}"),
            "write %s for the host and %% for a percent sign, or remove the option: nova then builds the URI from \
             live_migration_scheme and live_migration_inbound_addr",
        ));
    }
    if matches!(plan.settings.virt_type.as_str(), "lxc" | "uml") {
        causes.push(Cause::new(
            format!(
                "{every}: nova does not live-migrate guests with `virt_type = {}`",
                plan.settings.virt_type
            ),
            "",
        ));
    }
    if plan.settings.bandwidth < 0 {
        causes.push(Cause::new(
            format!(
                "{every}: `live_migration_bandwidth` is {}, and libvirt's Python raises an OverflowError",
                plan.settings.bandwidth
            ),
            "set live_migration_bandwidth = 0, which means no limit",
        ));
    } else if plan.settings.bandwidth > MOST_BANDWIDTH {
        causes.push(Cause::new(
            format!(
                "{every}: `live_migration_bandwidth` is {}, and libvirt accepts at most {MOST_BANDWIDTH}",
                plan.settings.bandwidth
            ),
            "set live_migration_bandwidth in MiB/s, or to 0, which means no limit",
        ));
    }
    if plan.settings.parallel > i64::from(i32::MAX) {
        causes.push(Cause::new(
            format!(
                "{every}: `live_migration_parallel_connections` is {}, and libvirt's Python raises an OverflowError",
                plan.settings.parallel
            ),
            "set live_migration_parallel_connections = 1, or to as many connections as the network needs, at most 255",
        ));
    }
    if plan.settings.downtime.steps > MOST_STEPS {
        causes.push(Cause::new(
            format!(
                "{every}: `live_migration_downtime_steps` is {}, and nova builds a list of all steps in memory when a \
                 migration starts, which nova-compute does not survive",
                plan.settings.downtime.steps
            ),
            "set live_migration_downtime_steps to nova's default of 10",
        ));
    }
    causes.extend(unknown_transport(plan, &every));
    causes
}

/// A transport between the daemons that libvirt does not know, by the scheme or in the URI.
fn unknown_transport(plan: &Plan, every: &str) -> Option<Cause> {
    let transport = plan.settings.transport()?;
    let lower = transport.to_lowercase();
    if plan.settings.uri.is_none() {
        return (!TRANSPORTS.contains(&lower.as_str())).then(|| {
            Cause::new(
                format!(
                    "{every}: `live_migration_scheme` is {transport}, and libvirt knows no such transport to another host"
                ),
                "set live_migration_scheme to tcp, tls or ssh, or remove it",
            )
        });
    }
    let is_known = TRANSPORTS.contains(&lower.as_str()) || ["unix", "ext"].contains(&lower.as_str());
    (!is_known).then(|| {
        Cause::new(
            format!("{every}: `live_migration_uri` has the transport {transport}, which libvirt does not know"),
            "remove live_migration_uri: nova then builds the URI from live_migration_scheme and \
             live_migration_inbound_addr",
        )
    })
}

/// What the host shows against migrations to it.
#[must_use]
pub fn of_the_host(plan: &Plan, host: &Host) -> Vec<Cause> {
    let every = "every live migration to this host will fail";
    let mut causes = Vec::new();
    if let (Some(address), Some(reach)) = (&plan.settings.inbound, &host.reach)
        && reach.is_certain()
        && let Some(complaint) = reach.complaint()
    {
        causes.push(Cause::new(
            format!("{every}: sources connect to {address} (`live_migration_inbound_addr`), {complaint}"),
            "set live_migration_inbound_addr to an address of this host that the sources can reach, or remove it",
        ));
    }
    causes.extend(host.own_certificates.as_ref().and_then(between_the_daemons));
    if plan.settings.tls {
        let clear = in_clear(plan.settings.release, host.libvirt, host.qemu);
        causes.extend(clear.map(|(what, remedy)| Cause::new(what, remedy)));
    }
    causes.extend(lost_in_post_copy(plan, host));
    causes
}

/// Libvirt's own certificates that cannot serve: the scheme is that of the source, and a client shows its own.
fn between_the_daemons(found: &Certificates) -> Option<Cause> {
    let complaint = found.complaint()?;
    let is_a_clients = |path: &Path| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("client"))
    };
    let (every, of) = if found.faults.iter().all(|(path, _)| is_a_clients(path)) {
        ("every live migration from this host will fail", "")
    } else {
        let sources = " for sources configured like this host";
        ("every live migration to this host will fail", sources)
    };
    Some(Cause::new(
        format!("{every}: the libvirt daemons connect over TLS{of}, but {complaint}"),
        "put libvirt's own certificates there, or set live_migration_scheme = ssh",
    ))
}

/// The QEMU that was seen to lose a guest whose memory lies in files of a disk when it is switched to post-copy.
const LOSES: (u16, u16) = (7, 2);

/// The first series of QEMU that was seen to refuse post-copy to such a guest at the start of a migration.
const REFUSES: u16 = 10;

/// What both were seen to do, in words that follow "QEMU".
const SEEN: &str = "7.2 loses the guest at the switch, 10.0 refuses at the start of every migration";

/// Guests whose memory lies in files that post-copy cannot take.
fn lost_in_post_copy(plan: &Plan, host: &Host) -> Option<Cause> {
    let backing = &host.backing;
    let cannot = plan.settings.file_backed > 0 && plan.settings.post_copy && backing.takes_post_copy == Some(false);
    cannot.then(|| {
        let known = match host.qemu {
            Some(version) if version.0 == LOSES.0 && version.1 == LOSES.1 => {
                format!("and this QEMU, {}, loses the guest at the switch", dotted(version))
            }
            Some(version) if version.0 >= REFUSES => format!(
                "and this QEMU, {}, is expected to refuse post-copy at the start of every migration, as 10.0 does",
                dotted(version)
            ),
            Some(version) => format!("what QEMU {} then does is not known: {SEEN}", dotted(version)),
            None => format!("QEMU {SEEN}"),
        };
        Cause::new(
            format!(
                "post-copy loses the guest or is refused: with `file_backed_memory`, guests on this host have their \
                 memory in files in {}, on {}, which the kernel's userfaultfd does not support; {known}",
                backing.directory.display(),
                backing.file_system
            ),
            "set live_migration_permit_post_copy = false (force_complete then pauses the guest), or \
             memory_backing_dir in qemu.conf to a \
             directory on tmpfs",
        )
    })
}

/// What could not be found out and so keeps the verdict from "works".
#[must_use]
pub fn doubts(plan: &Plan, host: &Host) -> Vec<String> {
    let mut doubts = Vec::new();
    if let (Some(address), Some(reach)) = (&plan.settings.inbound, &host.reach)
        && !reach.is_certain()
    {
        match reach.complaint() {
            Some(complaint) => doubts.push(format!(
                "whether sources can reach this host: they connect to {address} (`live_migration_inbound_addr`), \
                 {complaint}"
            )),
            None if *reach == crate::host::reach::Reach::NotKnown => doubts.push(format!(
                "whether sources can reach this host: its resolver did not answer for {address} \
                 (`live_migration_inbound_addr`)"
            )),
            None => {}
        }
    }
    if matches!(plan.settings.virt_type.as_str(), "xen" | "parallels") {
        doubts.push(format!(
            "guests with `virt_type = {}`: verify tests QEMU's guests only",
            plan.settings.virt_type
        ));
    }
    if plan.settings.file_backed > 0 && plan.settings.post_copy && host.backing.takes_post_copy.is_none() {
        doubts.push(format!(
            "whether post-copy supports guests' memory (`file_backed_memory`) in {}: it is on {}",
            host.backing.directory.display(),
            host.backing.file_system
        ));
    }
    doubts
}
