//! Two daemons that the operator names: how they are reached, and how a domain there is found and ended.
//!
//! It starts no daemon and looks domains up by their UUID alone, so that none but our own is ever touched.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use virt::connect::Connect;
use virt::error::Error;
use virt::stream::Stream;
use virt::sys;

use super::near::versions;
use super::{Libvirt, NO_DOMAIN, Versions, Way, refusal, register};
use crate::hypervisor::{Refusal, Side, Sides};

/// The two daemons, and what the source's one is told.
#[derive(Clone, Debug)]
pub struct Ends {
    /// Where the guest starts.
    pub source: String,
    /// Where it is to go.
    pub destination: String,
    /// The destination's URI for the source's daemon.
    pub peer: String,
    /// Where QEMU is to send to; libvirt's choice if none.
    pub migration: Option<String>,
}

impl Ends {
    /// The URI of one side; the guest starts at the first.
    #[must_use]
    pub fn uri(&self, side: Side) -> &str {
        match side {
            Side::First => &self.source,
            Side::Second => &self.destination,
        }
    }
}

/// Opens a connection within `patience`; an attempt that takes longer is left behind.
///
/// # Errors
/// Libvirt's refusal, or that it did not answer.
pub fn connect_once(uri: &str, patience: Duration) -> Result<Connect, Refusal> {
    connect_by(|uri| Connect::open(Some(uri)), uri, patience)
}

/// The same by `open`, which may be the way that only looks.
pub(super) fn connect_by(
    open: impl FnOnce(&str) -> Result<Connect, Error> + Send + 'static,
    uri: &str,
    patience: Duration,
) -> Result<Connect, Refusal> {
    let (sender, answer) = channel();
    let wanted = uri.to_owned();
    super::aside(move || {
        let _ = sender.send(open(&wanted).map_err(|error| refusal(&error)));
    })?;
    answer.recv_timeout(patience).unwrap_or_else(|_| {
        Err(Refusal {
            code: 0,
            message: format!("no answer within {} s", patience.as_secs()),
        })
    })
}

/// What [`remove_domain`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Nothing: the domain was not there.
    NotThere,
    /// It destroyed and undefined the domain, which may still be ending.
    Requested,
}

/// Destroys and undefines the domain with that UUID and that name, if it is there.
///
/// # Errors
/// The daemon does not answer, or the domain has another name.
pub fn remove_domain(connect: &Connect, uuid: &str, name: &str) -> Result<Removal, Refusal> {
    let domain = match connect.lookup_domain_by_uuid_string(uuid) {
        Ok(domain) => domain,
        Err(error) if error.code().to_raw() == NO_DOMAIN => return Ok(Removal::NotThere),
        Err(error) => return Err(refusal(&error)),
    };
    if domain.name().map_err(|error| refusal(&error))? != name {
        return Err(Refusal {
            code: 0,
            message: "the domain with that UUID has another name".to_owned(),
        });
    }
    // one of the two is refused where it does not run or is not defined; the next look tells whether it is gone
    let _ = domain.destroy();
    let _ = domain.undefine();
    Ok(Removal::Requested)
}

impl Libvirt {
    /// Connects to both ends, within `patience` each; `began` is the zero of all times.
    ///
    /// # Errors
    /// A daemon cannot be reached, with the end's URI.
    pub fn between(
        ends: &Ends,
        guest: &str,
        began: Instant,
        patience: Duration,
        stop: &Arc<AtomicBool>,
    ) -> Result<(Self, Sides<Versions>), (String, Refusal)> {
        let (sender, heard) = channel();
        let both = Sides::try_of(|side| {
            let uri = ends.uri(side);
            let named = |refusal| (uri.to_owned(), refusal);
            let connect = connect_once(uri, patience).map_err(named)?;
            let _ = connect.set_keep_alive(5, 3);
            let versions = versions(&connect)
                .and_then(|found| register(&connect, side, guest, &sender).map(|()| found))
                .map_err(|error| named(refusal(&error)))?;
            Ok((connect, versions))
        })?;
        let versions = Sides::of(|side| both[side].1);
        let libvirt = Self {
            began,
            guest: guest.to_owned(),
            uris: Sides::of(|side| ends.uri(side).to_owned()),
            way: Way {
                disks: None,
                peer: Some(ends.peer.clone()),
                migration: ends.migration.clone(),
                certificate: None,
                post_copy_bandwidth: None,
            },
            stop: Arc::clone(stop),
            steering: Sides {
                first: both.first.0,
                second: both.second.0,
            },
            source: Side::First,
            sender,
            heard,
        };
        Ok((libvirt, versions))
    }

    /// Reads the guest's console at `side` through a connection of its own until it closes, in a thread.
    ///
    /// # Errors
    /// The console cannot be opened.
    pub fn read_console(
        &self,
        side: Side,
        patience: Duration,
        mut take: impl FnMut(&[u8]) + Send + 'static,
    ) -> Result<(), Refusal> {
        let connect = connect_once(&self.uris[side], patience)?;
        let _ = connect.set_keep_alive(5, 3);
        let stream = connect
            .lookup_domain_by_name(&self.guest)
            .and_then(|domain| {
                let stream = Stream::new(&connect, 0)?;
                domain.open_console(None, &stream, sys::VIR_DOMAIN_CONSOLE_FORCE)?;
                Ok(stream)
            })
            .map_err(|error| refusal(&error))?;
        super::aside(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = stream.recv(&mut bytes) {
                take(&bytes[..usize::try_from(count).unwrap_or(0)]);
            }
            let _ = stream.abort();
            drop(connect);
        })?;
        Ok(())
    }
}
