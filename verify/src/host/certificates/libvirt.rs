//! Libvirt's own certificates, which the daemons show each other where the way between them is `tls`.
//!
//! It starts no TLS.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::super::virconf::{self, Entry, Value};
use super::{CertificateFault, Certificates};

/// Where the daemons have their settings; the second is that of the modular daemon for the network.
const CONFS: [&str; 2] = ["/etc/libvirt/libvirtd.conf", "/etc/libvirt/virtproxyd.conf"];

/// Where libvirt has them unless a daemon's file names others, in the order authority, certificate and key of the server, then of
/// the client.
const DEFAULTS: [&str; 5] = [
    "/etc/pki/CA/cacert.pem",
    "/etc/pki/libvirt/servercert.pem",
    "/etc/pki/libvirt/private/serverkey.pem",
    "/etc/pki/libvirt/clientcert.pem",
    "/etc/pki/libvirt/private/clientkey.pem",
];

/// The files that the daemon of this host reads as a server and shows as a client; `conf` is what its settings file
/// holds.
///
/// A client's paths are built in, and `tls_no_verify_certificate` makes none of its certificates needed.
#[must_use]
pub fn files(conf: &[Entry]) -> Vec<PathBuf> {
    let text = |name: &&str| match &virconf::find(conf, name)?.value {
        Value::Text(text) => Some(PathBuf::from(OsString::from_vec(text.clone()))),
        _ => None,
    };
    let named = ["ca_file", "cert_file", "key_file"];
    let mut files: Vec<PathBuf> = Vec::new();
    for (index, default) in DEFAULTS.iter().enumerate() {
        let written = named.get(index).and_then(text);
        files.push(
            written
                .filter(|path| !path.as_os_str().is_empty())
                .unwrap_or_else(|| PathBuf::from(*default)),
        );
    }
    let verifies_none = virconf::find(conf, "tls_no_verify_certificate");
    if verifies_none.is_some_and(|entry| matches!(entry.value, Value::Number { number: 1, .. })) {
        files.truncate(named.len());
    }
    files
}

/// Looks at them, as root; `is_modular` says which daemon listens.
#[must_use]
pub fn look(is_modular: bool, now: Timestamp) -> Certificates {
    // a file that libvirt cannot read stops the daemon, whatever the certificates are
    let conf = fs::read(CONFS[usize::from(is_modular)]).unwrap_or_default();
    look_at(&files(&virconf::parse(&conf).unwrap_or_default()), now)
}

fn look_at(files: &[PathBuf], now: Timestamp) -> Certificates {
    let is_key = |path: &Path| path.to_string_lossy().ends_with("key.pem");
    let mut found = Certificates {
        faults: Vec::new(),
        first_to_end: None,
        names: files.get(1).and_then(|path| super::names::of(path)).unwrap_or_default(),
    };
    for (index, path) in files.iter().enumerate() {
        if !path.exists() {
            found.faults.push((path.clone(), CertificateFault::Missing));
        } else if index != 2 && !is_key(path) {
            found.judge_dates(path, now);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::pki::make;

    #[test]
    fn the_daemons_file_names_other_paths_and_may_ask_no_client() {
        let of = |text: &[u8]| files(&virconf::parse(text).unwrap());
        assert_eq!(of(b"").len(), 5);
        let named = of(b"key_file = \"/k\"\ncert_file = \"/c\"\ntls_no_verify_certificate = 1\n");
        assert_eq!(named, [Path::new(DEFAULTS[0]), Path::new("/c"), Path::new("/k")]);
    }

    #[test]
    fn what_is_missing_or_over_is_found() {
        let directory = tempfile::tempdir().unwrap();
        make(directory.path(), "compute1", 2020).unwrap();
        let at = |name: &str| directory.path().join(name);
        let files = [
            at("ca-cert.pem"),
            at("server-cert.pem"),
            at("server-key.pem"),
            at("none.pem"),
        ];
        let found = look_at(&files, Timestamp::now());
        assert_eq!(found.names, ["compute1"]);
        let faults: Vec<&Path> = found.faults.iter().map(|(path, _)| path.as_path()).collect();
        assert_eq!(faults, [at("server-cert.pem"), at("none.pem")], "{found:?}");
    }
}
