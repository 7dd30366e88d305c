//! Which option names which code, in which way, and what becomes of a service that does not find it.

use super::super::Release;
use super::super::values::Follows;
use super::{Row, of_kind};

/// How values name code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// The path of a class: `nova.scheduler.weights.ram.RAMWeigher`.
    Path,
    /// The path of a class below `nova.virt`, with or without the module in which the package has it.
    Driver,
    /// The name of an entry point.
    EntryPoint,
    /// The name of an entry point, as the scheme of a URL.
    Scheme,
    /// A release or a version, of the service that the option is called by.
    RpcVersion,
}

/// An option whose value names code.
#[derive(Debug)]
pub struct Use {
    /// The option.
    pub option: (&'static str, &'static str),
    /// The services that look the code up.
    pub programs: &'static [&'static str],
    /// What follows where it is not there, a clause.
    pub effect: &'static str,
    /// Of which kind that is.
    pub follows: Follows,
    /// Which code, a heading of the list.
    kind: &'static str,
    /// How it is named.
    pub naming: Naming,
    /// What nova says then, `{}` for the name; empty where Python says it.
    message: &'static str,
}

const fn class(
    option: (&'static str, &'static str),
    kind: &'static str,
    programs: &'static [&'static str],
    (effect, follows): (&'static str, Follows),
) -> Use {
    Use {
        option,
        programs,
        effect,
        follows,
        kind,
        naming: Naming::Path,
        message: "",
    }
}

const fn transport(group: &'static str) -> Use {
    Use {
        option: (group, "transport_url"),
        programs: EVERY,
        effect: "every service that uses the message bus ends with an error when it starts",
        follows: Follows::NoService,
        kind: "messaging_transports",
        naming: Naming::Scheme,
        message: "Failed to load transport driver \"{}\": No 'oslo.messaging.drivers' driver found, looking for '{}'",
    }
}

const fn rpc(name: &'static str, effect: &'static str) -> Use {
    Use {
        option: ("upgrade_levels", name),
        programs: EVERY,
        effect,
        follows: Follows::NoRequests,
        kind: "rpc_versions",
        naming: Naming::RpcVersion,
        message: "invalid literal for int() with base 10: '{}'",
    }
}

/// Every service that speaks to others over the message bus.
const EVERY: &[&str] = &["nova-compute", "nova-conductor", "nova-scheduler", "nova-api"];
const COMPUTE: &[&str] = &["nova-compute"];
const SCHEDULER: &[&str] = &["nova-scheduler"];
const NO_COMPUTE: (&str, Follows) = ("nova-compute does not start", Follows::NoService);
const NO_SCHEDULER: (&str, Follows) = ("nova-scheduler does not start", Follows::NoService);
const NO_KEYS: (&str, Follows) = ("every request about an encrypted volume fails", Follows::NoRequests);

/// The modules of `nova.virt` that hold no driver.
const OTHER_MODULES: [&str; 13] = [
    "block_device",
    "configdrive",
    "driver",
    "event",
    "firewall",
    "hardware",
    "imagecache",
    "images",
    "netutils",
    "node",
    "osinfo",
    "storage_users",
    "virtapi",
];

/// Filters are not here: what the scheduler makes of them depends on more than one option.
static USES: &[Use] = &[
    Use {
        option: ("DEFAULT", "compute_driver"),
        programs: COMPUTE,
        effect: NO_COMPUTE.0,
        follows: NO_COMPUTE.1,
        kind: "compute_drivers",
        naming: Naming::Driver,
        message: "Unable to load the virtualization driver",
    },
    class(("DEFAULT", "firewall_driver"), "firewall_drivers", COMPUTE, NO_COMPUTE),
    transport("DEFAULT"),
    class(
        ("filter_scheduler", "weight_classes"),
        "weighers",
        SCHEDULER,
        NO_SCHEDULER,
    ),
    class(("key_manager", "api_class"), "key_managers", COMPUTE, NO_KEYS),
    class(("key_manager", "backend"), "key_managers", COMPUTE, NO_KEYS),
    Use {
        option: ("key_manager", "backend"),
        programs: COMPUTE,
        effect: NO_KEYS.0,
        follows: NO_KEYS.1,
        kind: "key_manager_backends",
        naming: Naming::EntryPoint,
        message: "{} is not a stevedore based driver, trying to load it as a class",
    },
    Use {
        option: ("oslo_messaging_notifications", "driver"),
        programs: EVERY,
        effect: "nova sends no notifications by it",
        follows: Follows::Without,
        kind: "notification_drivers",
        naming: Naming::EntryPoint,
        message: "Could not load {}",
    },
    transport("oslo_messaging_notifications"),
    Use {
        option: ("scheduler", "driver"),
        programs: SCHEDULER,
        effect: NO_SCHEDULER.0,
        follows: NO_SCHEDULER.1,
        kind: "scheduler_drivers",
        naming: Naming::EntryPoint,
        message: "No 'nova.scheduler.driver' driver found, looking for '{}'",
    },
    rpc("cells", "every call to nova-cells fails"),
    rpc("cert", "every call to nova-cert fails"),
    rpc("compute", "every call to nova-compute fails"),
    rpc("conductor", "every call to nova-conductor fails"),
    rpc("console", "every call to nova-console fails"),
    rpc("consoleauth", "every call to nova-consoleauth fails"),
    rpc("network", "every call to nova-network fails"),
    rpc("scheduler", "every call to nova-scheduler fails"),
    class(
        ("xenserver", "image_upload_handler"),
        "xenapi_image_handlers",
        COMPUTE,
        NO_COMPUTE,
    ),
    class(("xenserver", "vif_driver"), "xenapi_vif_drivers", COMPUTE, NO_COMPUTE),
];

