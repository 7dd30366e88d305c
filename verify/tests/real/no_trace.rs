//! Nothing is left of a run: not after its end, not after Ctrl-C, and not after any of its processes was killed at any moment.
//!
//! The runs happen in namespaces made for this test alone, so that every process, mount, socket and file that is new is theirs.
//! `NOVAMEND_KILLS` says how many are killed (default 100).

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, wait};

use crate::ground::{Ground, NOBODY, alone, below, has_kvm, in_namespaces};
use crate::snapshot::Snapshot;

const PAUSE: &str = "live_migration_timeout_action = force_complete";

#[test]
fn nothing_is_left_of_killed_runs() {
    let Some(_machine) = alone() else { return };
    let script =
        "ip link set lo up 2>/dev/null; exec \"$0\" --ignored --exact no_trace::inside_of_namespaces --nocapture";
    in_namespaces(script);
}

/// Not a test by itself: what the test above does in its namespaces, as their PID 1.
#[test]
#[ignore = "run by the test above in namespaces of their own"]
fn inside_of_namespaces() {
    if std::env::var_os("NOVAMEND_TEST_INSIDE").is_none() {
        return;
    }
    let kills = std::env::var("NOVAMEND_KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(100);
    let ground = Ground::new(PAUSE, "root");
    let mut chance = Chance::new();
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
    scene.run("a whole run", "--emulate --action all", None, |_| None);
    scene.run("a whole run of a user", "--emulate --action all", Some(NOBODY), |_| {
        None
    });
    scene.run("an error", "--emulate --to nowhere", None, |_| None);
    for (name, signal) in [
        ("Ctrl-C", Signal::INT),
        ("a termination", Signal::TERM),
        ("a hang-up", Signal::HUP),
        // how a panic ends that cannot unwind
        ("an abort", Signal::ABORT),
    ] {
        scene.run(name, "--emulate --action all", None, |tool| {
            wait_for(Duration::from_millis(900));
            let _ = kill_process(pid(tool.id()), signal);
            None
        });
    }
    let kvm = has_kvm();
    for number in 0..kills {
        let uid = (number % 3 == 2).then_some(NOBODY);
        let words = if kvm && number % 3 == 1 {
            "--action all"
        } else {
            "--action all --emulate"
        };
        scene.run(&format!("kill {number}"), words, uid, |tool| {
            kill_one(tool, &mut chance)
        });
    }
    eprintln!(
        "{kills} kills, 0 differences, the slowest gone after {} ms",
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
fn kill_one(tool: &Child, chance: &mut Chance) -> Option<String> {
    wait_for(Duration::from_millis(chance.below(4500)));
    let mut victims: Vec<(i32, String)> = below(tool.id())
        .into_iter()
        .map(|process| (process.pid, process.arguments.join(" ")))
        .collect();
    // the tool itself three times as often: nobody is left to clean up after it
    victims.extend((0..3).map(|_| (tool.id().cast_signed(), "the tool".to_owned())));
    let (victim, name) = victims.swap_remove(chance.below(victims.len() as u64) as usize);
    let _ = kill_process(Pid::from_raw(victim)?, Signal::KILL);
    Some(format!("killed {name}"))
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(id.cast_signed()).unwrap()
}

fn wait_for(time: Duration) {
    std::thread::sleep(time);
}

/// Numbers by chance; the seed is told so that a failure can be looked into.
struct Chance(u64);

impl Chance {
    fn new() -> Self {
        let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
        eprintln!("seed {seed}");
        Self(seed)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}
