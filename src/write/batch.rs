//! Files on their way side by side: each step is made for all of them before the next one, so that the disk is waited
//! for a few times and not a few times for each file.
//!
//! The files of one party are written all or none; what becomes of one party is nothing to the others.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;

use rustix::io::Errno;

use super::directory::Directory;
use super::error::{Incomplete, Left, WriteError};
use super::flush::{self, sync_all};
use super::job::{Key, WriteJob};
use super::{Options, Written};

/// So many files are worth the most side by side; more take only memory.
const MOST_TOGETHER: u64 = 128;
/// So many numbers of open files are left for everything else.
const OTHERS: u64 = 32;

/// How many files may be written side by side, each in a directory of its own: one takes up to three numbers of open
/// files, for its directory, for the lock there, and for itself where it is written in place.
#[must_use]
pub fn most_together() -> usize {
    let limit = flush::limit();
    let free = limit.saturating_sub(OTHERS + flush::most_open(limit));
    (free / 3).clamp(1, MOST_TOGETHER) as usize
}

/// What becomes of a party: its files as they were written, or why none of them was.
pub(super) type Outcome = Result<Vec<Written>, WriteError>;

/// The files, those of the first party first.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    parties: Vec<Party>,
    /// With the number of its party.
    jobs: Vec<(usize, WriteJob<'a>)>,
    known: HashMap<Key, PathBuf>,
    /// So many of the jobs are on disk.
    synced: usize,
    /// So many files of the others are open.
    open: usize,
    most_open: usize,
}

/// What stopped a party, if anything did.
type Party = Option<WriteError>;

impl<'a> Batch<'a> {
    pub(super) fn new() -> Self {
        Self {
            parties: Vec::new(),
            jobs: Vec::new(),
            known: HashMap::new(),
            synced: 0,
            open: 0,
            most_open: flush::most_open(flush::limit()) as usize,
        }
    }

    /// Adds a party, whose files are the `prepared` ones, made as they are asked for; no more are after an error.
    pub(super) fn add(&mut self, prepared: impl IntoIterator<Item = Result<WriteJob<'a>, WriteError>>) {
        let party = self.parties.len();
        self.parties.push(None);
        for job in prepared {
            if let Err(error) = job.and_then(|job| self.join(party, job)) {
                self.parties[party] = Some(error);
            } else if self.open >= self.most_open {
                self.flush();
            }
            if self.parties[party].is_some() {
                return;
            }
        }
    }

    fn join(&mut self, party: usize, job: WriteJob<'a>) -> Result<(), WriteError> {
        let second = job.path().to_owned();
        if let Some(first) = self.known.insert(job.key(), second.clone()) {
            return Err(WriteError::SameFile { first, second });
        }
        self.open += job.unsynced().count();
        self.jobs.push((party, job));
        Ok(())
    }

    /// Brings to disk what waits under temporary names.
    fn flush(&mut self) {
        let waiting = &mut self.jobs[self.synced..];
        let going = waiting.iter().enumerate();
        let (numbers, files): (Vec<usize>, Vec<&File>) = going
            .filter(|(_, (party, _))| self.parties[*party].is_none())
            .flat_map(|(number, (_, job))| job.unsynced().map(move |file| (number, file)))
            .unzip();
        for (number, answer) in numbers.into_iter().zip(sync_all(&files)) {
            let (party, job) = &waiting[number];
            if let Err(error) = answer {
                let error = WriteError::io(job.path(), "writing a file beside it", error);
                self.parties[*party].get_or_insert(error);
            }
        }
        for (_, job) in waiting {
            job.close();
        }
        self.synced = self.jobs.len();
        self.open = 0;
    }

    /// Brings everything to disk that can be there before a file is touched, and goes no further.
    pub(super) fn try_out(mut self) -> Result<(), WriteError> {
        self.flush();
        self.parties.into_iter().flatten().next().map_or(Ok(()), Err)
    }

    /// Old becomes new; says what became of each party.
    pub(super) fn write(mut self, options: &Options) -> Vec<Outcome> {
        self.flush();
        self.each(WriteJob::keep_backup);
        self.sync_directories(WriteJob::backup_directory, "making its backup");
        self.each(WriteJob::commit);
        self.sync_directories(WriteJob::changed_directory, "writing its directory");
        let mut jobs: Vec<Vec<WriteJob<'a>>> = self.parties.iter().map(|_| Vec::new()).collect();
        for (party, job) in self.jobs {
            jobs[party].push(job);
        }
        let parties = self.parties.into_iter().zip(jobs);
        parties
            .map(|(stopped, jobs)| match stopped {
                Some(cause) => Err(give_up(jobs, cause)),
                None => Ok(jobs.into_iter().map(|job| job.finish(options)).collect()),
            })
            .collect()
    }

    /// One step of every file; a party that fails goes no further.
    fn each(&mut self, mut step: impl FnMut(&mut WriteJob<'a>) -> Result<(), WriteError>) {
        for (party, job) in &mut self.jobs {
            let party = &mut self.parties[*party];
            if party.is_none() {
                *party = step(job).err();
            }
        }
    }

    /// Brings the names to disk in the directories that `of` says, each once.
    fn sync_directories(&mut self, of: impl Fn(&WriteJob<'a>) -> Option<&'a Directory>, step: &'static str) {
        let going = self.jobs.iter().filter(|(party, _)| self.parties[*party].is_none());
        let failed = sync_each(going.filter_map(|(_, job)| of(job)));
        if failed.is_empty() {
            return;
        }
        self.each(|job| match of(job).and_then(|one| failed.get(&one.identity())) {
            Some(&error) => Err(WriteError::io(job.path(), step, error)),
            None => Ok(()),
        });
    }
}

/// Syncs each of `directories` once, and says which could not be, by device and inode.
fn sync_each<'a>(directories: impl Iterator<Item = &'a Directory>) -> HashMap<(u64, u64), Errno> {
    let mut each: Vec<&Directory> = directories.collect();
    each.sort_unstable_by_key(|directory| directory.identity());
    each.dedup_by_key(|directory| directory.identity());
    let files: Vec<&File> = each.iter().map(|directory| directory.file()).collect();
    let answers = each.iter().zip(sync_all(&files));
    answers
        .filter_map(|(directory, answer)| Some((directory.identity(), answer.err()?)))
        .collect()
}

/// Puts back what was written, newest first, and says what became of each file.
pub(super) fn give_up(mut jobs: Vec<WriteJob<'_>>, cause: WriteError) -> WriteError {
    let mut said = Incomplete::new(cause);
    let done: Vec<io::Result<bool>> = jobs.iter_mut().rev().map(WriteJob::roll_back).collect();
    let restored = jobs
        .iter()
        .rev()
        .zip(&done)
        .filter(|(_, done)| matches!(done, Ok(true)));
    // The old texts are in place; that this, too, is on disk can only be asked for. Their backups go after that.
    sync_each(restored.filter_map(|(job, _)| job.changed_directory()));
    for (mut job, done) in jobs.into_iter().rev().zip(done) {
        let path = job.path().to_owned();
        match done {
            Ok(was_written) => {
                said.extra.extend(job.withdraw_backup());
                let list = if was_written {
                    &mut said.restored
                } else {
                    &mut said.not_written
                };
                list.push(path);
            }
            Err(source) => said.left.push(Left {
                path,
                was_there: !job.is_new(),
                backup: job.old_text(),
                source,
            }),
        }
    }
    said.restored.reverse();
    said.not_written.reverse();
    if said.left.is_empty() && said.extra.is_empty() {
        return said.cause;
    }
    WriteError::Incomplete(Box::new(said))
}
