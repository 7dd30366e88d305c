//! Two hosts as libvirt and nova know them: each a daemon in network, mount and process namespaces of its own, joined by a veth
//! pair, with certificates and with sshd. `verify` runs on the first.
//!
//! They end with the test, being the first processes of their process namespaces.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use novamend_verify::host::{Host, HostRequirements, QEMU_CONF};
use novamend_verify::sandbox::pki::{FOR_EVER, make};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::ground::{Ground, Ran, has_kvm, need_real};
use crate::harness::{Test, skip, skip_anywhere, tests};

const POST_COPY: &str = "live_migration_timeout_action = force_complete\nlive_migration_permit_post_copy = true";

/// The second host's address.
const SECOND: &str = "192.0.2.2";

/// What a host does once its network is there: it is told by a line.
const START: &str = "set -e; read -r go; mount --bind \"$D/etc\" /etc; mount --bind \"$D/root\" /root; \
    mkdir -p /var/log/libvirt /var/cache/libvirt; \
    for part in lib log cache; do mount --bind \"$D/$part\" /var/$part/libvirt; done; \
    mount -t tmpfs none /run; mkdir -p /run/libvirt /run/lock /run/sshd; \
    /usr/sbin/sshd -D -f \"$D/sshd.conf\" & \
    \"$DAEMON\" --listen --config \"$D/daemon.conf\" --pid-file \"$D/daemon.pid\" & wait";

struct OneHost {
    process: Child,
}

impl Drop for OneHost {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs a program that must be there and succeed; what it prints.
fn ran(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

impl OneHost {
    /// Starts it; it waits for its network.
    fn start(directory: &Path, address: &str, pki: &Path) -> Self {
        for part in ["lib", "log", "cache", "root/.ssh"] {
            fs::create_dir_all(directory.join(part)).unwrap();
        }
        ran(Command::new("cp").arg("-a").arg("/etc").arg(directory.join("etc")));
        Self::configure(directory, address, pki);
        let daemon = Host::look(Path::new(QEMU_CONF), &HostRequirements::default())
            .daemon
            .unwrap();
        let mut command = Command::new("unshare");
        command.args([
            "--net",
            "--mount",
            "--propagation",
            "private",
            "--pid",
            "--fork",
            "--mount-proc",
        ]);
        let process = command
            .args(["--kill-child", "sh", "-c", START])
            .env("D", directory)
            .env("DAEMON", &daemon.program)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(fs::File::create(directory.join("log.txt")).unwrap())
            .spawn()
            .unwrap();
        Self { process }
    }

    fn configure(directory: &Path, address: &str, pki: &Path) {
        let etc = directory.join("etc");
        let _ = fs::remove_dir_all(etc.join("pki"));
        for part in ["pki/CA", "pki/libvirt/private", "libvirt/qemu"] {
            fs::create_dir_all(etc.join(part)).unwrap();
        }
        for (ours, theirs) in [
            ("ca-cert.pem", "pki/CA/cacert.pem"),
            ("server-cert.pem", "pki/libvirt/servercert.pem"),
            ("server-key.pem", "pki/libvirt/private/serverkey.pem"),
            ("client-cert.pem", "pki/libvirt/clientcert.pem"),
            ("client-key.pem", "pki/libvirt/private/clientkey.pem"),
        ] {
            fs::copy(pki.join(ours), etc.join(theirs)).unwrap();
        }
        let daemon = format!(
            "unix_sock_dir = \"/run/libvirt\"\nauth_unix_rw = \"none\"\nauth_unix_ro = \"none\"\nlisten_tls = 1\n\
             listen_tcp = 0\nlisten_addr = \"{address}\"\nauth_tls = \"none\"\nlog_outputs = \"3:stderr\"\n\
             host_uuid = \"6f3e1c1a-7a4e-4e0f-9d55-00000000001{}\"\n",
            &address[address.len() - 1..]
        );
        fs::write(directory.join("daemon.conf"), daemon).unwrap();
        let qemu = format!(
            "user = \"root\"\ngroup = \"root\"\nremember_owner = 0\nsecurity_driver = \"none\"\nstdio_handler = \"file\"\n\
             cgroup_controllers = []\nnamespaces = []\nmigrate_tls_x509_cert_dir = \"{}\"\n",
            pki.display()
        );
        fs::write(etc.join("libvirt/qemu.conf"), qemu).unwrap();
        fs::write(
            directory.join("sshd.conf"),
            format!(
                "ListenAddress {address}\nHostKey {}\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nPidFile none\n",
                directory.join("hostkey").display()
            ),
        )
        .unwrap();
        make_key(&directory.join("hostkey"));
        // one that is locked may not log in by a key either
        let shadow = fs::read_to_string(etc.join("shadow")).unwrap_or_default();
        let unlocked = shadow.lines().map(|line| match line.strip_prefix("root:") {
            Some(rest) => format!("root:*:{}\n", rest.split_once(':').map_or("", |(_, rest)| rest)),
            None => format!("{line}\n"),
        });
        fs::write(etc.join("shadow"), unlocked.collect::<String>()).unwrap();
    }

    /// The first process in its namespaces, by its number here.
    fn inner(&self) -> String {
        let outer = self.process.id();
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let children = fs::read_to_string(format!("/proc/{outer}/task/{outer}/children")).unwrap_or_default();
            if let Some(child) = children.split_whitespace().next() {
                return child.to_owned();
            }
            assert!(Instant::now() < until, "the host did not start");
            thread::yield_now();
        }
    }

    /// A program on it.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.inner(), "-m", "-n", "-p", "--"]).arg(program);
        command.stdin(Stdio::null());
        command
    }

