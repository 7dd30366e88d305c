//! Where domains stand at one daemon: their states with libvirt's reasons.
//!
//! It looks through a read-only connection, by which nothing can be changed.

use std::time::Duration;

use virt::connect::Connect;
use virt::domain::Domain;
use virt::sys;

use super::far::connect_by;
use super::states::{self, Standing};
use super::{NO_DOMAIN, figures, refusal, state_of};
use crate::hypervisor::Refusal;

/// A domain at one daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its UUID, which nova makes the instance's.
    pub uuid: String,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub standing: Standing,
    /// For how long its migration has been on by libvirt's own clock, where there is one.
    pub since: Option<Duration>,
    /// Bytes of memory and disk that its migration still has to copy.
    pub remaining: Option<u64>,
}

/// A connection that only looks.
pub struct Onlooker {
    connect: Connect,
}

impl Onlooker {
    /// Opens one within `patience`; an attempt that takes longer is left behind.
    ///
    /// # Errors
    /// Libvirt's refusal, or that it did not answer.
    pub fn open(uri: &str, patience: Duration) -> Result<Self, Refusal> {
        let connect = connect_by(|uri| Connect::open_read_only(Some(uri)), uri, patience)?;
        let _ = connect.set_keep_alive(2, 3);
        Ok(Self { connect })
    }

    /// The daemon's version, as major × 1 000 000 + minor × 1 000 + micro.
    ///
    /// # Errors
    /// The daemon does not answer.
    pub fn version(&self) -> Result<u32, Refusal> {
        self.connect.lib_version().map_err(|error| refusal(&error))
    }

    /// The host's UUID, by which libvirt itself knows hosts; none where the daemon does not report it.
    ///
    /// # Errors
    /// The daemon does not answer.
    pub fn host(&self) -> Result<Option<String>, Refusal> {
        let text = self.connect.capabilities().map_err(|error| refusal(&error))?;
        let host = text.split_once("<host>").map_or("", |(_, rest)| rest);
        let uuid = host
            .split_once("<uuid>")
            .and_then(|(_, rest)| rest.split_once("</uuid>"));
        Ok(uuid.map(|(uuid, _)| uuid.to_owned()))
    }

    /// All domains that are active.
    ///
    /// # Errors
    /// The daemon does not answer.
    pub fn active(&self) -> Result<Vec<Found>, Refusal> {
        let all = self.connect.list_all_domains(sys::VIR_CONNECT_LIST_DOMAINS_ACTIVE);
        let all = all.map_err(|error| refusal(&error))?;
        // one that ends meanwhile is no longer active
        Ok(all.iter().filter_map(|domain| found(domain).ok()).collect())
    }

    /// The domain with this name or UUID.
    ///
    /// # Errors
    /// The daemon does not answer.
    pub fn find(&self, word: &str) -> Result<Option<Found>, Refusal> {
        let by_uuid = self.connect.lookup_domain_by_uuid_string(word);
        let domain = by_uuid.or_else(|_| self.connect.lookup_domain_by_name(word));
        match domain.and_then(|domain| found(&domain)) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.code().to_raw() == NO_DOMAIN => Ok(None),
            Err(error) => Err(refusal(&error)),
        }
    }

    /// Where the domain with this UUID stands.
    ///
    /// # Errors
    /// The daemon does not answer.
    pub fn standing(&self, uuid: &str) -> Result<Standing, Refusal> {
        let domain = self.connect.lookup_domain_by_uuid_string(uuid);
        match domain.and_then(|domain| standing(&domain)) {
            Ok(standing) => Ok(standing),
            Err(error) if error.code().to_raw() == NO_DOMAIN => Ok(Standing::Absent),
            Err(error) => Err(refusal(&error)),
        }
    }

    pub(super) fn connection(&self) -> &Connect {
        &self.connect
    }
}

fn found(domain: &Domain) -> Result<Found, virt::error::Error> {
    // there need not be a job, and where it cannot be asked for the state is worth telling all the same
    let figures = figures(domain).map(|(_, figures)| figures).unwrap_or_default();
    Ok(Found {
        uuid: domain.uuid_string()?,
        name: domain.name()?,
        standing: standing(domain)?,
        since: figures.get("time_elapsed").copied().map(Duration::from_millis),
        remaining: figures
            .get("data_remaining")
            .or(figures.get("memory_remaining"))
            .copied(),
    })
}

fn standing(domain: &Domain) -> Result<Standing, virt::error::Error> {
    state_of(domain).map(|(state, reason)| states::standing(state, reason))
}
