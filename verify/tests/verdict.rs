//! What evidence means for a nova.conf: made evidence in, headline, remedy and exit code out.
//!
//! Nothing is started; the evidence of real trials is judged in the tests beside this one.

mod made;

use std::time::Duration;

use novamend::nova::migration::Ending;
use novamend_verify::guest::serial::{Kind, Record};
use novamend_verify::hypervisor::GuestState;
use novamend_verify::trial::checks::{Check, Observation, judge};
use novamend_verify::trial::conditions::{AddressFrom, Destination, Far};
use novamend_verify::trial::migrate::Trace;
use novamend_verify::trial::plan::Wanted;
use novamend_verify::verdict::Conclusion;

use crate::made::{FORCE, plan, trial, verdict, verdict_of};

/// A destination whose nova.conf was not given.
fn destination() -> Destination {
    Destination {
        files: None,
        address: Some("two".to_owned()),
        address_from: AddressFrom::DestinationUri,
        not_known: Some("`live_migration_inbound_addr` of the destination".to_owned()),
        differs: Vec::new(),
        uri_fault: None,
    }
}

#[test]
fn a_machine_too_slow_to_show_it_all_proves_nothing_and_damage_proves_all_the_same() {
    let mut slow = trial(Ending::Pause, false, None);
    slow.judgement.checks.push(Check {
        what: "the guest's memory is intact".to_owned(),
        holds: false,
        seen: "the guest did not check all its pages in time".to_owned(),
    });
    let found = verdict(FORCE, vec![slow.clone()]);
    assert_eq!(found.result, Conclusion::NotProven);
    assert_eq!(
        found.headline,
        "not proven: force_complete by pausing the guest did not fail, but not all of it was seen: the guest's memory \
         failed its check (the guest did not check all its pages in time)"
    );
    slow.judgement.checks[1].seen = "the page at 0x3000 held 0x7".to_owned();
    let found = verdict(FORCE, vec![slow]);
    assert_eq!(found.result, Conclusion::DoesNotWork);
}

#[test]
fn between_two_hosts_no_downtime_is_made_up() {
    let far = || {
        Some(Far {
            source: "qemu+ssh://one/system".to_owned(),
            destination: "qemu+ssh://two/system".to_owned(),
            peer: "qemu+tcp://two/system".to_owned(),
            migration: None,
            peer_is_not_novas: false,
            by_nova_conf: destination(),
            image: "/probe.rom".into(),
            guest: "novamend-probe-1".to_owned(),
        })
    };
    let mut pause = trial(Ending::Pause, false, None);
    pause.judgement.blackout_ms = None;
    let found = verdict_of(far(), FORCE, vec![pause.clone()]);
    assert_eq!(
        found.headline,
        "force_complete by pausing the guest works between these hosts (12 MiB left)"
    );
    assert!(
        found
            .not_proven
            .iter()
            .any(|line| line.contains("the downtime was not measured"))
    );
    assert!(
        !found
            .not_proven
            .iter()
            .any(|line| line.contains("only this host was tested"))
    );
    pause.judgement.libvirt_downtime_ms = Some(90);
    let refused = trial(Ending::PostCopy, true, Some("Postcopy is not supported"));
    let both = format!("{FORCE}\nlive_migration_permit_post_copy = true");
    let found = verdict_of(far(), &both, vec![refused, pause]);
    assert_eq!(
        found.headline,
        "every live migration from this source to this destination will fail: post-copy is permitted but the \
         destination's \
         QEMU refuses it (Postcopy is not supported)"
    );
    let remedy = found.remedy.unwrap();
    assert!(
        remedy.starts_with("on the destination, set vm.unprivileged_userfaultfd = 1"),
        "{remedy}"
    );
    assert!(
        remedy.ends_with("this worked here: libvirt reports 90 ms of downtime, 12 MiB left)"),
        "{remedy}"
    );
}

#[test]
fn what_works_is_said_with_its_downtime() {
    let found = verdict(FORCE, vec![trial(Ending::Pause, false, None)]);
    assert_eq!(found.exit_code(), 0);
    assert_eq!(
        found.headline,
        "force_complete by pausing the guest works on this host: the guest was paused for 14 ms (12 MiB left)"
    );
    assert!(
        found
            .not_proven
            .iter()
            .any(|line| line.contains("only this host was tested"))
    );
}

#[test]
fn the_configured_action_decides_over_the_others() {
    let not_permitted = || trial(Ending::PostCopy, true, Some("y is not supported"));
    let abort = verdict("", vec![trial(Ending::Abort, false, None), not_permitted()]);
    assert_eq!(
        abort.exit_code(),
        0,
        "abort is configured and works: {}",
        abort.headline
    );
    assert!(
        abort
            .shown
            .iter()
            .any(|line| line.starts_with("force_complete by post-copy failed"))
    );
    let found = verdict(
        FORCE,
        vec![trial(Ending::Pause, false, Some("x is not supported")), not_permitted()],
    );
    assert_eq!(found.exit_code(), 1);
    assert!(
        found
            .headline
            .starts_with("every live migration to this host will fail at its start: x is not supported"),
        "{}",
        found.headline
    );
}

