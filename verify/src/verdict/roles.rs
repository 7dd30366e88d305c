//! Whom a verdict is about, in words: this host, or the two that were named.
//!
//! It judges nothing.

use crate::trial::session::Session;

/// Where it was tried.
pub(super) fn place(session: &Session) -> &'static str {
    if session.conditions.far.is_some() {
        "between these hosts"
    } else {
        "on this host"
    }
}

/// What a migration that cannot start stands for.
pub(super) fn every(session: &Session) -> &'static str {
    if session.conditions.far.is_some() {
        "every live migration from this source to this destination will fail"
    } else {
        "every live migration to this host will fail"
    }
}

/// The host whose nova.conf gives URI, scheme, flags and timeouts.
pub(super) fn source(session: &Session) -> &'static str {
    if session.conditions.far.is_some() {
        "this source"
    } else {
        "this host"
    }
}

/// What makes a refusal of flags one that holds for migrations to this host: the flags are those of the source.
pub(super) fn by_these_flags(session: &Session) -> &'static str {
    if session.conditions.far.is_some() {
        ""
    } else {
        "; the flags come from the source's nova.conf, so this holds for sources configured like this host"
    }
}
