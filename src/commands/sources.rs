//! Which files a command reads, as stacks: every PATH by itself, or one stack as nova would take its arguments.
//!
//! It orders and reads; nothing is judged here.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::Terminal;
use super::installed::installed;
use crate::bounded::Root;
use crate::catalog::Release;
use crate::inputs::directory::{self, NotRead};
use crate::inputs::load::{self, Input, LoadError};
use crate::lint::Settings;
use crate::nova::today::{Evidence, Today};
use crate::oslo::stack::{Stack, Variable};
use crate::output::{self, Checked, Compared};

/// Up to so many stacks stay in memory between inferring their release and checking them.
const KEPT: usize = 64;

/// What the command line says of files.
#[derive(Clone, Debug)]
pub struct Sources {
    /// `PATH…`: each a stack of its own, a directory each of its files, so that a fleet is checked in one run.
    pub paths: Vec<PathBuf>,
    /// `--config-file` and `--config-dir` in the order given: one stack.
    pub ordered: Vec<Input>,
    /// `--program`: whose default files are read where nothing is named.
    pub program: String,
    /// The variables of `--env`; empty without it.
    pub environment: Vec<Variable>,
    /// Where the file system starts for default files, and for every path below it.
    pub root: Root,
    /// The home directory for default files; none below another root.
    pub home: Option<PathBuf>,
    /// `--max-size`: no file is read that is longer, in bytes.
    pub max_size: u64,
}

/// Files that one nova process would read together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What to read, in order.
    pub inputs: Vec<Input>,
}

impl Target {
    /// Whether a second reading gives the same: what comes through a pipe comes once.
    fn can_be_read_again(&self, root: &Root) -> bool {
        self.inputs.iter().all(|input| match input {
            Input::Stdin => false,
            Input::File(path) => root.is_file(path),
            Input::Walked(_) | Input::Default(_) | Input::Directory(_) => true,
        })
    }
}

/// The stacks to read, and what is not read.
#[derive(Debug, Default)]
pub struct Targets {
    /// The stacks, each once.
    pub targets: Vec<Target>,
    /// What lies beside them in the directories that were named.
    pub not_read: Vec<NotRead>,
    /// What could not be looked into, and directories without a file to check.
    pub errors: Vec<LoadError>,
}

impl Targets {
    /// Adds the file at `path`, unless it is among them by this or another name.
    fn add(&mut self, root: &Root, input: Input, known: &mut HashMap<PathBuf, PathBuf>) {
        let path = input_path(&input);
        let identity = root.real(&path).unwrap_or_else(|| path.clone());
        match known.entry(identity) {
            Entry::Occupied(known) => {
                let why = format!("is the same file as {}", output::shown_path(known.get()));
                self.not_read.push(NotRead { path, why });
            }
            Entry::Vacant(vacant) => {
                vacant.insert(path.clone());
                self.targets.push(Target { inputs: vec![input] });
            }
        }
    }

    fn add_directory(&mut self, root: &Root, path: &Path, known: &mut HashMap<PathBuf, PathBuf>) {
        let walked = directory::walk(root, path);
        if walked.files.is_empty() && walked.errors.is_empty() {
            self.errors.push(LoadError::NothingIn(path.to_owned()));
        }
        for file in walked.files {
            self.add(root, Input::Walked(file), known);
        }
        self.not_read.extend(walked.not_read);
        self.errors.extend(walked.errors);
    }
}

impl Sources {
    /// The stacks to read; none where nothing is named and nova would find nothing.
    #[must_use]
    pub fn targets(&self) -> Targets {
        let (mut found, mut known) = (Targets::default(), HashMap::new());
        for path in &self.paths {
            if self.root.is_dir(path) {
                found.add_directory(&self.root, path, &mut known);
            } else {
                let input = if path == Path::new("-") {
                    Input::Stdin
                } else {
                    Input::File(path.clone())
                };
                found.add(&self.root, input, &mut known);
            }
        }
        if self.paths.is_empty() || !self.ordered.is_empty() {
            let inputs = self.as_nova_takes_them();
            for input in &inputs {
                if let Input::Directory(path) = input {
                    found.not_read.extend(directory::left_by_nova(&self.root, path));
                }
            }
            if !inputs.is_empty() {
                found.targets.push(Target { inputs });
            }
        }
        found
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
        let home = if self.home.is_some() { "~/.nova, ~, " } else { "" };
        let absolute = ["etc/nova", "etc"].map(|place| output::shown_path(&self.root.join(place)));
        format!("nova.conf and {}.conf in {home}{}", self.program, absolute.join(", "))
    }

    /// Whether every file of `target` is one that nova reads by itself on this host, or below `root`: what is installed
    /// there then reads them.
    fn is_of_this_host(&self, target: &Target) -> bool {
        let home = self.home.as_deref();
        let mut own = load::default_files(&self.root, home, &self.program);
        own.extend(load::default_directories(&self.root, home, &self.program));
        let place = self.root.join("etc/nova");
        let place = self.root.real(&place).unwrap_or(place);
        target.inputs.iter().all(|input| match input {
            Input::Stdin => false,
            Input::File(path) | Input::Walked(path) | Input::Default(path) | Input::Directory(path) => {
                let is_below = |path: PathBuf| path.starts_with(&place);
                own.contains(input)
                    || own.contains(&Input::Default(path.clone()))
                    || self.root.real(path).is_some_and(is_below)
            }
        })
    }

