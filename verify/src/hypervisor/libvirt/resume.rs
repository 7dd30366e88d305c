//! The one call that changes anything for a post-copy migration that broke: it is resumed by its own source.
//!
//! Libvirt itself checks that both halves are broken, and that nobody else resumes them; it starts and ends no guest.

use virt::connect::Connect;
use virt::domain::MigrateParameters;
use virt::sys;

use super::{flags_of, refusal};
use crate::hypervisor::{Refusal, Request};

/// From this version of libvirt on a broken post-copy migration can be resumed, as major × 1 000 000 + minor × 1 000.
pub const SINCE: u32 = 8_005_000;

/// The libvirt that crashes at the destination when it is asked to, each time: seen with Debian 13's package. Of the versions
/// next to it nothing is known.
pub const CRASHES: u32 = 11_003_000;

/// A migration that broke, and its way.
#[derive(Clone, Debug)]
pub struct Broken {
    /// Where its source half is.
    pub source: String,
    /// The domain's UUID.
    pub uuid: String,
    /// The destination's URI for the source's daemon.
    pub peer: String,
    /// Where QEMU is to send to; libvirt's choice if none.
    pub migration: Option<String>,
}

/// Resumes it under the flags of `request`, and returns when all memory has come over; the daemons carry on by themselves
/// where this process ends before.
///
/// # Errors
/// Libvirt refuses: it is not broken, somebody else resumes it, a host is not reached; or it broke again.
pub fn resume_post_copy(broken: &Broken, request: &Request) -> Result<(), Refusal> {
    let connect = Connect::open(Some(&broken.source)).map_err(|error| refusal(&error))?;
    let _ = connect.set_keep_alive(5, 3);
    let domain = connect.lookup_domain_by_uuid_string(&broken.uuid);
    let flags = flags_of(request) | sys::VIR_MIGRATE_POSTCOPY | sys::VIR_MIGRATE_POSTCOPY_RESUME;
    let parameters = MigrateParameters {
        bandwidth: Some(request.bandwidth),
        uri: broken.migration.clone(),
        parallel_connections: request.parallel.map(u32::cast_signed),
        ..MigrateParameters::default()
    };
    domain
        .and_then(|domain| domain.migrate_to_uri3(Some(&broken.peer), parameters, flags))
        .map(drop)
        .map_err(|error| refusal(&error))
}
