//! Every cause at once: what nova.conf and the host say against migrations stands in the verdict whatever the trials showed, and
//! what could not be found out or built alike keeps it from "works".
//!
//! Nothing is started.

mod made;

use novamend::catalog::release::Version;
use novamend::nova::migration::Ending;
use novamend_verify::host::backing::Backing;
use novamend_verify::host::certificates::{CertificateFault, Certificates};
use novamend_verify::host::qemu_user::UserSource;
use novamend_verify::host::reach::Reach;
use novamend_verify::host::userfault::UserfaultAccess;
use novamend_verify::host::{Host, Status, lines};
use novamend_verify::trial::conditions::Mode;
use novamend_verify::trial::plan::Plan;
use novamend_verify::verdict::{Conclusion, Verdict, draw};

use crate::made::{FORCE, host, plan, plan_in, session, trial};

const POST_COPY: &str = "live_migration_timeout_action = force_complete\nlive_migration_permit_post_copy = true";

/// A host on which nothing is wrong.
fn sound() -> Host {
    Host {
        libvirt: Some((11, 3, 0)),
        qemu: Some((10, 1, 0)),
        certificates: None,
        ..host()
    }
}

/// The verdict where every trial did what it promises.
fn all_worked(plan: &Plan, host: &Host) -> Verdict {
    let post_copy = plan.settings.post_copy;
    let action = plan.settings.ending();
    draw(plan, host, &session(plan, None, vec![trial(action, post_copy, None)]))
}

fn words(verdict: &Verdict) -> Vec<&str> {
    verdict.causes.iter().map(|cause| cause.what.as_str()).collect()
}

#[test]
fn a_sound_host_and_file_have_no_cause() {
    let found = all_worked(&plan(POST_COPY), &sound());
    assert_eq!(
        (found.result, words(&found)),
        (Conclusion::Works, Vec::new()),
        "{}",
        found.headline
    );
}

#[test]
fn what_stops_every_migration_in_nova_conf_is_named_whatever_the_trials_showed() {
    for (line, said) in [
        ("live_migration_uri = qemu+tcp://192.0.2.12/system", "TypeError"),
        (
            "live_migration_uri = qemu+ssh://%s/system?keyfile=%2Fetc%2Fx",
            "TypeError",
        ),
        ("live_migration_uri = qemu+tcp://%y/system", "ValueError"),
        ("live_migration_uri = qemu+tcp://%r/system", "another name"),
        ("live_migration_bandwidth = -1", "OverflowError"),
        (
            "live_migration_bandwidth = 8796093022208",
            "accepts at most 8796093022207",
        ),
        ("live_migration_scheme = bogus", "`live_migration_scheme` is bogus"),
        ("virt_type = lxc", "virt_type = lxc"),
    ] {
        let found = all_worked(&plan(line), &sound());
        assert_eq!(found.exit_code(), 1, "{line}");
        assert!(
            found
                .headline
                .starts_with("every live migration from this host fails: "),
            "{line}: {}",
            found.headline
        );
        assert!(found.headline.contains(said), "{line}: {}", found.headline);
    }
    for sound_line in [
        "live_migration_uri = qemu+tcp://%s/system",
        "live_migration_uri = qemu+ssh://nova@%s/system?keyfile=%%2Fetc%%2Fx\nlive_migration_scheme = bogus",
        "live_migration_bandwidth = 8796093022207",
        "live_migration_scheme = ssh",
    ] {
        let found = all_worked(&plan(sound_line), &sound());
        assert_eq!(found.exit_code(), 0, "{sound_line}: {}", found.headline);
    }
}

#[test]
fn a_nova_that_does_not_start_is_no_matter_of_trials() {
    let parallel = format!("{POST_COPY}\nlive_migration_parallel_connections = 4");
    let with = |qemu: Version| Host {
        qemu: Some(qemu),
        ..sound()
    };
    let of = |release, qemu| all_worked(&plan_in(release, &parallel), &with(qemu));
    let found = of(33, (10, 0, 2));
    assert!(
        found
            .headline
            .contains("does not start: `live_migration_parallel_connections`"),
        "{}",
        found.headline
    );
    assert!(
        found.headline.contains("needs QEMU 10.1.0, and this is 10.0.2"),
        "{}",
        found.headline
    );
    assert_eq!(of(33, (10, 1, 0)).exit_code(), 0);
    let both = "live_migration_tunnelled = true\nlive_migration_with_native_tls = true";
    let found = all_worked(&plan_in(19, both), &sound());
    assert!(
        found.headline.contains("nova-compute of stein (19) does not start"),
        "{}",
        found.headline
    );
}

