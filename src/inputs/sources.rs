//! Which files a command reads, as stacks: every PATH by itself, or one stack as nova would take its arguments.
//!
//! It orders and reads; nothing is judged here.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::directory::{self, NotRead};
use super::exclude::{self, Exclude};
use super::load::{self, Input, LoadError};
use crate::bounded::{Root, Seen, Way};
use crate::oslo::document::Document;
use crate::oslo::stack::{Layer, Origin, Stack, Variable};
use crate::plain;
use crate::text::Source;

/// So many of the paths that are named are looked at side by side.
const AT_ONCE: usize = 512;

/// What the command line says of files.
#[derive(Clone, Debug)]
pub struct Sources {
    /// `PATH…`: each a stack of its own, a directory each of its files, so that a fleet is checked in one run.
    pub paths: Vec<PathBuf>,
    /// `--exclude`: what is left out of these.
    pub exclude: Vec<Exclude>,
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
#[derive(Clone, Debug)]
pub struct Target {
    /// What to read, in order.
    pub inputs: Vec<Input>,
    /// What was seen of it, where it is one file that was named.
    pub(super) seen: Option<Seen>,
}

impl Target {
    /// Its file, where it is but one that was named or found, and how it came to be read.
    pub(super) fn file(&self) -> Option<(&Path, Origin)> {
        match &self.inputs[..] {
            [Input::File(path)] => Some((path, Origin::Named)),
            [Input::Walked(path)] => Some((path, Origin::Walked)),
            _ => None,
        }
    }

    /// Whether a second reading gives the same: what comes through a pipe comes once.
    pub(super) fn can_be_read_again(&self, root: &Root) -> bool {
        self.inputs.iter().all(|input| match input {
            Input::Stdin => false,
            Input::File(path) => root.is_file(path),
            Input::Walked(_) | Input::Default(_) | Input::Directory(_) => true,
        })
    }
}

/// A file that is a stack by itself.
#[derive(Clone, Debug)]
pub struct Alone {
    /// Its path.
    pub path: PathBuf,
    /// What it holds.
    pub bytes: Vec<u8>,
    origin: Origin,
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
    /// Whether one of them is no regular file: reading it may take for ever.
    pub may_wait: bool,
}

impl Targets {
    /// Adds the file at `path`, unless it is among them by this or another name.
    fn add(&mut self, root: &Root, (input, seen): (Input, Option<Seen>), known: &mut Known) {
        let path = input_path(&input);
        self.may_wait |= input == Input::Stdin;
        match known.add(root, &path, seen) {
            Some(first) => {
                let why = format!("is the same file as {}", plain::path(&first));
                let is_excluded = false;
                self.not_read.push(NotRead { path, why, is_excluded });
            }
            None => self.targets.push(Target {
                inputs: vec![input],
                seen,
            }),
        }
    }

