//! The tests that conditions call by name: what a value with a form of its own holds.
//!
//! Each gives what it found, for the messages of the facts.

mod devices;
mod pci;

use super::condition::{OptionName, Outcome};
use super::{concerns, cpu_set, drivers, logs, messages, services};
use crate::nova::{View, printed};
use crate::oslo::value::Value;

/// A test that has a name.
#[derive(Debug)]
pub struct NamedTest {
    /// As conditions write it.
    pub(super) name: &'static str,
    /// Whether it holds of these options.
    pub(super) run: fn(&View<'_>, &[OptionName]) -> Outcome,
}

/// Two tests are one when their names are.
impl PartialEq for NamedTest {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

const TESTS: &[NamedTest] = &[
    NamedTest {
        name: "cpu-set-rejected",
        run: cpu_set_rejected,
    },
    NamedTest {
        name: "cpu-set-empty",
        run: cpu_set_empty,
    },
    NamedTest {
        name: "cpu-sets-overlap",
        run: cpu_sets_overlap,
    },
    NamedTest {
        name: "any-set",
        run: concerns::any_set,
    },
    NamedTest {
        name: "section-used",
        run: concerns::section_used,
    },
    NamedTest {
        name: "sends-notifications",
        run: concerns::sends_notifications,
    },
    NamedTest {
        name: "numa-filter",
        run: concerns::numa_filter,
    },
    NamedTest {
        name: "every-weigher",
        run: concerns::every_weigher,
    },
    NamedTest {
        name: "lacks-signature-properties",
        run: concerns::lacks_signature_properties,
    },
    NamedTest {
        name: "names-signature-properties",
        run: concerns::names_signature_properties,
    },
];

/// The test called `name`.
pub(super) fn by_name(name: &str) -> Option<&'static NamedTest> {
    let all = [
        TESTS,
        pci::TESTS,
        devices::TESTS,
        drivers::TESTS,
        logs::TESTS,
        messages::TESTS,
        services::TESTS,
    ];
    all.into_iter().flatten().find(|test| test.name == name)
}

/// The option's text; `Err` where it is not known, `None` where it has none.
pub(super) fn text(view: &View<'_>, name: &OptionName) -> Result<Option<String>, Outcome> {
    let Some(setting) = name.setting(view) else {
        return Ok(None);
    };
    match view.value(&setting) {
        Ok(Value::Text(text)) if !text.is_empty() => Ok(Some(text)),
        Ok(_) => Ok(None),
        Err(_) => Err(Outcome::Open),
    }
}

/// Every value of the option that something sets, as a text; none where it is unset or the release does not have it.
fn texts(view: &View<'_>, name: &OptionName) -> Result<Vec<String>, Outcome> {
    match name.setting(view) {
        Some(setting) if setting.is_set() => view.texts(&setting).map_err(|_| Outcome::Open),
        _ => Ok(Vec::new()),
    }
}

/// The items of a list or of an option that is set many times, a text being one; `Err` where they are not known.
pub(super) fn words(view: &View<'_>, name: &OptionName) -> Result<Vec<String>, Outcome> {
    let Some(setting) = name.setting(view) else {
        return Ok(Vec::new());
    };
    if setting.facts.is_multi() {
        return view.texts(&setting).map_err(|_| Outcome::Open);
    }
    match view.read(&setting).as_deref() {
        Ok(Value::List(items)) => Ok(items.iter().map(printed).collect()),
        Ok(Value::None) => Ok(Vec::new()),
        Ok(value) => Ok(vec![printed(value)]),
        Err(_) => Err(Outcome::Open),
    }
}

/// What `judge` says of the texts of `names`, all of which have one.
pub(super) fn of_texts(view: &View<'_>, names: &[OptionName], judge: impl Fn(&[String]) -> Outcome) -> Outcome {
    let mut texts = Vec::with_capacity(names.len());
    for name in names {
        match text(view, name) {
            Ok(Some(text)) => texts.push(text),
            Ok(None) => return Outcome::Fails,
            Err(open) => return open,
        }
    }
    judge(&texts)
}

/// What `judge` says of the items of the list that comes first.
pub(super) fn of_words(view: &View<'_>, names: &[OptionName], judge: impl Fn(&[String]) -> Outcome) -> Outcome {
    match names.first().map(|name| words(view, name)) {
        Some(Ok(words)) => judge(&words),
        Some(Err(open)) => open,
        None => Outcome::Fails,
    }
}

fn cpu_set_rejected(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_texts(view, names, |texts| {
        let error = texts.iter().find_map(|text| cpu_set::parse(text).err());
        error.map_or(Outcome::Fails, |error| Outcome::Holds(vec![error.to_string()]))
    })
}

fn cpu_set_empty(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_texts(view, names, |texts| {
        Outcome::of(
            texts
                .iter()
                .any(|text| cpu_set::parse(text).is_ok_and(|set| set.is_empty())),
        )
    })
}

fn cpu_sets_overlap(view: &View<'_>, names: &[OptionName]) -> Outcome {
    of_texts(view, names, |texts| {
        let sets: Vec<_> = texts.iter().filter_map(|text| cpu_set::parse(text).ok()).collect();
        match &sets[..] {
            [one, other] => Outcome::of(!one.is_disjoint(other)),
            _ => Outcome::Fails,
        }
    })
}