#[test]
fn an_address_that_leads_nowhere_is_no_place_to_send_guests_to() {
    let plan = plan("live_migration_inbound_addr = 10.1.2.3");
    let ip = "10.1.2.3".parse().unwrap();
    let of = |reach| {
        all_worked(
            &plan,
            &Host {
                reach: Some(reach),
                ..sound()
            },
        )
    };
    for reach in [Reach::Nowhere(ip), Reach::Elsewhere(ip)] {
        let found = of(reach);
        assert_eq!(found.result, Conclusion::DoesNotWork);
        assert!(
            found
                .headline
                .contains("sources connect to 10.1.2.3 (`live_migration_inbound_addr`), which")
        );
    }
    for reach in [
        Reach::NameOfLoopback(ip),
        Reach::NameOfAnother(ip),
        Reach::Unresolved,
        Reach::NotKnown,
    ] {
        let found = of(reach);
        assert_eq!(
            (found.result, found.exit_code()),
            (Conclusion::NotProven, 1),
            "{}",
            found.headline
        );
        assert!(
            found
                .headline
                .starts_with("not proven: whether sources can reach this host"),
            "{}",
            found.headline
        );
    }
    assert_eq!(of(Reach::Here).exit_code(), 0);
}

#[test]
fn memory_in_files_and_post_copy_go_together_on_tmpfs_alone() {
    let on = |kind: &str, takes| Host {
        backing: Backing {
            directory: "/var/lib/libvirt/qemu/ram".into(),
            found: Some("/var/lib/libvirt".into()),
            file_system: kind.to_owned(),
            takes_post_copy: takes,
        },
        ..sound()
    };
    let both = plan(&format!("{POST_COPY}\nfile_backed_memory = 4096"));
    let found = all_worked(&both, &on("ext4", Some(false)));
    assert_eq!(found.result, Conclusion::DoesNotWork);
    assert!(
        found.headline.starts_with("post-copy loses the guest or is refused"),
        "{}",
        found.headline
    );
    for (qemu, said) in [
        (Some((7, 2, 22)), "and this QEMU, 7.2.22, loses the guest at the switch"),
        (Some((8, 2, 0)), "what QEMU 8.2.0 then does is not known: 7.2 loses "),
        (
            Some((10, 1, 0)),
            "and this QEMU, 10.1.0, is expected to refuse post-copy at the start",
        ),
        (None, "QEMU 7.2 loses the guest at the switch, 10.0 refuses "),
    ] {
        let host = Host {
            qemu,
            ..on("ext4", Some(false))
        };
        let found = all_worked(&both, &host);
        assert!(found.headline.contains(said), "{}", found.headline);
    }
    assert_eq!(all_worked(&both, &on("tmpfs", Some(true))).result, Conclusion::Works);
    assert_eq!(all_worked(&both, &on("0x1", None)).result, Conclusion::NotProven);
    let pause = plan(&format!("{FORCE}\nfile_backed_memory = 4096"));
    assert_eq!(all_worked(&pause, &on("ext4", Some(false))).result, Conclusion::Works);
}

#[test]
fn what_could_not_be_built_alike_keeps_the_verdict_from_works() {
    let plan = plan(FORCE);
    let mut evidence = session(&plan, None, vec![trial(Ending::Pause, false, None)]);
    evidence
        .conditions
        .not_alike
        .push("guests with huge pages: the probe guest had none".to_owned());
    let found = draw(&plan, &sound(), &evidence);
    assert_eq!((found.result, found.exit_code()), (Conclusion::NotProven, 1));
    assert!(found.headline.contains("guests with huge pages"), "{}", found.headline);
    assert!(
        found.headline.contains("force_complete by pausing the guest works"),
        "{}",
        found.headline
    );
    assert!(found.not_proven[0].contains("huge pages"), "{:?}", found.not_proven);
}

#[test]
fn every_cause_is_named_at_once() {
    let refused = Host {
        qemu: Some((8, 0, 0)), // which knows no device beside the system call
        userfault: UserfaultAccess::Refused("Operation not permitted (errno 1)".to_owned()),
        reach: Some(Reach::Nowhere("127.0.0.1".parse().unwrap())),
        ..sound()
    };
    let plan = plan(&format!(
        "{POST_COPY}\nlive_migration_completion_timeout = 0\nlive_migration_inbound_addr = 127.0.0.1"
    ));
    let userfault =
        "internal error: unable to execute QEMU command 'migrate-set-capabilities': Postcopy is not supported";
    let evidence = session(&plan, None, vec![trial(Ending::PostCopy, true, Some(userfault))]);
    let found = draw(&plan, &refused, &evidence);
    let causes = words(&found);
    assert_eq!(causes.len(), 3, "{causes:?}");
    assert!(causes[0].contains("127.0.0.1"), "{causes:?}");
    assert!(causes[1].contains("post-copy is permitted but QEMU"), "{causes:?}");
    assert!(causes[2].contains("is copied until somebody intervenes"), "{causes:?}");
    assert!(found.causes.iter().all(|cause| cause.remedy.is_some()));
    // another refusal at the start does not hide what the host is known to lack
    let evidence = session(
        &plan,
        None,
        vec![trial(Ending::PostCopy, true, Some("TLS handshake failed"))],
    );
    let found = draw(&plan, &refused, &evidence);
    let causes = words(&found).join("\n");
    assert!(
        causes.contains("userfaultfd") && causes.contains("TLS handshake failed"),
        "{causes}"
    );
}

