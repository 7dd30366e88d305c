//! Named tests about `[pci] device_spec` and `[pci] alias`.

use super::{NamedTest, texts};
use crate::nova::View;
use crate::nova::start::condition::{OptionName, Outcome};
use crate::nova::start::judged::Judged;
use crate::nova::start::pci_alias::{AliasFault, AliasReader};
use crate::nova::start::pci_spec::{SpecFault, SpecReader};

pub(super) const TESTS: &[NamedTest] = &[
    NamedTest {
        name: "pci-spec-malformed",
        run: |view, names| spec(view, names, SpecFault::Form),
    },
    NamedTest {
        name: "pci-spec-ids-wrong",
        run: |view, names| spec(view, names, SpecFault::Ids),
    },
    NamedTest {
        name: "pci-spec-address-wrong",
        run: |view, names| spec(view, names, SpecFault::Address),
    },
    NamedTest {
        name: "pci-spec-named-twice",
        run: |view, names| spec(view, names, SpecFault::Both),
    },
    NamedTest {
        name: "pci-spec-tag-wrong",
        run: |view, names| spec(view, names, SpecFault::Tag),
    },
    NamedTest {
        name: "pci-spec-used-once",
        run: |view, names| spec(view, names, SpecFault::OneTimeUse),
    },
    NamedTest {
        name: "pci-spec-named-in-placement",
        run: |view, names| spec(view, names, SpecFault::NamedInPlacement),
    },
    NamedTest {
        name: "pci-alias-malformed",
        run: |view, names| alias(view, names, AliasFault::Form),
    },
    NamedTest {
        name: "pci-alias-wrong",
        run: |view, names| alias(view, names, AliasFault::Schema),
    },
    NamedTest {
        name: "pci-aliases-differ",
        run: |view, names| alias(view, names, AliasFault::Mismatch),
    },
    NamedTest {
        name: "pci-alias-has-several",
        run: |view, names| alias(view, names, AliasFault::Several),
    },
    NamedTest {
        name: "pci-alias-without-ids",
        run: |view, names| alias(view, names, AliasFault::Ids),
    },
];

fn spec(view: &View<'_>, names: &[OptionName], fault: SpecFault) -> Outcome {
    let reader = SpecReader {
        release: view.release(),
        reports: flag(view, "pci", "report_in_placement"),
    };
    of_first(view, names, &fault, |values| reader.judge(values))
}

fn alias(view: &View<'_>, names: &[OptionName], fault: AliasFault) -> Outcome {
    let reader = AliasReader {
        release: view.release(),
        in_placement: flag(view, "filter_scheduler", "pci_in_placement"),
    };
    of_first(view, names, &fault, |values| reader.judge(values))
}

/// A truth value, false where the release has no such option; `None` where it is not known.
fn flag(view: &View<'_>, group: &str, name: &str) -> Option<bool> {
    match view.setting(group, name) {
        Some(_) => view.flag(group, name),
        None => Some(false),
    }
}

/// Whether `judge` finds `fault` in the values of the first of `names` that the release has and something sets.
fn of_first<Fault: PartialEq>(
    view: &View<'_>,
    names: &[OptionName],
    fault: &Fault,
    judge: impl Fn(&[String]) -> Judged<Fault>,
) -> Outcome {
    for name in names {
        match texts(view, name) {
            Ok(values) if values.is_empty() => {}
            Ok(values) => {
                return match judge(&values) {
                    Judged::Refused(found, message) if found == *fault => Outcome::Holds(vec![message]),
                    Judged::Open => Outcome::Open,
                    _ => Outcome::Fails,
                };
            }
            Err(open) => return open,
        }
    }
    Outcome::Fails
}
