//! A run may lie anywhere: program, daemon, certificates and files under directories that the sandbox has of its own, in paths
//! with spaces and behind symbolic links.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use novamend_verify::sandbox::pki::{FOR_EVER, make};

use crate::ground::{Ground, NOBODY, Ran, need_real};
use crate::harness::{Test, tests};

const TLS: &str = "live_migration_with_native_tls = true\nlive_migration_inbound_addr = 127.0.0.1";

/// Directories that the sandbox covers, wholly or for its daemons, and some that people build in.
const PLACES: [&str; 7] = [
    "/tmp",
    "/run",
    "/dev/shm",
    "/etc/libvirt",
    "/var/lib/libvirt",
    "/var/tmp",
    "/root",
];

/// The certificates are reached through a link to a directory beside the ground's, whose files are links, too.
fn linked_certificates(ground: &Ground) {
    let real = ground.path("real pki");
    make(&real, "127.0.0.1", FOR_EVER).unwrap();
    let shown = ground.path("shown");
    fs::create_dir(&shown).unwrap();
    for file in fs::read_dir(&real).unwrap().flatten() {
        symlink(
            Path::new("../real pki").join(file.file_name()),
            shown.join(file.file_name()),
        )
        .unwrap();
    }
    symlink("shown", ground.path("pki link")).unwrap();
    let line = format!(
        "migrate_tls_x509_cert_dir = \"{}\"\n",
        ground.path("pki link").display()
    );
    let conf = fs::read_to_string(ground.path("qemu.conf")).unwrap();
    fs::write(ground.path("qemu.conf"), conf + &line).unwrap();
}

fn nothing_that_was_given_is_hidden_wherever_it_lies() {
    need_real();
    for place in PLACES {
        let ground = Ground::under(Path::new(place), TLS, "root");
        linked_certificates(&ground);
        ground.stand_in("stand-in", "exec \"$REAL\" \"$@\"");
        let daemon = "cp /usr/sbin/libvirtd \"$HERE/real\"; mount --bind \"$HERE/stand-in\" /usr/sbin/libvirtd;";
        let ran = Ran::patiently(|| Ran::of(&ground.command_on(daemon, "--emulate --action abort").output().unwrap()));
        assert_eq!(ran.failed_checks("abort"), Vec::<String>::new(), "{place}");
        let certificates = ran.report()["session"]["conditions"]["tls"]["certificates"].clone();
        let directory = ground.path("pki link");
        assert_eq!(
            certificates["host"]["directory"],
            directory.to_str().unwrap(),
            "{place}: {ran:?}"
        );
    }
}

fn an_ordinary_user_may_run_it_from_anywhere_too() {
    need_real();
    for place in ["/run", "/dev/shm"] {
        let ran = Ground::under(Path::new(place), "", "nobody").verify("--emulate --action abort", Some(NOBODY));
        ran.needed_user_namespaces();
        assert_eq!(ran.code, Some(0), "{place}: {ran:?}");
    }
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    nothing_that_was_given_is_hidden_wherever_it_lies,
    an_ordinary_user_may_run_it_from_anywhere_too,
];
