//! The lab of two hosts: the guest there, its console, and the gate that keeps a guest from being made once it is over.
//!
//! It removes nothing at the end; the session does, however this ended.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::console::RecordJoiner;
use super::removal::{self, RemovalError};
use super::{HostPair, Probe};
use crate::guest::memory::Memory;
use crate::guest::serial::Hearing;
use crate::guest::{self, FAR};
use crate::hypervisor::libvirt::{Libvirt, run_event_loop};
use crate::hypervisor::{End, Hypervisor, Refusal, Side};
use crate::nova_itself::{Nova, Seat, SeatError, seated};
use crate::trial::checks::Observation;
use crate::trial::memory;
use crate::trial::messages::Message;
use crate::trial::migrate::Trace;
use crate::trial::worker::{Guest, Lab, Outlet};

/// How long the guest may take to get round all its pages after a migration.
pub(super) const ROUND: Duration = Duration::from_secs(20);

/// Why the two hosts could serve no longer.
#[derive(Debug, thiserror::Error)]
pub(super) enum LabError {
    /// Libvirt's client.
    #[error("libvirt's event loop did not start")]
    EventLoop(#[source] Refusal),
    /// Nova's own code.
    #[error(transparent)]
    Nova(SeatError),
    /// A host's daemon.
    #[error("{uri}: {why}; check that `virsh -c '{uri}' list` works here")]
    Connect {
        /// Which.
        uri: String,
        /// What libvirt says.
        why: Refusal,
    },
    /// The guest of the trial before.
    #[error(transparent)]
    Removal(RemovalError),
    /// The source refused the guest.
    #[error("{why}; {}{}", about(image), if *emulated { "" } else { "; where there is no KVM, use --emulate" })]
    NotStarted {
        /// What libvirt says.
        why: Refusal,
        /// The guest's image.
        image: PathBuf,
        /// Whether it was to run without KVM.
        emulated: bool,
    },
    /// The guest's console.
    #[error("the guest's console cannot be read")]
    Console(#[source] Refusal),
    /// The guest was not heard.
    #[error("the guest was started but did not respond within {} s; {}", .waited.as_secs(), about(image))]
    NoResponse {
        /// For how long.
        waited: Duration,
        /// The guest's image.
        image: PathBuf,
    },
    /// It is over.
    #[error("interrupted")]
    Interrupted,
}

fn about(image: &std::path::Path) -> String {
    format!(
        "check that {} on both hosts is the output of `novamend-verify guest-image` and that QEMU may read it",
        image.display()
    )
}

/// What the lab needs to know of the session.
#[derive(Clone)]
pub(super) struct Order {
    pub(super) named: HostPair,
    pub(super) probe: Probe,
    pub(super) memory: Memory,
    pub(super) emulated: bool,
    /// The Python whose nova decides.
    pub(super) nova: Option<PathBuf>,
    pub(super) patience: Duration,
    pub(super) began: Instant,
    /// Set from outside once it is over.
    pub(super) stop: Arc<AtomicBool>,
    /// Held while a guest is defined and started, so that none is after the removal has begun; true once one may be there.
    pub(super) gate: Arc<Mutex<bool>>,
}

/// The two hosts that the operator names.
pub(super) struct HostLab {
    order: Order,
    pub(super) libvirt: Libvirt,
    /// The version of the destination's libvirt.
    pub(super) destination: u32,
    /// Nova's own code; it ends with this lab.
    _nova: Option<Nova>,
    seat: Option<Seat>,
}

impl HostLab {
    /// Connects to both hosts; also QEMU's version, the older of the two.
    pub(super) fn connect(order: Order, outlet: &mut Outlet) -> Result<(Self, u32), LabError> {
        outlet.enter("connecting to both hosts");
        let (nova, seat) = seated(order.nova.as_deref()).map_err(LabError::Nova)?;
        run_event_loop().map_err(LabError::EventLoop)?;
        let (ends, guest) = (&order.named.ends, &order.probe.name);
        let (libvirt, versions) = Libvirt::between(ends, guest, order.began, order.patience, &order.stop)
            .map_err(|(uri, why)| LabError::Connect { uri, why })?;
        let qemu = versions.first.qemu.min(versions.second.qemu);
        outlet.say(Message::Versions {
            libvirt: versions.first.libvirt.min(versions.second.libvirt),
            qemu,
            ready_after: order.began.elapsed().as_secs_f64(),
        });
        let lab = Self {
            order,
            libvirt,
            destination: versions.second.libvirt,
            _nova: nova,
            seat,
        };
        Ok((lab, qemu))
    }

    /// Has `hearing` hear the guest's console at `side`; the number of its line.
    pub(super) fn read_console(&self, side: Side, hearing: &Hearing) -> Result<usize, LabError> {
        let (line, began, heard) = (hearing.add_line(), self.order.began, hearing.clone());
        let mut joined = RecordJoiner::default();
        self.libvirt
            .read_console(side, self.order.patience, move |bytes| {
                heard.feed(line, began.elapsed(), &joined.take(bytes));
            })
            .map_err(LabError::Console)?;
        Ok(line)
    }

    fn is_over(&self) -> bool {
        self.order.stop.load(Ordering::Relaxed)
    }
}

impl Lab for HostLab {
    type Error = LabError;

    const STARTING: &'static str = "starting the guest on the source";

    fn clean_up(&mut self) -> Result<(), LabError> {
        let Order {
            named, probe, patience, ..
        } = &self.order;
        removal::remove(&named.ends, probe, *patience).map_err(LabError::Removal)
    }

    fn start_guest(&mut self, _: &mut Outlet) -> Result<Guest, LabError> {
        let Order {
            named,
            probe,
            memory,
            emulated,
            gate,
            ..
        } = &self.order;
        let xml = guest::far_domain_xml(&probe.name, &probe.uuid, *emulated, memory, &named.image);
        {
            let mut defined = gate.lock().unwrap_or_else(PoisonError::into_inner);
            if self.is_over() {
                return Err(LabError::Interrupted);
            }
            *defined = true;
            let started = self.libvirt.start_guest(Side::First, &xml);
            started.map_err(|why| LabError::NotStarted {
                why,
                image: named.image.clone(),
                emulated: *emulated,
            })?;
        }
        let hearing = Hearing::default();
        Ok(Guest {
            side: Side::First,
            line: self.read_console(Side::First, &hearing)?,
            hearing,
        })
    }

    fn no_response(&self, waited: Duration) -> LabError {
        LabError::NoResponse {
            waited,
            image: self.order.named.image.clone(),
        }
    }

    fn hypervisor(&mut self, guest: &Guest) -> &mut dyn Hypervisor {
        self.libvirt.set_source(guest.side);
        &mut self.libvirt
    }

    fn take_seat(&mut self) -> Option<Seat> {
        self.seat.take()
    }

    fn put_seat(&mut self, seat: Seat) {
        self.seat = Some(seat);
    }

    fn listen(&mut self, guest: &Guest, trace: &Trace, outlet: &mut Outlet) -> Result<Observation, LabError> {
        if self.is_over() {
            return Err(LabError::Interrupted);
        }
        outlet.enter("checking the guest's memory");
        let hearing = &guest.hearing;
        let damage = hearing.damage();
        hearing.forget();
        // the source's console is still open where the guest has stayed
        let stayed = trace.returned != Some(Ok(()));
        let is_heard = stayed || self.read_console(guest.side.other(), hearing).is_ok();
        let alive = is_heard && hearing.wait(ROUND, |records| !records.is_empty());
        let looked_at_all = alive && memory::checked_all_pages(hearing, FAR, Duration::ZERO, ROUND);
        Ok(Observation {
            records: damage.into_iter().chain(hearing.records().0).collect(),
            source: self.libvirt.standing(End::Source).ok(),
            destination: self.libvirt.standing(End::Destination).ok(),
            looked_at_all,
            only_after: true,
            ..Observation::default()
        })
    }
}
