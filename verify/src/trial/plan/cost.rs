//! The trial that shows what a switch to post-copy costs at the speed of a network.
//!
//! The guest is switched as soon as its memory begins to be copied, so that what is left then is known: all of it.

use std::time::Duration;

use novamend::nova::migration::settings::{DowntimeSettings, default_completion_timeout};
use novamend::nova::migration::{Ending, Settings};

use super::{Plan, Wanted};
use crate::guest::Size;
use crate::speed::Speed;
use crate::trial::messages::TrialOrder;
use crate::trial::migrate::Pace;

/// How long the slow phase is to be: shorter ones drown in what the machine does beside, longer ones cost time.
const SLOW_PHASE: f64 = 0.5;

/// The guest's memory in MiB: what shows anything, and what any host has.
const LEAST: f64 = 8.0;
const MOST: f64 = 160.0;

/// MiB/s before the switch, so that hardly anything has been sent by then.
const BEFORE: u64 = 4;

/// From the first pass until nova acts.
const ACT_AFTER: Duration = Duration::from_millis(20);

impl Plan {
    /// The guest whose switch is measured over a network of that speed, and the trial.
    #[must_use]
    pub fn cost_trial(&self, speed: Speed) -> (Size, TrialOrder) {
        let size = Size::with_hot_mib((speed.mib() * SLOW_PHASE).ceil().clamp(LEAST, MOST) as u32);
        let mut trial = self.trial((size, BEFORE), Ending::PostCopy, true, Wanted::All);
        trial.settings = Settings {
            completion_timeout: default_completion_timeout(trial.settings.release),
            // nothing converges before the switch
            downtime: DowntimeSettings {
                downtime_ms: 100,
                ..DowntimeSettings::default()
            },
            ..trial.settings
        };
        trial.pace = Pace {
            act_after: ACT_AFTER,
            pass: 1,
            limit: Duration::from_secs_f64(15.0 + 4.0 * size.hot_mib() / speed.mib()),
            ..trial.pace
        };
        (size, trial)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use novamend::catalog::Release;
    use novamend::nova::View;
    use novamend::oslo::document::Document;
    use novamend::oslo::stack::Stack;
    use novamend::text::Source;

    use super::*;

    #[test]
    fn what_is_left_at_the_switch_takes_a_while_at_any_speed() {
        let stack = Stack::of(Document::parse(Source::new(
            Path::new("nova.conf"),
            b"[libvirt]\n".to_vec(),
        )));
        for release in [15, 18, 19, 31, 34] {
            let plan = Plan::of(&View::new(&stack, Release::from_number(release).unwrap())).unwrap();
            for (speed, mib) in [
                ("10M", 8.0),
                ("200M", 12.0),
                ("1G", 60.0),
                ("10G", 160.0),
                ("1T", 160.0),
            ] {
                let (size, trial) = plan.cost_trial(speed.parse().unwrap());
                assert!((size.hot_mib() - mib).abs() < 0.1, "{speed}: {}", size.hot_mib());
                assert!(trial.request.post_copy && trial.settings.post_copy, "{trial:?}");
                let fits = trial.request.bandwidth as f64 * 0.1;
                assert!(fits < size.hot_mib() / 8.0, "it would converge at {speed}");
            }
        }
    }
}
