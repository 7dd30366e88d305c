//! What nova.conf asks of a live migration, and the trials that show whether the host can do it.
//!
//! It starts nothing; the effective values come from [`novamend::nova`].

use std::time::Duration;

use novamend::catalog::Release;
use novamend::nova::migration::Action as TimeoutAction;
use novamend::nova::migration::timeout::{Effect, completion_timeout_seconds, effect_of, has_timeout_action};
use novamend::nova::migration::uri::fault;
use novamend::nova::{Unusable, View};
use serde::{Deserialize, Serialize};

use crate::guest::{FAR, Size};
use crate::hypervisor::Request;
use crate::inbound::{NOVAS_OWN_CHOICE, inbound_address, migration_uri, transport};
use crate::trial::checks::Action;
use crate::trial::migrate::Pace;
use crate::trial::worker::TrialOrder;

/// The options that decide, all in `[libvirt]`; `live_migration_uri` is judged and not shown, as it may name a user.
const OPTIONS: [&str; 16] = [
    "virt_type",
    "file_backed_memory",
    "live_migration_scheme",
    "live_migration_inbound_addr",
    "live_migration_timeout_action",
    "live_migration_completion_timeout",
    "live_migration_progress_timeout",
    "live_migration_permit_post_copy",
    "live_migration_permit_auto_converge",
    "live_migration_tunnelled",
    "live_migration_with_native_tls",
    "live_migration_parallel_connections",
    "live_migration_bandwidth",
    "live_migration_downtime",
    "live_migration_downtime_steps",
    "live_migration_downtime_delay",
];

/// The size nova scales by, for the smallest guest, in GiB.
const DATA_GB: f64 = 2.0;

/// What is more than fits into the downtime.
const MARGIN: f64 = 1.15;

/// Several connections send in bursts, and QEMU takes the speed of a burst for that of the network.
const BURSTS: f64 = 2.2;

/// The pass that the first trial of a report waits for, to show what passes look like.
const CURVE_PASSES: i64 = 4;

/// A value that stops nova.
#[derive(Debug, thiserror::Error)]
#[error("`{option}` in [libvirt] is not valid in {release}, nova stops on it: {why}")]
pub struct PlanError {
    option: &'static str,
    release: String,
    why: Unusable,
}

/// What is asked of a live migration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools)] // as many as nova has switches
pub struct Plan {
    /// The release, by number.
    pub release: u32,
    /// Its name.
    pub release_name: String,
    /// `live_migration_timeout_action`; `abort` where the release has none.
    pub force_complete: bool,
    /// Seconds per GiB; 0 = never.
    pub completion_timeout: i64,
    /// Seconds, 18 and before; 0 = never.
    pub progress_timeout: i64,
    /// `live_migration_permit_post_copy`.
    pub post_copy: bool,
    /// `live_migration_permit_auto_converge`.
    pub auto_converge: bool,
    /// `live_migration_tunnelled`.
    pub tunnelled: bool,
    /// `live_migration_with_native_tls`.
    pub tls: bool,
    /// `live_migration_parallel_connections`.
    pub parallel: i64,
    /// `live_migration_bandwidth`, MiB/s; 0 = unlimited.
    pub bandwidth: i64,
    /// Milliseconds.
    pub downtime_ms: i64,
    /// How many.
    pub downtime_steps: i64,
    /// Seconds per GiB.
    pub downtime_delay_s: i64,
    /// `virt_type`.
    pub virt_type: String,
    /// `live_migration_inbound_addr`, if it is set: where sources send to, and the name they want to see certified there.
    pub inbound: Option<String>,
    /// `live_migration_scheme`, if it is set and read: `live_migration_uri` voids it.
    pub scheme: Option<String>,
    /// Whether `live_migration_uri` is set.
    pub has_uri: bool,
    /// What is wrong with `live_migration_uri`, in words.
    pub uri_fault: Option<String>,
    /// `file_backed_memory`, MiB; above 0 guests have their memory in files.
    pub file_backed: i64,
    /// Whether `reserved_huge_pages` is set, which tells that guests may have huge pages.
    pub reserves_huge_pages: bool,
    /// Whether the first trial goes on for a few passes more, so that the report can show them.
    pub draws_curve: bool,
    /// The options in words, for the report; none of them can hold a secret.
    pub excerpt: Vec<Written>,
}

