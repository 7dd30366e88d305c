//! What a written file and its backup keep.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

use crate::ground::{
    BACKUP, IN_PLACE, Mount, NO_BACKUP, attributes, directory, file, names, need_root, replace, skip, text,
};
use crate::harness::{Test, tests};

fn like(path: &Path) -> (u32, u32, u32, Vec<(String, Vec<u8>)>) {
    let metadata = fs::metadata(path).unwrap();
    (metadata.uid(), metadata.gid(), metadata.mode(), attributes(path))
}

/// `user::rw-, user:1000:r--, group::r--, mask::r--, other::---` as the kernel takes it.
fn acl() -> Vec<u8> {
    let entries: [(u16, u16, u32); 5] = [
        (0x01, 6, u32::MAX),
        (0x02, 4, 1000),
        (0x04, 4, u32::MAX),
        (0x10, 4, u32::MAX),
        (0x20, 0, u32::MAX),
    ];
    let mut bytes = 2_u32.to_le_bytes().to_vec();
    for (tag, permission, id) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(permission.to_le_bytes());
        bytes.extend(id.to_le_bytes());
    }
    bytes
}

fn the_text_is_replaced_and_the_old_one_kept_under_a_name_nova_does_not_read() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "old");
    let written = replace(&path, "new", &BACKUP).unwrap();
    let backup = written.backup.unwrap();
    assert_eq!((text(&path).as_str(), text(&backup).as_str()), ("new", "old"));
    assert!(!written.in_place);
    let backup = backup.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(backup.starts_with("nova.conf.novamend-2") && !backup.ends_with(".conf"));
    assert_eq!(names(directory.path()), ["nova.conf".to_owned(), backup]);
}

fn without_a_backup_nothing_else_is_there() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "old");
    assert_eq!(replace(&path, "new", &NO_BACKUP).unwrap().backup, None);
    assert_eq!((text(&path).as_str(), names(directory.path()).len()), ("new", 1));
}

fn backups_of_one_second_have_names_of_their_own_in_order() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "0");
    let mut backups = Vec::new();
    for number in 1..=12 {
        backups.push(replace(&path, &number.to_string(), &BACKUP).unwrap().backup.unwrap());
    }
    for (number, backup) in backups.iter().enumerate() {
        assert_eq!(text(backup), number.to_string());
    }
    assert_eq!(names(directory.path()).len(), 13);
}

fn mode_is_kept() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "old");
    for mode in [0o600, 0o640, 0o644, 0o2640, 0o400] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let before = like(&path);
        let old = text(&path);
        let written = replace(&path, &format!("{old}x"), &BACKUP).unwrap();
        assert_eq!(before, like(&path), "{mode:o}");
        assert_eq!(before, like(&written.backup.unwrap()), "{mode:o}");
    }
}

fn owner_and_group_are_kept() {
    need_root("giving files away");
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "old");
    for options in [BACKUP, IN_PLACE] {
        chown(&path, Some(1234), Some(4321)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o2640)).unwrap();
        let (before, old) = (like(&path), text(&path));
        let written = replace(&path, &format!("{old}x"), &options).unwrap();
        assert_eq!(before, like(&path));
        assert_eq!(before, like(&written.backup.unwrap()));
        assert_eq!((before.0, before.1, before.2), (1234, 4321, 0o102_640));
    }
}

fn acl_label_and_other_attributes_are_kept() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "old");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let acl = acl();
    let wanted: [(&str, &[u8]); 5] = [
        ("user.note", b"kept"),
        ("user.empty", b""),
        ("trusted.note", b"kept too"),
        ("security.selinux", b"system_u:object_r:etc_t:s0\0"),
        ("system.posix_acl_access", &acl),
    ];
    let refused = wanted.map(|(name, value)| {
        let error = xattr::set(&path, name, value).err()?;
        Some(format!("`{name}` cannot be set here: {error}"))
    });
    let before = like(&path);
    let written = replace(&path, "new", &BACKUP).unwrap();
    assert_eq!(before, like(&path));
    assert_eq!(before, like(&written.backup.unwrap()));
    if let Some(why) = refused.into_iter().flatten().next() {
        skip(&why);
    }
}

fn an_acl_the_directory_hands_down_is_not_taken_on() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "old");
    if let Err(error) = xattr::set(directory.path(), "system.posix_acl_default", &acl()) {
        skip(&format!("no default ACL here: {error}"));
    }
    let before = like(&path);
    let written = replace(&path, "new", &BACKUP).unwrap();
    assert_eq!(before, like(&path));
    assert_eq!(before, like(&written.backup.unwrap()));
}

fn links_stay_links_and_the_file_they_lead_to_is_written() {
    let directory = directory();
    let real = directory.path().join("real");
    fs::create_dir(&real).unwrap();
    let target = file(&real, "target.conf", "old");
    symlink("real", directory.path().join("way")).unwrap();
    symlink("way/target.conf", directory.path().join("second")).unwrap();
    let path = directory.path().join("nova.conf");
    symlink(directory.path().join("second"), &path).unwrap();
    let written = replace(&path, "new", &BACKUP).unwrap();
    assert_eq!((text(&target).as_str(), &written.path), ("new", &path));
    assert_eq!(written.target, target.canonicalize().unwrap());
    assert!(path.is_symlink() && directory.path().join("second").is_symlink());
    assert_eq!(names(directory.path()), ["nova.conf", "real", "second", "way"]);
    assert_eq!(names(&real).len(), 2);
}

