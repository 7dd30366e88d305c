//! The guest's downtime in post-copy, beside `virsh migrate --postcopy` with `virsh migrate-postcopy` between the
//! same two daemons in the same run.
//!
//! It measures and asserts no time, and is no test of every run: `NOVAMEND_ROUNDS=10 cargo test --release -p novamend-verify
//! --test real` makes ten of each.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use novamend::catalog::Release;
use novamend::nova::migration::settings::DowntimeSettings;
use novamend::nova::migration::{Settings, TimeoutAction};
use novamend_verify::guest::hardware::{Backends, Hardware};
use novamend_verify::guest::memory::Memory;
use novamend_verify::guest::serial::Hearing;
use novamend_verify::guest::{self, Size};
use novamend_verify::host::programs;
use novamend_verify::hypervisor::libvirt::{Libvirt, run_event_loop};
use novamend_verify::hypervisor::{Event, Hypervisor, Request, Side, Sides};
use novamend_verify::sandbox::setup::Setup;
use novamend_verify::sandbox::{connection, daemon, layout};
use novamend_verify::trial::conditions::Mode;
use novamend_verify::trial::migrate::{Pace, migrate};
use novamend_verify::trial::turns::Turn;

use crate::ground::{in_namespaces, need_kvm, need_real};
use crate::harness::{Test, tests};

const BANDWIDTH: u64 = 20;

/// The variable that asks for the measurement: how often each is done.
pub(crate) const ROUNDS: &str = "NOVAMEND_ROUNDS";
/// The first argument of this program in its namespaces.
pub(crate) const INSIDE: &str = "measure-inside-of-namespaces";

fn post_copy_beside_virsh() {
    need_real();
    need_kvm();
    // the shell stays as PID 1 and reaps what libvirt leaves to it
    in_namespaces(&format!("\"$0\" {INSIDE}; exit $?"));
}

/// What the measurement does in its namespaces.
pub(crate) fn inside() {
    let rounds = std::env::var(ROUNDS).expect("a number of rounds");
    let rounds: usize = rounds.parse().expect("a number of rounds");
    let mut bench = Bench::new();
    let (mut ours, mut virsh) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(bench.round(Bench::by_monitor));
        virsh.push(bench.round(Bench::by_virsh));
    }
    for (name, times) in [("novamend", &mut ours), ("virsh", &mut virsh)] {
        times.sort_by(f64::total_cmp);
        let (least, middle, most) = (times[0], times[times.len() / 2], times[times.len() - 1]);
        eprintln!("{name}: {rounds} times, {least:.1} / {middle:.1} / {most:.1} ms (least, median, most)");
    }
}

struct Bench {
    libvirt: Libvirt,
    hearing: Hearing,
    setup: Setup,
    size: Size,
}

impl Bench {
    fn new() -> Self {
        let began = Instant::now();
        fs::create_dir_all(layout::channel()).unwrap();
        fs::create_dir_all("/run/libvirt").unwrap();
        fs::set_permissions(layout::channel(), Permissions::from_mode(0o1777)).unwrap();
        let size = Size::with_hot_mib(12);
        fs::write(layout::image(), guest::image(size)).unwrap();
        let host = programs::daemon().unwrap();
        let setup = Setup {
            mode: Mode::System,
            daemon: host.program,
            socket: host.socket.to_owned(),
            emulator: programs::emulator().unwrap(),
            qemu_user: Some(("root".to_owned(), "root".to_owned())),
            batch_cpu_feature_queries: true,
            drivers: if host.is_modular { None } else { programs::drivers() },
            tls: None,
            forces_tls: false,
            network: None,
            given: Vec::new(),
        };
        let hearing = Hearing::listen(&layout::serial(guest::NAME), began).unwrap();
        run_event_loop().unwrap();
        let own = PathBuf::from(env!("CARGO_BIN_EXE_novamend-verify"));
        let daemons = Sides::of(|side| daemon::start(&own, side, &setup).unwrap());
        let patience = Duration::from_secs(40);
        let (libvirt, _) = connection::connect(&setup, daemons, began, patience).unwrap();
        Self {
            libvirt,
            hearing,
            setup,
            size,
        }
    }

