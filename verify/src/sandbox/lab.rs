//! The lab of the sandbox: its own daemons, the guest's memory, and what is known of a process that ended.
//!
//! It runs no trial; the worker does.

mod answers;
mod parts;

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use self::answers::{lent, not_connected, plainly, refused};
use super::deaths::Deaths;
use super::link::{Link, LinkError};
use super::memory::Lent;
use super::setup::WorkOrder;
use super::{connection, daemon, devices, layout, logs, pki};
use crate::accident::{NOTHING_KNOWN, is_gone, is_refusal, resource};
use crate::guest;
use crate::guest::serial::{Hearing, Kind};
use crate::hypervisor::libvirt::{Libvirt, run_event_loop};
use crate::hypervisor::{End, Hypervisor, Refusal, Side, Sides};
use crate::nova_itself::{Nova, Seat, SeatError, seated};
use crate::trial::checks::{GUEST_LIVES, Observation};
use crate::trial::conditions::Tls;
use crate::trial::memory;
use crate::trial::messages::{Evidence, Message};
use crate::trial::migrate::Trace;
use crate::trial::shape::NotStarted;
use crate::trial::turns::Hush;
use crate::trial::worker::{Guest, Lab, Outlet};

/// How long the guest may take to get round all its pages after a migration.
pub(super) const ROUND: Duration = Duration::from_secs(20);

