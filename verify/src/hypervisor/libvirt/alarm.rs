//! What libvirt reports of every domain of a daemon: that a migration in post-copy broke, began or came to its end.
//!
//! It wakes whoever waits; where things stand is asked for then, so that an event that is missed only costs time.

use std::ffi::{c_int, c_void};
use std::sync::Mutex;
use std::sync::mpsc::Sender;

use virt::sys;

use super::events::call_back;
use super::refusal;
use super::standing::Onlooker;
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
unsafe extern "C" fn on_lifecycle(
    _: sys::virConnectPtr,
    _: sys::virDomainPtr,
    event: c_int,
    detail: c_int,
    opaque: *mut c_void,
) -> c_int {
    // SAFETY: the pointer is the one registered, and lives until libvirt forgets it.
    let ear = unsafe { &*opaque.cast::<Ear>() };
    let broke = event.cast_unsigned() == sys::VIR_DOMAIN_EVENT_SUSPENDED
        && detail.cast_unsigned() == sys::VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY_FAILED;
    if let Ok(sender) = ear.0.lock() {
        let _ = sender.send(if broke { Alarm::Broke } else { Alarm::Changed });
    }
    0
}

/// Has libvirt's event loop send `sender` the events of every domain of `daemon`, as long as that is open.
///
/// # Errors
/// Libvirt refuses.
pub fn listen(daemon: &Onlooker, sender: Sender<Alarm>) -> Result<(), Refusal> {
    let ear = Box::new(Ear(Mutex::new(sender)));
    // SAFETY: the callback is of the type of lifecycle events, and takes an `Ear`.
    #[allow(unsafe_code)]
    let registered = unsafe {
        call_back(
            daemon.connection(),
            sys::VIR_DOMAIN_EVENT_ID_LIFECYCLE,
            on_lifecycle as *const (),
            ear,
        )
    };
    registered.map_err(|error| refusal(&error))
}
