//! What a switch to post-copy costs over a network of a given speed: measured, told, and within what the speed lets expect.
//!
//! `NOVAMEND_COST` is the number of rounds in which that is compared at 200 Mbit/s, 1 and 10 Gbit/s; by default the comparison
//! is left out, as a machine that is busy with other tests makes guests slow by itself.

use serde_json::Value;

use crate::ground::{Ground, Ran, need_kvm, need_real};
use crate::harness::{Test, skip, tests};

const POST_COPY: &str = "live_migration_timeout_action = force_complete\nlive_migration_permit_post_copy = true";
const PAUSE: &str = "live_migration_timeout_action = force_complete";

/// The report of a run over a network of that speed.
fn over(nova_conf: &str, link: &str) -> Ran {
    let ground = Ground::new(nova_conf, "root");
    let ran = Ran::patiently(|| ground.verify(&format!("--link {link}"), None));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

fn the_headline_tells_the_downtime_and_the_slow_phase() {
    need_real();
    need_kvm();
    let ran = over(POST_COPY, "200M");
    let report = ran.report();
    let cost = &report["verdict"]["cost"];
    assert_eq!(cost["not_known"], Value::Null, "{cost}");
    let (felt, slow) = (&cost["felt"], &cost["felt"]["slow"]);
    let (speed, length) = (number(&slow["speed"]), number(&slow["until"]) - number(&slow["from"]));
    assert!(
        speed > 0.0 && speed < 0.9,
        "a guest that waits for its memory is slower: {felt}"
    );
    assert!(number(&felt["downtime_ms"]) > 0.0 && length > 0.0, "{felt}");
    let words = format!("the guest was paused for {:.0} ms, then ", number(&felt["downtime_ms"]));
    let headline = ran.headline();
    assert!(headline.contains(&words), "{headline}");
    assert!(
        headline.contains(&format!(" at {:.0} % speed (", speed * 100.0)),
        "{headline}"
    );
    assert!(headline.contains(" MiB left, 200 Mbit/s"), "{headline}");
    let is_busy = felt["busy"].as_bool().unwrap();
    assert_eq!(headline.contains("; this machine was busy)"), is_busy, "{headline}");
    // what one trial showed is in that trial, whose memory arrived whole
    let trial = &report["session"]["cost"]["trial"];
    assert_eq!(trial["trace"]["returned"], "done");
    let failed = trial["judgement"]["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["holds"] == false);
    assert_eq!(failed, None);
    // the memory comes no faster than the network carries it
    let carried = 200e6 / 8.0 / 1_048_576.0;
    assert!(number(&felt["mib_per_second"]) < carried * 1.1, "{felt}");
    let guests = cost["guests"].as_array().unwrap();
    let sizes: Vec<f64> = guests.iter().map(|guest| number(&guest["memory_gib"])).collect();
    assert_eq!(sizes, [4.0, 16.0, 64.0]);
}

fn a_pause_is_reckoned_from_the_speed_and_an_abort_costs_nothing() {
    need_real();
    need_kvm();
    let ran = over(PAUSE, "1G");
    assert!(
        ran.headline()
            .ends_with("; at 1 Gbit/s a pause lasts 9.0 s for each GiB that is left"),
        "{ran:?}"
    );
    assert_eq!(ran.report()["session"]["cost"]["trial"], Value::Null);
    let ran = over("live_migration_timeout_action = abort", "1G");
    assert_eq!(ran.report()["verdict"]["cost"], Value::Null);
}

fn a_speed_that_is_none_is_refused_before_any_trial() {
    for (speed, why) in [
        ("10", "write a number and a unit"),
        ("10GB", "is in bytes"),
        ("0G", "is not between"),
    ] {
        let ran = Ground::new(POST_COPY, "root").verify(&format!("--link {speed}"), None);
        assert!(
            ran.code == Some(2) && ran.out.is_empty() && ran.err.contains(why),
            "{ran:?}"
        );
    }
}

fn what_is_reckoned_is_what_the_heartbeats_show() {
    let Some(rounds) = std::env::var("NOVAMEND_COST")
        .ok()
        .and_then(|text| text.parse::<u32>().ok())
    else {
        return;
    };
    need_real();
    need_kvm();
    for link in ["200M", "1G", "10G"] {
        for _ in 0..rounds {
            let ran = over(POST_COPY, link);
            let cost = ran.report()["verdict"]["cost"].clone();
            let (reckoned, measured) = (number(&cost["reckoned_s"]), number(&cost["measured_s"]));
            if cost["felt"]["busy"] == true {
                skip("this machine is busy with other things");
            }
            eprintln!(
                "{link}: {} reckoned {reckoned:.3} s, measured {measured:.3} s",
                ran.headline()
            );
            assert!((measured / reckoned - 1.0).abs() < 0.2, "{link}: {cost}");
        }
    }
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    the_headline_tells_the_downtime_and_the_slow_phase,
    a_pause_is_reckoned_from_the_speed_and_an_abort_costs_nothing,
    a_speed_that_is_none_is_refused_before_any_trial,
    what_is_reckoned_is_what_the_heartbeats_show,
];
