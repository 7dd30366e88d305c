//! Which assignment wins: files in the order nova applies them, then the environment.
//!
//! It looks names up and orders them; which names one option answers to, and of what type it is, the caller says.

mod index;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::{Arc, Mutex, PoisonError};

use self::index::Index;
use super::document::{Assignment, Document};

/// Where a file of a stack comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Named on the command line.
    Named,
    /// Sites in a directory that was named, whose files are read each on its own.
    Walked,
    /// Sites in a directory of `*.conf`.
    Directory,
    /// Sites where nova looks by itself.
    Default,
}

/// One file of a stack; a copy shares the text and what was read of it.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The file.
    pub document: Arc<Document>,
    /// How it came to be read.
    pub origin: Origin,
}

/// An environment variable `OS_<GROUP>__<NAME>` (`oslo_config/sources/_environment.py`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its whole name.
    pub name: String,
    /// Its value; the empty text counts as set.
    pub value: String,
}

/// One assignment of a stack; the order of places is the reading order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssignmentId {
    /// Index into [`Stack::layers`].
    pub layer: usize,
    /// Index into [`Document::assignments`].
    pub assignment: usize,
}

/// Somewhere a value is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Site {
    /// In a file.
    File(AssignmentId),
    /// In the environment; index into [`Stack::environment`].
    Environment(usize),
}

/// All that sets one option.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sites {
    /// Every site, in reading order, the environment last.
    pub sites: Vec<Site>,
    /// The sites whose values count: one for a single-valued option, all of them, in oslo.config's order, for a multi-valued one.
    pub effective: Vec<Site>,
}

impl Sites {
    /// The site whose value counts, of a single-valued option.
    #[must_use]
    pub fn winner(&self) -> Option<Site> {
        self.effective.last().copied()
    }
}

/// Files and variables as one nova process takes them; a copy shares all that was read.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    layers: Vec<Layer>,
    environment: Vec<Variable>,
    index: Arc<Index>,
    /// What is found where nothing is.
    nothing: Arc<Sites>,
    /// What was found for names that stand there very often; empty where none does.
    often: Option<Arc<Often>>,
}

/// What was found, by what was looked for.
type Often = Mutex<HashMap<u64, Arc<Sites>>>;

/// A name that stands there more often than this is looked up once.
const OFTEN: u32 = 32;

impl Stack {
    /// A stack of `layers` in the order nova applies them, and the environment as nova sees it.
    #[must_use]
    pub fn new(layers: Vec<Layer>, environment: Vec<Variable>) -> Self {
        let index = Index::of(&layers);
        let is_often = index.has_more_than(OFTEN);
        Self {
            layers,
            environment,
            index: index.into(),
            nothing: Arc::default(),
            often: is_often.then(Arc::default),
        }
    }

    /// A stack of one file.
    #[must_use]
    pub fn of(document: Document) -> Self {
        Self::new(
            vec![Layer {
                document: document.into(),
                origin: Origin::Named,
            }],
            Vec::new(),
        )
    }

    /// The files, in the order they apply.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The variables, as given.
    #[must_use]
    pub fn environment(&self) -> &[Variable] {
        &self.environment
    }

    /// The file a place is in.
    #[must_use]
    pub fn document(&self, place: AssignmentId) -> &Document {
        &self.layers[place.layer].document
    }

    /// The assignment at a place.
    #[must_use]
    pub fn assignment(&self, place: AssignmentId) -> &Assignment {
        &self.document(place).assignments()[place.assignment]
    }

