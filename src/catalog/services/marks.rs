//! How far a name shows that a file is nova's own: what nova alone has, and what it shares with other services.

use crate::catalog::Known;

/// Sections that nova alone has.
const NOVAS_GROUPS: [&str; 29] = [
    "api_database",
    "cells",
    "cloudpipe",
    "compute",
    "console",
    "consoleauth",
    "devices",
    "ephemeral_storage_encryption",
    "filter_scheduler",
    "guestfs",
    "hyperv",
    "image_cache",
    "image_file_url",
    "libvirt",
    "metrics",
    "mks",
    "pci",
    "powervm",
    "quota",
    "rdp",
    "scheduler",
    "serial_console",
    "spice",
    "trusted_computing",
    "upgrade_levels",
    "vnc",
    "workarounds",
    "xenserver",
    "zvm",
];
/// Sections in which nova says how it speaks to another service; others have the like.
const CLIENTS: [&str; 9] = [
    "barbican",
    "cinder",
    "cyborg",
    "glance",
    "ironic",
    "key_manager",
    "manila",
    "neutron",
    "placement",
];
/// How names in `[DEFAULT]` begin that nova shares with other services, by a library or by descent.
const SHARED_STARTS: [&str; 23] = [
    "auth_",
    "backdoor_",
    "conn_pool_",
    "dhcp_",
    "dnsmasq_",
    "executor_",
    "glance_",
    "keystone_",
    "log",
    "max_logfile",
    "metadata_",
    "notification_",
    "ovs_",
    "periodic_",
    "qpid_",
    "quota_",
    "rabbit_",
    "rate_limit_",
    "rpc_",
    "scheduler_",
    "send_arp_",
    "ssl_",
    "zmq_",
];
/// Other names in `[DEFAULT]` that nova shares.
const SHARED: [&str; 44] = [
    "api_paste_config",
    "bindir",
    "cert",
    "concurrency_backend",
    "control_exchange",
    "daemon",
    "db_driver",
    "debug",
    "default_availability_zone",
    "default_log_levels",
    "default_thread_pool_size",
    "enable_new_services",
    "fatal_deprecations",
    "graceful_shutdown_timeout",
    "host",
    "instance_format",
    "instance_uuid_format",
    "ipv6_backend",
    "key",
    "lock_path",
    "max_limit",
    "memcached_servers",
    "monkey_patch",
    "my_ip",
    "network_driver",
    "osapi_max_limit",
    "policy_file",
    "publish_errors",
    "pybasedir",
    "report_interval",
    "rootwrap_config",
    "run_external_periodic_tasks",
    "service_down_time",
    "sql_connection",
    "state_path",
    "syslog_log_facility",
    "tempdir",
    "transport_url",
    "use_ipv6",
    "use_journal",
    "use_json",
    "use_stderr",
    "use_syslog",
    "verbose",
];

/// How far a name shows that a file is nova's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceMark {
    /// Nova alone has it.
    Own,
    /// It says how to speak to another service: nova's files hold it, and others'.
    Client,
    /// Nova has it, and so have others.
    Shared,
    /// No release of nova knows it.
    Unknown,
}

/// How far a name in `group` (normalized), of which `known` is known, shows that a file is nova's.
#[must_use]
pub fn mark(group: &str, known: &Known<'_>) -> ServiceMark {
    if !known.is_anywhere() {
        return ServiceMark::Unknown;
    }
    let key = known.key();
    if CLIENTS.contains(&group) {
        return ServiceMark::Client;
    }
    let is_shared = SHARED.contains(&key) || SHARED_STARTS.iter().any(|start| key.starts_with(start));
    if NOVAS_GROUPS.contains(&group) || (group == "DEFAULT" && !is_shared) {
        return ServiceMark::Own;
    }
    ServiceMark::Shared
}
