//! Hears the guest: every QEMU connects its serial port here, so it is known which host a heartbeat came from.
//!
//! It judges nothing; [`Hearing`] only keeps what came, when, and from whom.

use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

pub(crate) const RECORD: usize = 12;
pub(crate) const MARK: u8 = 0xA5;

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The guest has started.
    Start,
    /// It is alive, and every page it looked at was right.
    Beat,
    /// A page was not what it had been: `sequence` is its address, `generation` what was found.
    Damage,
}

/// One record, complete when its last byte came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When.
    pub at: Duration,
    /// Number of the connection, from 0 on in the order in which QEMUs were started.
    pub from: usize,
    /// What.
    pub kind: Kind,
    /// Heartbeats so far.
    pub sequence: u32,
    /// Rounds of writing.
    pub generation: u32,
    /// Rounds of checking.
    pub round: u16,
}

#[derive(Default)]
struct Recording {
    records: Vec<Record>,
    /// First and last byte of each connection.
    bytes: Vec<Option<(Duration, Duration)>>,
    /// A record whose first bytes came through one QEMU and whose rest will come through the next.
    rest: Vec<u8>,
    /// Bytes that belong to no record.
    stray: usize,
}

/// Everything heard so far, shared with the threads that hear.
#[derive(Clone, Default)]
pub struct Hearing {
    kept: Arc<(Mutex<Recording>, Condvar)>,
}

impl Hearing {
    /// Listens at `path`, which whoever runs QEMU may connect to.
    ///
    /// # Errors
    /// The socket cannot be made.
    pub fn listen(path: &Path, began: Instant) -> io::Result<Self> {
        let hearing = Self::default();
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777))?;
        let shared = hearing.clone();
        thread::Builder::new().spawn(move || shared.hear(&listener, began))?;
        Ok(hearing)
    }

    /// Hears all lines in one thread, so that what two of them say keeps its order however late it is read: a guest is silent on
    /// one before it speaks on the next.
    fn hear(&self, listener: &UnixListener, began: Instant) {
        let mut lines: Vec<Option<UnixStream>> = Vec::new();
        let mut bytes = [0; 4096];
        loop {
            let Some((is_new, ready)) = ready(listener, &lines) else {
                return;
            };
            for number in ready {
                match lines[number].as_mut().map(|line| line.read(&mut bytes)) {
                    Some(Ok(count @ 1..)) => self.take(began.elapsed(), number, &bytes[..count]),
                    Some(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                    _ => lines[number] = None,
                }
            }
            if is_new && let Ok((stream, _)) = listener.accept() {
                self.change(|kept| kept.bytes.push(None));
                lines.push(Some(stream));
            }
        }
    }

    /// A further line, whose bytes come by [`Hearing::feed`] instead of a connection; its number.
    #[must_use]
    pub fn add_line(&self) -> usize {
        self.change(|kept| kept.bytes.push(None));
        self.connections() - 1
    }

    /// Bytes that came through `line`.
    pub fn feed(&self, line: usize, at: Duration, bytes: &[u8]) {
        self.take(at, line, bytes);
    }

    /// Forgets everything; the next connection keeps its number. For a new guest.
    pub fn forget(&self) {
        self.change(|kept| {
            kept.records.clear();
            kept.rest.clear();
            kept.stray = 0;
        });
    }

    /// Connections so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.look(|kept| kept.bytes.len())
    }

    /// The records since the last [`Hearing::forget`], and how many bytes belonged to none.
    #[must_use]
    pub fn records(&self) -> (Vec<Record>, usize) {
        self.look(|kept| (kept.records.clone(), kept.stray))
    }

    /// The damage that the guest has found, after which it halts for good.
    #[must_use]
    pub fn damage(&self) -> Option<Record> {
        self.look(|kept| kept.records.iter().find(|record| record.kind == Kind::Damage).copied())
    }

    /// When the first and the last byte came through connection `number`.
    #[must_use]
    pub fn span(&self, number: usize) -> Option<(Duration, Duration)> {
        self.look(|kept| kept.bytes.get(number).copied().flatten())
    }

    /// Waits until the records satisfy `wanted`, at most for `patience`; says whether they do.
    pub fn wait(&self, patience: Duration, mut wanted: impl FnMut(&[Record]) -> bool) -> bool {
        let (lock, changed) = &*self.kept;
        let guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let result = changed.wait_timeout_while(guard, patience, |kept| !wanted(&kept.records));
        let (_guard, timeout) = result.unwrap_or_else(PoisonError::into_inner);
        !timeout.timed_out()
    }

    fn take(&self, at: Duration, from: usize, bytes: &[u8]) {
        self.change(|kept| {
            if let Some(span) = kept.bytes.get_mut(from) {
                *span = Some((span.map_or(at, |(first, _)| first), at));
            }
            let mut all = std::mem::take(&mut kept.rest);
            all.extend_from_slice(bytes);
            let mut left = all.as_slice();
            while let Some(start) = left.iter().position(|&byte| byte == MARK) {
                kept.stray += start;
                left = &left[start..];
                let Some(record) = left.get(..RECORD).map(|record| parse(record, at, from)) else {
                    break;
                };
                let taken = if let Some(record) = record {
                    kept.records.push(record);
                    RECORD
                } else {
                    kept.stray += 1;
                    1
                };
                left = &left[taken..];
            }
            if left.first() != Some(&MARK) {
                kept.stray += left.len();
                left = &[];
            }
            kept.rest = left.to_vec();
        });
    }

    fn look<T>(&self, look: impl FnOnce(&Recording) -> T) -> T {
        look(&self.kept.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut Recording)) {
        change(&mut self.kept.0.lock().unwrap_or_else(PoisonError::into_inner));
        self.kept.1.notify_all();
    }
}

