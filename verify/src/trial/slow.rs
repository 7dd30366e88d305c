//! The slow phase: how long a guest that was switched to post-copy waits for its memory, and how fast it is meanwhile.
//!
//! It goes by the heartbeats alone: how many come of those that came before.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_with::As;

use crate::guest::PERIOD_US;
use crate::guest::serial::{Kind, Record};
use crate::trial::migrate::Seconds;

/// A time in which a guest runs, and slower than before.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SlowPhase {
    /// Its first heartbeat at the destination.
    #[serde(with = "As::<Seconds>")]
    #[cfg_attr(test, schemars(with = "Seconds"))]
    pub from: Duration,
    /// When it was as fast as before.
    #[serde(with = "As::<Seconds>")]
    #[cfg_attr(test, schemars(with = "Seconds"))]
    pub until: Duration,
    /// How fast it was meanwhile: 1 as before, 0 not at all.
    pub speed: f64,
    /// Heartbeats in a second before the migration copied anything.
    pub before: f64,
}

impl SlowPhase {
    /// How long it was.
    #[must_use]
    pub fn length(self) -> Duration {
        self.until.saturating_sub(self.from)
    }

    /// Whether the machine kept the guest from its heartbeats before anything was copied: then it is busy with other things, and
    /// the guest is slow by that, too.
    #[must_use]
    pub fn was_disturbed(self) -> bool {
        self.before < UNDISTURBED / PERIOD.as_secs_f64()
    }

    /// As people are told: the time and the share.
    #[must_use]
    pub fn words(self) -> String {
        format!("{} at {:.0} % speed", time(self.length()), self.speed * 100.0)
    }
}

/// A time in the unit that suits it: `85 ms`, `0.7 s`, `12 s`, `9 min`, `2.5 h`.
#[must_use]
pub fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        ..0.0995 => format!("{:.0} ms", seconds * 1000.0),
        ..9.95 => format!("{seconds:.1} s"),
        ..99.5 => format!("{seconds:.0} s"),
        ..5970.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

/// Between two heartbeats of a guest that nobody disturbs.
const PERIOD: Duration = Duration::from_micros(PERIOD_US as u64);

/// The share of its heartbeats that a guest has which nobody disturbs.
const UNDISTURBED: f64 = 0.8;

/// The stretches by which it is found how fast the guest was before.
const STRETCH: Duration = Duration::from_millis(100);

/// Fewer heartbeats than these are lost on any busy machine.
const NOISE: f64 = 5.0;

/// The slow phase is over when this share of all the heartbeats has been lost that are lost until the memory is there.
const NEARLY_ALL: f64 = 0.97;

/// The slow phase between the first heartbeat at the destination and `arrival`, when all memory was there; `before` is a
/// time in which the guest was undisturbed.
///
/// None where it was as fast as before, and that was as fast as it is made for.
#[must_use]
pub fn find(records: &[Record], before: (Duration, Duration), first: Duration, arrival: Duration) -> Option<SlowPhase> {
    let beats = records.iter().filter(|record| record.kind == Kind::Beat);
    let beats: Vec<Duration> = beats.map(|record| record.at).collect();
    let normal = fastest(&beats, before);
    let within: Vec<Duration> = beats.into_iter().filter(|at| (first..=arrival).contains(at)).collect();
    let due = |at: Duration| at.saturating_sub(first).as_secs_f64() * normal;
    let lost = due(arrival) - within.len() as f64;
    let whole = SlowPhase {
        from: first,
        until: arrival,
        speed: (within.len() as f64 / due(arrival).max(1.0)).clamp(0.0, 1.0),
        before: normal,
    };
    if lost < NOISE {
        // a guest that was kept from its heartbeats before shows nothing by having as few of them now
        return Some(whole).filter(|phase| phase.was_disturbed());
    }
    let mut came = within.iter().enumerate();
    let over = came.find(|(count, at)| due(**at) - *count as f64 >= lost * NEARLY_ALL);
    let (count, until) = over.map_or((within.len(), arrival), |(count, at)| (count, *at));
    Some(SlowPhase {
        until,
        speed: (count as f64 / due(until)).clamp(0.0, 1.0),
        ..whole
    })
}

