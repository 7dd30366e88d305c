//! Trials between two daemons that the operator names, here two private ones of this machine with domains of their own.
//!
//! The daemons end with the test, being the first processes of process namespaces.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use novamend_verify::host::{Host, HostRequirements, QEMU_CONF};
use novamend_verify::sandbox::pki::{FOR_EVER, make};
use rustix::process::{Pid, Signal, kill_process};
use virt::connect::Connect;

use crate::environments::python;
use crate::ground::{Ground, Ran, need_kvm, need_real};
use crate::harness::{Test, skip_anywhere, tests};

const FORCED: &str = "live_migration_timeout_action = force_complete";

/// What the destination's nova.conf gives.
const ADDRESS: &str = "live_migration_inbound_addr = 127.0.0.1";

/// Everything that a daemon writes to is bound into its directory; its parent's `sh` collects the dead.
const START: &str = "set -e; mkdir -p /run/libvirt /var/log/libvirt /var/cache/libvirt; \
    for part in lib log cache; do mount --bind \"$D/$part\" /var/$part/libvirt; done; \
    mount --bind \"$D/etc\" /etc/libvirt; mount -t tmpfs none /run; mkdir /run/libvirt /run/lock; \
    \"$DAEMON\" $LISTEN --config \"$D/daemon.conf\" --pid-file \"$D/daemon.pid\" & wait";

/// How many ports each daemon has for migrations, and the first of the next one's: below those that the kernel hands out.
const PORTS: u16 = 8;
static NEXT_PORT: AtomicU16 = AtomicU16::new(23_000);

struct Daemon {
    process: Child,
    uri: String,
    foreign: Vec<(String, String)>,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Daemon {
    /// Starts one with two domains that are not ours, one of which runs; it listens on a port of 127.0.0.1, too, if there is one.
    fn start(directory: &Path, number: u8, pki: &Path, port: Option<u16>) -> Self {
        for part in ["lib", "log", "cache", "etc"] {
            fs::create_dir_all(directory.join(part)).unwrap();
        }
        let here = Host::look(Path::new(QEMU_CONF), &HostRequirements::default())
            .daemon
            .unwrap();
        // migrations of tests that run at the same time must not meet
        let first = NEXT_PORT.fetch_add(PORTS, Ordering::Relaxed);
        fs::write(
            directory.join("daemon.conf"),
            format!(
                "unix_sock_dir = \"{}\"\nauth_unix_rw = \"none\"\nauth_unix_ro = \"none\"\n\
                 host_uuid = \"6f3e1c1a-7a4e-4e0f-9d55-00000000000{number}\"\nlog_outputs = \"3:stderr\"\n{}",
                directory.display(),
                port.map_or_else(String::new, |port| format!(
                    "listen_tls = 0\nlisten_tcp = 1\nlisten_addr = \"127.0.0.1\"\ntcp_port = \"{port}\"\nauth_tcp = \
                     \"none\"\n"
                )),
            ),
        )
        .unwrap();
        fs::write(
            directory.join("etc/qemu.conf"),
            format!(
                "user = \"root\"\ngroup = \"root\"\nremember_owner = 0\nsecurity_driver = \"none\"\nstdio_handler = \"file\"\n\
                 cgroup_controllers = []\nnamespaces = []\nmigrate_tls_x509_cert_dir = \"{}\"\n\
                 migration_port_min = {first}\nmigration_port_max = {}\n",
                pki.display(),
                first + PORTS - 1
            ),
        )
        .unwrap();
        let mut command = Command::new("unshare");
        command.args([
            "--mount",
            "--propagation",
            "private",
            "--pid",
            "--fork",
            "--mount-proc",
            "--kill-child",
        ]);
        let process = command
            .args(["sh", "-c", START])
            .env("D", directory)
            .env("LISTEN", if port.is_some() { "--listen" } else { "" })
            .env("DAEMON", &here.program)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(directory.join("daemon.log")).unwrap())
            .spawn()
            .unwrap();
        let place = directory.display().to_string().replace(' ', "%20");
        let uri = format!("qemu+unix:///system?socket={place}/{}", here.socket);
        let mut daemon = Self {
            process,
            uri,
            foreign: Vec::new(),
        };
        let connect = daemon.connect();
        for (name, runs) in [("novamend-probe", true), ("somebody's", false)] {
            let xml = format!(
                "<domain type='qemu'><name>{}</name><memory unit='MiB'>32</memory><os><type \
                 arch='x86_64'>hvm</type></os>\
                 </domain>",
                name.replace('\'', "&apos;")
            );
            let domain = connect.define_domain_xml(&xml).unwrap();
            if runs {
                domain.create().unwrap();
            }
        }
        daemon.foreign = daemon.domains();
        assert_eq!(daemon.foreign.len(), 2);
        daemon
    }

