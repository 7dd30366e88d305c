//! `novamend fix`: mends in memory, shows the diff, and writes only when told to.
//!
//! What is mended the rules say; how it is proved and written, [`crate::fix`].

mod job;
mod report;

use std::io;
use std::path::Path;

use super::{FailOn, Outcome, Sources, Terminal, outcome};
use crate::catalog::Release;
use crate::commands::sources::{Survey, Upgrade};
use crate::fix::Until;
use crate::inputs::load::STDIN;
use crate::lint::Settings;
use crate::output::fixed::written_line;
use crate::output::{Counts, Format};
use crate::write::{self, Options, Planned, WriteError, Written};

use job::Job;
use report::Report;

/// What becomes of the new texts.
#[derive(Clone, Debug)]
pub enum Mode {
    /// The diff is shown; nothing is written.
    Diff,
    /// The files are replaced.
    Write(Options),
}

/// What to mend.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which files.
    pub sources: Sources,
    /// The upgrade, as it was asked for.
    pub upgrade: Upgrade,
    /// The release to come.
    pub to: Release,
    /// What the operator wants.
    pub settings: Settings,
    /// How to print.
    pub format: Format,
    /// When to fail.
    pub fail_on: FailOn,
    /// Show or write.
    pub mode: Mode,
    /// Up to which moment edits are made.
    pub until: Until,
    /// Whether unsafe fixes are applied too.
    pub unsafe_fixes: bool,
    /// Whether a text may be written that the independent parser cannot read.
    pub allow_unwitnessed: bool,
    /// Whether the result is tried on this host before it counts.
    pub verify: bool,
}

/// Mends every stack, prints what changes and what is left, and writes where the request says so: all files or none.
///
/// # Errors
/// The writer's.
pub fn run(request: &Request, terminal: &mut Terminal<'_>) -> io::Result<Outcome> {
    let survey = Survey::of(&request.sources, request.upgrade);
    survey.complain(&request.sources, terminal);
    if survey.targets.is_empty() {
        return Ok(Outcome::Failed);
    }
    let mut failed = !survey.errors.is_empty();
    let checked = survey.checked(request.to, &request.settings);
    let mut jobs = Vec::new();
    for target in survey.targets {
        let today = target.today.clone();
        match target.into_stack(&request.sources) {
            Ok(stack) => {
                let job = Job::new(stack, today, request);
                match if request.verify { job.tried(request) } else { Ok(job) } {
                    Ok(job) => jobs.push(job),
                    Err(error) => {
                        failed = true;
                        terminal.complain(&whole(&error));
                    }
                }
            }
            Err(error) => {
                failed = true;
                terminal.complain(&error);
            }
        }
    }
    let written = match &request.mode {
        Mode::Diff => Vec::new(),
        Mode::Write(options) => match write(&jobs, failed, options) {
            Ok(written) => {
                terminal.done.extend(written.iter().map(written_line));
                written
            }
            Err(Failure { message, left }) => {
                failed = true;
                terminal.complain(&message);
                left
            }
        },
    };
    let report = Report {
        request,
        checked: &checked,
        jobs: &jobs,
        written: &written,
    };
    let text = report.render(terminal.style);
    terminal.print(&text)?;
    let is_unproved = jobs.iter().any(|job| !job.is_proved());
    if failed || (is_unproved && matches!(request.mode, Mode::Write(_))) {
        return Ok(Outcome::Failed);
    }
    let counts = jobs.iter().map(|job| report.counts(job));
    let unproved = if is_unproved { Outcome::Findings } else { Outcome::Clean };
    Ok(outcome(counts.fold(Counts::default(), Counts::plus), request.fail_on).max(unproved))
}

/// An error with its causes.
fn whole(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Why files were not written, and those that are all the same because they could not be put back.
struct Failure {
    message: String,
    left: Vec<Written>,
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        let left = Vec::new();
        Self { message, left }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        let message = error.with_state();
        let left = match error {
            WriteError::Incomplete(said) => said.left.into_iter().map(Written::from).collect(),
            _ => Vec::new(),
        };
        Self { message, left }
    }
}

/// Replaces every changed file, or none.
fn write(jobs: &[Job], failed: bool, options: &Options) -> Result<Vec<Written>, Failure> {
    if failed {
        return Err("nothing was written: not everything could be read and tested"
            .to_owned()
            .into());
    }
    if let Some(job) = jobs.iter().find(|job| !job.is_proved()) {
        return Err(format!("nothing was written: {}", job.objections().join("; ")).into());
    }
    let planned: Vec<Planned> = jobs.iter().flat_map(Job::planned).collect();
    if planned.iter().any(|planned| planned.path == Path::new(STDIN)) {
        return Err("nothing was written: standard input cannot be replaced; name the file"
            .to_owned()
            .into());
    }
    write::tidy(options.root.as_ref(), jobs.iter().flat_map(Job::paths));
    Ok(write::write_all(&planned, options)?)
}
