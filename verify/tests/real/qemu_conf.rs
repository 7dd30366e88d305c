//! Files of qemu.conf beside the real daemon: what is read here as a file that libvirt starts with is one, and the other way.
//!
//! No guest is started.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use novamend_verify::host::programs;
use novamend_verify::host::qemu_conf::QemuConf;
use virt::connect::Connect;

use crate::ground::need_real;
use crate::harness::{Test, skip_anywhere, tests};

/// Each with what it would do to a reader that goes by lines, or by UTF-8.
const FILES: [&[u8]; 50] = [
    b"",
    b"\n\n",
    b" ",
    b"#",
    b"# only a comment",
    b"# one\n\n\n# two\n",
    b"# caf\xe9 \xff\xfe\nuser = \"root\"\n",
    b"\xef\xbb\xbfuser = \"root\"\n",
    b"user = \"root\"",
    b"user = \"root\"\r\ngroup = 'root'\r\n",
    b"user='root';group='root'\n",
    b"user = \"root\" group = \"root\"\n",
    b"user = \"root\n",
    b"user = root\n",
    b"user = 'root\"\n",
    b"user = \"\"\"root\"\"\"\n",
    b"user = \"\"\"root\n",
    b"user = \"\"\n",
    b"user = \"nobody-has-this-name\"\n",
    b"user = \"\xff\xfe\"\n",
    b"user = \"+0\"\n",
    b"user = \"0\"\n",
    b"user = 0\n",
    b"user = [ \"root\" ]\n",
    b"user = \"root\"\nuser = \"nobody-has-this-name\"\n",
    b"user = \"nobody-has-this-name\"\nuser = \"root\"\n",
    b"user = \"root\"\nuser = 3\n",
    b"user = \"root\" # a comment\n",
    b"user # = \"root\"\n= \"root\"\n",
    b"  user =\n\"root\"\n",
    b"user\t=\t\"root\"\n",
    b"user = \"ro\0ot\"\n",
    b"group = \"root\"\0\n",
    b"_user = 1\n",
    b"9user = 1\n",
    b"no_such_option = 1\n",
    b"no-such-option = 1\n",
    b"migrate_tls_force = 1\n",
    b"migrate_tls_force = 2\n",
    b"migrate_tls_force = -0\n",
    b"migrate_tls_force = \"1\"\n",
    b"migrate_tls_force = yes\n",
    b"migrate_tls_x509_cert_dir = \"/nonexistent\"\n",
    b"memory_backing_dir = [\"/dev/shm\"]\n",
    b"migration_port_min = 60000\nmigration_port_max = 50000\n",
    b"migration_port_max = 65536\n",
    b"migration_host = \"localhost\"\n",
    b"cgroup_controllers = [\n # none\n]\n",
    b"cgroup_device_acl = [\n \"/dev/null\",\n \"/dev/kvm\",\n]\n",
    b"cgroup_device_acl = [ \"/dev/null\" \"/dev/kvm\" ]\n",
];

/// Lays the daemon's own places over those of this machine and becomes it.
const START: &str = "set -e; for at in lib log cache; do mount --bind \"$D/$at\" /var/$at/libvirt; done; \
                     mount --bind \"$D/etc\" /etc/libvirt; mount -t tmpfs none /run; mkdir /run/libvirt; \
                     exec \"$DAEMON\" --config \"$D/daemon.conf\" --pid-file /run/daemon.pid";

/// Whether the daemon of this machine starts with the file, and what it wrote where it did not.
fn starts_with(directory: &Path, file: &[u8]) -> (bool, String) {
    for part in ["lib", "log", "cache", "etc"] {
        fs::create_dir_all(directory.join(part)).unwrap();
    }
    fs::write(directory.join("etc/qemu.conf"), file).unwrap();
    let socket = programs::daemon().unwrap().socket;
    let _ = fs::remove_file(directory.join(socket));
    let conf = format!(
        "unix_sock_dir = \"{}\"\nauth_unix_rw = \"none\"\nlog_outputs = \"3:stderr\"\n",
        directory.display()
    );
    fs::write(directory.join("daemon.conf"), conf).unwrap();
    let log = directory.join("daemon.log");
    let mut daemon = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "--pid", "--fork", "--mount-proc"])
        .args(["--kill-child", "sh", "-c", START])
        .env("D", directory)
        .env("DAEMON", programs::daemon().unwrap().program)
        .env("LIBVIRT_DRIVER_DIR", directory.join("drivers"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let uri = format!("qemu+unix:///system?socket={}/{socket}", directory.display());
    let until = Instant::now() + Duration::from_secs(30);
    let starts = loop {
        if daemon.try_wait().unwrap().is_some() {
            break false;
        }
        if Connect::open(Some(&uri)).is_ok() {
            break true;
        }
        assert!(Instant::now() < until, "neither starts nor ends: {file:?}");
        thread::yield_now();
    };
    let _ = daemon.kill();
    let _ = daemon.wait();
    (starts, fs::read_to_string(&log).unwrap_or_default())
}

fn libvirt_starts_with_exactly_the_files_that_are_taken_here() {
    need_real();
    virt::error::clear_error_callback();
    // the socket's path must be free of what a URI would have to quote
    let directory = tempfile::Builder::new().prefix("novamend-").tempdir_in("/tmp").unwrap();
    fs::create_dir(directory.path().join("drivers")).unwrap();
    let Some(drivers) = programs::drivers() else {
        skip_anywhere("the directory of libvirt's drivers is not known");
    };
    let name = "libvirt_driver_qemu.so";
    std::os::unix::fs::symlink(drivers.join(name), directory.path().join("drivers").join(name)).unwrap();
    let (mut wrong, mut starting) = (Vec::new(), 0);
    for file in FILES {
        let (starts, said) = starts_with(directory.path(), file);
        let read = QemuConf::of(file);
        starting += usize::from(starts);
        // whether there is such a user is looked up beside the reading
        let has_user = read
            .as_ref()
            .is_ok_and(|conf| novamend_verify::host::qemu_user::find(conf).uid.is_some());
        if starts != has_user {
            let text = String::from_utf8_lossy(file).into_owned();
            wrong.push(format!("{text:?}: starts: {starts}, read: {read:?}; {said}"));
        }
    }
    assert!((15..35).contains(&starting), "{starting} of {} start", FILES.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![libvirt_starts_with_exactly_the_files_that_are_taken_here,];
