//! Undo, and the undo of an undo.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};

use novamend::write::{WriteError, undo, undo_all, undo_from};

use crate::ground::{
    BACKUP, IN_PLACE, NO_BACKUP, directory, file, give_to_nobody, names, need_root, replace, run, skip, text,
    write_as_nobody,
};
use crate::harness::{Test, tests};

fn undo_changes_places_with_the_newest_backup_and_back() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "one");
    replace(&path, "two", &BACKUP).unwrap();
    replace(&path, "three", &BACKUP).unwrap();
    for (now, former) in [("two", "three"), ("three", "two"), ("two", "three")] {
        let undone = undo(&path, &BACKUP).unwrap();
        assert_eq!(text(&path), now);
        assert_eq!(text(&undone.backup.unwrap()), former);
        assert!(!undone.from.exists());
        assert_eq!(names(directory.path()).len(), 3);
    }
}

fn undo_without_a_backup_steps_back_for_good() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "one");
    replace(&path, "two", &BACKUP).unwrap();
    replace(&path, "three", &BACKUP).unwrap();
    for now in ["two", "one"] {
        assert_eq!(undo(&path, &NO_BACKUP).unwrap().backup, None);
        assert_eq!(text(&path), now);
    }
    assert!(matches!(undo(&path, &NO_BACKUP), Err(WriteError::NoBackup { .. })));
    assert_eq!(names(directory.path()), ["nova.conf"]);
}

fn a_backup_that_is_like_the_file_is_passed_over() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "one");
    replace(&path, "two", &BACKUP).unwrap();
    file(directory.path(), "nova.conf.novamend-29991231T235959Z", "two");
    undo(&path, &BACKUP).unwrap();
    assert_eq!(text(&path), "one");
}

fn what_only_looks_like_a_backup_is_not_brought_back() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "one");
    let at = |name: &str| directory.path().join(name);
    fs::create_dir(at("nova.conf.novamend-29991231T235958Z")).unwrap();
    symlink("/etc/passwd", at("nova.conf.novamend-29991231T235959Z")).unwrap();
    file(directory.path(), "nova.conf.novamend-x", "no");
    file(directory.path(), "nova-compute.conf.novamend-29991231T235959Z", "no");
    assert!(matches!(undo(&path, &BACKUP), Err(WriteError::NoBackup { .. })));
    assert_eq!(text(&path), "one");
    need_root("giving files away");
    let planted = file(directory.path(), "nova.conf.novamend-29991231T235957Z", "planted");
    chown(&planted, Some(4321), None).unwrap();
    assert!(matches!(undo(&path, &BACKUP), Err(WriteError::NoBackup { .. })));
    assert_eq!(text(&path), "one");
}

fn what_another_user_planted_is_neither_read_nor_in_the_way() {
    need_root("giving files away");
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "one");
    let planted = |name: &str| {
        let planted = file(directory.path(), &format!("nova.conf.novamend-{name}"), "planted");
        give_to_nobody(&planted);
        planted
    };
    // More than any memory holds; were it read, this test would not end.
    let huge = planted("99991231T235958Z");
    fs::File::options()
        .write(true)
        .open(huge)
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    planted("99991231T235959Z-4294967295");
    planted("99991231T235959Z-18446744073709551615");
    assert!(run(
        "mkfifo",
        &[directory.path().join("nova.conf.novamend-99991231T235957Z").as_os_str()]
    ));
    let before = names(directory.path()).len();
    for text in ["two", "three"] {
        replace(&path, text, &BACKUP).unwrap();
    }
    for now in ["two", "one"] {
        let undone = undo(&path, &NO_BACKUP).unwrap();
        assert_eq!(text(&path), now);
        assert_eq!(undone.passed_over.len(), 4, "{:?}", undone.passed_over);
    }
    assert_eq!(names(directory.path()).len(), before);
}

fn names_at_the_end_of_all_time_stop_no_write_whoever_owns_them() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "one");
    for end in [
        "99991231T235959Z",
        "99991231T235959Z-4294967295",
        "99991231T235959Z-18446744073709551615",
    ] {
        file(directory.path(), &format!("nova.conf.novamend-{end}"), "not novamend's");
    }
    let written = replace(&path, "two", &BACKUP).unwrap();
    let name = written.backup.unwrap();
    assert!(name.to_str().unwrap().contains("novamend-20"), "{}", name.display());
    // Nor do those that novamend itself made, as of a clock that was wrong once.
    for end in ["99991231T235959Z-4294967295", "99991231T235959Z-18446744073709551615"] {
        let made = directory.path().join(format!("nova.conf.novamend-{end}"));
        fs::copy(&name, &made).unwrap();
        if let Ok(Some(mark)) = xattr::get(&name, "user.novamend") {
            xattr::set(&made, "user.novamend", &mark).unwrap();
        }
        replace(&path, end, &BACKUP).unwrap();
    }
}