/// One option as nova reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Its name, in `[libvirt]`.
    pub option: String,
    /// Its value.
    pub value: String,
    /// Whether a file sets it; otherwise it is nova's default.
    pub set: bool,
}

/// Which trials are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Wanted {
    /// What nova.conf says
    Configured,
    /// Cancel
    Abort,
    /// Post-copy or pause, as nova.conf permits
    ForceComplete,
    /// All three, whatever nova.conf says
    All,
}

/// When the clock reaches the timeout, where it waits for the pass to end: sooner, so that nothing waits for the clock.
const OF_A_PASS: f64 = 0.85;

impl Plan {
    /// The plan of a stack of files as one release reads it.
    ///
    /// # Errors
    /// An option whose value nova rejects.
    pub fn of(view: &View) -> Result<Self, PlanError> {
        let release = view.release();
        let mut excerpt = Vec::new();
        for option in OPTIONS {
            let Some(setting) = view.setting("libvirt", option) else {
                continue;
            };
            let wrong = |why| PlanError {
                option,
                release: release.to_string(),
                why,
            };
            let value = match view.value(&setting) {
                // a reference to `my_ip` where nova chooses that itself
                Err(_)
                    if view
                        .text(&setting)
                        .is_ok_and(|text| text.as_deref() == Some(NOVAS_OWN_CHOICE)) =>
                {
                    continue;
                }
                value => value.map_err(wrong)?,
            };
            excerpt.push(Written {
                option: option.to_owned(),
                value: novamend::nova::printed(&value),
                set: setting.is_set(),
            });
        }
        let number = |name: &str, otherwise| view.number("libvirt", name).unwrap_or(otherwise);
        let flag = |name: &str| view.flag("libvirt", name).unwrap_or(false);
        let action = view.word("libvirt", "live_migration_timeout_action");
        let uri = migration_uri(view);
        let reserved = view.setting("DEFAULT", "reserved_huge_pages");
        Ok(Self {
            release: u32::from(release.number()),
            release_name: release.to_string(),
            force_complete: action.as_deref() == Some(TimeoutAction::ForceComplete.as_str()),
            completion_timeout: number("live_migration_completion_timeout", 800),
            progress_timeout: number("live_migration_progress_timeout", 0),
            post_copy: flag("live_migration_permit_post_copy"),
            auto_converge: flag("live_migration_permit_auto_converge"),
            tunnelled: flag("live_migration_tunnelled"),
            tls: flag("live_migration_with_native_tls"),
            parallel: number("live_migration_parallel_connections", 1),
            bandwidth: number("live_migration_bandwidth", 0),
            downtime_ms: number("live_migration_downtime", 500),
            downtime_steps: number("live_migration_downtime_steps", 10),
            downtime_delay_s: number("live_migration_downtime_delay", 75),
            virt_type: view.word("libvirt", "virt_type").unwrap_or_else(|| "kvm".to_owned()),
            inbound: inbound_address(view),
            scheme: if uri.is_some() { None } else { transport(view) },
            has_uri: uri.is_some(),
            uri_fault: uri.and_then(|uri| fault(&uri)).map(|fault| fault.to_string()),
            file_backed: number("file_backed_memory", 0),
            reserves_huge_pages: reserved.is_some_and(|setting| setting.is_set()),
            draws_curve: false,
            excerpt,
        })
    }

    /// Leaves out what a nova.conf gives as that of the destination alone: where it is the source's, that does not count.
    pub fn leave_out_the_destination(&mut self) {
        self.inbound = None;
        self.excerpt
            .retain(|written| written.option != "live_migration_inbound_addr");
    }

