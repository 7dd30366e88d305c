//! The whole of verify against the real libvirtd and QEMU of this machine: what it proves, what it says of hosts that
//! cannot, and that it leaves nothing behind.
//!
//! Where the machine lacks something, a test says "skipped" and why; under CI it fails instead, KVM excepted.

mod accidents;
mod actions;
mod between;
mod blackout;
mod broken_hosts;
mod caller;
mod damage;
mod encryption;
mod ground;
mod interrupts;
mod memory;
mod no_trace;
mod places;
mod qemu_conf;
mod snapshot;
