//! The hypervisor that is real: two libvirt daemons and the guest between them.
//!
//! It is the only place that names the crate `virt`, and it decides nothing.
//!
//! Each daemon has two connections: the migrate call blocks one, everything else uses the other. Sharing one could hang in
//! clients before libvirt 10, whose event loop may lose a wake-up.

mod alarm;
pub mod constants;
mod events;
mod far;
mod near;
mod recovery;
mod resume;
mod standing;
mod states;

use std::collections::BTreeMap;
use std::ffi::c_int;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub(crate) use virt::connect::Connect;
use virt::domain::{Domain, MigrateParameters};
use virt::error::{Error, clear_error_callback};
use virt::{event, sys};

pub use self::alarm::{Alarm, listen};
use self::events::{Raw, RawEvent, numbers, register, words};
pub use self::far::{Ends, Removal, connect_once, remove_domain};
use self::near::open;
pub use self::near::{Daemon, Versions, domain_xml};
pub use self::resume::{Broken, CRASHES, SINCE, resume_post_copy};
pub use self::standing::{Found, Onlooker};
pub use self::states::{Off, Standing};
use super::recovery::Recovery as _;
use super::{End, Event, GuestState, Hypervisor, Intervention, Job, JobKind, Refusal, Request, Side, Sides};

/// Libvirt's code where there is no such domain.
pub(crate) const NO_DOMAIN: u32 = sys::VIR_ERR_NO_DOMAIN;
const NOT_RUNNING: u32 = sys::VIR_ERR_OPERATION_INVALID;

/// Both daemons, connected; the guest's source is set before each migration.
pub struct Libvirt {
    began: Instant,
    guest: String,
    uris: Sides<String>,
    way: Way,
    /// Set from outside to have the monitor end.
    stop: Arc<AtomicBool>,
    steering: Sides<Connect>,
    source: Side,
    sender: Sender<RawEvent>,
    heard: Receiver<RawEvent>,
}

/// How the source's daemon is to reach the destination.
#[derive(Clone, Debug, Default)]
pub struct Way {
    /// Where the other daemon is, if not as we reach it.
    pub peer: Option<String>,
    /// Where QEMU is to send to, if not where libvirt chooses.
    pub migration: Option<String>,
    /// Where QEMU is to send disks to, if not where libvirt chooses.
    pub disks: Option<String>,
    /// The name that the destination's certificate must have, if not that of the place QEMU sends to.
    pub certificate: Option<String>,
    /// The MiB/s that are sent unasked in post-copy, where that is slowed down; nova sets no limit.
    pub post_copy_bandwidth: Option<u64>,
}

fn refusal(error: &Error) -> Refusal {
    Refusal {
        code: error.code().to_raw(),
        message: error.message().trim().replace('\n', "; "),
    }
}

/// Runs `work` meanwhile; where no thread can be had that is an accident, told as libvirt tells its own.
fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<JoinHandle<T>, Refusal> {
    thread::Builder::new().spawn(work).map_err(|error| Refusal {
        code: 0,
        message: format!("Unable to create thread: {error}"),
    })
}

/// Registers libvirt's event loop and runs it in a thread; to be called once, before anything is opened.
///
/// # Errors
/// Libvirt refuses.
pub fn run_event_loop() -> Result<(), Refusal> {
    clear_error_callback();
    event::event_register_default_impl().map_err(|error| refusal(&error))?;
    aside(|| {
        loop {
            if event::event_run_default_impl().is_err() {
                thread::yield_now();
            }
        }
    })?;
    Ok(())
}

/// Libvirt's flags of a migration, those that nova always sets first.
fn flags_of(request: &Request) -> u32 {
    let mut flags = sys::VIR_MIGRATE_LIVE
        | sys::VIR_MIGRATE_PEER2PEER
        | sys::VIR_MIGRATE_UNDEFINE_SOURCE
        | sys::VIR_MIGRATE_PERSIST_DEST;
    let optional = [
        (request.post_copy, sys::VIR_MIGRATE_POSTCOPY),
        (request.auto_converge, sys::VIR_MIGRATE_AUTO_CONVERGE),
        (request.tunnelled, sys::VIR_MIGRATE_TUNNELLED),
        (request.parallel.is_some(), sys::VIR_MIGRATE_PARALLEL),
        (request.tls, sys::VIR_MIGRATE_TLS),
        (request.unsafe_storage, sys::VIR_MIGRATE_UNSAFE),
        (!request.disks.is_empty(), sys::VIR_MIGRATE_NON_SHARED_INC),
    ];
    for (_, flag) in optional.iter().filter(|(wanted, _)| *wanted) {
        flags |= flag;
    }
    flags
}

