//! What the lab says where something did not start, and the files that it lends.

use super::super::deaths::Deaths;
use super::super::memory::Lent;
use super::super::{layout, logs};
use super::LabError;
use crate::accident::{NOTHING_KNOWN, resource};
use crate::guest::memory::Memory;
use crate::hypervisor::Side;
use crate::trial::messages::Message;
use crate::trial::worker::Outlet;

/// What was said without what only QEMU's makers need: when, and by which program.
pub(super) fn plainly(said: &str) -> String {
    let marks = [
        "process exited while connecting to monitor: ",
        "unexpectedly closed the monitor: ",
    ];
    let of_qemu = marks.iter().find_map(|mark| said.split_once(mark));
    let (who, words) = of_qemu.map_or(("libvirt", said), |(_, words)| ("QEMU", words));
    let parts = words.split("; ").map(|part| stamped(part).unwrap_or(part).trim());
    let mut kept: Vec<&str> = parts.filter(|part| !part.contains("warning: ")).collect();
    kept.dedup();
    format!("{who}: {}", kept.join("; "))
}

/// The words behind the time and the program's name that QEMU puts before them.
fn stamped(part: &str) -> Option<&str> {
    let part = part.trim();
    let rest = match part.split_once("Z ") {
        Some((time, rest)) if time.starts_with(|first: char| first.is_ascii_digit()) => rest,
        _ => part,
    };
    let (program, words) = rest.split_once(": ")?;
    program.starts_with("qemu-").then_some(words)
}

/// What was said, with what the daemons wrote.
pub(super) fn refused(said: &str) -> LabError {
    LabError::Refused {
        said: said.to_owned(),
        wrote: logs::errors(),
    }
}

/// Why no daemon answered; one that ended by itself says why in its log.
pub(super) fn not_connected(said: &str, deaths: &Deaths) -> LabError {
    if !said.contains("exited before it was listening") {
        let accident = deaths.accident(said, 0, Side::First);
        return accident.map_or_else(|| refused(said), LabError::Accident);
    }
    let refused = refused(said);
    let text = refused.to_string();
    if text.contains("(signal: ") || resource(&text).is_some() {
        return LabError::Accident(format!("{text}; {NOTHING_KNOWN}"));
    }
    refused
}

/// The files for the guest's memory; says so where they cannot be made.
pub(super) fn lent(memory: &Memory, outlet: &mut Outlet) -> Option<Lent> {
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
        outlet.say(Message::NotAlike(format!(
            "guests' memory in files: no file could be created in {}: {error}",
            directory.display()
        )));
    }
    made.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qemus_words_are_told_without_when_and_by_which_program() {
        let said = "internal error: process exited while connecting to monitor: 2026-11-27T23:53:18.670487Z qemu-kvm: error: \
                    failed to set MSR; qemu-kvm: warning: x; 2026-11-27T23:53:18.7Z qemu-kvm: bad: end";
        assert_eq!(plainly(said), "QEMU: error: failed to set MSR; bad: end");
        assert_eq!(plainly("the CPU is incompatible"), "libvirt: the CPU is incompatible");
    }
}
