//! The code of nova that values of options name: the scheduler's filters, release by release.
//!
//! It judges names; which filters a file lets the scheduler take, [`crate::nova::code`] finds out.

use std::collections::HashSet;
use std::sync::OnceLock;

use super::Release;

const FILTERS: &str = include_str!("data/filters.txt");
/// Where the filters lie.
const PACKAGE: &str = "nova.scheduler.filters.";
/// What stands for all filters of nova in `available_filters`.
pub const ALL_FILTERS: &str = "nova.scheduler.filters.all_filters";

/// A filter over one span of releases.
struct Row {
    class: &'static str,
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
        FILTERS
            .lines()
            .filter(|line| !line.starts_with('#'))
            .flat_map(row)
            .collect()
    })
}

/// The spans of one line.
fn row(line: &'static str) -> Vec<Row> {
    let mut words = line.split('\t');
    let (Some(class), Some(module), Some(spans)) = (words.next(), words.next(), words.next()) else {
        return Vec::new();
    };
    let release = |text: &str| text.parse().ok().and_then(Release::from_number);
    let of_span = |span: &'static str| {
        let (since, until) = span.split_once('-')?;
        Some(Row {
            class,
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
/// where some release of nova has it.
#[must_use]
pub fn missing(group: &str, name: &str, items: &[String], release: Release) -> Vec<String> {
    let is_missing: fn(&str, Release) -> bool = match (group, name) {
        ("filter_scheduler", "enabled_filters") | ("DEFAULT", "scheduler_default_filters") => is_no_filter,
        ("filter_scheduler", "available_filters") | ("DEFAULT", "scheduler_available_filters") => is_gone,
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
    !rows().iter().any(|row| row.class == item && row.covers(release))
}

/// Whether `item` is the path of a filter that other releases have.
fn is_gone(item: &str, release: Release) -> bool {
    let mut spans = of_path(item).peekable();
    spans.peek().is_some() && !spans.any(|row| row.covers(release))
}

fn of_path(item: &str) -> impl Iterator<Item = &'static Row> {
    let path = item.strip_prefix(PACKAGE).and_then(|path| path.rsplit_once('.'));
    rows().iter().filter(move |row| Some((row.module, row.class)) == path)
}

/// The last release that has the filter which `item` names, by its class or its path; `None` where none has, or the newest does.
#[must_use]
pub fn last(item: &str) -> Option<Release> {
    let class = of_path(item).next().map_or(item, |row| row.class);
    let spans = rows().iter().filter(|row| row.class == class);
    spans.max_by_key(|row| row.since).and_then(|row| row.until)
}

/// The names of the filters that `release` has.
pub fn filters(release: Release) -> impl Iterator<Item = &'static str> {
    rows()
        .iter()
        .filter(move |row| row.covers(release))
        .map(|row| row.class)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing_of(name: &str, items: &[&str], release: Release) -> Vec<String> {
        let items: Vec<String> = items.iter().map(|&item| item.to_owned()).collect();
        missing("filter_scheduler", name, &items, release)
    }

    #[test]
    fn every_line_is_read() {
        let lines = FILTERS.lines().filter(|line| !line.starts_with('#')).count();
        assert!(lines > 30 && rows().len() >= lines);
        assert!(
            FILTERS
                .lines()
                .all(|line| line.starts_with('#') || !row(line).is_empty())
        );
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
