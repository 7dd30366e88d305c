//! The live-migration monitor's decisions beside nova's own, release by release, over made-up migrations.
//!
//! `NOVAMEND_DECISIONS` is how many (10,000 where it is not set), over the releases together.

use novamend::catalog::Release;
use novamend::nova::migration::settings::DowntimeSettings;
use novamend::nova::migration::timeout::{
    completion_timeout_seconds, data_gb, downtime_schedule, should_abort, should_switch_to_post_copy,
    should_trigger_timeout_action,
};
use serde_json::{Value, json};

use crate::harness::{Test, tests};
use crate::novas::{self, Nova};
use crate::python::Oracle;
use crate::random::Random;

/// A moment of a migration.
struct Moment {
    ram_mib: u64,
    disks: Vec<u64>,
    settings: DowntimeSettings,
    completion_timeout: i64,
    progress_timeout: i64,
    elapsed_quarters: i64,
    stalled_quarters: i64,
    iteration: i64,
    remaining: i64,
    previous: i64,
    in_post_copy: bool,
}

impl Moment {
    fn any(random: &mut Random) -> Self {
        let settings = DowntimeSettings {
            downtime_ms: near(random, &[100, 500, 3000, 60_000]).max(100),
            steps: near(random, &[3, 10, 60]).max(3),
            delay_s: near(random, &[3, 75, 600]).max(3),
        };
        let mut disks = Vec::new();
        for _ in 0..random.below(4) {
            disks.push((random.below(1 << 20) as u64) << random.below(24));
        }
        let ram_mib = *random.one(&[64, 2047, 2048, 2049, 6144, 131_072]) + random.below(1025) as u64;
        let completion_timeout = *random.one(&[0, 1, 800, 800, 100_000]);
        // the moments that matter lie close to the limits
        let limit = completion_timeout_seconds(completion_timeout, data_gb(ram_mib, &disks));
        let step = (settings.delay_s as f64 * data_gb(ram_mib, &disks)) as i64;
        let anything = 1 << random.below(20);
        let about = *random.one(&[0, limit, step, step * settings.steps, anything]);
        let previous = *random.one(&[-1, 0, 1, 7, 1000, 1 << 30, i64::from(i32::MAX) << 8]) + small(random, 3);
        let percent = small(random, 40) - 10;
        Self {
            ram_mib,
            disks,
            settings,
            completion_timeout,
            progress_timeout: *random.one(&[0, 0, 1, 150]),
            elapsed_quarters: (about * 4 + small(random, 9) - 4).max(0),
            stalled_quarters: near(random, &[0, 4, 600]).max(0),
            iteration: small(random, 4),
            remaining: previous - previous * percent / 100 + small(random, 3) - 1,
            previous,
            in_post_copy: random.once_in(5),
        }
    }

    fn question(&self) -> Value {
        json!({
            "ram_mib": self.ram_mib, "disks": self.disks,
            "downtime": self.settings.downtime_ms, "steps": self.settings.steps, "delay": self.settings.delay_s,
            "completion_timeout": self.completion_timeout, "progress_timeout": self.progress_timeout,
            "elapsed_quarters": self.elapsed_quarters, "stalled_quarters": self.stalled_quarters,
            "iteration": self.iteration, "remaining": self.remaining, "previous": self.previous,
            "in_post_copy": self.in_post_copy,
        })
    }

    /// What we decide, in the words of the oracle; only what nova has in that release.
    fn answer(&self, release: Release, asked: &Value) -> Value {
        let size = data_gb(self.ram_mib, &self.disks);
        let timeout = completion_timeout_seconds(self.completion_timeout, size);
        let steps = downtime_schedule(self.settings, size, release);
        let elapsed = self.elapsed_quarters as f64 / 4.0;
        let stalled = self.stalled_quarters as f64 / 4.0;
        let downtime = steps.at(elapsed);
        let pairs: Vec<_> = steps
            .steps()
            .map(|step| json!([step.after_seconds, step.downtime_ms]))
            .collect();
        let mut told = json!({
            "data_gb": asked["data_gb"], "completion": timeout, "steps": pairs, "downtime": downtime,
            "calls": downtime.into_iter().collect::<Vec<_>>(),
        });
        if asked["data_gb"].as_str().and_then(|text| text.parse().ok()) != Some(size) {
            told["data_gb"] = json!(size);
        }
        if asked.get("trigger").is_some() {
            told["trigger"] = json!(should_trigger_timeout_action(elapsed, timeout, self.in_post_copy));
        }
        if asked.get("abort").is_some() {
            told["abort"] = json!(should_abort(
                stalled,
                self.progress_timeout,
                elapsed,
                timeout,
                self.in_post_copy
            ));
        }
        if asked.get("switch").is_some() {
            told["switch"] = json!(should_switch_to_post_copy(
                self.iteration,
                self.remaining,
                self.previous,
                self.in_post_copy
            ));
        }
        told
    }
}

/// A number below `bound`.
fn small(random: &mut Random, bound: usize) -> i64 {
    i64::try_from(random.below(bound)).unwrap_or_default()
}

/// One of `around`, or a little beside it.
fn near(random: &mut Random, around: &[i64]) -> i64 {
    random.one(around) + small(random, 7) - 3
}

fn the_monitor_decides_as_nova_does() {
    let count: usize = std::env::var("NOVAMEND_DECISIONS").map_or(10_000, |text| text.parse().expect("a number"));
    // 28 and 33 decide as their neighbours do
    let novas = novas::all_but(&[28, 33]);
    for Nova { environment, release } in &novas {
        let (name, number) = (environment.as_str(), release.number());
        let mut oracle = Oracle::start(name, "decisions.py");
        let how = oracle.answer();
        let mut random = Random::new(u64::from(number));
        let (mut yes, mut asked) = ([0; 3], 0);
        while asked < count / novas.len() {
            let moments: Vec<Moment> = (0..50).map(|_| Moment::any(&mut random)).collect();
            let questions: Vec<Value> = moments.iter().map(Moment::question).collect();
            for (moment, told) in moments.iter().zip(oracle.ask(&questions)) {
                assert_eq!(moment.answer(*release, &told), told, "{name}: {}", moment.question());
                for (index, what) in ["trigger", "abort", "switch"].iter().enumerate() {
                    yes[index] += usize::from(told.get(what) == Some(&json!(true)));
                }
            }
            asked += moments.len();
        }
        let [trigger, abort, switch] = yes;
        eprintln!("{name} ({how}): {asked} moments, {trigger} trigger the action, {abort} abort, {switch} switch");
        let old = number < 19;
        assert!(
            if old {
                abort.min(switch) > asked / 50
            } else {
                trigger > asked / 50
            },
            "the moments decide nothing"
        );
        assert!(yes.iter().all(|yes| *yes < asked * 9 / 10), "the moments always decide");
    }
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![the_monitor_decides_as_nova_does,];
