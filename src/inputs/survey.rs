//! What a run reads, stack by stack, and which release runs each today.
//!
//! Every file is read once here, or asked after where there is nothing to learn from it, so that what cannot be read is known
//! before a report begins.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::directory::NotRead;
use super::installed::installed;
use super::load::{self, Input, LoadError};
use super::sources::{Sources, Target, input_path};
use crate::bounded::Root;
use crate::catalog::Release;
use crate::nova::today::Today;
use crate::oslo::stack::Stack;
use crate::plain;

/// Up to so many stacks stay in memory between inferring their release and checking them.
const KEPT: usize = 64;

/// The upgrade that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// The release of today; `None`: what is installed, or the options in the files, say it.
    pub from: Option<Release>,
    /// The release to come; `None`: the newest known, without the operator having said so.
    pub to: Option<Release>,
}

/// One target after the first reading.
#[derive(Debug)]
pub struct Reading {
    /// What it is.
    pub target: Target,
    /// The release the upgrade is compared from: the newest of `today`.
    pub from: Release,
    /// Every release that may run today.
    pub today: Today,
    /// The stack, where there are few enough to keep.
    pub stack: Option<Stack>,
    /// Its files, by the names they go by in reports.
    pub files: Vec<PathBuf>,
    /// Files of it that nova-compute reads together with others named apart.
    is_pair: bool,
}

/// Every target that could be read, and what could not.
#[derive(Debug)]
pub struct Survey {
    /// What could be read.
    pub targets: Vec<Reading>,
    /// What could not.
    pub errors: Vec<LoadError>,
    /// What lies in the directories that were named and is no file to check.
    pub not_read: Vec<NotRead>,
    /// Why the upgrade cannot be, where it leads back.
    pub refusal: Option<String>,
    /// The file that was named, where it is but one: a report need not name it again.
    pub named: Option<PathBuf>,
    /// How many stacks were left when the run was to end.
    pub left: usize,
}

impl Survey {
    /// Reads every target of `sources` once, to learn which release runs today unless `upgrade` says so.
    #[must_use]
    pub fn of(sources: &Sources, upgrade: Upgrade) -> Self {
        Self::until(sources, upgrade, &AtomicBool::new(false), (|_| {}, || {}))
    }

    /// As [`Self::of`], but what is not read yet is left once the run is to `stop`; `begin` is called with their number before many
    /// files are read none of which can take for ever, and `after_each` after each.
    #[must_use]
    pub fn until(
        sources: &Sources,
        upgrade: Upgrade,
        stop: &AtomicBool,
        (begin, after_each): (impl FnOnce(usize), impl Fn() + Sync),
    ) -> Self {
        let found = sources.targets();
        if found.targets.len() > 1 && !found.may_wait {
            begin(found.targets.len());
        }
        let keeps = found.targets.len() <= KEPT;
        let is_local = |target: &Target| upgrade.from.is_none() && sources.is_of_this_host(target);
        let local = if found.targets.iter().any(is_local) {
            installed(&sources.root)
        } else {
            None
        };
        let read = |target: Target| {
            if let (Some(from), false) = (upgrade.from, keeps) {
                // Nothing to learn from reading it now but that it can be read.
                if let Some(file) = target.file() {
                    load::try_opening(&sources.root, file, target.seen.as_ref(), sources.max_size)?;
                } else if target.can_be_read_again(&sources.root) {
                    load::try_reading(&sources.root, &target.inputs, sources.max_size)?;
                }
                let files = files_of(&sources.root, &target)?;
                return Ok(Reading::new(&sources.root, target, Today::said(from), files, None));
            }
            let stack = sources.load(&target)?;
            let today = match (upgrade.from, &local) {
                (Some(from), _) => Today::said(from),
                (None, Some(local)) if is_local(&target) => local.clone(),
                (None, _) => Today::of_options(&stack, upgrade.to),
            };
            let files = files_of(&sources.root, &target)?;
            let stack = (keeps || !target.can_be_read_again(&sources.root)).then_some(stack);
            Ok(Reading::new(&sources.root, target, today, files, stack))
        };
        let all = found.targets.len();
        let read = |target: Target| {
            let outcome = (!stop.load(Ordering::Relaxed)).then(|| read(target));
            after_each();
            outcome
        };
        let outcomes: Vec<Result<Reading, LoadError>> = if found.targets.len() > 1 && !has_stdin(&found.targets) {
            found.targets.into_par_iter().filter_map(read).collect()
        } else {
            found.targets.into_iter().filter_map(read).collect()
        };
        let mut survey = Self {
            targets: Vec::new(),
            errors: found.errors,
            not_read: found.not_read,
            refusal: None,
            named: match (&sources.paths[..], &sources.ordered[..]) {
                ([path], []) | ([], [Input::File(path)]) => Some(path.clone()),
                _ => None,
            },
            left: all - outcomes.len(),
        };
        for outcome in outcomes {
            match outcome {
                Ok(reading) => survey.targets.push(reading),
                Err(error) => survey.errors.push(error),
            }
        }
        survey.bound(upgrade.to);
        survey
    }