    /// A connection, once the daemon listens.
    fn connect(&self) -> Connect {
        let until = Instant::now() + Duration::from_secs(20);
        virt::error::clear_error_callback();
        loop {
            match Connect::open(Some(&self.uri)) {
                Ok(connect) => return connect,
                Err(error) => assert!(Instant::now() < until, "{}: {error}", self.uri),
            }
            thread::yield_now();
        }
    }

    /// Every domain: its name, and all that libvirt says of it with its id and whether it runs.
    fn domains(&self) -> Vec<(String, String)> {
        let domains = self.connect().list_all_domains(0).unwrap();
        let mut found: Vec<_> = domains
            .iter()
            .map(|domain| {
                let state = domain.state().unwrap();
                let xml = domain.xml_desc(0).unwrap();
                (domain.name().unwrap(), format!("{:?} {state:?} {xml}", domain.id()))
            })
            .collect();
        found.sort();
        found
    }

    fn assert_as_before(&self) {
        assert_eq!(self.domains(), self.foreign, "{}", self.uri);
    }
}

/// The daemons come first, as they are to end before their directories are removed.
pub(crate) struct Between {
    daemons: [Daemon; 2],
    ground: Ground,
    image: PathBuf,
}

impl Between {
    pub(crate) fn new(libvirt: &str) -> Self {
        Self::with(libvirt, None)
    }

    /// A path in its ground, which holds the source's nova.conf and the image.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.ground.path(name)
    }

    /// The program.
    pub(crate) fn program(&self) -> &Path {
        &self.ground.program
    }

    /// Where source and destination are reached.
    pub(crate) fn uris(&self) -> [&str; 2] {
        self.daemons.each_ref().map(|daemon| daemon.uri.as_str())
    }

    /// The destination is reached by a name, as in nova; where the daemon does not listen by itself, the test is skipped.
    fn by_name(libvirt: &str) -> (Self, u16) {
        let daemon = Host::look(Path::new(QEMU_CONF), &HostRequirements::default())
            .daemon
            .unwrap();
        if daemon.is_modular {
            skip_anywhere("virtqemud does not listen on a port by itself");
        }
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut between = Self::with(libvirt, Some(port));
        between.daemons[1].uri = format!("qemu+tcp://127.0.0.1:{port}/system");
        (between, port)
    }

    /// Writes the source's nova.conf again.
    fn source(&self, libvirt: &str) {
        fs::write(
            self.ground.path("nova.conf"),
            format!("[libvirt]\n{FORCED}\n{libvirt}\n"),
        )
        .unwrap();
    }

    fn with(libvirt: &str, port: Option<u16>) -> Self {
        let ground = Ground::new(libvirt, "root");
        let image = ground.path("novamend-probe.rom");
        let written = Command::new(&ground.program).arg("guest-image").output().unwrap();
        assert!(written.status.success(), "{written:?}");
        fs::write(&image, &written.stdout).unwrap();
        let pki = ground.path("pki");
        make(&pki, "127.0.0.1", FOR_EVER).unwrap();
        let daemons = [("a", 1, None), ("b", 2, port)]
            .map(|(letter, number, port)| Daemon::start(&ground.path(letter), number, &pki, port));
        Self { daemons, ground, image }
    }

    fn command(&self, words: &str) -> Command {
        let mut command = self.without_destination(words);
        command.arg("--dest-config").arg(self.destination(ADDRESS));
        command
    }

    /// The destination's nova.conf with these lines.
    fn destination(&self, libvirt: &str) -> PathBuf {
        let file = self.ground.path("destination.conf");
        fs::write(&file, format!("[libvirt]\n{libvirt}\n")).unwrap();
        file
    }

    fn without_destination(&self, words: &str) -> Command {
        let [source, destination] = self.daemons.each_ref().map(|daemon| &daemon.uri);
        let mut command = self.ground.command(&format!("{words} --source {source}"), None);
        command.args(["--dest", destination]);
        command.arg("--guest-image").arg(&self.image);
        command
    }

    fn verify(&self, words: &str) -> Ran {
        Ran::patiently(|| Ran::of(&self.command(words).output().unwrap()))
    }

    pub(crate) fn assert_nothing_is_left(&self) {
        for daemon in &self.daemons {
            daemon.assert_as_before();
        }
    }
}

