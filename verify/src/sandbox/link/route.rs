//! Interfaces and addresses of the network namespace that the calling thread is in, by rtnetlink.
//!
//! It knows no link and no side.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsRawFd, BorrowedFd};

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{InfoData, InfoKind, InfoVeth, LinkAttribute, LinkFlags, LinkInfo, LinkMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::protocols::NETLINK_ROUTE;
use rustix::net::netdevice::name_to_index;
use rustix::net::{AddressFamily as Family, SocketType, socket};

use super::conversation::have_done;

/// Makes a pair of interfaces called `name`, the second of which is in `namespace`.
///
/// # Errors
/// The kernel has no veth, or refuses.
pub(super) fn pair(name: &str, namespace: BorrowedFd) -> io::Result<()> {
    let named = || LinkAttribute::IfName(name.to_owned());
    let mut peer = LinkMessage::default();
    peer.attributes = vec![named(), LinkAttribute::NetNsFd(namespace.as_raw_fd())];
    let mut pair = LinkMessage::default();
    pair.attributes = vec![
        named(),
        LinkAttribute::LinkInfo(vec![
            LinkInfo::Kind(InfoKind::Veth),
            LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(peer))),
        ]),
    ];
    request(RouteNetlinkMessage::NewLink(pair), NLM_F_CREATE | NLM_F_EXCL)
}

/// The number of the interface called `name`.
///
/// # Errors
/// There is none.
pub(super) fn index(name: &str) -> io::Result<u32> {
    let any = socket(Family::INET, SocketType::DGRAM, None)?;
    Ok(name_to_index(&any, name)?)
}

/// Gives an interface an address.
///
/// # Errors
/// The kernel refuses.
pub(super) fn assign(interface: u32, address: Ipv4Addr, prefix: u8) -> io::Result<()> {
    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.prefix_len = prefix;
    message.header.index = interface;
    let address = IpAddr::V4(address);
    message.attributes = vec![AddressAttribute::Local(address), AddressAttribute::Address(address)];
    request(RouteNetlinkMessage::NewAddress(message), NLM_F_CREATE | NLM_F_EXCL)
}

/// Takes an interface up or down.
///
/// # Errors
/// The kernel refuses.
pub(super) fn set_up(interface: u32, is_up: bool) -> io::Result<()> {
    let mut message = LinkMessage::default();
    message.header.index = interface;
    message.header.change_mask = LinkFlags::Up;
    message.header.flags = if is_up { LinkFlags::Up } else { LinkFlags::empty() };
    request(RouteNetlinkMessage::SetLink(message), 0)
}

/// Asks the kernel for something, which it acknowledges.
pub(super) fn request(message: RouteNetlinkMessage, flags: u16) -> io::Result<()> {
    have_done::<_, RouteNetlinkMessage>(NETLINK_ROUTE, message, flags)
}
