//! Kills at random moments: the file is always one of the texts it had, whole, and no former text is lost.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant, SystemTime};

use novamend::write::{Options, WriteError, undo, write_all};

use crate::ground::{BACKUP, IN_PLACE, NO_BACKUP, child, directory, file, names, planned, replace, text};

/// How often one counting child counts.
pub(crate) const COUNTED: usize = 25;
/// How many texts the child writes, one after the other.
const VERSIONS: usize = 8;
const KILLS: usize = 200;
const KILLS_IN_PLACE: usize = 100;

/// A text that tells its number on every line, so that no part of another one can hide in it.
fn version(number: usize) -> String {
    format!("version = {number}\n").repeat(12_000 + 500 * number)
}

fn version_of(text: &str) -> Option<usize> {
    (0..=VERSIONS).find(|&number| text == version(number))
}

#[test]
#[ignore = "the other process of the tests in this file, which run it"]
fn other_process() {
    let (Ok(work), Some(path)) = (
        std::env::var("NOVAMEND_TEST_WORK"),
        std::env::var_os("NOVAMEND_TEST_PATH"),
    ) else {
        return;
    };
    let path = PathBuf::from(path);
    match work.as_str() {
        "replace" => {
            let before = fs::read(&path).unwrap_or_default();
            let mut plan = planned(&path, "", "new");
            plan.before = Some(before);
            match write_all(&[plan], &BACKUP) {
                Ok(_) => println!("\noutcome: written"),
                Err(error) => println!("\noutcome: {error}"),
            }
        }
        "count" => count(&path),
        "versions" => write_versions(&path, &BACKUP),
        "versions in place" => write_versions(&path, &IN_PLACE),
        "report" => {
            // So that the calls that follow are counted beyond those of the main thread.
            for _ in 0..100 {
                fs::write("/dev/null", "x").unwrap();
            }
            let document = |end: &str, text: &str| {
                let path = PathBuf::from(format!("{}.{end}", path.display()));
                novamend::write::document(&path, text.into(), "a report", |_| true)
            };
            let files = document("html", "page").and_then(|page| Ok([page, document("json", "{\"kind\": 1}")?]));
            match files.and_then(|files| write_all(&files, &NO_BACKUP)) {
                Ok(_) => println!("\nwrote both"),
                Err(error) => {
                    println!("\n{}", error.with_state());
                    std::process::exit(2);
                }
            }
        }
        other => panic!("no such work: {other}"),
    }
}

fn write_versions(path: &Path, options: &Options) {
    println!("\nready");
    for number in 1..=VERSIONS {
        replace(path, &version(number), options).unwrap();
    }
}

fn count(path: &Path) {
    let mut counted = 0;
    while counted < COUNTED {
        let before = text(path);
        let after = (before.parse::<usize>().unwrap() + 1).to_string();
        match write_all(&[planned(path, &before, &after)], &NO_BACKUP) {
            Ok(_) => counted += 1,
            Err(WriteError::Locked { .. } | WriteError::Changed(_)) => std::thread::yield_now(),
            Err(other) => panic!("{other}"),
        }
    }
}

/// Starts the child and waits until it is about to write.
fn start(work: &str, path: &Path) -> Child {
    let mut child = child(work, path, None);
    let output = BufReader::new(child.stdout.as_mut().unwrap());
    let ready = output.lines().map_while(Result::ok).any(|line| line == "ready");
    assert!(ready, "the child did not start");
    child
}

/// Numbers without a pattern; the seed is told when a test fails.
struct Random(u64);

impl Random {
    fn new() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let seed = now.as_nanos() as u64 | 1;
        eprintln!("seed {seed}");
        Self(seed)
    }

    fn below(&mut self, limit: Duration) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        limit.mul_f64((self.0 >> 11) as f64 / (1_u64 << 53) as f64)
    }
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

#[test]
fn after_a_kill_the_file_is_whole_and_every_former_text_has_its_backup() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", &version(0));
    let span = whole_run("versions", &path);
    let (mut random, mut interrupted, mut left) = (Random::new(), 0, 0);
    for kill in 0..KILLS {
        clear(directory.path(), &[]);
        file(directory.path(), "nova.conf", &version(0));
        kill_after(start("versions", &path), random.below(span));
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

#[test]
fn after_a_kill_while_writing_in_place_the_newest_backup_is_whole_and_undo_brings_it_back() {
    let directory = directory();
    let path = file(directory.path(), "nova.conf", &version(0));
    let other = directory.path().join("other");
    fs::hard_link(&path, &other).unwrap();
    let span = whole_run("versions in place", &path);
    let (mut random, mut mixed) = (Random::new(), 0);
    for kill in 0..KILLS_IN_PLACE {
        clear(directory.path(), &["nova.conf", "other"]);
        fs::write(&path, version(0)).unwrap();
        kill_after(start("versions in place", &path), random.below(span));
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
    println!("{KILLS_IN_PLACE} kills, {mixed} left a mixture that undo mended");
}
