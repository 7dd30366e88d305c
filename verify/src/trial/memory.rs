//! When a migration is over for the guest, and whether the guest has looked at all its memory since.
//!
//! It judges nothing; what a page that was not checked means is decided in [`crate::trial::checks`].

use std::time::Duration;

use crate::guest::serial::{Hearing, Kind, Record};
use crate::guest::{COLD_CHECKS, Size};
use crate::hypervisor::End;
use crate::trial::migrate::Trace;

/// When the migration ended for the guest: at its start at the destination with all its memory, or when nova's monitor
/// saw the job's end at the source. The call returns later, as libvirt waits for a QEMU to end.
#[must_use]
pub fn migration_end(trace: &Trace) -> Duration {
    let arrived = trace.event(End::Destination, "resumed: migrated");
    arrived.map_or(trace.ended, |arrived| arrived.min(trace.ended))
}

/// Waits until the guest, wherever it is, has checked every page since then, the cold ones twice, or has found damage;
/// at most for `patience`.
#[must_use]
pub fn checked_all_pages(hearing: &Hearing, size: Size, since: Duration, patience: Duration) -> bool {
    let rounds = size.cold_pages / COLD_CHECKS * 2 + 1;
    let mut damaged = false;
    let whole = hearing.wait(patience, |records| {
        damaged = records.last().is_some_and(|last| last.kind == Kind::Damage);
        damaged || looked_at_all(records, since, rounds)
    });
    whole && !damaged
}

/// Counted from the second record since then: the first may have been on its way before.
fn looked_at_all(records: &[Record], since: Duration, rounds: u32) -> bool {
    let later = records.iter().rev().take_while(|record| record.at >= since).count();
    let later = &records[records.len() - later..];
    let (Some(from), Some(last)) = (later.get(1), later.last()) else {
        return false;
    };
    last.generation >= from.generation + 2 && last.sequence >= from.sequence + rounds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hypervisor::Event;
    use crate::trial::migrate::TimedEvent;

    fn beats(generations: &[u32]) -> Vec<Record> {
        let beat = |(number, &generation): (usize, &u32)| Record {
            at: Duration::from_millis(number as u64),
            from: 0,
            kind: Kind::Beat,
            sequence: number as u32,
            generation,
            round: 0,
        };
        generations.iter().enumerate().map(beat).collect()
    }

    #[test]
    fn only_what_the_guest_looked_at_since_the_end_counts() {
        let records = beats(&[1, 2, 3, 3, 4, 4, 5, 5]);
        let since = Duration::from_millis;
        assert!(looked_at_all(&records, since(2), 4));
        assert!(!looked_at_all(&records, since(2), 5), "not all cold pages");
        assert!(!looked_at_all(&records, since(3), 4), "not all hot pages");
        assert!(!looked_at_all(&records, since(8), 0), "nothing was heard since");
        assert!(!looked_at_all(&[], since(0), 0));
    }

    #[test]
    fn it_is_over_when_the_guest_runs_with_all_its_memory_or_the_job_has_ended() {
        let mut trace = Trace {
            ended: Duration::from_secs(3),
            ..Trace::default()
        };
        assert_eq!(migration_end(&trace), Duration::from_secs(3));
        for (at, what) in [(1, "resumed: post-copy"), (2, "resumed: migrated")] {
            trace.events.push(TimedEvent {
                at: Duration::from_secs(at),
                event: Event::Lifecycle {
                    end: End::Destination,
                    what: what.to_owned(),
                },
            });
        }
        assert_eq!(migration_end(&trace), Duration::from_secs(2));
    }
}
