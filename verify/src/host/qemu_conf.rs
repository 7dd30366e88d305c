//! The host's qemu.conf as libvirt's QEMU driver takes it, or why nothing in it can be known.
//!
//! It looks up no user and changes nothing. Source: `src/qemu/qemu_conf.c` and `src/util/virconf.c` of libvirt.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use novamend::bounded::{self, Kinds, ReadRefusal};

use super::virconf::{self, Entry, Value};

/// More bytes than libvirt reads.
const MOST_BYTES: u64 = 10 << 20;

/// Why nothing that stands in the file counts.
#[derive(Clone, Debug, thiserror::Error)]
pub enum QemuConfFault {
    /// This user may not read it, libvirt's daemon may.
    #[error("this user may not read {}", .0.display())]
    Denied(PathBuf),
    /// It could not be read, for a reason that may be ours alone.
    #[error("{} could not be read", path.display())]
    NotRead {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Unread,
    },
    /// Libvirt refuses it, and its QEMU driver does not start.
    #[error("libvirt's QEMU driver does not start with {}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Complaint,
    },
}

/// Why the file could not be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unread {
    /// The system's word.
    #[error(transparent)]
    System(Arc<io::Error>),
    /// What it is.
    #[error("it {0}")]
    Refused(Arc<ReadRefusal>),
}

/// What libvirt has against a qemu.conf.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Complaint {
    /// It is a directory.
    #[error("it is a directory")]
    Directory,
    /// Libvirt reads no more.
    #[error("it is longer than 10 MiB")]
    TooLong,
    /// A line of it is none of this format.
    #[error(transparent)]
    Format(#[from] virconf::SyntaxError),
    /// A value.
    #[error("line {line}: `{name}` {what}")]
    Value {
        /// Where, from 1.
        line: usize,
        /// Of which option.
        name: String,
        /// What is wrong, as a clause about it.
        what: &'static str,
    },
}

/// What stands in the file.
#[derive(Clone, Debug, Default)]
pub struct QemuConf {
    entries: Vec<Entry>,
    fault: Option<QemuConfFault>,
}

/// What libvirt wants a value to be.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Text,
    Switch,
    Unsigned,
    Signed,
    /// Of texts; a text alone may stand for it where that is true.
    List(bool),
    /// An unsigned number, or this word.
    SizeOr(&'static str),
}

/// The options of which libvirt wants a text.
const TEXTS: &str = "default_tls_x509_cert_dir default_tls_x509_secret_uuid vnc_listen vnc_tls_x509_cert_dir \
    vnc_tls_x509_secret_uuid vnc_password vnc_sasl_dir spice_tls_x509_cert_dir spice_listen spice_password \
    spice_sasl_dir chardev_tls_x509_cert_dir chardev_tls_x509_secret_uuid migrate_tls_x509_cert_dir \
    migrate_tls_x509_secret_uuid backup_tls_x509_cert_dir backup_tls_x509_secret_uuid vxhs_tls_x509_cert_dir \
    vxhs_tls_x509_secret_uuid nbd_tls_x509_cert_dir nbd_tls_x509_secret_uuid save_image_format dump_image_format \
    snapshot_image_format auto_dump_path bridge_helper pr_helper slirp_helper dbus_daemon stdio_handler lock_manager \
    migration_host migration_address deprecation_behavior user group memory_backing_dir swtpm_user swtpm_group";

/// Of which it wants 0 or 1.
const SWITCHES: &str = "default_tls_x509_verify vnc_auto_unix_socket vnc_tls vnc_tls_x509_verify vnc_sasl \
    vnc_allow_host_audio nographics_allow_host_audio spice_tls spice_sasl spice_auto_unix_socket chardev_tls \
    chardev_tls_x509_verify migrate_tls_x509_verify migrate_tls_force backup_tls_x509_verify vxhs_tls nbd_tls \
    auto_dump_bypass_cache auto_start_bypass_cache set_process_name dump_guest_core mac_filter relaxed_acs_check \
    allow_disk_format_probing log_timestamp virtiofsd_debug security_default_confined security_require_confined \
    dynamic_ownership remember_owner";

/// Of which it wants a whole number from 0 on.
const UNSIGNED: &str = "remote_websocket_port_min remote_websocket_port_max remote_display_port_min \
    remote_display_port_max \
    max_processes max_files max_threads_per_process max_queued keepalive_count migration_port_min migration_port_max \
    gluster_debug_level";

