//! How fast the network is that migrations to and from this host go over: as its interface says, where it was not said.
//!
//! It reads the kernel's tables and sends nothing; an interface that does not know its speed leaves it not known.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::time::Duration;

use super::address::resolved;
use crate::speed::{Link, Speed};

/// How long the resolver may take to say where a name leads.
const RESOLVER: Duration = Duration::from_secs(2);

/// That by which `address`, which sources are given, is reached here: its network's, otherwise that of the default route.
///
/// # Errors
/// Why its speed is not known, as a clause.
pub fn find(address: Option<&str>) -> Result<Link, String> {
    let leads_to = address.and_then(|address| literal(address).or_else(|| first(address)));
    let root = Path::new("/");
    let name = interface(root, leads_to).ok_or_else(|| "no interface has a route to other hosts".to_owned())?;
    match speed(root, &name) {
        Some(speed) => Ok(Link {
            bits_per_second: speed,
            interface: Some(name),
        }),
        None => Err(format!("the interface {name} does not report its speed")),
    }
}

fn literal(address: &str) -> Option<IpAddr> {
    let inner = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.unwrap_or(address).parse().ok()
}

fn first(name: &str) -> Option<IpAddr> {
    resolved(name, RESOLVER)?
        .into_iter()
        .find(|address| !address.is_loopback())
}

/// A route: the network's address as a number, its prefix, and the interface.
struct Route {
    network: u128,
    prefix: u32,
    metric: u64,
    interface: String,
}

/// The interface of the most specific route to `address`, without one of the default route.
fn interface(root: &Path, address: Option<IpAddr>) -> Option<String> {
    // a kernel without IPv6 has no such file
    let read = |name: &str| fs::read_to_string(root.join(name)).unwrap_or_default();
    let four: Vec<Route> = read("proc/net/route").lines().filter_map(route_four).collect();
    let six: Vec<Route> = read("proc/net/ipv6_route").lines().filter_map(route_six).collect();
    match address {
        Some(IpAddr::V4(address)) => best(&four, u32::from(address).into(), 32),
        Some(IpAddr::V6(address)) => best(&six, u128::from(address), 128),
        None => best(&four, u32::from(Ipv4Addr::UNSPECIFIED).into(), 32)
            .or_else(|| best(&six, u128::from(Ipv6Addr::UNSPECIFIED), 128)),
    }
}

fn best(routes: &[Route], address: u128, width: u32) -> Option<String> {
    let leads_there = |route: &&Route| {
        let host = width - route.prefix;
        host >= width || (address >> host) == (route.network >> host)
    };
    routes
        .iter()
        .filter(leads_there)
        .min_by_key(|route| (width - route.prefix, route.metric))
        .map(|route| route.interface.clone())
}

/// The flags of a route that is up, of one that refuses, and of an address of this host.
const UP: u64 = 1;
const REFUSES: u64 = 0x200;
const LOCAL: u64 = 0x8000_0000;

/// A line of `/proc/net/route`: numbers in hexadecimal, addresses with their bytes in the order of this processor.
fn route_four(line: &str) -> Option<Route> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [interface, network, _, flags, _, _, metric, mask, ..] = fields[..] else {
        return None;
    };
    let number = |text: &str| u32::from_str_radix(text, 16).ok().map(from_memory);
    let flags = u64::from_str_radix(flags, 16).ok()?;
    let is_way = interface != "lo" && flags & UP != 0 && flags & REFUSES == 0;
    is_way.then_some(())?;
    Some(Route {
        network: number(network)?.into(),
        prefix: number(mask)?.leading_ones(),
        metric: metric.parse().ok()?,
        interface: interface.to_owned(),
    })
}

/// The address in a number that the kernel printed as this processor has it in memory.
fn from_memory(number: u32) -> u32 {
    u32::from_be_bytes(number.to_ne_bytes())
}

/// A line of `/proc/net/ipv6_route`: all numbers in hexadecimal.
fn route_six(line: &str) -> Option<Route> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [network, prefix, _, _, _, metric, _, _, flags, interface] = fields[..] else {
        return None;
    };
    let flags = u64::from_str_radix(flags, 16).ok()?;
    let is_way = interface != "lo" && flags & UP != 0 && flags & (REFUSES | LOCAL) == 0;
    is_way.then_some(())?;
    Some(Route {
        network: u128::from_str_radix(network, 16).ok()?,
        prefix: u32::from_str_radix(prefix, 16).ok()?.min(128),
        metric: u64::from_str_radix(metric, 16).ok()?,
        interface: interface.to_owned(),
    })
}

/// What the interface says of its speed, in Mbit/s; -1 or an error where it does not know.
fn speed(root: &Path, interface: &str) -> Option<Speed> {
    let said = fs::read_to_string(root.join("sys/class/net").join(interface).join("speed")).ok()?;
    let megabits: u64 = said.trim().parse().ok()?;
    // a driver that does not know may say so by the largest number of 32 bits
    (megabits < u32::MAX.into()).then_some(())?;
    Speed::of_bits(megabits.checked_mul(1_000_000)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUR: &str = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
                        wlan0\t00000000\t010200C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n\
                        eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
                        bond1\t0000000A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n\
                        bond2\t0005000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
    const SIX: &str = "fd000000000000000000000000000000 40 00000000000000000000000000000000 00 \
                       00000000000000000000000000000000 00000100 00000001 00000000 00000001 bond6\n\
                       fd000000000000000000000000000002 80 00000000000000000000000000000000 00 \
                       00000000000000000000000000000000 00000000 00000003 00000000 80200001 eth0\n\
                       00000000000000000000000000000000 00 00000000000000000000000000000000 00 \
                       00000000000000000000000000000000 ffffffff 00000001 00000000 00200200 lo\n";

    fn host(speeds: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("proc/net")).unwrap();
        fs::write(root.path().join("proc/net/route"), FOUR).unwrap();
        fs::write(root.path().join("proc/net/ipv6_route"), SIX).unwrap();
        for (name, speed) in speeds {
            let directory = root.path().join("sys/class/net").join(name);
            fs::create_dir_all(&directory).unwrap();
            fs::write(directory.join("speed"), speed).unwrap();
        }
        root
    }

    #[test]
    fn the_most_specific_route_names_the_interface() {
        let root = host(&[]);
        let to = |address: Option<&str>| interface(root.path(), address.map(|text| literal(text).unwrap()));
        assert_eq!(
            to(None).as_deref(),
            Some("eth0"),
            "the default route of the lowest metric"
        );
        assert_eq!(to(Some("10.0.9.9")).as_deref(), Some("bond1"));
        assert_eq!(to(Some("10.0.5.7")).as_deref(), Some("bond2"));
        assert_eq!(to(Some("198.51.100.1")).as_deref(), Some("eth0"));
        assert_eq!(
            to(Some("[fd00::2]")).as_deref(),
            Some("bond6"),
            "not the host's own address"
        );
        assert_eq!(to(Some("2001:db8::1")), None, "that route refuses");
    }

    #[test]
    fn an_interface_that_does_not_know_its_speed_has_none() {
        let root = host(&[
            ("bond1", "25000\n"),
            ("eth0", "-1\n"),
            ("wlan0", "4294967295\n"),
            ("down", ""),
            ("zero", "0"),
        ]);
        let of = |name| speed(root.path(), name).map(Speed::bits);
        assert_eq!(of("bond1"), Some(25_000_000_000));
        for name in ["eth0", "wlan0", "down", "zero", "absent"] {
            assert_eq!(of(name), None, "{name}");
        }
    }
}
