//! Options and sections by which the files of other services of a cloud are recognised: nova never had them.
//!
//! It counts what speaks for whom; what is made of the counts, [`crate::nova::nature`] says.

mod marks;

use std::sync::OnceLock;

pub use marks::{ServiceMark, mark};

/// Another service and what its files hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name, which is also what its files are called by.
    pub name: &'static str,
    /// Names in `[DEFAULT]`.
    pub options: &'static [&'static str],
    /// Sections, as oslo.config matches them.
    pub groups: &'static [&'static str],
    /// Names in sections that the operator names, one for each back end.
    pub in_back_ends: &'static [&'static str],
}

impl Service {
    /// Whether any assignment in `group` speaks for this service.
    #[must_use]
    pub fn has_group(&self, group: &str) -> bool {
        group != "DEFAULT" && self.groups.contains(&group)
    }

    /// The names whose assignments in `group` speak for this service, whatever others there are.
    #[must_use]
    pub fn names_in(&self, group: &str) -> &'static [&'static str] {
        if group == "DEFAULT" {
            self.options
        } else {
            self.in_back_ends
        }
    }
}

/// Whether `name` speaks for some service in a section that the operator names.
#[must_use]
pub fn is_in_back_ends(name: &str) -> bool {
    static NAMES: OnceLock<Vec<&str>> = OnceLock::new();
    NAMES
        .get_or_init(|| of_all(|service| service.in_back_ends))
        .binary_search(&name)
        .is_ok()
}

/// Whether `group` is a section of some service: [`Service::has_group`].
#[must_use]
pub fn is_group(group: &str) -> bool {
    static GROUPS: OnceLock<Vec<&str>> = OnceLock::new();
    let groups = GROUPS.get_or_init(|| of_all(|service| service.groups));
    group != "DEFAULT" && groups.binary_search(&group).is_ok()
}

/// What any service has of `names`, in order.
fn of_all(names: fn(&Service) -> &'static [&'static str]) -> Vec<&'static str> {
    let mut names: Vec<&str> = SERVICES.iter().flat_map(names).copied().collect();
    names.sort_unstable();
    names
}

const NONE: &[&str] = &[];

