//! Types of mediated devices and the addresses that their groups name (`_get_supported_vgpu_types` of
//! `nova/virt/libvirt/driver.py`, `register_dynamic_opts` of `nova/conf/devices.py`).

use std::collections::HashSet;

use super::judged::Judged;
use crate::catalog::Release;

/// What is wrong, by what is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MdevFault {
    /// An address is none.
    Address,
    /// An address is there twice.
    Twice,
    /// `mdev_class` is none.
    Class,
}

/// A type and what its group says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MdevType {
    /// As the list has it.
    pub name: String,
    /// `device_addresses`.
    pub addresses: Vec<String>,
    /// `mdev_class`, where the group sets it.
    pub class: Option<String>,
}

/// Whether nova-compute of `release` takes the `types`, in their order.
#[must_use]
pub fn judge(types: &[MdevType], release: Release) -> Judged<MdevFault> {
    let number = release.number();
    // Before Victoria the groups are not there yet when the types are looked at.
    let is_looked_at = number >= 29 || (number >= 22 && types.len() > 1);
    if is_looked_at {
        match addresses(types, release) {
            Judged::Taken => {}
            other => return other,
        }
    }
    let mut classes = types.iter().filter_map(|kind| kind.class.as_deref());
    match classes.find(|class| number >= 24 && !is_class(class)) {
        Some(class) => class_wrong(class),
        None => Judged::Taken,
    }
}

fn addresses(types: &[MdevType], release: Release) -> Judged<MdevFault> {
    let number = release.number();
    let mut seen: HashSet<&str> = HashSet::new();
    for kind in types {
        if kind.addresses.is_empty() && number < 29 {
            return Judged::Taken;
        }
        if let Some(class) = kind.class.as_deref().filter(|class| number >= 24 && !is_class(class)) {
            return class_wrong(class);
        }
        for address in &kind.addresses {
            if seen.contains(&**address) {
                return invalid(
                    release,
                    MdevFault::Twice,
                    &format!("duplicate types for PCI ID {address}"),
                );
            }
            if !is_address(address) {
                // From Hibiscus on it may be a device below /sys/devices/virtual.
                return match number {
                    34.. if !address.contains(':') || address.contains('/') => Judged::Open,
                    34.. => invalid(
                        release,
                        MdevFault::Address,
                        &format!("incorrect device address: {address}"),
                    ),
                    _ => invalid(
                        release,
                        MdevFault::Address,
                        &format!("incorrect PCI address: {address}"),
                    ),
                };
            }
            seen.insert(address);
        }
    }
    Judged::Taken
}

/// The types that nova-compute of `release` does not use though it takes them, and its warning about the first of them.
#[must_use]
pub fn unused(types: &[MdevType], release: Release) -> Option<(Vec<String>, String)> {
    let (first, others) = types.split_first().filter(|(_, others)| !others.is_empty())?;
    let names = |types: &[MdevType]| types.iter().map(|kind| kind.name.clone()).collect();
    let mut lacking = types.iter().filter(|kind| kind.addresses.is_empty());
    match release.number() {
        17..=20 => {
            let warning = "libvirt only supports one GPU type per compute node, only first type will be used.";
            Some((names(others), warning.to_owned()))
        }
        number @ 22..=28 => {
            let (kind, name, first) = (
                if number < 24 { "vgpu" } else { "mdev" },
                &lacking.next()?.name,
                &first.name,
            );
            let warning = format!(
                "The {} type '{name}' was listed in '[devices] enabled_{kind}_types' but no corresponding '[{kind}_{name}]' \
                 group or '[{kind}_{name}] device_addresses' option was defined. Only the first type '{first}' will be \
                 used.",
                if number < 24 { "vGPU" } else { "mdev" },
            );
            Some((names(others), warning))
        }
        29.. => {
            let default = &lacking.next()?.name;
            let unused: Vec<String> = lacking.map(|kind| kind.name.clone()).collect();
            let name = unused.first()?;
            let warning = format!("Mdev type default already set to  {default} so {name} will not be used.");
            Some((unused, warning))
        }
        _ => None,
    }
}

/// `domain:bus:slot.function`, with any one character for the point, as nova's pattern has it.
fn is_address(text: &str) -> bool {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let is_hex = |c: char| c.is_ascii_hexdigit() || (!c.is_ascii() && c.is_numeric());
    let is_right = |(place, c): (usize, char)| match place {
        4 | 7 => c == ':',
        10 => c != '\n',
        11 => ('0'..='7').contains(&c),
        _ => is_hex(c),
    };
    text.chars().count() == 12 && text.chars().enumerate().all(is_right)
}

