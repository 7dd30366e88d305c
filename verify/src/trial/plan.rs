//! What nova.conf asks of a live migration, and the trials that show whether the host can do it.
//!
//! It starts nothing; the effective values come from [`novamend::nova`].

mod cost;

use std::time::Duration;

use novamend::catalog::Release;
use novamend::nova::migration::settings::{INBOUND, URI, default_completion_timeout, readings};
use novamend::nova::migration::timeout::has_timeout_action;
use novamend::nova::migration::uri::fault;
use novamend::nova::migration::{Ending, Settings, TimeoutAction};
use novamend::nova::{self, Unusable, View};
use serde::{Serialize, Serializer};

use crate::guest::hardware::Hardware;
use crate::guest::like::Like;
use crate::guest::{FAR, Size, nova as novas};
use crate::hypervisor::Request;
use crate::trial::kind;
use crate::trial::messages::TrialOrder;
use crate::trial::migrate::Pace;

/// What is more than fits into the downtime.
const MARGIN: f64 = 1.15;

/// Several connections send in bursts, and QEMU takes the speed of a burst for that of the network.
const BURSTS: f64 = 2.2;

/// From this version on QEMU's software emulation keeps a guest's writes where a migration is acted on after its first pass.
pub(crate) const EMULATION_KEEPS_WRITES: (u16, u16, u16) = (9, 0, 0);

/// From this release on nova hands libvirt the domain to keep at the destination, too, not only the one to start there: since
/// 19.3.1, 20.4.0 and 21.1.0, the last updates of those releases have it.
const PERSISTENT_XML: u8 = 19;

/// The pass that the first trial of a report waits for, to show what passes look like.
const CURVE_PASSES: i64 = 4;

/// A value that stops nova.
#[derive(Debug, thiserror::Error)]
#[error("`{option}` in [libvirt] is not valid in {release}, nova stops on it: {why}")]
pub struct PlanError {
    option: &'static str,
    release: Release,
    why: Unusable,
}

/// What is asked of a live migration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "Reported<'static>"))]
pub struct Plan {
    /// The settings of nova.conf.
    pub settings: Settings,
    /// Whether `reserved_huge_pages` is set, which tells that guests may have huge pages.
    pub reserves_huge_pages: bool,
    /// Whether the guest has disks of its own at both ends, which a migration copies.
    pub copies_disks: bool,
    /// Whether the first trial goes on for a few passes more, so that the report can show them.
    pub draws_curve: bool,
    /// What nova makes a guest of, beside its memory.
    pub guest: Hardware,
    /// The domain that the guest is to be like instead.
    pub like: Option<Like>,
    /// The options in words, for the report, but for `live_migration_uri`, which may name a user; none can hold a secret.
    pub excerpt: Vec<SetOption>,
}

/// What nova.conf asks for of a live migration.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[allow(clippy::struct_excessive_bools)] // each is a field of the report
struct Reported<'a> {
    #[serde(flatten)]
    settings: &'a Settings,
    /// The release with its series and date, in words.
    release_name: String,
    /// Whether `timeout_action` is `force_complete`.
    force_complete: bool,
    /// Whether `live_migration_uri` is set.
    has_uri: bool,
    /// What is wrong with it, in words; null where nothing is, or it is not set.
    uri_fault: Option<String>,
    /// Whether `reserved_huge_pages` is set, which tells that guests may have huge pages.
    reserves_huge_pages: bool,
    /// Whether the first trial goes on for a few passes more, so that the report can show them.
    draws_curve: bool,
    /// The options in words; none can hold a secret.
    excerpt: &'a [SetOption],
}

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let reported = Reported {
            settings: &self.settings,
            release_name: self.settings.release.to_string(),
            force_complete: self.settings.timeout_action == TimeoutAction::ForceComplete,
            has_uri: self.settings.uri.is_some(),
            uri_fault: self.uri_fault(),
            reserves_huge_pages: self.reserves_huge_pages,
            draws_curve: self.draws_curve,
            excerpt: &self.excerpt,
        };
        reported.serialize(serializer)
    }
}

