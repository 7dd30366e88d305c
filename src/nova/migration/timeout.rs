//! What nova's live-migration monitor computes and decides in each release: data size, timeouts, downtime schedule, action.
//!
//! It reads no file, knows no clock and calls nobody: times and job figures come in, decisions go out.
//!
//! Sources: nova/virt/libvirt/migration.py and the driver's `_live_migration_monitor` at the last tag of each series.
//! Arithmetic is Python 3's: `/` gives a float, `int()` cuts towards zero. Under Python 2, which nova up to 18 ran on by
//! default, the same lines divided whole numbers and could come out up to one GiB or one millisecond lower.

use super::settings::{DowntimeSettings, Settings, default_completion_timeout};
use super::{Ending, TimeoutAction};
use crate::catalog::Release;

/// Bytes in a GiB.
const GIB: f64 = 1_073_741_824.0;

/// The minima that the options have had since release 16; release 15 and before raised smaller values to them.
const LEAST_DOWNTIME_MS: i64 = 100;
const LEAST_STEPS: i64 = 3;
const LEAST_DELAY_S: i64 = 3;

/// The size that nova scales its timeouts by, in GiB: the memory and every copied disk, each taken as 2 GiB at least.
///
/// `ram_mib` is the flavor's memory; `disks` are sizes in bytes of the disks that a block migration copies, otherwise empty.
/// Source: `_live_migration_data_gb`.
#[must_use]
pub fn data_gb(ram_mib: u64, disks: &[u64]) -> f64 {
    let ram = (ram_mib as f64 / 1024.0).max(2.0);
    let copied: f64 = disks.iter().map(|&bytes| (bytes as f64 / GIB).max(2.0)).sum();
    ram + copied
}

/// Seconds until the completion timeout acts: `int(timeout × data_gb)`; 0 never acts.
///
/// `per_gib` is `live_migration_completion_timeout`, in seconds per GiB.
#[must_use]
pub fn completion_timeout_seconds(per_gib: i64, data_gb: f64) -> i64 {
    (per_gib as f64 * data_gb) as i64
}

/// One raise of the allowed downtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DowntimeStep {
    /// Takes effect when more than this many seconds have passed.
    pub after_seconds: i64,
    /// The downtime allowed from then on, in milliseconds.
    pub downtime_ms: i64,
}

/// The raises of the allowed downtime, computed when they are asked for: nothing limits how many a file may want.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DowntimeSchedule {
    downtime_ms: i64,
    /// The number of the last raise; none where nova refuses the settings.
    last: Option<i64>,
    /// Seconds between two raises.
    delay: i64,
}

/// The raises of the allowed downtime in order, `steps + 1` of them; none where `steps` is below 1, which nova refuses.
///
/// Source: `downtime_steps`. Up to release 15 values below the minima are raised to them, later they stop nova from starting.
#[must_use]
pub fn downtime_schedule(settings: DowntimeSettings, data_gb: f64, release: Release) -> DowntimeSchedule {
    let DowntimeSettings {
        downtime_ms,
        steps,
        delay_s,
    } = in_force(settings, release);
    DowntimeSchedule {
        downtime_ms,
        last: (steps >= 1).then_some(steps),
        delay: (delay_s as f64 * data_gb) as i64,
    }
}

impl DowntimeSchedule {
    /// The raise number `step`, from 0 on.
    fn step(self, step: i64) -> DowntimeStep {
        DowntimeStep {
            after_seconds: self.delay.saturating_mul(step),
            downtime_ms: downtime_of_step(self.downtime_ms, self.last.unwrap_or(1), step),
        }
    }

    /// Every raise in order, each computed as it is taken.
    pub fn steps(self) -> impl Iterator<Item = DowntimeStep> {
        let numbers = self.last.map(|last| 0..=last);
        numbers.into_iter().flatten().map(move |step| self.step(step))
    }

    /// The downtime that it allows `elapsed` seconds after the start, in milliseconds; `None` before the first raise.
    ///
    /// Source: `update_downtime`; it compares with "more than", so at exactly a step's second the step is not yet taken.
    #[must_use]
    pub fn at(self, elapsed: f64) -> Option<i64> {
        let is_due = |step: i64| elapsed > self.step(step).after_seconds as f64;
        let last = self.last?;
        if is_due(last) {
            return Some(self.step(last).downtime_ms);
        }
        if !is_due(0) {
            return None;
        }
        let (mut due, mut not_yet) = (0, last);
        while not_yet - due > 1 {
            let between = due + (not_yet - due) / 2;
            if is_due(between) {
                due = between;
            } else {
                not_yet = between;
            }
        }
        Some(self.step(due).downtime_ms)
    }
}