    /// Holds what is installed against where the upgrade leads: no upgrade leads back.
    fn bound(&mut self, to: Option<Release>) {
        let Some(to) = to else { return };
        for target in self.targets.iter_mut().filter(|target| target.from > to) {
            if target.today.oldest > to {
                let why = target.today.why();
                self.refusal = Some(format!(
                    "{why}, but {} is newer than {to}, the release to come; pass `--from` if another release runs \
                     today, or another `--to`",
                    target.today.oldest
                ));
            }
            target.today.newest = to;
            target.from = to;
        }
        if self.refusal.is_some() {
            self.targets.clear();
        }
    }

    /// Whether something that was named is not read, or the upgrade cannot be.
    #[must_use]
    pub fn is_wanting(&self) -> bool {
        !self.errors.is_empty() || self.refusal.is_some() || self.left > 0
    }

    /// What is to be said on standard error: what could not be read, and what was read apart that nova reads together.
    #[must_use]
    pub fn complaints(&self, sources: &Sources) -> Vec<String> {
        let mut lines: Vec<String> = self.errors.iter().map(ToString::to_string).collect();
        if let Some(refusal) = &self.refusal {
            lines.push(refusal.clone());
        } else if self.targets.is_empty() && self.errors.is_empty() && self.left == 0 {
            let places = sources.places();
            lines.push(format!("nothing to read: no {places}; name a file, a directory or `-`"));
        }
        if self.left > 0 {
            let all = self.left + self.targets.len() + self.errors.len();
            lines.push(format!("interrupted: {} of {all} were not read", self.left));
        }
        if let Some(pair) = self.targets.iter().find(|target| target.is_pair) {
            let name = pair.target.inputs.first().map(input_name).unwrap_or_default();
            lines.push(format!(
                "note: `{name}` is checked on its own, but nova-compute reads nova.conf and nova-compute.conf \
                 together: use `--config-file nova.conf --config-file nova-compute.conf`"
            ));
        }
        lines
    }
}

impl Reading {
    fn new(root: &Root, target: Target, today: Today, files: Vec<PathBuf>, stack: Option<Stack>) -> Self {
        Self {
            is_pair: is_one_of_a_pair(root, &target),
            target,
            from: today.newest,
            today,
            stack,
            files,
        }
    }

    /// The stack: the kept one, or read again.
    ///
    /// # Errors
    /// A file that can no longer be read.
    pub fn into_stack(self, sources: &Sources) -> Result<Stack, LoadError> {
        match self.stack {
            Some(stack) => Ok(stack),
            None => sources.load(&self.target),
        }
    }

    /// As [`Self::into_stack`], for one who asks again.
    ///
    /// # Errors
    /// A file that can no longer be read.
    pub fn to_stack(&self, sources: &Sources) -> Result<Stack, LoadError> {
        match &self.stack {
            Some(stack) => Ok(stack.clone()),
            None => sources.load(&self.target),
        }
    }
}

/// The files of `target`, by the names they go by in reports.
fn files_of(root: &Root, target: &Target) -> Result<Vec<PathBuf>, LoadError> {
    let files = load::list_in(root, &target.inputs)?.into_iter().map(|(path, _)| path);
    let named = |path: PathBuf| {
        if path == Path::new("-") {
            load::STDIN.into()
        } else {
            path
        }
    };
    Ok(files.map(named).collect())
}

fn has_stdin(targets: &[Target]) -> bool {
    targets.iter().any(|target| target.inputs.contains(&Input::Stdin))
}

fn input_name(input: &Input) -> String {
    match input {
        Input::Stdin => load::STDIN.to_owned(),
        named => plain::path(&input_path(named)),
    }
}

/// Whether a lone `nova-compute.conf` or `nova.conf` has its other half beside it.
fn is_one_of_a_pair(root: &Root, target: &Target) -> bool {
    let [Input::File(path) | Input::Walked(path)] = &target.inputs[..] else {
        return false;
    };
    let other = match path.file_name().and_then(|name| name.to_str()) {
        Some("nova.conf") => "nova-compute.conf",
        Some("nova-compute.conf") => "nova.conf",
        _ => return false,
    };
    root.is_file(&path.parent().unwrap_or(Path::new("")).join(other))
}
