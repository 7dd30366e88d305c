//! Two daemons of our own: waited for until they listen, and connected to once for each guest that is tried beside others.
//!
//! It starts no daemon.

use std::process::Child;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use virt::connect::Connect;
use virt::error::{Error, clear_error_callback};

use super::{Libvirt, Way, aside, refusal, register};
use crate::hypervisor::{Refusal, Side, Sides};

/// A daemon that has been started and may not listen yet.
#[derive(Debug)]
pub struct Daemon {
    /// Where it will listen.
    pub uri: String,
    /// Its process.
    pub process: Child,
}

/// The versions that a daemon answers.
#[derive(Clone, Copy, Debug)]
pub struct Versions {
    /// libvirt, as major × 1 000 000 + minor × 1 000 + micro.
    pub libvirt: u32,
    /// QEMU, in the same form.
    pub qemu: u32,
}

/// Opens a connection as soon as the daemon listens; the last refusal when `patience` is over or the daemon has ended.
///
/// # Errors
/// The daemon never listened.
pub(super) fn open(
    uri: &str,
    patience: Duration,
    mut ended: impl FnMut() -> Option<String>,
) -> Result<Connect, Refusal> {
    let until = Instant::now() + patience;
    loop {
        let error = match Connect::open(Some(uri)) {
            Ok(connect) => return Ok(connect),
            Err(error) => error,
        };
        if let Some(how) = ended() {
            return Err(Refusal {
                code: 0,
                message: format!("the daemon exited before it was listening ({how})"),
            });
        }
        if Instant::now() >= until {
            return Err(Refusal {
                message: format!(
                    "the daemon was not listening after {} s: {}",
                    patience.as_secs(),
                    error.message()
                ),
                ..refusal(&error)
            });
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// The XML of the domain with that name or UUID at the libvirt of `uri`; nothing is changed there.
///
/// # Errors
/// The daemon does not answer, or has no such domain.
pub fn domain_xml(uri: &str, domain: &str) -> Result<String, Refusal> {
    clear_error_callback();
    let read = || {
        let connect = Connect::open_read_only(Some(uri))?;
        let found = connect.lookup_domain_by_name(domain);
        let found = found.or_else(|error| connect.lookup_domain_by_uuid_string(domain).map_err(|_| error))?;
        found.xml_desc(0)
    };
    read().map_err(|error| refusal(&error))
}

pub(super) fn versions(connect: &Connect) -> Result<Versions, Error> {
    let qemu = connect.hyp_version()?;
    let libvirt = connect.lib_version()?;
    Ok(Versions { libvirt, qemu })
}

impl Libvirt {
    /// Connects to both daemons, within `patience` each; `began` is the zero of all times, `guest` the domain's name.
    ///
    /// # Errors
    /// A daemon ends, does not listen or does not answer.
    pub fn connect(
        daemons: Sides<Daemon>,
        guest: &str,
        way: Way,
        began: Instant,
        patience: Duration,
    ) -> Result<(Self, Versions), Refusal> {
        let uris = Sides::of(|side| daemons[side].uri.clone());
        // The first call that needs to know what QEMU can do makes the daemon probe it; both daemons do so at once.
        let opening = |Daemon { uri, mut process }: Daemon| {
            aside(move || {
                let ended = || process.try_wait().ok().flatten().map(|status| status.to_string());
                let connect = open(&uri, patience, ended)?;
                let found = versions(&connect).map_err(|error| refusal(&error))?;
                Ok::<_, Refusal>((connect, found))
            })
        };
        let (first, second) = (opening(daemons.first)?, opening(daemons.second)?);
        let opened = |thread: JoinHandle<Result<(Connect, Versions), Refusal>>| {
            thread.join().map_err(|_| Refusal {
                code: 0,
                message: "connecting failed".to_owned(),
            })?
        };
        let (first, _) = opened(first)?;
        let (second, found) = opened(second)?;
        let libvirt = Self::over(Sides { first, second }, uris, guest, way, began)?;
        Ok((libvirt, found))
    }

    /// The same daemons through connections of its own, for a domain named `guest` beside the other; `way` is that guest's.
    ///
    /// # Errors
    /// A daemon does not answer within `patience`.
    pub fn beside(&self, guest: &str, way: Way, patience: Duration) -> Result<Self, Refusal> {
        let steering = Sides::try_of(|side| open(&self.uris[side], patience, || None))?;
        Self::over(steering, self.uris.clone(), guest, way, self.began)
    }

    /// Over open connections, at which what befalls `guest` is heard from now on.
    fn over(
        steering: Sides<Connect>,
        uris: Sides<String>,
        guest: &str,
        way: Way,
        began: Instant,
    ) -> Result<Self, Refusal> {
        let (sender, heard) = channel();
        for side in Side::BOTH {
            let _ = steering[side].set_keep_alive(5, 3);
            register(&steering[side], side, guest, &sender).map_err(|error| refusal(&error))?;
        }
        Ok(Self {
            began,
            guest: guest.to_owned(),
            uris,
            way,
            stop: Arc::default(),
            steering,
            source: Side::First,
            sender,
            heard,
        })
    }
}
