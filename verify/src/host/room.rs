//! Whether this machine, and the cgroups that this runs in, have room for several guests side by side.
//!
//! It takes one look and changes nothing; where there is no room the trials run one after the other.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::thread::sched_getaffinity;

/// Memory of a QEMU beside its guest's, in MiB, and of what libvirt and its daemons need for it.
const QEMU: u64 = 100;

/// MiB that are left to everybody else.
const SPARE: u64 = 256;

/// Processes and threads of two QEMUs and of what libvirt starts for them.
const TASKS: u64 = 64;

/// Fewer than so many cores make guests wait for each other.
const CORES: u64 = 2;

/// Guests that are to be migrated side by side.
#[derive(Clone, Copy, Debug)]
pub struct Guests {
    /// How many.
    pub count: u64,
    /// The memory of each.
    pub memory_mib: u64,
}

/// Whether `guests` can be migrated side by side.
#[must_use]
pub fn is_for(guests: Guests) -> bool {
    let cores = sched_getaffinity(None).map_or(1, |set| set.count().into());
    Room::look(Path::new("/"), cores).is_enough(guests)
}

/// Whether one guest of so many MiB can be migrated as far as memory goes.
#[must_use]
pub fn has_memory_for(memory_mib: u64) -> bool {
    let guest = Guests { count: 1, memory_mib };
    // how many cores there are is another matter
    Room::look(Path::new("/"), u64::MAX).has_memory(guest)
}

/// What may still be used; none where there is no limit.
#[derive(Debug, PartialEq, Eq)]
struct Room {
    cores: u64,
    memory_mib: Option<u64>,
    tasks: Option<u64>,
}

impl Room {
    /// The room of the machine below `top` for a process that may use so many `cores` of it.
    fn look(top: &Path, cores: u64) -> Self {
        let meminfo = fs::read_to_string(top.join("proc/meminfo")).unwrap_or_default();
        let available = number_after(&meminfo, "MemAvailable:").map(|kib| kib >> 10);
        let mut room = Self {
            cores,
            memory_mib: available,
            tasks: None,
        };
        for group in groups(top) {
            room.cores = room.cores.min(cores_of(&group).unwrap_or(u64::MAX));
            room.memory_mib = least(room.memory_mib, memory_of(&group).map(|bytes| bytes >> 20));
            room.tasks = least(room.tasks, left(&group, "pids.max", "pids.current"));
        }
        room
    }

    fn is_enough(&self, guests: Guests) -> bool {
        let has_tasks = self.tasks.is_none_or(|room| room >= guests.count * TASKS);
        self.cores >= CORES && self.has_memory(guests) && has_tasks
    }

    fn has_memory(&self, guests: Guests) -> bool {
        let need = guests.count * 2 * (guests.memory_mib + QEMU) + SPARE;
        self.memory_mib.is_none_or(|room| room >= need)
    }
}

fn least(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}

/// The cgroups of this process, of either version, with all above them.
fn groups(root: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let mut found = Vec::new();
    for line in text.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else {
            continue;
        };
        // version 2 has no name
        let top = root.join("sys/fs/cgroup").join(controllers);
        let own = top.join(path.trim_start_matches('/'));
        found.extend(
            own.ancestors()
                .take_while(|at| at.starts_with(&top))
                .map(Path::to_owned),
        );
    }
    found
}

/// A file that holds one number; none where there is no such file, or no limit.
fn number(group: &Path, file: &str) -> Option<u64> {
    fs::read_to_string(group.join(file)).ok()?.trim().parse().ok()
}