    fn ip(&self, words: &str) {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.inner(), "-n", "--", "ip"]);
        ran(command.args(words.split_whitespace()));
    }

    fn go(&mut self) {
        self.process.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
        let until = Instant::now() + Duration::from_secs(30);
        while !self
            .command("virsh")
            .args(["-c", "qemu:///system", "version"])
            .output()
            .unwrap()
            .status
            .success()
        {
            assert!(Instant::now() < until, "the daemon does not answer");
            thread::yield_now();
        }
    }

    /// The names of its domains.
    fn domains(&self) -> String {
        ran(self
            .command("virsh")
            .args(["-c", "qemu:///system", "list", "--all", "--name"]))
    }
}

/// Makes a key for ssh.
fn make_key(path: &Path) {
    ran(Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(path));
}

/// The two hosts, and what verify needs.
struct TwoHosts {
    hosts: [OneHost; 2],
    ground: Ground,
    _directory: TempDir,
    image: PathBuf,
}

impl TwoHosts {
    fn new(libvirt: &str) -> Self {
        need_real();
        let daemon = Host::look(Path::new(QEMU_CONF), &HostRequirements::default()).daemon;
        if daemon.unwrap().is_modular {
            skip_anywhere("virtqemud does not listen on a port by itself");
        }
        if !Path::new("/usr/sbin/sshd").is_file() {
            skip("no sshd is installed");
        }
        let ground = Ground::new(&format!("{POST_COPY}\n{libvirt}"), "root");
        fs::write(
            ground.path("destination.conf"),
            format!("[libvirt]\nlive_migration_inbound_addr = {SECOND}\n"),
        )
        .unwrap();
        let image = ground.path("novamend-probe.rom");
        let written = Command::new(&ground.program).arg("guest-image").output().unwrap();
        fs::write(&image, &written.stdout).unwrap();
        // without a blank in its path, which sshd's configuration would take apart
        let directory = tempfile::Builder::new()
            .prefix("novamend-hosts-")
            .tempdir_in("/tmp")
            .unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let pki = directory.path().join("pki");
        make(&pki, SECOND, FOR_EVER).unwrap();
        let places = ["a", "b"].map(|letter| directory.path().join(letter));
        let mut hosts = [(&places[0], "192.0.2.1"), (&places[1], SECOND)]
            .map(|(place, address)| OneHost::start(place, address, &pki));
        trust(&places);
        join(&hosts);
        hosts.iter_mut().for_each(OneHost::go);
        Self {
            hosts,
            ground,
            _directory: directory,
            image,
        }
    }

    /// `verify` on the first host, to the second by `scheme`.
    fn verify(&self, scheme: &str, words: &str) -> Ran {
        Ran::patiently(|| Ran::of(&self.command(scheme, words).output().unwrap()))
    }

