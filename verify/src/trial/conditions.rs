//! How trials were run: where, as whom, with what memory and certificates, and what could not be built alike.
//!
//! It finds none of it out; the sandbox and the two hosts each say it of themselves.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::guest::memory::Memory;
use crate::nova_itself::NovaChoice;
use crate::trial::shape::ShapeUsed;

/// That huge pages were not tried.
pub const NO_HUGE_PAGES: &str =
    "guests with huge pages, which `reserved_huge_pages` points to: the probe guest used none";

/// Why KVM was not used where nova.conf leaves it out itself.
pub const BY_VIRT_TYPE: &str = "`virt_type` is qemu";

/// How the trials were run.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Conditions {
    /// As root or not.
    pub mode: Mode,
    /// Without KVM.
    pub emulated: bool,
    /// Why without KVM.
    pub why_emulated: Option<String>,
    /// Acting within the first pass, because of QEMU's emulation.
    pub early: bool,
    /// The user QEMU ran as.
    pub qemu_user: String,
    /// The guest's memory in MiB.
    pub memory_mib: u32,
    /// MiB that the guest writes round and round.
    pub hot_mib: f64,
    /// MiB/s of the migration, so low that the guest does not converge.
    pub bandwidth: u64,
    /// Native TLS in the sandbox, if nova.conf asks for it.
    pub tls: Option<Tls>,
    /// The two hosts, where they were named; otherwise it was in the sandbox.
    pub far: Option<Far>,
    /// How the guest's memory was made.
    pub memory: Memory,
    /// What else the guest was made of.
    pub shape: ShapeUsed,
    /// What of the guests that nova starts here could not be built alike, a sentence each.
    pub not_alike: Vec<String>,
    /// Whose code decided, nova's own or that of the monitor that is rebuilt here.
    pub nova: NovaChoice,
}

/// How the daemons run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// As root, as a compute node does.
    System,
    /// As an ordinary user, in a user namespace that maps that user alone.
    Session,
}

impl Mode {
    /// The path of the libvirt URI.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Session => "session",
        }
    }
}

/// How the trials use TLS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Tls {
    /// Where their certificates come from.
    pub certificates: CertificateSource,
    /// Whether the destination asks the source for a certificate, too.
    pub verifies_clients: bool,
    /// The ciphers, where qemu.conf names them.
    pub priority: Option<String>,
}

/// Where the certificates of the trials come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CertificateSource {
    /// The host's own.
    Host {
        /// Where they lie.
        directory: PathBuf,
        /// The name that the source asks for.
        name: String,
    },
    /// Made for the trials.
    Made {
        /// Why not the host's own.
        because: String,
    },
}

impl Tls {
    /// Whether the certificates are made for the trials.
    #[must_use]
    pub fn is_made(&self) -> bool {
        matches!(self.certificates, CertificateSource::Made { .. })
    }
}

impl fmt::Display for Tls {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.certificates {
            CertificateSource::Host { directory, name } => {
                write!(
                    out,
                    "with the host's certificates in {}, for {name}",
                    directory.display()
                )
            }
            CertificateSource::Made { .. } => out.write_str("with certificates made for the trials"),
        }
    }
}

/// The two hosts, for the report.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Far {
    /// The URI of the source.
    pub source: String,
    /// The URI of the destination.
    pub destination: String,
    /// What the source's libvirt was told of the destination.
    pub peer: String,
    /// Where QEMU was told to send to; libvirt's choice if null.
    pub migration: Option<String>,
    /// Whether `peer` is not what nova would make, as the destination's URI names no host.
    pub peer_is_not_novas: bool,
    /// What is known of the destination by its nova.conf.
    pub by_nova_conf: Destination,
    /// The image on both hosts.
    pub image: PathBuf,
    /// The guest's name.
    pub guest: String,
}

/// The destination as its nova.conf and `--dest` tell of it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Destination {
    /// The files of its nova.conf; null where it was not given.
    pub files: Option<Vec<String>>,
    /// What nova puts into the URI; null where `--dest` names no host.
    pub address: Option<String>,
    /// Where that is from.
    pub address_from: AddressFrom,
    /// What is not known of the address; null if nothing.
    pub not_known: Option<String>,
    /// The options that its nova.conf has otherwise than the source's: migrations back go by those.
    pub differs: Vec<String>,
    /// Why the `live_migration_uri` of its nova.conf is not to be handed to libvirt in a migration back; null if it may be.
    pub uri_fault: Option<String>,
}

/// Where the address comes from that the source's nova would put into the URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AddressFrom {
    /// `live_migration_inbound_addr` of the destination's nova.conf.
    InboundAddress,
    /// `host` of the destination's nova.conf, the name by which nova knows it.
    HostOption,
    /// The host in `--dest`, as the destination's nova.conf names none or was not given.
    DestinationUri,
    /// None: `--dest` leads to a socket, and the peer is that.
    Nothing,
}
