//! Options that are right in a nova.conf though no list of a release can hold them.
//!
//! It recognises them by group and name; whether the file needs them it does not know.

use std::collections::{BTreeMap, BTreeSet};

use super::known::{Fate, Known, known};
use super::lookup::option;
use super::{OptionFacts, Release, plugins};
use crate::oslo::names::normal_group;

/// Why an option that no list holds is right all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// A keystoneauth plugin, chosen by `auth_type`, reads it.
    AuthPlugin,
    /// A copy of the `[privsep]` options under the name of one privileged context.
    Privsep,
    /// A group made for a type of mediated device.
    MediatedDevice,
    /// A group made for a physical network.
    PhysicalNetwork,
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
    /// An option of a library that nova accepted before its own list named it, or that no list names.
    NotYetListed,
}

/// What the files say that decides which groups exist; values as nova reads them, in lower case: [`lower`].
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// The groups in `[DEFAULT] config_source`.
    pub config_sources: BTreeSet<String>,
    /// The types in `[devices] enabled_mdev_types` and `enabled_vgpu_types`.
    pub mediated_types: BTreeSet<String>,
    /// The networks in `[neutron] physnets`.
    pub physical_networks: BTreeSet<String>,
    /// The groups that some `auth_section` names.
    pub auth_sections: BTreeSet<String>,
    /// The `auth_type` of each group that has one, the group as oslo.config matches it.
    pub auth_types: BTreeMap<String, String>,
    /// Whether the file is a map of audit events, as pycadf reads it, and no configuration of nova.
    pub is_audit_map: bool,
}

/// The names of groups as [`Hints`] holds them.
pub fn lower(names: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    names.into_iter().map(|name| name.to_lowercase()).collect()
}

/// The lists of `data/outside.toml`, each in order; what each is for is said there.
#[derive(Debug)]
struct Lists {
    privsep: &'static [&'static str],
    mediated_device: &'static [&'static str],
    config_source: &'static [&'static str],
    command_line: &'static [&'static str],
    listed_late: &'static [&'static str],
    other_services: &'static [&'static str],
    routed_notifications: &'static [&'static str],
}

static LISTS: Lists = include!(concat!(env!("OUT_DIR"), "/outside.rs"));

/// Why `key` in `group` is right though `release` does not list it; `None` where nothing speaks for it.
#[must_use]
pub fn recognise(group: &str, key: &str, hints: &Hints, release: Release) -> Option<Outside> {
    Section::new(group, hints, release).recognise(&known(group, key))
}

/// What may be right in one section though no list holds it: asked of the section once, of each of its names in turn.
#[derive(Debug)]
pub struct Section<'a> {
    release: Release,
    /// What speaks for every name in it.
    all: Option<Outside>,
    is_listed_late: bool,
    /// Whether an `auth_section` names it, and whether nova lets a plugin choose what it holds.
    is_named_by_auth: bool,
    takes_plugin: bool,
    /// The plugin that it chooses.
    plugin: Option<&'a str>,
    /// The lists that hold for it.
    lists: Vec<(&'static [&'static str], Outside)>,
}

impl<'a> Section<'a> {
    /// The section `group` in a stack of which `hints` are known, as `release` reads it.
    #[must_use]
    pub fn new(group: &str, hints: &'a Hints, release: Release) -> Self {
        let group = &*normal_group(group);
        let is_paste = group.contains(':') || matches!(group, "pipeline" | "composite" | "app");
        let all = match hints.is_audit_map {
            _ if is_paste => Some(Outside::Paste),
            true => Some(Outside::AuditMap),
            false => None,
        };
        let is_default = group == "DEFAULT";
        let is_own = !is_default;
        let lists = [
            (is_default, LISTS.command_line, Outside::CommandLine),
            (is_default, LISTS.other_services, Outside::OtherService),
            (
                group == "oslo_messaging_notifications",
                LISTS.routed_notifications,
                Outside::NotYetListed,
            ),
            (is_own && is_privileged(group), LISTS.privsep, Outside::Privsep),
            (
                is_own && is_mediated(group, hints),
                LISTS.mediated_device,
                Outside::MediatedDevice,
            ),
            (
                is_own && is_physical_network(group, hints, release),
                &["numa_nodes"],
                Outside::PhysicalNetwork,
            ),
            (
                is_own && hints.config_sources.contains(group),
                LISTS.config_source,
                Outside::ConfigSource,
            ),
        ];
        let lists = lists.into_iter().filter(|(holds, ..)| *holds);
        Self {
            release,
            all,
            is_listed_late: is_own && is_listed_late(group),
            is_named_by_auth: is_own && hints.auth_sections.contains(group),
            takes_plugin: is_own && takes_auth_plugin(group, release),
            plugin: hints.auth_types.get(group).map(String::as_str),
            lists: lists.map(|(_, list, outside)| (list, outside)).collect(),
        }
    }

