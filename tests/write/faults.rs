//! Disks that are full, read-only or closed: the old file stays whole and nothing is left behind.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use novamend::write::{Options, WriteError};

use crate::ground::{
    BACKUP, IN_PLACE, Mount, NO_BACKUP, directory, file, give_to_nobody, names, need_root, replace, text,
    write_as_nobody,
};
use crate::harness::{Test, tests};

const PAGE: usize = 4096;

/// Writes to `filler` until the disk is full, then frees `pages`.
fn fill(filler: &Path, pages: usize) {
    let mut file = fs::File::create(filler).unwrap();
    let mut size = 0;
    while let Ok(()) = file.write_all(&[b'x'; PAGE]) {
        size += PAGE;
    }
    file.set_len(size.saturating_sub(pages * PAGE) as u64).unwrap();
}

/// `Some(kind)` of the system's refusal, `None` when it was written.
fn refusal(path: &Path, after: &str, options: &Options) -> Option<ErrorKind> {
    match replace(path, after, options) {
        Ok(_) => None,
        Err(WriteError::Io { source, .. }) => Some(source.kind()),
        Err(other) => panic!("{other}"),
    }
}

fn on_a_full_disk_the_old_file_is_whole_wherever_the_space_runs_out() {
    need_root("a small file system");
    let directory = directory();
    let (old, new) = ("o".repeat(3 * PAGE), "n".repeat(5 * PAGE));
    let (mut refused, mut written) = (0, 0);
    for (pages, options) in (0..=12).flat_map(|pages| [(pages, BACKUP), (pages, NO_BACKUP), (pages, IN_PLACE)]) {
        let _mount = Mount::tmpfs(directory.path(), "size=256k");
        let path = file(directory.path(), "nova.conf", &old);
        let filler = directory.path().join("filler");
        if options.in_place {
            fs::hard_link(&path, directory.path().join("other")).unwrap();
        }
        fill(&filler, pages);
        let before = names(directory.path());
        if let Some(kind) = refusal(&path, &new, &options) {
            assert_eq!(kind, ErrorKind::StorageFull, "{pages} {options:?}");
            assert!(text(&path) == old, "{pages} {options:?}");
            assert_eq!(names(directory.path()), before, "{pages} {options:?}");
            refused += 1;
        } else {
            assert!(text(&path) == new, "{pages} {options:?}");
            written += 1;
        }
    }
    assert!(refused > 10 && written > 6, "{refused} refused, {written} written");
}

fn without_a_free_inode_the_old_file_is_whole() {
    need_root("a small file system");
    for inodes in 2..=7 {
        let directory = directory();
        let _mount = Mount::tmpfs(directory.path(), &format!("size=1m,nr_inodes={inodes}"));
        let path = file(directory.path(), "nova.conf", "old");
        let refused = refusal(&path, "new", &BACKUP);
        // The directory, the file, the lock, the new file, the backup, and its mark, which counts as one.
        let expected = (inodes < 6).then_some(ErrorKind::StorageFull);
        assert_eq!(refused, expected, "{inodes}");
        assert_eq!(text(&path), if inodes < 6 { "old" } else { "new" });
        assert_eq!(names(directory.path()).len(), if inodes < 6 { 1 } else { 2 });
    }
}

fn on_a_read_only_file_system_the_remedy_is_said() {
    need_root("a file system of its own");
    let directory = directory();
    let mount = Mount::tmpfs(directory.path(), "size=1m");
    let path = file(directory.path(), "nova.conf", "old");
    let linked = file(directory.path(), "linked.conf", "old");
    fs::hard_link(&linked, directory.path().join("other")).unwrap();
    mount.make_read_only();
    for (path, options) in [(&path, BACKUP), (&path, NO_BACKUP), (&linked, IN_PLACE)] {
        let error = replace(path, "new", &options).unwrap_err();
        assert!(error.to_string().contains("read-write"), "{error}");
        assert_eq!(text(path), "old");
    }
}

fn in_a_directory_without_write_permission_the_remedy_is_said() {
    need_root("another user");
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "old");
    give_to_nobody(&path);
    let said = write_as_nobody(&path);
    assert!(
        said.contains("Permission denied") && said.contains("run as root"),
        "{said}"
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let said = write_as_nobody(&path);
    assert!(said.contains("Permission denied"), "{said}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!((text(&path).as_str(), names(directory.path()).len()), ("old", 1));
}

fn over_the_quota_the_old_file_is_whole() {
    need_root("a file system with quotas");
    let directory = directory();
    let _mount = Mount::with_quota(directory.path());
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let path = file(directory.path(), "nova.conf", &"o".repeat(PAGE));
    give_to_nobody(&path);
    let said = write_as_nobody(&path);
    assert!(said.contains("quota"), "{said}");
    assert_eq!((text(&path), names(directory.path()).len()), ("o".repeat(PAGE), 1));
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    on_a_full_disk_the_old_file_is_whole_wherever_the_space_runs_out,
    without_a_free_inode_the_old_file_is_whole,
    on_a_read_only_file_system_the_remedy_is_said,
    in_a_directory_without_write_permission_the_remedy_is_said,
    over_the_quota_the_old_file_is_whole,
];
