//! The proof of a fix: over the whole stack, what moves in which release, and whether the fix said so.
//!
//! It compares what nova reads, not texts; the text is read a second time by an independent parser in [`super::witness`].
//! What can move at all is taken from the texts themselves, never from what a fix says of itself: see `touched`.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::sync::Arc;

use crate::catalog::readers;
use crate::catalog::{self, OptionFacts, Release};
use crate::lint::Announced;
use crate::nova::migration::settings::is_of_live_migration;
use crate::nova::{Setting, View};
use crate::oslo::document::{Assignment, Document};
use crate::oslo::stack::{Site, Stack, variable_name};
use crate::oslo::substitution::references;
use crate::oslo::value;
use crate::text::lossy;

/// Why a proof failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moved {
    /// This option would have had another value.
    Value(Announced),
    /// A line that oslo.config rejects would have come of it.
    Rejected,
    /// Edits lie over each other.
    Overlap,
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(Announced { group, name, .. }) => write!(
                f,
                "it would also change the effective value of \
                                                                      `[{group}] {name}`"
            ),
            Self::Rejected => f.write_str("nova would reject the file"),
            Self::Overlap => f.write_str("its edits overlap"),
        }
    }
}

/// A change of texts, and what it touches.
#[derive(Debug)]
pub struct Change<'a> {
    /// The stack as it is.
    pub before: &'a Stack,
    /// The stack with the edits.
    pub after: &'a Stack,
    between: Vec<Between<'a>>,
    touched: BTreeSet<(String, String)>,
    /// All names in between; seldom asked for.
    names: OnceCell<BTreeSet<(String, String)>>,
    referring: &'a Referring,
}

/// What of a stack refers to other options by its value.
#[derive(Debug, Default)]
pub struct Referring {
    /// The groups and keys of its lines that do.
    lines: BTreeSet<(String, String)>,
    /// The names of its variables that do.
    variables: BTreeSet<String>,
    /// The names that they refer to; of one with dots each part.
    names: HashSet<String>,
}

impl Referring {
    /// That of `stack`.
    #[must_use]
    pub fn of(stack: &Stack) -> Self {
        let mut found = Self::default();
        for place in stack.places() {
            let bytes = stack.document(place).source().bytes();
            let value = stack.assignment(place).value_span(bytes).of(bytes);
            if memchr::memchr(b'$', value).is_some() {
                let name = (stack.group(place).to_owned(), stack.key(place).into_owned());
                found.lines.insert(name);
                found.add(&stack.value(Site::File(place)));
            }
        }
        for variable in stack
            .environment()
            .iter()
            .filter(|variable| variable.value.contains('$'))
        {
            found.variables.insert(variable.name.clone());
            found.add(&variable.value);
        }
        found
    }

    /// Adds what `value` refers to.
    fn add(&mut self, value: &str) {
        for reference in references(value) {
            self.names.extend(reference.name.split('.').map(str::to_owned));
        }
    }

    /// Whether the value or the default of some option may refer to one of `options`, by whatever name.
    fn may_lead_to<'o>(&self, options: impl IntoIterator<Item = &'o OptionFacts>, release: Release) -> bool {
        let names = options.into_iter().flat_map(OptionFacts::lookup_names);
        let mut names = names.flat_map(|(group, name)| [*group, &**name]);
        names.any(|name| self.names.contains(name) || catalog::is_in_default(name, release))
    }

    /// The options of `release` that the variables set.
    fn by_variables(&self, release: Release) -> impl Iterator<Item = OptionFacts> + use<'_> {
        let options = (!self.variables.is_empty()).then(|| catalog::options(release));
        let options = options.into_iter().flatten();
        options.filter(|facts| self.variables.contains(&variable_name(facts.group(), facts.name())))
    }
}

/// The assignments of one file that are not the same in two texts of it: of each what lies behind those that both begin with and before
/// those that both end with.
#[derive(Debug)]
struct Between<'a> {
    old: (&'a Document, &'a [Assignment]),
    new: (&'a Document, &'a [Assignment]),
}

impl<'a> Between<'a> {
    /// Those of each file that differs.
    fn of(before: &'a Stack, after: &'a Stack) -> impl Iterator<Item = Self> {
        let pairs = before.layers().iter().zip(after.layers());
        let pairs = pairs.map(|(old, new)| (&old.document, &new.document));
        let differing = pairs.filter(|(old, new)| !Arc::ptr_eq(old, new)); // Seldom more than one.
        differing.map(|(old, new)| {
            let (a, b) = (old.assignments(), new.assignments());
            let is_same = |(x, y): (&Assignment, &Assignment)| line(old, x) == line(new, y);
            let head = a.iter().zip(b).take_while(|pair| is_same(*pair)).count();
            let (a, b) = (&a[head..], &b[head..]);
            let ends = a.iter().rev().zip(b.iter().rev());
            let tail = ends.take_while(|pair| is_same(*pair)).count();
            Self {
                old: (old, &a[..a.len() - tail]),
                new: (new, &b[..b.len() - tail]),
            }
        })
    }
}

