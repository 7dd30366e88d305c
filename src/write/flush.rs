//! Many files brought to disk at once: a file system then writes its journal once for all that wait for it, not once
//! for each. Every file is synced by itself all the same, so that an error is that file's.

use std::fs::File;
use std::sync::OnceLock;

use rayon::ThreadPool;
use rayon::ThreadPoolBuilder;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use rustix::io::{Errno, retry_on_intr};

/// So many files may be open until they are on disk.
pub(super) const MOST_OPEN: usize = 64;
/// So many wait for the disk at the same time; each waits in a thread, and hardly one of these ever works.
const WAITING: usize = 32;
/// So few are not worth a thread.
const FEW: usize = 3;

/// Brings each of `files` to disk, or says why not, in their order.
pub(super) fn sync_all(files: &[&File]) -> Vec<Result<(), Errno>> {
    let pool = if files.len() > FEW { pool() } else { None };
    match pool {
        Some(pool) => pool.install(|| files.par_iter().with_max_len(1).map(|file| sync(file)).collect()),
        None => files.iter().map(|file| sync(file)).collect(),
    }
}

fn sync(file: &File) -> Result<(), Errno> {
    retry_on_intr(|| rustix::fs::fsync(file))
}

/// The threads that wait; none where none can be made, and then one file waits after the other.
fn pool() -> Option<&'static ThreadPool> {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    POOL.get_or_init(|| ThreadPoolBuilder::new().num_threads(WAITING).build().ok())
        .as_ref()
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
