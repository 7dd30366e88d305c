//! What one release does to the options of another: gone, renamed, moved, announced to go, new limits, new defaults, new.
//!
//! It compares the lists; which file sets what it does not know.

use std::sync::OnceLock;

use super::index::field;
use super::known::{Fate, Gone};
use super::lookup::{fate, option, options};
use super::outside::is_listed_late;
use super::same::is_same_default;
use super::table::{OfCatalog, table};
use super::{ByRelease, OptionFacts, Release, moves};
use crate::oslo::names::{normal_group, without_hyphens};
use crate::oslo::types::OptionType;

/// What happens to an option from one release to a later one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is gone and nothing took its place under another name.
    Removed(OptionFacts),
    /// It has another name in the same group, and the old one still counts.
    Renamed(OptionFacts, OptionFacts),
    /// It is in another group, and the old place still counts.
    Moved(OptionFacts, OptionFacts),
    /// A name, group first, does not lead to this option any more.
    Dropped(String, String, OptionFacts),
    /// Its type or limits are others.
    Limits(OptionFacts, OptionFacts),
    /// Its default is another.
    Default(OptionFacts, OptionFacts),
    /// It is newly announced to go.
    Deprecated(OptionFacts),
    /// It is new.
    New(OptionFacts),
}

/// The words for the kinds of changes, in the order of [`Change::rank`].
const KINDS: [&str; 8] = [
    "removed",
    "dropped",
    "renamed",
    "moved",
    "limits",
    "default",
    "deprecated",
    "new",
];

impl Change {
    fn rank(&self) -> usize {
        match self {
            Self::Removed(_) => 0,
            Self::Dropped(..) => 1,
            Self::Renamed(..) => 2,
            Self::Moved(..) => 3,
            Self::Limits(..) => 4,
            Self::Default(..) => 5,
            Self::Deprecated(_) => 6,
            Self::New(_) => 7,
        }
    }

    /// The word for the kind: `removed`, `renamed` …
    #[must_use]
    pub fn kind(&self) -> &'static str {
        KINDS[self.rank()]
    }

    /// Group and name as they stand in a file before the change.
    #[must_use]
    pub fn subject(&self) -> (&str, &str) {
        match self {
            Self::Dropped(group, name, _) => (group, name),
            Self::Removed(facts) | Self::Deprecated(facts) | Self::New(facts) => (facts.group(), facts.name()),
            Self::Renamed(old, _) | Self::Moved(old, _) | Self::Limits(old, _) | Self::Default(old, _) => {
                (old.group(), old.name())
            }
        }
    }

    /// The option as it is after the change, where it is.
    #[must_use]
    pub fn after(&self) -> Option<OptionFacts> {
        match self {
            Self::Removed(_) => None,
            Self::Renamed(_, new)
            | Self::Moved(_, new)
            | Self::Dropped(_, _, new)
            | Self::Limits(_, new)
            | Self::Default(_, new)
            | Self::Deprecated(new)
            | Self::New(new) => Some(*new),
        }
    }
}

/// Everything that differs from `from` to `to`, by kind, then by group and name.
#[must_use]
pub fn changes(from: Release, to: Release) -> Vec<Change> {
    let mut found = Vec::new();
    for old in options(from) {
        match fate(old.group(), old.name(), to) {
            Fate::Known(new) => compare(old, new, &mut found),
            Fate::Old(new) if new[0].group() == old.group() => found.push(Change::Renamed(old, new[0])),
            Fate::Old(new) => found.push(Change::Moved(old, new[0])),
            Fate::Gone(Gone { successors, .. }) => found.push(match successors.first() {
                Some(new) => Change::Dropped(old.group().to_owned(), old.name().to_owned(), *new),
                None => Change::Removed(old),
            }),
            Fate::Later(_) | Fate::Unknown => {}
        }
        for alias in old.aliases() {
            let (group, name) = (alias.group, without_hyphens(alias.name));
            if let Fate::Gone(gone) = fate(group, &name, to)
                && let Some(new) = of_same_option(&gone.successors, old)
            {
                found.push(Change::Dropped(
                    normal_group(group).into_owned(),
                    name.into_owned(),
                    *new,
                ));
            }
        }
    }
    let is_new =
        |facts: &OptionFacts| option(facts.group(), facts.name(), from).is_none() && !is_listed_late(facts.group());
    let came = options(to).filter(is_new).filter(|facts| {
        // What only has a new name is told as such.
        facts
            .aliases()
            .all(|alias| option(alias.group, &without_hyphens(alias.name), from).is_none())
    });
    found.extend(came.map(Change::New));
    found.sort_by(|a, b| (a.rank(), a.subject()).cmp(&(b.rank(), b.subject())));
    found.dedup();
    found
}

/// The successor that is `old` itself, or the first.
fn of_same_option(successors: &[OptionFacts], old: OptionFacts) -> Option<&OptionFacts> {
    let is_same = |new: &&OptionFacts| (new.group(), new.name()) == (old.group(), old.name());
    successors.iter().find(is_same).or_else(|| successors.first())
}

fn compare(old: OptionFacts, new: OptionFacts, found: &mut Vec<Change>) {
    if in_order(old.option_type().clone()) != in_order(new.option_type().clone()) {
        found.push(Change::Limits(old, new));
    }
    if !is_same_default(old, new) && !old.is_host_dependent() && !new.is_host_dependent() {
        found.push(Change::Default(old, new));
    }
    if !old.is_deprecated_for_removal() && new.is_deprecated_for_removal() {
        found.push(Change::Deprecated(new));
    }
}

