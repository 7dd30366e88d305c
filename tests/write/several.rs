//! Several files: all or none.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use novamend::write::{Options, WriteError, undo_all, write_all};

use crate::ground::{BACKUP, Flag, IN_PLACE, NO_BACKUP, child, directory, file, names, need_root, planned, text};
use crate::harness::{Test, tests};

fn all_are_written() {
    let (one, two) = (directory(), directory());
    let paths = [
        file(one.path(), "a.conf", "old"),
        file(one.path(), "b.conf", "old"),
        file(two.path(), "a.conf", "old"),
    ];
    let plans: Vec<_> = paths.iter().map(|path| planned(path, "old", "new")).collect();
    let written = write_all(&plans, &BACKUP).unwrap();
    assert!(paths.iter().all(|path| text(path) == "new"));
    assert!(written.iter().zip(&paths).all(|(written, path)| &written.path == path));
    assert!(
        written
            .iter()
            .all(|written| text(written.backup.as_ref().unwrap()) == "old")
    );
}

fn none_is_written_when_the_last_cannot_be_prepared() {
    let (one, two) = (directory(), directory());
    let paths = [
        file(one.path(), "a.conf", "old"),
        file(two.path(), "b.conf", "changed meanwhile"),
    ];
    let plans: Vec<_> = paths.iter().map(|path| planned(path, "old", "new")).collect();
    for options in [BACKUP, NO_BACKUP, IN_PLACE] {
        assert!(matches!(write_all(&plans, &options), Err(WriteError::Changed(path)) if path == paths[1]));
        assert_eq!(text(&paths[0]), "old");
        assert_eq!((names(one.path()).len(), names(two.path()).len()), (1, 1));
    }
}

fn those_already_written_are_put_back_when_a_later_one_fails() {
    need_root("chattr");
    let directories = [directory(), directory(), directory()];
    let paths: Vec<PathBuf> = directories
        .iter()
        .map(|one| file(one.path(), "a.conf", "old"))
        .collect();
    let linked = directories[0].path().join("linked");
    let plans: Vec<_> = paths
        .iter()
        .map(|path| planned(path, "old", "a new and longer text"))
        .collect();
    for in_place in [false, true] {
        if in_place {
            fs::hard_link(&paths[0], &linked).unwrap();
        }
        // New names may be made in an append-only directory, but none may be taken away: the swap fails.
        let flag = Flag::set(directories[1].path(), "a");
        let inode = fs::metadata(&paths[0]).unwrap();
        let options = if in_place { IN_PLACE } else { NO_BACKUP };
        let error = write_all(&plans, &options).unwrap_err();
        assert!(
            matches!(&error, WriteError::Io { path, .. } if *path == paths[1]),
            "{error}"
        );
        assert!(paths.iter().all(|path| text(path) == "old"));
        assert_eq!(
            std::os::unix::fs::MetadataExt::ino(&inode),
            std::os::unix::fs::MetadataExt::ino(&fs::metadata(&paths[0]).unwrap())
        );
        assert_eq!(names(directories[0].path()).len(), if in_place { 2 } else { 1 });
        assert_eq!(names(directories[2].path()), ["a.conf"]);
        drop(flag);
    }
    // What could not be removed from the append-only directory goes with the next run.
    assert!(names(directories[1].path()).iter().any(|name| name.ends_with(".tmp")));
    write_all(&plans[1..], &NO_BACKUP).unwrap();
    assert_eq!(names(directories[1].path()), ["a.conf"]);
}

fn what_a_killed_run_left_is_removed_and_nothing_else() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "old");
    let others = [".novamend-1-0.tmp.conf", ".novamend-x-0.tmp", "novamend-1-0.tmp"];
    for name in others
        .iter()
        .chain(&[".novamend-1-0.tmp", ".novamend-99-12.tmp", ".novamend-3-0.tmp"])
    {
        file(directory.path(), name, "left");
    }
    // What a killed run leaves: its lock, with the list of its temporary files.
    let listed =
        ".novamend-1-0.tmp\n.novamend-99-12.tmp\n.novamend-2-0.tmp\nnova.conf\n../nova.conf\n.novamend-x-0.tmp\n";
    let lock = file(directory.path(), ".novamend-lock-0.tmp", listed);
    fs::set_permissions(&lock, fs::Permissions::from_mode(0o600)).unwrap();
    fs::create_dir(directory.path().join(".novamend-2-0.tmp")).unwrap();
    write_all(&[planned(&path, "old", "new")], &NO_BACKUP).unwrap();
    let mut expected: Vec<&str> = others.to_vec();
    // The third has such a name and is on no list: somebody else's.
    expected.extend(["nova.conf", ".novamend-2-0.tmp", ".novamend-3-0.tmp"]);
    expected.sort_unstable();
    assert_eq!(names(directory.path()), expected);
}

