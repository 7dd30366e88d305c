//! What the host can do, read without starting a guest and without touching a running daemon.
//!
//! It proves nothing; only a test migration does.

pub mod address;
pub mod backing;
pub mod certificates;
pub mod confinement;
pub mod limits;
pub mod lines;
pub mod link;
pub mod processes;
pub mod programs;
pub mod qemu_conf;
pub mod qemu_user;
pub mod reach;
pub mod room;
pub mod userfault;
pub mod versions;
pub mod virconf;

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use address::{Address, OwnName};
use backing::Backing;
use certificates::{Certificates, libvirt};
use jiff::Timestamp;
use novamend::catalog::release::Version;
use rustix::process::{geteuid, getuid};

pub use lines::{HostRequirements, Line, Status, lines};
use programs::Daemon;
use qemu_conf::QemuConf;
use qemu_user::{QemuUser, UserSource};
use reach::Reach;
use userfault::UserfaultAccess;

/// Where libvirt has its QEMU settings.
pub const QEMU_CONF: &str = "/etc/libvirt/qemu.conf";

/// How long the resolver may take to say where an address leads.
const RESOLVER: Duration = Duration::from_secs(2);

/// Whether QEMU can use KVM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kvm {
    /// The device is there and admits the user.
    Usable,
    /// There is no /dev/kvm.
    Missing,
    /// The device's mode keeps the user out, or opening it failed.
    Refused(String),
}

/// What was found out about the host.
#[derive(Clone, Debug)]
pub struct Host {
    /// The daemon.
    pub daemon: Option<Daemon>,
    /// Its version.
    pub libvirt: Option<Version>,
    /// QEMU.
    pub emulator: Option<PathBuf>,
    /// Its version.
    pub qemu: Option<Version>,
    /// The user QEMU runs as on the host.
    pub qemu_user: QemuUser,
    /// Whether that user may use userfaultfd by the system call.
    pub userfault: UserfaultAccess,
    /// KVM, for the user that the trials run QEMU as.
    pub kvm: Kvm,
    /// What qemu.conf says of TLS for migrations.
    pub tls: certificates::TlsSettings,
    /// The certificates for it; none where nova.conf asks for no TLS, or only root could tell.
    pub certificates: Option<Certificates>,
    /// Its qemu.conf, or why nothing in it is known.
    pub qemu_conf: QemuConf,
    /// Where `live_migration_inbound_addr` leads; none where it is not set.
    pub reach: Option<Reach>,
    /// Libvirt's own certificates; none where the way between the daemons is not tls, or only root could tell.
    pub own_certificates: Option<Certificates>,
    /// Where guests have their memory if it lies in files.
    pub backing: Backing,
    /// Its name, once it has been asked for.
    pub name: OwnName,
    /// Whether the tool runs as root.
    pub is_root: bool,
}

/// A program that is asked for its version meanwhile; later where no thread can be had.
struct Asking {
    program: Option<PathBuf>,
    thread: Option<JoinHandle<Option<Version>>>,
}

impl Asking {
    fn start(program: Option<PathBuf>) -> Self {
        let asked = program.clone();
        let thread = thread::Builder::new().spawn(move || asked.as_deref().and_then(programs::version));
        Self {
            program,
            thread: thread.ok(),
        }
    }

    fn answer(self) -> Option<Version> {
        match self.thread {
            Some(thread) => thread.join().ok().flatten(),
            None => self.program.as_deref().and_then(programs::version),
        }
    }
}

impl Host {
    /// Looks at the host, `conf` being its qemu.conf; at certificates and addresses only where they are `asked` for.
    #[must_use]
    pub fn look(conf: &Path, asked: &HostRequirements) -> Self {
        let (daemon, emulator) = (programs::daemon(), programs::emulator());
        let program = daemon.as_ref().map(|daemon| daemon.program.clone());
        let libvirt = Asking::start(program);
        let qemu = Asking::start(emulator.clone());
        let is_modular = daemon.as_ref().is_some_and(|daemon| daemon.is_modular);
        let is_root = geteuid().is_root();
        let qemu_conf = QemuConf::read(conf);
        let qemu_user = qemu_user::find(&qemu_conf);
        let tls = certificates::TlsSettings::of(&qemu_conf, Path::new(certificates::OWN_DIRECTORY));
        Self {
            userfault: userfault::try_as(&qemu_user),
            kvm: kvm(&qemu_user, is_root),
            libvirt: libvirt.answer(),
            qemu: qemu.answer(),
            certificates: (asked.tls && is_root).then(|| Certificates::look(&tls, &qemu_user, Timestamp::now())),
            reach: asked.address.as_deref().map(|address| Reach::of(address, RESOLVER)),
            own_certificates: (asked.is_by_tls() && is_root).then(|| libvirt::look(is_modular, Timestamp::now())),
            backing: Backing::look(&qemu_conf),
            tls,
            qemu_conf,
            daemon,
            emulator,
            qemu_user,
            name: OwnName::default(),
            is_root,
        }
    }

    /// Where sources send to, `inbound` being what nova.conf says; the resolver may take `patience`.
    #[must_use]
    pub fn address(&self, inbound: Option<&str>, patience: Duration) -> Address {
        Address::of(inbound, &self.qemu_conf, &self.name, patience)
    }

    /// Whether the host's own QEMU user is known to be kept from userfaultfd, without having been tried.
    #[must_use]
    pub fn is_refused_by_what_is_known(&self) -> bool {
        let by_device = userfault::device_admits(&self.qemu_user) == Some(true);
        // a user that is only supposed proves nothing
        let is_known = !matches!(self.qemu_user.known, UserSource::Unreadable(_));
        is_known && self.qemu_user.uid != Some(0) && !by_device && userfault::is_open_to_all() == Some(false)
    }
}

fn kvm(user: &QemuUser, is_root: bool) -> Kvm {
    const DEVICE: &str = "/dev/kvm";
    let Ok(at) = fs::metadata(DEVICE) else {
        return Kvm::Missing;
    };
    let seen = format!("mode {:04o}, owner {}:{}", at.mode() & 0o7777, at.uid(), at.gid());
    if is_root && !userfault::admits(at.mode(), at.uid(), at.gid(), user) {
        return Kvm::Refused(format!("{} cannot open {DEVICE} ({seen})", user.user));
    }
    match File::options().read(true).write(true).open(DEVICE) {
        Ok(_) => Kvm::Usable,
        Err(error) => Kvm::Refused(format!(
            "uid {} cannot open {DEVICE} ({seen}): {error}",
            getuid().as_raw()
        )),
    }
}