/// Every option whose value names code, filters aside; one may come twice.
pub fn options() -> impl Iterator<Item = (&'static str, &'static str)> {
    USES.iter().map(|known| known.option)
}

/// In which ways the value of `name` in `group` names code.
pub fn of_option<'n>(group: &'n str, name: &'n str) -> impl Iterator<Item = &'static Use> + 'n {
    USES.iter().filter(move |known| known.option == (group, name))
}

impl Use {
    /// What of an item of the value names code.
    #[must_use]
    pub fn named<'i>(&self, item: &'i str) -> &'i str {
        match self.naming {
            Naming::Scheme => item.split_once(':').map_or("", |(scheme, _)| scheme),
            _ => item,
        }
    }

    /// Whether `release` has what `name` names; `None` where it may be somebody else's.
    #[must_use]
    pub fn has(&self, name: &str, release: Release) -> Option<bool> {
        if name.is_empty() {
            return None;
        }
        match self.naming {
            Naming::Path => has_path(self.kind, name, release),
            Naming::Driver => self.has_driver(name, release),
            Naming::EntryPoint | Naming::Scheme => some_has(of_kind(self.kind).filter(|row| row.name == name), release),
            Naming::RpcVersion => Some(self.has_version(name, release)),
        }
    }

    /// A driver lies below `nova.virt` wherever it comes from; a package of nova's is nova's own.
    fn has_driver(&self, name: &str, release: Release) -> Option<bool> {
        if of_kind(self.kind).any(|row| row.name == name && row.covers(release)) {
            return Some(true);
        }
        let Some((module, _)) = name.rsplit_once('.') else {
            return Some(false);
        };
        let is_novas =
            of_kind(self.kind).any(|row| row.name.rsplit_once('.').is_some_and(|(known, _)| known == module));
        let is_other = OTHER_MODULES.contains(&module);
        let is_name = |part: &str| {
            let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
            part.bytes().all(is_sign) && part.bytes().next().is_some_and(|first| !first.is_ascii_digit())
        };
        let is_no_path = !name.split('.').all(is_name);
        (is_novas || is_other || is_no_path || module.starts_with("nova.virt.")).then_some(false)
    }

    /// `auto` is taken for nova-compute alone.
    fn has_version(&self, word: &str, release: Release) -> bool {
        let service = self.option.1;
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        (word == "auto" && service == "compute")
            || word.split('.').all(is_number)
            || self.spans(word).any(|row| row.covers(release))
    }

    /// The spans of releases that have what `name` names.
    fn spans<'n>(&self, name: &'n str) -> impl Iterator<Item = &'static Row> + use<'n> {
        let (naming, service) = (self.naming, self.option.1);
        of_kind(self.kind).filter(move |row| match naming {
            Naming::Path => name
                .strip_suffix(row.name)
                .is_some_and(|module| module.strip_suffix('.') == Some(row.module)),
            Naming::RpcVersion => row.name.split_once('/') == Some((service, name)),
            _ => row.name == name,
        })
    }

    /// The first and the last release that have it; the last is `None` where the newest does.
    #[must_use]
    pub fn span(&self, name: &str) -> Option<(Release, Option<Release>)> {
        let first = self.spans(name).map(|row| row.since).min()?;
        let last = self.spans(name).max_by_key(|row| row.since)?.until;
        Some((first, last))
    }

    /// What `release` has, as values name it.
    pub fn names(&self, release: Release) -> impl Iterator<Item = String> + use<> {
        let (naming, service) = (self.naming, self.option.1);
        let rows = of_kind(self.kind).filter(move |row| row.covers(release));
        rows.filter_map(move |row| match naming {
            Naming::Path => Some(format!("{}.{}", row.module, row.name)),
            Naming::RpcVersion => {
                let word = row.name.strip_prefix(service)?.strip_prefix('/')?;
                Some(word.to_owned())
            }
            _ => Some(row.name.to_owned()),
        })
    }

    /// What nova, or Python, says where `release` does not have it.
    #[must_use]
    pub fn message(&self, name: &str, release: Release) -> String {
        if !self.message.is_empty() {
            return self.message.replace("{}", name);
        }
        let (module, class) = name.rsplit_once('.').unwrap_or(("", name));
        if of_kind(self.kind).any(|row| row.module == module && row.covers(release)) {
            format!("Class {class} cannot be found")
        } else {
            format!("No module named '{module}'")
        }
    }
}

