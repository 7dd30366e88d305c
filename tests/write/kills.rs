//! Kills at random moments: the file is always one of the texts it had, whole, and no former text is lost.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use novamend::write::undo;

use crate::chance::chance;
use crate::ground::{IN_PLACE, NO_BACKUP, child, directory, file, names, replace, text};
use crate::harness::{Test, tests};
use crate::other::{VERSIONS, version};

const KILLS: usize = 200;
const KILLS_IN_PLACE: usize = 100;

fn version_of(text: &str) -> Option<usize> {
    (0..=VERSIONS).find(|&number| text == version(number))
}

/// Starts the child and waits until it is about to write.
fn start(work: &str, path: &Path) -> Child {
    let mut child = child(work, path, None);
    let output = BufReader::new(child.stdout.as_mut().unwrap());
    let ready = output.lines().map_while(Result::ok).any(|line| line == "ready");
    assert!(ready, "the child did not start");
    child
}

/// Spins, as only a moment without a pattern is wanted.
fn kill_after(mut child: Child, delay: Duration) {
    let start = Instant::now();
    while start.elapsed() < delay {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// How long the child takes when nobody kills it.
fn whole_run(work: &str, path: &Path) -> Duration {
    let mut child = start(work, path);
    let start = Instant::now();
    assert!(child.wait().unwrap().success());
    start.elapsed()
}

fn clear(directory: &Path, keep: &[&str]) {
    for name in names(directory) {
        if !keep.contains(&name.as_str()) {
            fs::remove_file(directory.join(name)).unwrap();
        }
    }
}

fn backups(directory: &Path) -> Vec<String> {
    let mut found = names(directory);
    found.retain(|name| name.starts_with("nova.conf.novamend-"));
    found
}

fn after_a_kill_the_file_is_whole_and_every_former_text_has_its_backup() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", &version(0));
    let span = whole_run("versions", &path);
    let (mut chance, mut interrupted, mut left) = (chance(), 0, 0);
    for kill in 0..KILLS {
        clear(directory.path(), &[]);
        file(directory.path(), "nova.conf", &version(0));
        kill_after(start("versions", &path), span.mul_f64(chance.f64()));
        let now = version_of(&text(&path)).unwrap_or_else(|| panic!("kill {kill}: the file is a mixture"));
        let kept: BTreeSet<usize> = backups(directory.path())
            .iter()
            .map(|name| version_of(&text(&directory.path().join(name))).expect("a backup is a mixture"))
            .collect();
        assert!(
            (0..now).all(|former| kept.contains(&former)),
            "kill {kill}: {now}, but {kept:?}"
        );
        for name in names(directory.path()) {
            let is_known = name == "nova.conf" || name.starts_with("nova.conf.novamend-") || name.ends_with(".tmp");
            assert!(
                is_known && (name == "nova.conf" || !name.ends_with(".conf")),
                "kill {kill}: {name}"
            );
            left += usize::from(name.ends_with(".tmp"));
        }
        interrupted += usize::from(now < VERSIONS);
        replace(&path, "the next run", &NO_BACKUP).unwrap();
        assert!(!names(directory.path()).iter().any(|name| name.ends_with(".tmp")));
    }
    println!("{KILLS} kills, {interrupted} in mid-run, {left} temporary files left and removed by the next run");
    assert!(
        interrupted > 0 && left > 0,
        "no kill came at a bad moment: the test proves nothing"
    );
}

fn after_a_kill_while_writing_in_place_the_newest_backup_is_whole_and_undo_brings_it_back() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", &version(0));
    let other = directory.path().join("other");
    fs::hard_link(&path, &other).unwrap();
    let span = whole_run("versions in place", &path);
    let (mut chance, mut mixed) = (chance(), 0);
    for kill in 0..KILLS_IN_PLACE {
        clear(directory.path(), &["nova.conf", "other"]);
        fs::write(&path, version(0)).unwrap();
        kill_after(start("versions in place", &path), span.mul_f64(chance.f64()));
        let kept = backups(directory.path());
        let kept: BTreeSet<usize> = kept
            .iter()
            .map(|name| version_of(&text(&directory.path().join(name))).expect("a backup is a mixture"))
            .collect();
        if let Some(now) = version_of(&text(&path)) {
            assert!(
                (0..now).all(|former| kept.contains(&former)),
                "kill {kill}: {now}, {kept:?}"
            );
        } else {
            mixed += 1;
            undo(&path, &IN_PLACE).unwrap();
            assert_eq!(version_of(&text(&path)), kept.last().copied(), "kill {kill}");
        }
        assert_eq!(text(&path), text(&other));
    }
    println!("{KILLS_IN_PLACE} kills, {mixed} left a mixture that undo fixed");
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    after_a_kill_the_file_is_whole_and_every_former_text_has_its_backup,
    after_a_kill_while_writing_in_place_the_newest_backup_is_whole_and_undo_brings_it_back,
];
