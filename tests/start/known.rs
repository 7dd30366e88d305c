//! Disagreements that are right as they are: nova looks at the host, and novamend does not.

use super::report::Disagreement;

/// A kind of them.
struct Known {
    /// What nova's message has in it.
    nova: &'static str,
    /// Why novamend cannot say it.
    why: &'static str,
}

/// All of them.
const KNOWN: &[Known] = &[
    Known {
        nova: "or your host CPU arch does not support this model",
        why: "libvirt on the host does not know the CPU model",
    },
    Known {
        nova: "isn't on host",
        why: "the host has no such pmem namespace",
    },
];

/// Why `disagreement` is right as it is.
pub(crate) fn why(disagreement: &Disagreement) -> Option<&'static str> {
    let known = KNOWN.iter().find(|known| disagreement.nova.contains(known.nova));
    known.map(|known| known.why)
}
