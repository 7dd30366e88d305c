//! Nova's own code, of several releases, over a scripted hypervisor: that it decides what the rebuilt monitor decides, that a
//! nova that does otherwise is seen to, that its Python can do no harm, and that its flags are ours.
//!
//! No libvirt is asked; the clock is the script's own.

#[path = "../../tests/harness/chance.rs"]
mod chance;
#[path = "../../tests/harness/mod.rs"]
mod harness;
mod novas;
mod scripted_lab;

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use novamend::catalog::Release;
use novamend::nova::View;
use novamend::nova::migration::{Ending, Settings};
use novamend::oslo::document::Document;
use novamend::oslo::stack::Stack;
use novamend::text::Source;
use novamend_verify::hypervisor::scripted::{Call, Scripted, Step};
use novamend_verify::hypervisor::{End, Event, GuestState, Intervention, JobKind, Refusal, Request};
use novamend_verify::nova_itself::{self, Found, Nova, Seat, TrialOptions, look_at};
use novamend_verify::process::INNER;
use novamend_verify::trial::kind;
use novamend_verify::trial::messages::TrialOrder;
use novamend_verify::trial::migrate::{NovaRun, Pace, Trace, flag_names, migrate, migrate_by_nova};
use novamend_verify::trial::monitor::{Order, Outcome};
use novamend_verify::trial::plan::{Plan, Wanted};
use novamend_verify::trial::turns::Turn;

use crate::chance::chance;
use crate::harness::{Test, tests};
use crate::novas::{Environment, python};
use crate::scripted_lab::{converging, job};

/// Modules that tests change.
const MONITOR: &str = "nova.virt.libvirt.migration";
const DRIVER: &str = "nova.virt.libvirt.driver";

/// What an environment may take to import nova on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let words: Vec<&str> = arguments.iter().map(|word| word.to_str().unwrap_or_default()).collect();
    // this program is its own `novamend-verify`
    match words.as_slice() {
        [_, INNER, "nova", _, _] => nova_itself::run(&arguments[3], &arguments[4]),
        [_, INNER, "nova-inside", _, _] => nova_itself::become_nova(&arguments[3], &arguments[4]),
        _ => harness::run(&[TESTS]),
    }
}

/// What a migration looks like that does not converge: a new pass every 700 ms.
fn busy() -> Scripted {
    let mut script = Scripted::default().at(50, job(JobKind::Unbounded, 0, 0));
    for pass in 1..=20u32 {
        let at = 300 + 700 * u64::from(pass - 1);
        script = script
            .at(at, Step::Hear(Event::Pass(i64::from(pass))))
            .at(at, job(JobKind::Unbounded, i64::from(pass), 12 << 20));
    }
    script
}

fn returned(answer: Result<(), &str>) -> Step {
    Step::Hear(Event::Returned(answer.map_err(|message| Refusal {
        code: 1,
        message: message.to_owned(),
    })))
}

/// The same, which ends as libvirt ends it once the action is taken.
fn ending(does: Ending) -> Scripted {
    let call = Call::Intervene(kind::of(does).intervention);
    if !kind::of(does).moves {
        let cancelled = job(JobKind::Cancelled, 2, 0);
        return busy()
            .after(call, 60, cancelled)
            .after(call, 200, returned(Err("canceled by client")));
    }
    busy()
        .after(call, 200, Step::Stand(End::Source, GuestState::Absent))
        .after(call, 200, job(JobKind::Completed, 0, 0))
        .after(call, 220, returned(Ok(())))
}

fn order(release: Release, does: Ending, changed: impl FnOnce(&mut Settings)) -> TrialOrder {
    let mut settings = Settings {
        timeout_action: does.action(),
        post_copy: kind::of(does).switches(),
        ..Settings::defaults(release)
    };
    changed(&mut settings);
    TrialOrder {
        action: does,
        request: Request {
            post_copy: settings.post_copy,
            auto_converge: settings.auto_converge && !settings.post_copy,
            bandwidth: 20,
            ..Request::default()
        },
        settings,
        pace: Pace {
            interval: Duration::from_millis(25),
            act_after: Duration::from_millis(600),
            pass: 2,
            in_disk: false,
            limit: Duration::from_secs(20),
        },
        phase: None,
        only_if_failed: false,
    }
}

/// The migration under nova's own code.
fn by_nova(seat: &mut Seat, mut script: Scripted, trial: &TrialOrder) -> (Trace, NovaRun) {
    migrate_by_nova(seat, &mut script, trial, &Turn::alone(), PATIENCE).unwrap()
}

