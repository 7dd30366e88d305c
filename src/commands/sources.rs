//! Which files a command reads, as stacks: every PATH by itself, or one stack as nova would take its arguments.
//!
//! It orders and reads; nothing is judged here.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::Terminal;
use crate::catalog::Release;
use crate::conf::layers::{Stack, Variable};
use crate::conf::load::{self, Input, LoadError};
use crate::effective::inference;
use crate::output::{self, Checked};

/// Up to so many stacks stay in memory between inferring their release and checking them.
const KEPT: usize = 64;

/// What the command line says of files.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// `PATH…`: each a stack of its own, so that a fleet is checked in one run.
    pub paths: Vec<PathBuf>,
    /// `--config-file` and `--config-dir` in the order given: one stack.
    pub ordered: Vec<Input>,
    /// `--program`: whose default files are read where nothing is named.
    pub program: String,
    /// The variables of `--env`; empty without it.
    pub environment: Vec<Variable>,
    /// Where the file system starts for default files.
    pub root: PathBuf,
    /// The home directory for default files.
    pub home: Option<PathBuf>,
}

/// Files that one nova process would read together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What to read, in order.
    pub inputs: Vec<Input>,
}

impl Sources {
    /// The stacks to read; none where nothing is named and nova would find nothing.
    #[must_use]
    pub fn targets(&self) -> Vec<Target> {
        let paths = self.paths.iter().map(|path| Target {
            inputs: vec![Input::of(path)],
        });
        let mut targets: Vec<Target> = paths.collect();
        if targets.is_empty() || !self.ordered.is_empty() {
            let inputs = self.as_nova_takes_them();
            if !inputs.is_empty() {
                targets.push(Target { inputs });
            }
        }
        targets
    }

    /// oslo.config reads default directories before what the arguments name, and default files where no file is named.
    fn as_nova_takes_them(&self) -> Vec<Input> {
        let home = self.home.as_deref();
        let has_file = self.ordered.iter().any(|input| matches!(input, Input::File(_)));
        let has_directory = self.ordered.iter().any(|input| matches!(input, Input::Directory(_)));
        let mut inputs = Vec::new();
        if !has_file {
            inputs.extend(load::default_files(&self.root, home, &self.program));
        }
        if !has_directory {
            inputs.extend(load::default_directories(&self.root, home, &self.program));
        }
        inputs.extend(self.ordered.iter().cloned());
        inputs
    }

    /// Where default files are looked for, in words.
    #[must_use]
    pub fn places(&self) -> String {
        format!(
            "nova.conf and {}.conf in ~/.nova, ~, {}",
            self.program,
            [self.root.join("etc/nova"), self.root.join("etc")]
                .map(|path| path.display().to_string())
                .join(", ")
        )
    }

    /// Reads one target.
    ///
    /// # Errors
    /// The first of its files that cannot be read.
    pub fn load(&self, target: &Target) -> Result<Stack, LoadError> {
        load::load(&target.inputs, self.environment.clone())
    }
}

/// One target after the first reading.
#[derive(Debug)]
pub struct Surveyed {
    /// What it is.
    pub target: Target,
    /// The release of today.
    pub from: Release,
    /// The stack, where there are few enough to keep.
    pub stack: Option<Stack>,
    /// How many files it has.
    files: usize,
    /// Why `from`, where it was inferred.
    why: Option<String>,
    /// Files of it that nova-compute reads together with others named apart.
    is_pair: bool,
}

/// Every target that could be read, and what could not.
#[derive(Debug)]
pub struct Survey {
    /// What could be read.
    pub targets: Vec<Surveyed>,
    /// What could not.
    pub errors: Vec<LoadError>,
}

