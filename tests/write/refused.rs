//! What is not written, with the reason, and with nothing changed.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use novamend::write::{WriteError, undo, write_all};
use rustix::fs::FlockOperation;

use crate::ground::{
    BACKUP, Flag, IN_PLACE, NO_BACKUP, NOBODY, directory, file, give_to_nobody, names, need_root, planned, replace,
    run, text, write_as_nobody,
};
use crate::harness::{Test, tests};

fn what_is_no_regular_file_is_refused_by_its_kind() {
    let directory = directory();
    let at = |name: &str| directory.path().join(name);
    fs::create_dir(at("x.conf")).unwrap();
    assert!(run("mkfifo", &[at("fifo.conf").as_os_str()]));
    let _listener = UnixListener::bind(at("socket.conf")).unwrap();
    symlink("/dev/null", at("device.conf")).unwrap();
    for (name, kind) in [
        ("x.conf", "a directory"),
        ("fifo.conf", "a FIFO"),
        ("socket.conf", "a socket"),
        ("device.conf", "a device"),
    ] {
        let error = write_all(&[planned(&at(name), "", "new")], &BACKUP).unwrap_err();
        assert!(
            matches!(&error, WriteError::NotRegular { kind: found, .. } if *found == kind),
            "{error}"
        );
        assert!(matches!(undo(&at(name), &BACKUP), Err(WriteError::NotRegular { .. })));
    }
    assert!(replace(Path::new("/"), "new", &BACKUP).is_err());
}

fn links_that_lead_nowhere_or_in_a_circle_are_refused() {
    let directory = directory();
    symlink("nothing", directory.path().join("dangling.conf")).unwrap();
    symlink("circle.conf", directory.path().join("circle.conf")).unwrap();
    let error = |name: &str| replace(&directory.path().join(name), "new", &BACKUP).unwrap_err();
    assert!(matches!(error("dangling.conf"), WriteError::DanglingLink(_)));
    assert!(matches!(error("missing.conf"), WriteError::NotFound(_)));
    assert!(error("circle.conf").to_string().contains("circle"));
    assert_eq!(names(directory.path()), ["circle.conf", "dangling.conf"]);
}

fn a_hard_linked_file_is_refused() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "old");
    fs::hard_link(&path, directory.path().join("other")).unwrap();
    let error = replace(&path, "new", &BACKUP).unwrap_err();
    assert!(matches!(error, WriteError::HardLinked { links: 2, .. }), "{error}");
    assert!(error.to_string().contains("--in-place"));
    assert_eq!((text(&path).as_str(), names(directory.path()).len()), ("old", 2));
}

fn a_file_that_changed_since_it_was_read_is_refused() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "password = hush");
    for options in [BACKUP, IN_PLACE] {
        let error = write_all(&[planned(&path, "old", "new")], &options).unwrap_err();
        assert!(matches!(error, WriteError::Changed(_)));
        assert!(!error.to_string().contains("hush") && !format!("{error:?}").contains("hush"));
        assert_eq!(names(directory.path()), ["nova.conf"]);
    }
}

fn a_file_named_twice_is_refused() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "old");
    let (link, hard) = (directory.path().join("link"), directory.path().join("hard"));
    symlink("nova.conf", &link).unwrap();
    let twice = |other: &Path| {
        write_all(
            &[planned(&path, "old", "new"), planned(other, "old", "newer")],
            &IN_PLACE,
        )
    };
    assert!(matches!(twice(&path), Err(WriteError::SameFile { .. })));
    assert!(matches!(twice(&link), Err(WriteError::SameFile { .. })));
    fs::hard_link(&path, &hard).unwrap();
    assert!(matches!(twice(&hard), Err(WriteError::SameFile { .. })));
    assert_eq!((text(&path).as_str(), names(directory.path()).len()), ("old", 3));
}

fn a_change_that_changes_nothing_is_not_written() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "old");
    assert_eq!(write_all(&[planned(&path, "old", "old")], &BACKUP).unwrap(), []);
    assert_eq!(names(directory.path()), ["nova.conf"]);
}

fn an_immutable_file_is_refused() {
    need_root("chattr");
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "old");
    for letter in ["i", "a"] {
        let _flag = Flag::set(&path, letter);
        for options in [BACKUP, IN_PLACE] {
            let error = replace(&path, "new", &options).unwrap_err();
            assert!(matches!(error, WriteError::Immutable(_)), "{error}");
        }
        assert_eq!((text(&path).as_str(), names(directory.path()).len()), ("old", 1));
    }
}