    /// What happens to a guest that does not converge, by this nova.conf.
    #[must_use]
    pub fn configured(&self) -> Action {
        let by_action = Release::from_number(self.release).is_none_or(has_timeout_action);
        let action = if self.force_complete {
            TimeoutAction::ForceComplete
        } else {
            TimeoutAction::Abort
        };
        match (by_action, self.post_copy) {
            (true, _) => effect_of(action, self.post_copy).into(),
            (false, true) => Effect::PostCopy.into(),
            (false, false) => Effect::Abort.into(),
        }
    }

    /// Whether the action can ever run.
    #[must_use]
    pub fn can_act(&self) -> bool {
        let automatic = self.release < 19 && (self.post_copy || self.progress_timeout > 0);
        self.completion_timeout != 0 || automatic
    }

    /// The guest and the bandwidth that do not converge under the configured downtime, whatever the steps.
    ///
    /// Pre-copy ends by itself once what is left fits into the downtime; so the guest writes more than that round and round.
    #[must_use]
    pub fn load(&self) -> (Size, u64) {
        let seconds = (self.downtime_ms.max(300) as f64 / 1000.0) * MARGIN;
        let bandwidth = (12.0 / seconds).floor().clamp(8.0, 32.0);
        let margin = if self.parallel > 1 { BURSTS } else { 1.0 };
        let hot = (bandwidth * seconds * margin).ceil().clamp(12.0, 256.0);
        (Size::with_hot_mib(hot as u32), bandwidth as u64)
    }

    /// The trials, in order; `early` acts within the first pass, which software emulation before QEMU 9 needs.
    #[must_use]
    pub fn trials(&self, wanted: Wanted, early: bool) -> Vec<TrialOrder> {
        self.trials_of(self.load(), wanted, early)
    }

    fn trials_of(&self, load: (Size, u64), wanted: Wanted, early: bool) -> Vec<TrialOrder> {
        let configured = self.configured();
        let forced: Action = effect_of(TimeoutAction::ForceComplete, self.post_copy).into();
        let actions = match wanted {
            Wanted::Configured => vec![configured],
            Wanted::Abort => vec![Action::Abort],
            Wanted::ForceComplete => vec![forced],
            // before Stein nothing pauses a guest
            Wanted::All if self.release < 19 => vec![Action::Abort, Action::PostCopy],
            Wanted::All => vec![Action::Abort, Action::PostCopy, Action::Pause],
        };
        let mut trials: Vec<TrialOrder> = actions
            .iter()
            .map(|&action| self.trial(load, action, early, wanted))
            .collect();
        if let Some(first) = trials.first_mut().filter(|_| self.draws_curve && !early) {
            first.pace.act_after = first.pace.act_after.mul_f64(CURVE_PASSES as f64 - 1.5);
            first.pace.limit += first.pace.act_after;
            first.pace.pass = CURVE_PASSES;
        }
        if wanted != Wanted::All && self.release >= 19 && trials.iter().any(|trial| trial.request.post_copy) {
            // what the operator may choose instead, shown only where it is needed
            let mut instead = self.trial(load, Action::Pause, early, wanted);
            instead.only_if_failed = true;
            trials.push(instead);
        }
        trials
    }

    /// The bandwidth at which the guest of fixed size does not converge between two hosts; none if there is none.
    #[must_use]
    pub fn far_bandwidth(&self) -> Option<u64> {
        let seconds = (self.downtime_ms.max(300) as f64 / 1000.0) * MARGIN;
        let margin = if self.parallel > 1 { BURSTS } else { 1.0 };
        let bandwidth = (FAR.hot_mib() / (seconds * margin)).floor().min(32.0);
        (bandwidth >= 1.0).then_some(bandwidth as u64)
    }

    /// The trials between two hosts, with their guest.
    #[must_use]
    pub fn far_trials(&self, wanted: Wanted, early: bool) -> Vec<TrialOrder> {
        self.trials_of((FAR, self.far_bandwidth().unwrap_or(1)), wanted, early)
    }

