//! The lines of `probe` about the way to this host: addresses, ports and certificates.
//!
//! It opens nothing.

use std::fs;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use novamend::catalog::Release;

use super::super::address::Address;
use super::super::certificates::Certificates;
use super::super::versions::in_clear;
use super::{Host, HostRequirements, Line, Status, line};
use crate::shown;

/// How long the resolver may take to tell this host's full name.
const RESOLVER: Duration = Duration::from_millis(250);

/// All lines about the way.
pub(super) fn lines(host: &Host, release: Release, asked: &HostRequirements) -> Vec<Line> {
    let mut lines = Vec::new();
    if asked.tls {
        lines.push(match in_clear(release, host.libvirt, host.qemu) {
            Some((why, remedy)) => line("tls", Status::Fails, why, remedy),
            None => certificates(host, asked),
        });
    }
    if asked.is_by_tls() {
        lines.push(own_certificates(host, asked));
    }
    lines.push(address(host, asked));
    lines.extend(ports(host));
    lines
}

/// A certificate that ends sooner than this is worth a word.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

fn certificates(host: &Host, asked: &HostRequirements) -> Line {
    let Some(found) = &host.certificates else {
        return line(
            "tls",
            Status::NotKnown,
            "only root can read the certificates",
            "run probe as root",
        );
    };
    if let Some(complaint) = found.complaint() {
        let why = format!("native TLS is configured, but {complaint}");
        return line("tls", Status::Fails, why, &found.remedy(&host.qemu_user));
    }
    let name = host.address(asked.address.as_deref(), RESOLVER);
    let readers = format!("can be read by {}", host.qemu_user.user);
    judged(
        "tls",
        found,
        name.text(),
        &host.tls.directory.display().to_string(),
        &readers,
    )
}

fn own_certificates(host: &Host, asked: &HostRequirements) -> Line {
    let about = "libvirt-tls";
    let Some(found) = &host.own_certificates else {
        return line(
            about,
            Status::NotKnown,
            "only root can read libvirt's own certificates",
            "run probe as root",
        );
    };
    if let Some(complaint) = found.complaint() {
        let why = format!("the libvirt daemons connect over TLS, but {complaint}");
        return line(about, Status::Fails, why, "put libvirt's own certificates there");
    }
    let name = asked.address.clone().or_else(|| asked.host.clone());
    let name = name.unwrap_or_else(|| rustix::system::uname().nodename().to_string_lossy().into_owned());
    judged(about, found, &name, "/etc/pki", "are libvirt's own")
}

/// Certificates that are there and valid: by their names, and by when they end.
fn judged(about: &'static str, found: &Certificates, asked: &str, place: &str, what: &str) -> Line {
    if let Some(complaint) = found.misnamed(asked) {
        let remedy = format!("issue the certificate for {asked}, or point sources to a name that it is for");
        return line(about, Status::Fails, complaint, &remedy);
    }
    match &found.first_to_end {
        Some((path, until)) if until.duration_since(Timestamp::now()) < SOON => {
            let why = format!("{} expires on {until}", path.display());
            line(about, Status::Warning, why, "renew it")
        }
        Some((_, until)) => {
            let why = format!("the certificates in {place} {what}; all are valid until {until}");
            line(about, Status::Ok, why, "")
        }
        None => line(
            about,
            Status::NotKnown,
            format!("no certificate was found in {place}"),
            "",
        ),
    }
}

fn address(host: &Host, asked: &HostRequirements) -> Line {
    let address = host.address(asked.address.as_deref(), RESOLVER);
    let to = match &address {
        Address::Nova(address) => format!("sources connect to {address} (`live_migration_inbound_addr`)"),
        Address::Libvirt(name) => {
            format!("sources connect to {name} (`migration_host` in qemu.conf; they must be able to resolve it)")
        }
        Address::Name(name) => format!("sources connect to {name} (this host's name; they must be able to resolve it)"),
    };
    if address.is_refused() {
        let why = format!("{to}; libvirt refuses it, so every live migration to this host fails");
        let remedy = "set live_migration_inbound_addr, or give this host a name";
        return line("address", Status::Fails, why, remedy);
    }
    if let (Address::Nova(_), Some(reach)) = (&address, &host.reach)
        && let Some(complaint) = reach.complaint()
    {
        let remedy = "set live_migration_inbound_addr to an address of this host that the sources can reach";
        return if reach.is_certain() {
            let why = format!("{to}, {complaint}: every live migration to this host fails");
            line("address", Status::Fails, why, remedy)
        } else {
            line("address", Status::Warning, format!("{to}, {complaint}"), remedy)
        };
    }
    if let Some(fault) = host.qemu_conf.fault() {
        let fault = shown::chain(fault);
        let why = format!("{to}; {fault}; the ports are 49152-49215 unless it names others");
        return line("address", Status::NotKnown, why, "");
    }
    let (least, most) = host.qemu_conf.migration_ports();
    line("address", Status::Ok, format!("{to}, ports {least}-{most}"), "")
}

/// Ports that the kernel may hand to any program before QEMU asks for them; nothing where that cannot happen.
fn ports(host: &Host) -> Option<Line> {
    let read = |name: &str| fs::read_to_string(format!("/proc/sys/net/ipv4/{name}")).ok();
    let range = read("ip_local_port_range")?;
    let (first, last) = host.qemu_conf.migration_ports();
    let (first, last) = (u16::try_from(first).ok()?, u16::try_from(last).ok()?);
    let taken = open_to_others(
        (first, last),
        &range,
        &read("ip_local_reserved_ports").unwrap_or_default(),
    )?;
    let why = format!(
        "{taken} of the migration ports {first}-{last} are in net.ipv4.ip_local_port_range ({}): any outgoing \
         connection of this host may occupy one when a migration needs it",
        range.split_whitespace().collect::<Vec<_>>().join("-")
    );
    let remedy = format!("add {first}-{last} to net.ipv4.ip_local_reserved_ports in a file in /etc/sysctl.d");
    Some(line("ports", Status::Warning, why, &remedy))
}

/// How many ports of a range the kernel hands out and does not reserve; none where it is none.
fn open_to_others((first, last): (u16, u16), range: &str, reserved: &str) -> Option<usize> {
    let mut bounds = range.split_whitespace().map(str::parse::<u16>);
    let (from, until) = (bounds.next()?.ok()?, bounds.next()?.ok()?);
    let reserved: Vec<(u16, u16)> = reserved
        .trim()
        .split(',')
        .filter_map(|part| {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            Some((from.parse().ok()?, to.parse().ok()?))
        })
        .collect();
    let is_free = |port: &u16| !reserved.iter().any(|(from, to)| (from..=to).contains(&port));
    let open = (first.max(from)..=last.min(until)).filter(is_free).count();
    (open > 0).then_some(open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_that_the_kernel_hands_out_are_counted_unless_they_are_reserved() {
        let ports = (49152, 49215);
        assert_eq!(open_to_others(ports, "32768\t60999\n", "\n"), Some(64));
        assert_eq!(open_to_others(ports, "32768 49160", ""), Some(9));
        assert_eq!(open_to_others(ports, "32768 60999", "8080,49152-49215"), None);
        assert_eq!(open_to_others(ports, "32768 60999", "49152-49200"), Some(15));
        assert_eq!(open_to_others(ports, "50000 60999", ""), None);
    }
}