/// The migration under the rebuilt monitor.
fn rebuilt(mut script: Scripted, trial: &TrialOrder) -> Trace {
    migrate(&mut script, &trial.request, &trial.settings, trial.pace, &Turn::alone())
}

fn orders(trace: &Trace) -> Vec<(Order, bool)> {
    trace
        .orders
        .iter()
        .map(|given| (given.order, given.answer.is_ok()))
        .collect()
}

/// Each nova and a line to it.
fn each(mut asks: impl FnMut(Environment, &mut Seat)) {
    for environment in novas::ENVIRONMENTS {
        let nova = Nova::start(&python(environment.name)).unwrap();
        let mut seat = nova.seat().unwrap();
        let version = seat.version(PATIENCE).unwrap();
        assert!(version.starts_with(&format!("{}.", environment.release)), "{version}");
        asks(environment, &mut seat);
    }
}

/// Migrations that go every way a migration can, by name.
fn ways() -> Vec<(&'static str, Ending, Scripted, Option<Outcome>)> {
    let (abort, pause, post_copy, resume) = (
        Call::Intervene(Intervention::Abort),
        Call::Intervene(Intervention::Pause),
        Call::Intervene(Intervention::StartPostCopy),
        Call::Intervene(Intervention::Resume),
    );
    let failing_pause = || {
        busy()
            .after(pause, 1, Step::Stand(End::Source, GuestState::Paused))
            .after(pause, 300, returned(Err("connection reset")))
            .after(pause, 300, job(JobKind::Failed, 0, 0))
            .after(resume, 1, Step::Stand(End::Source, GuestState::Running))
    };
    let gone = |standing| {
        busy()
            .after(abort, 60, job(JobKind::None, 0, 0))
            .after(abort, 60, Step::Stand(End::Source, standing))
            .after(abort, 80, returned(Err("canceled by client")))
    };
    let mut ways: Vec<_> = Ending::ALL
        .into_iter()
        .map(|does| {
            let outcome = if does == Ending::Abort {
                Outcome::Cancelled
            } else {
                Outcome::Completed
            };
            ("as it is to be", does, ending(does), Some(outcome))
        })
        .collect();
    ways.extend([
        ("it converges", Ending::Abort, converging(), Some(Outcome::Completed)),
        ("the pause fails", Ending::Pause, failing_pause(), Some(Outcome::Failed)),
        (
            "the pause fails and libvirt has resumed the guest",
            Ending::Pause,
            failing_pause().after(pause, 299, Step::Stand(End::Source, GuestState::Running)),
            Some(Outcome::Failed),
        ),
        (
            "the resume is refused",
            Ending::Pause,
            failing_pause().refusing(resume, "no"),
            Some(Outcome::Failed),
        ),
        (
            "the abort is refused",
            Ending::Abort,
            ending(Ending::Abort).refusing(abort, "no"),
            Some(Outcome::MonitorDied),
        ),
        (
            "the pause is refused",
            Ending::Pause,
            busy().refusing(pause, "no"),
            None,
        ),
        (
            "post-copy is refused",
            Ending::PostCopy,
            busy().refusing(post_copy, "no"),
            None,
        ),
        (
            "the downtime is refused",
            Ending::Pause,
            ending(Ending::Pause).refusing(Call::SetMaxDowntime, "no"),
            Some(Outcome::Completed),
        ),
        (
            "the job is gone and the guest runs",
            Ending::Abort,
            gone(GuestState::Running),
            Some(Outcome::Failed),
        ),
        (
            "the job is gone and the guest is paused",
            Ending::Abort,
            gone(GuestState::Paused),
            Some(Outcome::Failed),
        ),
        (
            "the job is gone and the guest too",
            Ending::Abort,
            gone(GuestState::Absent),
            Some(Outcome::Completed),
        ),
        (
            "the job is gone and the guest is off",
            Ending::Abort,
            gone(GuestState::Off),
            Some(Outcome::Completed),
        ),
        ("it never ends", Ending::Pause, busy(), None),
    ]);
    ways
}

fn nova_and_the_rebuilt_monitor_go_every_way_alike_with_the_same_flags() {
    let mut random = chance();
    let sections: Vec<String> = (0..100).map(|_| section(&mut random)).collect();
    // importing a nova takes most of the time
    each(|environment, seat| {
        goes_every_way(environment, seat);
        has_our_flags(environment, seat, &sections);
    });
}