/// Every service that is recognised; one that sets nothing of its own is known by its file's name.
pub static SERVICES: &[Service] = &[
    Service {
        name: "cinder",
        options: &[
            "backup_ceph_conf",
            "backup_ceph_user",
            "backup_driver",
            "backup_swift_url",
            "default_volume_type",
            "enable_v2_api",
            "enable_v3_api",
            "enabled_backends",
            "glance_api_version",
            "target_helper",
            "target_ip_address",
            "target_protocol",
            "volume_backend_name",
        ],
        groups: &["backend_defaults", "nova"],
        in_back_ends: &["rbd_ceph_conf", "target_helper", "volume_backend_name", "volume_driver"],
    },
    Service {
        name: "neutron",
        options: &[
            "agent_mode",
            "allow_overlapping_ips",
            "core_plugin",
            "dhcp_agents_per_network",
            "enable_isolated_metadata",
            "global_physnet_mtu",
            "interface_driver",
            "l3_ha",
            "max_l3_agents_per_router",
            "nova_metadata_host",
            "nova_metadata_ip",
            "nova_metadata_port",
            "notify_nova_on_port_data_changes",
            "notify_nova_on_port_status_changes",
            "router_distributed",
            "service_plugins",
        ],
        groups: &[
            "agent",
            "linux_bridge",
            "ml2",
            "ml2_sriov",
            "ml2_type_flat",
            "ml2_type_geneve",
            "ml2_type_gre",
            "ml2_type_vlan",
            "ml2_type_vxlan",
            "nova",
            "ovn",
            "ovs",
            "quotas",
            "securitygroup",
            "service_providers",
            "sriov_nic",
            "vxlan",
        ],
        in_back_ends: NONE,
    },
    Service {
        name: "keystone",
        options: &[
            "admin_bind_host",
            "admin_endpoint",
            "admin_port",
            "admin_token",
            "public_bind_host",
            "public_endpoint",
            "public_port",
        ],
        groups: &[
            "assignment",
            "catalog",
            "credential",
            "eventlet_server",
            "federation",
            "fernet_tokens",
            "identity",
            "memcache",
            "policy",
            "resource",
            "revoke",
            "role",
            "saml",
            "signing",
            "token",
            "trust",
        ],
        in_back_ends: NONE,
    },
    Service {
        name: "glance",
        options: &[
            "default_store",
            "enabled_backends",
            "enabled_import_methods",
            "filesystem_store_datadir",
            "image_size_cap",
            "registry_host",
            "registry_port",
            "show_image_direct_url",
            "show_multiple_locations",
        ],
        groups: &[
            "glance_store",
            "image_format",
            "paste_deploy",
            "task",
            "taskflow_executor",
        ],
        in_back_ends: &["filesystem_store_datadir", "rbd_store_pool", "rbd_store_user"],
    },
    Service {
        name: "ironic",
        options: &[
            "enabled_boot_interfaces",
            "enabled_deploy_interfaces",
            "enabled_drivers",
            "enabled_hardware_types",
            "enabled_management_interfaces",
            "enabled_network_interfaces",
            "enabled_power_interfaces",
        ],
        groups: &[
            "deploy",
            "dhcp",
            "discovery",
            "dnsmasq_pxe_filter",
            "inspector",
            "ipmi",
            "nova",
            "processing",
            "pxe",
            "pxe_filter",
            "service_catalog",
        ],
        in_back_ends: NONE,
    },
    Service {
        name: "heat",
        options: &[
            "deferred_auth_method",
            "heat_metadata_server_url",
            "heat_waitcondition_server_url",
            "num_engine_workers",
            "stack_domain_admin",
            "stack_domain_admin_password",
            "stack_user_domain_name",
        ],
        groups: &[
            "clients",
            "clients_heat",
            "clients_keystone",
            "ec2authtoken",
            "heat_api",
            "heat_api_cfn",
            "heat_api_cloudwatch",
            "trustee",
        ],
        in_back_ends: NONE,
    },
    Service {
        name: "barbican",
        options: &["db_auto_create", "host_href"],
        groups: &[
            "dogtag_plugin",
            "keystone_notifications",
            "kmip_plugin",
            "p11_crypto_plugin",
            "queue",
            "retry_scheduler",
            "secretstore",
            "simple_crypto_plugin",
        ],
        in_back_ends: NONE,
    },
    Service {
        name: "magnum",
        options: NONE,
        groups: &["cluster_heat", "cluster_template", "docker_registry", "magnum_client"],
        in_back_ends: NONE,
    },
    Service {
        name: "octavia",
        options: &["octavia_plugins"],
        groups: &[
            "amphora_agent",
            "api_settings",
            "controller_worker",
            "driver_agent",
            "haproxy_amphora",
            "health_manager",
            "house_keeping",
            "service_auth",
        ],
        in_back_ends: NONE,
    },
    Service {
        name: "designate",
        options: NONE,
        groups: &[
            "handler:neutron_floatingip",
            "handler:nova_fixed",
            "network_api:neutron",
            "service:agent",
            "service:api",
            "service:central",
            "service:mdns",
            "service:pool_manager",
            "service:producer",
            "service:sink",
            "service:worker",
            "storage:sqlalchemy",
        ],
        in_back_ends: NONE,
    },
    Service {
        name: "manila",
        options: &[
            "default_share_type",
            "enabled_share_backends",
            "enabled_share_protocols",
            "share_name_template",
        ],
        groups: NONE,
        in_back_ends: &["driver_handles_share_servers", "share_backend_name", "share_driver"],
    },
    Service {
        name: "ceilometer",
        options: &[
            "event_dispatchers",
            "meter_dispatchers",
            "pipeline_cfg_file",
            "polling_namespaces",
        ],
        groups: &["dispatcher_gnocchi", "polling", "publisher", "service_credentials"],
        in_back_ends: NONE,
    },
    Service {
        name: "gnocchi",
        options: NONE,
        groups: &["archive_policy", "incoming", "indexer", "metricd", "statsd", "storage"],
        in_back_ends: NONE,
    },
    Service {
        name: "trove",
        options: &["default_datastore", "trove_auth_url", "trove_volume_support"],
        groups: &["mysql"],
        in_back_ends: NONE,
    },
    Service {
        name: "swift",
        options: NONE,
        groups: &["swift-hash"],
        in_back_ends: NONE,
    },
    by_name("aodh"),
    by_name("blazar"),
    by_name("cloudkitty"),
    by_name("cyborg"),
    by_name("horizon"),
    by_name("masakari"),
    by_name("mistral"),
    by_name("murano"),
    by_name("panko"),
    by_name("placement"),
    by_name("sahara"),
    by_name("senlin"),
    by_name("tacker"),
    by_name("vitrage"),
    by_name("watcher"),
    by_name("zaqar"),
    by_name("zun"),
];

const fn by_name(name: &'static str) -> Service {
    Service {
        name,
        options: NONE,
        groups: NONE,
        in_back_ends: NONE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_speaks_for_another_service_was_ever_novas() {
        for service in SERVICES {
            for name in service.options {
                assert!(
                    !super::super::is_known_anywhere("DEFAULT", name),
                    "{}: {name}",
                    service.name
                );
            }
            for group in service.groups {
                assert!(!super::super::is_group_known(group), "{}: [{group}]", service.name);
            }
        }
    }

    #[test]
    fn what_nova_shares_shows_nothing() {
        let of = |group: &str, key: &str| mark(group, &super::super::known(group, key));
        assert_eq!(of("libvirt", "virt_type"), ServiceMark::Own);
        assert_eq!(of("DEFAULT", "compute_driver"), ServiceMark::Own);
        assert_eq!(of("cinder", "catalog_info"), ServiceMark::Client);
        assert_eq!(of("DEFAULT", "my_ip"), ServiceMark::Shared);
        assert_eq!(of("oslo_messaging_rabbit", "rabbit_ha_queues"), ServiceMark::Shared);
        assert_eq!(of("DEFAULT", "core_plugin"), ServiceMark::Unknown);
    }
}