#[test]
fn a_missing_userfaultfd_is_told_from_flags_that_do_not_go_together() {
    let libvirt = format!("{FORCE}\nlive_migration_permit_post_copy = true");
    let qemu = "internal error: unable to execute QEMU command 'migrate-set-capabilities': Postcopy is not supported";
    let trials = |said| {
        vec![
            trial(Ending::PostCopy, true, Some(said)),
            trial(Ending::Pause, false, None),
        ]
    };
    let found = verdict(&libvirt, trials(qemu));
    assert!(
        found.headline.contains("post-copy is permitted but QEMU, as root,"),
        "{}",
        found.headline
    );
    assert!(found.remedy.unwrap().contains(
        "set live_migration_permit_post_copy = false (force_complete then pauses the guest; this worked here: the guest \
         was paused for 14 ms, 12 MiB left)"
    ));
    let found = verdict(
        &libvirt,
        trials("argument unsupported: post-copy is not supported with tunnelled migration"),
    );
    assert!(
        found
            .headline
            .ends_with("at its start: argument unsupported: post-copy is not supported with tunnelled migration"),
        "{}",
        found.headline
    );
}

#[test]
fn a_timeout_of_zero_is_no_fault_only_where_nothing_was_to_act() {
    let zero = "live_migration_completion_timeout = 0";
    let abort = || vec![trial(Ending::Abort, false, None)];
    let found = verdict(zero, abort());
    assert_eq!(found.exit_code(), 0);
    assert!(
        found.headline.starts_with("as configured, no action is ever taken"),
        "{}",
        found.headline
    );
    for more in [FORCE, "live_migration_permit_post_copy = true"] {
        let found = verdict(&format!("{zero}\n{more}"), abort());
        assert_eq!(found.exit_code(), 1, "{more}");
        assert!(found.remedy.unwrap().contains("live_migration_completion_timeout"));
    }
}

#[test]
fn tls_without_certificates_stops_every_migration() {
    let found = verdict(
        "live_migration_with_native_tls = true",
        vec![trial(Ending::Abort, false, None)],
    );
    assert_eq!(found.exit_code(), 1);
    assert!(
        found.headline.contains("there is no /etc/pki/qemu/server-cert.pem"),
        "{}",
        found.headline
    );
}

#[test]
fn the_source_knows_best_why_a_job_failed() {
    let mut failed = trial(Ending::Abort, false, Some("qemu unexpectedly closed the monitor"));
    failed.cause = Some("Certificate does not match the hostname compute1".to_owned());
    let found = verdict("", vec![failed]);
    assert!(
        found
            .headline
            .ends_with("at its start: Certificate does not match the hostname compute1"),
        "{}",
        found.headline
    );
    assert!(
        found.shown[0].ends_with("(Certificate does not match the hostname compute1)"),
        "{:?}",
        found.shown
    );
}

#[test]
fn all_three_trials_are_made_whatever_is_configured() {
    let actions: Vec<Ending> = plan("")
        .trials(Wanted::All, false)
        .iter()
        .map(|trial| trial.action)
        .collect();
    assert_eq!(actions, [Ending::Abort, Ending::PostCopy, Ending::Pause]);
}

fn beat(at: u64, sequence: u32, from: usize) -> Record {
    Record {
        at: Duration::from_millis(at),
        from,
        kind: Kind::Beat,
        sequence,
        generation: 1,
        round: 0,
    }
}

/// What was observed of a guest that moved at 100 ms and was heard again at 114 ms.
fn moved() -> Observation {
    Observation {
        records: vec![beat(98, 1, 0), beat(100, 2, 0), beat(114, 3, 1), beat(116, 4, 1)],
        source_span: Some((Duration::from_millis(98), Duration::from_millis(100))),
        destination_span: Some((Duration::from_millis(114), Duration::from_millis(116))),
        source: Some(GuestState::Absent),
        destination: Some(GuestState::Running),
        looked_at_all: true,
        ..Observation::default()
    }
}

fn broken_checks(change: impl FnOnce(&mut Observation)) -> Vec<String> {
    let mut observed = moved();
    change(&mut observed);
    let trace = Trace {
        returned: Some(Ok(())),
        ..Trace::default()
    };
    let judgement = judge(Ending::Pause, &trace, &observed);
    let failed = judgement
        .checks
        .into_iter()
        .filter(|check| !check.holds)
        .map(|check| check.what);
    failed.filter(|what| what != "the action was taken").collect()
}

type Change = fn(&mut Observation);

#[test]
fn each_thing_that_may_go_wrong_has_a_check_that_sees_it() {
    assert_eq!(broken_checks(|_| {}), Vec::<String>::new());
    let cases: [(&str, Change); 8] = [
        ("the guest runs on the destination", |seen| {
            seen.destination = Some(GuestState::Paused);
        }),
        ("nothing is left on the source", |seen| {
            seen.source = Some(GuestState::Off);
        }),
        ("exactly one copy of the guest runs", |seen| {
            seen.source_span = Some((Duration::ZERO, Duration::from_millis(115)));
        }),
        ("no heartbeat is missing or repeated", |seen| {
            seen.records.remove(2);
        }),
        ("no heartbeat is missing or repeated", |seen| {
            let again = seen.records[1];
            seen.records.insert(2, again);
        }),
        ("no heartbeat is missing or repeated", |seen| seen.stray = 1),
        ("the guest's memory is intact", |seen| seen.looked_at_all = false),
        ("the guest's memory is intact", |seen| {
            seen.records.push(Record {
                kind: Kind::Damage,
                ..beat(120, 0x10_7000, 1)
            });
        }),
    ];
    for (wanted, change) in cases {
        assert_eq!(broken_checks(change), [wanted]);
    }
}

#[test]
fn the_downtime_lies_between_the_last_heartbeat_here_and_the_first_there() {
    let trace = Trace {
        returned: Some(Ok(())),
        ..Trace::default()
    };
    assert_eq!(judge(Ending::Pause, &trace, &moved()).blackout_ms, Some(14.0));
}
