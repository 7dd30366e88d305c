//! Native TLS in the sandbox: with the host's own certificates, or with ones made for the trials where those cannot serve.
//!
//! What is made lies on the sandbox's own tmpfs, is good for nothing else and goes with it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::layout;
use crate::trial::conditions::{CertificateSource, Tls};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

/// The name in certificates that are made for the trials.
pub const MADE_NAME: &str = "novamend-probe";

/// The last year of certificates that nobody renews.
pub const FOR_EVER: i32 = 4095;

/// Where the certificates of the trials lie.
#[must_use]
pub fn directory(tls: &Tls) -> PathBuf {
    match &tls.certificates {
        CertificateSource::Host { directory, .. } => directory.clone(),
        CertificateSource::Made { .. } => layout::pki(),
    }
}

/// The name that the source asks for.
#[must_use]
pub fn name(tls: &Tls) -> &str {
    match &tls.certificates {
        CertificateSource::Host { name, .. } => name,
        CertificateSource::Made { .. } => MADE_NAME,
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