/// Waits until somebody connects or speaks: whether somebody connects, and the lines that have something, in order; none where
/// the kernel refuses to wait.
///
/// A line is looked at after those that were connected later: where one of them speaks, what it says has been said.
fn ready(listener: &UnixListener, lines: &[Option<UnixStream>]) -> Option<(bool, Vec<usize>)> {
    let open = lines.iter().enumerate().rev();
    let (numbers, open): (Vec<usize>, Vec<&UnixStream>) =
        open.filter_map(|(at, line)| Some((at, line.as_ref()?))).unzip();
    let mut waiting: Vec<PollFd> = open.into_iter().map(|line| PollFd::new(line, PollFlags::IN)).collect();
    waiting.push(PollFd::new(listener, PollFlags::IN));
    while let Err(error) = poll(&mut waiting, None) {
        if error != Errno::INTR {
            return None;
        }
    }
    let has_something = |polled: &PollFd| !polled.revents().is_empty();
    let is_new = waiting.pop().is_some_and(|listener| has_something(&listener));
    let ready = numbers.iter().zip(&waiting).rev();
    let ready = ready
        .filter(|(_, polled)| has_something(polled))
        .map(|(number, _)| *number);
    Some((is_new, ready.collect()))
}

fn parse(bytes: &[u8], at: Duration, from: usize) -> Option<Record> {
    let word = |index: usize| {
        bytes[index..index + 4]
            .iter()
            .rev()
            .fold(0u32, |word, &byte| word << 8 | u32::from(byte))
    };
    let kind = match bytes[1] {
        b'S' => Kind::Start,
        b'H' => Kind::Beat,
        b'E' => Kind::Damage,
        _ => return None,
    };
    Some(Record {
        at,
        from,
        kind,
        sequence: word(2),
        generation: word(6),
        round: u16::from(bytes[10]) | u16::from(bytes[11]) << 8,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn beat(sequence: u32) -> Vec<u8> {
        let mut bytes = vec![MARK, b'H'];
        bytes.extend_from_slice(&sequence.to_le_bytes());
        bytes.extend_from_slice(&[7, 0, 0, 0, 3, 1]);
        bytes
    }

    #[test]
    fn a_record_may_be_split_between_two_hosts() {
        let hearing = Hearing::default();
        hearing.change(|kept| kept.bytes = vec![None, None]);
        let record = beat(41);
        hearing.take(Duration::from_millis(1), 0, &beat(40));
        hearing.take(Duration::from_millis(2), 0, &record[..5]);
        hearing.take(Duration::from_millis(9), 1, &record[5..]);
        let (records, stray) = hearing.records();
        assert_eq!(
            records.iter().map(|record| record.sequence).collect::<Vec<_>>(),
            [40, 41]
        );
        assert_eq!(
            (records[1].from, records[1].generation, records[1].round, stray),
            (1, 7, 259, 0)
        );
        assert_eq!(
            hearing.span(0),
            Some((Duration::from_millis(1), Duration::from_millis(2)))
        );
    }

    #[test]
    fn what_two_hosts_said_keeps_its_order_however_late_it_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("serial.sock");
        let hearing = Hearing::listen(&path, Instant::now()).unwrap();
        let mut source = UnixStream::connect(&path).unwrap();
        let mut destination = UnixStream::connect(&path).unwrap();
        let mut sequence = 0;
        for _ in 0..500 {
            // the last record of one host, half of it on the other
            let (before, split) = (beat(sequence + 1), beat(sequence + 2));
            source.write_all(&before).unwrap();
            source.write_all(&split[..7]).unwrap();
            destination.write_all(&split[7..]).unwrap();
            sequence += 2;
            assert!(hearing.wait(Duration::from_secs(20), |records| records.len() == sequence as usize));
        }
        let (records, stray) = hearing.records();
        let sequences: Vec<u32> = records.iter().map(|record| record.sequence).collect();
        assert_eq!((sequences, stray), ((1..=sequence).collect(), 0));
    }

    #[test]
    fn bytes_between_records_are_counted_as_stray() {
        let hearing = Hearing::default();
        let mut bytes = vec![1, 2, 3];
        bytes.extend(beat(1));
        bytes.extend([MARK, b'?']);
        bytes.extend(beat(2));
        hearing.take(Duration::ZERO, 0, &bytes);
        let (records, stray) = hearing.records();
        assert_eq!((records.len(), stray), (2, 5));
    }
}