/// The milliseconds that raise number `step` of `steps` allows.
fn downtime_of_step(downtime_ms: i64, steps: i64, step: i64) -> i64 {
    let base = downtime_ms as f64 / steps as f64;
    let offset = (downtime_ms as f64 - base) / steps as f64;
    (base + offset * step as f64) as i64
}

/// The settings as the release takes them: up to 15 it raises small values, later it refuses them.
fn in_force(settings: DowntimeSettings, release: Release) -> DowntimeSettings {
    if release.number() > 15 {
        return settings;
    }
    DowntimeSettings {
        downtime_ms: settings.downtime_ms.max(LEAST_DOWNTIME_MS),
        steps: settings.steps.max(LEAST_STEPS),
        delay_s: settings.delay_s.max(LEAST_DELAY_S),
    }
}

/// Seconds from the start until the last and longest downtime is allowed.
///
/// A completion timeout below it acts before nova has tried everything.
#[must_use]
pub fn schedule_end_seconds(settings: DowntimeSettings, data_gb: f64, release: Release) -> i64 {
    // Not from the schedule itself: nothing limits how many steps a file may ask for.
    let DowntimeSettings { steps, delay_s, .. } = in_force(settings, release);
    ((delay_s as f64 * data_gb) as i64).saturating_mul(steps.max(0))
}

/// The last raise of the allowed downtime that a completion timeout leaves time for: its number and its milliseconds.
///
/// `per_gib` is `live_migration_completion_timeout`. `None` where the whole schedule fits, where there is no timeout
/// (0 or less), and where there are no steps. The size of the guest does not matter: both grow with it.
#[must_use]
pub fn last_step_within(per_gib: i64, settings: DowntimeSettings, release: Release) -> Option<(i64, i64)> {
    let DowntimeSettings {
        downtime_ms,
        steps,
        delay_s,
    } = in_force(settings, release);
    if per_gib < 1 || steps < 1 || delay_s < 1 || per_gib > schedule_end_seconds(settings, 1.0, release) {
        return None;
    }
    let step = (per_gib - 1) / delay_s;
    Some((step, downtime_of_step(downtime_ms, steps, step)))
}

/// A `live_migration_completion_timeout` that leaves time for the whole schedule: nova's default where that does,
/// otherwise the schedule and one delay more.
#[must_use]
pub fn fitting_completion_timeout(settings: DowntimeSettings, release: Release) -> i64 {
    let end = schedule_end_seconds(settings, 1.0, release);
    let default = default_completion_timeout(release);
    if end < default {
        return default;
    }
    end.saturating_add(in_force(settings, release).delay_s)
}

/// Seconds a paused guest stands still while `mib` of memory are copied at `bandwidth` MiB/s; `None` where it is unlimited (0).
#[must_use]
pub fn pause_seconds(mib: f64, bandwidth: u64) -> Option<f64> {
    (bandwidth > 0).then(|| mib / bandwidth as f64)
}

impl TimeoutAction {
    /// How it ends a migration: `force_complete` by post-copy where the flag is set, otherwise by the pause.
    ///
    /// Source: `run_tasks`. A failed switch is tried again and never becomes a pause.
    #[must_use]
    pub fn ending(self, post_copy: bool) -> Ending {
        match (self, post_copy) {
            (Self::Abort, _) => Ending::Abort,
            (Self::ForceComplete, true) => Ending::PostCopy,
            (Self::ForceComplete, false) => Ending::Pause,
        }
    }
}

impl Settings {
    /// How a migration ends that does not converge: by the timeout action, before Stein by the switch that nova makes itself.
    #[must_use]
    pub fn ending(&self) -> Ending {
        match (has_timeout_action(self.release), self.post_copy) {
            (true, post_copy) => self.timeout_action.ending(post_copy),
            (false, true) => Ending::PostCopy,
            (false, false) => Ending::Abort,
        }
    }

    /// Whether anything ever ends it.
    #[must_use]
    pub fn ever_ends(&self) -> bool {
        let by_itself = !has_timeout_action(self.release) && (self.post_copy || self.progress_timeout > 0);
        self.completion_timeout != 0 || by_itself
    }
}

/// Whether the monitor of this release knows the timeout action (19 on) rather than the progress timeout (18 and before).
#[must_use]
pub fn has_timeout_action(release: Release) -> bool {
    release >= Release::STEIN
}

/// Releases ≤ 18: whether the migration is aborted now. A timeout of 0 is off; in post-copy nothing is aborted.
///
/// `stalled` are the seconds since the last new low of data remaining, `elapsed` those since the start.
/// Source: `should_abort`.
#[must_use]
pub fn should_abort(
    stalled: f64,
    progress_timeout: i64,
    elapsed: f64,
    completion_timeout: i64,
    in_post_copy: bool,
) -> bool {
    let beyond = |seconds: f64, timeout: i64| timeout != 0 && seconds > timeout as f64;
    !in_post_copy && (beyond(stalled, progress_timeout) || beyond(elapsed, completion_timeout))
}

