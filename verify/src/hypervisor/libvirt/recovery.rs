//! How a domain stands and why, and the way back after a break in post-copy, as libvirt has them.
//!
//! It decides nothing.

use std::ffi::{c_int, c_uint};
use std::time::Duration;

use libloading::os::unix::Library;
use virt::sys;

use super::near::open;
use super::states::condition;
use super::{Libvirt, NO_DOMAIN, check, refusal, register, state_of};
use crate::hypervisor::recovery::{Condition, Recovery};
use crate::hypervisor::{End, Refusal, Request};

/// `virDomainAbortJobFlags`.
type AbortJobFlags = unsafe extern "C" fn(sys::virDomainPtr, c_uint) -> c_int;

/// `VIR_DOMAIN_ABORT_JOB_POSTCOPY`: interrupts post-copy, as a broken connection would.
const ABORT_POST_COPY: c_uint = 1;

/// How long a daemon that was started again may take to listen.
const AGAIN: Duration = Duration::from_secs(20);

impl Recovery for Libvirt {
    fn condition(&mut self, end: End) -> Result<Condition, Refusal> {
        let numbers = self
            .domain(self.side(end))
            .and_then(|domain| state_of(&domain).map_err(|error| refusal(&error)));
        match numbers {
            Ok((state, reason)) => Ok(condition(state, reason)),
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