/// Whether `release` has the class at `path`; `None` where no module of nova's with such classes has that name.
pub(super) fn has_path(kind: &str, path: &str, release: Release) -> Option<bool> {
    let (module, class) = path.rsplit_once('.')?;
    some_has(of_kind(kind).filter(|row| row.module == module), release)?;
    let has = of_kind(kind).any(|row| row.module == module && row.name == class && row.covers(release));
    Some(has)
}

/// The classes at `path`, one for each span of releases.
pub(super) fn of_path<'p>(kind: &'p str, path: &'p str) -> impl Iterator<Item = &'static Row> + 'p {
    let parts = path.rsplit_once('.');
    of_kind(kind).filter(move |row| Some((row.module, row.name)) == parts)
}

/// Whether one of `spans` has the release; `None` where there is no span.
fn some_has(spans: impl Iterator<Item = &'static Row>, release: Release) -> Option<bool> {
    spans.map(|row| row.covers(release)).reduce(|one, other| one || other)
}

#[cfg(test)]
pub(super) fn is_used(kind: &str) -> bool {
    USES.iter().any(|known| known.kind == kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::option;

    fn has(group: &str, name: &str, item: &str, number: u32) -> Option<bool> {
        let release = Release::from_number(number).unwrap();
        let verdicts = of_option(group, name).map(|known| known.has(known.named(item), release));
        verdicts.reduce(|one, other| if other == Some(true) { other } else { one.or(other) })?
    }

    #[test]
    fn every_option_is_one_of_some_release() {
        for known in USES {
            let (group, name) = known.option;
            let is_there = Release::all().any(|release| option(group, name, release).is_some());
            assert!(is_there, "[{group}] {name}");
            assert!(of_kind(known.kind).next().is_some(), "{}", known.kind);
        }
    }

    #[test]
    fn what_is_gone_or_not_there_yet_is_missing_and_what_may_be_another_s_is_not_judged() {
        let weighers = ("filter_scheduler", "weight_classes");
        for (item, number, wanted) in [
            ("nova.scheduler.weights.all_weighers", 34, None),
            ("nova.scheduler.weights.ram.RAMWeigher", 34, Some(true)),
            ("nova.scheduler.weights.ram.RAMWeigher9", 34, Some(false)),
            ("nova.scheduler.weights.cpu.CPUWeigher", 17, Some(false)),
            ("mine.weights.Weigher", 34, None),
        ] {
            assert_eq!(has(weighers.0, weighers.1, item, number), wanted, "{item} in {number}");
        }
        for (item, number, wanted) in [
            ("libvirt.LibvirtDriver", 34, Some(true)),
            ("libvirt.driver.LibvirtDriver", 15, Some(true)),
            ("nova.virt.libvirt.LibvirtDriver", 34, Some(false)),
            ("LibvirtDriver", 34, Some(false)),
            ("xenapi.XenAPIDriver", 21, Some(true)),
            ("xenapi.XenAPIDriver", 22, Some(false)),
            ("virtapi.VirtAPI", 34, Some(false)),
            ("192.0.2.1", 34, Some(false)),
            ("libvirt.driver.", 34, Some(false)),
            ("lxd.LXDDriver", 34, None),
        ] {
            assert_eq!(
                has("DEFAULT", "compute_driver", item, number),
                wanted,
                "{item} in {number}"
            );
        }
    }

    #[test]
    fn a_transport_is_known_by_the_scheme_of_its_url() {
        let of = |url, number| has("DEFAULT", "transport_url", url, number);
        assert_eq!(of("rabbit://u:p@h/", 34), Some(true));
        assert_eq!(of("amqp://u:p@h/", 30), Some(true));
        assert_eq!(of("amqp://u:p@h/", 31), Some(false));
        assert_eq!(of("zmq://", 19), Some(false));
        assert_eq!(of("mine://h/", 34), None);
        assert_eq!(of("", 34), None);
    }

    #[test]
    fn rpc_versions_are_numbers_or_words_of_their_service() {
        for (name, item, number, wanted) in [
            ("compute", "auto", 34, true),
            ("conductor", "auto", 34, false),
            ("compute", "6.0", 34, true),
            ("compute", "yoga", 25, true),
            ("compute", "yoga", 24, false),
            ("compute", "Yoga", 25, false),
            ("scheduler", "yoga", 25, false),
        ] {
            let found = has("upgrade_levels", name, item, number);
            assert_eq!(found, Some(wanted), "{name} = {item} in {number}");
        }
    }

    #[test]
    fn a_key_manager_is_a_backend_or_a_class() {
        let of = |item| has("key_manager", "backend", item, 34);
        assert_eq!(of("barbican"), Some(true));
        assert_eq!(of("nova.keymgr.conf_key_mgr.ConfKeyManager"), Some(true));
        assert_eq!(
            of("castellan.key_manager.barbican_key_manager.BarbicanKeyManager"),
            None
        );
    }
}