/// Releases ≤ 18 with post-copy permitted: whether the monitor switches to post-copy now, without any timeout.
///
/// After the first pass, as soon as data remaining fell by less than 10 % between two samples half a second apart.
/// `previous` is -1 before the first sample. Source: `should_switch_to_postcopy`, which rounds the percentage.
#[must_use]
pub fn should_switch_to_post_copy(iteration: i64, current: i64, previous: i64, in_post_copy: bool) -> bool {
    if in_post_copy || previous <= 0 || iteration <= 1 {
        return false;
    }
    let fall = (i128::from(previous) - i128::from(current)) * 100;
    // Rounding gives 10 or more exactly from 9.5 on, under the rounding of Python 2 and of Python 3.
    fall as f64 / (previous as f64) < 9.5
}

/// Releases ≥ 19: whether the timeout action is triggered now. A timeout of 0 never triggers it, nor does a running post-copy.
///
/// Source: `should_trigger_timeout_action`.
#[must_use]
pub fn should_trigger_timeout_action(elapsed: f64, completion_timeout: i64, in_post_copy: bool) -> bool {
    completion_timeout != 0 && !in_post_copy && elapsed > completion_timeout as f64
}

/// The low-water mark of data remaining that releases ≤ 18 measure progress by.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Watermark {
    low: Option<i64>,
    reached_at: f64,
}