#[test]
fn a_guess_gives_no_flat_verdict() {
    let mut host = sound();
    host.qemu_user.user = "libvirt-qemu".to_owned();
    host.qemu_user.uid = Some(64055);
    host.qemu_user.known = UserSource::Unreadable("/etc/libvirt/qemu.conf".into());
    host.userfault = UserfaultAccess::NotTried("only root can test it as libvirt-qemu".to_owned());
    let plan = plan(POST_COPY);
    let mut evidence = session(
        &plan,
        None,
        vec![trial(Ending::PostCopy, true, Some("Postcopy is not supported"))],
    );
    evidence.conditions.mode = Mode::Session;
    let found = draw(&plan, &host, &evidence);
    assert_eq!(found.result, Conclusion::NotProven, "{}", found.headline);
    assert!(
        found
            .headline
            .contains("where QEMU has no more privileges than this user"),
        "{}",
        found.headline
    );
    let lines = lines(
        &host,
        novamend::catalog::Release::NEWEST,
        &novamend_verify::host::HostRequirements::default(),
    );
    let line = lines.iter().find(|line| line.about == "post-copy").unwrap();
    assert!(matches!(line.status, Status::NotKnown | Status::Ok), "{line:?}");
}

#[test]
fn tls_that_nova_leaves_out_is_no_tls() {
    let tls = "live_migration_with_native_tls = true";
    let old = Host {
        libvirt: Some((4, 0, 0)),
        qemu: Some((2, 11, 0)),
        ..sound()
    };
    for release in [19, 20, 21] {
        let found = all_worked(&plan_in(release, tls), &old);
        let said = found
            .causes
            .iter()
            .any(|cause| cause.what.contains("are migrated unencrypted"));
        assert!(said, "{release}: {:?}", found.causes);
    }
    let clear = |release, host: &Host| {
        let found = all_worked(&plan_in(release, tls), host);
        found
            .causes
            .iter()
            .any(|cause| cause.what.contains("are migrated unencrypted"))
    };
    assert!(!clear(22, &old) && !clear(21, &sound()));
}

#[test]
fn libvirts_own_certificates_matter_where_the_way_is_tls() {
    let lacking = Host {
        own_certificates: Some(Certificates {
            faults: vec![("/etc/pki/CA/cacert.pem".into(), CertificateFault::Missing)],
            first_to_end: None,
            names: Vec::new(),
        }),
        ..sound()
    };
    let found = all_worked(&plan("live_migration_scheme = tls"), &lacking);
    assert!(
        found.headline.contains("there is no /etc/pki/CA/cacert.pem"),
        "{}",
        found.headline
    );
}

#[test]
fn a_cause_is_put_on_the_role_that_nova_reads_it_in() {
    let headline = |libvirt: &str, host: &Host| all_worked(&plan(libvirt), host).headline;
    let from_here = "every live migration from this host fails: ";
    assert!(headline("live_migration_scheme = bogus", &sound()).starts_with(from_here));
    let lacking = |path: &str| Host {
        own_certificates: Some(Certificates {
            faults: vec![(path.into(), CertificateFault::Missing)],
            first_to_end: None,
            names: Vec::new(),
        }),
        ..sound()
    };
    let of_a_client = lacking("/etc/pki/libvirt/clientcert.pem");
    let found = headline("live_migration_scheme = tls", &of_a_client);
    assert!(
        found.starts_with("every live migration from this host will fail: "),
        "{found}"
    );
    let of_a_server = lacking("/etc/pki/libvirt/servercert.pem");
    let found = headline("live_migration_scheme = tls", &of_a_server);
    assert!(
        found.starts_with("every live migration to this host will fail: "),
        "{found}"
    );
    assert!(found.contains("for sources configured like this host"), "{found}");
    let loopback = Host {
        reach: Some(Reach::Nowhere("127.0.0.1".parse().unwrap())),
        ..sound()
    };
    let found = headline("live_migration_inbound_addr = 127.0.0.1", &loopback);
    assert!(
        found.starts_with("every live migration to this host will fail: sources connect to"),
        "{found}"
    );
}

#[test]
fn before_stein_nothing_is_called_force_complete() {
    let plan = plan_in(18, "live_migration_permit_post_copy = true");
    let found = all_worked(&plan, &sound());
    assert!(
        found.headline.starts_with("nova's own switch to post-copy works"),
        "{}",
        found.headline
    );
    let trials = plan.trials(novamend_verify::trial::plan::Wanted::All, false);
    assert!(
        trials.iter().all(|trial| trial.action != Ending::Pause),
        "nothing pauses a guest there"
    );
}
