//! What `$name` stands for, as oslo.config finds it (`StrSubWrapper` and `_get_opt_info` in `oslo_config/cfg.py`).
//!
//! It also says which references lead nowhere. Their syntax is up to [`crate::oslo::substitution`].

use std::collections::{HashMap, HashSet};

use super::{Setting, View, Walk, printed};
use crate::catalog::outside::{self, Hints, Outside};
use crate::catalog::{self, Release, Via, spelling};
use crate::oslo::names::normal_group;
use crate::oslo::substitution::{self, Reference};
use crate::oslo::value;

impl View<'_> {
    /// The text a reference in a value of `group` stands for; `None` where it leads nowhere.
    pub(super) fn referenced(&self, group: &str, reference: &Reference, walk: Walk<'_>) -> Option<String> {
        let deeper = walk.deeper()?;
        let setting = self.meant_by(group, reference)?;
        let Some(text) = self.text_within(&setting, deeper).ok()? else {
            return Some(String::new());
        };
        // The value is read by its type and printed by Python before it is put in.
        let kind = setting.facts.option_type();
        let text = printed(&value::check(kind, &text, self.profile()).ok()?);
        walk.spend(text.len()).map(|()| text)
    }

    /// Whether `raw`, as a value of an option in `group`, leads by references to a default that differs from host to host.
    #[must_use]
    pub fn depends_on_host(&self, group: &str, raw: &str) -> bool {
        if !raw.contains('$') {
            return false; // Nearly every value.
        }
        // Each name once: a value may hold it a million times, or lead back to itself.
        let mut asked: HashSet<(String, String)> = HashSet::new();
        let mut waiting = vec![(group.to_owned(), raw.to_owned())];
        while let Some((group, raw)) = waiting.pop() {
            for reference in substitution::references(&raw) {
                if !asked.insert((group.clone(), reference.name.clone())) {
                    continue;
                }
                let Some(setting) = self.meant_by(&group, &reference) else {
                    continue;
                };
                let text = match setting.winner() {
                    Some(site) => Some(self.stack.value(site).into_owned()),
                    None if setting.facts.is_host_dependent() => return true,
                    None => setting.facts.default_text().map(str::to_owned),
                };
                waiting.extend(text.map(|text| (setting.facts.group().to_owned(), text)));
            }
        }
        false
    }

    /// The option that `reference` in a value of `group` leads to: in the group it names, else in `group`, else in
    /// `[DEFAULT]`.
    fn meant_by(&self, group: &str, reference: &Reference) -> Option<Setting> {
        match reference.target() {
            (Some(named), _) if !is_group_name(named) => None,
            (Some(named), name) => self.referred_to(named, name),
            (None, name) => self
                .referred_to(group, name)
                .or_else(|| self.referred_to("DEFAULT", name)),
        }
    }

    /// The option that a reference to `name` in `group` means.
    ///
    /// An old name leads to its option, but oslo.config then looks for the current name in the group of the *old* one, so
    /// that a value which stands where it should is passed over for the default.
    fn referred_to(&self, group: &str, name: &str) -> Option<Setting> {
        let named = catalog::by_any_name(group, name, self.release)?;
        match named.via {
            Via::Current => Some(self.setting_of(named.option)),
            Via::Deprecated => Some(self.setting_in(group, named.option, false)),
        }
    }
}

/// Whether oslo.config finds the group of this name: a reference must name it as it is registered, and `DEFAULT` is none.
fn is_group_name(name: &str) -> bool {
    name != "DEFAULT" && *normal_group(name) == *name
}

/// Where a reference leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceTarget {
    /// To an option, or to one that no list holds but nova has.
    Option,
    /// To the option whose value it stands in.
    Itself,
    /// To no option: reading the value fails.
    Nowhere,
}

/// Every reference in `value`, a value of the option `own` (group and name), that leads anywhere but to another option.
#[must_use]
pub fn stray(own: (&str, &str), value: &str, release: Release) -> Vec<(Reference, ReferenceTarget)> {
    // A value may hold one reference a million times.
    let mut known: HashMap<String, ReferenceTarget> = HashMap::new();
    let mut found = Vec::new();
    for reference in substitution::references(value) {
        let target = match known.get(&reference.name) {
            Some(target) => *target,
            None => target(own, &reference.name, release),
        };
        known.entry(reference.name.clone()).or_insert(target);
        if target != ReferenceTarget::Option {
            found.push((reference, target));
        }
    }
    found
}

/// Where `name` leads in a value of the option `own`; with a dot it is `group.name`.
#[must_use]
pub fn target(own: (&str, &str), name: &str, release: Release) -> ReferenceTarget {
    let places: &[(&str, &str)] = match name.split_once('.') {
        Some((group, _)) if !is_group_name(group) => &[],
        Some(asked) => &[asked],
        None => &[(own.0, name), ("DEFAULT", name)],
    };
    match places.iter().find(|(group, name)| is_found(group, name, release)) {
        Some(&found) if found == own => ReferenceTarget::Itself,
        Some(_) => ReferenceTarget::Option,
        None => ReferenceTarget::Nowhere,
    }
}

fn is_found(group: &str, name: &str, release: Release) -> bool {
    let is_other = |why: Outside| matches!(why, Outside::OtherService | Outside::Paste);
    catalog::by_any_name(group, name, release).is_some()
        || outside::recognise(group, name, &Hints::default(), release).is_some_and(|why| !is_other(why))
}

/// The reference that was plainly meant by one that leads nowhere in a value of `own`: `${my_ip}.` by `$my_ip.`,
/// `${my_ip}` by `$MY_IP` or `${DEFAULT.my_ip}`.
#[must_use]
pub fn meant(own: (&str, &str), reference: &Reference, release: Release) -> Option<String> {
    let leads = |name: &str| target(own, name, release) == ReferenceTarget::Option;
    let is_own = |name: &str| is_found(own.0, name, release);
    spelling::reference_meant((&reference.name, reference.braced), leads, is_own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_the_same_group_then_to_default() {
        let leads = |group, name| target((group, "host"), name, Release::STEIN);
        for (group, name) in [
            ("vnc", "my_ip"),
            ("vnc", "server_listen"),
            ("DEFAULT", "vnc.server_listen"),
            ("DEFAULT", "config_dir"),
            ("keystone_authtoken", "username"),
            ("DEFAULT", "keystone_authtoken.username"),
            ("DEFAULT", "pybasedir"),
            ("DEFAULT", "sql_connection"),
            ("vnc", "host"),
        ] {
            assert_eq!(leads(group, name), ReferenceTarget::Option, "{name}");
        }
        for name in [
            "server_listen",
            "my_ip.",
            "my_ip.x",
            "MY_IP",
            "nothing",
            "nova.my_ip",
            "DEFAULT.my_ip",
            "VNC.server_listen",
            ".",
        ] {
            assert_eq!(leads("DEFAULT", name), ReferenceTarget::Nowhere, "{name}");
        }
        assert_eq!(leads("DEFAULT", "host"), ReferenceTarget::Itself);
    }
}
