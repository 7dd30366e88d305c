//! Whether an address that sources are told leads to this host, as far as this host shows it.
//!
//! It opens nothing; the kernel's own tables say which addresses are here, and the resolver is waited for no longer than it is
//! told.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::address::resolved;

/// Where an address or a name leads, seen from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To an address that an interface of this host has.
    Here,
    /// Every host takes it for itself: loopback, or no address at all (`0.0.0.0`, `::`).
    Nowhere(IpAddr),
    /// To an address that this host does not have.
    Elsewhere(IpAddr),
    /// It is a name, and the resolver of this host knows only loopback for it.
    NameOfLoopback(IpAddr),
    /// It is a name, and what the resolver of this host knows for it is no address of this host.
    NameOfAnother(IpAddr),
    /// It is a name that the resolver of this host does not know.
    Unresolved,
    /// The resolver did not answer in time, or the addresses of this host are not known.
    NotKnown,
}

impl Reach {
    /// Of `address`, an address or a name; the resolver may take `patience`.
    #[must_use]
    pub fn of(address: &str, patience: Duration) -> Self {
        let Some(own) = own_addresses() else {
            return Self::NotKnown;
        };
        let bare = address
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(address);
        if let Ok(literal) = bare.parse::<IpAddr>() {
            return Self::among(literal, &own);
        }
        if is_local_everywhere(address) {
            return Self::Nowhere(Ipv4Addr::LOCALHOST.into());
        }
        match resolved(address, patience) {
            None => Self::NotKnown,
            Some(found) => Self::of_name(&found, &own),
        }
    }

    fn among(address: IpAddr, own: &[IpAddr]) -> Self {
        if address.is_loopback() || address.is_unspecified() {
            Self::Nowhere(address)
        } else if own.contains(&address) {
            Self::Here
        } else {
            Self::Elsewhere(address)
        }
    }

    fn of_name(found: &[IpAddr], own: &[IpAddr]) -> Self {
        let mut worst = Self::Unresolved;
        for &address in found {
            match Self::among(address, own) {
                Self::Here => return Self::Here,
                Self::Elsewhere(address) => worst = Self::NameOfAnother(address),
                Self::Nowhere(address) if worst == Self::Unresolved => worst = Self::NameOfLoopback(address),
                _ => {}
            }
        }
        worst
    }

    /// What is wrong with it, as a clause about the address; none where it leads here or that is not known.
    #[must_use]
    pub fn complaint(&self) -> Option<String> {
        Some(match self {
            Self::Here | Self::NotKnown => return None,
            Self::Nowhere(_) => "which every host takes to be itself".to_owned(),
            Self::Elsewhere(_) => "which is not an address of this host".to_owned(),
            Self::NameOfLoopback(found) => {
                format!("which this host resolves to {found}, an address that every host takes to be itself")
            }
            Self::NameOfAnother(found) => format!("which this host resolves to {found}, not an address of this host"),
            Self::Unresolved => "which this host cannot resolve".to_owned(),
        })
    }

    /// Whether the complaint holds for every source; what a name means is for the sources' resolvers to say.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        matches!(self, Self::Nowhere(_) | Self::Elsewhere(_))
    }
}

/// A name that means the host itself by convention (RFC 6761), whatever a resolver says.
fn is_local_everywhere(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost") || name.starts_with("localhost.localdomain")
}

/// Every address of this host's interfaces; none where the kernel does not show them.
fn own_addresses() -> Option<Vec<IpAddr>> {
    let four = fs::read_to_string("/proc/net/fib_trie").ok()?;
    // a kernel without IPv6 has no such file
    let six = fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    Some(local_four(&four).chain(local_six(&six)).collect())
}

/// The addresses in `/proc/net/fib_trie` that are the host's own: a line with the address, and one below it that says so.
fn local_four(table: &str) -> impl Iterator<Item = IpAddr> {
    let mut last: Option<Ipv4Addr> = None;
    table.lines().filter_map(move |line| {
        let line = line.trim();
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.parse().ok();
            return None;
        }
        let is_own = line.starts_with("/32 ") && line.ends_with("LOCAL");
        last.filter(|_| is_own).map(IpAddr::V4)
    })
}

/// The addresses in `/proc/net/if_inet6`: 32 digits at the start of each line.
fn local_six(table: &str) -> impl Iterator<Item = IpAddr> {
    table.lines().filter_map(|line| {
        let digits = line.split_whitespace().next()?;
        Some(IpAddr::V6(Ipv6Addr::from(u128::from_str_radix(digits, 16).ok()?)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_kernels_tables_tell_the_hosts_own_addresses() {
        let four = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.0.0.0\n        /24 link UNICAST\n     |-- 10.0.0.7\n    \
                \
                    /32 host LOCAL\n     |-- 10.0.0.255\n        /32 link BROADCAST\n";
        assert_eq!(local_four(four).collect::<Vec<_>>(), [ip("10.0.0.7")]);
        let six = "fd000000000000000000000000000002 02 40 00 80     eth0\n";
        assert_eq!(local_six(six).collect::<Vec<_>>(), [ip("fd00::2")]);
    }

    #[test]
    fn an_address_leads_here_elsewhere_or_nowhere() {
        let own = [ip("127.0.0.1"), ip("10.0.0.7"), ip("fd00::2")];
        let of = |text| Reach::among(ip(text), &own);
        assert_eq!(of("10.0.0.7"), Reach::Here);
        assert_eq!(of("fd00::2"), Reach::Here);
        for nowhere in ["127.0.0.1", "127.0.1.1", "0.0.0.0", "::", "::1"] {
            assert_eq!(of(nowhere), Reach::Nowhere(ip(nowhere)));
        }
        assert_eq!(of("10.1.2.3"), Reach::Elsewhere(ip("10.1.2.3")));
    }

    #[test]
    fn a_name_is_judged_by_all_that_it_resolves_to() {
        let own = [ip("127.0.0.1"), ip("10.0.0.7")];
        let of = |found: &[&str]| Reach::of_name(&found.iter().map(|text| ip(text)).collect::<Vec<_>>(), &own);
        assert_eq!(of(&["127.0.1.1", "10.0.0.7"]), Reach::Here);
        assert_eq!(of(&["127.0.1.1"]), Reach::NameOfLoopback(ip("127.0.1.1")));
        assert_eq!(of(&["127.0.1.1", "10.1.1.1"]), Reach::NameOfAnother(ip("10.1.1.1")));
        assert_eq!(of(&[]), Reach::Unresolved);
        assert!(!of(&["127.0.1.1"]).is_certain() && Reach::Elsewhere(own[1]).is_certain());
    }

    #[test]
    fn this_host_is_found_on_this_host() {
        let patience = Duration::from_secs(5);
        assert_eq!(Reach::of("127.0.0.1", patience), Reach::Nowhere(ip("127.0.0.1")));
        assert_eq!(Reach::of("[::1]", patience), Reach::Nowhere(ip("::1")));
        assert_eq!(Reach::of("LocalHost.", patience), Reach::Nowhere(ip("127.0.0.1")));
        assert_eq!(Reach::of("192.0.2.77", patience), Reach::Elsewhere(ip("192.0.2.77")));
    }
}
