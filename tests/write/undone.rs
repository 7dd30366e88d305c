//! Undo, and the undo of an undo.

use std::fs;
use std::os::unix::fs::{chown, symlink};

use novamend::write::{WriteError, undo};

use crate::ground::{BACKUP, IN_PLACE, NO_BACKUP, directory, file, names, replace, root_for, text};

#[test]
fn undo_changes_places_with_the_newest_backup_and_back() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "one");
    replace(&path, "two", BACKUP).unwrap();
    replace(&path, "three", BACKUP).unwrap();
    for (now, former) in [("two", "three"), ("three", "two"), ("two", "three")] {
        let undone = undo(&path, &BACKUP).unwrap();
        assert_eq!(text(&path), now);
        assert_eq!(text(&undone.backup.unwrap()), former);
        assert!(!undone.from.exists());
        assert_eq!(names(directory.path()).len(), 3);
    }
}

#[test]
fn undo_without_a_backup_steps_back_for_good() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "one");
    replace(&path, "two", BACKUP).unwrap();
    replace(&path, "three", BACKUP).unwrap();
    for now in ["two", "one"] {
        assert_eq!(undo(&path, &NO_BACKUP).unwrap().backup, None);
        assert_eq!(text(&path), now);
    }
    assert!(matches!(undo(&path, &NO_BACKUP), Err(WriteError::NoBackup(_))));
    assert_eq!(names(directory.path()), ["nova.conf"]);
}

#[test]
fn a_backup_that_is_like_the_file_is_passed_over() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "one");
    replace(&path, "two", BACKUP).unwrap();
    file(directory.path(), "nova.conf.novamend-29991231T235959Z", "two");
    undo(&path, &BACKUP).unwrap();
    assert_eq!(text(&path), "one");
}

#[test]
fn what_only_looks_like_a_backup_is_not_brought_back() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "one");
    let at = |name: &str| directory.path().join(name);
    fs::create_dir(at("nova.conf.novamend-29991231T235958Z")).unwrap();
    symlink("/etc/passwd", at("nova.conf.novamend-29991231T235959Z")).unwrap();
    file(directory.path(), "nova.conf.novamend-x", "no");
    file(directory.path(), "nova-compute.conf.novamend-29991231T235959Z", "no");
    assert!(matches!(undo(&path, &BACKUP), Err(WriteError::NoBackup(_))));
    if root_for("giving files away") {
        let planted = file(directory.path(), "nova.conf.novamend-29991231T235957Z", "planted");
        chown(&planted, Some(4321), None).unwrap();
        assert!(matches!(undo(&path, &BACKUP), Err(WriteError::NoBackup(_))));
    }
    assert_eq!(text(&path), "one");
}

#[test]
fn undo_follows_links_and_writes_in_place_what_was_written_in_place() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "one");
    let link = directory.path().join("link");
    symlink("nova.conf", &link).unwrap();
    let other = directory.path().join("other");
    fs::hard_link(&path, &other).unwrap();
    replace(&link, "two", IN_PLACE).unwrap();
    assert!(matches!(undo(&link, &BACKUP), Err(WriteError::HardLinked { .. })));
    undo(&link, &IN_PLACE).unwrap();
    assert_eq!((text(&other).as_str(), link.is_symlink()), ("one", true));
}