fn no_change_of_two_processes_that_write_at_once_is_lost() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "0");
    let children = [
        child("count", &path, None),
        child("count", &path, None),
        child("count", &path, None),
    ];
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(text(&path), (3 * crate::other::COUNTED).to_string());
    assert_eq!(names(directory.path()), ["nova.conf"]);
}

/// More than are open at once, in directories of their own where `apart`.
fn fleet(at: &Path, apart: bool) -> Vec<PathBuf> {
    let number_of = |number: usize| format!("{number:03}");
    let path = |number: usize| {
        if apart {
            fs::create_dir(at.join(number_of(number))).unwrap();
            file(&at.join(number_of(number)), "nova.conf", &number_of(number))
        } else {
            file(at, &format!("{number:03}.conf"), &number_of(number))
        }
    };
    (0..FLEET).map(path).collect()
}

const FLEET: usize = 150;

fn a_fleet_is_written_and_brought_back_each_file_with_its_own_text() {
    for (apart, has_shelf) in [(false, false), (true, false), (true, true)] {
        let (directory, shelf) = (directory(), directory());
        let paths = fleet(directory.path(), apart);
        let before: Vec<String> = paths.iter().map(|path| text(path)).collect();
        let plans = paths.iter().zip(&before);
        let plans: Vec<_> = plans
            .map(|(path, before)| planned(path, before, &format!("new {before}")))
            .collect();
        let options = Options {
            backup_directory: has_shelf.then(|| shelf.path().to_owned()),
            ..BACKUP
        };
        let written = write_all(&plans, &options).unwrap();
        for ((path, before), written) in paths.iter().zip(&before).zip(&written) {
            assert_eq!((&written.path, text(path)), (path, format!("new {before}")));
            assert_eq!(&text(written.backup.as_ref().unwrap()), before);
        }
        // The last one cannot be brought back, which is nothing to the others.
        fs::remove_file(paths.last().unwrap()).unwrap();
        let mut undone = Vec::new();
        undo_all(paths.iter().map(PathBuf::as_path), &options, |one| undone.push(one));
        assert!(matches!(undone.pop(), Some(Err(WriteError::NotFound(path))) if path == paths[FLEET - 1]));
        for ((path, before), undone) in paths.iter().zip(&before).zip(undone) {
            let undone = undone.unwrap();
            assert_eq!((&undone.path, &text(path)), (path, before));
            assert_eq!(text(&undone.backup.unwrap()), format!("new {before}"));
        }
        let left: Vec<String> = names(directory.path());
        assert!(!left.iter().any(|name| name.ends_with(".tmp")), "{left:?}");
    }
}

fn none_of_a_fleet_is_written_when_its_last_file_has_changed() {
    let directory = directory();
    let paths = fleet(directory.path(), false);
    let before = names(directory.path());
    let mut plans: Vec<_> = paths.iter().map(|path| planned(path, &text(path), "new")).collect();
    plans.last_mut().unwrap().before = Some(b"other".to_vec());
    let error = write_all(&plans, &BACKUP).unwrap_err();
    assert!(
        matches!(&error, WriteError::Changed(path) if *path == paths[FLEET - 1]),
        "{error}"
    );
    assert_eq!(names(directory.path()), before);
    assert!(paths.iter().all(|path| text(path) != "new"));
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    all_are_written,
    a_fleet_is_written_and_brought_back_each_file_with_its_own_text,
    none_of_a_fleet_is_written_when_its_last_file_has_changed,
    none_is_written_when_the_last_cannot_be_prepared,
    those_already_written_are_put_back_when_a_later_one_fails,
    what_a_killed_run_left_is_removed_and_nothing_else,
    no_change_of_two_processes_that_write_at_once_is_lost,
];
