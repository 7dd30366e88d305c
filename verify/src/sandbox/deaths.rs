//! Which processes of the sandbox have ended otherwise than libvirt ends them, and so what a failed trial is worth.
//!
//! It ends nothing. QEMU is a child of the sandbox's init, which tells how each ended; the daemons are this process's own.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::init::ProcessExit;
use super::layout;
use crate::accident::{Kills, NOTHING_KNOWN, is_gone, resource, signal_name};
use crate::guest::NAME;
use crate::host::processes;
use crate::hypervisor::Side;

/// Between two looks for QEMUs.
const LOOK: Duration = Duration::from_millis(25);

/// The signal that libvirt asks a QEMU to end by.
const TERMINATION: i32 = 15;

/// The signal that a program ends itself by.
const ABORT: i32 = 6;

/// The signals by which a program ends that has gone wrong by itself.
const CRASHES: [i32; 5] = [4, ABORT, 7, 8, 11];

/// How long init may take to reap what an error says has gone.
const REAPED: Duration = Duration::from_secs(2);

/// The QEMUs of guests, and everything that init has reaped.
#[derive(Debug, Default)]
struct ProcessTable {
    /// By number.
    guests: BTreeMap<i32, GuestProcess>,
    ended: Vec<ProcessExit>,
    /// The daemons by their numbers.
    daemons: Vec<(Side, u32)>,
}

/// A QEMU of a guest.
#[derive(Debug)]
struct GuestProcess {
    /// The domain's name.
    guest: String,
    /// Where it is, if that is known.
    side: Option<Side>,
}

/// The processes of the sandbox.
pub(super) struct Deaths {
    seen: Arc<Mutex<ProcessTable>>,
    kills: Kills,
}

impl Deaths {
    /// Watches from now on; `daemons` by their numbers. What init tells comes on standard input.
    pub(super) fn watch(daemons: Vec<(Side, u32)>) -> io::Result<Self> {
        let table = ProcessTable {
            daemons,
            ..ProcessTable::default()
        };
        let seen = Arc::new(Mutex::new(table));
        let of_init = Arc::clone(&seen);
        thread::Builder::new().spawn(move || {
            let lines = io::stdin().lock().lines().map_while(Result::ok);
            for ended in lines.filter_map(|line| serde_json::from_str(&line).ok()) {
                lock(&of_init).ended.push(ended);
            }
        })?;
        let of_proc = Arc::clone(&seen);
        thread::Builder::new().spawn(move || {
            loop {
                look(&of_proc);
                thread::sleep(LOOK);
            }
        })?;
        Ok(Self {
            seen,
            kills: Kills::now(),
        })
    }

    /// How many deaths there have been, for [`Self::accident`].
    pub(super) fn so_far(&self) -> usize {
        lock(&self.seen).ended.len()
    }

    /// What accident a trial failed by, if it did: `said` is the error, `from` the deaths before it, `source` where the guest
    /// was.
    pub(super) fn accident(&self, said: &str, from: usize, source: Side) -> Option<String> {
        let until = Instant::now() + REAPED;
        loop {
            let found = self.killed(said, from, source).or_else(|| self.daemon_gone(source));
            if let Some(found) = found.or_else(|| stopped_from_outside(source, &self.daemons())) {
                return Some(format!("{found}; {NOTHING_KNOWN} ({said})"));
            }
            if !is_gone(said) || Instant::now() >= until {
                break;
            }
            thread::sleep(LOOK);
        }
        resource(said).map(|what| format!("{what} ran out: {said}; {NOTHING_KNOWN}"))
    }

    /// The same where a trial was broken on purpose: what may have gone is what nobody was to end.
    pub(super) fn unmeant(&self, from: usize, source: Side) -> Option<String> {
        let found = self.killed("", from, source).or_else(|| self.daemon_gone(source));
        found.map(|found| format!("{found}; {NOTHING_KNOWN}"))
    }

    fn daemons(&self) -> Vec<(Side, u32)> {
        lock(&self.seen).daemons.clone()
    }

