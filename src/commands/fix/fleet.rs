//! Many stacks on their way through `fix --diff`: side by side, and printed in the order of the arguments.
//!
//! It writes nothing.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::job::Job;
use super::report::{Report, Sum};
use crate::commands::documents::{Pieces, Renderers};
use crate::commands::stream;
use crate::outcome::{Failure, whole};
use crate::terminal::Terminal;
use novamend::inputs::survey::Reading;

/// Calls `work` for each of `all`, and `take` with what comes of each, in their order: trials on this host
/// (`is_tried`) come one after the other, all else is done side by side, until it is to `stop`. Says how many were left.
///
/// # Errors
/// The first of `take`.
pub(super) fn each<T: Send, R: Send>(
    all: Vec<T>,
    (is_tried, stop): (bool, &AtomicBool),
    work: impl Fn(T) -> R + Sync,
    mut take: impl FnMut(R) -> io::Result<()>,
) -> io::Result<usize> {
    if is_tried {
        return all.into_iter().try_for_each(|one| take(work(one))).map(|()| 0);
    }
    stream::in_order(all, stop, work, take)
}

impl Report<'_> {
    /// The stack of `reading`, fixed and, where that is asked for, tried on this host.
    pub(super) fn job(&self, reading: &Reading) -> Result<Job, String> {
        let stack = reading.to_stack(&self.request.sources);
        let stack = stack.map_err(|error| error.to_string())?;
        let job = Job::new(stack, reading.today.clone(), self.request);
        if self.request.verify {
            return job.tried(self.request).map_err(|error| whole(&error));
        }
        Ok(job)
    }

    fn shown(&self, reading: &Reading, renderers: &Renderers) -> Result<(Pieces, Sum), String> {
        let job = self.job(reading)?;
        Ok((self.pieces(renderers, &job), self.sum(&job)))
    }
}

/// Prints what changes in each of `readings`, and says what all came to, and whether some could not be fixed or tried.
pub(super) fn show(
    report: Report<'_>,
    readings: Vec<Reading>,
    terminal: &mut Terminal<'_>,
) -> Result<(Sum, bool), Failure> {
    let (mut documents, text) = report.begin(terminal.style);
    documents.print(terminal, text)?;
    let (mut sum, mut is_failed) = (Sum::default(), false);
    let renderers = documents.renderers();
    let shown = |reading: Reading| report.shown(&reading, &renderers);
    let (all, stop) = (readings.len(), Arc::clone(&terminal.stop));
    // Trials say themselves how far they are.
    let counted = if report.request.verify { 0 } else { all };
    let progress = terminal.progress("fixed", counted, true);
    let left = each(readings, (report.request.verify, &stop), shown, |outcome| {
        progress.step();
        match outcome {
            Ok((pieces, of_stack)) => {
                sum = sum.plus(of_stack);
                documents.take(terminal, pieces)
            }
            Err(error) => {
                is_failed = true;
                progress.aside(|| terminal.complain(&error));
                Ok(())
            }
        }
    })?;
    is_failed |= !stream::ended(progress, (left, all), terminal);
    report.end(documents, &sum, &[], terminal)?;
    Ok((sum, is_failed))
}
