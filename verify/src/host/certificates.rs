//! What native TLS needs of this host: the certificates that libvirt's qemu.conf names, who may read them, and how long they
//! are valid.
//!
//! It starts no TLS; whether a certificate is accepted is shown by a trial.

pub mod libvirt;
pub mod names;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use jiff::Timestamp;
use rustix::process::{Gid, Uid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use x509_parser::pem::Pem;

use super::qemu_conf::QemuConf;
use super::qemu_user::{QemuUser, groups_of};
use crate::process::inner;

/// Where libvirt looks for certificates of migrations before it takes the general ones.
pub const OWN_DIRECTORY: &str = "/etc/pki/libvirt-migrate";

/// What a destination needs, as QEMU names it.
const OF_A_SERVER: [&str; 3] = ["ca-cert.pem", "server-cert.pem", "server-key.pem"];

/// What a source needs besides, where destinations ask it who it is.
const OF_A_CLIENT: [&str; 2] = ["client-cert.pem", "client-key.pem"];

/// What qemu.conf says of TLS for migrations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// The directory of the certificates: `migrate_tls_x509_cert_dir`, or what libvirt takes in its place.
    pub directory: PathBuf,
    /// `migrate_tls_x509_verify`: whether a destination asks the source for a certificate, too.
    pub verifies_clients: bool,
    /// `migrate_tls_priority`: the ciphers.
    pub priority: Option<String>,
    /// `migrate_tls_x509_secret_uuid`: whether the key is locked by a secret that libvirt keeps.
    pub is_locked: bool,
    /// `migrate_tls_force`: whether migrations without TLS are refused.
    pub is_forced: bool,
}

impl TlsSettings {
    /// As libvirt reads qemu.conf; `default` is the directory it takes before the general one, if that is there.
    #[must_use]
    pub fn of(conf: &QemuConf, default: &Path) -> Self {
        let names = |part: &str| [format!("migrate_tls_x509_{part}"), format!("default_tls_x509_{part}")];
        let secret = |name: &String| conf.word(name).is_some_and(|value| !value.is_empty());
        let path = |name: &str| conf.path(name).filter(|path| !path.as_os_str().is_empty());
        let own = path("migrate_tls_x509_cert_dir");
        let general = || path("default_tls_x509_cert_dir").unwrap_or_else(|| "/etc/pki/qemu".into());
        Self {
            directory: own
                .or_else(|| default.exists().then(|| default.to_owned()))
                .unwrap_or_else(general),
            verifies_clients: names("verify").iter().find_map(|name| conf.number(name)) != Some(0),
            priority: conf.word("migrate_tls_priority").filter(|value| !value.is_empty()),
            is_locked: names("secret_uuid").iter().any(secret),
            is_forced: conf.number("migrate_tls_force") == Some(1),
        }
    }

    /// The files that QEMU reads on a host that is source and destination.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let mut names = OF_A_SERVER.to_vec();
        if self.verifies_clients {
            names.extend(OF_A_CLIENT);
        }
        names.into_iter().map(|name| self.directory.join(name)).collect()
    }
}

/// What is wrong with a file of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateFault {
    /// It is not there.
    Missing,
    /// QEMU's user may not read it.
    Kept,
    /// There is no certificate in it.
    NoCertificate,
    /// It is valid only from then on.
    NotYet(Timestamp),
    /// It was valid until then.
    Over(Timestamp),
}

impl CertificateFault {
    fn words(&self) -> String {
        match self {
            Self::Missing => "there is no".to_owned(),
            Self::Kept => "QEMU's user may not read".to_owned(),
            Self::NoCertificate => "there is no certificate in".to_owned(),
            Self::NotYet(from) => format!("not valid before {from}:"),
            Self::Over(until) => format!("expired on {until}:"),
        }
    }
}

/// The certificates as they lie there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificates {
    /// What is wrong, file by file.
    pub faults: Vec<(PathBuf, CertificateFault)>,
    /// The one that ends first, and when.
    pub first_to_end: Option<(PathBuf, Timestamp)>,
    /// The names that the server's certificate is for; none where it has none or cannot be read.
    pub names: Vec<String>,
}