impl Libvirt {
    fn domain(&self, side: Side) -> Result<Domain, Refusal> {
        self.steering[side]
            .lookup_domain_by_name(&self.guest)
            .map_err(|error| refusal(&error))
    }

    fn side(&self, end: End) -> Side {
        match end {
            End::Source => self.source,
            End::Destination => self.source.other(),
        }
    }

    fn call<T>(&self, call: impl FnOnce(&Domain) -> Result<T, Error>) -> Result<T, Refusal> {
        call(&self.domain(self.source)?).map_err(|error| refusal(&error))
    }

    /// From here on the guest is taken to be at `side`; what was heard before is forgotten.
    pub fn set_source(&mut self, side: Side) {
        self.source = side;
        while self.heard.try_recv().is_ok() {}
    }

    /// Defines the guest at `side` and starts it.
    ///
    /// # Errors
    /// Libvirt or QEMU refuses.
    pub fn start_guest(&self, side: Side, xml: &str) -> Result<(), Refusal> {
        let domain = self.steering[side]
            .define_domain_xml(xml)
            .map_err(|error| refusal(&error))?;
        domain.create().map_err(|error| refusal(&error))
    }

    /// The processor models that the daemon at `side` knows; none where it does not tell.
    #[must_use]
    pub fn cpu_models(&self, side: Side) -> Vec<String> {
        self.steering[side].cpu_models_names("x86_64", 0).unwrap_or_default()
    }

    /// Has the guest at `side` do nothing, if it is there.
    pub fn pause_guest(&self, side: Side) {
        if let Ok(domain) = self.domain(side) {
            let _ = domain.suspend();
        }
    }

    /// Ends and forgets the guest at `side`, if it is there.
    pub fn remove_guest(&self, side: Side) {
        if let Ok(domain) = self.domain(side) {
            let _ = domain.destroy();
            let _ = domain.undefine();
        }
    }

    /// Slows post-copy down to so many MiB/s from now on.
    pub fn slow_post_copy(&mut self, bandwidth: u64) {
        self.way.post_copy_bandwidth = Some(bandwidth);
    }

    /// Makes nova's migrate call in the background, with `more` flags.
    fn launch(&mut self, request: &Request, more: u32) -> Result<(), Refusal> {
        let flags = flags_of(request) | more;
        let domain = self.domain(self.source)?;
        let xml = domain.xml_desc(sys::VIR_DOMAIN_XML_MIGRATABLE);
        let xml = xml.map_err(|error| refusal(&error))?;
        let parameters = MigrateParameters {
            persist_xml: request.persistent_xml.then(|| xml.clone()),
            dest_xml: Some(xml),
            disks_uri: self.way.disks.clone().filter(|_| !request.disks.is_empty()),
            migrate_disks: request.disks.clone(),
            bandwidth: Some(request.bandwidth),
            // what is resumed is not slowed: 0 is no limit, and without a word of it the old one stays
            bandwidth_postcopy: self
                .way
                .post_copy_bandwidth
                .map(|slow| if more == 0 { slow } else { 0 }),
            uri: self.way.migration.clone().filter(|_| !request.tunnelled),
            tls_destination: self.way.certificate.clone().filter(|_| request.tls),
            parallel_connections: request.parallel.map(u32::cast_signed),
            ..MigrateParameters::default()
        };
        let (source, sender) = (self.source, self.sender.clone());
        let from = self.uris[source].clone();
        let to = self.way.peer.as_ref().unwrap_or(&self.uris[source.other()]).clone();
        let name = self.guest.clone();
        aside(move || {
            let result = open(&from, Duration::from_secs(5), || None).and_then(|connect| {
                let domain = connect.lookup_domain_by_name(&name).map_err(|error| refusal(&error))?;
                domain
                    .migrate_to_uri3(Some(&to), parameters, flags)
                    .map_err(|error| refusal(&error))
            });
            let _ = sender.send((Instant::now(), source, Raw::Returned(result)));
        })?;
        Ok(())
    }
}

impl Hypervisor for Libvirt {
    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn start(&mut self, request: &Request) -> Result<(), Refusal> {
        self.launch(request, 0)
    }

    fn job(&mut self) -> Result<Job, Refusal> {
        self.job_as_told().or_else(gone)
    }