    /// Reads one target.
    ///
    /// # Errors
    /// The first of its files that cannot be read, or that it has none.
    pub fn load(&self, target: &Target) -> Result<Stack, LoadError> {
        let stack = load::load_in(&self.root, &target.inputs, self.environment.clone(), self.max_size)?;
        match target.inputs.first() {
            Some(Input::Directory(path)) if stack.layers().is_empty() => Err(LoadError::NothingIn(path.clone())),
            _ => Ok(stack),
        }
    }
}

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
pub struct Surveyed {
    /// What it is.
    pub target: Target,
    /// The release the upgrade is compared from: the newest of `today`.
    pub from: Release,
    /// Every release that may run today.
    pub today: Today,
    /// The stack, where there are few enough to keep.
    pub stack: Option<Stack>,
    /// Its files.
    files: Vec<PathBuf>,
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
    /// What lies in the directories that were named and is no file to check.
    pub not_read: Vec<NotRead>,
    /// Why the upgrade cannot be, where it leads back.
    pub refusal: Option<String>,
    /// The file that was named, where it is but one: a report need not name it again.
    named: Option<PathBuf>,
}

impl Survey {
    /// Reads every target of `sources` once, to learn which release runs today unless `upgrade` says so.
    #[must_use]
    pub fn of(sources: &Sources, upgrade: Upgrade) -> Self {
        let found = sources.targets();
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
                if target.can_be_read_again(&sources.root) {
                    load::try_reading(&sources.root, &target.inputs, sources.max_size)?;
                }
                let files = files_of(&sources.root, &target)?;
                return Ok(Surveyed::new(&sources.root, target, Today::said(from), files, None));
            }
            let stack = sources.load(&target)?;
            let today = match (upgrade.from, &local) {
                (Some(from), _) => Today::said(from),
                (None, Some(local)) if is_local(&target) => local.clone(),
                (None, _) => Today::of_options(&stack, upgrade.to),
            };
            let files = files_of(&sources.root, &target)?;
            let stack = (keeps || !target.can_be_read_again(&sources.root)).then_some(stack);
            Ok(Surveyed::new(&sources.root, target, today, files, stack))
        };
        let outcomes: Vec<Result<Surveyed, LoadError>> = if found.targets.len() > 1 && !has_stdin(&found.targets) {
            found.targets.into_par_iter().map(read).collect()
        } else {
            found.targets.into_iter().map(read).collect()
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
        };
        for outcome in outcomes {
            match outcome {
                Ok(surveyed) => survey.targets.push(surveyed),
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

    /// The first lines of the report.
    #[must_use]
    pub fn checked(&self, to: Release, settings: &Settings) -> Checked {
        let mut compared: Vec<Compared> = Vec::new();
        for Surveyed { today, .. } in &self.targets {
            let is_same = |known: &&mut Compared| (known.oldest, known.newest) == (today.oldest, today.newest);
            match compared.iter_mut().find(is_same) {
                Some(known) => known.stacks += 1,
                None => compared.push(Compared {
                    oldest: today.oldest,
                    newest: today.newest,
                    is_compared: today.compares(to),
                    evidence: today.evidence.as_str(),
                    stacks: 1,
                }),
            }
        }
        compared.sort_by_key(|known| (std::cmp::Reverse(known.stacks), known.newest, known.oldest));
        let is_said = |target: &Surveyed| target.today.evidence == Evidence::Said;
        let why = match &self.targets[..] {
            [only] => only.today.why(),
            many if many.iter().all(is_said) => many.first().map(|first| first.today.why()).unwrap_or_default(),
            _ => "what may run today is inferred from the options in each file; override it with `--from`".to_owned(),
        };
        let mut paths: Vec<PathBuf> = self.targets.iter().flat_map(|target| target.files.clone()).collect();
        let mut known = HashSet::new();
        paths.retain(|path| known.insert(path.clone()));
        Checked {
            is_listed: match &paths[..] {
                [only] => self.named.as_ref() != Some(only) && only != Path::new(load::STDIN),
                many => !many.is_empty(),
            },
            paths,
            not_read: self
                .errors
                .iter()
                .map(NotRead::of)
                .chain(self.not_read.clone())
                .collect(),
            compared,
            to,
            why,
            settings: settings.file.clone(),
        }
    }

    /// Tells on standard error what could not be read, and what was read apart that nova reads together.
    pub fn complain(&self, sources: &Sources, terminal: &mut Terminal<'_>) {
        for error in &self.errors {
            terminal.complain(error);
        }
        if let Some(refusal) = &self.refusal {
            terminal.complain(refusal);
        } else if self.targets.is_empty() && self.errors.is_empty() {
            let places = sources.places();
            terminal.complain(&format!(
                "nothing to read: no {places}; name a file, a directory or `-`"
            ));
        }
        if let Some(pair) = self.targets.iter().find(|target| target.is_pair) {
            let name = pair.target.inputs.first().map(input_name).unwrap_or_default();
            terminal.complain(&format!(
                "note: `{name}` is checked on its own, but nova-compute reads nova.conf and nova-compute.conf \
                 together: use `--config-file nova.conf --config-file nova-compute.conf`"
            ));
        }
    }
}

impl Surveyed {
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
        named => output::shown_path(&input_path(named)),
    }
}

/// The path as it is given: `-` of standard input.
fn input_path(input: &Input) -> PathBuf {
    match input {
        Input::File(path) | Input::Walked(path) | Input::Default(path) | Input::Directory(path) => path.clone(),
        Input::Stdin => PathBuf::from("-"),
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
