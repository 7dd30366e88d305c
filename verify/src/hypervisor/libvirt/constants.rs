//! Libvirt's constants by the names that nova uses on the way of a live migration, for a Python without libvirt's binding.
//!
//! The values are those of the library that this program is linked with; none of them ever changes.

use std::collections::BTreeMap;

use serde_json::Value;
use virt::sys;

macro_rules! numbers {
    ($($name:ident)*) => { [$((stringify!($name), i64::from(sys::$name))),*] };
}

/// Each with its value.
#[must_use]
pub fn constants() -> BTreeMap<&'static str, Value> {
    let numbers = numbers![
        VIR_DOMAIN_BLOCKED VIR_DOMAIN_CRASHED VIR_DOMAIN_NOSTATE VIR_DOMAIN_PAUSED VIR_DOMAIN_PMSUSPENDED
        VIR_DOMAIN_RUNNING VIR_DOMAIN_SHUTDOWN VIR_DOMAIN_SHUTOFF
        VIR_DOMAIN_JOB_BOUNDED VIR_DOMAIN_JOB_CANCELLED VIR_DOMAIN_JOB_COMPLETED VIR_DOMAIN_JOB_FAILED
        VIR_DOMAIN_JOB_NONE VIR_DOMAIN_JOB_UNBOUNDED
        VIR_DOMAIN_XML_INACTIVE VIR_DOMAIN_XML_MIGRATABLE VIR_DOMAIN_XML_SECURE VIR_DOMAIN_XML_UPDATE_CPU
        VIR_ERR_AGENT_UNRESPONSIVE VIR_ERR_CONFIG_UNSUPPORTED VIR_ERR_INTERNAL_ERROR VIR_ERR_INVALID_ARG
        VIR_ERR_NO_DOMAIN VIR_ERR_NO_SUPPORT VIR_ERR_OPERATION_FAILED VIR_ERR_OPERATION_INVALID
        VIR_ERR_OPERATION_TIMEOUT VIR_ERR_OPERATION_UNSUPPORTED VIR_ERR_SYSTEM_ERROR
        VIR_MIGRATE_ABORT_ON_ERROR VIR_MIGRATE_AUTO_CONVERGE VIR_MIGRATE_CHANGE_PROTECTION VIR_MIGRATE_COMPRESSED
        VIR_MIGRATE_LIVE VIR_MIGRATE_NON_SHARED_DISK VIR_MIGRATE_NON_SHARED_INC VIR_MIGRATE_OFFLINE
        VIR_MIGRATE_PARALLEL VIR_MIGRATE_PAUSED VIR_MIGRATE_PEER2PEER VIR_MIGRATE_PERSIST_DEST VIR_MIGRATE_POSTCOPY
        VIR_MIGRATE_RDMA_PIN_ALL VIR_MIGRATE_TLS VIR_MIGRATE_TUNNELLED VIR_MIGRATE_UNDEFINE_SOURCE
        VIR_MIGRATE_UNSAFE
    ];
    let mut all: BTreeMap<&str, Value> = numbers.into_iter().map(|(name, value)| (name, value.into())).collect();
    for (name, word) in [
        ("VIR_MIGRATE_PARAM_BANDWIDTH", sys::VIR_MIGRATE_PARAM_BANDWIDTH),
        (
            "VIR_MIGRATE_PARAM_BANDWIDTH_POSTCOPY",
            sys::VIR_MIGRATE_PARAM_BANDWIDTH_POSTCOPY,
        ),
        (
            "VIR_MIGRATE_PARAM_PARALLEL_CONNECTIONS",
            sys::VIR_MIGRATE_PARAM_PARALLEL_CONNECTIONS,
        ),
        (
            "VIR_MIGRATE_PARAM_TLS_DESTINATION",
            sys::VIR_MIGRATE_PARAM_TLS_DESTINATION,
        ),
        ("VIR_MIGRATE_PARAM_URI", sys::VIR_MIGRATE_PARAM_URI),
    ] {
        all.insert(name, word.to_string_lossy().into());
    }
    all
}