/// What libvirt wants `name` to be; none where it does not ask for that name, whatever stands there.
fn kind(name: &str) -> Option<Kind> {
    let is_in = |names: &str| names.split_ascii_whitespace().any(|other| other == name);
    Some(match name {
        "hugetlbfs_mount" | "security_driver" => Kind::List(true),
        "nvram" | "cgroup_controllers" | "cgroup_device_acl" | "namespaces" | "capability_filters" => Kind::List(false),
        "keepalive_interval" | "seccomp_sandbox" => Kind::Signed,
        "max_core" => Kind::SizeOr("unlimited"),
        _ if is_in(TEXTS) => Kind::Text,
        _ if is_in(SWITCHES) => Kind::Switch,
        _ if is_in(UNSIGNED) => Kind::Unsigned,
        _ => return None,
    })
}

impl Kind {
    /// What libvirt has against the value; none where it takes it.
    fn complaint(self, value: &Value) -> Option<&'static str> {
        let unsigned = match value {
            Value::Number {
                number,
                is_negative: false,
            } => Some(number.cast_unsigned()),
            _ => None,
        };
        match (self, value) {
            (Self::Text | Self::List(true), Value::Text(_)) => None,
            (Self::SizeOr(word), Value::Text(text)) if text == word.as_bytes() => None,
            (Self::List(_), Value::List(list)) if list.iter().all(|one| matches!(one, Value::Text(_))) => None,
            (Self::Switch, _) if unsigned.is_some_and(|number| number <= 1) => None,
            (Self::Unsigned, _) if unsigned.is_some_and(|number| u32::try_from(number).is_ok()) => None,
            (Self::SizeOr(_), _) if unsigned.is_some() => None,
            (Self::Signed, Value::Number { number, .. }) if i32::try_from(*number).is_ok() => None,
            (Self::Text, _) => Some("must be a quoted string"),
            (Self::Switch, _) => Some("must be 0 or 1"),
            (Self::Unsigned, _) => Some("must be a whole number from 0 to 4294967295"),
            (Self::Signed, _) => Some("must be a whole number from -2147483648 to 2147483647"),
            (Self::List(true), _) => Some("must be a quoted string or a list of them"),
            (Self::List(false), _) => Some("must be a list of quoted strings"),
            (Self::SizeOr(_), _) => Some("must be a whole number or \"unlimited\""),
        }
    }
}

