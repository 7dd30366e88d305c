//! What `upgrade` hands over: one hop of the upgrade, what the host needs for it, and what it changes for any file.

use serde::{Serialize, Serializer};

use super::{entry, facts};
use crate::catalog::changes::{Change, changes};
use crate::catalog::moves::NewBehaviour;
use crate::catalog::release::Version;
use crate::catalog::{OptionFacts, Release, moves, option, options};

/// One hop.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Hop {
    /// Where it starts.
    #[serde(serialize_with = "entry::number")]
    #[cfg_attr(test, schemars(with = "u8"))]
    pub from: Release,
    /// Where it ends.
    #[serde(serialize_with = "entry::number")]
    #[cfg_attr(test, schemars(with = "u8"))]
    pub to: Release,
    /// Whether it leads from one SLURP release to the next, over another.
    pub skips: bool,
    /// What the host needs that it did not need before.
    pub host: Option<String>,
    /// What changes; new meanings come first, as no list shows them.
    pub changes: Vec<HopChange>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HopChange {
    /// `meaning`, `removed`, `renamed` …
    pub change: &'static str,
    /// The option's group as it stands in a file before the hop.
    pub group: String,
    /// Its name there.
    pub name: String,
    /// Group and name after it, where they are others.
    #[serde(serialize_with = "group_and_name")]
    #[cfg_attr(test, schemars(with = "Option<entry::OptionEntry>"))]
    pub becomes: Option<OptionFacts>,
    /// The rest in words.
    pub detail: String,
}

/// One line of a table of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HopRow {
    /// The kind of change.
    pub change: &'static str,
    /// The option, or the group that goes as a whole.
    pub title: String,
    /// The rest in words.
    pub detail: String,
}

impl Hop {
    /// The hop from `from` to `to`.
    #[must_use]
    pub fn new(from: Release, to: Release) -> Self {
        // What came with a point release of an earlier series is new in no list.
        let is_listed = |fact: &&NewBehaviour| option(fact.group, fact.name, from).is_none();
        let news = moves::moves().news.iter().filter(|fact| !is_listed(fact));
        let meanings = moves::moves().meanings.iter().chain(news);
        let meanings = meanings.filter(|meaning| from < meaning.release && meaning.release <= to);
        let meanings = meanings.map(|meaning| HopChange {
            change: "meaning",
            group: meaning.group.to_owned(),
            name: meaning.name.to_owned(),
            becomes: None,
            detail: meaning.why.to_owned(),
        });
        let listed = changes(from, to);
        let listed = listed.iter().map(|change| HopChange::of(change, from, to));
        Self {
            from,
            to,
            skips: from.next() != Some(to),
            host: host(from, to),
            changes: meanings.chain(listed).collect(),
        }
    }

    /// From where to where, in words.
    #[must_use]
    pub fn title(&self) -> String {
        let skips = if self.skips { ", skipping one" } else { "" };
        format!("{} to {}{skips}", self.from, self.to)
    }

    /// A row a change; one for a group that goes as a whole.
    #[must_use]
    pub fn rows(&self) -> Vec<HopRow> {
        let (mut rows, mut folded): (Vec<HopRow>, Vec<&str>) = (Vec::new(), Vec::new());
        for change in &self.changes {
            let mut title = format!("[{}] {}", change.group, change.name);
            if change.change == REMOVED {
                if folded.contains(&change.group.as_str()) {
                    continue;
                }
                let count = self.removed_of(&change.group);
                if count > 2 && !options(self.to).any(|option| option.group() == change.group) {
                    folded.push(&change.group);
                    title = format!("[{}], all {count} options", change.group);
                }
            }
            rows.push(HopRow {
                change: change.change,
                title,
                detail: change.detail.clone(),
            });
        }
        rows
    }

    fn removed_of(&self, group: &str) -> usize {
        let removed = self.changes.iter().filter(|change| change.change == REMOVED);
        removed.filter(|change| change.group == group).count()
    }
}

/// The kind of change that a whole group may share.
const REMOVED: &str = "removed";

impl HopChange {
    fn of(change: &Change, from: Release, to: Release) -> Self {
        let (group, name) = change.subject();
        let is_other = |after: &OptionFacts| (after.group(), after.name()) != (group, name);
        Self {
            change: change.kind(),
            group: group.to_owned(),
            name: name.to_owned(),
            becomes: change.after().filter(is_other),
            detail: detail(change, from, to),
        }
    }
}

#[allow(clippy::ref_option)]
#[allow(clippy::trivially_copy_pass_by_ref)] // serde calls it by reference
fn group_and_name<S: Serializer>(option: &Option<OptionFacts>, serializer: S) -> Result<S::Ok, S::Error> {
    let name = option.as_ref().map(|option| entry::OptionEntry {
        group: option.group().to_owned(),
        name: option.name().to_owned(),
    });
    name.serialize(serializer)
}

/// What the host needs for the release `to` that it did not need before.
fn host(from: Release, to: Release) -> Option<String> {
    let (old, new) = (from.host_minima()?, to.host_minima()?);
    let needs = |name: &str, was: Version, is: Version| {
        (was != is).then(|| format!("{name} {}.{}.{} or later", is.0, is.1, is.2))
    };
    let words = [
        needs("libvirt", old.libvirt, new.libvirt),
        needs("QEMU", old.qemu, new.qemu),
    ];
    let words: Vec<String> = words.into_iter().flatten().collect();
    (!words.is_empty()).then(|| words.join(" and "))
}

/// What there is to say of a change besides what it is.
fn detail(change: &Change, from: Release, to: Release) -> String {
    match change {
        Change::Removed(option) => match moves::gone(option.group(), option.name()) {
            Some(gone) if gone.instead.is_empty() => gone.why.to_owned(),
            Some(gone) => format!("{}; instead, {}", gone.why, gone.instead),
            None => match option.deprecated_since() {
                Some(since) => format!("deprecated for removal since {since}"),
                None => String::new(),
            },
        },
        Change::Renamed(_, new) | Change::Moved(_, new) => format!("now {}; the old name is still read", new.title()),
        Change::Dropped(_, _, new) => format!("only {} is read from now on", new.title()),
        Change::Limits(old, new) => format!("{} → {}", limits(*old), limits(*new)),
        Change::Default(old, new) => {
            let values = format!("{} → {}", facts::default(*old), facts::default(*new));
            match moves::new_default(new.group(), new.name(), from, to) {
                Some(known) if !known.why.is_empty() => format!("{values}: {}", known.why),
                Some(_) => format!("{values}: same effect"),
                None => values,
            }
        }
        Change::Deprecated(option) => match moves::gone(option.group(), option.name()) {
            Some(gone) if !gone.instead.is_empty() => format!("deprecated for removal; instead, {}", gone.instead),
            _ => "deprecated for removal".to_owned(),
        },
        Change::New(option) => {
            let kind = format!("{}, default {}", facts::kind(*option), facts::default(*option));
            match moves::new_option(option.group(), option.name(), from, to) {
                Some(known) => format!("{kind}: {}", known.why),
                None => kind,
            }
        }
    }
}

fn limits(option: OptionFacts) -> String {
    let mut words = vec![facts::kind(option)];
    words.extend(facts::limits(option));
    words.join(", ")
}
