//! Guests with the memory that nova.conf prescribes: in files of a disk they are lost in post-copy, on tmpfs they are not, and
//! nothing of it is left on the host.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::ground::{Ground, Ran, need_kvm, need_real};
use crate::harness::{Test, skip_anywhere, tests};

const FILES: &str = "file_backed_memory = 4096\nlive_migration_timeout_action = force_complete";

/// A host whose guests have their memory in `directory`.
fn backed_by(directory: &Path, libvirt: &str) -> Ground {
    let ground = Ground::new(libvirt, "root");
    let conf = fs::read_to_string(ground.path("qemu.conf")).unwrap();
    let line = format!("memory_backing_dir = \"{}\"\n", directory.display());
    fs::write(ground.path("qemu.conf"), conf + &line).unwrap();
    ground
}

/// A directory of the disk that the clone lies on; where that is a tmpfs, the test is skipped.
fn on_a_disk() -> TempDir {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let kind = rustix::fs::statfs(directory.path()).unwrap().f_type;
    if kind == 0x0102_1994 {
        skip_anywhere("the clone lies on tmpfs");
    }
    directory
}

fn causes(ran: &Ran) -> String {
    ran.report()["verdict"]["causes"].to_string()
}

fn a_guest_with_its_memory_in_files_of_a_disk_is_lost_in_post_copy() {
    need_real();
    let disk = on_a_disk();
    need_kvm();
    let ground = backed_by(disk.path(), &format!("{FILES}\nlive_migration_permit_post_copy = true"));
    let ran = ground.verify("", None);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let causes = causes(&ran);
    assert!(causes.contains("post-copy loses the guest or is refused"), "{causes}");
    // newer QEMUs refuse it at the start
    assert!(
        causes.contains("loses the guest on this host") || causes.contains("will fail at its start"),
        "{causes}"
    );
    assert_eq!(
        ran.failed_checks("pause"),
        Vec::<String>::new(),
        "what may be done instead is shown"
    );
    assert_eq!(
        ran.report()["session"]["conditions"]["not_alike"],
        serde_json::json!([]),
        "{ran:?}"
    );
    assert_eq!(fs::read_dir(disk.path()).unwrap().count(), 0, "nothing is left");
}

fn files_of_a_disk_do_no_harm_to_a_pause() {
    need_real();
    let disk = on_a_disk();
    let ran = backed_by(disk.path(), FILES).verify("--emulate", None);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.failed_checks("pause"), Vec::<String>::new());
}

fn files_on_tmpfs_do_no_harm_to_post_copy() {
    need_real();
    let shm = tempfile::tempdir_in("/dev/shm").unwrap();
    let ground = backed_by(shm.path(), &format!("{FILES}\nlive_migration_permit_post_copy = true"));
    let ran = ground.verify("--emulate", None);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.failed_checks("post_copy"), Vec::<String>::new());
}

fn a_host_with_huge_pages_is_not_said_to_work_as_none_were_tried() {
    need_real();
    let pool = "at=/sys/kernel/mm/hugepages; mount -t tmpfs none $at; mkdir $at/hugepages-2048kB; \
                for file in nr free resv surplus nr_overcommit; do echo 64 > $at/hugepages-2048kB/${file}_hugepages; done;";
    let ground = Ground::new("", "root");
    let ran = Ran::patiently(|| Ran::of(&ground.command_on(pool, "--emulate").output().unwrap()));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(ran.report()["verdict"]["result"], "not_proven", "{ran:?}");
    assert!(ran.headline().contains("this host has 64 of them"), "{ran:?}");
    assert_eq!(ran.failed_checks("abort"), Vec::<String>::new());
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    a_guest_with_its_memory_in_files_of_a_disk_is_lost_in_post_copy,
    files_of_a_disk_do_no_harm_to_a_pause,
    files_on_tmpfs_do_no_harm_to_post_copy,
    a_host_with_huge_pages_is_not_said_to_work_as_none_were_tried,
];
