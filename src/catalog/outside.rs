//! Options that are right in a nova.conf though no list of a release can hold them.
//!
//! It recognises them by group and name; whether the file needs them it does not know.

use super::{Release, option};

/// Why an option that no list holds is right all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// A keystoneauth plugin, chosen by `auth_type`, reads it.
    AuthPlugin,
    /// A copy of the `[privsep]` options under the name of one privileged context.
    Privsep,
    /// A group made for a type of mediated device.
    MediatedDevice,
    /// A group named in `[DEFAULT] config_source`.
    ConfigSource,
    /// A command-line option of oslo.config, which does nothing in a file.
    CommandLine,
    /// A section of a paste deployment file, which nova-api reads beside nova.conf.
    Paste,
    /// An entry of a map of audit events.
    AuditMap,
    /// Another service's option in a file that services share.
    OtherService,
    /// An option of a library that nova accepted before its own list named it.
    NotYetListed,
}

/// What the files say that decides which groups exist; values as nova reads them.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// The groups in `[DEFAULT] config_source`.
    pub config_sources: Vec<String>,
    /// The types in `[devices] enabled_mdev_types` and `enabled_vgpu_types`.
    pub mediated_types: Vec<String>,
    /// The groups that some `auth_section` names.
    pub auth_sections: Vec<String>,
    /// Whether the file is a map of audit events, as pycadf reads it, and no configuration of nova.
    pub is_audit_map: bool,
}

/// The options of the plugins that keystoneauth brings, over its versions, by `dest`.
const AUTH_PLUGIN: [&str; 57] = [
    "access_key",
    "access_secret",
    "access_token",
    "access_token_endpoint",
    "access_token_type",
    "application_credential_id",
    "application_credential_name",
    "application_credential_secret",
    "auth_methods",
    "auth_url",
    "authorization_code",
    "client_id",
    "client_secret",
    "code",
    "code_challenge_method",
    "consumer_key",
    "consumer_secret",
    "default_domain_id",
    "default_domain_name",
    "device_authorization_endpoint",
    "discovery_endpoint",
    "domain_id",
    "domain_name",
    "endpoint",
    "identity_provider",
    "identity_provider_url",
    "idp_otp_key",
    "login_timeout",
    "mutual_auth",
    "oauth2_client_id",
    "oauth2_client_secret",
    "oauth2_endpoint",
    "openid_scope",
    "passcode",
    "password",
    "project_domain_id",
    "project_domain_name",
    "project_id",
    "project_name",
    "protocol",
    "redirect_host",
    "redirect_port",
    "redirect_uri",
    "scope",
    "service_provider_endpoint",
    "service_provider_entity_id",
    "system_scope",
    "tenant_id",
    "tenant_name",
    "token",
    "trust_id",
    "url",
    "user_domain_id",
    "user_domain_name",
    "user_id",
    "user_name",
    "username",
];
/// Options that keystonemiddleware reads where no `auth_type` is set (`keystonemiddleware/auth_token/_auth.py`).
const LEGACY_AUTH: [&str; 9] = [
    "admin_password",
    "admin_tenant_name",
    "admin_token",
    "admin_user",
    "auth_admin_prefix",
    "auth_host",
    "auth_port",
    "auth_protocol",
    "identity_uri",
];
const PRIVSEP: [&str; 7] = [
    "user",
    "group",
    "capabilities",
    "thread_pool_size",
    "helper_command",
    "logger_name",
    "log_daemon_traceback",
];
const MEDIATED_DEVICE: [&str; 3] = ["device_addresses", "mdev_class", "max_instances"];
const CONFIG_SOURCE: [&str; 6] = ["driver", "uri", "ca_path", "client_cert", "client_key", "timeout"];
const COMMAND_LINE: [&str; 4] = ["config_file", "config_dir", "config_source", "version"];
/// Groups of libraries that joined nova's list late: nova took their options all along.
const LISTED_LATE: [&str; 8] = [
    "os_brick",
    "os_vif_linux_bridge",
    "os_vif_ovs",
    "oslo_limit",
    "oslo_reports",
    "oslo_versionedobjects",
    "privsep",
    "profiler",
];
/// Names in `[DEFAULT]` that other services' files carry and nova never had.
const OTHER_SERVICES: [&str; 24] = [
    "api_paste_config_file",
    "auth_strategy",
    "bind_host",
    "bind_port",
    "core_plugin",
    "service_plugins",
    "allow_overlapping_ips",
    "notify_nova_on_port_status_changes",
    "notify_nova_on_port_data_changes",
    "enabled_backends",
    "glance_api_servers",
    "registry_host",
    "interface_driver",
    "dhcp_driver",
    "l3_ha",
    "dhcp_agents_per_network",
    "max_l3_agents_per_router",
    "global_physnet_mtu",
    "enabled_share_protocols",
    "default_volume_type",
    "public_endpoint",
    "admin_endpoint",
    "enable_isolated_metadata",
    "external_network_bridge",
];

