//! One conversation with the kernel by netlink: a request, and what comes of it.
//!
//! It knows no message.

use std::io;

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_REQUEST, NetlinkDeserializable, NetlinkHeader, NetlinkMessage, NetlinkPayload, NetlinkSerializable,
};
use netlink_sys::{Socket, SocketAddr};

/// Asks the kernel; what it answers comes through the socket.
///
/// # Errors
/// There is no such socket, or it takes nothing.
pub(super) fn ask<T>(protocol: isize, message: T, flags: u16) -> io::Result<Socket>
where
    T: NetlinkSerializable + Into<NetlinkPayload<T>>,
{
    let mut socket = Socket::new(protocol)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | flags;
    let mut packet = NetlinkMessage::new(header, message.into());
    packet.finalize();
    let mut bytes = vec![0; packet.buffer_len()];
    packet.serialize(&mut bytes);
    socket.send(&bytes, 0)?;
    Ok(socket)
}

/// Asks the kernel for something, which it acknowledges by a message of the kind `A`.
///
/// # Errors
/// The kernel refuses.
pub(super) fn have_done<T, A>(protocol: isize, message: T, flags: u16) -> io::Result<()>
where
    T: NetlinkSerializable + Into<NetlinkPayload<T>>,
    A: NetlinkDeserializable,
{
    let socket = ask(protocol, message, NLM_F_ACK | flags)?;
    let (answer, _) = socket.recv_from_full()?;
    let answer = NetlinkMessage::<A>::deserialize(&answer).map_err(io::Error::other)?;
    match answer.payload {
        NetlinkPayload::Error(error) if error.code.is_some() => Err(error.to_io()),
        _ => Ok(()),
    }
}
