//! Where domains stand at one daemon: their states with libvirt's reasons.
//!
//! It looks through a read-only connection, by which nothing can be changed.

use std::time::Duration;

use serde::Serialize;
use virt::connect::Connect;
use virt::domain::Domain;
use virt::sys;

use super::{NO_DOMAIN, aside, figures, refusal, state_of};
use crate::hypervisor::Refusal;

/// A domain's state, as far as a migration in post-copy goes; libvirt's numbers by their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The daemon does not know it.
    Absent,
    /// It does not run, and why.
    Off(Off),
    /// It runs, and no migration in post-copy concerns it any more.
    Running,
    /// `VIR_DOMAIN_RUNNING_POSTCOPY`: it runs at the destination, and memory still comes.
    RunningPostCopy,
    /// `VIR_DOMAIN_RUNNING_POSTCOPY_FAILED`: at the destination, until it needs a page that has not come.
    RunningPostCopyFailed,
    /// `VIR_DOMAIN_PAUSED_POSTCOPY`: the source's half, which sends.
    PausedPostCopy,
    /// `VIR_DOMAIN_PAUSED_POSTCOPY_FAILED`: the source's half, cut off.
    PausedPostCopyFailed,
    /// Paused for another reason.
    Paused,
    /// Crashed, or a state that is not known here.
    Other,
}

/// Why a domain does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Off {
    /// `VIR_DOMAIN_SHUTOFF_SHUTDOWN`: the guest ended by itself or was asked to.
    ShutDown,
    /// `VIR_DOMAIN_SHUTOFF_DESTROYED`: somebody ended it.
    Destroyed,
    /// `VIR_DOMAIN_SHUTOFF_CRASHED`: its QEMU has gone.
    Crashed,
    /// `VIR_DOMAIN_SHUTOFF_MIGRATED`: it went to another host.
    Migrated,
    /// `VIR_DOMAIN_SHUTOFF_SAVED`: it was saved to a file.
    Saved,
    /// `VIR_DOMAIN_SHUTOFF_FAILED`: it could not be started, or its migration failed.
    Failed,
    /// Another reason, or none that libvirt remembers.
    NotKnown,
}

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
        let (sender, answer) = std::sync::mpsc::channel();
        let wanted = uri.to_owned();
        aside(move || {
            let _ = sender.send(Connect::open_read_only(Some(&wanted)).map_err(|error| refusal(&error)));
        })?;
        let connect = answer.recv_timeout(patience).unwrap_or_else(|_| {
            Err(Refusal {
                code: 0,
                message: format!("no answer within {} s", patience.as_secs()),
            })
        })?;
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
    state_of(domain).map(|(state, reason)| of_numbers(state, reason))
}

fn of_numbers(state: u32, reason: u32) -> Standing {
    match (state, reason) {
        (sys::VIR_DOMAIN_RUNNING, sys::VIR_DOMAIN_RUNNING_POSTCOPY) => Standing::RunningPostCopy,
        (sys::VIR_DOMAIN_RUNNING, sys::VIR_DOMAIN_RUNNING_POSTCOPY_FAILED) => Standing::RunningPostCopyFailed,
        (sys::VIR_DOMAIN_RUNNING, _) => Standing::Running,
        (sys::VIR_DOMAIN_PAUSED, sys::VIR_DOMAIN_PAUSED_POSTCOPY) => Standing::PausedPostCopy,
        (sys::VIR_DOMAIN_PAUSED, sys::VIR_DOMAIN_PAUSED_POSTCOPY_FAILED) => Standing::PausedPostCopyFailed,
        (sys::VIR_DOMAIN_PAUSED, _) => Standing::Paused,
        (sys::VIR_DOMAIN_SHUTOFF, reason) => Standing::Off(match reason {
            sys::VIR_DOMAIN_SHUTOFF_SHUTDOWN => Off::ShutDown,
            sys::VIR_DOMAIN_SHUTOFF_DESTROYED => Off::Destroyed,
            sys::VIR_DOMAIN_SHUTOFF_CRASHED => Off::Crashed,
            sys::VIR_DOMAIN_SHUTOFF_MIGRATED => Off::Migrated,
            sys::VIR_DOMAIN_SHUTOFF_SAVED => Off::Saved,
            sys::VIR_DOMAIN_SHUTOFF_FAILED => Off::Failed,
            _ => Off::NotKnown,
        }),
        _ => Standing::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_post_copy_is_told_from_one_that_runs_and_from_every_other_state() {
        assert_eq!(of_numbers(3, 13), Standing::PausedPostCopyFailed);
        assert_eq!(of_numbers(3, 12), Standing::PausedPostCopy);
        assert_eq!(of_numbers(3, 1), Standing::Paused);
        assert_eq!(of_numbers(1, 11), Standing::RunningPostCopyFailed);
        assert_eq!(of_numbers(1, 10), Standing::RunningPostCopy);
        assert_eq!(of_numbers(1, 2), Standing::Running);
        assert_eq!(of_numbers(5, 3), Standing::Off(Off::Crashed));
        assert_eq!(of_numbers(5, 99), Standing::Off(Off::NotKnown));
        assert_eq!(of_numbers(6, 0), Standing::Other);
    }
}