    /// Every assignment, in reading order.
    pub fn places(&self) -> impl Iterator<Item = AssignmentId> + '_ {
        self.layers.iter().enumerate().flat_map(|(layer, file)| {
            (0..file.document.assignments().len()).map(move |assignment| AssignmentId { layer, assignment })
        })
    }

    /// The value at a site as oslo.config's parser hands it on, nothing substituted.
    #[must_use]
    pub fn value(&self, site: Site) -> Cow<'_, str> {
        match site {
            Site::File(place) => self.document(place).value(self.assignment(place)),
            Site::Environment(variable) => Cow::Borrowed(&self.environment[variable].value),
        }
    }

    /// Whether the value at a site is known only once a template is rendered.
    #[must_use]
    pub fn is_unknown(&self, site: Site) -> bool {
        match site {
            Site::File(place) => self.document(place).is_unknown(self.assignment(place)),
            Site::Environment(_) => false,
        }
    }

    /// The group a place's section is looked up by.
    #[must_use]
    pub fn group(&self, place: AssignmentId) -> &str {
        self.document(place).group(self.assignment(place))
    }

    /// The option's name as written at a place.
    #[must_use]
    pub fn key(&self, place: AssignmentId) -> Cow<'_, str> {
        self.document(place).key(self.assignment(place))
    }

    /// As [`Self::key`], in bytes.
    #[must_use]
    pub fn key_bytes(&self, place: AssignmentId) -> &[u8] {
        let document = self.document(place);
        self.assignment(place).key().of(document.source().bytes())
    }

    /// Every assignment of `key` in `group` (normalized), in reading order.
    #[must_use]
    pub fn places_of<'a>(&'a self, group: &'a str, key: &'a str) -> impl DoubleEndedIterator<Item = AssignmentId> + 'a {
        self.index.places_of(group, key).filter(move |&place| {
            let document = self.document(place);
            let assignment = self.assignment(place);
            assignment.key().of(document.source().bytes()) == key.as_bytes() && document.group(assignment) == group
        })
    }

    /// Every name that one file assigns more than once in one group, with its assignments in order.
    #[must_use]
    pub fn repeated(&self) -> Vec<Vec<AssignmentId>> {
        let mut found: Vec<Vec<AssignmentId>> = Vec::new();
        self.index.each_repeated(|places| {
            // Equal hashes are nearly always equal names; the others are told apart here.
            let mut by_name: BTreeMap<(&str, Cow<'_, str>), Vec<AssignmentId>> = BTreeMap::new();
            for &place in places {
                by_name
                    .entry((self.group(place), self.key(place)))
                    .or_default()
                    .push(place);
            }
            found.extend(by_name.into_values().filter(|places| places.len() > 1));
        });
        found.sort_unstable();
        found
    }

    /// Looks an option up as oslo.config does (`_Namespace._get_file_value`, `ConfigOpts._do_get`).
    ///
    /// `names` are (group, key) pairs, the current name first, then the deprecated ones in their order. Of a
    /// single-valued option the newest file holding any name wins, within a file the first name that is there, of that
    /// the last assignment; then the environment, by the current name only, where `with_environment` says that the
    /// release reads it. Values of a multi-valued option are all kept, the oldest file's first.
    #[must_use]
    pub fn find(&self, names: &[(&str, &str)], multi: bool, with_environment: bool) -> Arc<Sites> {
        if !self.may_hold(names.iter().copied(), with_environment) {
            return self.nothing(); // Nearly every option.
        }
        let Some(often) = &self.often else {
            return self.look_up(names, multi, with_environment);
        };
        let key = BuildHasherDefault::<DefaultHasher>::default().hash_one((names, multi, with_environment));
        // A lock that a panic has left is as good as before: entries are put in whole.
        let known = often.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        known.unwrap_or_else(|| {
            let found = self.look_up(names, multi, with_environment);
            let mut often = often.lock().unwrap_or_else(PoisonError::into_inner);
            often.insert(key, Arc::clone(&found));
            found
        })
    }

    /// Whether [`Self::find`] may find something for these names; where it does not, it finds [`Self::nothing`].
    pub(crate) fn may_hold<'a>(
        &self,
        names: impl IntoIterator<Item = (&'a str, &'a str)>,
        with_environment: bool,
    ) -> bool {
        let is_in = |(group, key)| self.index.places_of(group, key).next().is_some();
        (with_environment && !self.environment.is_empty()) || names.into_iter().any(is_in)
    }

    /// What is found of a name that stands nowhere.
    pub(crate) fn nothing(&self) -> Arc<Sites> {
        Arc::clone(&self.nothing)
    }

    fn look_up(&self, names: &[(&str, &str)], multi: bool, with_environment: bool) -> Arc<Sites> {
        let with_environment = with_environment && !self.environment.is_empty();
        let mut places = names.iter().flat_map(|(group, key)| self.places_of(group, key));
        if let (Some(only), None, false) = (places.next(), places.next(), with_environment) {
            let site = Site::File(only);
            let (sites, effective) = (vec![site], vec![site]);
            return Sites { sites, effective }.into(); // Nearly every option that is set.
        }
        let mut per_name: Vec<Vec<AssignmentId>> = Vec::with_capacity(names.len());
        for (group, key) in names {
            per_name.push(self.places_of(group, key).collect());
        }
        let mut sites: Vec<Site> = per_name.iter().flatten().map(|&place| Site::File(place)).collect();
        sites.sort_unstable();
        sites.dedup();
        let mut effective = if multi {
            in_multi_order(&per_name)
        } else {
            winner(&per_name).into_iter().collect()
        };
        let with_environment = with_environment && !self.environment.is_empty();
        if let Some(&(group, key)) = names.first().filter(|_| with_environment) {
            let wanted = variable_name(group, key);
            if let Some(found) = self.environment.iter().position(|variable| variable.name == wanted) {
                sites.push(Site::Environment(found));
                effective = vec![Site::Environment(found)];
            }
        }
        Sites { sites, effective }.into()
    }
}

