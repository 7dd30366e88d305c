//! `fix --write`: everything is checked before the first file is written; files are written in batches, each whole or not
//! at all.
//!
//! Files of one stack are in one batch. A run of many stacks plans them all and keeps what is to be printed and what changes of
//! the texts, as far as there is room for it (`kept`); what it does not keep it makes once more when the batch is written. Either
//! way the files are read again then, and written as they were read or not at all.

use std::collections::HashSet;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest, Sha256};

use super::fleet::each;
use super::job::Job;
use super::kept::{Kept, Space};
use super::report::{Report, Sum};
use crate::commands::documents::{Documents, Pieces, Renderers, Texts};
use crate::commands::stream;
use crate::outcome::Failure;
use crate::terminal::Terminal;
use novamend::handover::Verdict;
use novamend::inputs::load::STDIN;
use novamend::inputs::survey::Reading;
use novamend::lint::ActionChoice;
use novamend::oslo::stack::Stack;
use novamend::output::fixed::written_line;
use novamend::output::{counted_word, shown_path};
use novamend::write::{self, Options, Planned, WriteError, Written};

/// So many stacks are written together.
const MOST: usize = 100;

/// A stack that is to be written, without its texts.
struct Plan {
    reading: Reading,
    /// A digest of each of its files.
    digests: Vec<[u8; 32]>,
    /// The files that change.
    changing: Vec<PathBuf>,
    /// All its files.
    paths: Vec<PathBuf>,
    /// What the trials on this host came to, and for which action.
    tried: (Option<Verdict>, ActionChoice),
    /// What is printed and written, where it is kept.
    fixed: Option<Ready>,
}

/// What is printed of a stack, and written.
struct Fixed {
    pieces: Pieces,
    planned: Vec<Planned>,
}

/// The same while the others are planned.
enum Ready {
    /// There are few enough stacks to keep all of it.
    Whole(Fixed),
    /// There was space for what changes.
    Kept(Kept),
}

/// A run on its way.
struct Run<'a, 't, 'o> {
    report: Report<'a>,
    options: &'a Options,
    terminal: &'t mut Terminal<'o>,
    documents: Documents,
    written: Vec<Written>,
    /// The first error of standard output: what is to be written is written all the same.
    unprinted: Option<io::Error>,
    is_failed: bool,
}

/// Fixes and writes `readings`, or writes nothing: where one must not be written, or where not everything could be read
/// (`is_wanting`). Says what all came to, and whether something failed.
pub(super) fn write(
    report: Report<'_>,
    readings: Vec<Reading>,
    (options, is_wanting): (&Options, bool),
    terminal: &mut Terminal<'_>,
) -> Result<(Sum, bool), Failure> {
    let (documents, text) = report.begin(terminal.style);
    let mut run = Run {
        report,
        options,
        terminal,
        documents,
        written: Vec::new(),
        unprinted: None,
        is_failed: is_wanting,
    };
    let (plans, sum, objections) = run.plan(readings)?;
    let may_be_written = run.may_be_written(&plans, objections);
    if may_be_written {
        write::tidy(
            options.root.as_ref(),
            plans.iter().flat_map(|plan| &plan.paths).map(PathBuf::as_path),
        );
    }
    run.print(text);
    run.all(plans, may_be_written)?;
    let Run {
        documents,
        written,
        unprinted,
        is_failed,
        terminal,
        ..
    } = run;
    let ended = match unprinted {
        Some(error) => Err(error.into()),
        None => report.end(documents, &sum, &written, terminal),
    };
    ended.map(|()| (sum, is_failed))
}

