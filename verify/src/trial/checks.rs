//! What a trial proved: from its trace, the heartbeats and where the guest is, whether the action did what nova promises.
//!
//! It observes nothing itself and knows no nova.conf; what it means for one is up to [`crate::verdict`].

mod failures;

use std::time::Duration;

use novamend::nova::migration::Ending;
use serde::{Deserialize, Serialize};
use serde_with::As;

use crate::accident::is_cut_off;
use crate::guest::serial::{Kind, Record};
use crate::hypervisor::{End, GuestState, Intervention, Refusal};
use crate::trial::kind::{self, TrialKind};
use crate::trial::migrate::{Seconds, Trace};
use crate::trial::slow::{self, SlowPhase};

/// What must be so after a switch to post-copy, whatever else went wrong: from then on a guest cannot go back.
pub const GUEST_LIVES: &str = "the guest is not lost";

const MEMORY: &str = "the guest's memory is intact";

/// What was seen of a memory that the guest was too slow to look at.
pub(crate) const NOT_IN_TIME: &str = "the guest did not check all its pages in time";

/// What was seen of a guest whose state a daemon did not tell.
pub(crate) const NOT_TOLD: &str = "its state could not be read";

/// Libvirt's code of a job that was cancelled, `VIR_ERR_OPERATION_ABORTED`.
const CANCELLED: u32 = 78;

/// What people notice when they work with a guest.
const NOTICED: Duration = Duration::from_millis(100);

/// One thing that had to be so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Check {
    /// What had to be so.
    pub what: String,
    /// Whether it was.
    pub holds: bool,
    /// What was seen instead, or a figure.
    pub seen: String,
}

impl Check {
    /// Whether it does not hold only because something was not answered, or not in time.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.holds && [NOT_IN_TIME, NOT_TOLD].contains(&self.seen.as_str())
    }

    /// What is so where the check does not hold, as a clause.
    #[must_use]
    pub fn failure(&self) -> String {
        failures::of(&self.what)
    }
}

/// What was observed around a trial, beside its trace.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// All records of the guest so far.
    pub records: Vec<Record>,
    /// Bytes on the serial lines that belong to no record.
    pub stray: usize,
    /// First and last byte from the source's QEMU.
    pub source_span: Option<(Duration, Duration)>,
    /// First and last byte from the destination's QEMU.
    pub destination_span: Option<(Duration, Duration)>,
    /// The guest at the source.
    pub source: Option<GuestState>,
    /// The guest at the destination.
    pub destination: Option<GuestState>,
    /// Whether the disk is whole where the guest is now; none where none was copied.
    pub has_whole_disk: Option<bool>,
    /// Whether the guest has looked at every page since the migration ended.
    pub looked_at_all: bool,
    /// Heard through a console that opens late and may lose beats: it tells that the guest is well, not when.
    pub only_after: bool,
    /// Why the job failed by the log of the source's daemon, where that is read.
    pub cause: Option<String>,
}

/// What a trial proved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Judgement {
    /// The action.
    pub action: Ending,
    /// Every check, in order of importance.
    pub checks: Vec<Check>,
    /// How long the guest was paused, in milliseconds; the length of `silence`.
    pub blackout_ms: Option<f64>,
    /// The guest's silence: from its last sign at the source to its first at the destination, or for an abort the longest
    /// between two heartbeats.
    pub silence: Option<Silence>,
    /// The time after a switch to post-copy in which the guest runs and waits for its memory.
    pub slow: Option<SlowPhase>,
    /// Libvirt's own figure, in milliseconds.
    pub libvirt_downtime_ms: Option<u64>,
    /// When the action was taken.
    #[serde(with = "As::<Option<Seconds>>")]
    #[cfg_attr(test, schemars(with = "Option<Seconds>"))]
    pub acted: Option<Duration>,
    /// Bytes remaining then.
    pub remaining: Option<i64>,
    /// Those of them that were a disk's.
    pub disk_remaining: Option<i64>,
    /// For how long nova's order had been refused before it was taken, in milliseconds; null where it was taken at once.
    pub refused_ms: Option<f64>,
}

/// A time without a sign of the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Silence {
    /// The last sign before it.
    #[serde(with = "As::<Seconds>")]
    #[cfg_attr(test, schemars(with = "Seconds"))]
    pub from: Duration,
    /// The first sign after it.
    #[serde(with = "As::<Seconds>")]
    #[cfg_attr(test, schemars(with = "Seconds"))]
    pub until: Duration,
}

impl Silence {
    /// How long it was.
    #[must_use]
    pub fn length(self) -> Duration {
        self.until.saturating_sub(self.from)
    }
}

