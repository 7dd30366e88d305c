//! How a migration between two hosts that are in use is broken: by libvirt's own call for the test guest's job, and in no other
//! way.
//!
//! That call has QEMU close the connections of this one migration. Nothing else on the hosts is looked at or touched.

use std::time::Duration;

use super::lab::{HostLab, ROUND};
use crate::guest::FAR;
use crate::host::programs::from_number;
use crate::host::versions::dotted;
use crate::hypervisor::libvirt::CRASHES;
use crate::hypervisor::recovery::Recovery;
use crate::trial::cut::{Breaker, Cut, CutLab, CutOrder};
use crate::trial::memory::checked_all_pages;
use crate::trial::plan::Plan;
use crate::trial::worker::Guest;

/// What can be cut between two hosts without touching anything but the test guest.
pub const CUTS: [Cut; 2] = [Cut::Reset, Cut::ResetAndResume];

/// Why something is not done to hosts that are in use.
#[must_use]
pub fn why_no_cut(cut: Cut) -> Option<&'static str> {
    match cut {
        Cut::Reset | Cut::ResetAndResume => None,
        Cut::LinkDown => Some("other guests and the hosts themselves use the link"),
        Cut::DestinationQemu => {
            Some("nothing but a signal from that host could end QEMU so, and one there may hit another")
        }
        Cut::SourceDaemon | Cut::DestinationDaemon => Some("the daemon serves other guests"),
    }
}

/// What the worker is to do.
pub(super) fn order(plan: &Plan, cuts: Vec<Cut>, early: bool) -> CutOrder {
    CutOrder {
        cuts,
        trial: plan.post_copy_trial(early),
    }
}

/// Asks libvirt, which has QEMU close this guest's connections.
struct ByLibvirt {
    /// The destination's version.
    destination: u32,
}

impl Breaker for ByLibvirt {
    fn cut(&mut self, cut: Cut, hypervisor: &mut dyn Recovery) -> Result<(), String> {
        match why_no_cut(cut) {
            None => hypervisor.break_off().map_err(|refusal| refusal.message),
            Some(why) => Err(why.to_owned()),
        }
    }

    fn restore(&mut self, _: Cut) -> Result<(), String> {
        Ok(())
    }

    fn why_no_resume(&self) -> Option<String> {
        (self.destination == CRASHES).then(|| {
            format!(
                "libvirt {} on the destination was not asked to resume it: that version crashes then, and the daemon serves other \
                 guests",
                dotted(from_number(self.destination))
            )
        })
    }
}

impl CutLab for HostLab {
    fn recovery(&mut self, guest: &Guest, cut: Cut) -> &mut dyn Recovery {
        self.libvirt.set_source(guest.side);
        self.libvirt.slow_post_copy(cut.slowed_to());
        &mut self.libvirt
    }

    fn breaker(&self, _: &Guest) -> Box<dyn Breaker> {
        Box::new(ByLibvirt {
            destination: self.destination,
        })
    }

    fn line_at_the_destination(&mut self, _: &Guest) -> Option<usize> {
        None
    }

    fn hears_all(&self) -> bool {
        false
    }

    fn checks_all_pages(&mut self, guest: &Guest, _: Duration) -> bool {
        // what `forget` would hide is the reason why the check fails
        if guest.hearing.damage().is_some() {
            return false;
        }
        guest.hearing.forget();
        self.read_console(guest.side.other(), &guest.hearing).is_ok()
            && checked_all_pages(&guest.hearing, FAR, Duration::ZERO, ROUND)
    }
}
