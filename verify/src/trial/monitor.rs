//! Nova's live-migration monitor as a pure state machine: a look at the job comes in, orders go out.
//!
//! It calls no hypervisor and reads no clock; [`novamend::nova::migration::timeout`] decides, this keeps what nova keeps between looks.
//!
//! Source: `_live_migration_monitor` and `run_tasks`, `run_recover_tasks`, `find_job_type` beside it.

use novamend::nova::migration::timeout::{
    DowntimeSchedule, Watermark, completion_timeout_seconds, downtime_schedule, has_timeout_action, should_abort,
    should_switch_to_post_copy, should_trigger_timeout_action,
};
use novamend::nova::migration::{Settings, TimeoutAction};
use serde::{Deserialize, Serialize};

use crate::hypervisor::{GuestState, Intervention, Job, JobKind};

/// The size nova scales by, for a guest as small as that of the trials, in GiB.
const DATA_GB: f64 = 2.0;

/// One look at a migration.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Nova's seconds since the monitor started.
    pub elapsed: f64,
    /// The job at the source.
    pub job: Job,
    /// Whether the blocking call has returned.
    pub returned: bool,
    /// How the guest stands at the source; only read when the job is gone and the call has returned.
    pub source: GuestState,
}

/// What nova does then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// `guest.resume`, only if it stands still: the recovery after a failure.
    ResumeIfPaused,
    /// `migrate_configure_max_downtime`, milliseconds.
    SetDowntime(i64),
    /// The monitor ends.
    Finish(Outcome),
    /// `abort_job`, `migrate_start_postcopy` or `guest.pause`.
    #[serde(untagged)]
    Intervene(Intervention),
}

/// How nova takes the migration to have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The instance is at the destination.
    Completed,
    /// The instance stays; status `error`.
    Failed,
    /// The instance stays; status `cancelled`.
    Cancelled,
    /// The monitor itself died: an abort was refused.
    MonitorDied,
}

/// What nova remembers between two looks.
#[derive(Debug)]
pub struct Monitor {
    settings: Settings,
    /// Seconds, scaled by the size of the guest; 0 = never.
    completion_timeout: i64,
    schedule: DowntimeSchedule,
    queued_force_complete: bool,
    in_post_copy: bool,
    resume_on_failure: bool,
    downtime: Option<i64>,
    watermark: Watermark,
    previous_remaining: i64,
}

impl Monitor {
    /// A monitor at the start of a migration with these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            completion_timeout: completion_timeout_seconds(settings.completion_timeout, DATA_GB),
            schedule: downtime_schedule(settings.downtime, DATA_GB, settings.release),
            settings,
            queued_force_complete: false,
            in_post_copy: false,
            resume_on_failure: false,
            downtime: None,
            watermark: Watermark::default(),
            previous_remaining: -1,
        }
    }

    /// Nova's seconds until the completion timeout; 0 = never.
    #[must_use]
    pub fn completion_timeout(&self) -> i64 {
        self.completion_timeout
    }

    /// The first half of a pass of nova's loop: the task that an earlier look queued, or the end.
    ///
    /// The answers to its orders are to be given to [`Monitor::answered`] before [`Monitor::decide`] is asked.
    pub fn begin(&mut self, look: &Look) -> Vec<Order> {
        match settled(look) {
            JobKind::None => Vec::new(),
            JobKind::Unbounded => self.run_task(),
            JobKind::Completed => vec![Order::Finish(Outcome::Completed)],
            JobKind::Failed => self.recover(Outcome::Failed),
            JobKind::Cancelled => self.recover(Outcome::Cancelled),
        }
    }

    /// The second half, while the job runs: timeouts, the automatic switch of old releases, the downtime.
    pub fn decide(&mut self, look: &Look) -> Vec<Order> {
        if settled(look) != JobKind::Unbounded {
            return Vec::new();
        }
        let mut orders = if has_timeout_action(self.settings.release) {
            self.decide_by_action(look)
        } else {
            self.decide_by_progress(look)
        };
        let downtime = self.schedule.at(look.elapsed);
        if downtime.is_some() && downtime != self.downtime {
            self.downtime = downtime;
            orders.extend(downtime.map(Order::SetDowntime));
        }
        orders
    }

    /// Takes note of how an order was answered; a refused abort ends nova's monitor.
    pub fn answered(&mut self, order: Order, done: bool) -> Option<Outcome> {
        let Order::Intervene(intervention) = order else {
            return None;
        };
        match (intervention, done) {
            (Intervention::StartPostCopy, true) => self.in_post_copy = true,
            (Intervention::Pause, true) => self.resume_on_failure = true,
            (Intervention::Abort, false) => return Some(Outcome::MonitorDied),
            _ => {}
        }
        None
    }

    fn run_task(&mut self) -> Vec<Order> {
        if !std::mem::take(&mut self.queued_force_complete) || self.in_post_copy {
            return Vec::new();
        }
        vec![Order::Intervene(if self.settings.post_copy {
            Intervention::StartPostCopy
        } else {
            Intervention::Pause
        })]
    }

    fn recover(&mut self, outcome: Outcome) -> Vec<Order> {
        let mut orders = Vec::new();
        if std::mem::take(&mut self.resume_on_failure) {
            orders.push(Order::ResumeIfPaused);
        }
        orders.push(Order::Finish(outcome));
        orders
    }

    fn decide_by_action(&mut self, look: &Look) -> Vec<Order> {
        if !should_trigger_timeout_action(look.elapsed, self.completion_timeout, self.in_post_copy) {
            return Vec::new();
        }
        match self.settings.timeout_action {
            TimeoutAction::Abort => vec![Order::Intervene(Intervention::Abort)],
            TimeoutAction::ForceComplete => {
                self.queued_force_complete = true;
                Vec::new()
            }
        }
    }

    fn decide_by_progress(&mut self, look: &Look) -> Vec<Order> {
        let mut orders = Vec::new();
        let stalled = self.watermark.stalled(look.job.remaining, look.elapsed);
        if should_abort(
            stalled,
            self.settings.progress_timeout,
            look.elapsed,
            self.completion_timeout,
            self.in_post_copy,
        ) {
            orders.push(Order::Intervene(Intervention::Abort));
        }
        let Job {
            iteration, remaining, ..
        } = look.job;
        if self.settings.post_copy
            && should_switch_to_post_copy(iteration, remaining, self.previous_remaining, self.in_post_copy)
        {
            orders.push(Order::Intervene(Intervention::StartPostCopy));
        }
        self.previous_remaining = remaining;
        orders
    }
}

/// The job's kind with nova's correction: a job that is gone after the call returned has failed if the guest still runs here.
fn settled(look: &Look) -> JobKind {
    if look.job.kind != JobKind::None || !look.returned {
        return look.job.kind;
    }
    match look.source {
        GuestState::Running | GuestState::Paused | GuestState::Broken => JobKind::Failed,
        GuestState::Absent | GuestState::Off => JobKind::Completed,
    }
}