fn a_directory_another_novamend_holds_is_refused_until_it_is_let_go() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "old");
    let lock = file(directory.path(), ".novamend-lock-0.tmp", "");
    fs::set_permissions(&lock, fs::Permissions::from_mode(0o600)).unwrap();
    let holder = fs::File::open(&lock).unwrap();
    rustix::fs::flock(&holder, FlockOperation::LockExclusive).unwrap();
    let error = replace(&path, "new", &BACKUP).unwrap_err();
    assert!(matches!(error, WriteError::Locked { .. }), "{error}");
    let own = format!("process {}, ", std::process::id());
    assert!(error.to_string().contains(&own), "{error}");
    assert!(matches!(undo(&path, &BACKUP), Err(WriteError::Locked { .. })));
    assert_eq!((text(&path).as_str(), names(directory.path()).len()), ("old", 2));
    drop(holder);
    replace(&path, "new", &BACKUP).unwrap();
    assert!(!lock.exists());
}

fn nobody_who_may_only_read_holds_a_write_up() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "old");
    let readers = [directory.path(), &path].map(|path| fs::File::open(path).unwrap());
    for reader in &readers {
        rustix::fs::flock(reader, FlockOperation::LockExclusive).unwrap();
    }
    replace(&path, "new", &BACKUP).unwrap();
    undo(&path, &BACKUP).unwrap();
    assert_eq!(text(&path), "old");
}

fn what_somebody_else_put_under_the_name_of_the_lock_is_passed_by() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "old");
    let at = |number: u32| directory.path().join(format!(".novamend-lock-{number}.tmp"));
    fs::create_dir(at(0)).unwrap();
    symlink("nova.conf", at(1)).unwrap();
    assert!(run("mkfifo", &[at(2).as_os_str()]));
    fs::write(at(3), "open to all").unwrap();
    fs::set_permissions(at(3), fs::Permissions::from_mode(0o666)).unwrap();
    replace(&path, "new", &NO_BACKUP).unwrap();
    assert_eq!((text(&path).as_str(), text(&at(3)).as_str()), ("new", "open to all"));
    need_root("giving files away");
    fs::write(at(4), ".novamend-1-0.tmp\n").unwrap();
    fs::set_permissions(at(4), fs::Permissions::from_mode(0o600)).unwrap();
    give_to_nobody(&at(4));
    let holder = fs::File::open(at(4)).unwrap();
    rustix::fs::flock(&holder, FlockOperation::LockExclusive).unwrap();
    file(directory.path(), ".novamend-1-0.tmp", "not ours");
    let before = names(directory.path());
    replace(&path, "newer", &NO_BACKUP).unwrap();
    assert_eq!(names(directory.path()), before);
    assert_eq!((text(&path).as_str(), text(&at(3)).as_str()), ("newer", "open to all"));
}

fn root_follows_no_link_that_a_user_made_to_what_is_not_that_users() {
    need_root("giving files away");
    let directory = directory();
    let real = directory.path().join("real");
    fs::create_dir(&real).unwrap();
    let target = file(&real, "nova.conf", "old");
    let (link, way) = (directory.path().join("link.conf"), directory.path().join("way"));
    symlink("real/nova.conf", &link).unwrap();
    symlink("real", &way).unwrap();
    for link in [&link, &way] {
        std::os::unix::fs::lchown(link, Some(NOBODY), None).unwrap();
    }
    for path in [link.clone(), way.join("nova.conf")] {
        let error = replace(&path, "new", &BACKUP).unwrap_err();
        assert!(
            matches!(
                error,
                WriteError::PlantedLink {
                    maker: NOBODY,
                    owner: 0,
                    ..
                }
            ),
            "{error}"
        );
        assert!(matches!(undo(&path, &BACKUP), Err(WriteError::PlantedLink { .. })));
    }
    assert_eq!((text(&target).as_str(), names(&real).len()), ("old", 1));
    // To what is that user's own it may lead.
    give_to_nobody(&target);
    replace(&link, "new", &NO_BACKUP).unwrap();
    assert_eq!(text(&target), "new");
}

fn an_ordinary_user_who_cannot_keep_owner_or_group_is_refused() {
    need_root("another user");
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "old");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    assert!(write_as_nobody(&path).contains("the owner of"));
    give_to_nobody(&path);
    chown(&path, None, Some(4321)).unwrap();
    assert!(write_as_nobody(&path).contains("the group of"));
    assert_eq!((text(&path).as_str(), names(directory.path()).len()), ("old", 1));
    give_to_nobody(&path);
    assert_eq!(write_as_nobody(&path), "written");
    assert_eq!((text(&path).as_str(), names(directory.path()).len()), ("new", 2));
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    what_is_no_regular_file_is_refused_by_its_kind,
    links_that_lead_nowhere_or_in_a_circle_are_refused,
    a_hard_linked_file_is_refused,
    a_file_that_changed_since_it_was_read_is_refused,
    a_file_named_twice_is_refused,
    a_change_that_changes_nothing_is_not_written,
    an_immutable_file_is_refused,
    a_directory_another_novamend_holds_is_refused_until_it_is_let_go,
    nobody_who_may_only_read_holds_a_write_up,
    what_somebody_else_put_under_the_name_of_the_lock_is_passed_by,
    root_follows_no_link_that_a_user_made_to_what_is_not_that_users,
    an_ordinary_user_who_cannot_keep_owner_or_group_is_refused,
];
