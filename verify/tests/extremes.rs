//! Every number of a live migration at its extremes: nothing panics or overflows, and what nova cannot survive is said.
//!
//! Nothing is started.

mod made;

use std::path::Path;

use novamend::catalog::Release;
use novamend::nova::View;
use novamend::nova::migration::Ending;
use novamend::oslo::document::Document;
use novamend::oslo::stack::Stack;
use novamend::text::Source;
use novamend_verify::trial::plan::{Plan, Wanted};
use novamend_verify::verdict::draw;

use crate::made::{host, session, trial};

const NUMBERS: [&str; 9] = [
    "live_migration_completion_timeout",
    "live_migration_progress_timeout",
    "live_migration_parallel_connections",
    "live_migration_bandwidth",
    "live_migration_downtime",
    "live_migration_downtime_steps",
    "live_migration_downtime_delay",
    "file_backed_memory",
    "live_migration_permit_post_copy",
];

const EXTREMES: [&str; 14] = [
    "-9223372036854775808",
    "-1",
    "0",
    "1",
    "3",
    "100",
    "255",
    "256",
    "2147483648",
    "4294967297",
    "9223372036854775807",
    "9223372036854775808",
    "99999999999999999999999999",
    "1e308",
];

fn planned(release: u32, line: &str) -> Option<Plan> {
    let text = format!("[libvirt]\nlive_migration_timeout_action = force_complete\n{line}\n");
    let stack = Stack::of(Document::parse(Source::new(Path::new("nova.conf"), text.into_bytes())));
    Plan::of(&View::new(&stack, Release::from_number(release).unwrap())).ok()
}

#[test]
fn no_number_of_nova_conf_makes_a_plan_a_trial_or_a_verdict_panic() {
    for (option, value) in NUMBERS.into_iter().flat_map(|name| EXTREMES.map(|value| (name, value))) {
        for release in [15, 18, 19, 31, 34] {
            let Some(plan) = planned(release, &format!("{option} = {value}")) else {
                continue;
            };
            let _ = plan.far_bandwidth();
            for wanted in [Wanted::Configured, Wanted::Abort, Wanted::ForceComplete, Wanted::All] {
                for early in [false, true] {
                    let trials = [plan.trials(wanted, early), plan.far_trials(wanted, early)].concat();
                    for trial in &trials {
                        assert!(
                            trial.pace.limit.as_secs() < 600,
                            "{option} = {value}: a trial of {:?}",
                            trial.pace.limit
                        );
                        assert_ne!(trial.request.parallel, Some(0), "{option} = {value}");
                    }
                    serde_json::to_string(&trials).unwrap();
                }
            }
            let done = vec![trial(Ending::Pause, plan.settings.post_copy, None)];
            let _ = draw(&plan, &host(), &session(&plan, None, done));
        }
    }
}

#[test]
fn what_nova_does_not_survive_is_said() {
    for (line, said) in [
        (
            "live_migration_downtime_steps = 9223372036854775807",
            "does not survive",
        ),
        ("live_migration_downtime_steps = 1000000000", "does not survive"),
        ("live_migration_parallel_connections = 4294967297", "OverflowError"),
        (
            "live_migration_parallel_connections = 9223372036854775807",
            "OverflowError",
        ),
        (
            "live_migration_downtime_steps = 99999999999999999999999999",
            "does not survive",
        ),
        (
            "live_migration_bandwidth = 99999999999999999999999999",
            "accepts at most",
        ),
        ("live_migration_bandwidth = 9223372036854775807", "accepts at most"),
        ("live_migration_bandwidth = -9223372036854775808", "OverflowError"),
    ] {
        let plan = planned(34, line).unwrap();
        let done = vec![trial(Ending::Pause, plan.settings.post_copy, None)];
        let found = draw(&plan, &host(), &session(&plan, None, done));
        assert_eq!(found.exit_code(), 1, "{line}");
        assert!(
            found.causes.iter().any(|cause| cause.what.contains(said)),
            "{line}: {:?}",
            found.causes
        );
    }
    let many = planned(31, "live_migration_downtime_steps = 1000").unwrap();
    let done = vec![trial(Ending::Pause, false, None)];
    assert_eq!(draw(&many, &host(), &session(&many, None, done)).exit_code(), 0);
}
