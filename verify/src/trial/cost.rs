//! What a switch to post-copy cost the probe guest over a network of the operator's speed, as it was measured.
//!
//! It reckons nothing for other guests; the verdict does.

use std::time::Duration;

use serde::Serialize;

use crate::guest::Size;
use crate::hypervisor::{End, Intervention};
use crate::speed::Link;
use crate::trial::messages::Evidence;
use crate::trial::migrate::{Sample, Trace};
use crate::trial::slow::SlowPhase;

/// The measurement, as far as there is one.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Cost {
    /// The network; null where its speed is not known.
    pub link: Option<Link>,
    /// Why nothing was measured, as a clause; null where something was.
    pub not_measured: Option<String>,
    /// The trial over a network of that speed.
    pub trial: Option<Box<Evidence>>,
    /// MiB of memory that the guest had and used, all of which were left when it was switched.
    pub left_mib: f64,
}

/// What a guest felt of its switch to post-copy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Felt {
    /// From nova's order to the last heartbeat on the source, in milliseconds.
    pub order_to_downtime_ms: f64,
    /// From the last heartbeat on the source to the first on the destination, in milliseconds.
    pub downtime_ms: f64,
    /// The slow phase; null where the guest was as fast as before at once.
    pub slow: Option<SlowPhase>,
    /// Whether the machine was busy with other things, so that the guest was slow by that, too.
    pub busy: bool,
    /// MiB that were left at the switch.
    pub left_mib: f64,
    /// MiB a second at which they came, the downtime included, for they come in it, too.
    pub mib_per_second: f64,
    /// MiB a second at which the source's QEMU sent them, by what the job said was left, the downtime included; null where that was
    /// not asked often enough.
    pub sent_mib_per_second: Option<f64>,
}

impl Cost {
    /// None yet, over `link`.
    #[must_use]
    pub fn over(link: Link) -> Self {
        Self {
            link: Some(link),
            ..Self::default()
        }
    }

    /// None, and why.
    #[must_use]
    pub fn unknown(link: Option<Link>, why: String) -> Self {
        Self {
            link,
            not_measured: Some(why),
            ..Self::default()
        }
    }

    /// With the trial of a guest of that size, if it did what it promises.
    #[must_use]
    pub fn with(mut self, trial: Box<Evidence>, size: Size) -> Self {
        self.left_mib = size.hot_mib() + f64::from(size.cold_pages) / 256.0;
        self.trial = Some(trial);
        if self.felt().is_none() {
            let failed = self
                .trial
                .as_deref()
                .and_then(|trial| trial.judgement.checks.iter().find(|check| !check.holds));
            let why = failed.map_or_else(
                || "the heartbeats do not show when all memory had come".to_owned(),
                |check| {
                    format!(
                        "the trial over a network of that speed failed: {} ({})",
                        check.failure(),
                        check.seen
                    )
                },
            );
            self.not_measured = Some(why);
        }
        self
    }

    /// What the guest felt; none where that was not measured.
    #[must_use]
    pub fn felt(&self) -> Option<Felt> {
        let trial = self.trial.as_deref().filter(|trial| trial.judgement.holds())?;
        let judgement = &trial.judgement;
        let silence = judgement.silence?;
        let ordered = trial.trace.done(Intervention::StartPostCopy)?;
        let arrival = trial.trace.event(End::Destination, "resumed: migrated")?;
        let all_came = judgement.slow.map_or(arrival, |slow| slow.until);
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
        Some(Felt {
            order_to_downtime_ms: milliseconds(silence.from.saturating_sub(ordered)),
            downtime_ms: milliseconds(silence.length()),
            slow: judgement.slow,
            busy: judgement.slow.is_some_and(SlowPhase::was_disturbed),
            left_mib: self.left_mib,
            mib_per_second: self.left_mib / all_came.saturating_sub(silence.from).as_secs_f64().max(0.001),
            sent_mib_per_second: sent(&trial.trace, silence.from),
        })
    }
}

/// So much of a guest's memory must go between two looks before they tell how fast it goes, in MiB.
const TELLING: f64 = 4.0;

/// MiB a second by which what was left by the job fell from `since` on, until nothing was.
fn sent(trace: &Trace, since: Duration) -> Option<f64> {
    let (before, after): (Vec<&Sample>, Vec<&Sample>) = trace.samples.iter().partition(|sample| sample.at <= since);
    let first = before.last()?;
    // nothing falls any more behind the one at which nothing was left for the first time
    let last = after.iter().find(|sample| sample.remaining == 0).or(after.last())?;
    let mib = (first.remaining - last.remaining) as f64 / 1_048_576.0;
    (mib >= TELLING).then(|| mib / last.at.saturating_sub(since).as_secs_f64())
}

impl Felt {
    /// As people are told: `paused for 76 ms, then 0.7 s at 60 % speed`.
    #[must_use]
    pub fn words(&self) -> String {
        let after = self.slow.map_or_else(|| "at full speed".to_owned(), SlowPhase::words);
        format!("paused for {:.0} ms, then {after}", self.downtime_ms)
    }
}
