//! How a domain stands and why, and the way back after a break in post-copy, as libvirt has them.
//!
//! It decides nothing.

use std::ffi::{c_int, c_uint};
use std::time::Duration;

use libloading::os::unix::Library;
use virt::sys;

use super::near::open;
use super::{Libvirt, NO_DOMAIN, check, refusal, register, state_of};
use crate::hypervisor::recovery::{Condition, Recovery};
use crate::hypervisor::{End, GuestState, Refusal, Request};

/// `virDomainAbortJobFlags`.
type AbortJobFlags = unsafe extern "C" fn(sys::virDomainPtr, c_uint) -> c_int;

/// `VIR_DOMAIN_ABORT_JOB_POSTCOPY`: interrupts post-copy, as a broken connection would.
const ABORT_POST_COPY: c_uint = 1;

/// How long a daemon that was started again may take to listen.
const AGAIN: Duration = Duration::from_secs(20);

const RUNNING: [(u32, &str); 12] = [
    (1, "booted"),
    (2, "migrated"),
    (3, "restored"),
    (4, "from snapshot"),
    (5, "unpaused"),
    (6, "migration canceled"),
    (7, "save canceled"),
    (8, "woken up"),
    (9, "crashed"),
    (10, "post-copy"),
    (11, "post-copy failed"),
    (0, "unknown"),
];

const PAUSED: [(u32, &str); 14] = [
    (1, "by a user"),
    (2, "migrating"),
    (3, "saving"),
    (4, "dumping"),
    (5, "I/O error"),
    (6, "watchdog"),
    (7, "from snapshot"),
    (8, "shutting down"),
    (9, "creating snapshot"),
    (10, "crashed"),
    (11, "starting up"),
    (12, "post-copy"),
    (13, "post-copy failed"),
    (0, "unknown"),
];

const OFF: [(u32, &str); 9] = [
    (1, "shutdown"),
    (2, "destroyed"),
    (3, "crashed"),
    (4, "migrated"),
    (5, "saved"),
    (6, "failed"),
    (7, "from snapshot"),
    (8, "daemon"),
    (0, "unknown"),
];

/// A state and its reason as libvirt numbers them.
fn condition_of(state: u32, reason: u32) -> Condition {
    let (state, word, reasons): (GuestState, &str, &[(u32, &str)]) = match state {
        sys::VIR_DOMAIN_RUNNING => (GuestState::Running, "running", &RUNNING),
        sys::VIR_DOMAIN_PAUSED => (GuestState::Paused, "paused", &PAUSED),
        sys::VIR_DOMAIN_SHUTOFF => (GuestState::Off, "shut off", &OFF),
        _ => (GuestState::Broken, "crashed or in another state", &[]),
    };
    let why = reasons.iter().find(|(number, _)| *number == reason);
    let words = match why {
        Some((_, why)) => format!("{word} ({why})"),
        None => format!("{word} (reason {reason})"),
    };
    Condition {
        state,
        reason: reason.cast_signed(),
        words,
    }
}

impl Recovery for Libvirt {
    fn condition(&mut self, end: End) -> Result<Condition, Refusal> {
        let numbers = self
            .domain(self.side(end))
            .and_then(|domain| state_of(&domain).map_err(|error| refusal(&error)));
        match numbers {
            Ok((state, reason)) => Ok(condition_of(state, reason)),
            Err(error) if error.code == NO_DOMAIN => Ok(Condition::absent()),
            Err(error) => Err(error),
        }
    }

    fn resume_post_copy(&mut self, request: &Request) -> Result<(), Refusal> {
        self.launch(request, sys::VIR_MIGRATE_POSTCOPY_RESUME)
    }

    fn break_off(&mut self) -> Result<(), Refusal> {
        let too_old = || Refusal {
            code: sys::VIR_ERR_NO_SUPPORT,
            message: "libvirt's client library here is older than 8.5, which first can interrupt post-copy".to_owned(),
        };
        // looked up when it is needed: a program that were linked with it would not start where libvirt is older
        let library = Library::this();
        // SAFETY: the name is libvirt's own, and its signature is that of libvirt's header.
        #[allow(unsafe_code)]
        let abort = unsafe { library.get::<AbortJobFlags>(b"virDomainAbortJobFlags\0") };
        let abort = abort.map_err(|_| too_old())?;
        self.call(|domain| {
            // SAFETY: the pointer is that of a live domain.
            #[allow(unsafe_code)]
            let answer = unsafe { abort(domain.as_ptr(), ABORT_POST_COPY) };
            check(answer)
        })
    }

    fn reconnect(&mut self, end: End) -> Result<(), Refusal> {
        let side = self.side(end);
        let connect = open(&self.uris[side], AGAIN, || None)?;
        let _ = connect.set_keep_alive(5, 3);
        register(&connect, side, &self.guest, &self.sender).map_err(|error| refusal(&error))?;
        *self.steering.get_mut(side) = connect;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_halves_of_a_broken_migration_are_told_by_their_reasons() {
        let source = condition_of(sys::VIR_DOMAIN_PAUSED, sys::VIR_DOMAIN_PAUSED_POSTCOPY_FAILED);
        assert_eq!(
            (source.reason, source.words.as_str()),
            (13, "paused (post-copy failed)")
        );
        let destination = condition_of(sys::VIR_DOMAIN_RUNNING, sys::VIR_DOMAIN_RUNNING_POSTCOPY_FAILED);
        assert_eq!(
            (destination.reason, destination.words.as_str()),
            (11, "running (post-copy failed)")
        );
        assert!(source.is_broken() && destination.is_broken());
        assert_eq!(condition_of(1, 99).words, "running (reason 99)");
    }
}