/// Why `key` in `group` is right though `release` does not list it; `None` where nothing speaks for it.
#[must_use]
pub fn recognise(group: &str, key: &str, hints: &Hints, release: Release) -> Option<Outside> {
    let group = &*super::normal_group(group);
    let among = |names: &[String]| names.iter().any(|name| name.to_lowercase() == group);
    if group.contains(':') || matches!(group, "pipeline" | "composite" | "app") {
        return Some(Outside::Paste);
    }
    if hints.is_audit_map {
        return Some(Outside::AuditMap);
    }
    if group == "DEFAULT" {
        return match key {
            _ if COMMAND_LINE.contains(&key) => Some(Outside::CommandLine),
            _ if OTHER_SERVICES.contains(&key) => Some(Outside::OtherService),
            _ => None,
        };
    }
    if is_listed_late(group)
        && super::life(group, key)
            .first()
            .is_some_and(|first| release < first.since())
    {
        return Some(Outside::NotYetListed);
    }
    if AUTH_PLUGIN.contains(&key) && (takes_auth_plugin(group, release) || among(&hints.auth_sections)) {
        return Some(Outside::AuthPlugin);
    }
    if group == "keystone_authtoken" && LEGACY_AUTH.contains(&key) {
        return Some(Outside::AuthPlugin);
    }
    if PRIVSEP.contains(&key) && is_privileged(group) {
        return Some(Outside::Privsep);
    }
    if MEDIATED_DEVICE.contains(&key) && is_mediated(group, hints) {
        return Some(Outside::MediatedDevice);
    }
    (CONFIG_SOURCE.contains(&key) && among(&hints.config_sources)).then_some(Outside::ConfigSource)
}

/// Whether `group` belongs to a library that joined nova's list late: its options are older than the list says.
#[must_use]
pub fn is_listed_late(group: &str) -> bool {
    LISTED_LATE.contains(&group)
}

fn takes_auth_plugin(group: &str, release: Release) -> bool {
    ["auth_type", "auth_section"]
        .iter()
        .any(|name| option(group, name, release).is_some())
}

/// The names that nova, os-vif and os-brick give to their privileged contexts.
fn is_privileged(group: &str) -> bool {
    group.ends_with("_privileged") || group.starts_with("privsep") || matches!(group, "nova_sys_admin" | "os_brick")
}

fn is_mediated(group: &str, hints: &Hints) -> bool {
    let kind = group.strip_prefix("mdev_").or_else(|| group.strip_prefix("vgpu_"));
    kind.is_some_and(|kind| {
        hints.mediated_types.is_empty() || hints.mediated_types.iter().any(|name| name.to_lowercase() == kind)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(group: &str, key: &str) -> Option<Outside> {
        recognise(group, key, &Hints::default(), Release::NEWEST)
    }

    #[test]
    fn options_that_no_list_can_hold_are_recognised() {
        assert_eq!(at("keystone_authtoken", "username"), Some(Outside::AuthPlugin));
        assert_eq!(at("vif_plug_ovs_privileged", "helper_command"), Some(Outside::Privsep));
        assert_eq!(at("mdev_nvidia-35", "device_addresses"), Some(Outside::MediatedDevice));
        assert_eq!(at("DEFAULT", "config_file"), Some(Outside::CommandLine));
        assert_eq!(at("composite:metadata", "use"), Some(Outside::Paste));
        assert_eq!(at("libvirt", "username"), None);
        assert_eq!(at("vault", "uri"), None);
    }

    #[test]
    fn a_group_named_in_the_file_is_recognised() {
        let hints = Hints {
            config_sources: vec!["Remote".into()],
            mediated_types: vec!["i915".into()],
            ..Hints::default()
        };
        let recognised = |group, key| recognise(group, key, &hints, Release::NEWEST);
        assert_eq!(recognised("remote", "uri"), Some(Outside::ConfigSource));
        assert_eq!(recognised("mdev_i915", "mdev_class"), Some(Outside::MediatedDevice));
        assert_eq!(recognised("mdev_typo", "mdev_class"), None);
    }
}