/// The newest file holding any name; in it the first name that is there; of that the last assignment.
fn winner(per_name: &[Vec<AssignmentId>]) -> Option<Site> {
    let newest = per_name.iter().flatten().map(|place| place.layer).max()?;
    let first = per_name
        .iter()
        .find_map(|places| places.iter().rev().find(|place| place.layer == newest))?;
    Some(Site::File(*first))
}

/// Oldest file first; within a file the deprecated names come before the current one, the last of them first.
fn in_multi_order(per_name: &[Vec<AssignmentId>]) -> Vec<Site> {
    let mut ordered: Vec<(usize, usize, AssignmentId)> = Vec::new();
    for (rank, places) in per_name.iter().rev().enumerate() {
        ordered.extend(places.iter().map(|&place| (place.layer, rank, place)));
    }
    ordered.sort_unstable();
    ordered.into_iter().map(|(_, _, place)| Site::File(place)).collect()
}

/// The variable oslo.config reads for an option.
#[must_use]
pub fn variable_name(group: &str, key: &str) -> String {
    format!("OS_{}__{}", group.to_uppercase(), key.to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    fn stack(files: &[&str], environment: &[(&str, &str)]) -> Stack {
        let layer = |(number, text): (usize, &&str)| Layer {
            document: Document::parse(Source::new(format!("{number}.conf"), text.as_bytes().to_vec())).into(),
            origin: Origin::Named,
        };
        let variable = |&(name, value): &(&str, &str)| Variable {
            name: name.into(),
            value: value.into(),
        };
        Stack::new(
            files.iter().enumerate().map(layer).collect(),
            environment.iter().map(variable).collect(),
        )
    }

    fn effective(stack: &Stack, names: &[(&str, &str)], multi: bool) -> Vec<String> {
        stack
            .find(names, multi, true)
            .effective
            .iter()
            .map(|&site| stack.value(site).into_owned())
            .collect()
    }

    const NEW_OLD: [(&str, &str); 2] = [("a", "new"), ("a", "old")];

    #[test]
    fn within_a_file_the_current_name_wins_whatever_the_order() {
        assert_eq!(effective(&stack(&["[a]\nnew=N\nold=O\n"], &[]), &NEW_OLD, false), ["N"]);
    }

    #[test]
    fn across_files_the_newest_wins_even_by_a_deprecated_name() {
        let files = ["[a]\nnew=N\n", "[a]\nold=O\n"];
        assert_eq!(effective(&stack(&files, &[]), &NEW_OLD, false), ["O"]);
    }

    #[test]
    fn multi_values_add_up_deprecated_names_first() {
        let files = ["[a]\nnew=1\nold=2\nnew=3\n", "[A]\nnew=4\n"];
        assert_eq!(effective(&stack(&files, &[]), &NEW_OLD, true), ["2", "1", "3", "4"]);
    }

    #[test]
    fn the_environment_beats_files_but_only_by_the_current_name() {
        let files = ["[a]\nnew=N\n"];
        assert_eq!(effective(&stack(&files, &[("OS_A__NEW", "")]), &NEW_OLD, false), [""]);
        assert_eq!(effective(&stack(&files, &[("OS_A__OLD", "x")]), &NEW_OLD, false), ["N"]);
    }

    #[test]
    fn a_name_that_comes_twice_in_one_file_and_group_is_repeated() {
        let stack = stack(&["[a]\nk=1\nl=1\n[b]\nk=1\n[A]\nk=2\n", "[a]\nk=3\n"], &[]);
        let places = |assignments: [usize; 2]| assignments.map(|assignment| AssignmentId { layer: 0, assignment });
        assert_eq!(stack.repeated(), [places([0, 3])]);
    }

    #[test]
    fn sections_of_one_group_merge_and_default_stays_apart() {
        let stack = stack(&["[LibVirt]\nk=1\n[libvirt]\nk=2\n[default]\nd=1\n"], &[]);
        assert_eq!(effective(&stack, &[("libvirt", "k")], false), ["2"]);
        assert_eq!(effective(&stack, &[("DEFAULT", "d")], false), Vec::<String>::new());
    }
}
