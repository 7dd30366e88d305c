//! How far the trials are like the guests that nova starts on this host, and what the sandbox needs of the host for that.
//!
//! It starts nothing.

use std::path::{Path, PathBuf};

use super::given::with_its_directory;
use super::setup::Setup;
use crate::guest::memory::Memory;
use crate::host::{Host, backing};
use crate::trial::conditions::NO_HUGE_PAGES;
use crate::trial::plan::Plan;

/// From this version on libvirt knows `<discard/>` in a domain's memory.
const KNOWS_DISCARD: (u16, u16, u16) = (4, 4, 0);

/// What nova.conf and the host make the memory of guests of.
pub(super) fn memory(plan: &Plan, host: &Host) -> Memory {
    let backing = &host.backing;
    if plan.settings.file_backed <= 0 {
        return Memory::Anonymous;
    }
    let is_own = backing.file_system == "tmpfs" || !host.is_root;
    Memory::Files {
        directory: backing.directory.clone(),
        file_system: backing.file_system.clone(),
        made_in: backing.found.clone().filter(|_| !is_own),
        owner: (host.qemu_user.uid.unwrap_or(0), host.qemu_user.gid.unwrap_or(0)),
        discards: host.libvirt.is_some_and(|version| version >= KNOWS_DISCARD),
    }
}

/// What of it the trials cannot build alike, known beforehand.
pub(super) fn not_alike(plan: &Plan, host: &Host) -> Vec<String> {
    let mut list = Vec::new();
    let backing = &host.backing;
    if plan.settings.file_backed > 0 && backing.file_system != "tmpfs" {
        let why = match (host.is_root, &backing.found) {
            (false, _) => "only root can place it where libvirt would".to_owned(),
            (true, None) => format!("{} cannot be inspected", backing.directory.display()),
            (true, Some(_)) => String::new(),
        };
        if !why.is_empty() {
            list.push(format!("guests' memory in files (`file_backed_memory`): {why}"));
        }
    }
    let pool = backing::huge_pages();
    if plan.reserves_huge_pages {
        list.push(NO_HUGE_PAGES.to_owned());
    } else if pool > 0 {
        list.push(format!(
            "guests with huge pages: this host has {pool} of them, the probe guest used none"
        ));
    }
    list
}

/// What the sandbox must not hide, wherever it lies: this program, the daemon, QEMU, and the host's certificates if they are used.
pub(super) fn given(setup: &Setup, files: &[PathBuf]) -> Vec<PathBuf> {
    let programs = [
        std::env::current_exe().ok(),
        Some(setup.daemon.clone()),
        Some(setup.emulator.clone()),
    ];
    let mut given: Vec<PathBuf> = Vec::new();
    for program in programs.into_iter().flatten() {
        given.extend([with_its_directory(&program), program]);
    }
    given.extend(setup.drivers.clone());
    if setup.tls.as_ref().is_some_and(|tls| !tls.is_made()) {
        given.extend(files.first().and_then(|file| file.parent()).map(Path::to_owned));
        given.extend(files.iter().cloned());
    }
    given
}