impl Run<'_, '_, '_> {
    /// Every stack that could be fixed, what all come to, and what speaks against the first that must not be written.
    fn plan(&mut self, readings: Vec<Reading>) -> io::Result<(Vec<Plan>, Sum, Option<Vec<String>>)> {
        let (report, keeps, renderers) = (self.report, readings.len() <= MOST, self.documents.renderers());
        let (mut plans, mut sum, mut objections) = (Vec::new(), Sum::default(), None);
        let space = Space::default();
        let planned = |reading| Plan::of(report, reading, &renderers, (!keeps).then_some(&space));
        let (all, stop) = (readings.len(), Arc::clone(&self.terminal.stop));
        // Trials say themselves how far they are.
        let counted = if report.request.verify { 0 } else { all };
        let progress = self.terminal.progress("fixed", counted, false);
        let left = each(readings, (report.request.verify, &stop), planned, |outcome| {
            progress.step();
            match outcome {
                Ok((plan, of_stack, against)) => {
                    plans.push(plan);
                    sum = sum.plus(of_stack);
                    objections = objections.take().or(against);
                }
                Err(error) => {
                    self.is_failed = true;
                    progress.aside(|| self.terminal.complain(&error));
                }
            }
            Ok(())
        })?;
        self.is_failed |= !stream::ended(progress, (left, all), self.terminal);
        Ok((plans, sum, objections))
    }

    /// Whether the files may be written; where not, says why.
    fn may_be_written(&mut self, plans: &[Plan], objections: Option<Vec<String>>) -> bool {
        let is_stdin = |plan: &Plan| plan.changing.iter().any(|path| path == Path::new(STDIN));
        let why = if self.is_failed {
            "not everything could be read and tested".to_owned()
        } else if let Some(objections) = objections {
            objections.join("; ")
        } else if plans.iter().any(is_stdin) {
            "standard input cannot be replaced; name the file".to_owned()
        } else {
            return true;
        };
        self.is_failed = true;
        self.terminal.complain(&format!("nothing was written: {why}"));
        false
    }

    /// Writes and prints all of `plans`, batch by batch; once one could not be written, none is any more.
    fn all(&mut self, plans: Vec<Plan>, may_be_written: bool) -> io::Result<()> {
        let (mut goes_on, renderers) = (may_be_written, self.documents.renderers());
        // Few plans are one batch.
        let counted = if may_be_written && plans.len() > MOST {
            plans.len()
        } else {
            0
        };
        let progress = self.terminal.progress("written", counted, true);
        let mut plans = plans.into_iter().peekable();
        while plans.peek().is_some() {
            let mut room = Room::new(self.options.in_place);
            let mut batch = Vec::new();
            while let Some(plan) = plans.next_if(|plan| room.takes(&plan.changing)) {
                batch.push(plan);
            }
            let (report, mut fixed) = (self.report, Vec::new());
            let made = |plan: Plan| plan.fixed(report, &renderers);
            // A batch that is begun is whole.
            each(batch, (false, &AtomicBool::new(false)), made, |outcome| {
                fixed.push(outcome);
                Ok(())
            })?;
            if goes_on && self.terminal.stop.load(Ordering::Relaxed) {
                goes_on = false;
                progress.aside(|| self.stopped());
            }
            (0..fixed.len()).for_each(|_| progress.step());
            goes_on = progress.aside(|| self.batch(fixed, goes_on));
        }
        Ok(())
    }

    /// Writes and prints the stacks of one batch; says whether the next may be written.
    fn batch(&mut self, batch: Vec<Result<Fixed, WriteError>>, is_written: bool) -> bool {
        let (mut fixed, mut planned, mut error) = (Vec::new(), Vec::new(), None);
        for outcome in batch {
            match outcome {
                Ok(of_stack) => {
                    planned.extend(of_stack.planned);
                    fixed.push(of_stack.pieces);
                }
                Err(changed) => error = error.or(Some(changed)),
            }
        }
        let outcome = match error {
            Some(error) => Err(error),
            None if is_written => write::write_all(&planned, self.options),
            None => Ok(Vec::new()),
        };
        let goes_on = is_written && outcome.is_ok();
        match outcome {
            Ok(written) => {
                self.terminal.done.extend(written.iter().map(written_line));
                self.written.extend(written);
            }
            Err(error) => self.give_up(error),
        }
        for pieces in fixed {
            let texts = self.documents.add(pieces);
            self.print(texts);
        }
        goes_on
    }

    /// Says that nothing more is written, as somebody wants it.
    fn stopped(&mut self) {
        self.is_failed = true;
        let written = match self.written.len() {
            0 => "nothing was written".to_owned(),
            count => format!(
                "{} written before stay, and `novamend undo` takes them back",
                counted_word(count, "file")
            ),
        };
        self.terminal
            .complain(&format!("interrupted: what comes now is not written; {written}"));
    }

    /// Says why a batch was not written, and what that left.
    fn give_up(&mut self, error: WriteError) {
        self.is_failed = true;
        let message = if self.written.is_empty() {
            error.with_state()
        } else {
            after_others(&error, &self.written)
        };
        self.terminal.complain(&message);
        if let WriteError::Incomplete(said) = error {
            self.written.extend(said.left.into_iter().map(Written::from));
        }
    }

    fn print(&mut self, texts: Texts) {
        if self.unprinted.is_none() {
            self.unprinted = self.documents.print(self.terminal, texts).err();
        }
    }
}