impl Survey {
    /// Reads every target of `sources` once, to learn which release it was written for unless `from` says so; for an
    /// upgrade to `to`, where there is one.
    #[must_use]
    pub fn of(sources: &Sources, from: Option<Release>, to: Option<Release>) -> Self {
        let targets = sources.targets();
        let keeps = targets.len() <= KEPT;
        let read = |target: Target| {
            if let (Some(from), false) = (from, keeps) {
                // Nothing to learn from reading it now.
                let files = load::list(&target.inputs)?.len();
                return Ok(Surveyed::unread(target, from, files));
            }
            let stack = sources.load(&target)?;
            Ok(Surveyed::read(target, stack, (from, to), keeps))
        };
        let outcomes: Vec<Result<Surveyed, LoadError>> = if targets.len() > 1 && !has_stdin(&targets) {
            targets.into_par_iter().map(read).collect()
        } else {
            targets.into_iter().map(read).collect()
        };
        let (mut targets, mut errors) = (Vec::new(), Vec::new());
        for outcome in outcomes {
            match outcome {
                Ok(surveyed) => targets.push(surveyed),
                Err(error) => errors.push(error),
            }
        }
        Self { targets, errors }
    }

    /// The first line of the report.
    #[must_use]
    pub fn checked(&self, to: Release, explicit: Option<Release>) -> Checked {
        let mut from: Vec<(Release, usize)> = Vec::new();
        for target in &self.targets {
            match from.iter_mut().find(|(release, _)| *release == target.from) {
                Some((_, count)) => *count += 1,
                None => from.push((target.from, 1)),
            }
        }
        from.sort_by_key(|&(release, count)| (std::cmp::Reverse(count), release));
        let why = match (&self.targets[..], explicit) {
            (_, Some(_)) => "`--from` says so".to_owned(),
            ([only], None) => only.why.clone().unwrap_or_default(),
            _ => "each inferred from the options in it; `--from` says otherwise".to_owned(),
        };
        Checked {
            files: self.targets.iter().map(|target| target.files).sum(),
            from,
            to,
            why,
        }
    }

    /// Tells on standard error what could not be read, and what was read apart that nova reads together.
    pub fn complain(&self, sources: &Sources, terminal: &mut Terminal<'_>) {
        for error in &self.errors {
            terminal.complain(error);
        }
        if self.targets.is_empty() && self.errors.is_empty() {
            let places = sources.places();
            terminal.complain(&format!(
                "nothing to read: no {places}; name a file, a directory or `-`"
            ));
        }
        if let Some(pair) = self.targets.iter().find(|target| target.is_pair) {
            let name = pair.target.inputs.first().map(input_name).unwrap_or_default();
            terminal.complain(&format!(
                "note: `{name}` is read by itself; nova-compute reads nova.conf and nova-compute.conf together: \
                 `--config-file nova.conf --config-file nova-compute.conf`"
            ));
        }
    }
}

impl Surveyed {
    fn unread(target: Target, from: Release, files: usize) -> Self {
        Self {
            is_pair: is_one_of_a_pair(&target),
            target,
            from,
            stack: None,
            files,
            why: None,
        }
    }

    fn read(target: Target, stack: Stack, (from, to): (Option<Release>, Option<Release>), keeps: bool) -> Self {
        let files = stack.layers().len();
        let (from, why) = if let Some(from) = from {
            (from, None)
        } else {
            let (from, why) = inference::infer(&stack).before(to.unwrap_or(Release::NEWEST));
            (from, Some(why))
        };
        Self {
            from,
            why,
            files,
            stack: keeps.then_some(stack),
            is_pair: is_one_of_a_pair(&target),
            target,
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
}

fn has_stdin(targets: &[Target]) -> bool {
    targets.iter().any(|target| target.inputs.contains(&Input::Stdin))
}

fn input_name(input: &Input) -> String {
    match input {
        Input::File(path) | Input::Directory(path) => output::shown_path(path),
        Input::Stdin => load::STDIN.to_owned(),
    }
}

/// Whether a lone `nova-compute.conf` or `nova.conf` has its other half beside it.
fn is_one_of_a_pair(target: &Target) -> bool {
    let [Input::File(path)] = &target.inputs[..] else {
        return false;
    };
    let other = match path.file_name().and_then(|name| name.to_str()) {
        Some("nova.conf") => "nova-compute.conf",
        Some("nova-compute.conf") => "nova.conf",
        _ => return false,
    };
    path.parent().unwrap_or(Path::new("")).join(other).is_file()
}