    fn command(&self, scheme: &str, words: &str) -> Command {
        let second = format!("qemu+{scheme}://{SECOND}/system");
        let mut command = self.hosts[0].command(&self.ground.program);
        command
            .args(
                self.ground
                    .arguments(&format!("{words} --source qemu:///system --dest {second}")),
            )
            .env_clear()
            .env("HOME", "/root");
        command.arg("--dest-config").arg(self.ground.path("destination.conf"));
        command.arg("--guest-image").arg(&self.image);
        if !has_kvm() {
            command.arg("--emulate");
        }
        command
    }

    fn assert_nothing_is_left(&self) {
        for host in &self.hosts {
            assert_eq!(host.domains(), "");
        }
    }
}

/// The first host's root may log in on the second, and knows it.
fn trust([first, second]: &[PathBuf; 2]) {
    let own = first.join("root/.ssh/id_ed25519");
    make_key(&own);
    fs::copy(own.with_extension("pub"), second.join("root/.ssh/authorized_keys")).unwrap();
    let theirs = fs::read_to_string(second.join("hostkey.pub")).unwrap();
    fs::write(first.join("root/.ssh/known_hosts"), format!("{SECOND} {theirs}")).unwrap();
}

fn join(hosts: &[OneHost; 2]) {
    let [first, second] = hosts;
    first.ip(&format!(
        "link add link0 type veth peer name link0 netns {}",
        second.inner()
    ));
    for (host, address) in [(first, "192.0.2.1"), (second, SECOND)] {
        host.ip(&format!("addr add {address}/24 dev link0"));
        host.ip("link set lo up");
        host.ip("link set link0 up");
    }
}

/// What a run of cuts between hosts must bring.
fn assert_broken_and_brought_back(ran: &Ran) {
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.headline().starts_with("recovery works here: "), "{ran:?}");
    let report = ran.report();
    let cuts = report["session"]["cuts"].as_array().unwrap();
    let names: Vec<&Value> = cuts.iter().map(|cut| &cut["cut"]).collect();
    assert_eq!(names, [&json!("reset"), &json!("reset_and_resume")]);
    for cut in cuts {
        let after = &cut["story"]["after_cut"];
        assert_eq!(
            (&after["source"]["state"], &after["source"]["reason"]),
            (&json!("paused"), &json!(13)),
            "{cut}"
        );
        assert_eq!(
            (&after["destination"]["state"], &after["destination"]["reason"]),
            (&json!("running"), &json!(11)),
            "{cut}"
        );
    }
    assert_eq!(cuts[0]["nova"], "waits_on", "{ran:?}");
    assert_eq!(cuts[1]["nova"], "completed", "{ran:?}");
    assert_eq!(cuts[1]["signs"]["memory_whole"], true, "{ran:?}");
}

fn over_tls_a_migration_works_and_one_that_broke_is_brought_back() {
    let hosts = TwoHosts::new("live_migration_scheme = tls\nlive_migration_with_native_tls = true");
    let ran = hosts.verify("tls", "");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let report = ran.report();
    let far = &report["session"]["conditions"]["far"];
    assert_eq!(far["peer"], format!("qemu+tls://{SECOND}/system"), "{far}");
    assert_eq!(far["migration"], format!("tcp://{SECOND}"), "{far}");
    assert_eq!(report["session"]["trials"][0]["request"]["tls"], true, "{ran:?}");
    hosts.assert_nothing_is_left();
    assert_broken_and_brought_back(&hosts.verify("tls", "--cut --yes-cut-the-test-guest"));
    hosts.assert_nothing_is_left();
}

fn over_ssh_a_migration_that_broke_is_brought_back() {
    let hosts = TwoHosts::new("live_migration_scheme = ssh");
    let ran = hosts.verify("ssh", "--cut --yes-cut-the-test-guest");
    assert_broken_and_brought_back(&ran);
    assert_eq!(
        ran.report()["session"]["conditions"]["far"]["peer"],
        format!("qemu+ssh://{SECOND}/system")
    );
    hosts.assert_nothing_is_left();
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    over_tls_a_migration_works_and_one_that_broke_is_brought_back,
    over_ssh_a_migration_that_broke_is_brought_back,
];
