//! What happened during a trial on one line of time: both ends, nova's orders, the guest.
//!
//! It only sorts and words what the trace holds; orders that nova repeats are told once, with how often.

use std::time::Duration;

use crate::hypervisor::{End, Happening, Refusal};
use crate::trial::checks::Action;
use crate::trial::migrate::{Given, Trace};
use crate::trial::monitor::{Order, Outcome};
use crate::trial::worker::Evidence;

/// Whose doing something was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The libvirt daemon that the guest comes from.
    Source,
    /// The one that it goes to.
    Destination,
    /// The monitor.
    Nova,
    /// The guest, heard through its serial port.
    Guest,
}

impl Who {
    /// In a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Destination => "destination",
            Self::Nova => "nova",
            Self::Guest => "guest",
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Since the trial began.
    pub at: Duration,
    /// Whose.
    pub who: Who,
    /// What.
    pub what: String,
}

/// Everything that happened, in order.
#[must_use]
pub fn rows(evidence: &Evidence) -> Vec<Row> {
    let trace = &evidence.trace;
    let row = |at: Duration, who, what: String| Row {
        at: at.saturating_sub(trace.began),
        who,
        what,
    };
    let mut rows = vec![row(trace.began, Who::Nova, "starts the migration".to_owned())];
    for heard in &trace.happenings {
        let (who, what) = told(&heard.happening);
        rows.push(row(heard.at, who, what));
    }
    for group in trace.orders.chunk_by(is_same_kind) {
        rows.extend(group.first().map(|first| row(first.at, Who::Nova, ordered(group))));
    }
    if let Some(silence) = evidence.judgement.silence {
        let moves = evidence.judgement.action != Action::Abort;
        let (before, after) = if moves {
            ("last sign at the source", "first sign at the destination")
        } else {
            ("last sign before its longest silence", "goes on")
        };
        rows.push(row(silence.from, Who::Guest, before.to_owned()));
        rows.push(row(silence.until, Who::Guest, after.to_owned()));
    }
    rows.push(row(trace.ended, Who::Nova, ended(trace)));
    rows.sort_by_key(|row| row.at);
    rows
}

fn is_same_kind(one: &Given, other: &Given) -> bool {
    std::mem::discriminant(&one.order) == std::mem::discriminant(&other.order)
        && one.answer.is_ok() == other.answer.is_ok()
}

fn told(happening: &Happening) -> (Who, String) {
    match happening {
        Happening::Lifecycle { end, what } => {
            let who = match end {
                End::Source => Who::Source,
                End::Destination => Who::Destination,
            };
            (who, what.clone())
        }
        Happening::Pass(number) => (Who::Source, format!("pass {number} over the memory begins")),
        Happening::Figures {
            downtime_ms,
            transferred,
        } => {
            let mut said = vec!["job completed".to_owned()];
            said.extend(downtime_ms.map(|time| format!("downtime {time} ms")));
            said.extend(transferred.map(|bytes| format!("{:.1} MiB of memory sent", bytes as f64 / 1_048_576.0)));
            (Who::Source, said.join(", "))
        }
        Happening::Returned(Ok(())) => (Who::Source, "the migrate call returns".to_owned()),
        Happening::Returned(Err(refusal)) => (Who::Source, format!("the migrate call fails: {}", refusal.message)),
    }
}

fn ordered(group: &[Given]) -> String {
    let Some((first, last)) = group.first().zip(group.last()) else {
        return String::new();
    };
    let mut text = match (first.order, last.order) {
        (Order::SetDowntime(from), Order::SetDowntime(to)) if group.len() > 1 => {
            return format!(
                "allows a downtime of {from} ms, by and by {to} ms ({} steps){}",
                group.len(),
                refused(&first.answer)
            );
        }
        (Order::SetDowntime(only), _) => format!("allows a downtime of {only} ms"),
        (Order::Abort, _) => "aborts the job".to_owned(),
        (Order::StartPostCopy, _) => "switches to post-copy".to_owned(),
        (Order::Pause, _) => "pauses the guest".to_owned(),
        (Order::ResumeIfPaused, _) => "resumes the guest if it stands still".to_owned(),
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
        (None, Some(refusal)) => format!("cannot go on: {}", refusal.message),
        (None, None) => "the trial was given up: it took too long".to_owned(),
    }
}

fn finished(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Completed => "takes the migration to have completed",
        Outcome::Failed => "takes the migration to have failed; the instance stays",
        Outcome::Cancelled => "takes the migration to have been cancelled; the instance stays",
        Outcome::MonitorDied => "its monitor dies of the refused abort",
    }
}
