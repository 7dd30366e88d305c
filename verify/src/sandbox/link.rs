//! A network of two: a namespace for each daemon, joined by a link that can be taken down and whose connections can be reset.
//!
//! Both namespaces belong to the sandbox and go with it; no interface, address or connection of the host is looked at or
//! changed. It needs `CAP_NET_ADMIN` over the sandbox's own namespaces alone.

mod connections;
mod conversation;
mod route;
mod shape;

use std::fs::{self, File};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::AsFd;
use std::path::Path;
use std::thread;

use rustix::mount::mount_bind;
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space, unshare_unsafe};

use self::connections::Connection;
use super::layout;
use crate::hypervisor::Side;
use crate::speed::Speed;

/// The interface at either end of the link.
pub(super) const INTERFACE: &str = "link0";

/// The loopback interface, the first of every namespace.
const LOOPBACK: u32 = 1;

/// The port on which a private libvirtd listens, which is libvirt's usual one.
pub(super) const DAEMONS_PORT: u16 = 16509;

/// Something of the link that the kernel refused.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub(super) struct LinkError {
    what: &'static str,
    #[source]
    source: io::Error,
}

impl LinkError {
    /// That `what` was refused.
    fn at(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self { what, source }
    }
}

/// The link between the two daemons of the sandbox.
#[derive(Debug)]
pub(super) struct Link {
    /// The end at which it is taken down, and its connections are reset.
    end: Side,
}

impl Link {
    /// Makes both namespaces, joins them and takes the link up; once in a sandbox, before the daemons are started.
    ///
    /// # Errors
    /// The kernel refuses: it has no veth, or this process no `CAP_NET_ADMIN`.
    pub(super) fn lay() -> Result<Self, LinkError> {
        for side in Side::BOTH {
            make_namespace(&layout::network(side)).map_err(LinkError::at("cannot create a network namespace"))?;
        }
        let link = Self { end: Side::First };
        let joined = || {
            let other = File::open(layout::network(Side::Second))?;
            within(Side::First, || route::pair(INTERFACE, other.as_fd()))
        };
        joined().map_err(LinkError::at("cannot join two network namespaces by a veth pair"))?;
        for side in Side::BOTH {
            let configured = || {
                let interface = route::index(INTERFACE)?;
                route::assign(interface, address(side), 24)?;
                route::set_up(LOOPBACK, true)?;
                route::set_up(interface, true)
            };
            within(side, configured).map_err(LinkError::at("cannot configure a network of the sandbox"))?;
        }
        Ok(link)
    }

    /// Makes the link as slow as a network of that speed, in both directions.
    ///
    /// # Errors
    /// The kernel has no token bucket filter, or refuses.
    pub(super) fn slow_down(speed: Speed) -> Result<(), LinkError> {
        for side in Side::BOTH {
            let slow_down = || shape::slow_down(route::index(INTERFACE)?, speed);
            within(side, slow_down).map_err(LinkError::at("cannot slow down a link (the kernel's tbf)"))?;
        }
        Ok(())
    }

    /// Takes the link up again.
    ///
    /// # Errors
    /// The kernel refuses.
    pub(super) fn up(&self) -> Result<(), LinkError> {
        set_up(self.end, true).map_err(LinkError::at("cannot take the link up"))
    }

    /// Takes the link down: nothing passes, and no connection is notified.
    ///
    /// # Errors
    /// The kernel refuses.
    pub(super) fn down(&self) -> Result<(), LinkError> {
        set_up(self.end, false).map_err(LinkError::at("cannot take the link down"))
    }

    /// Resets every TCP connection over the link but those of the daemons, which leaves QEMU's; both ends are notified. The number
    /// of connections that were reset.
    ///
    /// # Errors
    /// The kernel refuses, or cannot do it (`CONFIG_INET_DIAG_DESTROY`).
    pub(super) fn reset(&self) -> Result<usize, LinkError> {
        let reset = || {
            let all = connections::established()?;
            let other = IpAddr::V4(address(self.end.other()));
            let is_meant = |connection: &Connection| is_between_qemus(connection, other);
            let meant: Vec<Connection> = all.into_iter().filter(is_meant).collect();
            for connection in &meant {
                connection.reset()?;
            }
            Ok(meant.len())
        };
        within(self.end, reset).map_err(LinkError::at("cannot reset a connection over the link"))
    }
}

fn is_between_qemus(connection: &Connection, other: IpAddr) -> bool {
    connection.remote.ip() == other && ![connection.local.port(), connection.remote.port()].contains(&DAEMONS_PORT)
}

fn set_up(end: Side, is_up: bool) -> io::Result<()> {
    within(end, || route::set_up(route::index(INTERFACE)?, is_up))
}

/// The address of a side's end: of a network that is nobody's (TEST-NET-1 of RFC 5737).
pub(super) const fn address(side: Side) -> Ipv4Addr {
    match side {
        Side::First => Ipv4Addr::new(192, 0, 2, 1),
        Side::Second => Ipv4Addr::new(192, 0, 2, 2),
    }
}

/// Does `work` in the network namespace of `side`, in a thread of its own; processes that it starts are there, too.
///
/// # Errors
/// The namespace cannot be entered, or what `work` says.
pub(super) fn within<T: Send>(side: Side, work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().spawn_scoped(scope, || {
            enter(side)?;
            work()
        })?;
        let crashed = |_| Err(io::Error::other("a thread crashed"));
        thread.join().unwrap_or_else(crashed)
    })
}

/// Takes the calling thread into the network namespace of `side`.
///
/// # Errors
/// There is none, or the kernel refuses.
pub(super) fn enter(side: Side) -> io::Result<()> {
    let namespace = File::open(layout::network(side))?;
    Ok(move_into_link_name_space(
        namespace.as_fd(),
        Some(LinkNameSpaceType::Network),
    )?)
}

/// Makes a network namespace that lives as long as the sandbox's mounts, and is found at `path`.
fn make_namespace(path: &Path) -> io::Result<()> {
    fs::write(path, "")?;
    thread::scope(|scope| {
        let make = || -> io::Result<()> {
            // SAFETY: the flag leaves the file descriptor table alone.
            #[allow(unsafe_code)]
            unsafe { unshare_unsafe(UnshareFlags::NEWNET) }?;
            Ok(mount_bind("/proc/thread-self/ns/net", path)?)
        };
        let thread = thread::Builder::new().spawn_scoped(scope, make)?;
        let crashed = |_| Err(io::Error::other("a thread crashed"));
        thread.join().unwrap_or_else(crashed)
    })
}