/// Heartbeats a second in the best stretch of `time`, as a machine that is busy delays some; at most what the guest is made
/// for, which is also the answer where `time` is too short to tell.
fn fastest(beats: &[Duration], (from, until): (Duration, Duration)) -> f64 {
    let made_for = 1.0 / PERIOD.as_secs_f64();
    let within: Vec<Duration> = beats.iter().copied().filter(|at| (from..=until).contains(at)).collect();
    let stretches = within
        .iter()
        .enumerate()
        .filter(|(_, start)| **start + STRETCH <= until);
    let counts =
        stretches.map(|(index, start)| within[index..].iter().take_while(|at| **at < *start + STRETCH).count());
    let best = counts.max().map(|count| count as f64 / STRETCH.as_secs_f64());
    best.map_or(made_for, |rate| rate.min(made_for))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beats(times: impl IntoIterator<Item = u64>) -> Vec<Record> {
        let beat = |(sequence, at)| Record {
            at: Duration::from_millis(at),
            from: 0,
            kind: Kind::Beat,
            sequence,
            generation: 1,
            round: 0,
        };
        (0..).zip(times).map(beat).collect()
    }

    fn ms(time: u64) -> Duration {
        Duration::from_millis(time)
    }

    #[test]
    fn the_slow_phase_ends_where_the_guest_is_as_fast_as_before() {
        // every 2 ms; still for 80 ms; every 8 ms for 400 ms; then every 2 ms although libvirt takes its time to say so
        let times = (0..1000)
            .step_by(2)
            .chain((1080..1480).step_by(8))
            .chain((1480..1700).step_by(2));
        let found = find(&beats(times), (ms(0), ms(500)), ms(1080), ms(1650)).unwrap();
        assert!((380..=405).contains(&found.length().as_millis()), "{found:?}");
        assert!((found.speed - 0.25).abs() < 0.01, "{found:?}");
        assert!((found.before - 500.0).abs() < 1.0, "{found:?}");
        assert_eq!(found.words(), "0.4 s at 25 % speed");
    }

    #[test]
    fn a_guest_that_stands_still_again_in_it_is_slow_until_then() {
        let times = (0..1000).step_by(2).chain([1080]).chain((1480..1700).step_by(2));
        let found = find(&beats(times), (ms(0), ms(500)), ms(1080), ms(1600)).unwrap();
        assert_eq!(found.length(), ms(400), "{found:?}");
        assert!(found.speed < 0.01, "{found:?}");
    }

    #[test]
    fn a_guest_that_is_as_fast_as_before_has_no_slow_phase() {
        let times = (0..1000).step_by(2).chain((1020..1700).step_by(2));
        assert_eq!(find(&beats(times), (ms(0), ms(500)), ms(1020), ms(1600)), None);
        // and a few heartbeats that the machine delayed are none either
        let times = (0..1000)
            .step_by(2)
            .chain((1020..1300).step_by(2))
            .chain((1308..1700).step_by(2));
        assert_eq!(find(&beats(times), (ms(0), ms(500)), ms(1020), ms(1600)), None);
    }

    #[test]
    fn how_fast_it_was_is_not_spoilt_by_what_delayed_it_once() {
        let times = (0..200)
            .step_by(2)
            .chain((400..600).step_by(2))
            .chain((1000..1400).step_by(4));
        let found = find(&beats(times), (ms(0), ms(600)), ms(1000), ms(1400)).unwrap();
        assert!(
            (found.before - 500.0).abs() < 1.0 && (found.speed - 0.5).abs() < 0.02,
            "{found:?}"
        );
        let found = find(&beats((1000..1400).step_by(4)), (ms(0), ms(50)), ms(1000), ms(1400)).unwrap();
        assert!(
            (found.before - 500.0).abs() < 1.0,
            "nothing was heard before: {found:?}"
        );
    }

    #[test]
    fn a_guest_that_was_disturbed_before_is_not_said_to_be_fast() {
        let times = (0..1000).step_by(10).chain((1080..1700).step_by(10));
        let found = find(&beats(times), (ms(0), ms(500)), ms(1080), ms(1600)).unwrap();
        assert!(found.was_disturbed() && found.length() == ms(520), "{found:?}");
    }

    #[test]
    fn times_are_told_in_the_unit_that_suits_them() {
        for (seconds, words) in [
            (0.0762, "76 ms"),
            (0.7, "0.7 s"),
            (9.94, "9.9 s"),
            (12.3, "12 s"),
            (3200.0, "53 min"),
            (51_200.0, "14.2 h"),
        ] {
            assert_eq!(time(Duration::from_secs_f64(seconds)), words);
        }
    }
}
