//! The connection to the sandbox's two daemons.
//!
//! It says where they listen and how one is to reach the other; all else the hypervisor does.

use std::process::Child;
use std::time::{Duration, Instant};

use super::capabilities::unpin_cpu;
use super::setup::{Network, Setup};
use super::{layout, link, pki};
use crate::guest;
use crate::hypervisor::libvirt::{Daemon, Libvirt, Versions, Way};
use crate::hypervisor::{Refusal, Side, Sides};

/// Connects to both daemons, within `patience` each, and lets them run on every core; `began` is the zero of all times.
///
/// # Errors
/// A daemon ends, does not listen or does not answer.
pub fn connect(
    setup: &Setup,
    daemons: Sides<Child>,
    began: Instant,
    patience: Duration,
) -> Result<(Libvirt, Versions), Refusal> {
    let numbers = [daemons.first.id(), daemons.second.id()];
    let daemons = daemons.map(|side, process| Daemon {
        uri: layout::uri(side, setup.mode, &setup.socket),
        process,
    });
    let connected = Libvirt::connect(daemons, guest::NAME, way(setup, guest::NAME), began, patience)?;
    numbers.into_iter().for_each(unpin_cpu);
    Ok(connected)
}

/// How libvirt is to bring the domain `guest` from one daemon to the other; where they are joined by a link only from the first
/// to the second, as nova would have it: the port is libvirt's choice.
pub(super) fn way(setup: &Setup, guest: &str) -> Way {
    let to = link::address(Side::Second);
    let migration = match setup.network {
        Some(_) => format!("tcp://{to}"),
        None => format!("unix://{}", layout::migration(guest).display()),
    };
    let is_over_the_link = setup.network == Some(Network::Tcp);
    Way {
        peer: is_over_the_link.then(|| format!("qemu+tcp://{to}/{}", setup.mode.word())),
        migration: Some(migration),
        disks: setup
            .network
            .is_none()
            .then(|| format!("unix://{}", layout::disks(guest).display())),
        certificate: setup.tls.as_ref().map(|tls| pki::name(tls).to_owned()),
        post_copy_bandwidth: None,
    }
}