fn only_what_novamend_made_is_brought_back_or_removed() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "one");
    replace(&path, "two", &BACKUP).unwrap();
    let made = names(directory.path())[1].clone();
    if xattr::get(directory.path().join(&made), "user.novamend")
        .ok()
        .flatten()
        .is_none()
    {
        skip("no extended attributes on the temporary directory");
    }
    replace(&path, "three", &BACKUP).unwrap();
    let copy = file(directory.path(), "nova.conf.novamend-29991231T235957Z", "of a package");
    let with_all = directory.path().join("nova.conf.novamend-29991231T235958Z");
    let arguments = [
        OsStr::new("-a"),
        directory.path().join(&made).as_os_str(),
        with_all.as_os_str(),
    ]
    .map(OsStr::to_owned);
    assert!(run("cp", &arguments.each_ref().map(std::ffi::OsString::as_os_str)));
    let undone = undo(&path, &NO_BACKUP).unwrap();
    assert_eq!(text(&path), "two");
    assert!(
        undone.passed_over.iter().all(|why| why.contains("`--backup`")),
        "{:?}",
        undone.passed_over
    );
    assert_eq!(undone.passed_over.len(), 2);
    // EditWindow, the backup is no longer what novamend kept either.
    fs::write(directory.path().join(&made), "edited").unwrap();
    let error = undo(&path, &BACKUP).unwrap_err();
    assert!(
        matches!(&error, WriteError::NoBackup { passed_over, .. } if passed_over.len() == 3),
        "{error}"
    );
    // But for the asking any of them is brought back, and stays.
    let undone = undo_from(&path, &copy, &BACKUP).unwrap();
    assert!(undone.from_is_kept && undone.backup.is_some());
    assert_eq!(
        (text(&path).as_str(), text(&copy).as_str()),
        ("of a package", "of a package")
    );
}

fn an_ordinary_user_brings_back_a_file_that_even_its_owner_may_only_read() {
    need_root("another user");
    let directory = directory();
    give_to_nobody(directory.path());
    let path = file(directory.path(), "nova.conf", "old");
    give_to_nobody(&path);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    assert_eq!(write_as_nobody(&path), "written");
    let undone = undo(&path, &NO_BACKUP);
    if undone.is_err() && xattr::get(directory.path(), "user.novamend").is_err() {
        skip("no extended attributes on the temporary directory");
    }
    undone.unwrap();
    assert_eq!(text(&path), "old");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o400);
}

fn undo_without_a_backup_loses_no_edit_made_since() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "one");
    replace(&path, "two", &BACKUP).unwrap();
    fs::write(&path, "two, and an edit").unwrap();
    let error = undo(&path, &NO_BACKUP).unwrap_err();
    assert!(matches!(error, WriteError::EditWindow(_)), "{error}");
    assert_eq!(text(&path), "two, and an edit");
    let undone = undo(&path, &BACKUP).unwrap();
    assert_eq!(
        (text(&path).as_str(), text(&undone.backup.unwrap()).as_str()),
        ("one", "two, and an edit")
    );
}

fn undo_follows_links_and_writes_in_place_what_was_written_in_place() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "one");
    let link = directory.path().join("link");
    symlink("nova.conf", &link).unwrap();
    let other = directory.path().join("other");
    fs::hard_link(&path, &other).unwrap();
    replace(&link, "two", &IN_PLACE).unwrap();
    assert!(matches!(undo(&link, &BACKUP), Err(WriteError::HardLinked { .. })));
    undo(&link, &IN_PLACE).unwrap();
    assert_eq!((text(&other).as_str(), link.is_symlink()), ("one", true));
}

fn one_file_under_two_names_is_brought_back_twice_one_after_the_other() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "one");
    let link = directory.path().join("link");
    symlink("nova.conf", &link).unwrap();
    for text in ["two", "three"] {
        replace(&path, text, &BACKUP).unwrap();
    }
    let mut backups = Vec::new();
    undo_all([path.as_path(), &link, &path], &NO_BACKUP, |undone| {
        backups.push(undone.map(|undone| undone.from));
    });
    assert_eq!((text(&path).as_str(), names(directory.path()).len()), ("one", 2));
    let [Ok(second), Ok(first), Err(WriteError::NoBackup { .. })] = &backups[..] else {
        panic!("{backups:?}");
    };
    assert_ne!(first, second);
}

fn a_backup_that_is_brought_back_itself_beside_its_file_is_not_lost() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "one");
    let backup = replace(&path, "two", &BACKUP).unwrap().backup.unwrap();
    // A backup with a backup: what it is now is no text of novamend's for nova.conf any more.
    replace(&backup, "another", &BACKUP).unwrap();
    let mut answers = Vec::new();
    undo_all([path.as_path(), &backup], &BACKUP, |undone| {
        answers.push(undone.is_ok());
    });
    let texts: BTreeSet<String> = names(directory.path())
        .iter()
        .map(|name| text(&directory.path().join(name)))
        .collect();
    assert!(
        ["one", "two", "another"].iter().all(|kept| texts.contains(*kept)),
        "{answers:?} {texts:?}"
    );
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    undo_changes_places_with_the_newest_backup_and_back,
    undo_without_a_backup_steps_back_for_good,
    a_backup_that_is_like_the_file_is_passed_over,
    what_only_looks_like_a_backup_is_not_brought_back,
    what_another_user_planted_is_neither_read_nor_in_the_way,
    names_at_the_end_of_all_time_stop_no_write_whoever_owns_them,
    only_what_novamend_made_is_brought_back_or_removed,
    an_ordinary_user_brings_back_a_file_that_even_its_owner_may_only_read,
    undo_without_a_backup_loses_no_edit_made_since,
    undo_follows_links_and_writes_in_place_what_was_written_in_place,
    one_file_under_two_names_is_brought_back_twice_one_after_the_other,
    a_backup_that_is_brought_back_itself_beside_its_file_is_not_lost,
];