/// The message about a batch that was not written, though those before it were.
fn after_others(error: &WriteError, written: &[Written]) -> String {
    let state = match error {
        // It names each file that is.
        WriteError::Incomplete(said) if !said.left.is_empty() => "",
        _ => "; no file of this batch was changed",
    };
    let files = counted_word(written.len(), "file");
    let them = if written.len() == 1 { "it" } else { "them" };
    let mut message = format!(
        "{error}{state}; what comes after it is not written; {files} written before stay, and `novamend undo` takes \
         {them} back:"
    );
    for file in written {
        message.push('\n');
        message.push_str(&shown_path(&file.path));
    }
    message
}

impl Plan {
    /// The plan for one stack, what it comes to, and what speaks against it; with what is printed and written, if there is
    /// `space` for it where that is limited.
    fn of(
        report: Report<'_>,
        reading: Reading,
        renderers: &Renderers,
        space: Option<&Space>,
    ) -> Result<(Self, Sum, Option<Vec<String>>), String> {
        let job = report.job(&reading)?;
        let sum = report.sum(&job);
        let objections = sum.is_rejected.then(|| job.objections());
        let plan = Self {
            digests: digests(&job.before),
            changing: job.changing().map(Path::to_owned).collect(),
            paths: job.paths().map(Path::to_owned).collect(),
            fixed: match space {
                None => Some(Ready::Whole(Fixed::of(report, renderers, &job))),
                Some(space) if space.is_left() => {
                    let Fixed { pieces, planned } = Fixed::of(report, renderers, &job);
                    Kept::of(pieces, &planned, space).map(Ready::Kept)
                }
                Some(_) => None,
            },
            tried: (job.proven, job.action),
            reading,
        };
        Ok((plan, sum, objections))
    }

    /// What is printed and written, from the files as they were when this was planned.
    fn fixed(self, report: Report<'_>, renderers: &Renderers) -> Result<Fixed, WriteError> {
        let kept = match self.fixed {
            Some(Ready::Whole(fixed)) => return Ok(fixed),
            Some(Ready::Kept(kept)) => Some(kept),
            None => None,
        };
        let changed = |path: Option<&PathBuf>| WriteError::Changed(path.cloned().unwrap_or_default());
        let stack = self.reading.to_stack(&report.request.sources);
        let stack = stack.map_err(|_| changed(self.paths.first()))?;
        let now = digests(&stack);
        if now != self.digests {
            let same = now.iter().zip(&self.digests).take_while(|(a, b)| a == b).count();
            return Err(changed(self.paths.get(same).or(self.paths.last())));
        }
        if let Some(kept) = kept {
            let (pieces, planned) = kept.into_parts(&stack)?;
            return Ok(Fixed { pieces, planned });
        }
        let mut request = report.request.clone();
        let (proven, action) = self.tried;
        request.settings.action = action;
        let job = Job {
            proven,
            ..Job::new(stack, self.reading.today, &request)
        };
        Ok(Fixed::of(report, renderers, &job))
    }
}

impl Fixed {
    fn of(report: Report<'_>, renderers: &Renderers, job: &Job) -> Self {
        Self {
            pieces: report.pieces(renderers, job),
            planned: job.planned().collect(),
        }
    }
}

/// A digest of each file's name and text.
fn digests(stack: &Stack) -> Vec<[u8; 32]> {
    let of_file = |layer: &novamend::oslo::stack::Layer| {
        let source = layer.document.source();
        let path = source.path().as_os_str().as_bytes();
        let digest = Sha256::new().chain_update(path.len().to_le_bytes()).chain_update(path);
        digest.chain_update(source.bytes()).finalize().into()
    };
    stack.layers().iter().map(of_file).collect()
}

/// The room for stacks in one batch: each directory is open all the time, and each file that is written in place.
struct Room {
    most_open: usize,
    in_place: bool,
    stacks: usize,
    files: usize,
    directories: HashSet<PathBuf>,
}

impl Room {
    fn new(in_place: bool) -> Self {
        Self {
            most_open: write::most_together(),
            in_place,
            stacks: 0,
            files: 0,
            directories: HashSet::new(),
        }
    }

    /// Takes a stack whose `files` change, if there is room for it; there is for the first, whatever it needs.
    fn takes(&mut self, files: &[PathBuf]) -> bool {
        let directories: HashSet<PathBuf> = files.iter().map(|path| directory(path)).collect();
        let open = self.directories.union(&directories).count();
        let in_place = if self.in_place { self.files + files.len() } else { 0 };
        if self.stacks == MOST || (open.max(in_place) > self.most_open && self.stacks > 0) {
            return false;
        }
        (self.stacks, self.files) = (self.stacks + 1, self.files + files.len());
        self.directories.extend(directories);
        true
    }
}

/// The directory in which the file at `path` lies, all links followed.
fn directory(path: &Path) -> PathBuf {
    let found = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    found.parent().map(Path::to_owned).unwrap_or_default()
}