/// One option as nova reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SetOption {
    /// Its name, in `[libvirt]`.
    pub option: &'static str,
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
    /// One of each kind, whatever nova.conf says
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
        let readings = readings(view);
        let settings = Settings::of(release, &readings);
        let mut excerpt = Vec::new();
        for reading in readings.into_iter().filter(|reading| reading.name != URI) {
            let option = reading.name;
            let value = reading.value.map_err(|why| PlanError { option, release, why })?;
            excerpt.push(SetOption {
                option,
                value: nova::printed(&value),
                set: reading.is_set,
            });
        }
        let reserved = view.setting("DEFAULT", "reserved_huge_pages");
        Ok(Self {
            settings,
            reserves_huge_pages: reserved.is_some_and(|setting| setting.is_set()),
            copies_disks: false,
            draws_curve: false,
            guest: novas::hardware(view),
            like: None,
            excerpt,
        })
    }

    /// What the guests are made of that are asked for.
    #[must_use]
    pub fn hardware(&self) -> &Hardware {
        self.like.as_ref().map_or(&self.guest, |like| &like.hardware)
    }

    /// What is wrong with `live_migration_uri`, in words.
    #[must_use]
    pub fn uri_fault(&self) -> Option<String> {
        let uri = self.settings.uri.as_deref()?;
        fault(uri).map(|fault| fault.to_string())
    }

    /// Leaves out what a nova.conf gives as that of the destination alone: where it is the source's, that does not count.
    pub fn leave_out_the_destination(&mut self) {
        self.settings.inbound = None;
        self.excerpt.retain(|written| written.option != INBOUND);
    }

    /// The guest and the bandwidth that do not converge under the configured downtime, whatever the steps.
    ///
    /// Pre-copy ends by itself once what is left fits into the downtime; so the guest writes more than that round and round.
    #[must_use]
    pub fn load(&self) -> (Size, u64) {
        let seconds = (self.settings.downtime.downtime_ms.max(300) as f64 / 1000.0) * MARGIN;
        let bandwidth = (12.0 / seconds).floor().clamp(8.0, 32.0);
        let margin = if self.settings.parallel > 1 { BURSTS } else { 1.0 };
        let hot = (bandwidth * seconds * margin).ceil().clamp(12.0, 256.0);
        (Size::with_hot_mib(hot as u32), bandwidth as u64)
    }

    /// The trials, in order; `early` acts within the first pass, which software emulation before QEMU 9 needs.
    #[must_use]
    pub fn trials(&self, wanted: Wanted, early: bool) -> Vec<TrialOrder> {
        self.trials_of(self.load(), wanted, early)
    }

    fn trials_of(&self, load: (Size, u64), wanted: Wanted, early: bool) -> Vec<TrialOrder> {
        let configured = self.settings.ending();
        let actions = match wanted {
            Wanted::Configured => vec![configured],
            Wanted::Abort => vec![TimeoutAction::Abort.ending(self.settings.post_copy)],
            Wanted::ForceComplete => vec![TimeoutAction::ForceComplete.ending(self.settings.post_copy)],
            Wanted::All => {
                let endings = Ending::ALL.into_iter();
                endings
                    .filter(|&ending| kind::of(ending).since <= self.settings.release)
                    .collect()
            }
        };
        let trials = actions.iter().map(|&action| self.trial(load, action, early, wanted));
        let mut trials: Vec<TrialOrder> = if self.copies_disks {
            trials.flat_map(|trial| trial.in_both_phases(self.disk_mib())).collect()
        } else {
            trials.collect()
        };
        if let Some(first) = trials.first_mut().filter(|_| self.draws_curve && !early) {
            first.pace.act_after = first.pace.act_after.mul_f64(CURVE_PASSES as f64 - 1.5);
            first.pace.limit += first.pace.act_after;
            first.pace.pass = CURVE_PASSES;
        }
        if wanted != Wanted::All
            && has_timeout_action(self.settings.release)
            && trials.iter().any(|trial| trial.request.post_copy)
        {
            // what the operator may choose instead, shown only where it is needed
            let mut instead = self.trial(load, Ending::Pause, early, wanted);
            instead.only_if_failed = true;
            trials.push(instead);
        }
        trials
    }

    /// The bandwidth at which the guest of fixed size does not converge between two hosts; none if there is none.
    #[must_use]
    pub fn far_bandwidth(&self) -> Option<u64> {
        let seconds = (self.settings.downtime.downtime_ms.max(300) as f64 / 1000.0) * MARGIN;
        let margin = if self.settings.parallel > 1 { BURSTS } else { 1.0 };
        let bandwidth = (FAR.hot_mib() / (seconds * margin)).floor().min(32.0);
        (bandwidth >= 1.0).then_some(bandwidth as u64)
    }

    /// The trials between two hosts, with their guest.
    #[must_use]
    pub fn far_trials(&self, wanted: Wanted, early: bool) -> Vec<TrialOrder> {
        self.trials_of((FAR, self.far_bandwidth().unwrap_or(1)), wanted, early)
    }

    /// The migration to post-copy with the guest of fixed size, whatever nova.conf permits.
    #[must_use]
    pub fn post_copy_trial(&self, early: bool) -> TrialOrder {
        let load = (FAR, self.far_bandwidth().unwrap_or(1));
        self.trial(load, Ending::PostCopy, early, Wanted::All)
    }

    fn trial(&self, (size, bandwidth): (Size, u64), action: Ending, early: bool, wanted: Wanted) -> TrialOrder {
        let kind = kind::of(action);
        let by_nova_conf = self.settings.post_copy && wanted != Wanted::All;
        let post_copy = kind.post_copy.unwrap_or(by_nova_conf);
        let request = Request {
            post_copy,
            auto_converge: self.settings.auto_converge && !post_copy,
            tunnelled: self.settings.tunnelled,
            parallel: (self.settings.parallel > 1).then(|| self.settings.parallel.min(i32::MAX.into()) as u32),
            tls: self.settings.tls,
            persistent_xml: self.settings.release.number() >= PERSISTENT_XML,
            unsafe_storage: false,
            disks: Vec::new(),
            bandwidth,
        };
        let pass = (size.hot_mib() + f64::from(size.cold_pages) / 256.0) / bandwidth as f64;
        let release = self.settings.release;
        let old = !has_timeout_action(release) && kind.since <= release && !early;
        let completion_timeout = match self.settings.completion_timeout {
            // the old monitor's own switch comes long before any timeout; on the shortened clock they would race
            _ if old && kind.switches() => 0,
            ..=0 => default_completion_timeout(self.settings.release),
            seconds => seconds,
        };
        let settings = Settings {
            release: if old {
                self.settings.release
            } else {
                self.settings.release.max(Release::STEIN)
            },
            timeout_action: action.action(),
            completion_timeout,
            // QEMU sends in slices of 0.1 s, which a shortened clock would take for minutes without progress
            progress_timeout: 0,
            post_copy,
            ..self.settings.clone()
        };
        TrialOrder {
            action,
            request,
            settings,
            pace: Pace {
                interval: Duration::from_millis(25),
                act_after: Duration::from_secs_f64(pass * if early { 0.25 } else { OF_A_PASS }),
                pass: if early { 1 } else { 2 },
                in_disk: false,
                limit: Duration::from_secs_f64(15.0 + 4.0 * pass),
            },
            phase: None,
            only_if_failed: false,
        }
    }

    /// MiB of the guest's disk where it is copied: what takes about two seconds.
    #[must_use]
    pub fn disk_mib(&self) -> u64 {
        self.load().1 * 2
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use novamend::oslo::document::Document;
    use novamend::oslo::stack::Stack;
    use novamend::text::Source;
    use serde_json::json;

    use super::*;

    fn plan(release: &str, libvirt: &str) -> Result<Plan, PlanError> {
        let text = format!("[libvirt]\n{libvirt}\n");
        let stack = Stack::of(Document::parse(Source::new(Path::new("nova.conf"), text.into_bytes())));
        Plan::of(&View::new(&stack, Release::parse(release).unwrap()))
    }

    #[test]
    fn force_complete_means_post_copy_only_where_it_is_permitted() {
        let pause = plan("2025.1", "live_migration_timeout_action = force_complete").unwrap();
        assert_eq!(pause.settings.ending(), Ending::Pause);
        let both = "live_migration_timeout_action = force_complete\nlive_migration_permit_post_copy = yes";
        assert_eq!(plan("2025.1", both).unwrap().settings.ending(), Ending::PostCopy);
    }

    #[test]
    fn the_same_file_switches_by_itself_in_rocky_and_aborts_in_stein() {
        let file = "live_migration_permit_post_copy = true";
        assert_eq!(plan("rocky", file).unwrap().settings.ending(), Ending::PostCopy);
        assert_eq!(plan("stein", file).unwrap().settings.ending(), Ending::Abort);
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
        assert!(trials[0].request.post_copy && trials[0].action == Ending::Abort);
        assert!(trials[1].only_if_failed && trials[1].action == Ending::Pause);
    }

    #[test]
    fn the_report_has_the_settings_in_novas_words_and_not_the_uri() {
        let text = "live_migration_timeout_action = force_complete\nlive_migration_scheme = tls\n\
                    live_migration_uri = qemu+tcp://someone@%s/system";
        let json = serde_json::to_value(plan("2025.1", text).unwrap()).unwrap();
        for (field, value) in [
            ("release", json!(31)),
            ("release_name", json!("2025.1 epoxy (31)")),
            ("timeout_action", json!("force_complete")),
            ("force_complete", json!(true)),
            ("completion_timeout", json!(800)),
            ("progress_timeout", json!(0)),
            ("parallel", json!(1)),
            ("downtime_ms", json!(500)),
            ("downtime_steps", json!(10)),
            ("downtime_delay_s", json!(75)),
            ("virt_type", json!("kvm")),
            ("scheme", json!(null)),
            ("has_uri", json!(true)),
        ] {
            assert_eq!(json[field], value, "{field}");
        }
        assert!(!json.to_string().contains("someone"), "{json}");
    }
}
