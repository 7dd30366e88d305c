//! Disagreements that are known: what nova refuses depends on more than the file, is not nova's own, or is not followed yet.

use super::report::Disagreement;

/// A kind of them; an empty text is in all.
struct Known {
    /// What nova's message has in it.
    nova: &'static str,
    /// What novamend's words have in them.
    ours: &'static str,
    /// What the file has in it.
    conf: &'static str,
    /// What the program's name ends with.
    program: &'static str,
    /// Why they may differ.
    why: &'static str,
}

const ANY: Known = Known {
    nova: "",
    ours: "",
    conf: "",
    program: "",
    why: "",
};

/// All of them.
const KNOWN: &[Known] = &[
    Known {
        nova: "or your host CPU arch does not support this model",
        why: "libvirt on the host does not know the CPU model",
        ..ANY
    },
    Known {
        nova: "isn't on host",
        why: "the host has no such pmem namespace",
        ..ANY
    },
    Known {
        nova: "is not actually present on the host",
        why: "the host has no such device",
        ..ANY
    },
    Known {
        nova: "Auth plugin requires parameters which were not given",
        why: "what a plugin of keystoneauth needs, keystoneauth says",
        ..ANY
    },
    Known {
        nova: "In the V3 identity API",
        why: "what a plugin of keystoneauth needs, keystoneauth says",
        ..ANY
    },
    Known {
        nova: "password is a required attribute",
        why: "what a plugin of keystoneauth needs, keystoneauth says",
        ..ANY
    },
    Known {
        nova: "is not a valid value for valid_interfaces",
        why: "what is an interface, keystoneauth says",
        ..ANY
    },
    Known {
        nova: "No 'nova.scheduler.driver' driver found",
        why: "which drivers there are beside nova's own, the host says",
        ..ANY
    },
    Known {
        nova: "incorrect device address",
        conf: "enabled_",
        why: "types that come twice, or with a blank, are not followed to their groups",
        ..ANY
    },
    Known {
        nova: "Value for option max_instances is not valid",
        why: "numbers in groups that nova makes at run time are not read",
        ..ANY
    },
    Known {
        nova: "Scheduler Host Filter",
        conf: "available_filters",
        why: "which filters there are beside nova's own, the host says",
        ..ANY
    },
    Known {
        nova: "starts",
        ours: "invalid-value",
        program: "proxy",
        why: "a console proxy reads few options, and novamend does not say which",
        ..ANY
    },
    Known {
        nova: "starts",
        ours: "the value of `[oslo_policy] ",
        why: "a service without policies does not read their options, and novamend does not say which those are",
        ..ANY
    },
];

/// Why `disagreement` is right as it is.
pub(crate) fn why(disagreement: &Disagreement) -> Option<&'static str> {
    let is_it = |known: &&Known| {
        disagreement.nova.contains(known.nova)
            && disagreement.ours.contains(known.ours)
            && disagreement.asked.conf.contains(known.conf)
            && disagreement.asked.program.ends_with(known.program)
    };
    KNOWN.iter().find(is_it).map(|known| known.why)
}
