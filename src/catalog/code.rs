//! The code that values of options name (classes, entry points, words for RPC versions), release by release.
//!
//! It judges names; which code a file names, [`crate::nova::code`] and [`crate::nova::start::values`] find out. Code that is not
//! nova's is not known, and not judged.

mod uses;

use std::collections::HashSet;
use std::sync::OnceLock;

pub use uses::{Naming, Use, of_option, options};

use super::Release;

const TEXT: &str = include_str!("data/code.txt");
/// The kind of the scheduler's filters.
const FILTERS: &str = "filters";
/// What stands for all filters of nova in `available_filters`.
pub const ALL_FILTERS: &str = "nova.scheduler.filters.all_filters";

/// A piece of code over one span of releases.
struct Row {
    kind: &'static str,
    /// As values name it.
    name: &'static str,
    /// The module that it lies in.
    module: &'static str,
    since: Release,
    until: Option<Release>,
}

impl Row {
    fn covers(&self, release: Release) -> bool {
        self.since <= release && self.until.is_none_or(|until| release <= until)
    }
}

fn rows() -> &'static [Row] {
    static PARSED: OnceLock<Vec<Row>> = OnceLock::new();
    PARSED.get_or_init(|| {
        let mut kind = "";
        let lines = TEXT.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let rows = lines.flat_map(|line| match heading(line) {
            Some(heading) => {
                kind = heading;
                Vec::new()
            }
            None => row(kind, line),
        });
        rows.collect()
    })
}

fn of_kind(kind: &str) -> impl Iterator<Item = &'static Row> {
    rows().iter().filter(move |row| row.kind == kind)
}

/// The kind that a line opens.
fn heading(line: &'static str) -> Option<&'static str> {
    line.strip_prefix('[')?.strip_suffix(']')
}

/// The spans of one line.
fn row(kind: &'static str, line: &'static str) -> Vec<Row> {
    let mut words = line.split('\t');
    let (Some(name), Some(module), Some(spans)) = (words.next(), words.next(), words.next()) else {
        return Vec::new();
    };
    let release = |text: &str| text.parse().ok().and_then(Release::from_number);
    let of_span = |span: &'static str| {
        let (since, until) = span.split_once('-')?;
        Some(Row {
            kind,
            name,
            module,
            since: release(since)?,
            until: release(until),
        })
    };
    spans.split(' ').filter_map(of_span).collect()
}

/// The items of the value of `name` in `group` that name a filter which `release` does not have, in their order. All of nova's
/// filters are taken to be available. Nothing is said of other options, nor of a release before Ocata.
///
/// An item of `enabled_filters` is the name of a class and never a path; one of `available_filters` is a path, and judged only
/// where it lies in a module of nova.
#[must_use]
pub fn missing(group: &str, name: &str, items: &[String], release: Release) -> Vec<String> {
    let is_missing: fn(&str, Release) -> bool = match (group, name) {
        ("filter_scheduler", "enabled_filters") | ("DEFAULT", "scheduler_default_filters") => is_no_filter,
        ("filter_scheduler", "available_filters") | ("DEFAULT", "scheduler_available_filters") => {
            |item, release| uses::has_path(FILTERS, item, release) == Some(false)
        }
        _ => return Vec::new(),
    };
    if !release.is_complete() {
        return Vec::new();
    }
    let mut known: HashSet<&str> = HashSet::new();
    let missing = items.iter().filter(|item| is_missing(item, release));
    missing.filter(|item| known.insert(item)).cloned().collect()
}

fn is_no_filter(item: &str, release: Release) -> bool {
    !of_kind(FILTERS).any(|row| row.name == item && row.covers(release))
}

/// The last release that has the filter which `item` names, by its class or its path; `None` where none has, or the newest does.
#[must_use]
pub fn last(item: &str) -> Option<Release> {
    let of_path = || uses::of_path(FILTERS, item).map(|row| row.name).next();
    let class = of_path().unwrap_or(item);
    let spans = of_kind(FILTERS).filter(|row| row.name == class);
    spans.max_by_key(|row| row.since).and_then(|row| row.until)
}

/// The version of the calls to `service` that `word`, the name of a release, stands for in `[upgrade_levels]` of `release`.
#[must_use]
pub fn rpc_version(service: &str, word: &str, release: Release) -> Option<&'static str> {
    let mut rows = of_kind("rpc_versions").filter(|row| row.covers(release));
    rows.find(|row| row.name.split_once('/') == Some((service, word)))
        .map(|row| row.module)
}

/// The names of the filters that `release` has.
pub fn filters(release: Release) -> impl Iterator<Item = &'static str> {
    of_kind(FILTERS)
        .filter(move |row| row.covers(release))
        .map(|row| row.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing_of(name: &str, items: &[&str], release: Release) -> Vec<String> {
        let items: Vec<String> = items.iter().map(|&item| item.to_owned()).collect();
        missing("filter_scheduler", name, &items, release)
    }

    #[test]
    fn every_line_is_read_and_every_kind_is_named_by_an_option() {
        let (mut kind, mut kinds, mut lines) = ("", HashSet::new(), HashSet::new());
        for line in TEXT.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            if let Some(heading) = heading(line) {
                assert!(kinds.insert(heading), "{heading} stands there twice");
                kind = heading;
            } else {
                assert!(!kind.is_empty() && !row(kind, line).is_empty(), "{line}");
                assert!(lines.insert((kind, line)), "{line} stands there twice");
            }
        }
        assert!(lines.len() > 200);
        for kind in kinds {
            assert!(kind == FILTERS || uses::is_used(kind), "{kind} is of no option");
        }
    }

    #[test]
    fn a_filter_is_missing_once_it_is_gone() {
        let items = [
            "RetryFilter",
            "AvailabilityZoneFilter",
            "RamFilter",
            "ComputeFilter",
            "RamFilter",
        ];
        let of = |number| missing_of("enabled_filters", &items, Release::from_number(number).unwrap());
        assert!(of(19).is_empty());
        assert_eq!(of(20), ["RamFilter"]);
        assert_eq!(of(22), ["RetryFilter", "RamFilter"]);
        assert_eq!(of(28), ["RetryFilter", "AvailabilityZoneFilter", "RamFilter"]);
        assert_eq!(last("RetryFilter"), Release::from_number(21));
        assert_eq!(last("ComputeFilter"), None);
    }

    #[test]
    fn a_path_is_no_name_of_a_filter_and_a_strange_path_is_not_judged() {
        let path = "nova.scheduler.filters.compute_filter.ComputeFilter";
        assert_eq!(missing_of("enabled_filters", &[path], Release::NEWEST), [path]);
        let ours = [ALL_FILTERS, path, "mine.Filter", "nova.scheduler.filters.mine.MyFilter"];
        assert!(missing_of("available_filters", &ours, Release::NEWEST).is_empty());
        let gone = "nova.scheduler.filters.retry_filter.RetryFilter";
        assert_eq!(missing_of("available_filters", &[gone], Release::NEWEST), [gone]);
        assert!(missing_of("available_filters", &[gone], Release::ROCKY).is_empty());
        assert_eq!(last(gone), Release::from_number(21));
    }

    #[test]
    fn nothing_is_said_of_other_options() {
        assert!(
            missing_of(
                "image_properties_default_architecture",
                &["RetryFilter"],
                Release::NEWEST
            )
            .is_empty()
        );
    }
}