impl Watermark {
    /// Takes one sample at `now` seconds and returns the seconds since the last new low.
    ///
    /// A mark of 0 is replaced by whatever comes, as in nova.
    pub fn stalled(&mut self, remaining: i64, now: f64) -> f64 {
        if self.low.is_none_or(|low| low == 0 || low > remaining) {
            self.low = Some(remaining);
            self.reached_at = now;
        }
        now - self.reached_at
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // the results are exact
mod tests {
    use super::*;

    fn release(number: u32) -> Release {
        Release::from_number(number).unwrap()
    }

    #[test]
    fn small_guests_and_disks_count_as_two_gib() {
        assert_eq!(data_gb(512, &[]), 2.0);
        assert_eq!(data_gb(6144, &[]), 6.0);
        assert_eq!(data_gb(6144, &[1, 3 << 30]), 11.0);
    }

    #[test]
    fn the_default_schedule_ends_after_25_minutes_for_a_2_gib_guest() {
        let schedule: Vec<_> = downtime_schedule(DowntimeSettings::default(), 2.0, release(33))
            .steps()
            .collect();
        assert_eq!(schedule.len(), 11);
        assert_eq!(
            schedule[0],
            DowntimeStep {
                after_seconds: 0,
                downtime_ms: 50
            }
        );
        assert_eq!(
            schedule[10],
            DowntimeStep {
                after_seconds: 1500,
                downtime_ms: 500
            }
        );
        assert_eq!(
            schedule_end_seconds(DowntimeSettings::default(), 2.0, release(33)),
            1500
        );
    }

    #[test]
    fn small_values_are_raised_up_to_ocata_only() {
        let small = DowntimeSettings {
            downtime_ms: 10,
            steps: 1,
            delay_s: 1,
        };
        let of = |number| {
            downtime_schedule(small, 2.0, release(number))
                .steps()
                .collect::<Vec<_>>()
        };
        assert_eq!(of(15).len(), 4);
        assert_eq!(of(15)[3].downtime_ms, 100);
        assert_eq!(of(16).len(), 2);
    }

    #[test]
    fn a_schedule_of_any_length_has_an_end() {
        let long = DowntimeSettings {
            steps: i64::MAX,
            ..DowntimeSettings::default()
        };
        assert_eq!(schedule_end_seconds(long, 2.0, release(33)), i64::MAX);
        let schedule = downtime_schedule(long, 2.0, release(33));
        assert_eq!(schedule.steps().take(2).count(), 2, "it is not made beforehand");
        assert_eq!((schedule.at(0.5), schedule.at(1e9)), (Some(0), Some(0)));
        assert_eq!(fitting_completion_timeout(long, release(33)), i64::MAX);
    }

    #[test]
    fn the_extremes_of_every_number_come_to_what_stepping_through_would() {
        const EXTREMES: [i64; 9] = [i64::MIN, -1, 0, 1, 3, 40, 1 << 31, 1_000_000_000, i64::MAX];
        let pairs = EXTREMES.into_iter().flat_map(|one| EXTREMES.map(|two| (one, two)));
        let all = pairs.flat_map(|(one, two)| EXTREMES.map(|three| (one, two, three)));
        for (downtime_ms, delay_s, steps) in all {
            let settings = DowntimeSettings {
                downtime_ms,
                steps,
                delay_s,
            };
            for number in [15, 33] {
                let schedule = downtime_schedule(settings, 2.0, release(number));
                for elapsed in [0.0, 0.25, 80.0, 81.0, 1e18, 1e308] {
                    let found = schedule.at(elapsed);
                    // what nova does, which takes the last of all that are due
                    let due = schedule
                        .steps()
                        .take(100)
                        .filter(|step| elapsed > step.after_seconds as f64);
                    if (1..100).contains(&steps) {
                        assert_eq!(found, due.last().map(|step| step.downtime_ms), "{settings:?} {elapsed}");
                    }
                }
                let _ = schedule_end_seconds(settings, 1e308, release(number));
                let _ = fitting_completion_timeout(settings, release(number));
                for per_gib in EXTREMES {
                    let _ = last_step_within(per_gib, settings, release(number));
                    let _ = completion_timeout_seconds(per_gib, 1e308);
                }
            }
        }
    }

    #[test]
    fn a_timeout_within_the_schedule_ends_it_early() {
        let settings = DowntimeSettings::default();
        assert_eq!(last_step_within(800, settings, release(33)), None);
        assert_eq!(last_step_within(751, settings, release(33)), None);
        assert_eq!(last_step_within(750, settings, release(33)), Some((9, 455)));
        assert_eq!(last_step_within(1, settings, release(33)), Some((0, 50)));
        assert_eq!(last_step_within(0, settings, release(33)), None);
        let slow = DowntimeSettings {
            delay_s: 100,
            ..settings
        };
        assert_eq!(fitting_completion_timeout(settings, release(33)), 800);
        assert_eq!(fitting_completion_timeout(slow, release(33)), 1100);
    }

    #[test]
    fn a_step_is_taken_after_its_second_not_at_it() {
        let schedule = downtime_schedule(DowntimeSettings::default(), 2.0, release(33));
        assert_eq!(schedule.at(0.0), None);
        assert_eq!(schedule.at(150.0), Some(50));
        assert_eq!(schedule.at(150.5), Some(95));
        assert_eq!(schedule.at(1e9), Some(500));
    }

    #[test]
    fn a_timeout_of_zero_never_acts() {
        assert!(!should_trigger_timeout_action(1e9, 0, false));
        assert!(!should_abort(1e9, 0, 1e9, 0, false));
    }

    #[test]
    fn nothing_acts_during_post_copy() {
        assert!(!should_trigger_timeout_action(1e9, 1, true));
        assert!(!should_abort(1e9, 1, 1e9, 1, true));
        assert!(!should_switch_to_post_copy(9, 100, 100, true));
    }

    #[test]
    fn rocky_switches_when_a_sample_fell_by_less_than_a_tenth() {
        assert!(
            !should_switch_to_post_copy(1, 100, 100, false),
            "the first pass is left alone"
        );
        assert!(!should_switch_to_post_copy(2, 100, -1, false), "no sample before");
        assert!(should_switch_to_post_copy(2, 906, 1000, false));
        assert!(!should_switch_to_post_copy(2, 905, 1000, false), "9.5 % rounds to ten");
        assert!(
            should_switch_to_post_copy(2, 2000, 1000, false),
            "the sawtooth's rising edge"
        );
    }

    #[test]
    fn the_watermark_restarts_at_every_new_low() {
        let mut mark = Watermark::default();
        assert_eq!(mark.stalled(100, 0.0), 0.0);
        assert_eq!(mark.stalled(120, 5.0), 5.0);
        assert_eq!(mark.stalled(99, 6.0), 0.0);
        assert_eq!(mark.stalled(99, 8.0), 2.0);
        assert_eq!(mark.stalled(0, 9.0), 0.0);
        assert_eq!(mark.stalled(50, 10.0), 0.0, "a mark of zero does not hold");
    }

    #[test]
    fn force_complete_pauses_where_post_copy_is_not_permitted() {
        assert_eq!(TimeoutAction::ForceComplete.ending(false), Ending::Pause);
        assert_eq!(TimeoutAction::ForceComplete.ending(true), Ending::PostCopy);
        assert_eq!(TimeoutAction::Abort.ending(true), Ending::Abort);
    }

    #[test]
    fn an_unlimited_bandwidth_has_no_pause_time() {
        assert_eq!(pause_seconds(1024.0, 0), None);
        assert_eq!(pause_seconds(1024.0, 32), Some(32.0));
    }
}