fn abort_and_pause_are_proven_and_other_domains_are_left_alone() {
    need_real();
    let between = Between::new(FORCED);
    for (words, action) in [("--action abort --emulate", "abort"), ("--emulate", "pause")] {
        let ran = between.verify(words);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.headline().contains("works between these hosts"), "{ran:?}");
        let report = ran.report();
        let trial = &report["session"]["trials"][0];
        let judgement = &trial["judgement"];
        assert_eq!(judgement["action"], action, "{ran:?}");
        assert!(
            judgement["checks"]
                .as_array()
                .unwrap()
                .iter()
                .all(|check| check["holds"] == true)
        );
        assert!(judgement["remaining"].as_i64().unwrap() > 0, "{judgement}");
        assert_eq!(judgement["blackout_ms"], serde_json::Value::Null, "it is not measured");
        let not_proven = report["verdict"]["not_proven"].to_string();
        assert!(not_proven.contains("the downtime was not measured"), "{not_proven}");
        if action == "pause" {
            let time = judgement["libvirt_downtime_ms"].as_u64().unwrap();
            assert!(
                ran.headline()
                    .contains(&format!(": libvirt reports {time} ms of downtime")),
                "{ran:?}"
            );
        }
        between.assert_nothing_is_left();
    }
}

fn post_copy_is_proven_with_kvm_too() {
    need_real();
    need_kvm();
    let between = Between::new(&format!("{FORCED}\nlive_migration_permit_post_copy = true"));
    let page = between.ground.path("report.html");
    let ran = Ran::of(&between.command("").arg("--report").arg(&page).output().unwrap());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let html = fs::read_to_string(page).unwrap();
    for wanted in ["works between these hosts", "ms of downtime"] {
        assert!(html.contains(wanted), "{wanted}");
    }
    assert_eq!(ran.failed_checks("post_copy"), Vec::<String>::new(), "{ran:?}");
    assert_eq!(ran.report()["session"]["conditions"]["emulated"], false);
    between.assert_nothing_is_left();
}

/// Runs a command where `nova-compute` is a script of the Python `$PYTHON`.
const WITH_NOVA: &str = "set -e; mkdir \"$HERE/bin\"; printf '#!%s\\n' \"$PYTHON\" > \"$HERE/bin/nova-compute\"; \
                         mount -t tmpfs -o mode=755 none /opt; mkdir -p /opt/nova/bin; cp \"$HERE/bin/nova-compute\" /opt/nova/bin/; exec \"$@\"";