/// Why the sandbox could serve no longer.
#[derive(Debug, thiserror::Error)]
pub(super) enum LabError {
    /// What it was handed is no [`WorkOrder`].
    #[error("the order cannot be read")]
    Order(#[source] serde_json::Error),
    /// The guest.
    #[error("the guest's image cannot be written")]
    Image(#[source] io::Error),
    /// Certificates for the trials.
    #[error("the certificates for the trials cannot be made")]
    Certificates(#[source] io::Error),
    /// The network of the daemons.
    #[error("the network of the sandbox cannot be made")]
    Network(#[source] LinkError),
    /// Nova's own code.
    #[error(transparent)]
    Nova(SeatError),
    /// The guest's serial port.
    #[error("nothing can listen to the guest")]
    Serial(#[source] io::Error),
    /// Libvirt's client.
    #[error("libvirt's event loop did not start")]
    EventLoop(#[source] Refusal),
    /// A daemon's files or its process.
    #[error("a private libvirt daemon cannot be started")]
    Daemon(#[source] io::Error),
    /// The threads that see who ends.
    #[error("the daemons cannot be watched")]
    Watch(#[source] io::Error),
    /// A daemon refused, did not listen or the guest did not respond: what was said of it, and what the daemons wrote.
    #[error("{said}{wrote}")]
    Refused {
        /// Libvirt's words or ours.
        said: String,
        /// The daemons' own.
        wrote: String,
    },
    /// A guest was refused that a simpler one can be tried for, in libvirt's or QEMU's words.
    #[error("{0}")]
    NotStarted(String),
    /// The disk of a guest.
    #[error("the guest's disk cannot be made")]
    Disk(#[source] io::Error),
    /// Something ended that was to live, or ran out; in words.
    #[error("{0}")]
    Accident(String),
}

/// The sandbox's two daemons and one guest.
pub(super) struct SandboxLab {
    pub(super) order: Arc<WorkOrder>,
    /// The domain's name.
    pub(super) guest: String,
    pub(super) libvirt: Libvirt,
    pub(super) hearing: Hearing,
    /// What joins the daemons, where they migrate over a network.
    pub(super) link: Option<Arc<Link>>,
    /// The files of the guest's memory, where they are not the sandbox's own.
    lent: Option<Lent>,
    pub(super) deaths: Arc<Deaths>,
    before: Before,
    began: Instant,
    /// How many of the guests in the order did not start, here or beside it.
    refused: Arc<AtomicUsize>,
    /// Whether other guests are tried meanwhile, of which the daemons write to the same logs.
    has_company: bool,
    /// Nova's own code, and this guest's line to it.
    nova: Option<Arc<Nova>>,
    seat: Option<Seat>,
}

/// What there was before the guest was started, or migrated.
struct Before {
    /// The side that it was at.
    source: Side,
    /// Processes that had ended.
    deaths: usize,
    /// Bytes in the log of the source's daemon.
    log: u64,
    /// The line of the next QEMU.
    line: usize,
}

impl Before {
    const NOTHING: Self = Self {
        source: Side::First,
        deaths: 0,
        log: 0,
        line: 0,
    };
}

impl SandboxLab {
    /// Starts the daemons and connects to them; says what could not be made as on the host.
    pub(super) fn open(order: WorkOrder, outlet: &mut Outlet) -> Result<Self, LabError> {
        outlet.enter("starting two private libvirt daemons");
        let began = Instant::now();
        // it takes longer than all else until the first migration
        let (nova, seat) = seated(order.nova.as_deref()).map_err(LabError::Nova)?;
        let image = guest::image(order.size);
        fs::write(layout::image(), image).map_err(LabError::Image)?;
        if order.setup.tls.as_ref().is_some_and(Tls::is_made) {
            pki::make(&layout::pki(), pki::MADE_NAME, pki::FOR_EVER).map_err(LabError::Certificates)?;
        }
        let lent = lent(&order.memory, outlet);
        let hearing = Hearing::listen(&layout::serial(guest::NAME), began).map_err(LabError::Serial)?;
        run_event_loop().map_err(LabError::EventLoop)?;
        let link = order.setup.network.map(|_| Link::lay()).transpose();
        let link = link.map_err(LabError::Network)?.map(Arc::new);
        if let (Some(_), Some(speed)) = (&link, order.link) {
            Link::slow_down(speed).map_err(LabError::Network)?;
        }
        let own = Path::new("/proc/self/exe");
        let daemons = Sides::try_of(|side| daemon::start(own, side, &order.setup)).map_err(LabError::Daemon)?;
        let numbers = daemons.iter().map(|(side, daemon)| (side, daemon.id())).collect();
        let deaths = Deaths::watch(numbers).map_err(LabError::Watch)?;
        let patience = Duration::from_secs(order.patience);
        let (libvirt, versions) = connection::connect(&order.setup, daemons, began, patience)
            .map_err(|refusal| not_connected(&refusal.message, &deaths))?;
        outlet.say(Message::Versions {
            libvirt: versions.libvirt,
            qemu: versions.qemu,
            ready_after: began.elapsed().as_secs_f64(),
        });
        Ok(Self {
            has_company: order.side_by_side,
            order: Arc::new(order),
            guest: guest::NAME.to_owned(),
            libvirt,
            hearing,
            link,
            lent,
            deaths: Arc::new(deaths),
            before: Before::NOTHING,
            refused: Arc::default(),
            began,
            nova: nova.map(Arc::new),
            seat,
        })
    }

    /// A lab for a further guest at the same daemons, the first of which has the number 1; not where its memory is in files
    /// that are lent.
    pub(super) fn beside(&self, number: usize) -> Result<Self, LabError> {
        let guest = format!("{}-{}", guest::NAME, number + 1);
        let hearing = Hearing::listen(&layout::serial(&guest), self.began).map_err(LabError::Serial)?;
        let way = connection::way(&self.order.setup, &guest);
        let patience = Duration::from_secs(self.order.patience);
        let libvirt = self.libvirt.beside(&guest, way, patience);
        Ok(Self {
            order: Arc::clone(&self.order),
            libvirt: libvirt.map_err(|refusal| self.explained(&refusal.message))?,
            guest,
            hearing,
            link: self.link.clone(),
            lent: None,
            deaths: Arc::clone(&self.deaths),
            before: Before::NOTHING,
            refused: Arc::clone(&self.refused),
            began: self.began,
            has_company: true,
            seat: self
                .nova
                .as_ref()
                .map(|nova| nova.seat())
                .transpose()
                .map_err(LabError::Nova)?,
            nova: self.nova.clone(),
        })
    }

    /// Takes note of how things are before something happens to the guest at `source`.
    pub(super) fn take_note(&mut self, source: Side) {
        self.before = Before {
            source,
            deaths: self.deaths.so_far(),
            log: fs::metadata(layout::log(source)).map_or(0, |log| log.len()),
            line: self.hearing.connections(),
        };
    }

    /// Why a guest did not start: where its QEMU gave up by itself, that is its answer and no accident.
    fn not_started(&self, said: &str) -> LabError {
        if resource(said).is_none() && self.deaths.gave_up(said, self.before.deaths) {
            return LabError::NotStarted(plainly(said));
        }
        match self.explained(said) {
            LabError::Refused { said, .. } if self.refused.load(Ordering::Relaxed) + 1 < self.order.builds.len() => {
                LabError::NotStarted(plainly(&said))
            }
            other => other,
        }
    }

    /// What ended since the last note though nobody was to end it.
    pub(super) fn unmeant_death(&self) -> Option<String> {
        self.deaths.unmeant(self.before.deaths, self.before.source)
    }

    /// A failure with the accident that it came by, otherwise with what the daemons wrote.
    fn explained(&self, said: &str) -> LabError {
        let accident = self.deaths.accident(said, self.before.deaths, self.before.source);
        accident.map_or_else(|| refused(said), LabError::Accident)
    }
}

impl Lab for SandboxLab {
    type Error = LabError;

    const STARTING: &'static str = "starting the guest";

    fn clean_up(&mut self) -> Result<(), LabError> {
        for side in Side::BOTH {
            self.libvirt.remove_guest(side);
        }
        Ok(())
    }

    fn start_guest(&mut self, outlet: &mut Outlet) -> Result<Guest, LabError> {
        self.hearing.forget();
        self.take_note(Side::First);
        let started = self.libvirt.start_guest(Side::First, &self.xml()?);
        started.map_err(|refusal| self.not_started(&refusal.message))?;
        if self.lent.as_ref().is_some_and(|lent| !lent.is_used(Side::First)) {
            outlet.say(Message::NotAlike(
                "guests' memory in files: this QEMU or libvirt put it elsewhere".to_owned(),
            ));
            self.lent = None; // said once
        }
        Ok(Guest {
            side: Side::First,
            line: self.before.line,
            hearing: self.hearing.clone(),
        })
    }

    fn falls_back(&mut self, why: &LabError, outlet: &mut Outlet) -> bool {
        let why = match why {
            LabError::NotStarted(said) | LabError::Refused { said, .. } => said.clone(),
            _ => return false,
        };
        let refused = self.refused.load(Ordering::Relaxed);
        let Some(build) = self
            .order
            .builds
            .get(refused)
            .filter(|_| refused + 1 < self.order.builds.len())
        else {
            return false;
        };
        outlet.say(Message::NotStarted(NotStarted {
            built: build.built,
            why,
        }));
        self.refused.store(refused + 1, Ordering::Relaxed);
        true
    }

    fn shares_a_disk(&self) -> bool {
        self.order.disk_mib.is_none() && self.disk_name().is_some()
    }

    fn own_disks(&self) -> Vec<String> {
        let disk = self.order.disk_mib.and_then(|_| self.disk_name());
        disk.into_iter().map(str::to_owned).collect()
    }

    fn no_response(&self, patience: Duration) -> LabError {
        let waited = patience.as_secs();
        self.explained(&format!("the guest was started but did not respond within {waited} s"))
    }

    fn hypervisor(&mut self, guest: &Guest) -> &mut dyn Hypervisor {
        self.libvirt.set_source(guest.side);
        self.take_note(guest.side);
        if let Some(mib) = self.order.disk_mib {
            // what fails leaves a disk that is found not to be whole
            let _ = devices::make_empty(&layout::disk_at(guest.side.other(), &self.guest), mib << 20);
        }
        &mut self.libvirt
    }

    fn take_seat(&mut self) -> Option<Seat> {
        self.seat.take()
    }

    fn put_seat(&mut self, seat: Seat) {
        self.seat = Some(seat);
    }

    fn listen(&mut self, guest: &Guest, trace: &Trace, _: &mut Outlet) -> Result<Observation, LabError> {
        let since = memory::migration_end(trace);
        let looked_at_all = memory::checked_all_pages(&self.hearing, self.order.size, since, ROUND);
        let has_whole_disk = self.has_whole_disk();
        let (records, stray) = self.hearing.records();
        let records = records.into_iter().filter(|record| record.kind != Kind::Start);
        Ok(Observation {
            records: records.collect(),
            stray,
            source_span: self.hearing.span(guest.line),
            destination_span: self.hearing.span(self.before.line),
            source: self.libvirt.standing(End::Source).ok(),
            destination: self.libvirt.standing(End::Destination).ok(),
            has_whole_disk,
            looked_at_all,
            only_after: false,
            cause: (!self.has_company)
                .then(|| logs::cause((self.before.source, self.before.log), trace))
                .flatten(),
        })
    }

    fn accident(&self, evidence: &Evidence) -> Option<LabError> {
        let said = evidence.reason().unwrap_or_default();
        if evidence.judgement.holds() {
            return None;
        }
        let accident = self.deaths.accident(&said, self.before.deaths, self.before.source);
        let accident = accident.or_else(|| {
            let is_gone = is_gone(&said) && !is_refusal(0, &said) && evidence.judgement.failed(GUEST_LIVES).is_none();
            is_gone.then(|| format!("a process or a connection went away without a reason: {said}; {NOTHING_KNOWN}"))
        });
        accident.map(LabError::Accident)
    }

    fn hush(&self) -> Hush {
        let (deaths, guest) = (Arc::clone(&self.deaths), self.guest.clone());
        Box::new(move |still| deaths.stop_others(&guest, still))
    }

    fn put_to_rest(&mut self) {
        for side in Side::BOTH {
            self.libvirt.pause_guest(side);
        }
        // what follows is tried alone
        self.has_company = false;
    }

    fn keep(&self, guest: Guest, moved: bool) -> Option<Guest> {
        if moved && self.link.is_some() {
            // the way over the link leads to the second side alone
            return None;
        }
        Some(if moved {
            Guest {
                side: guest.side.other(),
                line: self.before.line,
                ..guest
            }
        } else {
            guest
        })
    }
}
