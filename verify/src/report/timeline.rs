//! What happened during a trial on one line of time: both ends, nova's orders, the guest.
//!
//! It only sorts and words what the trace holds; orders that nova repeats are told once, with how often.

use std::time::Duration;

use crate::hypervisor::{Answer, End, Event, Refusal};
use crate::trial::cut::{Cut, CutEvidence};
use crate::trial::kind;
use crate::trial::messages::Evidence;
use crate::trial::migrate::{IssuedOrder, Trace};
use crate::trial::monitor::{Order, Outcome};

/// Who did something during a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The libvirt daemon that the guest comes from.
    Source,
    /// The one that it goes to.
    Destination,
    /// The monitor.
    Nova,
    /// The guest, heard through its serial port.
    Guest,
    /// This program, which cuts and brings back.
    Verify,
}

impl Actor {
    /// In a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Destination => "destination",
            Self::Nova => "nova",
            Self::Guest => "guest",
            Self::Verify => "verify",
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Since the trial began.
    pub at: Duration,
    /// Who did it.
    pub who: Actor,
    /// What.
    pub what: String,
}

impl Row {
    fn of(trace: &Trace, at: Duration, who: Actor, what: String) -> Self {
        let at = at.saturating_sub(trace.began);
        Self { at, who, what }
    }
}

/// Everything that happened in a trial, in order.
#[must_use]
pub fn rows(evidence: &Evidence) -> Vec<Row> {
    let trace = &evidence.trace;
    let mut rows = of_trace(trace);
    let mut row = |at: Duration, who, what| rows.push(Row::of(trace, at, who, what));
    if let Some(silence) = evidence.judgement.notable_silence() {
        let (before, after) = if kind::of(evidence.judgement.action).moves {
            ("last heartbeat on the source", "first heartbeat on the destination")
        } else {
            ("last heartbeat before its longest silence", "first heartbeat after it")
        };
        row(silence.from, Actor::Guest, before.to_owned());
        row(silence.until, Actor::Guest, after.to_owned());
    }
    if let Some(slow) = evidence.judgement.slow {
        let what = format!("as fast as before again, after {}", slow.words());
        row(slow.until, Actor::Guest, what);
    }
    rows.sort_by_key(|row| row.at);
    rows
}

/// Everything that happened around a cut, in order.
#[must_use]
pub fn rows_of_cut(evidence: &CutEvidence) -> Vec<Row> {
    let (trace, story) = (&evidence.trace, &evidence.story);
    let mut rows = of_trace(trace);
    let mut row = |at: Option<Duration>, who, what: &str| {
        rows.extend(at.map(|at| Row::of(trace, at, who, what.to_owned())));
    };
    row(story.cut, Actor::Verify, &format!("cuts: {}", evidence.cut.words()));
    let restored = match evidence.cut {
        Cut::LinkDown => "the link is up again",
        _ => "the daemon answers again",
    };
    row(story.restored, Actor::Verify, restored);
    row(
        story.resume_asked,
        Actor::Verify,
        "asks libvirt to resume the migration (POSTCOPY_RESUME)",
    );
    match &story.resume {
        Some(Answer::Done) => row(story.resume_ended, Actor::Source, "the call that resumes returns"),
        Some(Answer::Refused(refusal)) => {
            let what = format!("the call that resumes fails: {}", refusal.message);
            row(story.resume_ended, Actor::Source, &what);
        }
        None => {}
    }
    row(story.arrived, Actor::Destination, "the guest has all its memory");
    if let Some(silence) = evidence.signs.silence {
        row(
            Some(silence.from),
            Actor::Guest,
            "last heartbeat before its longest silence",
        );
        row(Some(silence.until), Actor::Guest, "first heartbeat after it");
    }
    row(evidence.signs.last, Actor::Guest, "last heartbeat that was heard");
    rows.sort_by_key(|row| row.at);
    rows
}

/// What libvirt reported and nova ordered.
fn of_trace(trace: &Trace) -> Vec<Row> {
    let row = |at, who, what| Row::of(trace, at, who, what);
    let mut rows = vec![row(trace.began, Actor::Nova, "starts the migration".to_owned())];
    for heard in &trace.events {
        let (who, what) = told(&heard.event);
        rows.push(row(heard.at, who, what));
    }
    for group in trace.orders.chunk_by(is_same_kind) {
        rows.extend(group.first().map(|first| row(first.at, Actor::Nova, ordered(group))));
    }
    rows.push(row(trace.ended, Actor::Nova, ended(trace)));
    rows
}

fn is_same_kind(one: &IssuedOrder, other: &IssuedOrder) -> bool {
    let is_alike = match (one.order, other.order) {
        (Order::SetDowntime(_), Order::SetDowntime(_)) => true,
        (one, other) => one == other,
    };
    is_alike && one.answer.is_ok() == other.answer.is_ok()
}

fn told(event: &Event) -> (Actor, String) {
    match event {
        Event::Lifecycle { end, what } => {
            let who = match end {
                End::Source => Actor::Source,
                End::Destination => Actor::Destination,
            };
            (who, what.clone())
        }
        Event::Pass(number) => (Actor::Source, format!("pass {number} over memory begins")),
        Event::Figures {
            downtime_ms,
            transferred,
        } => {
            let mut said = vec!["job completed".to_owned()];
            said.extend(downtime_ms.map(|time| format!("downtime {time} ms")));
            said.extend(transferred.map(|bytes| format!("{:.1} MiB of memory sent", bytes as f64 / 1_048_576.0)));
            (Actor::Source, said.join(", "))
        }
        Event::Returned(Ok(())) => (Actor::Source, "the migrate call returns".to_owned()),
        Event::Returned(Err(refusal)) => (Actor::Source, format!("the migrate call fails: {}", refusal.message)),
    }
}

fn ordered(group: &[IssuedOrder]) -> String {
    let Some((first, last)) = group.first().zip(group.last()) else {
        return String::new();
    };
    let mut text = match (first.order, last.order) {
        (Order::SetDowntime(from), Order::SetDowntime(to)) if group.len() > 1 => {
            return format!(
                "raises the allowed downtime from {from} ms to {to} ms in {} steps{}",
                group.len(),
                refused(&first.answer)
            );
        }
        (Order::SetDowntime(only), _) => format!("allows a downtime of {only} ms"),
        (Order::Intervene(intervention), _) => kind::by(intervention).map_or("", |kind| kind.does).to_owned(),
        (Order::ResumeIfPaused, _) => "resumes the guest if it is paused".to_owned(),
        (Order::Finish(outcome), _) => finished(outcome).to_owned(),
    };
    if group.len() > 1 {
        text.push_str(&format!(" ({} times until the job ends)", group.len()));
    }
    text + &refused(&first.answer)
}

fn refused(answer: &Result<(), Refusal>) -> String {
    answer
        .as_ref()
        .err()
        .map_or_else(String::new, |refusal| format!(" – refused: {}", refusal.message))
}

fn ended(trace: &Trace) -> String {
    match (trace.outcome, &trace.broken) {
        (Some(outcome), _) => finished(outcome).to_owned(),
        (None, Some(refusal)) => format!("cannot continue: {}", refusal.message),
        (None, None) => "the trial was stopped: it took too long".to_owned(),
    }
}

fn finished(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Completed => "considers the migration completed",
        Outcome::Failed => "considers the migration failed; the instance stays on the source",
        Outcome::Cancelled => "considers the migration cancelled; the instance stays on the source",
        Outcome::MonitorDied => "its monitor crashes because the abort was refused",
    }
}