fn number_after(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

fn left(group: &Path, limit: &str, used: &str) -> Option<u64> {
    Some(number(group, limit)?.saturating_sub(number(group, used).unwrap_or(0)))
}

/// Bytes that may still be used; what the kernel only keeps of files does not count as used.
fn memory_of(group: &Path) -> Option<u64> {
    let version_2 = left(group, "memory.max", "memory.current");
    let left = version_2.or_else(|| left(group, "memory.limit_in_bytes", "memory.usage_in_bytes"))?;
    let kept = fs::read_to_string(group.join("memory.stat")).unwrap_or_default();
    let files = number_after(&kept, "total_inactive_file ").or_else(|| number_after(&kept, "inactive_file "));
    Some(left.saturating_add(files.unwrap_or(0)))
}

/// Whole cores that a quota of processor time comes to.
fn cores_of(group: &Path) -> Option<u64> {
    let version_2 = || {
        let text = fs::read_to_string(group.join("cpu.max")).ok()?;
        let (quota, period) = text.trim().split_once(' ')?;
        Some((quota.parse::<u64>().ok()?, period.parse::<u64>().ok()?))
    };
    let version_1 = || Some((number(group, "cpu.cfs_quota_us")?, number(group, "cpu.cfs_period_us")?));
    let (quota, period) = version_2().or_else(version_1)?;
    quota.checked_div(period)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// A machine with these files and 24 GiB of memory.
    fn machine(files: &[(&str, &str)]) -> TempDir {
        let root = tempfile::tempdir().unwrap();
        let plenty = ("proc/meminfo", "MemTotal: 24000000 kB\nMemAvailable:   23000000 kB\n");
        for (file, text) in files.iter().copied().chain([plenty]) {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    const THREE: Guests = Guests {
        count: 3,
        memory_mib: 24,
    };

    /// Whether three guests of 24 MiB have room there with 4 cores.
    fn bears(files: &[(&str, &str)]) -> bool {
        Room::look(machine(files).path(), 4).is_enough(THREE)
    }

    #[test]
    fn a_machine_without_limits_has_room() {
        assert!(bears(&[]));
        assert!(bears(&[
            ("proc/self/cgroup", "0::/\n"),
            ("sys/fs/cgroup/memory.max", "max\n"),
            ("sys/fs/cgroup/cpu.max", "max 100000\n"),
            ("sys/fs/cgroup/pids.max", "max\n"),
        ]));
    }

    #[test]
    fn one_core_is_not_enough() {
        assert!(!Room::look(machine(&[]).path(), 1).is_enough(THREE));
    }

    #[test]
    fn a_limit_of_any_cgroup_above_counts_in_either_version() {
        let own = ("proc/self/cgroup", "0::/a.slice/b.service\n");
        let top = "sys/fs/cgroup/a.slice";
        for (file, text) in [
            ("memory.max", "268435456\n"),
            ("cpu.max", "150000 100000\n"),
            ("pids.max", "100\n"),
        ] {
            assert!(!bears(&[own, (&format!("{top}/{file}"), text)]), "{file}");
            assert!(!bears(&[own, (&format!("{top}/b.service/{file}"), text)]), "{file}");
        }
        let own = ("proc/self/cgroup", "5:memory:/a/b\n4:cpu,cpuacct:/a\n3:pids:/a\n");
        assert!(!bears(&[
            own,
            ("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "268435456\n")
        ]));
        assert!(!bears(&[own, ("sys/fs/cgroup/pids/a/pids.max", "100\n")]));
        let quota = ("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "150000\n");
        assert!(!bears(&[
            own,
            quota,
            ("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n")
        ]));
        assert!(bears(&[own, ("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n")]));
    }

    #[test]
    fn memory_that_only_keeps_files_is_free_and_memory_in_use_is_not() {
        let own = ("proc/self/cgroup", "0::/\n");
        let limit = ("sys/fs/cgroup/memory.max", "2147483648\n");
        let used = ("sys/fs/cgroup/memory.current", "2000000000\n");
        assert!(bears(&[own, limit]));
        assert!(!bears(&[own, limit, used]));
        let kept = ("sys/fs/cgroup/memory.stat", "anon 1\ninactive_file 1900000000\n");
        assert!(bears(&[own, limit, used, kept]));
    }
}