fn goes_every_way(environment: Environment, seat: &mut Seat) {
    for ((name, does, script, outcome), (_, _, again, _)) in ways().into_iter().zip(ways()) {
        let trial = order(environment.release(), does, |_| ());
        let (trace, nova) = by_nova(seat, script, &trial);
        let ours = rebuilt(again, &trial);
        let what = format!("{}: {does:?}, {name}", environment.name);
        assert_eq!(nova.differences, [""; 0], "{what}");
        assert_eq!(nova.not_passed_on, [""; 0], "{what}");
        assert_eq!(trace.outcome, outcome, "{what}: {trace:?}");
        assert_eq!(ours.outcome, outcome, "{what}: {ours:?}");
        assert_eq!(trace.returned, ours.returned, "{what}");
        // what is done again and again may be done once more or less at the end
        let (mut theirs, mut ours) = (orders(&trace), orders(&ours));
        theirs.dedup();
        ours.dedup();
        assert_eq!(theirs, ours, "{what}");
        assert!(nova.looks > 5, "{what}");
    }
}

fn a_nova_that_does_otherwise_is_the_finding() {
    let (_there, python) = novas::tampered(MONITOR, "should_trigger_timeout_action = lambda *arguments: False\n");
    let nova = Nova::start(&python).unwrap();
    let mut seat = nova.seat().unwrap();
    let release = Release::from_number(31).unwrap();
    let (trace, did) = by_nova(&mut seat, busy(), &order(release, Ending::Abort, |_| ()));
    assert_eq!((trace.outcome, trace.returned), (None, None), "nobody ends it");
    let [only] = did.differences.as_slice() else {
        panic!("{did:?}")
    };
    assert!(
        only.starts_with("after 1") && only.ends_with(" does nothing where novamend expected that it aborts the job"),
        "{only}"
    );

    // and one that is changed at the start: flags that nobody asked for, then an error
    let (_there, python) = novas::tampered(
        DRIVER,
        "old = LibvirtDriver._prepare_migration_flags\n\
         LibvirtDriver._prepare_migration_flags = lambda self: tuple(one | 8192 | 512 for one in old(self))\n",
    );
    let nova = Nova::start(&python).unwrap();
    let mut seat = nova.seat().unwrap();
    let (trace, did) = by_nova(&mut seat, ending(Ending::Abort), &order(release, Ending::Abort, |_| ()));
    assert_eq!(trace.outcome, Some(Outcome::Cancelled));
    let wanted = "sets the flags LIVE PEER2PEER UNDEFINE_SOURCE PERSIST_DEST AUTO_CONVERGE 0x200 where novamend expected \
                  LIVE PEER2PEER UNDEFINE_SOURCE PERSIST_DEST";
    assert_eq!(did.differences, [wanted]);
}

fn a_nova_that_cannot_begin_says_why() {
    let (_there, python) = novas::tampered(
        DRIVER,
        "def broken(self, dest):\n    raise ValueError('no URI for ' + dest)\n\
         LibvirtDriver._live_migration_uri = broken\n",
    );
    let nova = Nova::start(&python).unwrap();
    let mut seat = nova.seat().unwrap();
    let release = Release::from_number(31).unwrap();
    let (trace, did) = by_nova(&mut seat, busy(), &order(release, Ending::Abort, |_| ()));
    assert_eq!(trace.outcome, None);
    let why = "ValueError: no URI for novamend-destination";
    assert_eq!(did.differences, [format!("stops before it calls libvirt: {why}")]);
    assert!(trace.broken.unwrap().message.ends_with(why));
}

fn what_is_no_nova_is_told() {
    let told = |path: &Path| look_at(path, PATIENCE).unwrap_err().to_string();
    let (directory, python) = novas::tampered(MONITOR, "");
    assert_eq!(
        told(&directory.path().join("none")),
        format!("{} is not a program", directory.path().join("none").display())
    );
    assert!(told(directory.path()).ends_with(" is not a program"));
    assert!(told(Path::new("/bin/cat")).contains("/bin/cat did not answer as Python 3.6 or newer does"));
    let bare = novas::bare();
    assert!(
        told(&bare.1).contains("nova is not installed for "),
        "{}",
        told(&bare.1)
    );
    let found: Found = look_at(&python, PATIENCE).unwrap();
    assert_eq!((found.version.as_str(), found.release.number()), ("31.3.1", 31));
    assert!(found.fits(found.release).is_ok());
    let other = found.fits(Release::from_number(34).unwrap()).unwrap_err().to_string();
    assert!(other.contains("--to 31"), "{other}");
    // a Python that has the package, and libraries that do not fit it
    let (_there, broken) = novas::tampered(MONITOR, "raise ImportError('no such library')\n");
    let nova = Nova::start(&broken).unwrap();
    let error = nova.seat().unwrap().version(PATIENCE).unwrap_err().to_string();
    assert!(
        error.contains("nova cannot be imported by ") && error.contains("no such library"),
        "{error}"
    );
}

