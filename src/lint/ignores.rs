//! Ignores of `novamend.toml`: findings that the operator knows of, by rule, file and option, up to a number and a date.
//!
//! They are plain data; [`crate::settings`] reads them. Comments in the files are in [`super::suppressions`].

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};

use super::Context;
use super::finding::{Finding, Location};
use crate::globs::{Glob, endings};
use crate::oslo::stack::Layer;
use crate::text::{self, Span};

/// Findings the operator knows of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignore {
    /// The rule's id.
    pub rule: String,
    /// Only in these files, or in a stack they are of: paths as reported, their last components, or globs of either; in any
    /// where there is none.
    pub files: Vec<String>,
    /// Only of this option: `group.name`.
    pub option: Option<String>,
    /// Why.
    pub reason: String,
    /// Up to so many in one file; `None`: all.
    pub count: Option<usize>,
    /// The date it ended with, where that is past: it covers nothing any more.
    pub expired: Option<String>,
    /// Where it stands in its file; `None` where that is not the one that the run names.
    pub span: Option<Span>,
}

impl Ignore {
    /// The files that it is about, made ready for many paths.
    #[must_use]
    pub fn named(&self) -> Named<'_> {
        Named {
            files: &self.files,
            globs: self.files.iter().filter_map(|file| glob(file)).collect(),
        }
    }
}

/// The files that an ignore is about.
#[derive(Debug)]
pub struct Named<'a> {
    files: &'a [String],
    globs: Vec<Glob>,
}

impl Named<'_> {
    /// Whether the file at `path` is one of them.
    #[must_use]
    pub fn has(&self, path: &Path) -> bool {
        let mut has = self.files.is_empty();
        for_each_ending(path, |ending| {
            let is_named = self.files.iter().any(|file| Path::new(file) == ending);
            has |= is_named || self.globs.iter().any(|glob| glob.is_match(ending));
        });
        has
    }
}

/// What `file` matches, where it is a glob: a `*` is within one component, `**` is any number of them.
fn glob(file: &str) -> Option<Glob> {
    let is_glob = file.contains(['*', '?', '[', '{']);
    is_glob.then(|| Glob::parse(file).ok()).flatten()
}

/// What of an ignore must be the same as of a finding: rule, option, file.
type Key<'a> = (&'a str, Option<&'a str>, Option<&'a Path>);

/// Ignores in their order, found without a look at each: a baseline may have thousands.
#[derive(Clone, Debug, Default)]
pub struct Ignores {
    all: Vec<Ignore>,
    /// Those of each rule, option and file, by the hash of these.
    by_key: HashMap<u64, Vec<usize>>,
    /// Those of globs, each glob with its ignore.
    by_glob: Vec<(usize, Glob)>,
    hasher: RandomState,
}

impl From<Vec<Ignore>> for Ignores {
    fn from(all: Vec<Ignore>) -> Self {
        let mut ignores = Self::default();
        for ignore in all {
            ignores.add(ignore);
        }
        ignores
    }
}

impl Ignores {
    /// Adds one at the end.
    pub fn add(&mut self, ignore: Ignore) {
        let number = self.all.len();
        let files: Vec<Option<&Path>> = if ignore.files.is_empty() {
            vec![None]
        } else {
            ignore.files.iter().map(|file| Some(Path::new(file))).collect()
        };
        for file in files {
            let key: Key<'_> = (&ignore.rule, ignore.option.as_deref(), file);
            self.by_key.entry(self.hasher.hash_one(key)).or_default().push(number);
        }
        let globs = ignore.files.iter().filter_map(|file| glob(file));
        self.by_glob.extend(globs.map(|glob| (number, glob)));
        self.all.push(ignore);
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The ignores in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Ignore> {
        self.all.iter()
    }

    /// The reason of the one of this number.
    #[must_use]
    pub fn reason(&self, number: usize) -> String {
        self.all
            .get(number)
            .map_or_else(String::new, |ignore| ignore.reason.clone())
    }

    /// What is ignored of one stack, finding by finding.
    #[must_use]
    pub fn ignoring(&self) -> Ignoring<'_> {
        Ignoring {
            ignores: self,
            covered: HashMap::new(),
        }
    }

