//! Where libvirt would put the memory of guests that have it in files, and whether post-copy can work there.
//!
//! It writes nothing.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::statfs;
use rustix::io::Errno;

use super::qemu_conf::QemuConf;

/// Where libvirt puts it unless qemu.conf names another directory.
const DEFAULT: &str = "/var/lib/libvirt/qemu/ram";

/// File systems by their magic numbers, and whether userfaultfd takes memory that lies in their files.
const KINDS: [(u64, &str, bool); 10] = [
    (0x0102_1994, "tmpfs", true),
    (0x9584_58f6, "hugetlbfs", true),
    (0xef53, "ext4", false),
    (0x5846_5342, "xfs", false),
    (0x9123_683e, "btrfs", false),
    (0x6969, "nfs", false),
    (0x794c_7630, "overlay", false),
    (0x2fc1_2fc1, "zfs", false),
    (0xf2f5_2010, "f2fs", false),
    (0x00c3_6400, "ceph", false),
];

/// The directory of guests' memory and its file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backing {
    /// `memory_backing_dir` of qemu.conf, as libvirt extends it, or libvirt's default.
    pub directory: PathBuf,
    /// The directory itself, or the nearest above it that is there; none where that cannot be seen.
    pub found: Option<PathBuf>,
    /// The name of its file system, or its number.
    pub file_system: String,
    /// Whether post-copy can take memory from there: the kernel's userfaultfd knows tmpfs and huge pages alone.
    pub takes_post_copy: Option<bool>,
}

impl Backing {
    /// As libvirt reads qemu.conf.
    #[must_use]
    pub fn look(qemu_conf: &QemuConf) -> Self {
        let written = qemu_conf.path("memory_backing_dir");
        // libvirt puts a slash behind whatever is written, also behind nothing
        let directory = written.map_or_else(
            || PathBuf::from(DEFAULT),
            |path| Path::new("/").join(path).join("libvirt/qemu"),
        );
        let mut seen = None;
        for at in directory.ancestors() {
            match statfs(at) {
                Ok(system) => {
                    seen = u64::try_from(system.f_type).ok().map(|kind| (at.to_owned(), kind));
                    break;
                }
                Err(Errno::NOENT | Errno::NOTDIR) => {}
                // something else may be mounted where one may not look
                Err(_) => break,
            }
        }
        let kind = seen
            .as_ref()
            .and_then(|(_, number)| KINDS.iter().find(|(magic, ..)| magic == number));
        Self {
            file_system: match (kind, &seen) {
                (Some((_, name, _)), _) => (*name).to_owned(),
                (None, Some((_, number))) => format!("a file system of type {number:#x}"),
                (None, None) => "a file system that is not known".to_owned(),
            },
            takes_post_copy: kind.map(|(.., takes)| *takes),
            found: seen.map(|(at, _)| at),
            directory,
        }
    }
}

/// Huge pages of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HugePages {
    /// How big each is, in KiB.
    pub size_kib: u64,
    /// How many the host keeps for programs, which are guests on a compute node.
    pub count: u64,
    /// How many of them nobody uses.
    pub free: u64,
}

/// The huge pages that the host keeps, size by size, the smallest first.
#[must_use]
pub fn huge_pages() -> Vec<HugePages> {
    let sizes = fs::read_dir("/sys/kernel/mm/hugepages").into_iter().flatten().flatten();
    let mut found: Vec<HugePages> = sizes
        .filter_map(|size| {
            let name = size.file_name().to_string_lossy().into_owned();
            let number = |file: &str| {
                let text = fs::read_to_string(size.path().join(file)).ok()?;
                text.trim().parse().ok()
            };
            Some(HugePages {
                size_kib: name.strip_prefix("hugepages-")?.strip_suffix("kB")?.parse().ok()?,
                count: number("nr_hugepages")?,
                free: number("free_hugepages")?,
            })
        })
        .collect();
    found.sort_by_key(|pages| pages.size_kib);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_is_libvirts_and_its_file_system_that_of_what_is_there() {
        let own = tempfile::tempdir_in("/dev/shm").unwrap();
        let conf = format!("memory_backing_dir = \"{}\"\n", own.path().display());
        let found = Backing::look(&QemuConf::of(conf.as_bytes()).unwrap());
        assert_eq!(found.directory, own.path().join("libvirt/qemu"));
        assert_eq!(found.found.as_deref(), Some(own.path()));
        assert_eq!(
            (found.file_system.as_str(), found.takes_post_copy),
            ("tmpfs", Some(true))
        );
        assert_eq!(Backing::look(&QemuConf::default()).directory, Path::new(DEFAULT));
    }
}