fn its_python_can_do_nothing_but_decide() {
    let (directory, python) = novas::tampered(
        MONITOR,
        "import os, socket\n\
         status = dict(line.split(':\\t', 1) for line in open('/proc/self/status').read().splitlines() if ':\\t' in line)\n\
         assert int(status['CapEff'], 16) == 0 and int(status['CapPrm'], 16) == 0, status['CapPrm']\n\
         assert status['NoNewPrivs'] == '1'\n\
         for place in ('/', '/tmp', '/var/tmp', '/run', '/etc', os.path.dirname(__file__), '/dev'):\n\
         \x20   try:\n\
         \x20       open(os.path.join(place, 'novamend-was-here'), 'w')\n\
         \x20   except OSError as error:\n\
         \x20       assert error.errno == 30, (place, error)\n\
         \x20   else:\n\
         \x20       raise AssertionError(place)\n\
         assert os.listdir('/run') == [], os.listdir('/run')\n\
         assert [name for _, name in socket.if_nameindex()] == ['lo'], socket.if_nameindex()\n\
         assert 'HOME' not in os.environ and 'PYTHONPATH' not in os.environ, os.environ\n",
    );
    let nova = Nova::start(&python).unwrap();
    let version = nova.seat().unwrap().version(PATIENCE);
    assert_eq!(version.unwrap(), "31.3.1");
    let left = fs::read_dir(directory.path())
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name());
    assert!(left.into_iter().all(|name| name != "novamend-was-here"));
}

/// A `[libvirt]` section with any of the options that decide about flags.
fn section(random: &mut fastrand::Rng) -> String {
    let mut text = "[libvirt]\n".to_owned();
    let flags = [
        "live_migration_permit_post_copy",
        "live_migration_permit_auto_converge",
        "live_migration_tunnelled",
        "live_migration_with_native_tls",
    ];
    for name in flags {
        if random.bool() {
            let word = ["true", "False", "yes", "0", "on"][random.usize(..5)];
            text.push_str(&format!("{name} = {word}\n"));
        }
    }
    if random.bool() {
        text.push_str(&format!("live_migration_parallel_connections = {}\n", random.u8(1..5)));
    }
    for (name, choices) in [
        ("virt_type", ["kvm", "qemu"]),
        ("live_migration_scheme", ["tls", "tcp"]),
        ("live_migration_timeout_action", ["abort", "force_complete"]),
        ("live_migration_inbound_addr", ["192.0.2.7", "compute-1"]),
    ] {
        if random.bool() {
            text.push_str(&format!("{name} = {}\n", choices[random.usize(..2)]));
        }
    }
    text
}

fn has_our_flags(environment: Environment, seat: &mut Seat, sections: &[String]) {
    let mut seen = std::collections::BTreeSet::new();
    for text in sections {
        let stack = Stack::of(Document::parse(Source::new("nova.conf", text.clone().into_bytes())));
        let plan = Plan::of(&View::new(&stack, environment.release())).unwrap();
        let trials = plan.trials(Wanted::Configured, false);
        let options = TrialOptions::of(&plan.settings, environment.release());
        let theirs = seat.flags(&options, PATIENCE).unwrap();
        let ours: Vec<String> = trials[0].request.flag_names().iter().map(ToString::to_string).collect();
        assert_eq!(flag_names(theirs.live), ours, "{}: {text}", environment.name);
        let mut with_disks = ours.clone();
        with_disks.push("NON_SHARED_INC".to_owned());
        assert_eq!(flag_names(theirs.block), with_disks, "{}: {text}", environment.name);
        seen.insert(ours);
    }
    assert!(seen.len() > 10, "{} lists of flags", seen.len());
}

const TESTS: &[Test] = tests![
    nova_and_the_rebuilt_monitor_go_every_way_alike_with_the_same_flags,
    a_nova_that_does_otherwise_is_the_finding,
    a_nova_that_cannot_begin_says_why,
    what_is_no_nova_is_told,
    its_python_can_do_nothing_but_decide,
];