/// Groups and keys, as written, of all these lines.
fn all_names(between: &[Between<'_>]) -> BTreeSet<(String, String)> {
    let texts = between.iter().flat_map(|between| [between.old, between.new]);
    let names =
        texts.flat_map(|(document, lines)| lines.iter().map(|assignment| written_as(line(document, assignment).0)));
    names.collect()
}

/// Groups and keys, as written, whose lines are not the same in both texts.
///
/// oslo.config keeps of each file the values of each name, in their order; which other names stand between them is nothing to it.
fn touched(between: &[Between<'_>]) -> BTreeSet<(String, String)> {
    let mut names = BTreeSet::new();
    for between in between {
        let (old, new) = (by_name(between.old), by_name(between.new));
        for (one, other) in [(&old, &new), (&new, &old)] {
            let differing = one.iter().filter(|(name, values)| other.get(*name) != Some(*values));
            names.extend(differing.map(|(name, _)| written_as(*name)));
        }
    }
    names
}

/// Where an assignment stands and its name, as oslo.config takes them: its group, whether any section has begun, its key.
type Name<'a> = (&'a str, bool, &'a [u8]);

/// Its group and key.
fn written_as((group, _, key): Name<'_>) -> (String, String) {
    (group.to_owned(), lossy(key).into_owned())
}

/// The values of each name, as written, in order.
fn by_name<'a>((document, assignments): (&'a Document, &[Assignment])) -> BTreeMap<Name<'a>, Vec<&'a [u8]>> {
    let mut found: BTreeMap<Name<'a>, Vec<&[u8]>> = BTreeMap::new();
    for (name, value) in assignments.iter().map(|assignment| line(document, assignment)) {
        found.entry(name).or_default().push(value);
    }
    found
}

/// An assignment as oslo.config takes it: its name, and its value in bytes.
fn line<'a>(document: &'a Document, assignment: &Assignment) -> (Name<'a>, &'a [u8]) {
    let bytes = document.source().bytes();
    let name = (
        document.group(assignment),
        assignment.section().is_some(),
        assignment.key().of(bytes),
    );
    (name, assignment.value_span(bytes).of(bytes))
}

impl<'a> Change<'a> {
    /// The change from one stack to the other, file for file; `referring` is of `before`.
    #[must_use]
    pub fn new(before: &'a Stack, after: &'a Stack, referring: &'a Referring) -> Self {
        let between: Vec<_> = Between::of(before, after).collect();
        Self {
            before,
            after,
            touched: touched(&between),
            between,
            names: OnceCell::new(),
            referring,
        }
    }

    /// Every option of `release` that the change can move: what reads a touched line, and, where something refers to that,
    /// whatever refers to anything.
    fn movable(&self, release: Release) -> impl Iterator<Item = OptionFacts> + use<> {
        let of_line = |(group, key): &(String, String)| readers(group, key, release);
        let own = self.touched.iter().flat_map(of_line);
        let mut options: BTreeMap<_, _> = own.map(|facts| ((facts.group(), facts.name()), facts)).collect();
        if self.referring.may_lead_to(options.values(), release) {
            // A line that refers to others only in the new texts is a touched one.
            let others = self.referring.lines.iter().flat_map(of_line);
            let others = others.chain(self.referring.by_variables(release));
            let others = others.chain(catalog::with_referring_default(release));
            options.extend(others.map(|facts| ((facts.group(), facts.name()), facts)));
        }
        options.into_values()
    }

    /// The options whose effective value `release` reads otherwise after the change. A line that says what the default is
    /// counts as the default.
    #[must_use]
    pub fn moved(&self, release: Release) -> Vec<OptionFacts> {
        let (old, new) = (View::new(self.before, release), View::new(self.after, release));
        self.movable(release)
            .filter(|facts| !reads_same(&old, &new, *facts))
            .collect()
    }

    /// Whether `release` is known to read the same before and after.
    #[must_use]
    pub fn is_neutral(&self, release: Release) -> bool {
        self.is_known(release) && self.moved(release).is_empty()
    }

    /// Whether it is known what `release` makes of every touched line: of a release without a complete list only the
    /// live-migration options are.
    #[must_use]
    pub fn is_known(&self, release: Release) -> bool {
        release.is_complete()
            || self
                .names()
                .all(|(group, key)| is_of_live_migration(key) || catalog::by_any_name(group, key, release).is_some())
    }

    /// The first option that `release` reads otherwise after the change though `announced` does not hold it.
    #[must_use]
    pub fn first_unannounced(&self, release: Release, announced: &[&Announced]) -> Option<Moved> {
        let is_announced = |facts: &OptionFacts| {
            let mut moving = announced.iter().filter(|a| !a.keeps_value);
            moving.any(|a| a.group == facts.group() && a.name == facts.name())
        };
        let (old, new) = (View::new(self.before, release), View::new(self.after, release));
        let mut options = self.movable(release).filter(|facts| !is_announced(facts));
        let moved = options.find(|facts| !reads_same(&old, &new, *facts))?;
        Some(Moved::Value(Announced::new(moved.group(), moved.name())))
    }

