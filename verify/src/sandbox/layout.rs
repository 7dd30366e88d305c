//! Where everything lies inside the sandbox, and the configuration files of its two daemons.
//!
//! It starts nothing; every path is on the sandbox's own tmpfs, so none of them exists on the host.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Mode;
use super::daemon::Setup;

/// The root of all files of the sandbox.
pub const ROOT: &str = "/run/novamend";

/// One of the two daemons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Host {
    /// The daemon that the guest is first started on.
    A,
    /// The other one.
    B,
}

impl Host {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// Its letter.
    #[must_use]
    pub fn letter(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }

    /// The host with that letter.
    #[must_use]
    pub fn parse(letter: &str) -> Option<Self> {
        Self::BOTH.into_iter().find(|host| host.letter() == letter)
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// Its directory.
    #[must_use]
    pub fn directory(self) -> PathBuf {
        Path::new(ROOT).join(self.letter())
    }

    /// What the daemon wrote on standard error.
    #[must_use]
    pub fn log(self) -> PathBuf {
        self.directory().join("daemon.log")
    }

    /// The libvirt URI, `socket` being the name of the daemon's socket.
    #[must_use]
    pub fn uri(self, mode: Mode, socket: &str) -> String {
        let path = mode.word();
        format!("qemu+unix:///{path}?socket={ROOT}/{}/{socket}", self.letter())
    }
}

/// The guest's image with its parameters.
#[must_use]
pub fn image() -> PathBuf {
    Path::new(ROOT).join("probe.rom")
}

/// The socket that every QEMU connects its serial port to.
#[must_use]
pub fn serial() -> PathBuf {
    Path::new(ROOT).join("serial.sock")
}

/// The directory of the certificates that are made for the trials.
#[must_use]
pub fn pki() -> PathBuf {
    Path::new(ROOT).join("pki")
}

/// Where the directory is bound in which the host would have guests' memory, if that is needed; it can be written to there.
#[must_use]
pub fn backing() -> PathBuf {
    Path::new(ROOT).join("backing")
}

/// The directory of the migration channel; the user of QEMU may write there.
#[must_use]
pub fn channel() -> PathBuf {
    Path::new(ROOT).join("channel")
}

/// The daemon's own configuration: its sockets in its directory, open to whoever is in the sandbox.
#[must_use]
pub fn daemon_conf(host: Host, uuid: &str) -> String {
    format!(
        "unix_sock_dir = \"{ROOT}/{}\"\nauth_unix_rw = \"none\"\nauth_unix_ro = \"none\"\nhost_uuid = \"{}\"\n\
         log_outputs = \"3:stderr\"\nmax_clients = 20\n",
        host.letter(),
        uuid.trim(),
    )
}

/// The QEMU driver's configuration: the host's QEMU user, and nothing that would reach out of the sandbox.
///
/// [`Setup::batch_cpu_feature_queries`]: libvirt asks QEMU for the features of the guest's processor in a few questions instead of some 400, one
/// for each name, which it does without the name of this ability; what it says and asks about the migration is the same.
#[must_use]
pub fn qemu_conf(setup: &Setup) -> String {
    let mut text = String::from(
        "dynamic_ownership = 0\nremember_owner = 0\nsecurity_driver = \"none\"\nstdio_handler = \"file\"\n\
         cgroup_controllers = []\nnamespaces = []\n",
    );
    if setup.batch_cpu_feature_queries {
        text.push_str("capability_filters = [\"cpu-unavailable-features\"]\n");
    }
    if let Some((user, group)) = &setup.qemu_user {
        text.push_str(&format!("user = \"{user}\"\ngroup = \"{group}\"\n"));
    }
    if let Some(tls) = &setup.tls {
        text.push_str(&format!(
            "migrate_tls_x509_cert_dir = \"{}\"\nmigrate_tls_x509_verify = {}\n",
            tls.directory().display(),
            u8::from(tls.verifies_clients)
        ));
        if let Some(priority) = &tls.priority {
            text.push_str(&format!("migrate_tls_priority = \"{priority}\"\n"));
        }
    }
    if setup.forces_tls {
        text.push_str("migrate_tls_force = 1\n");
    }
    text
}