    fn job_as_told(&mut self) -> Result<Job, Refusal> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Refusal {
                code: 0,
                message: "interrupted".to_owned(),
            });
        }
        self.call(job_of)
    }

    fn definition(&mut self, flags: u32) -> Result<String, Refusal> {
        self.call(|domain| domain.xml_desc(flags))
    }

    fn intervene(&mut self, intervention: Intervention) -> Result<(), Refusal> {
        self.call(|domain| match intervention {
            // SAFETY: the pointer is that of a live domain.
            #[allow(unsafe_code)]
            Intervention::Abort => check(unsafe { sys::virDomainAbortJob(domain.as_ptr()) }),
            // SAFETY: the pointer is that of a live domain.
            #[allow(unsafe_code)]
            Intervention::StartPostCopy => check(unsafe { sys::virDomainMigrateStartPostCopy(domain.as_ptr(), 0) }),
            Intervention::Pause => domain.suspend(),
            Intervention::Resume => domain.resume(),
        })
    }

    fn set_max_downtime(&mut self, milliseconds: i64) -> Result<(), Refusal> {
        self.call(|domain| domain.migrate_set_max_downtime(milliseconds.max(0) as u64, 0))
    }

    fn next(&mut self, patience: Duration) -> Option<(Duration, Event)> {
        let (at, side, raw) = match self.heard.recv_timeout(patience) {
            Ok(heard) => heard,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
        };
        let end = if side == self.source {
            End::Source
        } else {
            End::Destination
        };
        let event = match raw {
            Raw::Lifecycle(event, detail) => Event::Lifecycle {
                end,
                what: words(event, detail),
            },
            Raw::Pass(number) => Event::Pass(number),
            Raw::Figures(figures) => Event::Figures {
                downtime_ms: figures.get("downtime").copied(),
                transferred: figures.get("memory_processed").copied(),
            },
            Raw::Returned(result) => Event::Returned(result),
        };
        Some((at.saturating_duration_since(self.began), event))
    }

    fn standing(&mut self, end: End) -> Result<GuestState, Refusal> {
        self.condition(end).map(|condition| condition.state)
    }
}

/// Nova takes a domain that is gone or does not run for a migration that completed (`Guest.get_job_info`).
pub(crate) fn gone(error: Refusal) -> Result<Job, Refusal> {
    if error.code == NO_DOMAIN || error.code == NOT_RUNNING {
        Ok(Job {
            kind: JobKind::Completed,
            ..Job::NONE
        })
    } else {
        Err(error)
    }
}

fn check(answer: c_int) -> Result<(), Error> {
    if answer < 0 { Err(Error::last_error()) } else { Ok(()) }
}

/// The state of a domain and the reason, as libvirt numbers them; our own call, as the crate's has no name for every reason.
fn state_of(domain: &Domain) -> Result<(u32, u32), Error> {
    let (mut state, mut reason): (c_int, c_int) = (-1, -1);
    // SAFETY: a live domain and two places to write to.
    #[allow(unsafe_code)]
    check(unsafe { sys::virDomainGetState(domain.as_ptr(), &raw mut state, &raw mut reason, 0) })?;
    Ok((state.cast_unsigned(), reason.cast_unsigned()))
}

/// The kind and the whole numbers of a domain's job; our own call, as the crate's makes a slice from a null pointer where there
/// is no job.
fn figures(domain: &Domain) -> Result<(c_int, BTreeMap<String, u64>), Error> {
    let (mut kind, mut count): (c_int, c_int) = (0, 0);
    let mut list: sys::virTypedParameterPtr = ptr::null_mut();
    // SAFETY: a live domain and three places to write to; the list is freed below as libvirt wants it.
    #[allow(unsafe_code)]
    let answer = unsafe { sys::virDomainGetJobStats(domain.as_ptr(), &raw mut kind, &raw mut list, &raw mut count, 0) };
    check(answer)?;
    let figures = numbers(list, count);
    // SAFETY: libvirt made the list of that length; a null list is allowed.
    #[allow(unsafe_code)]
    unsafe {
        sys::virTypedParamsFree(list, count);
    }
    Ok((kind, figures))
}

/// The job of a domain.
fn job_of(domain: &Domain) -> Result<Job, Error> {
    let (kind, figures) = figures(domain)?;
    let figure = |name: &str| figures.get(name).copied().unwrap_or_default().cast_signed();
    Ok(Job {
        kind: match kind as sys::virDomainJobType {
            sys::VIR_DOMAIN_JOB_BOUNDED | sys::VIR_DOMAIN_JOB_UNBOUNDED => JobKind::Unbounded,
            sys::VIR_DOMAIN_JOB_COMPLETED => JobKind::Completed,
            sys::VIR_DOMAIN_JOB_FAILED => JobKind::Failed,
            sys::VIR_DOMAIN_JOB_CANCELLED => JobKind::Cancelled,
            _ => JobKind::None,
        },
        remaining: figure("data_remaining"),
        disk_remaining: figure("disk_remaining"),
        iteration: figure("memory_iteration"),
    })
}
