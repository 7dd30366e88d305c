//! TCP connections of the network namespace that the calling thread is in, by `sock_diag`: which there are, and their reset.
//!
//! It resets the one connection that it is told, by its addresses, ports and the kernel's cookie, so that none that took its
//! place meanwhile is hit.

use std::io;
use std::net::SocketAddr;

use netlink_packet_core::{NLM_F_DUMP, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::constants::{AF_INET, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, SocketId, StateFlags};
use netlink_packet_sock_diag::{SockDiagDestroy, SockDiagMessage};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;

use super::conversation::{ask, have_done};

/// An established TCP connection.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    /// This end.
    pub(super) local: SocketAddr,
    /// The other end.
    pub(super) remote: SocketAddr,
    id: SocketId,
}

/// Every established connection over IPv4.
///
/// # Errors
/// The kernel does not answer.
pub(super) fn established() -> io::Result<Vec<Connection>> {
    let request = InetRequest {
        states: StateFlags::ESTABLISHED,
        ..about(SocketId::new_v4())
    };
    let socket = ask(NETLINK_SOCK_DIAG, SockDiagMessage::InetRequest(request), NLM_F_DUMP)?;
    let mut found = Vec::new();
    loop {
        let (bytes, _) = socket.recv_from_full()?;
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let message = NetlinkMessage::<SockDiagMessage>::deserialize(rest).map_err(io::Error::other)?;
            match message.payload {
                NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(response)) => {
                    found.push(Connection::of(response.header.socket_id));
                }
                NetlinkPayload::Error(error) if error.code.is_some() => return Err(error.to_io()),
                NetlinkPayload::Done(_) => return Ok(found),
                _ => {}
            }
            let length = (message.header.length as usize).next_multiple_of(4);
            rest = rest.get(length.max(4)..).unwrap_or_default();
        }
    }
}

impl Connection {
    fn of(id: SocketId) -> Self {
        Self {
            local: SocketAddr::new(id.source_address, id.source_port),
            remote: SocketAddr::new(id.destination_address, id.destination_port),
            id,
        }
    }

    /// Resets this connection; its other end is told.
    ///
    /// # Errors
    /// It is gone, or the kernel cannot reset connections.
    pub(super) fn reset(&self) -> io::Result<()> {
        let request = SockDiagMessage::InetRequest(about(self.id.clone()));
        have_done::<_, SockDiagMessage>(NETLINK_SOCK_DIAG, SockDiagDestroy::new(request), 0)
    }
}

fn about(socket_id: SocketId) -> InetRequest {
    InetRequest {
        family: AF_INET,
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::empty(),
        states: StateFlags::all(),
        socket_id,
    }
}
