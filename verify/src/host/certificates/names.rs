//! The names that a server's certificate is for, and whether one that sources ask for is among them.
//!
//! It checks no signature.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use x509_parser::extensions::GeneralName;
use x509_parser::pem::Pem;
use x509_parser::prelude::X509Certificate;

/// The names in the first certificate of a file: those of its subject's alternative names, or its common name where it has none;
/// none where there is no certificate.
#[must_use]
pub fn of(path: &Path) -> Option<Vec<String>> {
    let text = fs::read(path).ok()?;
    let pem = Pem::iter_from_buffer(&text).next()?.ok()?;
    let certificate = pem.parse_x509().ok()?;
    let alternative = alternative(&certificate);
    if !alternative.is_empty() {
        return Some(alternative);
    }
    let common = certificate.subject().iter_common_name();
    Some(common.filter_map(|name| Some(name.as_str().ok()?.to_owned())).collect())
}

fn alternative(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let names = extension.value.general_names.iter();
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
            _ => None,
        })
        .collect()
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from).ok();
    four.or_else(|| <[u8; 16]>::try_from(bytes).map(IpAddr::from).ok())
}

/// Whether a certificate with these names is one for `asked`, an address or a host name, where a `*` stands for one label.
#[must_use]
pub fn are_for(names: &[String], asked: &str) -> bool {
    let asked = asked.trim_start_matches('[').trim_end_matches([']', '.']);
    if let Ok(address) = asked.parse::<IpAddr>() {
        return names.iter().any(|name| name.parse() == Ok(address));
    }
    names.iter().any(|name| {
        let is_same = name.eq_ignore_ascii_case(asked);
        let by_star = name.strip_prefix("*.").zip(asked.split_once('.'));
        is_same || by_star.is_some_and(|(domain, (_, of_asked))| domain.eq_ignore_ascii_case(of_asked))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::pki::{FOR_EVER, make};

    #[test]
    fn names_and_addresses_are_read_from_a_certificate() {
        let directory = tempfile::tempdir().unwrap();
        for (name, other) in [
            ("compute1.example", "compute2.example"),
            ("10.0.0.7", "10.0.0.8"),
            ("fd00::2", "fd00::3"),
        ] {
            make(directory.path(), name, FOR_EVER).unwrap();
            let names = of(&directory.path().join("server-cert.pem")).unwrap();
            assert!(are_for(&names, name) && !are_for(&names, other), "{names:?}");
        }
        assert_eq!(of(&directory.path().join("server-key.pem")), None);
    }

    #[test]
    fn a_star_stands_for_one_label() {
        let names = ["*.example".to_owned()];
        assert!(are_for(&names, "Compute1.Example"));
        assert!(!are_for(&names, "a.compute1.example") && !are_for(&names, "example"));
    }
}