fn is_class(text: &str) -> bool {
    let is_custom = |name: &str| {
        let is_known = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        !name.is_empty() && name.chars().all(is_known)
    };
    text.len() <= 255 && (text == "VGPU" || text.strip_prefix("CUSTOM_").is_some_and(is_custom))
}

fn class_wrong(class: &str) -> Judged<MdevFault> {
    let why = if class.len() > 255 {
        format!("Value '{class}' exceeds maximum length 255")
    } else {
        format!("Value '{class}' doesn't match regex '^(VGPU|CUSTOM_[A-Z0-9_]+)$'")
    };
    Judged::Refused(MdevFault::Class, why)
}

fn invalid(release: Release, fault: MdevFault, reason: &str) -> Judged<MdevFault> {
    let devices = if release.number() < 24 {
        "GPU devices"
    } else {
        "mdev-capable devices"
    };
    Judged::Refused(fault, format!("Invalid configuration for {devices}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(number: u8, types: &[&[&str]]) -> Judged<MdevFault> {
        let release = Release::all().find(|release| release.number() == number).unwrap();
        let of_one = |addresses: &&[&str]| MdevType {
            addresses: addresses.iter().map(|&address| address.to_owned()).collect(),
            ..MdevType::default()
        };
        judge(&types.iter().map(of_one).collect::<Vec<_>>(), release)
    }

    fn refused(fault: MdevFault, words: &str) -> Judged<MdevFault> {
        Judged::Refused(fault, words.to_owned())
    }

    #[test]
    fn addresses_are_judged_where_nova_looks_at_them() {
        let wrong: &[&str] = &["84:00"];
        let fine: &[&str] = &["0000:84:00.0"];
        let message = "Invalid configuration for mdev-capable devices: incorrect PCI address: 84:00";
        assert_eq!(judged(28, &[wrong]), Judged::Taken);
        assert_eq!(judged(31, &[wrong]), refused(MdevFault::Address, message));
        assert_eq!(judged(28, &[fine, wrong]), refused(MdevFault::Address, message));
        assert_eq!(judged(28, &[&[], wrong]), Judged::Taken);
        assert_eq!(judged(29, &[&[], wrong]), refused(MdevFault::Address, message));
        assert_eq!(judged(21, &[fine, wrong]), Judged::Taken);
        assert_eq!(judged(34, &[&["mtty_mtty"]]), Judged::Open);
        assert_eq!(
            judged(23, &[fine, fine]),
            refused(
                MdevFault::Twice,
                "Invalid configuration for GPU devices: duplicate types for PCI ID 0000:84:00.0"
            )
        );
    }

    #[test]
    fn types_without_addresses_are_not_used() {
        let types = |addresses: [bool; 3]| {
            let of_one = |(name, has_one): (&str, bool)| MdevType {
                name: name.to_owned(),
                addresses: has_one.then(|| format!("0000:8{name}:00.0")).into_iter().collect(),
                class: None,
            };
            ["4", "5", "6"]
                .into_iter()
                .zip(addresses)
                .map(of_one)
                .collect::<Vec<_>>()
        };
        let of = |number, addresses| {
            let release = Release::all().find(|release| release.number() == number).unwrap();
            unused(&types(addresses), release).map(|(names, _)| names.join(","))
        };
        for (number, addresses, names) in [
            (19, [true, true, true], Some("5,6")),
            (21, [false, false, false], None),
            (28, [true, true, true], None),
            (28, [true, true, false], Some("5,6")),
            (29, [true, false, true], None),
            (34, [false, true, false], Some("6")),
        ] {
            assert_eq!(of(number, addresses).as_deref(), names, "{number} {addresses:?}");
        }
    }

    #[test]
    fn classes_are_names_of_resource_classes() {
        let of_class = |class: &str, number| {
            let release = Release::all().find(|release| release.number() == number).unwrap();
            let kind = MdevType {
                class: Some(class.to_owned()),
                ..MdevType::default()
            };
            judge(&[kind], release)
        };
        assert_eq!(of_class("CUSTOM_A1", 24), Judged::Taken);
        assert_eq!(of_class("MDEV", 23), Judged::Taken);
        assert!(matches!(of_class("CUSTOM_a", 24), Judged::Refused(MdevFault::Class, _)));
    }
}
