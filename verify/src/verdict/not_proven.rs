//! What the trials leave open, whatever they showed.
//!
//! It judges nothing.

use novamend::nova::migration::timeout::pause_seconds;

use crate::hosts::Far;
use crate::sandbox::Mode;
use crate::sandbox::pki::Whose;
use crate::trial::checks::Action;
use crate::trial::plan::Plan;
use crate::trial::session::Session;

/// What trials between two hosts leave open.
fn between(far: &Far) -> Vec<String> {
    let mut list = vec![
        "only this source and this destination in this direction were tried; CPU models of real guests and their storage \
         were not"
            .to_owned(),
        "the standstill was not measured: the guest is heard through libvirt's console, which opens too late for that; a \
         figure of it is libvirt's own, and for post-copy too small"
            .to_owned(),
        "whether the guest ran at both ends at once, or a heartbeat was lost or repeated, was not seen; where it runs is \
         what libvirt says"
            .to_owned(),
    ];
    if far.peer_is_not_novas {
        list.push(
            "the URI that nova makes of the destination was not tried: `--dest` names no host, so the source's libvirt \
             was told that of `--dest`"
                .to_owned(),
        );
    }
    list.extend(
        far.by_nova_conf
            .not_known
            .iter()
            .map(|what| format!("not known: {what}")),
    );
    if !far.by_nova_conf.differs.is_empty() {
        let options = far.by_nova_conf.differs.join("`, `");
        list.push(format!(
            "migrations back, which go by the destination's nova.conf: it has `{options}` otherwise than the source's"
        ));
    }
    if let Some(fault) = &far.by_nova_conf.uri_fault {
        list.push(format!(
            "migrations back are not to be tried: of the URI that the destination's nova.conf makes for them, {fault}"
        ));
    }
    list
}

pub(super) fn list(plan: &Plan, session: &Session) -> Vec<String> {
    let conditions = &session.conditions;
    let mut list = vec![
        "the probe guest has no devices, no huge pages and little memory".to_owned(),
        "nova's own code was not run; its monitor was rebuilt and its clock shortened".to_owned(),
    ];
    match &conditions.far {
        None => list.extend([
            "one host is not two: network, ports, names, CPU models and shared storage were not tried".to_owned(),
            "the confinement of guests by AppArmor or SELinux was off".to_owned(),
            "migrations to this host from a source whose nova.conf has another URI, scheme, flags or timeouts: the source's count"
                .to_owned(),
        ]),
        Some(far) => list.extend(between(far)),
    }
    if let Some(why) = &conditions.why_emulated {
        list.push(format!("software emulation is not KVM ({why})"));
    }
    if conditions.early {
        list.push(
            "this QEMU's emulation may lose writes after the first pass, so the action was taken within it; that a whole \
             pass does not converge was not shown"
                .to_owned(),
        );
    }
    if conditions.mode == Mode::Session {
        list.push("QEMU ran as the user who started this, not as the one that the host's qemu.conf names".to_owned());
    }
    if plan.release < 19 && plan.progress_timeout > 0 {
        list.push(
            "`live_migration_progress_timeout` was left out: a shortened clock cannot tell slow from stalled"
                .to_owned(),
        );
    }
    match conditions.tls.as_ref().map(|tls| &tls.certificates) {
        Some(Whose::Host { name, .. }) => list.push(format!(
            "other hosts' certificates were not seen: both ends used this host's, and the source asked for {name}"
        )),
        Some(Whose::Made { because }) => list.push(format!(
            "the host's own certificates were not tried ({because}); native TLS was, with some made for it"
        )),
        None => {}
    }
    if let Some(seconds) = pause_seconds(1024.0, u64::try_from(plan.bandwidth).unwrap_or(0)) {
        list.push(format!(
            "a pause lasts as long as the rest of the copy: about {seconds:.0} s for each GiB left at {} MiB/s",
            plan.bandwidth
        ));
    } else if plan.configured() == Action::Pause {
        list.push(
            "a pause lasts as long as the rest of the copy: what is left divided by your network's speed".to_owned(),
        );
    }
    list
}
