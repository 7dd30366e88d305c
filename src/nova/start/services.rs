//! Tests about what the scheduler, the API and the console proxies ask of lists.

use super::condition::{OptionName, Outcome};
use super::cpu_set::whole;
use super::named::{NamedTest, of_texts, of_words, words};
use crate::nova::View;

pub(super) const TESTS: &[NamedTest] = &[
    NamedTest {
        name: "no-api-of-nova",
        run: no_api_of_nova,
    },
    NamedTest {
        name: "only-vencrypt",
        run: only_vencrypt,
    },
    NamedTest {
        name: "item-without-module",
        run: item_without_module,
    },
    NamedTest {
        name: "item-is-filter",
        run: item_is_filter,
    },
    NamedTest {
        name: "item-not-in-package",
        run: item_not_in_package,
    },
    NamedTest {
        name: "filters-not-available",
        run: filters_not_available,
    },
    NamedTest {
        name: "no-zone-filter",
        run: no_zone_filter,
    },
    NamedTest {
        name: "port-range-reversed",
        run: port_range_reversed,
    },
    NamedTest {
        name: "written",
        run: written,
    },
];

/// The applications of nova's `api-paste.ini` that `nova-api` serves.
const APIS: [&str; 2] = ["osapi_compute", "metadata"];

fn no_api_of_nova(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_words(view, names, |words| {
        Outcome::of(!words.iter().any(|word| APIS.contains(&word.as_str())))
    })
}

fn only_vencrypt(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_words(view, names, |words| {
        Outcome::of(!words.is_empty() && words.iter().all(|word| word == "vencrypt"))
    })
}

/// A class is named by its path, so a word without a dot names none, nor does an empty one.
fn item_without_module(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_words(view, names, |words| first(words, |word| !word.contains('.')))
}

fn item_is_filter(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_words(view, names, |words| {
        first(words, |word| word.starts_with("nova.scheduler.filters."))
    })
}

/// What the packages of filters and weighers themselves have, but for the modules in them; the same since Ocata.
const IN_PACKAGES: [(&str, &[&str]); 2] = [
    (
        "nova.scheduler.filters.",
        &[
            "all_filters",
            "BaseHostFilter",
            "CandidateFilterMixin",
            "HostFilterHandler",
        ],
    ),
    (
        "nova.scheduler.weights.",
        &["all_weighers", "BaseHostWeigher", "HostWeightHandler", "WeighedHost"],
    ),
];

/// What a path names in one of the packages itself, and is not there.
fn item_not_in_package(view: &View<'_>, names: &[OptionName]) -> Outcome {
    let is_missing = |word: &str| {
        IN_PACKAGES.iter().any(|(package, known)| {
            let name = word.strip_prefix(package);
            name.is_some_and(|name| !name.contains('.') && !known.contains(&name))
        })
    };
    of_words(view, names, |words| first(words, is_missing))
}

/// Filters of the list that comes second which are no classes of the list that comes first, where that names classes of nova alone.
fn filters_not_available(view: &View<'_>, names: &[OptionName]) -> Outcome {
    let [available, enabled] = names else {
        return Outcome::Fails;
    };
    let (available, enabled) = match (words(view, available), words(view, enabled)) {
        (Ok(available), Ok(enabled)) => (available, enabled),
        (Err(open), _) | (_, Err(open)) => return open,
    };
    let class = |path: &String| {
        let (_, class) = path.strip_prefix("nova.scheduler.filters.")?.rsplit_once('.')?;
        class.ends_with("Filter").then(|| class.to_owned())
    };
    let Some(classes) = available.iter().map(class).collect::<Option<Vec<_>>>() else {
        return Outcome::Fails;
    };
    let missing: Vec<String> = enabled.into_iter().filter(|name| !classes.contains(name)).collect();
    if classes.is_empty() || missing.is_empty() {
        return Outcome::Fails;
    }
    let missing = missing.join(", ");
    Outcome::Holds(vec![missing.clone(), missing])
}

fn no_zone_filter(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_words(view, names, |words| {
        Outcome::of(!words.iter().any(|word| word == "AvailabilityZoneFilter"))
    })
}

/// `first:last` whose end is not beyond its start.
fn port_range_reversed(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_texts(view, names, |texts| {
        let mut ranges = texts.iter().filter_map(|text| text.split_once(':'));
        Outcome::of(ranges.any(|(first, last)| match (whole(first), whole(last)) {
            (Some(first), Some(last)) => first >= last,
            _ => false,
        }))
    })
}

/// Whether a file has one of the names, in its group or in `[DEFAULT]` as of old, whatever the release makes of it: what it does
/// not read has no value.
fn written(view: &View<'_>, names: &[OptionName]) -> Outcome {
    let mut names = names.iter();
    let is_in = |group: &str, name: &str| view.stack().places_of(group, name).next().is_some();
    Outcome::of(names.any(|name| is_in(&name.group, &name.name) || is_in("DEFAULT", &name.name)))
}

/// The first word of which `test` holds.
fn first(words: &[String], test: impl Fn(&str) -> bool) -> Outcome {
    match words.iter().find(|word| test(word)) {
        Some(word) => Outcome::Holds(vec![word.clone()]),
        None => Outcome::Fails,
    }
}