impl Certificates {
    /// Looks at them, as root; `now` is the time by which they are to be valid.
    #[must_use]
    pub fn look(settings: &TlsSettings, user: &QemuUser, now: Timestamp) -> Self {
        let mut found = Self {
            faults: Vec::new(),
            first_to_end: None,
            names: names::of(&settings.directory.join(OF_A_SERVER[1])).unwrap_or_default(),
        };
        let (there, missing): (Vec<_>, Vec<_>) = settings.files().into_iter().partition(|path| path.exists());
        found
            .faults
            .extend(missing.into_iter().map(|path| (path, CertificateFault::Missing)));
        found.faults.extend(
            kept_from(user, &there)
                .into_iter()
                .map(|path| (path, CertificateFault::Kept)),
        );
        let is_key = |path: &Path| path.ends_with("server-key.pem") || path.ends_with("client-key.pem");
        for path in there.iter().filter(|path| !is_key(path)) {
            found.judge_dates(path, now);
        }
        found
    }

    /// Takes in when the certificates of one file are valid.
    fn judge_dates(&mut self, path: &Path, now: Timestamp) {
        let Some((from, until)) = validity(path) else {
            self.faults.push((path.to_owned(), CertificateFault::NoCertificate));
            return;
        };
        if now < from {
            self.faults.push((path.to_owned(), CertificateFault::NotYet(from)));
        } else if until < now {
            self.faults.push((path.to_owned(), CertificateFault::Over(until)));
        } else if self.first_to_end.as_ref().is_none_or(|(_, least)| until < *least) {
            self.first_to_end = Some((path.to_owned(), until));
        }
    }

    /// What is wrong with the names in the server's certificate where sources ask for `asked`; none where nothing is, or there
    /// is no certificate to judge.
    #[must_use]
    pub fn misnamed(&self, asked: &str) -> Option<String> {
        let is_right = self.names.is_empty() || names::are_for(&self.names, asked);
        (!is_right).then(|| {
            format!(
                "the server's certificate is for {}, but sources expect {asked}",
                self.names.join(", ")
            )
        })
    }

    /// What is wrong in one sentence; none where nothing is.
    #[must_use]
    pub fn complaint(&self) -> Option<String> {
        Self::said(&self.faults)
    }

    /// The files that are missing, in one sentence; none where none is.
    #[must_use]
    pub fn missing(&self) -> Option<String> {
        let missing = self
            .faults
            .iter()
            .filter(|(_, fault)| *fault == CertificateFault::Missing);
        Self::said(missing)
    }

    /// Files with the same fault are told together, and their directory once.
    fn said<'a>(faults: impl IntoIterator<Item = &'a (PathBuf, CertificateFault)>) -> Option<String> {
        let mut told: Vec<(Vec<&Path>, &CertificateFault)> = Vec::new();
        for (path, fault) in faults {
            match told.iter_mut().find(|(_, other)| *other == fault) {
                Some((paths, _)) => paths.push(path),
                None => told.push((vec![path], fault)),
            }
        }
        let said: Vec<String> = told
            .into_iter()
            .map(|(paths, fault)| format!("{} {}", fault.words(), together(&paths)))
            .collect();
        (!said.is_empty()).then(|| said.join("; "))
    }

    /// What would help.
    #[must_use]
    pub fn remedy(&self, user: &QemuUser) -> String {
        match self.faults.first() {
            Some((_, CertificateFault::Kept)) => {
                let kept = self.faults.iter().filter(|(_, fault)| *fault == CertificateFault::Kept);
                let files: Vec<String> = kept.map(|(path, _)| format!("'{}'", path.display())).collect();
                let files = files.join(" ");
                format!(
                    "let QEMU's user enter the directory and read them, for instance: chgrp {} {files} && chmod 640 \
                     {files}",
                    user.group
                )
            }
            Some((_, CertificateFault::NotYet(_) | CertificateFault::Over(_))) => {
                "renew them, or set this host's clock right".to_owned()
            }
            _ => "put them there, or set migrate_tls_x509_cert_dir in qemu.conf".to_owned(),
        }
    }
}

/// Files: one by its path, several of one directory by their names.
fn together(paths: &[&Path]) -> String {
    if let [path] = paths {
        return path.display().to_string();
    }
    let is_one_place = paths.iter().all(|path| path.parent() == paths[0].parent());
    if !is_one_place {
        return paths
            .iter()
            .map(|path| path.display().to_string())
            .collect::<Vec<_>>()
            .join(", ");
    }
    let names = paths.iter().filter_map(|path| path.file_name());
    let names: Vec<_> = names.map(|name| name.display().to_string()).collect();
    let directory = paths.first().and_then(|path| path.parent()).unwrap_or(Path::new("/"));
    format!("{} in {}", names.join(", "), directory.display())
}

