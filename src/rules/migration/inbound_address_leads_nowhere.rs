//! An address for incoming migrations under which no other host reaches this one.
//!
//! It judges the text alone: whether this host has the address, or a name resolves, `novamend probe` tells.

use std::net::{IpAddr, Ipv6Addr};

use crate::lint::{Context, Effect, Finding, Rule, Severity};
use crate::nova::migration::settings::{INBOUND, LIBVIRT};
use crate::oslo::stack::Site;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "inbound-address-leads-nowhere",
    severity: Severity::Error,
    effect: Effect::StopsWork,
    summary: "sources are sent to an address that leads back to themselves, or nowhere",
    doc: include_str!("../../../docs/rules/inbound-address-leads-nowhere.md"),
    check,
    yields_to: &[],
};

/// Names that every host has for itself.
const OWN_NAMES: [&str; 8] = [
    "localhost",
    "localhost.localdomain",
    "localhost4",
    "localhost4.localdomain4",
    "localhost6",
    "localhost6.localdomain6",
    "ip6-localhost",
    "ip6-loopback",
];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.sets(INBOUND) {
        return;
    }
    let Some(setting) = context.to.setting(LIBVIRT, INBOUND) else {
        return;
    };
    let raw = setting.winner().map(|site| context.stack.value(site));
    if raw.is_none_or(|raw| context.to.depends_on_host(LIBVIRT, &raw)) {
        return;
    }
    let Some(address) = context.to.word(LIBVIRT, INBOUND) else {
        return;
    };
    let Some(what) = leads_nowhere(&address) else {
        return;
    };
    let message = format!("no guest can migrate to this host: `{INBOUND}` is {what}");
    let mut finding = context
        .about(&RULE, INBOUND, message)
        .with_reason(
            "the source of a migration connects to the address that the destination's nova.conf sets, for libvirt and \
             for the guest's memory; this one leads the source to itself, or to nobody",
        )
        .with_help(format!(
            "write the address by which the other hosts reach this one, or remove `{INBOUND}`: they then use the \
             host's name"
        ));
    if let Some(Site::File(place)) = setting.winner()
        && context.stack.value(Site::File(place)).contains("my_ip")
    {
        finding = context.along_with(finding, ("DEFAULT", "my_ip"), "the address comes from here");
    }
    findings.push(finding);
}

/// What is wrong with an address that only leads back to whoever connects to it; none where it may be right.
fn leads_nowhere(address: &str) -> Option<&'static str> {
    let plain = address.trim_start_matches('[').trim_end_matches(']');
    let plain = plain.split('%').next().unwrap_or_default();
    if let Ok(ip) = plain.parse::<IpAddr>() {
        return of_ip(ip);
    }
    let name = address.trim_end_matches('.').to_lowercase();
    if address.is_empty() {
        return Some("empty, and so leads to the source itself");
    }
    let is_own = OWN_NAMES.contains(&name.as_str()) || name.ends_with(".localhost");
    is_own.then_some("the name that every host has for itself")
}

fn of_ip(ip: IpAddr) -> Option<&'static str> {
    let ip = match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(ip, IpAddr::V4),
        IpAddr::V4(_) => ip,
    };
    let is_broadcast = matches!(ip, IpAddr::V4(v4) if v4.is_broadcast());
    if ip.is_loopback() || ip == IpAddr::V6(Ipv6Addr::LOCALHOST) {
        Some("a loopback address, which leads every host to itself")
    } else if ip.is_unspecified() {
        Some("the wildcard address: a host can listen on it, but no other can connect to it")
    } else if ip.is_multicast() || is_broadcast {
        Some("a multicast or broadcast address, to which no connection can be made")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Release;
    use crate::lint::Settings;
    use crate::oslo::Document;
    use crate::oslo::stack::Stack;
    use crate::text::Source;

    /// How many findings `text` gives.
    fn count(text: &str) -> usize {
        let stack = Stack::of(Document::parse(Source::new("nova.conf", text.as_bytes().to_vec())));
        let settings = Settings::default();
        let mut findings = Vec::new();
        let train = Release::from_number(20).unwrap();
        check(&Context::new(&stack, train, train, &settings), &mut findings);
        findings.len()
    }

    #[test]
    fn an_address_that_only_the_host_knows_is_not_judged() {
        let refers = "[libvirt]\nlive_migration_inbound_addr = $my_ip\n";
        assert_eq!(count(refers), 0);
        assert_eq!(count(&format!("[DEFAULT]\nmy_ip = ::1\n{refers}")), 1);
    }

    #[test]
    fn an_address_that_only_leads_back_is_told_from_one_that_may_be_right() {
        for address in [
            "127.0.0.1",
            "127.0.1.1",
            "0.0.0.0",
            "::",
            "::1",
            "[::1]",
            "::ffff:127.0.0.1",
            "localhost",
            "LocalHost.",
            "db.localhost",
            "ip6-localhost",
            "224.0.0.1",
            "ff02::1",
            "255.255.255.255",
            "",
        ] {
            assert!(leads_nowhere(address).is_some(), "{address}");
        }
        for address in [
            "192.0.2.6",
            "10.0.0.1",
            "2001:db8::1",
            "[2001:db8::1]",
            "fe80::1%eth0",
            "compute-1.example.org",
            "localhost.example.org",
            "mylocalhost",
            "128.0.0.1",
        ] {
            assert_eq!(leads_nowhere(address), None, "{address}");
        }
    }
}
