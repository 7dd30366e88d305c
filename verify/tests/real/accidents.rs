//! Accidents are no verdicts: whatever is killed, and whatever runs out, the run says what it was and that nothing is known.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::broken_hosts::ended;
use crate::ground::{Ground, Process, Ran, below, need_real};
use crate::harness::{Test, skip_anywhere, tests};

const PAUSE: &str = "live_migration_timeout_action = force_complete";

fn has(process: &Process, word: &str) -> bool {
    process
        .arguments
        .iter()
        .any(|other| other == word || other.ends_with(word))
}

fn is_guest(process: &Process) -> bool {
    process
        .arguments
        .iter()
        .any(|word| word.starts_with("guest=novamend-probe"))
}

/// Whom to kill, and how the run names it.
type Victim = (fn(&Process) -> bool, &'static str);

const VICTIMS: [Victim; 7] = [
    (|process| is_guest(process) && has(process, "-incoming"), "QEMU on "),
    (
        |process| is_guest(process) && !has(process, "-incoming"),
        "QEMU on the source",
    ),
    (
        |process| has(process, "/a/daemon.conf"),
        "the libvirt daemon on the source",
    ),
    (
        |process| has(process, "/b/daemon.conf"),
        "the libvirt daemon on the destination",
    ),
    (|process| has(process, "worker"), "its worker"),
    (|process| has(process, "init"), "the first process inside"),
    (|process| has(process, "supervisor"), "its first process"),
];

/// Kills the victim so long after the destination's QEMU has come; false where the run was over before.
fn kill_after(child: &mut Child, victim: fn(&Process) -> bool, delay: Duration, signal: Signal) -> bool {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        assert!(Instant::now() < until, "the process to be killed never came");
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        let processes = below(child.id());
        if processes.iter().any(|process| has(process, "-incoming"))
            && let Some(victim) = processes.iter().find(|process| victim(process))
        {
            thread::sleep(delay); // which moment of the migration it is to be
            return kill_process(Pid::from_raw(victim.pid).unwrap(), signal).is_ok();
        }
        thread::sleep(Duration::from_millis(2));
    }
}

fn is_an_accident(ran: &Ran, who: &str) {
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.out.is_empty(), "no verdict: {ran:?}");
    assert!(ran.err.contains(who), "{who}: {ran:?}");
    assert!(ran.err.contains("nothing is known"), "{ran:?}");
}

fn a_process_that_is_killed_at_any_moment_of_a_migration_is_named_and_gives_no_verdict() {
    need_real();
    let ground = Ground::new(PAUSE, "root");
    for (victim, who) in VICTIMS {
        for delay in [0, 150, 450] {
            let mut child = ground.command("--emulate", None).spawn().unwrap();
            let killed = kill_after(&mut child, victim, Duration::from_millis(delay), Signal::KILL);
            let ran = ended(child);
            if killed && ran.code != Some(0) {
                is_an_accident(&ran, who);
                assert!(ran.err.contains("was killed (SIGKILL)"), "{ran:?}");
            } else {
                assert_eq!(ran.code, Some(0), "nothing was killed in time: {ran:?}");
            }
        }
    }
}

fn a_qemu_that_somebody_else_tells_to_end_is_no_failure_of_the_host() {
    need_real();
    let ground = Ground::new(PAUSE, "root");
    for (victim, _) in &VICTIMS[..2] {
        let mut child = ground.command("--emulate", None).spawn().unwrap();
        if kill_after(&mut child, *victim, Duration::from_millis(200), Signal::TERM) {
            is_an_accident(&ended(child), "nothing is known");
        }
    }
}

/// A cgroup of this test's own; it goes with this.
struct Cgroup(PathBuf);

impl Cgroup {
    /// With a limit; where this machine does not let one be made, the test is skipped.
    fn with(controller: &str, limits: [(&str, &str); 2]) -> Self {
        let name = format!("novamend-test-{}-{controller}", std::process::id());
        let roots = [
            (PathBuf::from("/sys/fs/cgroup"), limits[0]),
            (Path::new("/sys/fs/cgroup").join(controller), limits[1]),
        ];
        for (root, (file, value)) in roots {
            let own = root.join(&name);
            if fs::create_dir(&own).is_ok() {
                let own = Self(own);
                if own.0.join(file).exists() && fs::write(own.0.join(file), value).is_ok() {
                    return own;
                }
            }
        }
        skip_anywhere(&format!("no cgroup with a limit of {controller} can be made here"))
    }

