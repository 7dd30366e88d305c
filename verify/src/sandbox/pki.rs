//! Native TLS in the sandbox: with the host's own certificates, or with ones made for the trials where those cannot serve.
//!
//! What is made lies on the sandbox's own tmpfs, is good for nothing else and goes with it.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use serde::{Deserialize, Serialize};

use super::layout;

/// The name in certificates that are made for the trials.
pub const MADE_NAME: &str = "novamend-probe";

/// The last year of certificates that nobody renews.
pub const FOR_EVER: i32 = 4095;

/// How the trials use TLS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

    /// Where the certificates lie.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        match &self.certificates {
            CertificateSource::Host { directory, .. } => directory.clone(),
            CertificateSource::Made { .. } => layout::pki(),
        }
    }

    /// The name that the source asks for.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.certificates {
            CertificateSource::Host { name, .. } => name,
            CertificateSource::Made { .. } => MADE_NAME,
        }
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

/// Makes an authority, and for either end a certificate for `name`, valid until `year` ends, with its key, and writes them as
/// QEMU wants them; whoever is in the sandbox may read them.
///
/// # Errors
/// A file could not be written.
pub fn make(directory: &Path, name: &str, year: i32) -> io::Result<()> {
    let failed = |error: rcgen::Error| io::Error::other(error.to_string());
    fs::create_dir_all(directory)?;
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    authority.distinguished_name.push(DnType::CommonName, "novamend");
    let key = KeyPair::generate().map_err(failed)?;
    let authority = CertifiedIssuer::self_signed(authority, key).map_err(failed)?;
    fs::write(directory.join("ca-cert.pem"), authority.pem())?;
    for (end, purpose) in [
        ("server", ExtendedKeyUsagePurpose::ServerAuth),
        ("client", ExtendedKeyUsagePurpose::ClientAuth),
    ] {
        let mut own = CertificateParams::new([name.to_owned()]).map_err(failed)?;
        own.distinguished_name.push(DnType::CommonName, name);
        own.not_after = date_time_ymd(year, 12, 31);
        own.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        own.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = own.signed_by(&key, &authority).map_err(failed)?;
        fs::write(directory.join(format!("{end}-cert.pem")), certificate.pem())?;
        fs::write(directory.join(format!("{end}-key.pem")), key.serialize_pem())?;
    }
    Ok(())
}
