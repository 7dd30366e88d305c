//! What libvirt tells by itself: changes of the guest's state, passes over its memory, the figures of a finished job.
//!
//! It asks for nothing; libvirt's event loop calls in, and what came is handed on with its moment.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_int, c_void};
use std::ptr;
use std::sync::Mutex;
use std::sync::mpsc::Sender;
use std::time::Instant;

use virt::connect::Connect;
use virt::error::Error;
use virt::sys;

use super::check;
use crate::hypervisor::{Refusal, Side};

/// When, from which daemon, what.
pub(super) type RawEvent = (Instant, Side, Raw);

/// What came, in libvirt's numbers.
pub(super) enum Raw {
    Lifecycle(c_int, c_int),
    Pass(i64),
    Figures(BTreeMap<String, u64>),
    Returned(Result<(), Refusal>),
}

/// The whole numbers among typed parameters.
pub(super) fn numbers(list: sys::virTypedParameterPtr, count: c_int) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    if list.is_null() {
        return found;
    }
    for index in 0..usize::try_from(count).unwrap_or(0) {
        // SAFETY: libvirt hands over `count` parameters; the name ends with a zero, the type says which field is set.
        #[allow(unsafe_code)]
        let (name, value) = unsafe {
            let parameter = &*list.add(index);
            let value = match parameter.type_ as sys::virTypedParameterType {
                sys::VIR_TYPED_PARAM_INT => u64::try_from(parameter.value.i).ok(),
                sys::VIR_TYPED_PARAM_UINT => Some(u64::from(parameter.value.ui)),
                sys::VIR_TYPED_PARAM_LLONG => u64::try_from(parameter.value.l).ok(),
                sys::VIR_TYPED_PARAM_ULLONG => Some(parameter.value.ul),
                _ => None,
            };
            (
                CStr::from_ptr(parameter.field.as_ptr()).to_string_lossy().into_owned(),
                value,
            )
        };
        found.extend(value.map(|value| (name, value)));
    }
    found
}

struct Ear {
    side: Side,
    guest: CString,
    sender: Mutex<Sender<RawEvent>>,
}

impl Ear {
    /// Hands on what happened to the probe guest; what happens to any other domain is up to nobody here.
    fn hear(&self, domain: sys::virDomainPtr, raw: Raw) {
        // SAFETY: libvirt calls back with a live domain, whose name ends with a zero.
        #[allow(unsafe_code)]
        let is_ours = unsafe {
            let name = sys::virDomainGetName(domain);
            !name.is_null() && CStr::from_ptr(name) == self.guest.as_c_str()
        };
        if !is_ours {
            return;
        }
        if let Ok(sender) = self.sender.lock() {
            let _ = sender.send((Instant::now(), self.side, raw));
        }
    }
}

/// The ear behind a callback's pointer.
///
/// # Safety
/// The pointer is one that [`register`] handed to libvirt and that [`forget`] has not freed.
#[allow(unsafe_code)]
unsafe fn ear<'a>(opaque: *mut c_void) -> &'a Ear {
    // SAFETY: by the caller's promise.
    unsafe { &*opaque.cast::<Ear>() }
}

#[allow(unsafe_code)]
unsafe extern "C" fn forget<T>(opaque: *mut c_void) {
    // SAFETY: libvirt calls this once with the pointer made in `call_back`.
    drop(unsafe { Box::from_raw(opaque.cast::<T>()) });
}

#[allow(unsafe_code)]
unsafe extern "C" fn on_lifecycle(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    event: c_int,
    detail: c_int,
    opaque: *mut c_void,
) -> c_int {
    // SAFETY: the pointer is the one registered.
    unsafe { ear(opaque) }.hear(domain, Raw::Lifecycle(event, detail));
    0
}

