//! Where sources of migrations send to on this host: what nova.conf, qemu.conf or the resolver name.
//!
//! It opens nothing, and waits for the resolver no longer than it is told.

use std::net::IpAddr;
use std::sync::OnceLock;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use dns_lookup::{AddrInfoHints, getaddrinfo};
use rustix::system::uname;

use super::qemu_conf::QemuConf;

/// The flag `AI_CANONNAME` of `getaddrinfo`.
const FULL_NAME: i32 = 2;

/// An address or a name, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// `live_migration_inbound_addr` of nova.conf.
    Nova(String),
    /// `migration_host` of qemu.conf.
    Libvirt(String),
    /// The name of this host, as libvirt looks it up.
    Name(String),
}

impl Address {
    /// The one that counts: nova's, otherwise that in qemu.conf, otherwise this host's name, for which the resolver
    /// may take `patience` where it has not been asked yet.
    #[must_use]
    pub fn of(inbound: Option<&str>, qemu_conf: &QemuConf, name: &OwnName, patience: Duration) -> Self {
        let written = || qemu_conf.word("migration_host").filter(|name| !name.is_empty());
        match inbound {
            Some(address) => Self::Nova(address.to_owned()),
            None => written().map_or_else(|| Self::Name(name.get(patience).to_owned()), Self::Libvirt),
        }
    }

    /// The address alone.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Nova(text) | Self::Libvirt(text) | Self::Name(text) => text,
        }
    }

    /// Whether libvirt refuses to have anything sent there, as every host would take it for itself.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Name(name) if is_local(name))
    }
}

/// The name of this host, looked up when it is first asked for and then kept: one run says one name.
#[derive(Clone, Debug, Default)]
pub struct OwnName(OnceLock<String>);

impl OwnName {
    fn get(&self, patience: Duration) -> &str {
        self.0.get_or_init(|| own_name(patience))
    }
}

fn is_local(name: &str) -> bool {
    name.starts_with("localhost")
}

/// As `virGetHostname` of libvirt: the resolver's full name for the host's, or the host's own where that is full already,
/// means this host alone, or is not answered for.
fn own_name(patience: Duration) -> String {
    let short = uname().nodename().to_string_lossy().into_owned();
    if is_local(&short) || short.contains('.') {
        return short;
    }
    let (sender, answer) = channel();
    let asked = short.clone();
    let started = thread::Builder::new().spawn(move || {
        let hints = AddrInfoHints {
            flags: FULL_NAME,
            ..AddrInfoHints::default()
        };
        let found = getaddrinfo(Some(&asked), None, Some(hints)).ok();
        let name = found.and_then(|mut addresses| addresses.next()?.ok()?.canonname);
        let _ = sender.send(name);
    });
    let full = started.ok().and_then(|_| answer.recv_timeout(patience).ok().flatten());
    full.filter(|name| !is_local(name)).unwrap_or(short)
}

/// The addresses that the resolver knows for `name`, in its order, none of them where it knows none; nothing where it does not
/// answer within `patience`.
#[must_use]
pub fn resolved(name: &str, patience: Duration) -> Option<Vec<IpAddr>> {
    let (sender, answer) = channel();
    let asked = name.to_owned();
    let started = thread::Builder::new().spawn(move || {
        let found = getaddrinfo(Some(&asked), None, None).map(|addresses| {
            let mut found: Vec<IpAddr> = addresses.flatten().map(|one| one.sockaddr.ip()).collect();
            found.dedup();
            found
        });
        let _ = sender.send(found.unwrap_or_default());
    });
    started.ok()?;
    answer.recv_timeout(patience).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn novas_address_comes_before_libvirts_and_that_before_the_name() {
        let conf = &QemuConf::of(b"migration_host = \"inner.example\"").unwrap();
        let of = |inbound, conf| Address::of(inbound, conf, &OwnName::default(), Duration::from_secs(2));
        assert_eq!(of(Some("10.0.0.1"), conf), Address::Nova("10.0.0.1".to_owned()));
        assert_eq!(of(None, conf), Address::Libvirt("inner.example".to_owned()));
        let name = of(None, &QemuConf::default());
        assert!(matches!(&name, Address::Name(text) if !text.is_empty()), "{name:?}");
    }

    #[test]
    fn a_host_that_is_called_localhost_cannot_be_sent_to() {
        assert!(Address::Name("localhost.localdomain".to_owned()).is_refused());
        assert!(
            !Address::Nova("localhost".to_owned()).is_refused(),
            "libvirt takes what it is told"
        );
    }
}
