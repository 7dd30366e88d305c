//! What is to be done in the sandbox: what is started as its daemons, and the order of its worker.
//!
//! It is handed from process to process as JSON and is nowhere on disk.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::guest::Size;
use crate::guest::memory::Memory;
use crate::speed::Speed;
use crate::trial::conditions::{Mode, Tls};
use crate::trial::cut::CutOrder;
use crate::trial::messages::TrialOrder;
use crate::trial::shape::Build;

/// What is started as a daemon, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Setup {
    /// As root or as an ordinary user.
    pub mode: Mode,
    /// The daemon's program: libvirtd or virtqemud.
    pub daemon: PathBuf,
    /// The name of its socket.
    pub socket: String,
    /// The QEMU program; the others are hidden so that libvirt does not probe them.
    pub emulator: PathBuf,
    /// User and group that QEMU runs as, in system mode.
    pub qemu_user: Option<(String, String)>,
    /// Whether libvirt asks QEMU for the processor's features in a few queries instead of some 400, one for each name; what
    /// it says and asks about the migration is the same.
    pub batch_cpu_feature_queries: bool,
    /// The directory with libvirt's drivers, if it is known.
    pub drivers: Option<PathBuf>,
    /// Native TLS, if nova.conf asks for it.
    pub tls: Option<Tls>,
    /// Whether the host's libvirt refuses migrations without TLS.
    pub forces_tls: bool,
    /// A network of two for the daemons and their QEMUs, over which they migrate; none where both share one without any network
    /// and the migration goes through a socket.
    pub network: Option<Network>,
    /// Programs and certificates, which the sandbox must not hide wherever they lie.
    pub given: Vec<PathBuf>,
}

/// How the source's daemon reaches that of the destination where they are joined by a link; QEMU sends over it in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// Over the link by TCP, as by nova's default `live_migration_scheme`.
    Tcp,
    /// By its socket, as virtqemud listens on no port by itself.
    Socket,
}

/// All that the worker needs to know.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorkOrder {
    /// The daemons.
    pub setup: Setup,
    /// Without KVM.
    pub emulated: bool,
    /// Whether /dev/kvm is in the sandbox, as it is on the host for the user that the trials run QEMU as.
    pub kvm: bool,
    /// What the guest's memory is made of.
    pub memory: Memory,
    /// What else the guest is made of: the one that was asked for, then simpler ones for where that does not start.
    pub builds: Vec<Build>,
    /// MiB of the guest's disk, where it is copied.
    pub disk_mib: Option<u64>,
    /// The guest.
    pub size: Size,
    /// Seconds to wait for a daemon or the guest.
    pub patience: u64,
    /// The trials, in order.
    pub trials: Vec<TrialOrder>,
    /// The Python whose nova decides; none where the monitor that is rebuilt here does.
    pub nova: Option<PathBuf>,
    /// Whether the machine bears them side by side.
    pub side_by_side: bool,
    /// What is to be cut; then there are no other trials.
    pub cuts: Option<CutOrder>,
    /// How fast the link of the daemons is, where they have one; as fast as the machine where that is not given.
    pub link: Option<Speed>,
}