    /// A fresh guest is moved; the milliseconds from its last sign here to the first there.
    fn round(&mut self, how: fn(&mut Self)) -> f64 {
        for side in Side::BOTH {
            self.libvirt.remove_guest(side);
        }
        self.hearing.forget();
        let line = self.hearing.connections();
        let xml = guest::domain_xml(guest::Parts {
            name: guest::NAME,
            size: self.size,
            emulated: false,
            memory: &Memory::Anonymous,
            hardware: &Hardware::plain(),
            backends: Backends {
                disk: std::path::Path::new("/"),
                is_direct: false,
                has_tap: false,
            },
            emulator: &self.setup.emulator,
            image: &layout::image(),
            serial: &layout::serial(guest::NAME),
        });
        self.libvirt.start_guest(Side::First, &xml).unwrap();
        let alive = |hearing: &Hearing, generation| {
            let patience = Duration::from_secs(20);
            assert!(hearing.wait(patience, |records| {
                records.last().is_some_and(|last| last.generation >= generation)
            }));
        };
        alive(&self.hearing, 2);
        self.libvirt.set_source(Side::First);
        how(self);
        let generation = self.hearing.records().0.last().unwrap().generation;
        alive(&self.hearing, generation + 2);
        let (_, last) = self.hearing.span(line).unwrap();
        let (first, _) = self.hearing.span(line + 1).expect("the guest has moved");
        first.saturating_sub(last).as_secs_f64() * 1000.0
    }

    fn by_monitor(&mut self) {
        let request = Request {
            post_copy: true,
            bandwidth: BANDWIDTH,
            ..Request::default()
        };
        let settings = Settings {
            timeout_action: TimeoutAction::ForceComplete,
            post_copy: true,
            // no steps: the downtime stays as libvirt has it
            downtime: DowntimeSettings {
                steps: 0,
                ..DowntimeSettings::default()
            },
            ..Settings::defaults(Release::NEWEST)
        };
        let pace = Pace {
            interval: Duration::from_millis(25),
            act_after: Duration::from_millis(650),
            pass: 2,
            in_disk: false,
            limit: Duration::from_secs(20),
        };
        let trace = migrate(&mut self.libvirt, &request, &settings, pace, &Turn::alone());
        assert_eq!(trace.returned, Some(Ok(())), "{trace:?}");
    }

    fn by_virsh(&mut self) {
        let uri = |side: Side| layout::uri(side, self.setup.mode, &self.setup.socket);
        let channel = format!("unix://{}", layout::migration(guest::NAME).display());
        let mut migrate = virsh(&uri(Side::First))
            .args([
                "migrate",
                "--live",
                "--p2p",
                "--postcopy",
                "--undefinesource",
                "--persistent",
            ])
            .args(["--bandwidth", &BANDWIDTH.to_string(), "--migrateuri", &channel])
            .args([guest::NAME, &uri(Side::Second)])
            .spawn()
            .unwrap();
        while let Some((_, event)) = self.libvirt.next(Duration::from_secs(20)) {
            if matches!(event, Event::Pass(number) if number >= 2) {
                break;
            }
        }
        let switched = virsh(&uri(Side::First))
            .args(["migrate-postcopy", guest::NAME])
            .status()
            .unwrap();
        assert!(switched.success());
        assert!(migrate.wait().unwrap().success());
    }
}

fn virsh(uri: &str) -> Command {
    let mut command = Command::new("virsh");
    command
        .args(["--quiet", "-c", uri])
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

/// The measurement.
pub(crate) const TESTS: &[Test] = tests![post_copy_beside_virsh,];