fn a_hard_linked_file_is_written_in_place_when_asked() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", "the old and longer text");
    let other = directory.path().join("other.conf");
    fs::hard_link(&path, &other).unwrap();
    let written = replace(&path, "new", &IN_PLACE).unwrap();
    assert!(written.in_place);
    assert_eq!((text(&path).as_str(), text(&other).as_str()), ("new", "new"));
    assert_eq!(text(&written.backup.unwrap()), "the old and longer text");
    let quiet = crate::ground::NO_BACKUP;
    let options = novamend::write::Options {
        in_place: true,
        ..quiet
    };
    assert_eq!(
        replace(&path, "a text that is longer again", &options).unwrap().backup,
        None
    );
    assert_eq!(
        (text(&other).as_str(), names(directory.path()).len()),
        ("a text that is longer again", 3)
    );
}

fn a_file_mounted_by_itself_is_written_in_place_when_asked() {
    need_root("mounting a file");
    let directory = directory();
    let outside = file(directory.path(), "outside.conf", "old");
    let inside = directory.path().join("container");
    fs::create_dir(&inside).unwrap();
    let path = file(&inside, "nova.conf", "");
    let _mount = Mount::bind(&outside, &path);
    let refused = replace(&path, "new", &BACKUP).unwrap_err().to_string();
    assert!(
        refused.contains("mounted by itself") && refused.contains("--in-place"),
        "{refused}"
    );
    assert_eq!((text(&path).as_str(), names(&inside).len()), ("old", 1));
    let lost = replace(&path, "new", &IN_PLACE).unwrap_err().to_string();
    assert!(
        lost.contains("lost with the container") && lost.contains("--backup-dir"),
        "{lost}"
    );
    assert_eq!((text(&path).as_str(), names(&inside).len()), ("old", 1));
    let shelf = directory.path().join("shelf");
    fs::create_dir(&shelf).unwrap();
    let options = novamend::write::Options {
        backup_directory: Some(shelf.clone()),
        ..IN_PLACE
    };
    let written = replace(&path, "new", &options).unwrap();
    assert!(written.in_place && written.backup.unwrap().starts_with(&shelf));
    assert_eq!((text(&outside).as_str(), text(&path).as_str()), ("new", "new"));
    assert_eq!((names(&inside).len(), names(&shelf).len()), (1, 1));
    novamend::write::undo(&path, &options).unwrap();
    assert_eq!((text(&outside).as_str(), names(&shelf).len()), ("old", 1));
}

fn a_file_mounted_into_a_read_only_directory_is_written_with_its_backup_elsewhere() {
    need_root("mounting a file");
    let directory = directory();
    let outside = file(directory.path(), "outside.conf", "old");
    let [inside, shelf] = ["container", "shelf"].map(|name| directory.path().join(name));
    fs::create_dir(&inside).unwrap();
    fs::create_dir(&shelf).unwrap();
    let layer = Mount::tmpfs(&inside, "size=1m");
    let path = file(&inside, "nova.conf", "");
    layer.make_read_only();
    let _mount = Mount::bind(&outside, &path);
    let options = novamend::write::Options {
        backup_directory: Some(shelf.clone()),
        ..IN_PLACE
    };
    let written = replace(&path, "new", &options).unwrap();
    assert_eq!(
        (text(&outside).as_str(), text(&written.backup.unwrap()).as_str()),
        ("new", "old")
    );
    novamend::write::undo(&path, &options).unwrap();
    assert_eq!((text(&outside).as_str(), names(&shelf).len()), ("old", 1));
}

fn a_file_of_a_container_image_is_replaced_in_the_upper_layer() {
    need_root("an overlay");
    let (below, above) = (directory(), directory());
    let _own = Mount::tmpfs(above.path(), "size=1m");
    let [upper, work, on] = ["upper", "work", "on"].map(|name| above.path().join(name));
    for directory in [&upper, &work, &on] {
        fs::create_dir(directory).unwrap();
    }
    let image = file(below.path(), "nova.conf", "old");
    chown(&image, Some(1234), Some(4321)).unwrap();
    fs::set_permissions(&image, fs::Permissions::from_mode(0o640)).unwrap();
    let _overlay = Mount::overlay(below.path(), &upper, &work, &on);
    let path = on.join("nova.conf");
    let before = like(&path);
    let written = replace(&path, "new", &BACKUP).unwrap();
    assert_eq!((before, text(&path).as_str()), (like(&path), "new"));
    assert_eq!(
        (text(&written.backup.unwrap()).as_str(), text(&image).as_str()),
        ("old", "old")
    );
    novamend::write::undo(&path, &BACKUP).unwrap();
    assert_eq!((text(&path).as_str(), names(&on).len()), ("old", 2));
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    the_text_is_replaced_and_the_old_one_kept_under_a_name_nova_does_not_read,
    without_a_backup_nothing_else_is_there,
    backups_of_one_second_have_names_of_their_own_in_order,
    mode_is_kept,
    owner_and_group_are_kept,
    acl_label_and_other_attributes_are_kept,
    an_acl_the_directory_hands_down_is_not_taken_on,
    links_stay_links_and_the_file_they_lead_to_is_written,
    a_hard_linked_file_is_written_in_place_when_asked,
    a_file_mounted_by_itself_is_written_in_place_when_asked,
    a_file_mounted_into_a_read_only_directory_is_written_with_its_backup_elsewhere,
    a_file_of_a_container_image_is_replaced_in_the_upper_layer,
];
