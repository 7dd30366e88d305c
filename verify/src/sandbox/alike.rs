//! How far the trials are like the guests that nova starts on this host, and what the sandbox needs of the host for that.
//!
//! It starts nothing.

use std::path::{Path, PathBuf};

use super::given::with_its_directory;
use super::preparation::missing;
use super::setup::Setup;
use super::trials::SandboxError;
use crate::guest::hardware::{Device, Hardware};
use crate::guest::like::LikeMemory;
use crate::guest::memory::Memory;
use crate::guest::nova::all_devices;
use crate::host::{Host, backing, programs};
use crate::trial::conditions::NO_HUGE_PAGES;
use crate::trial::plan::Plan;
use crate::trial::shape::{Build, Built, Shape};

/// The devices of random numbers that the sandbox has.
const RANDOM: [&str; 2] = ["/dev/random", "/dev/urandom"];

/// From this version on libvirt knows `<discard/>` in a domain's memory.
const KNOWS_DISCARD: (u16, u16, u16) = (4, 4, 0);

/// What the guests of the trials are made of.
pub(super) struct Made {
    /// Their memory.
    pub(super) memory: Memory,
    /// All else: the guest that was asked for, then simpler ones for where that does not start.
    pub(super) builds: Vec<Build>,
    /// What of the guests that nova starts here cannot be built alike, known beforehand.
    pub(super) not_alike: Vec<String>,
}

/// What guests of `shape` are made of.
///
/// # Errors
/// The host has no huge pages for them, or not the right to place them.
pub(super) fn made(plan: &Plan, host: &Host, shape: Shape) -> Result<Made, SandboxError> {
    let memory = match shape {
        Shape::Anonymous => Memory::Anonymous,
        Shape::Memfd => Memory::Memfd,
        Shape::HugePages => huge_pages(plan, host)?,
        Shape::Files => files(host),
        Shape::Like => match plan.like.as_ref().map(|like| like.memory) {
            Some(LikeMemory::Files) => files(host),
            Some(LikeMemory::HugePages) => huge_pages(plan, host)?,
            Some(LikeMemory::Memfd) => Memory::Memfd,
            Some(LikeMemory::Anonymous) | None => Memory::Anonymous,
        },
        Shape::Nova | Shape::Plain | Shape::Devices => configured(plan, host),
    };
    let mut not_alike = of_memory(plan, host, &memory);
    let lacks = plan.like.iter().flat_map(|like| &like.lacks);
    not_alike
        .extend(lacks.map(|what| format!("guests like the domain that was named: it has {what}, the probe guest not")));
    let hardware = match shape {
        Shape::Nova | Shape::Like => plan.hardware().clone(),
        Shape::Devices => Hardware {
            devices: all_devices(),
            ..Hardware::plain()
        },
        _ => Hardware::plain(),
    };
    let hardware = without_what_is_missing(hardware, shape, &mut not_alike);
    let mut builds = builds(shape, hardware);
    for build in builds
        .iter_mut()
        .filter(|build| plan.copies_disks && build.hardware.disk().is_none())
    {
        build.hardware.devices.push(Device::Disk("virtio".to_owned()));
    }
    Ok(Made {
        memory,
        builds,
        not_alike,
    })
}

/// The guests that are tried one after the other: without devices and plain only where the first stands for guests of this host.
fn builds(shape: Shape, hardware: Hardware) -> Vec<Build> {
    let of = |built, hardware| Build { built, hardware };
    if !shape.is_of_the_host() {
        return vec![of(Built::AsAsked, hardware)];
    }
    let bare = hardware.bare();
    let mut builds = vec![of(Built::AsAsked, hardware), of(Built::WithoutDevices, bare)];
    builds.push(of(Built::Plain, Hardware::plain()));
    builds
}

/// Leaves out the devices that nothing here can stand behind; says so where guests of this host would have them.
fn without_what_is_missing(mut hardware: Hardware, shape: Shape, not_alike: &mut Vec<String>) -> Hardware {
    let mut missing = Vec::new();
    hardware.devices.retain(|device| {
        let lacks = match device {
            Device::Tpm(_) if !programs::has_swtpm() => "a vTPM: swtpm is not installed".to_owned(),
            Device::Rng(path) if !RANDOM.contains(&path.as_str()) => {
                format!("a random number generator that reads {path} (`rng_dev_path`), which the sandbox does not have")
            }
            _ => return true,
        };
        missing.push(lacks);
        false
    });
    if shape != Shape::Devices {
        not_alike.extend(missing.into_iter().map(|what| format!("guests with {what}")));
    }
    hardware
}

/// What nova.conf and the host make the memory of guests of.
fn configured(plan: &Plan, host: &Host) -> Memory {
    if plan.settings.file_backed <= 0 {
        return Memory::Anonymous;
    }
    files(host)
}

/// Memory in files where the host's libvirt would put them.
fn files(host: &Host) -> Memory {
    let backing = &host.backing;
    let is_own = backing.file_system == "tmpfs" || !host.is_root;
    Memory::Files {
        directory: backing.directory.clone(),
        file_system: backing.file_system.clone(),
        made_in: backing.found.clone().filter(|_| !is_own),
        owner: (host.qemu_user.uid.unwrap_or(0), host.qemu_user.gid.unwrap_or(0)),
        discards: host.libvirt.is_some_and(|version| version >= KNOWS_DISCARD),
    }
}

/// Huge pages of the smallest size that can hold the guest at both ends.
fn huge_pages(plan: &Plan, host: &Host) -> Result<Memory, SandboxError> {
    if !host.is_root {
        return Err(missing(
            "only root can place a guest in huge pages",
            "run verify as root",
        ));
    }
    let kib = u64::from(plan.load().0.memory_mib()) << 10;
    let fits = |pages: &backing::HugePages| kib % pages.size_kib == 0 && pages.free * pages.size_kib >= 2 * kib;
    let found = backing::huge_pages().into_iter().find(fits);
    found
        .map(|pages| Memory::HugePages {
            size_kib: pages.size_kib,
        })
        .ok_or_else(|| {
            missing(
                &format!(
                    "there are not enough free huge pages for a guest of {} MiB at both ends",
                    kib >> 10
                ),
                &format!("sysctl vm.nr_hugepages={} keeps enough of 2 MiB", kib >> 10),
            )
        })
}

/// What of guests' memory the trials cannot build alike, known beforehand.
fn of_memory(plan: &Plan, host: &Host, memory: &Memory) -> Vec<String> {
    let mut list = Vec::new();
    let backing = &host.backing;
    if matches!(memory, Memory::Files { .. }) && backing.file_system != "tmpfs" {
        let why = match (host.is_root, &backing.found) {
            (false, _) => "only root can place it where libvirt would".to_owned(),
            (true, None) => format!("{} cannot be inspected", backing.directory.display()),
            (true, Some(_)) => String::new(),
        };
        if !why.is_empty() {
            list.push(format!("guests' memory in files (`file_backed_memory`): {why}"));
        }
    }
    if matches!(memory, Memory::HugePages { .. }) {
        return list;
    }
    let pool: u64 = backing::huge_pages().iter().map(|pages| pages.count).sum();
    if plan.reserves_huge_pages {
        list.push(format!("{NO_HUGE_PAGES}; `--shape huge-pages` tests them"));
    } else if pool > 0 {
        list.push(format!(
            "guests with huge pages: this host has {pool} of them, the probe guest used none; `--shape huge-pages` \
             tests them"
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