impl QemuConf {
    /// The file at `path`; one that is not there is one that says nothing, as for libvirt.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        let refused = |source: Complaint| QemuConfFault::Refused {
            path: path.to_owned(),
            source,
        };
        let not_read = |source: Unread| QemuConfFault::NotRead {
            path: path.to_owned(),
            source,
        };
        let fault = match bounded::read(path, Kinds::Regular, MOST_BYTES) {
            Ok(bytes) => match Self::of(&bytes) {
                Ok(found) => return found,
                Err(complaint) => refused(complaint),
            },
            Err(ReadRefusal::TooLong(_)) => refused(Complaint::TooLong),
            Err(ReadRefusal::Io(error)) => match error.kind() {
                // libvirt takes its defaults wherever the file cannot be come to
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => return Self::default(),
                io::ErrorKind::PermissionDenied => QemuConfFault::Denied(path.to_owned()),
                io::ErrorKind::IsADirectory => refused(Complaint::Directory),
                _ => not_read(Unread::System(Arc::new(error))),
            },
            Err(other) => not_read(Unread::Refused(Arc::new(other))),
        };
        Self {
            entries: Vec::new(),
            fault: Some(fault),
        }
    }

    /// The same of its bytes.
    ///
    /// # Errors
    /// What libvirt does not start with: the line, and what is wrong there.
    pub fn of(bytes: &[u8]) -> Result<Self, Complaint> {
        let entries = virconf::parse(bytes)?;
        let found = Self { entries, fault: None };
        for entry in &found.entries {
            let counts = virconf::find(&found.entries, &entry.name) == Some(entry);
            if counts && let Some(what) = kind(&entry.name).and_then(|kind| kind.complaint(&entry.value)) {
                let (line, name) = (entry.line, entry.name.clone());
                return Err(Complaint::Value { line, name, what });
            }
        }
        found.check_values()?;
        Ok(found)
    }

    /// Values of the right kind that libvirt refuses all the same.
    fn check_values(&self) -> Result<(), Complaint> {
        let (least, most) = self.migration_ports();
        if least == 0 || most > 65535 || most < least {
            return Err(self.at(
                "migration_port_max",
                "and `migration_port_min` must be ports, the minimum not above the maximum",
            ));
        }
        for name in ["migration_host", "migration_address"] {
            let is_own = |host: String| host.starts_with("localhost") || host.starts_with("127.") || host == "::1";
            if self.word(name).is_some_and(is_own) {
                return Err(self.at(name, "must not be the address of the local machine"));
            }
        }
        if self
            .word("stdio_handler")
            .is_some_and(|word| word != "logd" && word != "file")
        {
            return Err(self.at("stdio_handler", "must be \"logd\" or \"file\""));
        }
        if self.number("allow_disk_format_probing") == Some(1) {
            return Err(self.at("allow_disk_format_probing", "is no longer supported"));
        }
        let directories = TEXTS
            .split_ascii_whitespace()
            .filter(|name| name.ends_with("_x509_cert_dir"));
        for name in directories {
            if self.path(name).is_some_and(|path| !path.exists()) {
                return Err(self.at(name, "names a directory that does not exist"));
            }
        }
        Ok(())
    }

    /// A complaint about `name`, with its line.
    fn at(&self, name: &str, what: &'static str) -> Complaint {
        let line = virconf::find(&self.entries, name).map_or(1, |entry| entry.line);
        let name = name.to_owned();
        Complaint::Value { line, name, what }
    }

    /// Why nothing in it is known; none where it was read.
    #[must_use]
    pub fn fault(&self) -> Option<&QemuConfFault> {
        self.fault.as_ref()
    }

    fn bytes(&self, name: &str) -> Option<&[u8]> {
        match &virconf::find(&self.entries, name)?.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A text, as far as it is one; bytes that are no UTF-8 are replaced.
    #[must_use]
    pub fn word(&self, name: &str) -> Option<String> {
        self.bytes(name).map(|text| String::from_utf8_lossy(text).into_owned())
    }

    /// A path, byte by byte.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        let bytes = self.bytes(name)?.to_vec();
        Some(PathBuf::from(OsString::from_vec(bytes)))
    }

    /// A number from 0 on.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        match virconf::find(&self.entries, name)?.value {
            Value::Number { number, .. } => u64::try_from(number).ok(),
            _ => None,
        }
    }

    /// The ports that QEMU listens on as a destination, first and last.
    #[must_use]
    pub fn migration_ports(&self) -> (u64, u64) {
        let port = |name: &str, otherwise| self.number(name).unwrap_or(otherwise);
        (port("migration_port_min", 49152), port("migration_port_max", 49215))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_another_kind_stops_libvirt_and_is_named_with_its_line() {
        for (file, said) in [
            ("user = 107\n", "line 1: `user` must be a quoted string"),
            ("\nuser = [ \"root\" ]\n", "line 2: `user`"),
            ("migrate_tls_force = \"1\"\n", "`migrate_tls_force` must be 0 or 1"),
            ("dynamic_ownership = 2\n", "must be 0 or 1"),
            ("migration_port_min = -1\n", "from 0 to"),
            ("migration_port_max = 70000\n", "must be ports"),
            ("hugetlbfs_mount = [ 1 ]\n", "`hugetlbfs_mount`"),
            ("memory_backing_dir = ['/dev/shm']\n", "`memory_backing_dir`"),
            ("migrate_tls_x509_cert_dir = \"/nonexistent\"\n", "does not exist"),
        ] {
            let error = QemuConf::of(file.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(said), "{file}: {error}");
        }
    }

    #[test]
    fn what_libvirt_does_not_ask_for_may_be_anything_that_can_be_read() {
        let file = b"# caf\xe9\nmine = [ 1, \"x\", ]\nuser = \"one\"\nuser = 3\nmax_core = \
            \"unlimited\"\nsecurity_driver = \"none\"\n";
        let found = QemuConf::of(file).unwrap();
        assert_eq!(
            found.word("user").as_deref(),
            Some("one"),
            "the first counts, and it alone is looked at"
        );
    }

    #[test]
    fn a_file_that_is_not_there_says_nothing_and_a_directory_stops_libvirt() {
        let missing = QemuConf::read(Path::new("/nonexistent/qemu.conf"));
        assert!(missing.fault().is_none() && missing.entries.is_empty(), "{missing:?}");
        let directory = QemuConf::read(Path::new("/etc"));
        assert!(
            matches!(directory.fault(), Some(QemuConfFault::Refused { .. })),
            "{directory:?}"
        );
        let device = QemuConf::read(Path::new("/dev/null"));
        assert!(
            matches!(device.fault(), Some(QemuConfFault::NotRead { .. })),
            "{device:?}"
        );
    }
}
