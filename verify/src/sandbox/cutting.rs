//! How migrations are broken in the sandbox: its link goes down, its QEMUs and daemons are killed, its connections reset.
//!
//! Everything that is hit is the sandbox's own, found by its number there.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use super::daemon;
use super::deaths::Deaths;
use super::lab::{LabError, ROUND, SandboxLab};
use super::link::Link;
use super::setup::WorkOrder;
use crate::hypervisor::recovery::Recovery;
use crate::hypervisor::{End, Side};
use crate::shown;
use crate::trial::cut::{Breaker, Cut, CutEvidence, CutLab};
use crate::trial::memory::checked_all_pages;
use crate::trial::worker::Guest;

/// What breaks the migration of one guest.
struct SandboxBreaker {
    order: Arc<WorkOrder>,
    deaths: Arc<Deaths>,
    link: Option<Arc<Link>>,
    guest: String,
    source: Side,
}

impl SandboxBreaker {
    fn link(&self) -> Result<&Link, String> {
        self.link.as_deref().ok_or_else(|| "there is no link".to_owned())
    }

    fn side(&self, end: End) -> Side {
        match end {
            End::Source => self.source,
            End::Destination => self.source.other(),
        }
    }

    fn reset(&self) -> Result<(), String> {
        match self.link()?.reset() {
            Ok(0) => Err("QEMU had no connection over the link any more".to_owned()),
            Ok(_) => Ok(()),
            Err(error) => Err(shown::chain(&error)),
        }
    }

    fn kill_qemu(&self, end: End) -> Result<(), String> {
        let number = self.deaths.qemu(&self.guest, self.side(end));
        let number = number.and_then(Pid::from_raw);
        let number = number.ok_or_else(|| "its QEMU does not run".to_owned())?;
        kill_process(number, Signal::KILL).map_err(|error| io::Error::from(error).to_string())
    }

    /// Kills a daemon, which is a child of this process, and waits for its end.
    fn kill_daemon(&self, end: End) -> Result<(), String> {
        let number = self
            .deaths
            .daemon(self.side(end))
            .and_then(|number| Pid::from_raw(number.cast_signed()));
        let number = number.ok_or_else(|| "its daemon does not run".to_owned())?;
        let ended = kill_process(number, Signal::KILL).and_then(|()| waitpid(Some(number), WaitOptions::empty()));
        ended.map(|_| ()).map_err(|error| io::Error::from(error).to_string())
    }

    fn start_daemon(&self, end: End) -> Result<(), String> {
        let side = self.side(end);
        let daemon = daemon::start_again(Path::new("/proc/self/exe"), side, &self.order.setup);
        let daemon = daemon.map_err(|error| error.to_string())?;
        self.deaths.is_now(side, daemon.id());
        Ok(())
    }
}

impl Breaker for SandboxBreaker {
    fn cut(&mut self, cut: Cut, _: &mut dyn Recovery) -> Result<(), String> {
        match cut {
            Cut::Reset | Cut::ResetAndResume => self.reset(),
            Cut::LinkDown => self.link()?.down().map_err(|error| shown::chain(&error)),
            Cut::DestinationQemu => self.kill_qemu(End::Destination),
            Cut::SourceDaemon => self.kill_daemon(End::Source),
            Cut::DestinationDaemon => self.kill_daemon(End::Destination),
        }
    }

    fn restore(&mut self, cut: Cut) -> Result<(), String> {
        match cut {
            Cut::Reset | Cut::ResetAndResume | Cut::DestinationQemu => Ok(()),
            Cut::LinkDown => self.link()?.up().map_err(|error| shown::chain(&error)),
            Cut::SourceDaemon => self.start_daemon(End::Source),
            Cut::DestinationDaemon => self.start_daemon(End::Destination),
        }
    }

    fn crash(&self, end: End) -> Option<String> {
        self.deaths.crash_of_daemon(self.side(end))
    }

    fn has_qemu(&self, end: End) -> Option<bool> {
        Some(self.deaths.qemu(&self.guest, self.side(end)).is_some())
    }
}

impl CutLab for SandboxLab {
    fn recovery(&mut self, guest: &Guest, cut: Cut) -> &mut dyn Recovery {
        self.libvirt.set_source(guest.side);
        self.libvirt.slow_post_copy(cut.slowed_to());
        self.take_note(guest.side);
        &mut self.libvirt
    }

    fn breaker(&self, guest: &Guest) -> Box<dyn Breaker> {
        Box::new(SandboxBreaker {
            order: Arc::clone(&self.order),
            deaths: Arc::clone(&self.deaths),
            link: self.link.clone(),
            guest: self.guest.clone(),
            source: guest.side,
        })
    }

    fn line_at_the_destination(&mut self, _: &Guest) -> Option<usize> {
        Some(self.hearing.connections())
    }

    fn hears_all(&self) -> bool {
        true
    }

    fn accident_of(&self, evidence: &CutEvidence) -> Option<LabError> {
        // a QEMU that was killed on purpose is no accident, and hides none that would show otherwise
        let found = (evidence.cut != Cut::DestinationQemu).then(|| self.unmeant_death());
        found.flatten().map(LabError::Accident)
    }

    fn checks_all_pages(&mut self, _: &Guest, since: Duration) -> bool {
        checked_all_pages(&self.hearing, self.order.size, since, ROUND)
    }
}