fn novas_own_code_decides_where_it_is_named_or_where_the_source_is_this_host() {
    need_real();
    let python = python("nova-31");
    let between = Between::new(FORCED);
    let decided = |ran: &Ran| {
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let report = ran.report();
        let found = &report["session"]["conditions"]["nova"]["run"];
        assert_eq!(found["interpreter"].as_str(), python.to_str(), "{ran:?}");
        for trial in report["session"]["trials"].as_array().unwrap() {
            assert_eq!(trial["nova"]["differences"], serde_json::json!([]), "{trial}");
            assert!(trial["nova"]["looks"].as_u64().unwrap() > 5, "{trial}");
        }
    };
    decided(&between.verify(&format!("--emulate --to 31 --nova {}", python.display())));
    between.assert_nothing_is_left();
    let named = between.command("--emulate --to 31");
    let found = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c", WITH_NOVA, "sh"])
        .arg(named.get_program())
        .args(named.get_args())
        .env("HERE", between.path(""))
        .env("PYTHON", &python)
        .stdin(Stdio::null())
        .output();
    let ran = Ran::of(&found.unwrap());
    let is_anybodys = |at: &Path| fs::metadata(at).is_ok_and(|at| at.permissions().mode() & 0o022 != 0);
    if python.ancestors().any(is_anybodys) {
        // Where others may write, as below /tmp, none is run unasked.
        let why = &ran.report()["session"]["conditions"]["nova"]["not"];
        let why = why.as_str().unwrap_or_default();
        assert!(why.contains("others than root may write to"), "{ran:?}");
    } else {
        decided(&ran);
    }
    between.assert_nothing_is_left();
}

fn native_tls_is_used_where_nova_conf_asks_for_it() {
    need_real();
    let between = Between::new(&format!("{FORCED}\nlive_migration_with_native_tls = true"));
    let ran = between.verify("--emulate");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.report()["session"]["trials"][0]["request"]["tls"], true, "{ran:?}");
    make(&between.ground.path("pki"), "127.0.0.2", FOR_EVER).unwrap();
    let ran = between.verify("--emulate");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.headline()
            .starts_with("every live migration from this source to this destination will fail"),
        "{ran:?}"
    );
    between.assert_nothing_is_left();
}

fn an_interrupt_removes_the_guest_from_both_hosts() {
    need_real();
    let between = Between::new(FORCED);
    for (signal, wanted) in [
        (Signal::INT, "is defined"),
        (Signal::TERM, "runs at the destination too"),
    ] {
        let child = between.command("--emulate").spawn().unwrap();
        let at = usize::from(signal == Signal::TERM);
        let until = Instant::now() + Duration::from_secs(60);
        while between.daemons[at].domains().len() < 3 {
            assert!(Instant::now() < until, "it never {wanted}");
        }
        kill_process(Pid::from_child(&child), signal).unwrap();
        let ran = Ran::of(&child.wait_with_output().unwrap());
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(
            ran.err
                .contains("interrupted; the guest has been removed from both hosts"),
            "{ran:?}"
        );
        between.assert_nothing_is_left();
    }
}

fn a_guest_that_may_be_left_is_named_with_the_remedy() {
    need_real();
    let mut between = Between::new(FORCED);
    let child = between.command("--emulate").spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while between.daemons[1].domains().len() < 3 {
        assert!(Instant::now() < until, "it never came to the destination");
    }
    between.daemons[1].process.kill().unwrap();
    let ran = Ran::of(&child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(2), "{ran:?}");
    let uri = &between.daemons[1].uri;
    assert_eq!(
        ran.report()["verdict"]["result"],
        "not_proven",
        "what was seen is told all the same: {ran:?}"
    );
    assert!(ran.err.contains("the guest novamend-probe-"), "{ran:?}");
    assert!(ran.err.contains(&format!(" may still be on {uri} (")), "{ran:?}");
    assert!(
        ran.err.contains(&format!("`virsh -c '{uri}' undefine novamend-probe-")),
        "{ran:?}"
    );
    assert!(
        !ran.err.contains(&between.daemons[0].uri),
        "the source is clean: {ran:?}"
    );
    between.daemons[0].assert_as_before();
}

