//! Nova's own code of several releases over real migrations: the verdicts are those of the rebuilt monitor, and what it did is told.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use serde_json::Value;

use crate::environments::{Environment, python, tampered};
use crate::ground::{Ground, NOBODY, Ran, has_kvm, need_real};
use crate::harness::{Test, tests};

const POST_COPY: &str = "live_migration_timeout_action = force_complete\nlive_migration_permit_post_copy = true";

/// Three of the releases at one run, all where `NOVAMEND_NOVAS` is set.
fn some() -> Vec<Environment> {
    let all = crate::environments::ENVIRONMENTS;
    let short = [25, 31, 34];
    let is_long = std::env::var_os("NOVAMEND_NOVAS").is_some();
    all.into_iter()
        .filter(|one| is_long || short.contains(&one.release))
        .collect()
}

/// Each trial's action, whether all its checks hold, and how nova took it to have ended. Where nova looks after an aborted job is
/// gone, it takes it as failed; a moment earlier, as cancelled.
fn shown(ran: &Ran) -> Vec<String> {
    let report = ran.report();
    let of_trial = |trial: &Value| {
        let judgement = &trial["judgement"];
        let checks = judgement["checks"].as_array().unwrap();
        let checks: Vec<String> = checks
            .iter()
            .map(|check| format!("{} {}", check["what"], check["holds"]))
            .collect();
        let ended = trial["trace"]["outcome"].as_str().unwrap();
        let ended = if ended == "cancelled" { "failed" } else { ended };
        format!("{} {ended} {}", judgement["action"], checks.join(", "))
    };
    report["session"]["trials"]
        .as_array()
        .unwrap()
        .iter()
        .map(of_trial)
        .collect()
}

fn is_not_proven(ran: &Ran, beginning: &str) -> bool {
    let report = ran.report();
    let list = report["verdict"]["not_proven"].as_array().unwrap();
    list.iter().any(|line| line.as_str().unwrap().starts_with(beginning))
}

const NOT_RUN: &str = "nova's own code was not run";

fn nova_of_several_releases_decides_as_the_rebuilt_monitor_does() {
    need_real();
    let ground = Ground::new(POST_COPY, "root");
    for Environment { name, release } in some() {
        let python = python(name);
        let words = |nova: &str| format!("--action all --to {release} --nova {nova}");
        let without = ground.verify(&words("none"), None);
        let with = ground.verify(&words(python.to_str().unwrap()), None);
        assert_eq!((with.code, without.code), (Some(0), Some(0)), "{with:?} {without:?}");
        assert_eq!(shown(&with), shown(&without), "{name}");
        assert!(
            is_not_proven(&without, NOT_RUN) && !is_not_proven(&with, NOT_RUN),
            "{name}"
        );
        let report = with.report();
        let found = &report["session"]["conditions"]["nova"]["run"];
        assert_eq!(
            (&found["release"], found["interpreter"].as_str()),
            (&Value::from(release), python.to_str())
        );
        let trials = report["session"]["trials"].as_array().unwrap();
        assert_eq!(trials.len(), 3);
        for trial in trials {
            assert_eq!(trial["nova"]["differences"], Value::Array(Vec::new()), "{trial}");
            assert!(trial["nova"]["looks"].as_u64().unwrap() > 5, "{trial}");
            assert_eq!(trial["nova"]["version"], found["version"]);
        }
        for trial in without.report()["session"]["trials"].as_array().unwrap() {
            assert_eq!(trial["nova"], Value::Null);
        }
    }
}

fn an_ordinary_user_runs_it_too() {
    need_real();
    // an environment below root's own home is not for others
    let python = python("nova-31");
    let enters = Command::new(&python)
        .args(["-c", "import nova"])
        .env_clear()
        .uid(NOBODY)
        .gid(NOBODY)
        .output();
    if !enters.is_ok_and(|ran| ran.status.success()) {
        crate::harness::skip_anywhere("nobody may not run that Python");
    }
    let ground = Ground::new(POST_COPY, "root");
    let ran = ground.verify(&format!("--to 31 --nova {}", python.display()), Some(NOBODY));
    ran.needed_user_namespaces();
    assert!(!is_not_proven(&ran, NOT_RUN), "{ran:?}");
}

fn a_nova_that_never_acts_is_the_headline() {
    need_real();
    let (_there, python) = tampered(
        "nova.virt.libvirt.migration",
        "should_trigger_timeout_action = lambda *arguments: False\n",
    );
    let ground = Ground::new("", "root");
    let emulate = if has_kvm() { "" } else { "--emulate" };
    let ran = ground.verify(&format!("--to 31 {emulate} --nova {}", python.display()), None);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.headline()
            .starts_with("not proven: in the trial of abort, your nova (31.3.1) after ")
            && ran
                .headline()
                .ends_with("does nothing where novamend expected that it aborts the job"),
        "{}",
        ran.headline()
    );
}

fn a_nova_of_another_release_is_refused_before_any_trial() {
    let ground = Ground::new("", "root");
    let python = python("nova-31");
    for (words, said) in [
        (
            format!("--to 34 --nova {}", python.display()),
            "what that nova does shows --to 31",
        ),
        (
            "--to 31 --nova /bin/true".to_owned(),
            "did not answer as Python 3.6 or newer does",
        ),
        (
            "--to 31 --nova /nonexistent/python".to_owned(),
            "/nonexistent/python is not a program",
        ),
    ] {
        let ran = ground.verify(&words, None);
        assert!(ran.code == Some(2) && ran.err.contains(said), "{words}: {ran:?}");
    }
}

fn copied_disks_are_not_for_novas_own_code_and_that_is_said() {
    let python = python("nova-31");
    let ran = Ground::new("", "root").verify(&format!("--to 31 --block-migration --nova {}", python.display()), None);
    assert!(
        ran.code == Some(2)
            && ran.out.is_empty()
            && ran
                .err
                .contains("--nova with --block-migration: where disks are copied"),
        "{ran:?}"
    );
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    nova_of_several_releases_decides_as_the_rebuilt_monitor_does,
    an_ordinary_user_runs_it_too,
    a_nova_that_never_acts_is_the_headline,
    a_nova_of_another_release_is_refused_before_any_trial,
    copied_disks_are_not_for_novas_own_code_and_that_is_said,
];