#[allow(unsafe_code)]
unsafe extern "C" fn on_pass(_: sys::virConnectPtr, domain: sys::virDomainPtr, pass: c_int, opaque: *mut c_void) {
    // SAFETY: the pointer is the one registered.
    unsafe { ear(opaque) }.hear(domain, Raw::Pass(i64::from(pass)));
}

#[allow(unsafe_code)]
unsafe extern "C" fn on_completed(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    list: sys::virTypedParameterPtr,
    count: c_int,
    opaque: *mut c_void,
) {
    // SAFETY: the pointer is the one registered; the list stays libvirt's.
    unsafe { ear(opaque) }.hear(domain, Raw::Figures(numbers(list, count)));
}

/// Has libvirt tell `sender` what happens to the domain `guest` at `side`.
pub(super) fn register(connect: &Connect, side: Side, guest: &str, sender: &Sender<RawEvent>) -> Result<(), Error> {
    let callbacks: [(sys::virDomainEventID, *const ()); 3] = [
        (sys::VIR_DOMAIN_EVENT_ID_LIFECYCLE, on_lifecycle as *const ()),
        (sys::VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION, on_pass as *const ()),
        (sys::VIR_DOMAIN_EVENT_ID_JOB_COMPLETED, on_completed as *const ()),
    ];
    for (id, callback) in callbacks {
        let ear = Box::new(Ear {
            side,
            guest: CString::new(guest).unwrap_or_default(),
            sender: Mutex::new(sender.clone()),
        });
        // SAFETY: each callback is of its event's type, and takes an `Ear`.
        #[allow(unsafe_code)]
        unsafe { call_back(connect, id, callback, ear) }?;
    }
    Ok(())
}

/// Has libvirt call `callback` at every event of that kind, of all domains, with the pointer to `ear`.
///
/// # Safety
/// `callback` is a function of the type that belongs to the event, and takes its last pointer for one to a `T`.
#[allow(unsafe_code)]
pub(super) unsafe fn call_back<T>(
    connect: &Connect,
    event: sys::virDomainEventID,
    callback: *const (),
    ear: Box<T>,
) -> Result<(), Error> {
    // SAFETY: libvirt wants every callback under the generic type and calls it by the type that belongs to the event; the
    // box lives until libvirt calls `forget`.
    let answer = unsafe {
        let generic = std::mem::transmute::<
            *const (),
            unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, *mut c_void),
        >(callback);
        sys::virConnectDomainEventRegisterAny(
            connect.as_ptr(),
            ptr::null_mut(),
            event.cast_signed(),
            Some(generic),
            Box::into_raw(ear).cast::<c_void>(),
            Some(forget::<T>),
        )
    };
    check(answer)
}

/// A lifecycle event in words; numbers that no release so far uses stay numbers.
pub(super) fn words(event: c_int, detail: c_int) -> String {
    let (event_word, details): (&str, &[&str]) = match event {
        0 => ("defined", &["added", "updated", "renamed", "from snapshot"]),
        1 => ("undefined", &["removed", "renamed"]),
        2 => ("started", &["booted", "migrated", "restored", "from snapshot", "woken"]),
        3 => (
            "suspended",
            &[
                "paused",
                "migrated",
                "i/o error",
                "watchdog",
                "restored",
                "from snapshot",
                "error",
                "post-copy",
                "post-copy failed",
            ],
        ),
        4 => (
            "resumed",
            &["unpaused", "migrated", "from snapshot", "post-copy", "post-copy failed"],
        ),
        5 => (
            "stopped",
            &[
                "shut down",
                "destroyed",
                "crashed",
                "migrated",
                "saved",
                "failed",
                "from snapshot",
            ],
        ),
        6 => ("shutdown", &[]),
        8 => ("crashed", &[]),
        _ => ("event", &[]),
    };
    match usize::try_from(detail).ok().and_then(|index| details.get(index)) {
        Some(word) => format!("{event_word}: {word}"),
        None => format!("{event_word} {event}/{detail}"),
    }
}