    fn add_directory(&mut self, root: &Root, path: &Path, (excluded, known): (&[Exclude], &mut Known)) {
        let walked = directory::walk(root, path, excluded);
        let is_excluded = walked.not_read.iter().any(|left| left.is_excluded);
        if walked.files.is_empty() && walked.errors.is_empty() && !is_excluded {
            self.errors.push(LoadError::NothingIn(path.to_owned()));
        }
        for file in walked.files {
            let seen = root.see(&file, None).ok();
            self.add(root, (Input::Walked(file), seen), known);
        }
        self.not_read.extend(walked.not_read);
        self.errors.extend(walked.errors);
    }
}

/// Files by what they are and not by how they are written: one that is named twice is read once.
#[derive(Default)]
struct Known {
    /// The path of each file, by device and inode; `None` once it stands in `names`.
    files: HashMap<(u64, u64), Option<PathBuf>>,
    /// The paths of files of which there are several names, by the real one: hard links are files of their own.
    names: HashMap<PathBuf, PathBuf>,
    /// Whether one is no regular file.
    has_other: bool,
}

impl Known {
    /// The path by which the file at `path`, that was `found` there, is known; where there is none, it is known by `path` from
    /// now on.
    fn add(&mut self, root: &Root, path: &Path, found: Option<Seen>) -> Option<PathBuf> {
        let real = |path: &Path| root.real(path).unwrap_or_else(|| path.to_owned());
        if let Some(found) = found {
            self.has_other |= !found.is_file;
            match self.files.entry(found.id) {
                Entry::Vacant(vacant) => {
                    vacant.insert(Some(path.to_owned()));
                    return None;
                }
                Entry::Occupied(mut first) => {
                    if let Some(first) = first.get_mut().take() {
                        self.names.insert(real(&first), first);
                    }
                }
            }
        }
        match self.names.entry(real(path)) {
            Entry::Occupied(first) => Some(first.get().clone()),
            Entry::Vacant(vacant) => {
                vacant.insert(path.to_owned());
                None
            }
        }
    }
}

impl Sources {
    /// The stacks to read; none where nothing is named and nova would find nothing.
    #[must_use]
    pub fn targets(&self) -> Targets {
        let (mut found, mut known) = (Targets::default(), Known::default());
        for paths in self.paths.chunks(AT_ONCE) {
            let there: Vec<Option<Seen>> = if paths.len() < AT_ONCE {
                paths.iter().map(|path| self.root.see(path, None).ok()).collect()
            } else {
                let look = |way: &mut Way, path: &PathBuf| self.root.see(path, Some(way)).ok();
                paths.par_iter().map_init(Way::default, look).collect()
            };
            for (path, there) in paths.iter().zip(there) {
                if exclude::covers(&self.exclude, path) {
                    found.not_read.push(NotRead::excluded(path.clone()));
                } else if there.as_ref().is_some_and(|seen| seen.is_dir) {
                    found.add_directory(&self.root, path, (&self.exclude, &mut known));
                } else {
                    let input = if path == Path::new("-") {
                        Input::Stdin
                    } else {
                        Input::File(path.clone())
                    };
                    found.add(&self.root, (input, there), &mut known);
                }
            }
        }
        found.may_wait |= known.has_other;
        if self.paths.is_empty() || !self.ordered.is_empty() {
            let inputs = self.as_nova_takes_them();
            for input in &inputs {
                if let Input::Directory(path) = input {
                    found.not_read.extend(directory::left_by_nova(&self.root, path));
                }
            }
            if !inputs.is_empty() {
                found.targets.push(Target { inputs, seen: None });
            }
        }
        found
    }

    /// Whether files are named, and nova does not look for them by itself.
    #[must_use]
    pub fn is_named(&self) -> bool {
        !self.paths.is_empty() || !self.ordered.is_empty()
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
        let absolute = ["etc/nova", "etc"].map(|place| plain::path(&self.root.join(place)));
        format!("nova.conf and {}.conf in {home}{}", self.program, absolute.join(", "))
    }

    /// Whether every file of `target` is one that nova reads by itself on this host, or below `root`: what is installed
    /// there then reads them.
    pub(super) fn is_of_this_host(&self, target: &Target) -> bool {
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

    /// The one file of `target` as it is, where a directory or an argument names it by itself: `None` where it is another kind of
    /// stack.
    #[must_use]
    pub fn alone(&self, target: &Target) -> Option<Result<Alone, LoadError>> {
        let (path, origin) = target.file()?;
        let read = load::read_bytes(&self.root, path, origin, self.max_size);
        Some(read.map(|bytes| Alone {
            path: path.to_owned(),
            origin,
            bytes,
        }))
    }

    /// The stack of one file.
    #[must_use]
    pub fn stack_of(&self, alone: Alone) -> Stack {
        let Alone { path, origin, bytes } = alone;
        let document = Document::parse(Source::new(path, bytes)).into();
        Stack::new(vec![Layer { document, origin }], self.environment.clone())
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

/// The path as it is given: `-` of standard input.
pub(super) fn input_path(input: &Input) -> PathBuf {
    match input {
        Input::File(path) | Input::Walked(path) | Input::Default(path) | Input::Directory(path) => path.clone(),
        Input::Stdin => PathBuf::from("-"),
    }
}