    fn trial(&self, (size, bandwidth): (Size, u64), action: Action, early: bool, wanted: Wanted) -> TrialOrder {
        let post_copy = match action {
            Action::PostCopy => true,
            Action::Pause => false,
            Action::Abort => self.post_copy && wanted != Wanted::All,
        };
        let request = Request {
            post_copy,
            auto_converge: self.auto_converge && !post_copy,
            tunnelled: self.tunnelled,
            parallel: (self.parallel > 1).then(|| self.parallel.min(i32::MAX.into()) as u32),
            tls: self.tls,
            bandwidth,
        };
        let pass = (size.hot_mib() + f64::from(size.cold_pages) / 256.0) / bandwidth as f64;
        let old = self.release < 19 && action != Action::Pause && !early;
        let per_gib = match self.completion_timeout {
            // the old monitor's own switch comes long before any timeout; on the shortened clock they would race
            _ if old && action == Action::PostCopy => 0,
            ..=0 => 800,
            seconds => seconds,
        };
        TrialOrder {
            action,
            request,
            release: if old { self.release } else { self.release.max(19) },
            completion_timeout: completion_timeout_seconds(per_gib, DATA_GB),
            // QEMU sends in slices of 0.1 s, which a shortened clock would take for minutes without progress
            progress_timeout: 0,
            downtime: (self.downtime_ms, self.downtime_steps, self.downtime_delay_s),
            pace: Pace {
                interval: Duration::from_millis(25),
                act_after: Duration::from_secs_f64(pass * if early { 0.25 } else { OF_A_PASS }),
                pass: if early { 1 } else { 2 },
                limit: Duration::from_secs_f64(15.0 + 4.0 * pass),
            },
            only_if_failed: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use novamend::oslo::document::Document;
    use novamend::oslo::stack::Stack;
    use novamend::text::Source;

    use super::*;

    fn plan(release: &str, libvirt: &str) -> Result<Plan, PlanError> {
        let text = format!("[libvirt]\n{libvirt}\n");
        let stack = Stack::of(Document::parse(Source::new(Path::new("nova.conf"), text.into_bytes())));
        Plan::of(&View::new(&stack, Release::parse(release).unwrap()))
    }

    #[test]
    fn force_complete_means_post_copy_only_where_it_is_permitted() {
        let pause = plan("2025.1", "live_migration_timeout_action = force_complete").unwrap();
        assert_eq!(pause.configured(), Action::Pause);
        let both = "live_migration_timeout_action = force_complete\nlive_migration_permit_post_copy = yes";
        assert_eq!(plan("2025.1", both).unwrap().configured(), Action::PostCopy);
    }

    #[test]
    fn the_same_file_switches_by_itself_in_rocky_and_aborts_in_stein() {
        let file = "live_migration_permit_post_copy = true";
        assert_eq!(plan("rocky", file).unwrap().configured(), Action::PostCopy);
        assert_eq!(plan("stein", file).unwrap().configured(), Action::Abort);
    }

    #[test]
    fn a_value_that_stops_nova_is_named_and_not_shown() {
        let error = plan("2025.1", "live_migration_timeout_action = Force_Complete").unwrap_err();
        assert!(error.to_string().contains("`live_migration_timeout_action`"), "{error}");
    }

    #[test]
    fn the_load_never_fits_into_the_downtime() {
        for downtime in [100, 300, 500, 2000, 5000] {
            let plan = plan("2025.1", &format!("live_migration_downtime = {downtime}")).unwrap();
            let (size, bandwidth) = plan.load();
            let fits = bandwidth as f64 * f64::from(downtime) / 1000.0;
            assert!(
                size.hot_mib() > 1.05 * fits,
                "{downtime}: {} MiB against {fits}",
                size.hot_mib()
            );
        }
    }

    #[test]
    fn the_abort_of_a_permitting_file_is_tried_with_the_post_copy_flag() {
        let plan = plan("2025.1", "live_migration_permit_post_copy = true").unwrap();
        let trials = plan.trials(Wanted::Configured, false);
        assert_eq!(trials.len(), 2);
        assert!(trials[0].request.post_copy && trials[0].action == Action::Abort);
        assert!(trials[1].only_if_failed && trials[1].action == Action::Pause);
    }
}