/// The common time in which all certificates of a file are valid, to the second.
fn validity(path: &Path) -> Option<(Timestamp, Timestamp)> {
    let text = fs::read(path).ok()?;
    let mut both: Option<(Timestamp, Timestamp)> = None;
    for pem in Pem::iter_from_buffer(&text) {
        let pem = pem.ok()?;
        let validity = pem.parse_x509().ok()?.validity().clone();
        let from = Timestamp::from_second(validity.not_before.timestamp()).ok()?;
        let until = Timestamp::from_second(validity.not_after.timestamp()).unwrap_or(Timestamp::MAX);
        both = Some(both.map_or((from, until), |(late, early)| (late.max(from), early.min(until))));
    }
    both
}

/// The files that the user of QEMU, with all its groups, may not read, found out by trying it as that user.
fn kept_from(user: &QemuUser, files: &[PathBuf]) -> Vec<PathBuf> {
    let (Some(uid), Some(gid)) = (user.uid, user.gid) else {
        return Vec::new();
    };
    if uid == 0 || files.is_empty() {
        return Vec::new();
    }
    let groups: Vec<String> = groups_of(&user.user).iter().map(u32::to_string).collect();
    let tried = inner("reads")
        .args([&uid.to_string(), &gid.to_string(), &groups.join(",")])
        .args(files)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let Ok(tried) = tried else { return Vec::new() };
    let answers = String::from_utf8_lossy(&tried.stdout).into_owned();
    let answers = answers.lines().map(|line| line == "kept");
    files
        .iter()
        .zip(answers)
        .filter(|(_, kept)| *kept)
        .map(|(path, _)| path.clone())
        .collect()
}

/// The process that tries: becomes the user and prints for each file whether it can be opened.
#[must_use]
pub fn run(uid: &str, gid: &str, groups: &str, files: &[impl AsRef<Path>]) -> ExitCode {
    let number = |text: &str| text.parse::<u32>().ok();
    let (Some(uid), Some(gid)) = (number(uid), number(gid)) else {
        return ExitCode::from(2);
    };
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    let groups: Vec<Gid> = groups.split(',').filter_map(number).map(Gid::from_raw).collect();
    let become_user = set_thread_groups(&groups)
        .and_then(|()| set_thread_res_gid(gid, gid, gid))
        .and_then(|()| set_thread_res_uid(uid, uid, uid));
    if become_user.is_err() {
        return ExitCode::from(2);
    }
    for file in files {
        println!("{}", if File::open(file).is_ok() { "open" } else { "kept" });
    }
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> TlsSettings {
        TlsSettings::of(&QemuConf::of(text.as_bytes()).unwrap(), Path::new("/nonexistent"))
    }

    #[test]
    fn a_directory_is_told_once() {
        let file = |name: &str, fault| (Path::new("/etc/pki/qemu").join(name), fault);
        let found = Certificates {
            faults: vec![
                file("ca-cert.pem", CertificateFault::Missing),
                file("server-key.pem", CertificateFault::Kept),
                file("server-cert.pem", CertificateFault::Missing),
            ],
            first_to_end: None,
            names: Vec::new(),
        };
        assert_eq!(
            found.complaint().unwrap(),
            "there is no ca-cert.pem, server-cert.pem in /etc/pki/qemu; QEMU's user may not read \
             /etc/pki/qemu/server-key.pem"
        );
    }

    #[test]
    fn the_directory_is_that_of_migrations_then_libvirts_own_then_the_general_one() {
        let general = "default_tls_x509_cert_dir = \"/etc\"\n";
        let own = format!("{general}migrate_tls_x509_cert_dir = \"/usr\"");
        assert_eq!(of("").directory, Path::new("/etc/pki/qemu"));
        assert_eq!(of(general).directory, Path::new("/etc"));
        assert_eq!(of(&own).directory, Path::new("/usr"));
        let there = tempfile::tempdir().unwrap();
        let beside = |text: &str| TlsSettings::of(&QemuConf::of(text.as_bytes()).unwrap(), there.path());
        assert_eq!(beside(general).directory, there.path());
        assert_eq!(beside(&own).directory, Path::new("/usr"));
    }

    #[test]
    fn what_is_said_of_migrations_comes_before_what_is_said_of_all() {
        assert!(of("").verifies_clients && !of("").is_locked && !of("").is_forced);
        assert!(!of("default_tls_x509_verify = 0").verifies_clients);
        assert!(of("default_tls_x509_verify = 0\nmigrate_tls_x509_verify = 1").verifies_clients);
        assert!(of("default_tls_x509_secret_uuid = \"1\"").is_locked);
        assert!(of("migrate_tls_force = 1").is_forced);
    }
}
