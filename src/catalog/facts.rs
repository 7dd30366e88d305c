//! What a release says of one option: type, default, limits, marks and old names, read from its row when first asked.
//!
//! It neither finds options (that is [`super`]) nor judges values (that is [`crate::oslo::value`]).

mod words;

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use serde_json::Value;

use super::index::{self, Mark, OPEN, Row, field};
use super::release::Release;
use super::table::{Table, table};
use crate::oslo::names::{normal_group, without_hyphens};
use crate::oslo::types::OptionType;
use crate::oslo::value::{self, Profile, Value as Read, ValueError};
use words::{Words, json, written};

/// An old name of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Alias {
    /// Its group, as declared.
    pub group: &'static str,
    /// Its name, as declared; hyphens are possible.
    pub name: &'static str,
}

/// One option as one release knows it. Copying it is free; what the lists say of it is read once.
#[derive(Clone, Copy)]
pub struct OptionFacts {
    table: &'static Table,
    number: u32,
}

/// What the lists say decides, not the table in which it lies.
impl PartialEq for OptionFacts {
    fn eq(&self, other: &Self) -> bool {
        let key = |facts: &Self| {
            let span = (facts.since(), facts.until());
            (facts.group(), facts.name(), span, facts.words())
        };
        self.is_same_row(*other) || key(self) == key(other)
    }
}

impl Eq for OptionFacts {}

impl fmt::Debug for OptionFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let until = self
            .until()
            .map_or_else(String::new, |until| until.number().to_string());
        let (since, words) = (self.since().number(), self.words());
        write!(f, "{} {since}-{until} {words:?}", self.title())
    }
}

/// What a row says of an option beyond single words.
#[derive(Debug)]
pub(super) struct Typed {
    kind: OptionType,
    default: Option<Value>,
    default_text: Option<String>,
    choices: Vec<String>,
    names: Vec<(&'static str, String)>,
    /// What oslo.config reads of a default without references, by the place of its profile.
    read: [OnceLock<Box<Result<Read, ValueError>>>; Profile::ALL.len()],
    /// Group and key in a file, and whether the key counts only from oslo.config 3.24 on.
    keys: Vec<(Cow<'static, str>, Cow<'static, str>, bool)>,
}

impl OptionFacts {
    pub(super) fn new(table: &'static Table, number: u32) -> Self {
        Self { table, number }
    }

    fn row(self) -> &'static Row {
        self.table.row(self.number)
    }

    /// Whether both are one row of one table, and so the same option without a look at its facts.
    /// Whether it is of the catalog with all that was added to it.
    pub(super) fn is_newest(self) -> bool {
        std::ptr::eq(self.table, table())
    }

    pub(super) fn is_same_row(self, other: Self) -> bool {
        std::ptr::eq(self.table, other.table) && self.number == other.number
    }

