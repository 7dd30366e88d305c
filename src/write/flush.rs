//! Many files brought to disk at once: a file system then writes its journal once for all that wait for it, not once
//! for each. Every file is synced by itself all the same, so that an error is that file's.

use std::fs::File;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, scope};

use rustix::io::{Errno, retry_on_intr};
use rustix::process::Resource;

/// More files are not open until they are on disk.
const MOST_OPEN: u64 = 128;
/// So many wait for the disk at the same time, each in a thread that does nothing else.
const WAITING: usize = 32;
/// So few are not worth a thread.
const FEW: usize = 3;

/// How many files may be open until they are on disk, where a process may have `limit` files open.
pub(super) fn most_open(limit: u64) -> u64 {
    (limit / 4).clamp(1, MOST_OPEN)
}

/// How many files this process may have open.
pub(super) fn limit() -> u64 {
    let limit = rustix::process::getrlimit(Resource::Nofile).current;
    limit.unwrap_or(u64::MAX)
}

/// Brings each of `files` to disk, or says why not, in their order.
pub(super) fn sync_all(files: &[&File]) -> Vec<Result<(), Errno>> {
    let next = AtomicUsize::new(0);
    let sync_some = || {
        let numbers = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        let mine = numbers.map_while(|number| Some((number, files.get(number)?)));
        let answered = mine.map(|(number, file)| (number, retry_on_intr(|| rustix::fs::fsync(file))));
        answered.collect::<Vec<_>>()
    };
    let threads = if files.len() > FEW { files.len().min(WAITING) } else { 1 };
    // What nobody answered for is not on disk.
    let mut answers = vec![Err(Errno::IO); files.len()];
    scope(|scope| {
        // Where no more threads can be made, those there are do it all; this one always does its share.
        let others: Vec<_> = (1..threads)
            .map_while(|_| Builder::new().spawn_scoped(scope, sync_some).ok())
            .collect();
        let mut answered = sync_some();
        answered.extend(others.into_iter().flat_map(|other| other.join().unwrap_or_default()));
        for (number, answer) in answered {
            answers[number] = answer;
        }
    });
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_gets_its_own_answer_however_many_there_are() {
        for count in [1, FEW + 1, 3 * WAITING] {
            let files: Vec<File> = (0..count)
                .map(|number| {
                    if number % 2 == 0 {
                        tempfile::tempfile().unwrap()
                    } else {
                        // A pipe cannot be synced.
                        let (reader, _) = std::io::pipe().unwrap();
                        std::os::fd::OwnedFd::from(reader).into()
                    }
                })
                .collect();
            let answers = sync_all(&files.iter().collect::<Vec<_>>());
            let expected: Vec<bool> = (0..count).map(|number| number % 2 == 0).collect();
            assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), expected);
        }
    }
}