    fn run(&self, ground: &Ground) -> Ran {
        let mut command = Command::new("sh");
        let script = "echo $$ > \"$GROUP/cgroup.procs\"; exec \"$0\" \"$@\"";
        command
            .args(["-c", script])
            .arg(&ground.program)
            .args(ground.arguments("--emulate"));
        command.env("GROUP", &self.0).stdin(std::process::Stdio::null());
        command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        ended(command.spawn().unwrap())
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let until = Instant::now() + Duration::from_secs(5);
        while fs::remove_dir(&self.0).is_err() && Instant::now() < until {
            thread::yield_now();
        }
    }
}

fn a_cgroup_without_enough_memory_gives_no_verdict() {
    need_real();
    let ground = Ground::new(PAUSE, "root");
    let mut out_of_memory = 0;
    for limit in ["20M", "40M", "70M", "100M", "130M"] {
        let group = Cgroup::with("memory", [("memory.max", limit), ("memory.limit_in_bytes", limit)]);
        let ran = group.run(&ground);
        match ran.code {
            Some(0) => {}
            // the kernel chose this program itself
            None => out_of_memory += 1,
            Some(code) => {
                assert_eq!((code, ran.out.as_str()), (2, ""), "{limit}: {ran:?}");
                out_of_memory += usize::from(ran.err.contains("out of memory"));
            }
        }
    }
    assert!(out_of_memory > 0, "no limit was too small");
}

fn a_cgroup_without_enough_processes_gives_no_verdict() {
    need_real();
    let ground = Ground::new(PAUSE, "root");
    for limit in ["3", "8", "15", "25", "40", "55"] {
        let group = Cgroup::with("pids", [("pids.max", limit), ("pids.max", limit)]);
        let ran = group.run(&ground);
        assert!(matches!(ran.code, Some(0 | 2)), "{limit}: {ran:?}");
        assert!(ran.code == Some(0) || ran.out.is_empty(), "{limit}: {ran:?}");
        assert!(
            ran.code == Some(0) || ran.err.contains("could not be run: "),
            "{limit}: {ran:?}"
        );
    }
}

fn a_session_with_too_little_of_something_is_refused_before_anything_is_tried() {
    need_real();
    let ground = Ground::new(PAUSE, "root");
    for (limit, said) in [
        ("-n 40", "limit of open files is 40 (`ulimit -n`)"),
        ("-v 2000000", "limit of address space is 2000000 (`ulimit -v`)"),
        ("-f 100", "limit of the size of a file is 100 (`ulimit -f`)"),
        ("-t 30", "limit of processor time is 30 (`ulimit -t`)"),
        ("-d 100000", "limit of data is 100000 (`ulimit -d`)"),
    ] {
        let ran = ended(
            ground
                .command_on(&format!("ulimit {limit}"), "--emulate")
                .spawn()
                .unwrap(),
        );
        assert_eq!(ran.code, Some(2), "{limit}: {ran:?}");
        assert!(ran.err.contains(said), "{limit}: {ran:?}");
    }
}

fn a_full_disk_of_the_host_is_no_matter_of_the_sandbox() {
    need_real();
    let ground = Ground::new(PAUSE, "root");
    let full = "for at in /dev/shm /run /var/tmp; do mount -t tmpfs -o size=64k none $at; \
                head -c 1m /dev/zero > $at/full 2>/dev/null || true; done";
    let ran = ended(ground.command_on(full, "--emulate").spawn().unwrap());
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    a_process_that_is_killed_at_any_moment_of_a_migration_is_named_and_gives_no_verdict,
    a_qemu_that_somebody_else_tells_to_end_is_no_failure_of_the_host,
    a_cgroup_without_enough_memory_gives_no_verdict,
    a_cgroup_without_enough_processes_gives_no_verdict,
    a_session_with_too_little_of_something_is_refused_before_anything_is_tried,
    a_full_disk_of_the_host_is_no_matter_of_the_sandbox,
];
