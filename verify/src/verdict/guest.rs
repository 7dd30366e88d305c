//! What the guest of the trials says of the guests that run here: whether such a guest starts at all, and what it lacked.
//!
//! It judges no migration.

use super::roles::place;
use crate::causes::Cause;
use crate::guest::hardware::Cpu;
use crate::host::{Host, Kvm};
use crate::trial::conditions::{BY_VIRT_TYPE, Mode};
use crate::trial::plan::Plan;
use crate::trial::session::Session;
use crate::trial::shape::{Built, Shape};

/// That no guest of this host starts, where that was seen as it would be on the host.
pub(super) fn does_not_start(plan: &Plan, host: &Host, session: &Session) -> Option<Cause> {
    let conditions = &session.conditions;
    if conditions.far.is_some() || conditions.mode != Mode::System {
        return None;
    }
    if conditions.shape.asked == Shape::Nova && plan.settings.virt_type == "kvm" {
        let why = match &host.kvm {
            Kvm::Usable => None,
            Kvm::Missing => Some("there is no /dev/kvm"),
            Kvm::Refused(why) => Some(why.as_str()),
        };
        if let Some(why) = why {
            return Some(Cause::new(
                format!(
                    "no guest of nova starts {}: `virt_type` is kvm and {why}",
                    place(session)
                ),
                "load kvm_intel or kvm_amd and give QEMU's user /dev/kvm, or set virt_type = qemu",
            ));
        }
    }
    let why = conditions.shape.no_guest_starts().filter(|_| is_the_hosts(session))?;
    Some(Cause::new(
        format!(
            "no {} starts {}, even without devices ({}, {}): {why}",
            if conditions.shape.asked == Shape::Like {
                "guest like that domain"
            } else {
                "guest of nova"
            },
            place(session),
            plan.hardware().machine,
            plan.hardware().cpu.words(),
        ),
        remedy(&plan.hardware().cpu),
    ))
}

fn remedy(cpu: &Cpu) -> &'static str {
    match cpu {
        Cpu::Configured { mode, .. } if mode == "custom" => {
            "name a model in `cpu_models` that starts here (`virsh domcapabilities` lists those that QEMU knows)"
        }
        Cpu::Configured { mode, .. } if mode != "none" => {
            "name a processor that starts here: cpu_mode = custom and cpu_models (`virsh domcapabilities` lists those \
             that QEMU knows); or find out what KVM refuses on this host"
        }
        _ => "look for that error in the logs of libvirt and QEMU",
    }
}

/// Whether a guest that does not start in the sandbox does not start on the host either: QEMU ran as there, and with KVM unless
/// nova.conf leaves that out.
fn is_the_hosts(session: &Session) -> bool {
    let conditions = &session.conditions;
    let why = conditions.why_emulated.as_deref();
    conditions.mode == Mode::System && why.is_none_or(|why| why == BY_VIRT_TYPE)
}

/// What keeps the verdict from "works": the guest that was asked for did not start, and that may be because of the sandbox.
pub(super) fn doubts(plan: &Plan, session: &Session) -> Vec<String> {
    let shape = &session.conditions.shape;
    let guests = shape.asked.guests();
    if let Some(why) = shape.no_guest_starts() {
        if is_the_hosts(session) {
            return Vec::new();
        }
        return vec![format!(
            "{guests}, with {}: none started here, and a plain one was used instead ({why})",
            plan.hardware().cpu.words()
        )];
    }
    let why = shape.why_not(Built::AsAsked).filter(|_| shape.asked.is_of_the_host());
    why.map(|why| format!("{guests}: none started in the sandbox, and one without devices was used instead ({why})"))
        .into_iter()
        .collect()
}

/// What of guests the trials leave open, whatever they showed.
pub(super) fn not_proven(session: &Session) -> Vec<String> {
    let conditions = &session.conditions;
    let mut list = Vec::new();
    if conditions.shape.used() != Built::AsAsked || !conditions.shape.asked.is_of_the_host() {
        list.push("guests as nova builds them: the probe guest had another processor or other devices".to_owned());
    }
    let copies = session.trials.iter().any(|trial| trial.phase.is_some());
    let disk = if copies {
        "a small disk that it never writes to"
    } else {
        "an empty disk"
    };
    list.push(format!(
        "the probe guest has one processor, little memory, {disk} and no network behind its interface, if it has them, \
         and runs no operating system"
    ));
    if copies {
        list.push(
            "a guest that is paused while its disk is copied stays paused for the rest of the disk, too: what is left \
             of disk and memory divided by your network's speed"
                .to_owned(),
        );
    }
    if session.trials.iter().any(|trial| trial.request.unsafe_storage) {
        list.push(
            "whether libvirt takes the guests' storage for shared: both ends read the probe guest's disk from one file, \
             which libvirt cannot know, so its check was switched off (UNSAFE)"
                .to_owned(),
        );
    }
    list
}
