//! What a cut brought: what was done when, how both ends stood, what became of nova's monitor, of the guest and of its memory.
//!
//! What must hold of it is said in [`super::judge`]; what it means for a host is up to [`crate::verdict`].

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_with::As;

use super::Cut;
use super::judge::judge;
use crate::guest::serial::{Kind, Record};
use crate::hypervisor::recovery::Condition;
use crate::hypervisor::{Answer, JobKind, Request};
use crate::trial::checks::{Check, Silence};
use crate::trial::migrate::{Seconds, Trace};
use crate::trial::monitor::Outcome;

/// How everything stood at one moment; null where it was not told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Standings {
    /// When.
    #[serde(with = "As::<Seconds>")]
    #[cfg_attr(test, schemars(with = "Seconds"))]
    pub at: Duration,
    /// The guest at the source.
    pub source: Option<Condition>,
    /// The guest at the destination.
    pub destination: Option<Condition>,
    /// The job at the source, as nova's monitor sees it.
    pub job: Option<JobKind>,
    /// Whether the source's QEMU runs.
    pub source_qemu: Option<bool>,
    /// Whether the destination's QEMU runs.
    pub destination_qemu: Option<bool>,
}

/// What was done, when, and how everything stood then.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Story {
    /// When the guest ran at the destination.
    #[serde(with = "As::<Option<Seconds>>")]
    #[cfg_attr(test, schemars(with = "Option<Seconds>"))]
    pub switched: Option<Duration>,
    /// When it was cut; null where that did not come about.
    #[serde(with = "As::<Option<Seconds>>")]
    #[cfg_attr(test, schemars(with = "Option<Seconds>"))]
    pub cut: Option<Duration>,
    /// Why something of it could not be done.
    pub not_done: Option<String>,
    /// One second after the cut; where the source's daemon was killed, once it runs again.
    pub after_cut: Option<Standings>,
    /// How nova's migrate call ended.
    pub call: Option<Answer>,
    /// When it did.
    #[serde(with = "As::<Option<Seconds>>")]
    #[cfg_attr(test, schemars(with = "Option<Seconds>"))]
    pub call_ended: Option<Duration>,
    /// Where the link was down, before it was up again.
    pub after_call: Option<Standings>,
    /// When the link was up, or the daemon answered, again.
    #[serde(with = "As::<Option<Seconds>>")]
    #[cfg_attr(test, schemars(with = "Option<Seconds>"))]
    pub restored: Option<Duration>,
    /// When the migration was asked for again.
    #[serde(with = "As::<Option<Seconds>>")]
    #[cfg_attr(test, schemars(with = "Option<Seconds>"))]
    pub resume_asked: Option<Duration>,
    /// How that call ended.
    pub resume: Option<Answer>,
    /// When it did.
    #[serde(with = "As::<Option<Seconds>>")]
    #[cfg_attr(test, schemars(with = "Option<Seconds>"))]
    pub resume_ended: Option<Duration>,
    /// How the destination's daemon crashed when it was asked to resume; null where it did not. It was started again then.
    #[serde(default)]
    pub crash: Option<String>,
    /// When the guest had all its memory at the destination, by libvirt's event.
    #[serde(with = "As::<Option<Seconds>>")]
    #[cfg_attr(test, schemars(with = "Option<Seconds>"))]
    pub arrived: Option<Duration>,
    /// At the end.
    pub end: Option<Standings>,
}

/// How nova's record of the migration ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum NovaEnd {
    /// Completed: the instance is at the destination.
    Completed,
    /// It does not: the monitor waits on, and the migration stays "running (post-copy)".
    WaitsOn,
    /// The monitor itself dies: instance and migration are in error.
    Error,
    /// Nova takes it to have failed, and rolls back.
    RollsBack,
}

impl NovaEnd {
    fn of(trace: &Trace) -> Self {
        match (&trace.broken, trace.outcome) {
            (Some(_), _) | (None, Some(Outcome::MonitorDied)) => Self::Error,
            (None, Some(Outcome::Completed)) => Self::Completed,
            (None, Some(Outcome::Failed | Outcome::Cancelled)) => Self::RollsBack,
            (None, None) => Self::WaitsOn,
        }
    }
}

/// What was heard of the guest.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Signs {
    /// The last heartbeat.
    #[serde(with = "As::<Option<Seconds>>")]
    #[cfg_attr(test, schemars(with = "Option<Seconds>"))]
    pub last: Option<Duration>,
    /// The longest silence since the switch; null where the guest is not heard all the time.
    pub silence: Option<Silence>,
    /// Whether no heartbeat is missing or repeated; null where not all are heard.
    pub beats_whole: Option<bool>,
    /// Whether every page was found intact afterwards; null where that was not awaited.
    pub memory_whole: Option<bool>,
    /// Whether the guest found a page damaged.
    pub damaged: bool,
}

impl Signs {
    /// Of these records; those before `since` count for no silence.
    pub(super) fn of(records: &[Record], since: Duration, hears_all: bool) -> Self {
        let beats: Vec<&Record> = records.iter().filter(|record| record.kind == Kind::Beat).collect();
        let pairs = || beats.windows(2).map(|pair| (pair[0], pair[1]));
        let later = pairs().filter(|(_, next)| next.at >= since);
        let longest = later.max_by_key(|(before, next)| next.at.saturating_sub(before.at));
        let silence = longest.map(|(before, next)| Silence {
            from: before.at,
            until: next.at,
        });
        let follows = |(before, next): (&Record, &Record)| next.sequence == before.sequence.wrapping_add(1);
        Self {
            last: beats.last().map(|beat| beat.at),
            silence: silence.filter(|_| hears_all),
            beats_whole: hears_all.then(|| pairs().all(follows)),
            memory_whole: None,
            damaged: records.iter().any(|record| record.kind == Kind::Damage),
        }
    }
}

/// One cut and what it brought.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CutEvidence {
    /// What was cut.
    pub cut: Cut,
    /// Flags and parameters.
    pub request: Request,
    /// The migration as nova's monitor saw it.
    pub trace: Trace,
    /// What was done.
    pub story: Story,
    /// What was heard of the guest.
    pub signs: Signs,
    /// How nova's record ends.
    pub nova: NovaEnd,
    /// What must hold.
    pub checks: Vec<Check>,
}

impl CutEvidence {
    /// Puts it together and says what holds.
    pub(super) fn of(cut: Cut, request: Request, trace: Trace, story: Story, signs: Signs) -> Self {
        let nova = NovaEnd::of(&trace);
        let mut evidence = Self {
            cut,
            request,
            trace,
            story,
            signs,
            nova,
            checks: Vec::new(),
        };
        evidence.checks = judge(&evidence);
        evidence
    }

    /// Whether all that must hold does.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.holds)
    }

    /// Seconds from the request to resume until the guest was whole at the destination: by libvirt's event, or else by the end
    /// of the call; none where the call failed and nothing was heard of the guest's arrival.
    #[must_use]
    pub fn recovery_seconds(&self) -> Option<f64> {
        let story = &self.story;
        let returned = story
            .resume_ended
            .filter(|_| matches!(story.resume, Some(Answer::Done)));
        let (asked, ended) = (story.resume_asked?, story.arrived.or(returned)?);
        Some(ended.saturating_sub(asked).as_secs_f64())
    }
}
