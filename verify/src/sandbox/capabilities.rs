//! What the host's libvirt already knows of QEMU: lent to the private daemons, which then need not start QEMU to ask it.
//!
//! It is a hint only: a daemon that does not like what it reads asks QEMU itself. The host's files are read and never written.
//!
//! Libvirt takes such a file only on the processor core it was made on, by the core's number in the CPUID data; so a daemon
//! is started on that core and let go when it has answered.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::Mode;

/// The directory where the host's libvirt keeps what it knows.
fn host_directory(mode: Mode) -> Option<PathBuf> {
    let cache = match mode {
        Mode::System => PathBuf::from("/var/cache"),
        Mode::Session => std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?,
    };
    Some(cache.join("libvirt/qemu/capabilities"))
}

/// Copies the host's files to `to` and says on which core they were made, where that is known.
pub(super) fn lend(mode: Mode, to: &Path) -> Option<usize> {
    let mut core = None;
    for entry in fs::read_dir(host_directory(mode)?).ok()?.flatten() {
        let Ok(text) = fs::read_to_string(entry.path()) else {
            continue;
        };
        let Some(found) = made_on(&text, &fs::read_to_string("/proc/cpuinfo").ok()?) else {
            continue;
        };
        if core.is_none_or(|core| core == found) && fs::write(to.join(entry.file_name()), text).is_ok() {
            core = Some(found);
        }
    }
    core
}

/// The processor whose initial APIC id stands in the CPUID data of `file`.
fn made_on(file: &str, cpuinfo: &str) -> Option<usize> {
    let leaf = file
        .lines()
        .find(|line| line.contains("<cpuid ") && line.contains("eax_in='0x00000001'"))?;
    let ebx = leaf.split("ebx='0x").nth(1)?.split('\'').next()?;
    let wanted = u32::from_str_radix(ebx, 16).ok()? >> 24;
    let number = |line: &str| line.split(':').nth(1)?.trim().parse::<u32>().ok();
    let mut processor = None;
    for line in cpuinfo.lines() {
        if line.starts_with("processor") {
            processor = number(line);
        } else if line.starts_with("initial apicid") && number(line) == Some(wanted) {
            return processor.map(|processor| processor as usize);
        }
    }
    None
}

/// Ties a process that has just been started, and all it will start, to one core.
pub(super) fn tie(process: u32, core: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    if core < CpuSet::MAX_CPU {
        set.set(core);
    }
    sched_setaffinity(Pid::from_raw(process.cast_signed()), &set).map_err(Into::into)
}

/// Lets every thread of a process run where this one may.
pub fn let_go(process: u32) {
    let Ok(all) = sched_getaffinity(None) else { return };
    let Ok(tasks) = fs::read_dir(format!("/proc/{process}/task")) else {
        return;
    };
    let threads = tasks
        .flatten()
        .filter_map(|task| task.file_name().to_str()?.parse().ok());
    for thread in threads {
        // a thread that has ended needs nothing
        let _ = sched_setaffinity(Pid::from_raw(thread), &all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_core_is_found_by_its_number_in_the_cpuid_data() {
        let file = "<cpudata>\n  <cpuid eax_in='0x00000000' ecx_in='0x00' ebx='0x756e6547'/>\n\
                    <cpuid eax_in='0x00000001' ecx_in='0x00' eax='0x000806f8' ebx='0x03020800' ecx='0x0'/>\n";
        let cpuinfo =
            "processor\t: 0\napicid\t\t: 1\ninitial apicid\t: 1\n\nprocessor\t: 1\napicid\t: 3\ninitial apicid\t: 3\n";
        assert_eq!(made_on(file, cpuinfo), Some(1));
        assert_eq!(made_on(file, ""), None);
        assert_eq!(made_on("<qemuCaps/>", cpuinfo), None);
    }
}