    /// The number of a side's daemon.
    pub(super) fn daemon(&self, side: Side) -> Option<u32> {
        let daemons = self.daemons();
        let found = daemons.iter().find(|(of, _)| *of == side);
        found.map(|(_, number)| *number)
    }

    /// From now on the daemon of `side` has that number, having been started again.
    pub(super) fn is_now(&self, side: Side, number: u32) {
        for (of, known) in &mut lock(&self.seen).daemons {
            if *of == side {
                *known = number;
            }
        }
    }

    /// The number of the QEMU of `guest` at `side`, if it runs.
    pub(super) fn qemu(&self, guest: &str, side: Side) -> Option<i32> {
        look(&self.seen);
        let seen = lock(&self.seen);
        let has_ended = |number: i32| seen.ended.iter().any(|ended| ended.pid == number);
        let mut guests = seen.guests.iter();
        let found = guests
            .find(|(number, process)| process.guest == guest && process.side == Some(side) && !has_ended(**number));
        found.map(|(number, _)| *number)
    }

    /// Whether a QEMU has aborted since there were `from` deaths, as it does where it cannot go on; `said` is the error.
    /// Who kills one from outside does it by another signal.
    pub(super) fn gave_up(&self, said: &str, from: usize) -> bool {
        let until = Instant::now() + REAPED;
        loop {
            let is_it = |ended: &ProcessExit| ended.signal == Some(ABORT);
            let is_other = |ended: &ProcessExit| ended.code.is_some_and(|code| code != 0);
            let ended: Vec<ProcessExit> = lock(&self.seen).ended.iter().skip(from).copied().collect();
            if ended.iter().any(is_it) {
                return true;
            }
            if !is_gone(said) || ended.iter().any(is_other) || Instant::now() >= until {
                return false;
            }
            thread::sleep(LOOK);
        }
    }

    /// Stops the QEMUs of every guest but that one, or lets them go on.
    pub(super) fn stop_others(&self, guest: &str, is_to_stop: bool) {
        let signal = if is_to_stop { Signal::STOP } else { Signal::CONT };
        let seen = lock(&self.seen);
        let has_ended = |number: &i32| seen.ended.iter().any(|ended| ended.pid == *number);
        let others = seen.guests.iter().filter(|(_, process)| process.guest != guest);
        for (number, _) in others.filter(|(number, _)| !has_ended(number)) {
            if let Some(number) = Pid::from_raw(*number) {
                // one that has ended meanwhile needs nothing
                let _ = kill_process(number, signal);
            }
        }
    }

    /// A guest's QEMU that a signal ended; libvirt asks by SIGTERM, which QEMU takes for an order to exit.
    ///
    /// One that had hardly begun may not have been seen before; the error tells it from the QEMUs that libvirt itself asks for
    /// what they can do, and kills.
    fn killed(&self, said: &str, from: usize, source: Side) -> Option<String> {
        let seen = lock(&self.seen);
        let guests = seen.ended.iter().skip(from).filter_map(|ended| {
            let side = seen.guests.get(&ended.pid).map(|process| process.side);
            let side = side.or_else(|| is_gone(said).then_some(None))?;
            Some((side, ended.signal.filter(|signal| *signal != TERMINATION)?))
        });
        let (side, signal) = guests.min_by_key(|(_, signal)| *signal != 9)?;
        let end = side.map_or("one side", |side| end_of(side, source));
        Some(self.kills.killed(&format!("QEMU on {end}"), signal))
    }

    /// How the daemon of `side` has crashed, in words. Who kills one from outside does it by another signal.
    pub(super) fn crash_of_daemon(&self, side: Side) -> Option<String> {
        let number = self.daemon(side).filter(|number| state(*number) == Some('Z'))?;
        let signal = signal_of(number).filter(|signal| CRASHES.contains(signal))?;
        Some(format!("it ended by {}", signal_name(signal)))
    }