impl Judgement {
    /// Whether the action did what it promises.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.holds)
    }

    /// The silence where it means something: where the guest moves, or where somebody would notice it. Between two heartbeats
    /// of a guest that keeps running there is always some, which the machine makes and not the migration.
    #[must_use]
    pub fn notable_silence(&self) -> Option<Silence> {
        let moves = kind::of(self.action).moves;
        self.silence.filter(|silence| moves || silence.length() >= NOTICED)
    }

    /// Whether the guest was lost, or found its memory damaged.
    #[must_use]
    pub fn is_grave(&self) -> bool {
        // the check of a memory that was found damaged is the first of all
        let is_damaged = |check: &Check| check.what == MEMORY && !check.holds;
        self.failed(GUEST_LIVES).is_some() || self.checks.first().is_some_and(is_damaged)
    }

    /// The check of `what`, if it was made and does not hold.
    #[must_use]
    pub fn failed(&self, what: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.what == what && !check.holds)
    }
}

/// Judges one trial.
#[must_use]
pub fn judge(action: Ending, trace: &Trace, observed: &Observation) -> Judgement {
    let kind = kind::of(action);
    let acted = trace.done(kind.intervention);
    let left = acted.and_then(|at| trace.samples.iter().rfind(|sample| sample.at <= at));
    let silence = match kind.moves {
        _ if observed.only_after => None,
        true => between(observed),
        false => longest_silence(observed, trace.began),
    };
    let mut checks = vec![check("the action was taken", acted.is_some(), || refused(kind, trace))];
    checks.extend(if kind.moves {
        moved(kind, trace, observed)
    } else {
        stayed(trace, observed)
    });
    checks.extend(beats(observed));
    checks.extend(observed.has_whole_disk.map(|is_whole| {
        check("the guest's disk is whole", is_whole, || {
            "a part of it is missing where the guest is".to_owned()
        })
    }));
    let damage = observed.records.iter().find(|record| record.kind == Kind::Damage);
    // a guest that found damage halts, so nothing else may have gone as it should
    let place = if damage.is_some() { 0 } else { checks.len() };
    checks.insert(place, memory(trace, observed, damage));
    Judgement {
        action,
        checks,
        blackout_ms: silence.map(|silence| silence.length().as_secs_f64() * 1000.0),
        silence,
        slow: silence
            .filter(|_| kind.switches())
            .and_then(|silence| slow_phase(silence, trace, observed)),
        libvirt_downtime_ms: trace.downtime_ms(),
        acted,
        remaining: left.map(|sample| sample.remaining),
        disk_remaining: left.map(|sample| sample.disk_remaining).filter(|left| *left > 0),
        refused_ms: acted.and_then(|at| refused_for(kind, trace, at)),
    }
}

/// For how long the order was refused before it was taken at `acted`.
fn refused_for(kind: &TrialKind, trace: &Trace, acted: Duration) -> Option<f64> {
    let first = trace.orders.iter().find(|given| given.is(kind.intervention))?;
    first
        .answer
        .is_err()
        .then(|| acted.saturating_sub(first.at).as_secs_f64() * 1000.0)
}

fn check(what: &str, holds: bool, seen: impl FnOnce() -> String) -> Check {
    Check {
        what: what.to_owned(),
        holds,
        seen: if holds { String::new() } else { seen() },
    }
}

fn refused(kind: &TrialKind, trace: &Trace) -> String {
    let mut answers = trace.orders.iter().rev().filter(|given| given.is(kind.intervention));
    if let Some(refusal) = answers.find_map(|given| given.answer.as_ref().err()) {
        return refusal.message.clone();
    }
    match (&trace.broken, &trace.returned) {
        (Some(refusal), _) | (None, Some(Err(refusal))) => refusal.message.clone(),
        (None, Some(Ok(()))) => "the migration completed first".to_owned(),
        (None, None) => "the migration did not get that far in time".to_owned(),
    }
}

fn stayed(trace: &Trace, observed: &Observation) -> Vec<Check> {
    let mut checks = vec![
        check(
            "the job ended cancelled",
            matches!(&trace.returned, Some(Err(refusal)) if was_cancelled(refusal, trace, observed)),
            || match &trace.returned {
                Some(Err(refusal)) => refusal.message.clone(),
                _ => "it ended otherwise".to_owned(),
            },
        ),
        check(
            "the guest runs on the source",
            observed.source == Some(GuestState::Running),
            || standing(observed.source),
        ),
        check(
            "nothing is left on the destination",
            observed.destination == Some(GuestState::Absent),
            || standing(observed.destination),
        ),
    ];
    if !observed.only_after {
        checks.push(check(
            "heartbeats came from the source only",
            observed.destination_span.is_none(),
            || "heartbeats came from the destination too".to_owned(),
        ));
    }
    checks
}

/// Libvirt says that the job was cancelled, or that the destination's QEMU stopped loading the guest, as it does where the
/// cancelled stream ends before libvirt at the source has told its own reason, or that the stream was cut off, as QEMU says
/// where it cuts it off itself before it takes note of the cancellation. These are taken for a cancelled job only after nova's
/// own cancellation, and where the guest goes on at the source and nothing is left on the destination.
fn was_cancelled(refusal: &Refusal, trace: &Trace, observed: &Observation) -> bool {
    if refusal.code == CANCELLED {
        return true;
    }
    let is_cut_off = refusal.message.contains("load of migration failed") || is_cut_off(&refusal.message);
    let stayed = observed.source == Some(GuestState::Running) && observed.destination == Some(GuestState::Absent);
    is_cut_off && trace.done(Intervention::Abort).is_some() && stayed
}

