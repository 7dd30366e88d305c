//! Removes the probe guest from both ends, whatever has happened before, and says what it could not remove.
//!
//! It opens connections of its own, as a Ctrl-C may have ended those of the trials, and touches no other domain.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::Probe;
use crate::hypervisor::libvirt::{Connect, Ends, Removal, connect_once, remove_domain};
use crate::hypervisor::{Refusal, Side, Sides};

/// The least time for one step at one end.
const LEAST: Duration = Duration::from_secs(10);

/// Between two looks; a migration that is ending may bring the guest back once.
const BETWEEN: Duration = Duration::from_millis(100);

/// The guest may still be somewhere.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.words())]
pub struct RemovalError {
    guest: String,
    /// The URIs where it may be, and why that is not known.
    at: Vec<(String, Refusal)>,
}

impl RemovalError {
    /// Where it may be, and how it is removed there.
    fn words(&self) -> String {
        let name = &self.guest;
        let one = |(uri, why): &(String, Refusal)| {
            format!(
                "the guest {name} may still be on {uri} ({why}); remove it with `virsh -c '{uri}' destroy {name}` and \
                 `virsh -c '{uri}' undefine {name}`"
            )
        };
        self.at.iter().map(one).collect::<Vec<_>>().join("; ")
    }
}

fn no_answer() -> Refusal {
    Refusal {
        code: 0,
        message: "no answer in time".to_owned(),
    }
}

/// Removes the guest from both ends, connecting within a quarter of `patience` to each.
pub(super) fn remove(ends: &Ends, probe: &Probe, patience: Duration) -> Result<(), RemovalError> {
    let each = LEAST.max(patience / 4);
    let (sender, answer) = channel();
    let (theirs, guest) = (ends.clone(), probe.clone());
    // Where no thread can be had nobody answers, which is said below.
    let _ = thread::Builder::new().spawn(move || {
        for side in Side::BOTH {
            let gone = from_one(&theirs, side, &guest, each);
            let _ = sender.send((side, gone));
        }
        // only now is the source known to send no more; what arrived meanwhile goes too
        let gone = from_one(&theirs, Side::Second, &guest, each);
        let _ = sender.send((Side::Second, gone));
    });
    let until = Instant::now() + each * 3;
    let mut left = Sides::of(|_| Some(no_answer()));
    for _ in 0..3 {
        match answer.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok((Side::First, gone)) => left.first = gone.err(),
            Ok((Side::Second, gone)) => left.second = gone.err(),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                left.second.get_or_insert_with(no_answer);
                break;
            }
        }
    }
    let at: Vec<_> = left
        .iter()
        .filter_map(|(side, why)| Some((ends.uri(side).to_owned(), why.clone()?)))
        .collect();
    if at.is_empty() {
        return Ok(());
    }
    Err(RemovalError {
        guest: probe.name.clone(),
        at,
    })
}

/// Removes it from one end until two looks in a row find nothing.
fn from_one(ends: &Ends, side: Side, probe: &Probe, patience: Duration) -> Result<(), Refusal> {
    let connect: Connect = connect_once(ends.uri(side), patience)?;
    let until = Instant::now() + patience;
    let _ = connect.set_keep_alive(5, 3);
    let mut nothing = 0;
    while nothing < 2 {
        match remove_domain(&connect, &probe.uuid, &probe.name)? {
            Removal::NotThere => nothing += 1,
            Removal::Requested if Instant::now() < until => nothing = 0,
            Removal::Requested => {
                return Err(Refusal {
                    code: 0,
                    message: "it did not end in time".to_owned(),
                });
            }
        }
        thread::sleep(BETWEEN);
    }
    Ok(())
}