fn a_host_that_cannot_is_named_and_nothing_is_left_at_the_other() {
    need_real();
    let mut between = Between::new(FORCED);
    let image = std::mem::replace(&mut between.image, PathBuf::from("/nonexistent/novamend-probe.rom"));
    let ran = between.verify("--emulate");
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(
        ran.err
            .contains("/nonexistent/novamend-probe.rom on both hosts is the output of `novamend-verify guest-image`"),
        "{ran:?}"
    );
    between.assert_nothing_is_left();
    between.image = image;
    let gone = std::mem::replace(
        &mut between.daemons[1].uri,
        "qemu+unix:///system?socket=/nonexistent".to_owned(),
    );
    let ran = between.verify("--emulate");
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(
        ran.err
            .contains("connecting to both hosts: qemu+unix:///system?socket=/nonexistent: "),
        "{ran:?}"
    );
    between.daemons[1].uri = gone;
    between.assert_nothing_is_left();
}

fn a_uri_that_runs_a_command_is_refused_before_anything_is_connected_to() {
    need_real();
    let (between, port) = Between::by_name("");
    let marker = between.ground.path("marker");
    let program = between.ground.path("evil");
    fs::write(&program, format!("#!/bin/sh\ntouch '{}'\n", marker.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let evil = program.display().to_string().replace(' ', "%%20");
    for line in [
        format!("live_migration_uri = qemu+ext://%s/system?command={evil}"),
        format!("live_migration_uri = qemu+EXT://%s/system?no_tty=1&command={evil}"),
        format!("live_migration_uri = qemu+ssh://%s/system?command={evil}"),
        format!("live_migration_uri = qemu+ssh://%s/system?c%%6fmmand={evil}"),
        format!("live_migration_uri = qemu+ssh://%s/system?no_tty=1;command={evil}"),
        format!("live_migration_uri = qemu+ssh://-oProxyCommand={evil}@%s/system"),
        format!(
            "live_migration_scheme = ssh://x/system?command={}&x=",
            evil.replace("%%", "%")
        ),
    ] {
        between.source(&line);
        let ran = between.verify("--emulate --patience 10");
        assert!(!marker.exists(), "{line}: it was run: {ran:?}");
        assert_eq!(ran.code, Some(2), "{line}: {ran:?}");
        assert!(
            ran.err.contains("refused before any connection was opened"),
            "{line}: {ran:?}"
        );
        assert!(!ran.err.contains("evil"), "{line}: {ran:?}");
    }
    // the same way with a URI that runs nothing
    between.source(&format!("live_migration_uri = qemu+tcp://%s:{port}/system"));
    let ran = between.verify("--emulate");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let far = &ran.report()["session"]["conditions"]["far"];
    assert_eq!(far["peer"], format!("qemu+tcp://127.0.0.1:{port}/system"));
    assert_eq!(far["by_nova_conf"]["address_from"], "inbound_address");
    between.assert_nothing_is_left();
}

fn an_address_of_the_destination_that_is_more_than_an_address_is_refused() {
    need_real();
    let (between, _) = Between::by_name("");
    let marker = between.ground.path("marker");
    let evil = format!("/bin/touch%20{}", marker.display().to_string().replace(' ', "%20"));
    between.source("live_migration_scheme = ssh");
    for address in [
        format!("127.0.0.1/system?command={evil}&x="),
        format!("-oProxyCommand={evil}"),
    ] {
        // Rocky takes any text; from Stein on nova stops at it
        for release in ["rocky", "2025.1"] {
            let file = between.destination(&format!("live_migration_inbound_addr = {address}"));
            let words = format!("--emulate --patience 10 --to {release}");
            let mut command = between.without_destination(&words);
            let ran = Ran::of(&command.arg("--dest-config").arg(&file).output().unwrap());
            assert!(!marker.exists(), "{address}: it was run: {ran:?}");
            assert_eq!(ran.code, Some(2), "{address}: {ran:?}");
            assert!(ran.err.contains("live_migration_inbound_addr"), "{address}: {ran:?}");
        }
    }
    between.assert_nothing_is_left();
}

fn the_command_line_is_judged_as_the_files_are() {
    need_real();
    let mut between = Between::new(FORCED);
    let marker = between.ground.path("marker");
    let socket = between.daemons[1].uri.clone();
    between.daemons[1].uri = format!("qemu+ext:///system?command=/bin/touch%20{}", marker.display());
    let ran = between.verify("--emulate");
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(
        ran.err
            .contains("the URI of `--dest`: its transport `ext` runs a command"),
        "{ran:?}"
    );
    between.daemons[1].uri = socket;
    between.assert_nothing_is_left();
}

fn of_the_destinations_nova_conf_only_the_address_counts() {
    need_real();
    let between = Between::new(FORCED);
    let marker = between.ground.path("marker");
    let other = format!(
        "{ADDRESS}\nlive_migration_uri = qemu+ext://%s/system?command=/bin/touch%%20{}\nlive_migration_timeout_action \
         = abort\n\
         live_migration_with_native_tls = true",
        marker.display()
    );
    let file = between.destination(&other);
    let mut command = between.without_destination("--emulate");
    let ran = Ran::of(&command.arg("--dest-config").arg(&file).output().unwrap());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let report = ran.report();
    assert_eq!(
        report["session"]["trials"][0]["judgement"]["action"], "pause",
        "the source's: {ran:?}"
    );
    assert_eq!(report["session"]["trials"][0]["request"]["tls"], false, "{ran:?}");
    let far = &report["session"]["conditions"]["far"];
    assert_eq!(far["migration"], "tcp://127.0.0.1");
    assert_eq!(
        far["by_nova_conf"]["differs"],
        serde_json::json!([
            "live_migration_uri",
            "live_migration_timeout_action",
            "live_migration_with_native_tls"
        ])
    );
    assert_eq!(
        report["roles"]["destination"],
        serde_json::json!([file.display().to_string()])
    );
    assert_ne!(report["roles"]["source"], report["roles"]["destination"]);
    let open = report["verdict"]["not_proven"].to_string();
    assert!(
        open.contains("do not try migrations back") && open.contains("`ext` runs a command"),
        "{open}"
    );
    assert!(!open.contains("not known: "), "{open}");
    assert!(!marker.exists());
    between.assert_nothing_is_left();
}

fn the_sources_own_address_is_not_taken_for_the_destinations() {
    need_real();
    let mut between = Between::new(&format!("{FORCED}\nlive_migration_inbound_addr = 192.0.2.7"));
    "qemu+unix:///system?socket=/nonexistent".clone_into(&mut between.daemons[1].uri);
    let ran = Ran::of(&between.without_destination("--emulate").output().unwrap());
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(!ran.err.contains("192.0.2.7"), "{ran:?}");
}

fn one_host_alone_is_refused() {
    let ground = Ground::new("", "root");
    for words in [
        "--source qemu:///system --guest-image /x",
        "--dest qemu:///system --guest-image /x",
        "--source qemu:///system --dest qemu:///system",
        "--guest-image /x",
    ] {
        let ran = ground.verify(words, None);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains("required arguments were not provided"), "{ran:?}");
    }
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    abort_and_pause_are_proven_and_other_domains_are_left_alone,
    post_copy_is_proven_with_kvm_too,
    novas_own_code_decides_where_it_is_named_or_where_the_source_is_this_host,
    native_tls_is_used_where_nova_conf_asks_for_it,
    an_interrupt_removes_the_guest_from_both_hosts,
    a_guest_that_may_be_left_is_named_with_the_remedy,
    a_host_that_cannot_is_named_and_nothing_is_left_at_the_other,
    a_uri_that_runs_a_command_is_refused_before_anything_is_connected_to,
    an_address_of_the_destination_that_is_more_than_an_address_is_refused,
    the_command_line_is_judged_as_the_files_are,
    of_the_destinations_nova_conf_only_the_address_counts,
    the_sources_own_address_is_not_taken_for_the_destinations,
    one_host_alone_is_refused,
];
