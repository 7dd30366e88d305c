//! What the program says of what it wrote, also where nobody can read its results, and what it never writes.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::ground::{BACKUP, directory, file, names, replace, text};
use crate::harness::{Test, tests};

const OLD: &str = "[libvirt]\nlive_migration_progress_timeout = 0\n";
const NEW: &str = "[libvirt]\n";
const FIX: [&str; 8] = [
    "fix",
    "--from=rocky",
    "--to=stein",
    "--when=upgrade",
    "--write",
    "--fail-on",
    "never",
    "nova.conf",
];

fn novamend(at: &Path, arguments: &[&str], out: impl Into<Stdio>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_novamend"));
    command.args(arguments).current_dir(at).stdin(Stdio::null()).stdout(out);
    command.stderr(Stdio::piped()).output().unwrap()
}

fn full() -> fs::File {
    fs::File::options().write(true).open("/dev/full").unwrap()
}

fn what_was_written_is_said_where_standard_output_is_full() {
    let ground = directory();
    let path = file(ground.path(), "nova.conf", OLD);
    for (arguments, after, word) in [
        (&FIX[..], NEW, "wrote "),
        (&["undo", "nova.conf"], OLD, "restored from"),
    ] {
        let output = novamend(ground.path(), arguments, full());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert_eq!(text(&path), after);
        let is_named = said
            .lines()
            .any(|line| line.contains(word) && line.contains("nova.conf.novamend-"));
        assert!(is_named && said.contains("could not be written"), "{said}");
    }
    let output = novamend(
        ground.path(),
        &["check", "--from=rocky", "--to=stein", "--write-ignores", "nova.conf"],
        full(),
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("to novamend.toml") && ground.path().join("novamend.toml").exists(),
        "{said}"
    );
}

fn what_was_written_is_said_where_the_reader_is_gone() {
    let ground = directory();
    let path = file(ground.path(), "nova.conf", OLD);
    for (arguments, after) in [(&FIX[..], NEW), (&["undo", "nova.conf"], OLD)] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = novamend(ground.path(), arguments, writer);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert_eq!(text(&path), after);
        assert!(said.contains("nova.conf.novamend-"), "{said}");
    }
}

fn a_baseline_makes_no_file_at_the_end_of_a_link_and_holds_no_name_an_option_cannot_have() {
    let ground = directory();
    let evil = "[libvirt]\nlive_migration_progress_timeout = 0\nfoo$(touch /tmp/x) = 1\n";
    file(ground.path(), "nova.conf", evil);
    symlink("script.sh", ground.path().join("novamend.toml")).unwrap();
    let check = ["check", "--from=rocky", "--to=stein", "--write-ignores", "nova.conf"];
    for more in [&[][..], &["--settings=novamend.toml"]] {
        let output = novamend(ground.path(), &[&check, more].concat(), Stdio::null());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert_eq!(names(ground.path()), ["nova.conf", "novamend.toml"], "{said}");
    }
    fs::remove_file(ground.path().join("novamend.toml")).unwrap();
    let output = novamend(ground.path(), &check, Stdio::null());
    let said = String::from_utf8_lossy(&output.stderr);
    let written = text(&ground.path().join("novamend.toml"));
    assert!(
        written.contains("live_migration_progress_timeout") && !written.contains('$'),
        "{written}"
    );
    // What could not be listed is still found.
    assert!(
        output.status.code() == Some(1) && said.contains("not added: 1 finding"),
        "{said}"
    );
}

fn undo_takes_the_backup_that_is_named() {
    let ground = directory();
    let path = file(ground.path(), "nova.conf", OLD);
    let kept = file(ground.path(), "kept.by.hand", NEW);
    for (arguments, code) in [
        (&["undo", "--backup", "kept.by.hand", "nova.conf", "other.conf"][..], 2),
        (&["undo", "--backup", "kept.by.hand", "--no-backup", "nova.conf"], 2),
        (&["undo", "--backup", "kept.by.hand", "nova.conf"], 0),
    ] {
        let output = novamend(ground.path(), arguments, Stdio::null());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert_eq!(text(&path), if code == 0 { NEW } else { OLD });
    }
    assert_eq!((text(&kept).as_str(), names(ground.path()).len()), (NEW, 3));
}

fn more_files_than_may_be_open_at_once_are_written_and_brought_back() {
    let ground = directory();
    for number in 0..300 {
        file(ground.path(), &format!("{number}.conf"), OLD);
    }
    let fix = format!("{} .", FIX[..FIX.len() - 1].join(" "));
    for (words, after) in [(fix.as_str(), NEW), ("undo *.conf", OLD)] {
        let shell = format!("ulimit -n 64; exec '{}' {words}", env!("CARGO_BIN_EXE_novamend"));
        let mut command = Command::new("sh");
        command.args(["-c", &shell]).current_dir(ground.path());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!((0..300).all(|number| text(&ground.path().join(format!("{number}.conf"))) == after));
        assert_eq!(names(ground.path()).len(), 600);
    }
}

fn files_in_more_directories_than_may_be_open_at_once_are_brought_back() {
    let ground = directory();
    for number in 0..100 {
        let own = ground.path().join(number.to_string());
        fs::create_dir(&own).unwrap();
        let path = file(&own, "nova.conf", OLD);
        replace(&path, NEW, &BACKUP).unwrap();
    }
    let shell = format!(
        "ulimit -n 64; exec '{}' undo */nova.conf",
        env!("CARGO_BIN_EXE_novamend")
    );
    let mut command = Command::new("sh");
    command.args(["-c", &shell]).current_dir(ground.path());
    let output = command.output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!((0..100).all(|number| text(&ground.path().join(format!("{number}/nova.conf"))) == OLD));
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    what_was_written_is_said_where_standard_output_is_full,
    what_was_written_is_said_where_the_reader_is_gone,
    a_baseline_makes_no_file_at_the_end_of_a_link_and_holds_no_name_an_option_cannot_have,
    undo_takes_the_backup_that_is_named,
    more_files_than_may_be_open_at_once_are_written_and_brought_back,
    files_in_more_directories_than_may_be_open_at_once_are_brought_back,
];