    /// The facts as the lists have them: type, then `key=JSON` and flags, tabs between.
    #[must_use]
    pub fn words(self) -> &'static str {
        self.table.word(self.row().facts)
    }

    fn typed(self) -> &'static Typed {
        let read = self.table.read(self.number);
        read.get_or_init(|| Box::new(Typed::of(self)))
    }

    /// Whether `release` has it exactly as here.
    pub(super) fn covers(self, release: Release) -> bool {
        let row = self.row();
        (row.since..=row.until).contains(&release.number())
    }

    /// The option as a later release has it under the same name.
    pub(super) fn later(self, release: Release) -> Option<Self> {
        self.table.later(self.number).find(|facts| facts.covers(release))
    }

    /// The option under the same name as the last release before `release` has it, where it is not as here any more.
    pub(super) fn last_before(self, release: Release) -> Option<Self> {
        let later = self.table.later(self.number);
        later.take_while(|facts| facts.since() < release).last()
    }

    /// The group as oslo.config matches it.
    #[must_use]
    pub fn group(&self) -> &'static str {
        self.table.word(self.row().group)
    }

    /// The name that is looked up in files (`dest`): no hyphens.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.table.word(self.row().name)
    }

    /// `[group] name`.
    #[must_use]
    pub fn title(&self) -> String {
        ["[", self.group(), "] ", self.name()].concat()
    }

    /// The first release in which it was exactly as here.
    #[must_use]
    pub fn since(&self) -> Release {
        Release::numbered(self.row().since)
    }

    /// The last release in which it was exactly as here; `None`: it still is.
    #[must_use]
    pub fn until(&self) -> Option<Release> {
        let until = self.row().until;
        (until != OPEN).then(|| Release::numbered(until))
    }

    /// The type in the words of the lists: `integer`, `list<string>`, `multi<string>` …
    #[must_use]
    pub fn kind(&self) -> &'static str {
        let words = self.words();
        words.split_once('\t').map_or(words, |(kind, _)| kind)
    }

    /// The type with its limits.
    #[must_use]
    pub fn option_type(&self) -> &'static OptionType {
        &self.typed().kind
    }

    /// What it is where nothing is written; `None` where it is unset.
    #[must_use]
    pub fn default(&self) -> Option<&'static Value> {
        self.typed().default.as_ref()
    }

    /// The default as it would be written in a file; `None` where it is unset. A multi-valued one has a line each.
    #[must_use]
    pub fn default_text(&self) -> Option<&'static str> {
        self.typed().default_text.as_deref()
    }

    /// What the default is once oslo.config has read it in its way of `profile`; `None` where there is none, or where it refers to
    /// another option.
    #[must_use]
    pub fn default_as_read(&self, profile: Profile) -> Option<&'static Result<Read, ValueError>> {
        let typed = self.typed();
        let read = &typed.read[profile.place()?];
        let known = read.get().map(|read| &**read);
        known.or_else(|| {
            let text = typed.default_text.as_deref().filter(|text| !text.contains('$'))?;
            Some(read.get_or_init(|| value::check(&typed.kind, text, profile).into()))
        })
    }

    /// The only values allowed, as written in a file; empty where they are not counted out.
    #[must_use]
    pub fn choices(&self) -> &'static [String] {
        &self.typed().choices
    }

    /// The least value, as written.
    #[must_use]
    pub fn min(&self) -> Option<&'static str> {
        field(self.words(), "min")
    }

    /// The greatest value, as written.
    #[must_use]
    pub fn max(&self) -> Option<&'static str> {
        field(self.words(), "max")
    }

    /// Whether it may stand several times, every value counting.
    #[must_use]
    pub fn is_multi(&self) -> bool {
        self.row().has(Mark::Multi)
    }

    /// Whether a running service takes a new value on SIGHUP.
    #[must_use]
    pub fn is_mutable(&self) -> bool {
        self.row().has(Mark::Mutable)
    }

    /// Whether nova itself keeps its value out of logs.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.row().has(Mark::Secret)
    }

    /// Whether the sample file calls it advanced.
    #[must_use]
    pub fn is_advanced(&self) -> bool {
        self.row().has(Mark::Advanced)
    }

    /// Whether nova refuses to run without it.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.row().has(Mark::Required)
    }

    /// Whether it is announced to go.
    #[must_use]
    pub fn is_deprecated_for_removal(&self) -> bool {
        self.row().has(Mark::DeprecatedForRemoval)
    }

    /// Since when it is announced to go, in the words of its project: a version (`16.0.0`) or a series (`Queens`).
    #[must_use]
    pub fn deprecated_since(&self) -> Option<String> {
        let since = field(self.words(), "deprecated_since").and_then(json);
        since.map(|value| written(&value))
    }

    /// Whether its default depends on the host nova runs on.
    #[must_use]
    pub fn is_host_dependent(&self) -> bool {
        self.row().has(Mark::HostDependent)
    }

    /// The namespace that brings it: `nova.conf`, `oslo.messaging` …
    #[must_use]
    pub fn source(&self) -> &'static str {
        field(self.words(), "source").unwrap_or_default().trim_matches('"')
    }

    /// Its old names that the release still takes.
    pub fn aliases(&self) -> impl Iterator<Item = Alias> + use<> {
        aliases(*self)
    }

    /// The names oslo.config looks up in one file, in its order: the current name, then the old ones, hyphens made `_`.
    #[must_use]
    pub fn lookup_names(&self) -> &'static [(&'static str, String)] {
        &self.typed().names
    }

    /// Whether it has no name but its own: all that [`Self::keys`] has then.
    #[must_use]
    pub fn has_one_name(&self) -> bool {
        !self.row().has(Mark::Aliases)
    }

    /// Every group (as matched) and key under which `release` finds the option in a file, the current ones first.
    ///
    /// A deprecated name is also found as declared, hyphens and all, from oslo.config 3.24 on.
    pub fn keys(&self, release: Release) -> impl Iterator<Item = (&'static str, &'static str)> + Clone + use<> {
        // Most have no old names, and then nothing need be read.
        let has_one = self.has_one_name();
        let own = has_one.then(|| (self.group(), self.name()));
        let keys = if has_one { &[] } else { &self.typed().keys[..] };
        let with_hyphens = release.oslo_config() >= (3, 24);
        let keys = keys.iter().filter(move |(_, _, is_late)| with_hyphens || !is_late);
        own.into_iter().chain(keys.map(|(group, key, _)| (&**group, &**key)))
    }
}

impl Typed {
    fn of(facts: OptionFacts) -> Self {
        let words = Words::of(facts.words());
        let default = words.json("default");
        let old = aliases(facts).map(|old| (old.group, without_hyphens(old.name).into_owned()));
        let own = (facts.group(), facts.name().to_owned());
        let names: Vec<_> = std::iter::once(own).chain(old).collect();
        Self {
            kind: words.option_type(words.kind()),
            default_text: default.as_ref().map(written),
            default,
            choices: words
                .texts("choices")
                .or_else(|| words.item_choices())
                .unwrap_or_default(),
            read: Default::default(),
            keys: keys(facts, &names),
            names,
        }
    }
}

fn keys(facts: OptionFacts, names: &[(&'static str, String)]) -> Vec<(Cow<'static, str>, Cow<'static, str>, bool)> {
    let mut keys = Vec::new();
    for (declared, name) in names {
        let group = normal_group(declared);
        keys.push((group.clone(), Cow::Owned(name.clone()), false));
        let is_this = |old: &Alias| old.group == *declared && old.name != name && without_hyphens(old.name) == *name;
        if let Some(old) = aliases(facts).find(is_this) {
            keys.push((group, Cow::Borrowed(old.name), true));
        }
    }
    keys
}

fn aliases(facts: OptionFacts) -> impl Iterator<Item = Alias> + use<> {
    let words = if facts.row().has(Mark::Aliases) {
        facts.words()
    } else {
        ""
    };
    index::aliases(words).map(|(group, name)| Alias { group, name })
}