    /// Why a name in it is right though the release does not list it; `None` where nothing speaks for it.
    #[must_use]
    pub fn recognise(&self, known: &Known<'_>) -> Option<Outside> {
        if self.all.is_some() {
            return self.all;
        }
        let comes_later = |first: OptionFacts| self.release < first.since();
        if self.is_listed_late && known.life().next().is_some_and(comes_later) {
            return Some(Outside::NotYetListed);
        }
        if self.is_of_auth_plugin(known) {
            return Some(Outside::AuthPlugin);
        }
        let mut lists = self.lists.iter();
        let (_, outside) = lists.find(|(list, _)| list.binary_search(&known.key()).is_ok())?;
        // A context that went with its plugin is made no more.
        let is_gone = *outside == Outside::Privsep && matches!(known.fate(self.release), Fate::Gone(_));
        (!is_gone).then_some(*outside)
    }

    /// Whether the plugin that `auth_type` of the section chooses reads the name.
    ///
    /// Of a plugin that is not keystoneauth's own nothing is known: what some plugin reads may be its. The same where no
    /// `auth_type` is seen, which another file may set; but there a name that nova had and dropped is nova's.
    fn is_of_auth_plugin(&self, known: &Known<'_>) -> bool {
        let key = known.key();
        if !self.is_named_by_auth && !self.takes_plugin {
            return false;
        }
        if self.is_named_by_auth && matches!(key, "auth_type" | "auth_plugin") {
            return true;
        }
        let release = self.release;
        match self.plugin {
            Some(plugin) if plugins::is_known(plugin, release) => plugins::reads(plugin, key, release),
            Some(_) => plugins::some_reads(key, release),
            None => plugins::some_reads(key, release) && !matches!(known.fate(release), Fate::Gone(_)),
        }
    }
}

/// Whether `group` belongs to a library that joined nova's list late: its options are older than the list says.
#[must_use]
pub fn is_listed_late(group: &str) -> bool {
    LISTS.listed_late.binary_search(&group).is_ok()
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
    kind.is_some_and(|kind| hints.mediated_types.is_empty() || hints.mediated_types.contains(kind))
}

/// Groups that `[neutron] physnets` makes since rocky (18).
fn is_physical_network(group: &str, hints: &Hints, release: Release) -> bool {
    let name = group.strip_prefix("neutron_physnet_");
    let is_made = |name: &str| hints.physical_networks.contains(name);
    release >= Release::ROCKY && name.is_some_and(|name| hints.physical_networks.is_empty() || is_made(name))
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
        assert_eq!(at("vif_plug_linux_bridge_privileged", "user"), None);
        assert_eq!(at("mdev_nvidia-35", "device_addresses"), Some(Outside::MediatedDevice));
        assert_eq!(at("DEFAULT", "config_file"), Some(Outside::CommandLine));
        assert_eq!(at("composite:metadata", "use"), Some(Outside::Paste));
        assert_eq!(
            at("oslo_messaging_notifications", "routing_config"),
            Some(Outside::NotYetListed)
        );
        assert_eq!(at("libvirt", "username"), None);
        assert_eq!(at("vault", "uri"), None);
    }

    fn with(plugin: &str, key: &str, release: u32) -> Option<Outside> {
        let hints = Hints {
            auth_types: BTreeMap::from([("neutron".to_owned(), plugin.to_owned())]),
            ..Hints::default()
        };
        recognise("neutron", key, &hints, Release::from_number(release).unwrap())
    }

    #[test]
    fn what_a_plugin_reads_is_decided_by_the_plugin() {
        assert_eq!(with("password", "url", 34), None);
        assert_eq!(with("admin_token", "url", 34), Some(Outside::AuthPlugin));
        assert_eq!(with("v3oidcpassword", "protocol", 34), Some(Outside::AuthPlugin));
        assert_eq!(with("v3password", "protocol", 34), None);
        // A plugin of somebody else's, or one that this release does not have yet.
        assert_eq!(with("mine", "url", 34), Some(Outside::AuthPlugin));
        assert_eq!(
            with("v3applicationcredential", "protocol", 15),
            Some(Outside::AuthPlugin)
        );
    }

    #[test]
    fn where_no_plugin_is_chosen_what_nova_dropped_is_not_taken_for_a_plugins() {
        assert_eq!(at("neutron", "url"), None);
        assert_eq!(at("neutron", "protocol"), Some(Outside::AuthPlugin));
    }

    #[test]
    fn a_group_of_a_physical_network_is_recognised() {
        assert_eq!(at("neutron_physnet_foo", "numa_nodes"), Some(Outside::PhysicalNetwork));
        assert_eq!(at("neutron_physnet_foo", "other"), None);
    }

    #[test]
    fn a_group_named_in_the_file_is_recognised() {
        let hints = Hints {
            config_sources: lower(["Remote".into()]),
            mediated_types: lower(["i915".into()]),
            ..Hints::default()
        };
        let recognised = |group, key| recognise(group, key, &hints, Release::NEWEST);
        assert_eq!(recognised("remote", "uri"), Some(Outside::ConfigSource));
        assert_eq!(recognised("mdev_i915", "mdev_class"), Some(Outside::MediatedDevice));
        assert_eq!(recognised("mdev_typo", "mdev_class"), None);
    }
}