    /// The first name that none of `releases` knows and whose lines change though `announced` does not hold it.
    #[must_use]
    pub fn first_unknown(&self, releases: &[Release], announced: &[&Announced]) -> Option<Moved> {
        let is_written = |name: &&Announced| announced.iter().any(|a| a.is_same(name));
        let (old, new) = (self.written(self.before, releases), self.written(self.after, releases));
        let mut names = old.keys().chain(new.keys()).filter(|name| !is_written(name));
        let moved = names.find(|name| old.get(name) != new.get(name))?;
        Some(Moved::Value(moved.clone()))
    }

    /// [`Moved::Rejected`] where oslo.config takes a file as it was and not as it would be.
    #[must_use]
    pub fn rejected(&self) -> Option<Moved> {
        let mut files = self.before.layers().iter().zip(self.after.layers());
        let is_new = files.any(|(old, new)| old.document.rejection().is_none() && new.document.rejection().is_some());
        is_new.then_some(Moved::Rejected)
    }

    /// The touched names, and those of the lines between two that are touched.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        let names = self.names.get_or_init(|| all_names(&self.between));
        names.iter().map(|(group, key)| (group.as_str(), key.as_str()))
    }

    /// The values of every touched name that no release of these knows, as written, in reading order.
    fn written(&self, stack: &Stack, releases: &[Release]) -> BTreeMap<Announced, Vec<String>> {
        let mut values: BTreeMap<Announced, Vec<String>> = BTreeMap::new();
        for (group, key) in &self.touched {
            let mut known = releases
                .iter()
                .map(|&release| catalog::by_any_name(group, key, release));
            if known.any(|named| named.is_some()) {
                continue;
            }
            let places = stack.places_of(group, key);
            let written = places.map(|place| stack.value(Site::File(place)).into_owned());
            values.insert(Announced::new(group, key), written.collect());
        }
        values
    }
}

/// Whether the release comes to the same value of an option, whether a line says it or it is the default.
fn reads_same(old: &View<'_>, new: &View<'_>, facts: OptionFacts) -> bool {
    let (was, is) = (old.setting_of(facts), new.setting_of(facts));
    let (before, after) = (old.texts(&was), new.texts(&is));
    if was.is_set() == is.is_set() {
        return before == after || (!facts.is_multi() && is_one_value(old, &was, new, &is));
    }
    let depends = |view: &View<'_>, setting: &Setting| {
        let default = facts.default_text().unwrap_or_default();
        !setting.is_set() && (facts.is_host_dependent() || view.depends_on_host(facts.group(), default))
    };
    !facts.is_multi() && !depends(old, &was) && !depends(new, &is) && is_one_value(old, &was, new, &is)
}

/// Whether two texts are one value to the option's type.
fn is_one_value(old: &View<'_>, was: &Setting, new: &View<'_>, is: &Setting) -> bool {
    match (old.value(was), new.value(is)) {
        (Ok(before), Ok(after)) => before == after,
        _ => false,
    }
}

/// Whether the release rejects a value of `setting`.
pub(super) fn is_rejected(view: &View<'_>, setting: &Setting) -> bool {
    let kind = setting.facts.option_type();
    let texts = view.texts(setting);
    texts.map_or(true, |texts| {
        texts
            .iter()
            .any(|text| value::check(kind, text, view.profile()).is_err())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    fn stack(text: &str) -> Stack {
        Stack::of(Document::parse(Source::new("nova.conf", text.as_bytes().to_vec())))
    }

    fn names(before: &str, after: &str) -> Vec<String> {
        let (before, after) = (stack(before), stack(after));
        let between: Vec<_> = Between::of(&before, &after).collect();
        touched(&between)
            .into_iter()
            .map(|(group, key)| format!("{group}.{key}"))
            .collect()
    }

    #[test]
    fn what_stands_between_two_edits_is_not_touched() {
        let before = "[a]\nold = 1\nb = 2\nc = 3\n[d]\ne = 4\n";
        assert_eq!(
            names(before, "[a]\nb = 2\nc = 3\n[d]\nnew = 1\ne = 4\n"),
            ["a.old", "d.new"]
        );
        assert_eq!(names(before, "[a]\nc = 3\nold = 1\nb = 2\n[d]\ne = 4\n"), [""; 0]);
    }

    #[test]
    fn the_order_of_one_names_values_counts_and_its_section() {
        assert_eq!(
            names("[a]\nb = 1\nc = 0\nb = 2\n", "[a]\nb = 2\nc = 0\nb = 1\n"),
            ["a.b"]
        );
        assert_eq!(names("[a]\nb = 1\nc = 2\n", "[a]\nb = 1\n c = 2\n"), ["a.b", "a.c"]);
        assert_eq!(
            names("[a]\nb = 1\n[d]\nc = 2\n", "[a]\nb = 1\nc = 2\n[d]\n"),
            ["a.c", "d.c"]
        );
        assert_eq!(
            names("[A]\nb = 1\n", "[a]\nb = 1\n"),
            [""; 0],
            "names of groups are matched so"
        );
        assert_eq!(names("[a]\nb = 1\n", "[a]\nb = 1\nb = 1\n"), ["a.b"]);
    }
}