    /// Those that cover `finding`, whatever their numbers and dates, in their order.
    fn covering(&self, context: &Context<'_>, finding: &Finding) -> Vec<usize> {
        let option = context.subject(finding);
        let options = [None, option.as_deref()];
        let options = &options[..=usize::from(option.is_some())];
        let mut found = Vec::new();
        let mut look_for = |file: Option<&Path>| {
            for &option in options {
                found.extend(self.of_key((finding.rule.id, option, file)));
            }
        };
        look_for(None);
        for layer in layers_of(context, finding) {
            for_each_ending(layer.document.source().path(), |ending| look_for(Some(ending)));
        }
        for (number, glob) in &self.by_glob {
            let ignore = &self.all[*number];
            let is_asked = ignore.rule == finding.rule.id && options.contains(&ignore.option.as_deref());
            if is_asked && layers_of(context, finding).iter().any(|layer| matches(glob, layer)) {
                found.push(*number);
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Those of this rule, option and file.
    fn of_key(&self, key: Key<'_>) -> impl Iterator<Item = usize> {
        let known = self.by_key.get(&self.hasher.hash_one(key));
        let is_same = move |number: &usize| {
            let ignore = &self.all[*number];
            let (rule, option, file) = key;
            let is_file = match file {
                None => ignore.files.is_empty(),
                Some(file) => ignore.files.iter().any(|own| Path::new(own) == file),
            };
            ignore.rule == rule && ignore.option.as_deref() == option && is_file
        };
        known.into_iter().flatten().copied().filter(is_same)
    }
}

/// What is ignored of one stack: counts how often each ignore was used there.
#[derive(Debug)]
pub struct Ignoring<'a> {
    ignores: &'a Ignores,
    /// How many findings each covers already, file by file.
    covered: HashMap<(usize, Option<usize>), usize>,
}

impl Ignoring<'_> {
    /// The number of the first ignore that covers `finding`, the next one of its stack.
    pub fn next(&mut self, context: &Context<'_>, finding: &Finding) -> Option<usize> {
        if self.ignores.is_empty() {
            return None;
        }
        let layer = match finding.location {
            Location::File { layer, .. } => Some(layer),
            Location::Stack | Location::Environment(_) => None,
        };
        for number in self.ignores.covering(context, finding) {
            let ignore = &self.ignores.all[number];
            let covered = self.covered.entry((number, layer)).or_insert(0);
            if ignore.expired.is_none() && ignore.count.is_none_or(|count| *covered < count) {
                *covered += 1;
                return Some(number);
            }
        }
        None
    }
}

/// The files that `finding` is in, or may be.
fn layers_of<'a>(context: &'a Context<'_>, finding: &Finding) -> &'a [Layer] {
    let layers = context.stack.layers();
    match finding.location {
        Location::File { layer, .. } => layers.get(layer..=layer).unwrap_or_default(),
        Location::Stack => layers,
        Location::Environment(_) => &[],
    }
}

fn matches(glob: &Glob, layer: &Layer) -> bool {
    let mut is_match = false;
    for_each_ending(layer.document.source().path(), |ending| {
        is_match |= glob.is_match(ending);
    });
    is_match
}

/// Calls `take` with what may stand for the file at `path`: the path as reported, and the last components of that.
fn for_each_ending(path: &Path, mut take: impl FnMut(&Path)) {
    // A path that is not UTF-8 is written as reports show it.
    let written = path.to_str().is_none().then(|| PathBuf::from(&*text::of_path(path)));
    for path in std::iter::once(path).chain(written.as_deref()) {
        endings(path).for_each(&mut take);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_path_its_last_components_or_a_glob() {
        let is_of = |file: &str, path: &str| {
            let ignore = Ignore {
                files: vec![file.to_owned()],
                ..Ignore::default()
            };
            ignore.named().has(Path::new(path))
        };
        for file in [
            "fleet/a/nova.conf",
            "nova.conf",
            "a/*.conf",
            "fleet/*/nova.conf",
            "**/nova.conf",
            "f*/**",
        ] {
            assert!(is_of(file, "fleet/a/nova.conf"), "{file}");
        }
        for file in ["fleet/*.conf", "ova.conf", "fleet/?/nova", "b/*.conf"] {
            assert!(!is_of(file, "fleet/a/nova.conf"), "{file}");
        }
        assert!(is_of("a[1].conf", "a[1].conf") && is_of("a[[]1].conf", "a[1].conf"));
        assert!(Ignore::default().named().has(Path::new("x")));
    }
}
