//! Guests with the memory that nova.conf prescribes: in files of a disk they are lost in post-copy, on tmpfs they are not, and
//! nothing of it is left on the host.

use std::fs;
use std::path::{Path, PathBuf};

use crate::ground::{Ground, Ran, alone, has_kvm};

const FILES: &str = "file_backed_memory = 4096\nlive_migration_timeout_action = force_complete";

/// A host whose guests have their memory in `directory`.
fn backed_by(directory: &Path, libvirt: &str) -> Ground {
    let ground = Ground::new(libvirt, "root");
    let conf = fs::read_to_string(ground.path("qemu.conf")).unwrap();
    let line = format!("memory_backing_dir = \"{}\"\n", directory.display());
    fs::write(ground.path("qemu.conf"), conf + &line).unwrap();
    ground
}

/// A directory of the disk that the clone lies on; none, having said so, where that is a tmpfs.
fn on_a_disk() -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("memory");
    fs::create_dir_all(&path).unwrap();
    let kind = rustix::fs::statfs(&path).unwrap().f_type;
    if kind == 0x0102_1994 {
        eprintln!("skipped: the clone lies on tmpfs");
        return None;
    }
    Some(path)
}

fn causes(ran: &Ran) -> String {
    ran.report()["verdict"]["causes"].to_string()
}

#[test]
fn a_guest_with_its_memory_in_files_of_a_disk_is_lost_in_post_copy() {
    let Some(_machine) = alone() else { return };
    let Some(disk) = on_a_disk() else { return };
    if !has_kvm() {
        return;
    }
    let ground = backed_by(&disk, &format!("{FILES}\nlive_migration_permit_post_copy = true"));
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
    assert_eq!(fs::read_dir(&disk).unwrap().count(), 0, "nothing is left");
}

#[test]
fn files_of_a_disk_do_no_harm_to_a_pause_and_those_on_tmpfs_none_to_post_copy() {
    let Some(_machine) = alone() else { return };
    if let Some(disk) = on_a_disk() {
        let ran = backed_by(&disk, FILES).verify("--emulate", None);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_eq!(ran.failed_checks("pause"), Vec::<String>::new());
    }
    let shm = tempfile::tempdir_in("/dev/shm").unwrap();
    let ground = backed_by(shm.path(), &format!("{FILES}\nlive_migration_permit_post_copy = true"));
    let ran = ground.verify("--emulate", None);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.failed_checks("post_copy"), Vec::<String>::new());
}

#[test]
fn a_host_with_huge_pages_is_not_said_to_work_as_none_were_tried() {
    let Some(_machine) = alone() else { return };
    let pool = "at=/sys/kernel/mm/hugepages; mount -t tmpfs none $at; mkdir $at/hugepages-2048kB; \
                for file in nr free resv surplus nr_overcommit; do echo 64 > $at/hugepages-2048kB/${file}_hugepages; done;";
    let ground = Ground::new("", "root");
    let ran = Ran::of(&ground.command_on(pool, "--emulate").output().unwrap());
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(ran.report()["verdict"]["result"], "not_proven", "{ran:?}");
    assert!(ran.headline().contains("this host has 64 of them"), "{ran:?}");
    assert_eq!(ran.failed_checks("abort"), Vec::<String>::new());
}
