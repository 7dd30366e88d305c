//! Native TLS: the trials use it, with the host's own certificates where QEMU can come to them, and a certificate that would
//! stop migrations stops them here.

use std::fs::{self, Permissions};
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use novamend_verify::sandbox::pki::{FOR_EVER, make};

use crate::ground::{Ground, NOBODY, Ran, need_real};
use crate::harness::{Test, tests};

const TLS: &str = "live_migration_with_native_tls = true";

/// Native TLS, with an address of this machine.
fn named() -> String {
    format!("{TLS}\nlive_migration_inbound_addr = {}", own_address())
}

/// An address of this machine that is not loopback, by which no packet is sent.
fn own_address() -> String {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.connect("192.0.2.1:9").expect("this machine has a network");
    socket.local_addr().unwrap().ip().to_string()
}

/// A host with certificates of its own.
struct Encrypted {
    ground: Ground,
    pki: PathBuf,
}

impl Encrypted {
    /// QEMU runs as `user`; both certificates are for `name` and valid until `year` ends.
    fn new(libvirt: &str, user: &str, name: &str, year: i32) -> Self {
        let ground = Ground::new(libvirt, user);
        let pki = ground.path("pki");
        make(&pki, name, year).unwrap();
        let encrypted = Self { ground, pki };
        let line = format!("migrate_tls_x509_cert_dir = \"{}\"", encrypted.pki.display());
        encrypted.say(&line);
        encrypted
    }

    /// Adds a line to qemu.conf.
    fn say(&self, line: &str) {
        let path = self.ground.path("qemu.conf");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, format!("{text}{line}\n")).unwrap();
    }

    fn verify(&self) -> Ran {
        self.ground.verify("--emulate", None)
    }

    /// What probe says of TLS.
    fn probed(&self) -> (String, String) {
        let mut command = std::process::Command::new(&self.ground.program);
        command.arg("probe").arg(self.ground.path("nova.conf"));
        command
            .args(["--format", "json", "--qemu-conf"])
            .arg(self.ground.path("qemu.conf"));
        let lines = Ran::of(&command.output().unwrap()).report()["lines"]
            .as_array()
            .unwrap()
            .clone();
        let line = lines.into_iter().find(|line| line["about"] == "tls").unwrap();
        let word = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        (word("status"), word("why"))
    }
}

fn flags_hold_tls(ran: &Ran) {
    let report = ran.report();
    let trials = report["session"]["trials"].as_array().unwrap();
    assert!(
        !trials.is_empty() && trials.iter().all(|trial| trial["request"]["tls"] == true),
        "{ran:?}"
    );
}

/// No live migration starts: the sentence holds `said`, the remedy `remedy`.
fn every_migration_fails(ran: &Ran, said: &str, remedy: &str) {
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let headline = ran.headline();
    assert!(
        headline.starts_with("every live migration to this host will fail"),
        "{headline}"
    );
    assert!(headline.contains(said), "{headline}");
    let told = ran.remedy();
    assert!(told.contains(remedy), "{told}");
}

fn the_hosts_own_certificates_are_used_by_the_name_that_the_source_asks_for() {
    need_real();
    let forced = format!(
        "{}\nlive_migration_timeout_action = force_complete\nlive_migration_permit_post_copy = true",
        named()
    );
    let host = Encrypted::new(&forced, "root", &own_address(), FOR_EVER);
    let ran = host.ground.verify("--emulate --action all", None);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    flags_hold_tls(&ran);
    for action in ["abort", "post_copy", "pause"] {
        assert_eq!(ran.failed_checks(action), Vec::<String>::new(), "{action}");
    }
    let tls = ran.report()["session"]["conditions"]["tls"].clone();
    assert_eq!(tls["certificates"]["host"]["name"], own_address().as_str(), "{tls}");
    assert_eq!(
        tls["certificates"]["host"]["directory"],
        host.pki.to_str().unwrap(),
        "{tls}"
    );
    assert_eq!(host.probed().0, "ok");
}

fn a_certificate_for_another_name_stops_every_migration() {
    need_real();
    let host = Encrypted::new(&named(), "root", "compute1.example", FOR_EVER);
    let (status, why) = host.probed();
    assert_eq!(status, "fails", "{why}");
    assert!(why.contains("is for compute1.example, but sources expect"), "{why}");
    every_migration_fails(
        &host.verify(),
        &own_address(),
        &format!("the source expects the name {}", own_address()),
    );
}

fn a_certificate_that_is_over_stops_every_migration() {
    need_real();
    let host = Encrypted::new(&named(), "root", &own_address(), 2020);
    every_migration_fails(&host.verify(), "has expired", "renew");
    let (status, why) = host.probed();
    assert_eq!(status, "fails");
    assert!(why.contains("expired on 2020-12-31T00:00:00Z: "), "{why}");
}

fn a_key_that_the_user_of_qemu_may_not_read_stops_every_migration() {
    need_real();
    let host = Encrypted::new(&named(), "nobody", &own_address(), FOR_EVER);
    let key = host.pki.join("server-key.pem");
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    let remedy = format!("chgrp nogroup '{}' && chmod 640", key.display());
    every_migration_fails(&host.verify(), "Error while reading file", &remedy);
    let (status, why) = host.probed();
    assert_eq!(status, "fails");
    assert!(
        why.contains(&format!("QEMU's user may not read {}", key.display())),
        "{why}"
    );
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    assert_eq!(host.verify().code, Some(0));
}

fn a_source_needs_a_certificate_unless_destinations_do_not_ask_for_one() {
    need_real();
    let host = Encrypted::new(&named(), "root", &own_address(), FOR_EVER);
    fs::remove_file(host.pki.join("client-cert.pem")).unwrap();
    let ran = host.verify();
    every_migration_fails(&ran, "pki/client-cert.pem", "put them there");
    flags_hold_tls(&ran);
    let because = ran.report()["session"]["conditions"]["tls"]["certificates"]["made"]["because"].to_string();
    assert!(because.contains("client-cert.pem"), "{because}");
    host.say("migrate_tls_x509_verify = 0");
    assert_eq!(host.verify().code, Some(0));
}

fn a_host_that_insists_on_tls_refuses_a_nova_conf_without() {
    need_real();
    let host = Encrypted::new("", "root", &own_address(), FOR_EVER);
    host.say("migrate_tls_force = 1");
    every_migration_fails(&host.verify(), "TLS", "live_migration_with_native_tls = true");
}

fn an_ordinary_user_tries_tls_with_certificates_made_for_it() {
    need_real();
    let ran = Ground::new(TLS, "nobody").verify("--emulate", Some(NOBODY));
    ran.needed_user_namespaces();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(ran.report()["verdict"]["result"], "not_proven", "{ran:?}");
    assert_eq!(ran.failed_checks("abort"), Vec::<String>::new());
    flags_hold_tls(&ran);
    let headline = ran.headline();
    assert!(
        headline.contains("whether the host's own certificates work: only root can read them"),
        "{headline}"
    );
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    the_hosts_own_certificates_are_used_by_the_name_that_the_source_asks_for,
    a_certificate_for_another_name_stops_every_migration,
    a_certificate_that_is_over_stops_every_migration,
    a_key_that_the_user_of_qemu_may_not_read_stops_every_migration,
    a_source_needs_a_certificate_unless_destinations_do_not_ask_for_one,
    a_host_that_insists_on_tls_refuses_a_nova_conf_without,
    an_ordinary_user_tries_tls_with_certificates_made_for_it,
];
