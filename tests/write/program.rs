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

/// The lines of `text` from which `word` is cut off, and what is behind them.
fn after<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    text.lines().filter_map(|line| line.strip_prefix(word)).collect()
}

/// Writes a fleet that has a file with a second name among those of its second batch.
fn a_later_batch_fails(limit: &str, path_of: impl Fn(usize) -> String, count: usize) {
    let ground = directory();
    let paths: Vec<String> = (0..count).map(&path_of).collect();
    for path in &paths {
        fs::create_dir_all(ground.path().join(path).parent().unwrap()).unwrap();
        file(ground.path(), path, OLD);
    }
    let failing = ground.path().join(&paths[count - 2]);
    fs::hard_link(&failing, ground.path().join("linked")).unwrap();
    let fix = || {
        let words = FIX[..FIX.len() - 1].join(" ");
        let shell = format!("{limit} exec '{}' {words} .", env!("CARGO_BIN_EXE_novamend"));
        let mut command = Command::new("sh");
        command
            .args(["-c", &shell])
            .current_dir(ground.path())
            .output()
            .unwrap()
    };
    let output = fix();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("has 2 hard links") && !said.contains("nothing was changed"),
        "{said}"
    );
    let is_new = |path: &&String| text(&ground.path().join(path)) == NEW;
    let written = paths.iter().take_while(is_new).count();
    assert!(0 < written && written < count - 2, "{written}");
    assert_eq!(
        paths.iter().filter(is_new).count(),
        written,
        "the first ones, and no others"
    );
    // Each is named in the message and in the report, and nothing else is.
    let named: Vec<String> = paths[..written].iter().map(|path| format!("./{path}")).collect();
    assert_eq!(after(&said, "  "), named, "{said}");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(after(&printed, "wrote ").len(), written, "{printed}");
    let undo: Vec<&str> = ["undo", "--no-backup"].into_iter().chain(after(&said, "  ")).collect();
    let output = novamend(ground.path(), &undo, Stdio::null());
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(paths.iter().all(|path| text(&ground.path().join(path)) == OLD));
    fs::remove_file(ground.path().join("linked")).unwrap();
    let output = fix();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(paths.iter().all(|path| is_new(&path)));
}

fn a_fleet_is_written_in_batches_and_what_was_written_is_named_when_a_later_one_fails() {
    a_later_batch_fails("", |number| format!("{number:03}.conf"), 150);
}

fn batches_are_as_small_as_the_number_of_open_files_demands() {
    a_later_batch_fails("ulimit -n 64;", |number| format!("{number:03}/nova.conf"), 60);
}

fn one_file_that_must_not_be_written_keeps_a_fleet_from_being_written() {
    let ground = directory();
    for number in 0..250 {
        file(ground.path(), &format!("{number:03}.conf"), OLD);
    }
    let broken = file(
        ground.path(),
        "240.conf",
        "[libvirt]\n  live_migration_progress_timeout = 0\n",
    );
    let output = novamend(ground.path(), &[&FIX[..FIX.len() - 1], &["."]].concat(), Stdio::piped());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("nothing was written: not written: ./240.conf"), "{said}");
    assert!((0..250).all(|number| number == 240 || text(&ground.path().join(format!("{number:03}.conf"))) == OLD));
    let printed = String::from_utf8_lossy(&output.stdout);
    // All are shown all the same, in their order.
    let shown = after(&printed, "--- ./");
    assert!(shown.len() == 249 && shown.is_sorted(), "{}", shown.len());
    fs::remove_file(broken).unwrap();
    assert_eq!(names(ground.path()).len(), 249);
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    what_was_written_is_said_where_standard_output_is_full,
    what_was_written_is_said_where_the_reader_is_gone,
    a_baseline_makes_no_file_at_the_end_of_a_link_and_holds_no_name_an_option_cannot_have,
    undo_takes_the_backup_that_is_named,
    more_files_than_may_be_open_at_once_are_written_and_brought_back,
    files_in_more_directories_than_may_be_open_at_once_are_brought_back,
    a_fleet_is_written_in_batches_and_what_was_written_is_named_when_a_later_one_fails,
    batches_are_as_small_as_the_number_of_open_files_demands,
    one_file_that_must_not_be_written_keeps_a_fleet_from_being_written,
];