fn moved(kind: &TrialKind, trace: &Trace, observed: &Observation) -> Vec<Check> {
    let mut checks = vec![
        check(
            "the migration completed",
            trace.returned == Some(Ok(())),
            || match &trace.returned {
                Some(Err(refusal)) => refusal.message.clone(),
                _ => "it did not complete in time".to_owned(),
            },
        ),
        check(
            "the guest runs on the destination",
            observed.destination == Some(GuestState::Running),
            || standing(observed.destination),
        ),
        check(
            "nothing is left on the source",
            observed.source == Some(GuestState::Absent),
            || standing(observed.source),
        ),
    ];
    if !observed.only_after {
        checks.push(check("exactly one copy of the guest runs", runs_once(observed), || {
            "heartbeats came from both sides at once, or from neither".to_owned()
        }));
    }
    if kind.switches() && was_lost(trace, observed) {
        let said = match &trace.returned {
            Some(Err(refusal)) => {
                let first = refusal.message.split("; ").next().unwrap_or_default();
                format!("post-copy had begun, and the guest runs on neither side ({first})")
            }
            _ => "post-copy had begun, and the guest runs on neither side".to_owned(),
        };
        checks.insert(0, check(GUEST_LIVES, false, || said));
    }
    if kind.switches() {
        checks.push(check("the migration switched to post-copy", trace.switched(), || {
            "libvirt reported no such event".to_owned()
        }));
    }
    checks
}

/// The switch came, and then there was no guest any more: the source has given it up, and the destination does not run it.
fn was_lost(trace: &Trace, observed: &Observation) -> bool {
    let switched = trace.event(End::Source, "suspended: post-copy").is_some();
    // a state that was not told shows nothing
    let is_gone = |at: Option<GuestState>| at.is_some_and(|state| state != GuestState::Running);
    switched && is_gone(observed.source) && is_gone(observed.destination)
}

fn beats(observed: &Observation) -> Option<Check> {
    let beats: Vec<u32> = observed
        .records
        .iter()
        .filter(|record| record.kind == Kind::Beat)
        .map(|record| record.sequence)
        .collect();
    let gap = beats.windows(2).find(|pair| pair[1] != pair[0].wrapping_add(1));
    let lost = || match gap {
        Some(pair) => format!("heartbeat {} was followed by {}", pair[0], pair[1]),
        None => format!("{} stray bytes between heartbeats", observed.stray),
    };
    let is_whole = gap.is_none() && observed.stray == 0 && !beats.is_empty();
    (!observed.only_after).then(|| check("no heartbeat is missing or repeated", is_whole, lost))
}

fn memory(trace: &Trace, observed: &Observation, damage: Option<&Record>) -> Check {
    let is_whole = damage.is_none() && observed.looked_at_all;
    check(MEMORY, is_whole, || match damage {
        Some(record) => format!("the page at {:#x} held {:#x}", record.sequence, record.generation),
        None if trace.outcome.is_none() => "the migration did not end".to_owned(),
        None => NOT_IN_TIME.to_owned(),
    })
}

fn standing(standing: Option<GuestState>) -> String {
    match standing {
        None => NOT_TOLD,
        Some(GuestState::Absent) => "it is not there",
        Some(GuestState::Off) => "it is defined there but does not run",
        Some(GuestState::Running) => "it runs there",
        Some(GuestState::Paused) => "it is paused there",
        Some(GuestState::Broken) => "it has crashed there",
    }
    .to_owned()
}

fn runs_once(observed: &Observation) -> bool {
    match (observed.source_span, observed.destination_span) {
        (Some((_, last)), Some((first, _))) => last <= first,
        _ => false,
    }
}

fn between(observed: &Observation) -> Option<Silence> {
    let (_, from) = observed.source_span?;
    let (until, _) = observed.destination_span?;
    Some(Silence { from, until })
}

/// The slow phase after `silence`, where it is known when all the memory had come.
fn slow_phase(silence: Silence, trace: &Trace, observed: &Observation) -> Option<SlowPhase> {
    let arrival = trace.event(End::Destination, "resumed: migrated")?;
    let started = observed
        .records
        .first()
        .map_or(trace.began, |first| first.at.min(trace.began));
    let undisturbed = (started, trace.pass(1).unwrap_or(trace.began));
    slow::find(&observed.records, undisturbed, silence.until, arrival)
}

fn longest_silence(observed: &Observation, since: Duration) -> Option<Silence> {
    let pairs = observed.records.windows(2).filter(|pair| pair[0].at >= since);
    pairs
        .map(|pair| Silence {
            from: pair[0].at,
            until: pair[1].at,
        })
        .max_by_key(|silence| silence.length())
}