    fn daemon_gone(&self, source: Side) -> Option<String> {
        let gone = |daemon: &&(Side, u32)| state(daemon.1).is_none_or(|state| matches!(state, 'Z' | 'X'));
        let daemons = self.daemons();
        let (side, number) = daemons.iter().find(gone)?;
        let who = format!("the libvirt daemon on {}", end_of(*side, source));
        let end = signal_of(*number).map(|signal| self.kills.killed(&who, signal));
        Some(end.unwrap_or_else(|| format!("{who} has exited")))
    }
}

fn lock(seen: &Mutex<ProcessTable>) -> MutexGuard<'_, ProcessTable> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn end_of(side: Side, source: Side) -> &'static str {
    if side == source {
        "the source"
    } else {
        "the destination"
    }
}

/// The mount namespace of a process; a daemon's QEMUs share its own.
fn namespace(number: u32) -> Option<PathBuf> {
    fs::read_link(processes::place(number).join("ns/mnt")).ok()
}

/// Takes note of every QEMU of a guest that runs now.
fn look(seen: &Mutex<ProcessTable>) {
    let daemons = lock(seen).daemons.clone();
    for number in processes::all() {
        if lock(seen).guests.contains_key(&number.cast_signed()) {
            continue;
        }
        let words = fs::read(processes::place(number).join("cmdline")).unwrap_or_default();
        if let Some(guest) = guest_of(&words) {
            let own = namespace(number);
            let mut sides = daemons.iter();
            let side = sides.find(|(_, daemon)| own.is_some() && namespace(*daemon) == own);
            let side = side.map(|(side, _)| *side);
            let process = GuestProcess { guest, side };
            lock(seen).guests.insert(number.cast_signed(), process);
        }
    }
}

/// The domain that a QEMU was started for, by its command line.
fn guest_of(words: &[u8]) -> Option<String> {
    let mut words = words.split(|&byte| byte == 0);
    let name = words.find_map(|word| word.strip_prefix(b"guest="))?;
    let name = name.split(|&byte| byte == b',').next()?;
    let name = String::from_utf8_lossy(name).into_owned();
    name.starts_with(NAME).then_some(name)
}

fn state(number: u32) -> Option<char> {
    processes::stat(&processes::place(number))?.first()?.chars().next()
}

/// The signal that ended a process which nobody has reaped yet.
fn signal_of(number: u32) -> Option<i32> {
    let status: i32 = processes::stat(&processes::place(number))?.last()?.parse().ok()?;
    (status & 0x7f != 0).then_some(status & 0x7f)
}

/// A QEMU whose log says that somebody else than its daemon told it to end.
fn stopped_from_outside(source: Side, daemons: &[(Side, u32)]) -> Option<String> {
    daemons.iter().find_map(|(side, daemon)| {
        let by_another = |log: PathBuf| {
            let text = String::from_utf8_lossy(&fs::read(log).ok()?).into_owned();
            let last = text.lines().rev().find(|line| line.contains("terminating on signal"))?;
            // one from outside of the sandbox has no number in it
            let by = last.split("from pid ").nth(1);
            let by = by.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
            (by != Some(*daemon)).then(|| last.trim().to_owned())
        };
        let last = guests_logs(*side).find_map(by_another)?;
        let end = end_of(*side, source);
        Some(format!(
            "QEMU on {end} was terminated by a process other than libvirt ({last})"
        ))
    })
}

/// What the guests' QEMUs at `side` wrote.
fn guests_logs(side: Side) -> impl Iterator<Item = PathBuf> {
    let places = ["log/qemu", "cache/libvirt/qemu/log"].map(|place| layout::directory(side).join(place));
    let files = places
        .into_iter()
        .filter_map(|place| fs::read_dir(place).ok())
        .flatten();
    // libvirt keeps nothing else of them there
    let is_guests = |name: &str| name.starts_with(NAME);
    files
        .flatten()
        .filter(move |file| file.file_name().to_str().is_some_and(is_guests))
        .map(|file| file.path())
}
