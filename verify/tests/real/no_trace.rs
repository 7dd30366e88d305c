//! Nothing is left of a run: not after its end, not after Ctrl-C, and not after any of its processes was killed at any moment.
//!
//! The runs happen in two sets of namespaces made for this test alone, side by side, so that every process, mount, socket and file that is new is theirs.
//! `NOVAMEND_KILLS` says how many are killed.

use std::ops::Range;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, wait};

use crate::chance::chance;
use crate::ground::{Ground, NOBODY, below, has_kvm, in_namespaces, need_real};
use crate::harness::{Test, tests};
use crate::snapshot::Snapshot;

/// How many runs are killed where `NOVAMEND_KILLS` does not say it.
const KILLS: usize = 100;
/// How many runs end otherwise.
const OTHER_ENDS: usize = 7;
const PAUSE: &str = "live_migration_timeout_action = force_complete";

/// The first argument of this program as PID 1 of its namespaces; which runs are to be killed follows.
pub(crate) const INSIDE: &str = "inside-of-namespaces";

fn nothing_is_left_of_killed_runs() {
    need_real();
    let kills = std::env::var("NOVAMEND_KILLS").map_or(KILLS, |text| text.parse().expect("a number of kills"));
    // those of the first half come after the other ends, and so are fewer
    let half = kills.saturating_sub(OTHER_ENDS) / 2;
    thread::scope(|scope| {
        for range in [0..half, half..kills] {
            scope.spawn(move || {
                let (start, end) = (range.start, range.end);
                in_namespaces(&format!(
                    "ip link set lo up 2>/dev/null; exec \"$0\" {INSIDE} {start} {end}"
                ));
            });
        }
    });
}

/// What the test does in its namespaces, as their PID 1; the other ends of a run belong to the first half.
pub(crate) fn inside(kills: Range<usize>) {
    let ground = Ground::new(PAUSE, "root");
    let mut scene = Scene {
        ground: &ground,
        before: Snapshot::take(),
        slowest: Duration::ZERO,
    };
    assert!(
        scene.before.len() > 500,
        "{} things are too few to be everything",
        scene.before.len()
    );
    sees_what_is_left(&scene.before);
    if kills.start == 0 {
        scene.end_otherwise();
    }
    let (kvm, mut chance) = (has_kvm(), chance());
    for number in kills.clone() {
        let uid = (number % 3 == 2).then_some(NOBODY);
        let words = if number % 10 == 4 {
            "--cut=reset,source_daemon --yes-cut-the-test-guest"
        } else if kvm && number % 3 == 1 {
            "--action all"
        } else {
            "--action all --emulate"
        };
        scene.run(&format!("kill {number}"), words, uid, |tool| {
            kill_one(tool, &mut chance)
        });
    }
    eprintln!(
        "{} kills, 0 differences, the slowest gone after {} ms",
        kills.len(),
        scene.slowest.as_millis()
    );
}

/// A snapshot that sees nothing would find no difference either.
fn sees_what_is_left(before: &Snapshot) {
    let mut process = Command::new("sleep").arg("100").spawn().unwrap();
    let socket = std::os::unix::net::UnixListener::bind("/run/left.sock").unwrap();
    let mount = Command::new("mount")
        .args(["-t", "tmpfs", "left", "/dev/shm"])
        .status()
        .unwrap();
    assert!(mount.success());
    let seen = before.differences(&Snapshot::take()).join("\n");
    for kind in ["+ process", "+ socket", "+ file", "+ mount"] {
        assert!(seen.contains(kind), "{kind} was not seen: {seen}");
    }
    process.kill().unwrap();
    process.wait().unwrap();
    drop(socket);
    std::fs::remove_file("/run/left.sock").unwrap();
    assert!(Command::new("umount").arg("/dev/shm").status().unwrap().success());
    assert_eq!(before.differences(&Snapshot::take()), Vec::<String>::new());
}

struct Scene<'a> {
    ground: &'a Ground,
    before: Snapshot,
    slowest: Duration,
}

impl Scene<'_> {
    /// Runs that nobody kills: whole ones, an error, and signals.
    fn end_otherwise(&mut self) {
        self.run("a whole run", "--emulate --action all", None, |_| None);
        self.run("a whole run of a user", "--emulate --action all", Some(NOBODY), |_| {
            None
        });
        self.run("an error", "--emulate --to nowhere", None, |_| None);
        for (name, signal) in [
            ("Ctrl-C", Signal::INT),
            ("a termination", Signal::TERM),
            ("a hang-up", Signal::HUP),
            // how a panic ends that cannot unwind
            ("an abort", Signal::ABORT),
        ] {
            self.run(name, "--emulate --action all", None, |tool| {
                wait_for(Duration::from_millis(900));
                let _ = kill_process(pid(tool.id()), signal);
                None
            });
        }
    }

    /// Starts a run, disturbs it, and compares within a second of its end. What was done comes back for the message.
    fn run(&mut self, name: &str, words: &str, uid: Option<u32>, mut disturb: impl FnMut(&Child) -> Option<String>) {
        let mut command = self.ground.command(words, uid);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut tool = command.spawn().unwrap();
        let done = disturb(&tool).unwrap_or_default();
        tool.wait().unwrap();
        let ended = Instant::now();
        loop {
            while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {} // PID 1 reaps whatever lost its parent
            let now = Instant::now();
            let differences = self.before.differences(&Snapshot::take());
            if differences.is_empty() {
                self.slowest = self.slowest.max(now - ended);
                return;
            }
            assert!(
                now - ended < Duration::from_secs(1),
                "{name} ({words}; {done}) left:\n{}",
                differences.join("\n")
            );
        }
    }
}

/// Kills one process of the run at a moment by chance.
fn kill_one(tool: &Child, chance: &mut fastrand::Rng) -> Option<String> {
    wait_for(Duration::from_millis(chance.u64(..4500)));
    let mut victims: Vec<(i32, String)> = below(tool.id())
        .into_iter()
        .map(|process| (process.pid, process.arguments.join(" ")))
        .collect();
    // the tool itself three times as often: nobody is left to clean up after it
    victims.extend((0..3).map(|_| (tool.id().cast_signed(), "the tool".to_owned())));
    let (victim, name) = victims.swap_remove(chance.usize(..victims.len()));
    let _ = kill_process(Pid::from_raw(victim)?, Signal::KILL);
    Some(format!("killed {name}"))
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(id.cast_signed()).unwrap()
}

fn wait_for(time: Duration) {
    std::thread::sleep(time);
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![nothing_is_left_of_killed_runs,];
