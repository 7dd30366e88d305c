//! Ctrl-C and SIGTERM: a run over files ends where it is, says what it has, and a second one ends it at once.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::outcome::Outcome;

/// Whether this run is to end. From now on the signals only say so; nothing that may wait for ever (a pipe) must be read while they do.
pub(super) fn heeded(stop: &Arc<AtomicBool>) {
    for signal in [SIGINT, SIGTERM] {
        // Where they cannot be heeded they end the program, as they do anywhere else.
        let _ = flag::register_conditional_shutdown(signal, i32::from(Outcome::Failed.code()), Arc::clone(stop));
        let _ = flag::register(signal, Arc::clone(stop));
    }
}