/// The type with its choices in order, in which they count for nothing.
fn in_order(mut kind: OptionType) -> OptionType {
    match &mut kind {
        OptionType::Text(limits) => {
            if let Some(choices) = &mut limits.choices {
                choices.sort_unstable();
            }
        }
        OptionType::List { item, .. } | OptionType::Multi(item) => {
            let inner = std::mem::replace(&mut **item, OptionType::Bool);
            **item = in_order(inner);
        }
        _ => {}
    }
    kind
}

/// An option whose default is not the same in two releases.
#[derive(Clone, Copy, Debug)]
pub struct ChangedDefault {
    /// As the earlier release has it.
    pub old: OptionFacts,
    /// As the later one has it; of an option that went meanwhile, as the last release with it had it.
    pub new: OptionFacts,
    /// The release that no longer has the option, where the later one does not.
    pub gone: Option<Release>,
    /// What is known of the change beyond the lists.
    pub known: Option<&'static moves::NewDefault>,
}

/// Two rows of one option, and whether the default of the second is another value: found out when first asked.
struct Pair {
    old: OptionFacts,
    new: OptionFacts,
    /// When the option went, where the later release does not have it.
    gone: Option<Release>,
    differs: OnceLock<bool>,
}

/// The options whose default is another value in the later release, or was when they went, of those that `is_asked` about, as
/// `to` or the last release before it has them; host-dependent ones left out.
pub fn changed_defaults(
    from: Release,
    to: Release,
    is_asked: impl Fn(OptionFacts) -> bool,
) -> impl Iterator<Item = ChangedDefault> {
    /// One for each pair of releases: a fleet asks ten thousand times.
    static KNOWN: OfCatalog<ByRelease<ByRelease<Vec<Pair>>>> = OfCatalog::new(ByRelease::default);
    let to_each = KNOWN.read().of(from, ByRelease::default);
    let pairs = to_each.of(to, || pairs(from, to));
    let asked = pairs.iter().filter(move |pair| is_asked(pair.new));
    let changed = asked.filter(move |pair| {
        let differs = || is_changed(pair.old, pair.new) && (pair.gone.is_none() || is_lasting(pair.new, to));
        *pair.differs.get_or_init(differs)
    });
    changed.map(move |&Pair { old, new, gone, .. }| ChangedDefault {
        old,
        new,
        gone,
        known: moves::new_default(new.group(), new.name(), from, to),
    })
}

/// The options about which anything changed and that the later release has, or a release between that removed them after it.
fn pairs(from: Release, to: Release) -> Vec<Pair> {
    let changed = options(from).filter(|old| !old.covers(to));
    let pairs = changed.filter_map(|old| {
        let there = if old.since() < to {
            old.later(to)
        } else {
            option(old.group(), old.name(), to)
        };
        let (new, gone) = if let Some(new) = there {
            (new, None)
        } else {
            let last = old.last_before(to)?;
            (last, Some(last.until()?.next()?))
        };
        let differs = OnceLock::new();
        Some(Pair {
            old,
            new,
            gone,
            differs,
        })
    });
    pairs.collect()
}

fn is_changed(old: OptionFacts, new: OptionFacts) -> bool {
    let is_written_alike = field(old.words(), "default") == field(new.words(), "default");
    let is_of_host = || old.is_host_dependent() || new.is_host_dependent();
    !is_written_alike && !is_of_host() && !is_same_default(old, new)
}

/// Whether what an option did goes on in `to`, which no longer has it: nothing took its place, and its group is still there.
fn is_lasting(last: OptionFacts, to: Release) -> bool {
    let is_gone = matches!(fate(last.group(), last.name(), to), Fate::Gone(gone) if gone.successors.is_empty());
    is_gone && table().rows_in(last.group()).iter().any(|facts| facts.covers(to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stein_drops_the_progress_timeout_and_brings_the_action() {
        let found = changes(Release::ROCKY, Release::STEIN);
        let has = |kind: &str, name: &str| {
            let mut of_kind = found.iter().filter(|change| change.kind() == kind);
            of_kind.any(|change| change.subject() == ("libvirt", name))
        };
        assert!(has("removed", "live_migration_progress_timeout"));
        assert!(has("new", "live_migration_timeout_action"));
        assert!(has("limits", "live_migration_completion_timeout"));
        assert!(has("default", "sysinfo_serial"));
    }

    #[test]
    fn a_default_that_is_only_written_otherwise_is_no_change() {
        let defaults = |from, to| {
            let found = changes(from, to)
                .into_iter()
                .filter(|change| change.kind() == "default");
            let mut titles = found.map(|change| change.subject() == ("cache", "memcache_socket_timeout"));
            titles.any(|is_it| is_it)
        };
        let release = |name| Release::parse(name).unwrap();
        assert!(!defaults(release("queens"), release("rocky")), "3 and 3.0");
        assert!(defaults(release("queens"), release("train")), "3 and 1.0");
    }

    #[test]
    fn a_default_that_changed_before_its_option_went_is_known() {
        let release = |name| Release::parse(name).unwrap();
        let changed = |from, to, name: &str| {
            let mut found = changed_defaults(release(from), release(to), |new| new.name() == name);
            found.next().map(|changed| changed.gone)
        };
        let newest = Some(Some(Release::NEWEST));
        assert_eq!(changed("zed", "2026.2", "enforce_scope"), newest);
        assert_eq!(changed("2023.1", "2026.2", "enforce_scope"), None);
        assert_eq!(
            changed("rocky", "ussuri", "image_upload_handler"),
            None,
            "its group went"
        );
    }

    #[test]
    fn a_release_does_nothing_to_itself() {
        for release in Release::all().filter(|release| release.is_complete()) {
            assert_eq!(changes(release, release), [], "{release}");
        }
    }
}
