//! Ctrl-C, a termination, a hang-up and the death of whoever started it end everything at once, whatever it waits for.

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::broken_hosts::ended;
use crate::ground::{Ground, Process, Ran, below, need_real};
use crate::harness::{Test, skip_anywhere, tests};

const PAUSE: &str = "live_migration_timeout_action = force_complete";
const SIGNALS: [Signal; 3] = [Signal::INT, Signal::TERM, Signal::HUP];

/// Longer than the second that is promised, as the machine may be busy; shorter than whatever is waited for here.
const AT_ONCE: Duration = Duration::from_secs(3);

fn pid(number: i32) -> Pid {
    Pid::from_raw(number).unwrap()
}

/// Waits until the run has come so far; its processes then.
fn wait_for(child: &mut Child, is_there: impl Fn(&[Process]) -> bool) -> Vec<Process> {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let processes = below(child.id());
        if is_there(&processes) {
            return processes;
        }
        assert!(child.try_wait().unwrap().is_none(), "it was over before");
        assert!(Instant::now() < until, "it never came so far");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Sends the signal and sees that all of it ends at once.
fn ends_at_once(child: Child, processes: &[Process], signal: Signal) -> Ran {
    let since = Instant::now();
    kill_process(pid(child.id().cast_signed()), signal).unwrap();
    let ran = ended(child);
    assert!(since.elapsed() < AT_ONCE, "{:?}: {ran:?}", since.elapsed());
    are_gone(processes, since);
    ran
}

fn are_gone(processes: &[Process], since: Instant) {
    while processes.iter().any(|process| is_alive(process.pid)) {
        assert!(since.elapsed() < AT_ONCE, "processes are left");
        thread::yield_now();
    }
}

/// A process that nobody has reaped yet is gone all the same.
fn is_alive(number: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
    let is_zombie = stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z'));
    !is_zombie && test_kill_process(pid(number)).is_ok()
}

fn has(processes: &[Process], word: &str) -> bool {
    let mut words = processes.iter().flat_map(|process| &process.arguments);
    words.any(|other| other == word || other.ends_with(word))
}

fn a_signal_at_any_moment_of_the_trials_ends_everything_at_once() {
    need_real();
    let ground = Ground::new(PAUSE, "root");
    for signal in SIGNALS {
        for moment in ["supervisor", "worker", "/b/daemon.conf", "-incoming"] {
            let mut child = ground.command("--emulate", None).spawn().unwrap();
            let processes = wait_for(&mut child, |processes| has(processes, moment));
            let ran = ends_at_once(child, &processes, signal);
            assert_eq!(
                (ran.code, ran.out.as_str()),
                (Some(2), ""),
                "{signal:?} {moment}: {ran:?}"
            );
            assert!(ran.err.contains("interrupted"), "{ran:?}");
        }
    }
}

fn a_signal_is_not_kept_waiting_by_a_program_that_never_reports_its_version() {
    need_real();
    let ground = Ground::new(PAUSE, "root");
    ground.stand_in("stand-in", "exec sleep 1000");
    let cover = "mount --bind \"$HERE/stand-in\" /usr/sbin/libvirtd;";
    for signal in SIGNALS {
        let mut child = ground.command_on(cover, "--emulate").spawn().unwrap();
        let processes = wait_for(&mut child, |processes| has(processes, "sleep"));
        let ran = ends_at_once(child, &processes, signal);
        assert_eq!(ran.code, Some(2), "{ran:?}");
    }
}

fn a_signal_is_not_kept_waiting_by_a_resolver_that_never_answers() {
    need_real();
    let Ok(silent) = UdpSocket::bind("127.0.0.53:53") else {
        skip_anywhere("127.0.0.53:53 is taken");
    };
    let ground = Ground::new(
        &format!("{PAUSE}\nlive_migration_inbound_addr = never.example.org"),
        "root",
    );
    fs::write(
        ground.path("resolv.conf"),
        "nameserver 127.0.0.53\noptions timeout:30\n",
    )
    .unwrap();
    let cover = "mount --bind \"$HERE/resolv.conf\" /etc/resolv.conf;";
    let child = ground.command_on(cover, "--emulate").spawn().unwrap();
    silent.recv_from(&mut [0; 512]).unwrap();
    let ran = ends_at_once(child, &[], Signal::TERM);
    assert_eq!(ran.code, Some(2), "{ran:?}");
}

fn a_signal_is_not_kept_waiting_by_a_host_that_never_answers() {
    need_real();
    // connections are taken by the kernel, and nobody speaks
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("qemu+tcp://127.0.0.1:{}/system", hole.local_addr().unwrap().port());
    let ground = Ground::new(PAUSE, "root");
    let image = "/novamend-probe.rom";
    let words = format!("--source {uri} --dest {uri} --guest-image {image}");
    for signal in SIGNALS {
        let child = ground.command(&words, None).spawn().unwrap();
        let _held = hole.accept().unwrap();
        let ran = ends_at_once(child, &[], signal);
        assert_eq!(ran.code, Some(2), "{ran:?}");
    }
}

fn the_death_of_the_program_that_started_it_ends_everything() {
    need_real();
    let ground = Ground::new(PAUSE, "root");
    for (signal, moment) in [
        (Signal::KILL, "supervisor"),
        (Signal::KILL, "/a/daemon.conf"),
        (Signal::KILL, "-incoming"),
        (Signal::TERM, "-incoming"),
    ] {
        let before = names(Path::new("/tmp"));
        let mut parent = Command::new("sh")
            .args(["-c", "\"$0\" \"$@\" --ends-with $$; true"])
            .arg(&ground.program)
            .args(ground.arguments("--emulate"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let processes = wait_for(&mut parent, |processes| has(processes, moment));
        let since = Instant::now();
        kill_process(pid(parent.id().cast_signed()), signal).unwrap();
        parent.wait().unwrap();
        are_gone(&processes, since);
        assert_eq!(names(Path::new("/tmp")), before);
    }
}

fn names(directory: &Path) -> Vec<std::ffi::OsString> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name())
        .filter(|name| name.to_string_lossy().starts_with("novamend"))
        .collect();
    names.sort();
    names
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    a_signal_at_any_moment_of_the_trials_ends_everything_at_once,
    a_signal_is_not_kept_waiting_by_a_program_that_never_reports_its_version,
    a_signal_is_not_kept_waiting_by_a_resolver_that_never_answers,
    a_signal_is_not_kept_waiting_by_a_host_that_never_answers,
    the_death_of_the_program_that_started_it_ends_everything,
];
