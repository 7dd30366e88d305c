//! `[libvirt] pmem_namespaces`: `label:name|name` (`_discover_vpmems` of `nova/virt/libvirt/driver.py`, the same since Train).
//!
//! Whether the host has the namespaces is not judged.

use std::collections::BTreeSet;

use super::judged::Judged;

/// What is wrong, by what is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PmemFault {
    /// An item has no label, or a name is empty.
    Form,
    /// A namespace is there twice.
    Twice,
}

/// Whether nova takes the items.
#[must_use]
pub fn judge<'a>(items: impl IntoIterator<Item = &'a str>) -> Judged<PmemFault> {
    let mut seen = BTreeSet::new();
    for item in items {
        let Some((_, names)) = item.split_once(':') else {
            return invalid(PmemFault::Form, "The configuration doesn't follow the format");
        };
        for name in names.split('|') {
            if name.is_empty() {
                return invalid(PmemFault::Form, "The PMEM namespace  isn't on host");
            }
            if !seen.insert(name) {
                return invalid(
                    PmemFault::Twice,
                    &format!("Duplicated PMEM namespace {name} configured"),
                );
            }
        }
    }
    Judged::Taken
}

fn invalid(fault: PmemFault, reason: &str) -> Judged<PmemFault> {
    Judged::Refused(
        fault,
        format!("The pmem_namespaces configuration is invalid: {reason}, please check your conf file. "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_are_named_once_behind_a_label() {
        assert_eq!(judge(["a:ns0|ns1", "b:ns2", ":ns3", "a:ns:4"]), Judged::Taken);
        for (items, fault, reason) in [
            (
                &["ns0|ns1"][..],
                PmemFault::Form,
                "The configuration doesn't follow the format",
            ),
            (&["a:ns0|"], PmemFault::Form, "The PMEM namespace  isn't on host"),
            (
                &["a:ns0", "b:ns0"],
                PmemFault::Twice,
                "Duplicated PMEM namespace ns0 configured",
            ),
        ] {
            let message =
                format!("The pmem_namespaces configuration is invalid: {reason}, please check your conf file. ");
            assert_eq!(judge(items.iter().copied()), Judged::Refused(fault, message));
        }
    }
}
