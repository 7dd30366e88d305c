//! Removes the probe guest from both ends, whatever has happened before, and says what it could not remove.
//!
//! It opens connections of its own, as a Ctrl-C may have ended those of the trials, and touches no other domain.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::Probe;
use crate::hypervisor::Refusal;
use crate::hypervisor::libvirt::{Connect, Ends, Removal, connect_once, remove_domain};
use crate::sandbox::layout::Host;

/// The least time for one step at one end.
const LEAST: Duration = Duration::from_secs(10);

/// Between two looks; a migration that is ending may bring the guest back once.
const BETWEEN: Duration = Duration::from_millis(100);

/// Removes the guest from both ends, connecting within a quarter of `patience` to each; what may be left, in words that name
/// it and say how to remove it.
pub(super) fn remove(ends: &Ends, probe: &Probe, patience: Duration) -> Result<(), String> {
    let each = LEAST.max(patience / 4);
    let (sender, answer) = channel();
    let (theirs, guest) = (ends.clone(), probe.clone());
    // Where no thread can be had nobody answers, which is said below.
    let _ = thread::Builder::new().spawn(move || {
        for host in Host::BOTH {
            let gone = from_one(&theirs, host, &guest, each);
            let _ = sender.send((host, gone));
        }
        // only now is the source known to send no more; what arrived meanwhile goes too
        let gone = from_one(&theirs, Host::B, &guest, each);
        let _ = sender.send((Host::B, gone));
    });
    let until = Instant::now() + each * 3;
    let mut left = [
        Some("no answer in time".to_owned()),
        Some("no answer in time".to_owned()),
    ];
    for _ in 0..3 {
        match answer.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok((host, gone)) => left[usize::from(host == Host::B)] = gone.err().map(|refusal| refusal.message),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                left[1].get_or_insert_with(|| "no answer in time".to_owned());
                break;
            }
        }
    }
    let said: Vec<String> = Host::BOTH
        .into_iter()
        .zip(left)
        .filter_map(|(host, why)| Some((ends.uri(host), why?)))
        .map(|(uri, why)| {
            let name = &probe.name;
            format!(
                "the guest {name} may still be on {uri} ({why}); remove it with `virsh -c '{uri}' destroy {name}` and \
                 `virsh -c '{uri}' undefine {name}`"
            )
        })
        .collect();
    if said.is_empty() { Ok(()) } else { Err(said.join("; ")) }
}

/// Removes it from one end until two looks in a row find nothing.
fn from_one(ends: &Ends, host: Host, probe: &Probe, patience: Duration) -> Result<(), Refusal> {
    let connect: Connect = connect_once(ends.uri(host), patience)?;
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
