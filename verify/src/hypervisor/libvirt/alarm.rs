//! What libvirt tells of every domain of a daemon: that a migration in post-copy broke, began or came to its end.
//!
//! It wakes whoever waits; where things stand is asked for then, so that an event that is missed only costs time.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::Mutex;
use std::sync::mpsc::Sender;

use virt::sys;

use super::standing::Onlooker;
use super::{check, refusal};
use crate::hypervisor::Refusal;

/// What happened to some domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// `VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY_FAILED`.
    Broke,
    /// Something else of its life.
    Changed,
}

struct Ear(Mutex<Sender<Alarm>>);

#[allow(unsafe_code)]
unsafe extern "C" fn forget(opaque: *mut c_void) {
    // SAFETY: libvirt calls this once with the pointer made in `listen`.
    drop(unsafe { Box::from_raw(opaque.cast::<Ear>()) });
}

#[allow(unsafe_code)]
unsafe extern "C" fn on_lifecycle(
    _: sys::virConnectPtr,
    _: sys::virDomainPtr,
    event: c_int,
    detail: c_int,
    opaque: *mut c_void,
) -> c_int {
    // SAFETY: the pointer is the one registered, and lives until `forget`.
    let ear = unsafe { &*opaque.cast::<Ear>() };
    let broke = event.cast_unsigned() == sys::VIR_DOMAIN_EVENT_SUSPENDED
        && detail.cast_unsigned() == sys::VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY_FAILED;
    if let Ok(sender) = ear.0.lock() {
        let _ = sender.send(if broke { Alarm::Broke } else { Alarm::Changed });
    }
    0
}

/// Has libvirt's event loop tell `sender` of every domain of `daemon`, as long as that is open.
///
/// # Errors
/// Libvirt refuses.
pub fn listen(daemon: &Onlooker, sender: Sender<Alarm>) -> Result<(), Refusal> {
    let ear = Box::new(Ear(Mutex::new(sender)));
    let callback: unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, c_int, c_int, *mut c_void) -> c_int =
        on_lifecycle;
    // SAFETY: libvirt wants every callback under the generic type and calls this one by the type of lifecycle events; the box
    // lives until libvirt calls `forget`.
    #[allow(unsafe_code)]
    let answer = unsafe {
        let generic = std::mem::transmute::<
            *const (),
            unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, *mut c_void),
        >(callback as *const ());
        sys::virConnectDomainEventRegisterAny(
            daemon.connection().as_ptr(),
            ptr::null_mut(),
            sys::VIR_DOMAIN_EVENT_ID_LIFECYCLE.cast_signed(),
            Some(generic),
            Box::into_raw(ear).cast::<c_void>(),
            Some(forget),
        )
    };
    check(answer).map_err(|error| refusal(&error))
}
