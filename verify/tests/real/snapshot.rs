//! Everything that a run could leave behind on a machine, as a set of lines that can be compared.
//!
//! It changes nothing; what changes by itself is found by looking twice and left out.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Directories whose every entry is looked at; of cgroups those that could be a run's.
const TREES: [&str; 8] = [
    "/run",
    "/tmp",
    "/dev/shm",
    "/var/lib/libvirt",
    "/var/log/libvirt",
    "/var/cache/libvirt",
    "/etc/libvirt",
    "/sys/fs/cgroup",
];
const SETTINGS: [&str; 4] = ["/proc/sys/vm", "/proc/sys/net", "/proc/sys/user", "/proc/sys/kernel"];

/// What was there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Snapshot(BTreeSet<String>);

impl Snapshot {
    /// Takes one; `parts` of the machine only, for a quick look.
    pub(crate) fn take() -> Self {
        let mut lines = BTreeSet::new();
        processes(&mut lines);
        for (name, file) in [
            ("mount", "/proc/self/mountinfo"),
            ("ipc", "/proc/sysvipc/shm"),
            ("ipc", "/proc/sysvipc/sem"),
            ("ipc", "/proc/sysvipc/msg"),
        ] {
            let text = fs::read_to_string(file).unwrap_or_default();
            lines.extend(text.lines().map(|line| format!("{name} {line}")));
        }
        // the address of a socket in the kernel's memory says nothing
        let sockets = fs::read_to_string("/proc/net/unix").unwrap_or_default();
        let named = sockets
            .lines()
            .skip(1)
            .filter_map(|line| line.split_whitespace().nth(7));
        lines.extend(named.map(|path| format!("socket {path}")));
        let interfaces = fs::read_to_string("/proc/net/dev").unwrap_or_default();
        let all = interfaces.lines().filter_map(|line| line.split_once(':'));
        lines.extend(all.map(|(name, _)| format!("interface {}", name.trim())));
        for tree in TREES {
            walk(Path::new(tree), tree.starts_with("/sys"), &mut lines);
        }
        let own = own_cgroups();
        lines.retain(|line| !line.starts_with("file /sys/fs/cgroup") || is_of_a_run(line, &own));
        for settings in SETTINGS {
            read_settings(Path::new(settings), &mut lines);
        }
        Self(lines)
    }

    /// What is in one and not in the other, each with its sign.
    pub(crate) fn differences(&self, later: &Self) -> Vec<String> {
        let gone = self.0.difference(&later.0).map(|line| format!("- {line}"));
        let come = later.0.difference(&self.0).map(|line| format!("+ {line}"));
        gone.chain(come).collect()
    }

    /// How many things it holds.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The cgroups that this process is in, without the outermost.
fn own_cgroups() -> Vec<String> {
    let text = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let paths = text.lines().filter_map(|line| line.splitn(3, ':').nth(2));
    paths
        .filter(|path| *path != "/")
        .map(|path| format!("{path}/"))
        .collect()
}

/// Whether a run could have made the cgroup, here or by a daemon: others of the machine come and go at any time.
fn is_of_a_run(line: &str, own: &[String]) -> bool {
    let names = ["machine", "libvirt", "qemu", "novamend"];
    names.iter().any(|name| line.contains(name)) || own.iter().any(|own| line.contains(own))
}

fn processes(lines: &mut BTreeSet<String>) {
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.parse::<u32>().is_ok() {
            let command = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            lines.insert(format!("process {name} {}", command.trim()));
        }
    }
}

fn walk(directory: &Path, directories_only: bool, lines: &mut BTreeSet<String>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            walk(&entry.path(), directories_only, lines);
        } else if directories_only {
            continue;
        }
        let length = entry
            .metadata()
            .map_or(0, |data| if kind.is_file() { data.len() } else { 0 });
        lines.insert(format!("file {} {length}", entry.path().display()));
    }
}

fn read_settings(directory: &Path, lines: &mut BTreeSet<String>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => read_settings(&entry.path(), lines),
            Ok(_) if !changes_by_itself(&entry.path()) => {
                let value = fs::read_to_string(entry.path()).unwrap_or_default();
                lines.insert(format!("setting {} = {}", entry.path().display(), value.trim()));
            }
            _ => {}
        }
    }
}

/// Settings that count something, and so differ from one look to the next.
fn changes_by_itself(path: &Path) -> bool {
    let text = path.to_string_lossy();
    ["/random/", "ns_last_pid", "/pty/nr", "netfilter", "tcp_fastopen_key"]
        .iter()
        .any(|part| text.contains(part))
}
