//! What the host's libvirt already knows of QEMU: lent to the private daemons, which then need not start QEMU to ask it.
//!
//! It is a hint only: a daemon that does not like what it reads asks QEMU itself. The host's files are read and never written.
//!
//! Libvirt takes such a file only on the processor core it was made on, by the core's number in the CPUID data; so a daemon
//! is started on that core and let go when it has answered.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::trial::conditions::Mode;

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

/// The driver that the private daemons load, alone.
pub(super) const DRIVER: &str = "libvirt_driver_qemu.so";

/// Copies the host's files to `to` and says on which core they were made, where that is known; `daemon` is the program, `drivers`
/// the directory of which only [`DRIVER`] is loaded.
pub(super) fn lend(mode: Mode, to: &Path, daemon: &Path, drivers: Option<&Path>) -> Option<usize> {
    let age = drivers.and_then(|drivers| Age::of(daemon, drivers));
    let mut core = None;
    for entry in fs::read_dir(host_directory(mode)?).ok()?.flatten() {
        let Ok(text) = fs::read_to_string(entry.path()) else {
            continue;
        };
        let text = match &age {
            Some(age) => age.told(&text),
            None => text,
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

/// When libvirt was installed, in seconds, by which it knows what it has written itself: the latest change of its program and
/// of every driver it has loaded. The host's daemon loads more of them than ours, and packages are not installed in one second.
struct Age {
    ours: i64,
    all: Vec<i64>,
}

impl Age {
    fn of(daemon: &Path, drivers: &Path) -> Option<Self> {
        let changed = |path: &Path| fs::metadata(path).ok().map(|at| at.ctime());
        let program = changed(daemon)?;
        let files = fs::read_dir(drivers).ok()?.flatten();
        Some(Self {
            ours: program.max(changed(&drivers.join(DRIVER))?),
            all: files
                .filter_map(|file| changed(&file.path()))
                .chain([program])
                .collect(),
        })
    }

    /// The file as our daemon would have written it, if the host's has as it is installed now; otherwise as it stands.
    fn told(&self, file: &str) -> String {
        let (open, close) = ("<selfctime>", "</selfctime>");
        let written = file
            .split_once(open)
            .and_then(|(_, rest)| rest.split_once(close)?.0.parse::<i64>().ok());
        match written {
            Some(written) if written > self.ours && self.all.contains(&written) => file.replacen(
                &format!("{open}{written}{close}"),
                &format!("{open}{}{close}", self.ours),
                1,
            ),
            _ => file.to_owned(),
        }
    }
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

/// Lets every thread of a process run on any core that this one may use.
pub fn unpin_cpu(process: u32) {
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
    fn a_file_of_the_libvirt_that_is_installed_is_taken_for_our_own() {
        let age = Age {
            ours: 100,
            all: vec![90, 100, 101],
        };
        let of = |time: i64| format!("<qemuCaps>\n<selfctime>{time}</selfctime>\n");
        assert_eq!(age.told(&of(101)), of(100), "another driver came a second later");
        assert_eq!(age.told(&of(99)), of(99), "libvirt has been installed anew since");
        assert_eq!(age.told(&of(300)), of(300), "nothing installed is of that time");
        assert_eq!(age.told("<qemuCaps/>"), "<qemuCaps/>");
    }

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
