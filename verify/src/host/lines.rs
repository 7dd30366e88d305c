//! The lines of `probe`: for each thing that a live migration needs, its status, why, and the remedy.
//!
//! It finds nothing out but what can be read from files; programs and users are looked at before.

mod way;

use std::fs;
use std::path::Path;

use novamend::catalog::Release;
use novamend::catalog::release::Version;
use serde::Serialize;

use super::confinement::Confinement;
use super::programs;
use super::qemu_conf::QemuConfFault;
use super::qemu_user::UserSource;
use super::userfault::{self, UserfaultAccess};
use super::versions::{dotted, too_old};
use super::{Host, Kvm};

/// Whether one thing that live migrations need is in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Ok,
    /// Works, but not as well or not for long.
    Warning,
    /// Does not work.
    Fails,
    /// Could not be found out.
    NotKnown,
}

impl Status {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Fails => "fails",
            Self::NotKnown => "not known",
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Line {
    /// What it is about; stable.
    pub about: &'static str,
    /// Its status.
    pub status: Status,
    /// Why.
    pub why: String,
    /// What to do, where something is to be done.
    pub remedy: Option<String>,
}

/// What the configuration asks of a host.
#[derive(Clone, Debug, Default)]
pub struct HostRequirements {
    /// Native TLS.
    pub tls: bool,
    /// `live_migration_inbound_addr`, if it is set.
    pub address: Option<String>,
    /// The transport between the libvirt daemons, if nova.conf names one.
    pub transport: Option<String>,
    /// `[DEFAULT] host`, by which sources call this host where there is no address, if it is set.
    pub host: Option<String>,
}

impl HostRequirements {
    /// Whether the libvirt daemons show each other certificates of their own.
    #[must_use]
    pub fn is_by_tls(&self) -> bool {
        self.transport
            .as_deref()
            .is_some_and(|transport| transport.eq_ignore_ascii_case("tls"))
    }
}

fn line(about: &'static str, status: Status, why: impl Into<String>, remedy: &str) -> Line {
    let remedy = (!remedy.is_empty()).then(|| remedy.to_owned());
    Line {
        about,
        status,
        why: why.into(),
        remedy,
    }
}

/// All lines for a host that is to run `release`.
#[must_use]
pub fn lines(host: &Host, release: Release, asked: &HostRequirements) -> Vec<Line> {
    let mut lines = vec![daemon(host)];
    let (libvirt, qemu) = (release.minimum_libvirt(), release.minimum_qemu());
    lines.push(version(
        "libvirt",
        host.libvirt,
        libvirt,
        release.next_minimum_libvirt(),
        release,
    ));
    lines.push(version("qemu", host.qemu, qemu, release.next_minimum_qemu(), release));
    lines.extend([
        kvm(host),
        user(host),
        post_copy(host),
        confinement(),
        cgroups(),
        memory(),
    ]);
    lines.push(namespaces(host));
    lines.extend(way::lines(host, release, asked));
    lines
}

fn daemon(host: &Host) -> Line {
    match &host.daemon {
        None => line(
            "daemon",
            Status::Fails,
            "neither libvirtd nor virtqemud is installed",
            "install libvirt-daemon-system (Debian, Ubuntu) or libvirt-daemon-driver-qemu (Fedora, RHEL, SUSE)",
        ),
        Some(daemon) => {
            let kind = if daemon.is_modular { "modular" } else { "monolithic" };
            let runs = if daemon.runs {
                "running"
            } else {
                "installed, not running"
            };
            line(
                "daemon",
                Status::Ok,
                format!("{} ({kind}), {runs}", daemon.program.display()),
                "",
            )
        }
    }
}

fn version(
    about: &'static str,
    found: Option<Version>,
    least: Option<Version>,
    next: Option<Version>,
    release: Release,
) -> Line {
    let Some(found) = found else {
        let package = if about == "qemu" {
            "install qemu-system-x86 or qemu-kvm"
        } else {
            ""
        };
        return line(
            about,
            Status::Fails,
            format!("no {about} was found, or it did not report its version"),
            package,
        );
    };
    if let Some((why, upgrade)) = too_old(about, Some(found), least, release) {
        return line(about, Status::Fails, why, &upgrade);
    }
    match (least, next) {
        (_, Some(next)) if found < next => {
            let why = format!("{}; a later release will require {}", dotted(found), dotted(next));
            line(about, Status::Warning, why, "plan to upgrade it")
        }
        (Some(_), _) => line(
            about,
            Status::Ok,
            format!("{}, enough for {release}", dotted(found)),
            "",
        ),
        (None, _) => line(
            about,
            Status::NotKnown,
            format!("{}; the minimum for {release} is not known", dotted(found)),
            "",
        ),
    }
}

fn kvm(host: &Host) -> Line {
    match &host.kvm {
        Kvm::Usable => line("kvm", Status::Ok, "/dev/kvm can be used", ""),
        Kvm::Missing => line(
            "kvm",
            Status::Warning,
            "there is no /dev/kvm: guests run in software emulation",
            "load kvm_intel or kvm_amd; in a virtual machine, allow nested virtualisation",
        ),
        Kvm::Refused(why) => line(
            "kvm",
            Status::Warning,
            why.clone(),
            "give the device to group kvm, mode 0660, and put the user of QEMU into that group",
        ),
    }
}

fn user(host: &Host) -> Line {
    let user = &host.qemu_user;
    let named = format!("QEMU runs as {}:{}", user.user, user.group);
    match &user.known {
        UserSource::Written => {
            let status = if user.uid.is_some() { Status::Ok } else { Status::Fails };
            let remedy = if user.uid.is_some() {
                ""
            } else {
                "create that user or fix qemu.conf"
            };
            line("qemu-user", status, format!("{named}, as qemu.conf says"), remedy)
        }
        UserSource::Distribution => line(
            "qemu-user",
            Status::Ok,
            format!("{named}, the distribution's default"),
            "",
        ),
        UserSource::Unreadable(why) => match host.qemu_conf.fault() {
            Some(QemuConfFault::Refused { .. }) => {
                let why = format!("QEMU's user is not known: {why}");
                line("qemu-user", Status::Fails, why, "fix that line")
            }
            Some(QemuConfFault::NotRead { .. }) => {
                let why = format!("QEMU's user is not known: {why}");
                line("qemu-user", Status::NotKnown, why, "make it a readable file")
            }
            _ => line(
                "qemu-user",
                Status::NotKnown,
                format!("{why}; unless it names another user, {named}"),
                "run probe as root",
            ),
        },
    }
}

/// The remedy for a host whose QEMU may not use userfaultfd.
pub const SYSCTL_REMEDY: &str =
    "echo 'vm.unprivileged_userfaultfd = 1' > /etc/sysctl.d/60-qemu-postcopy.conf && sysctl --system";

/// Whether QEMU may use userfaultfd here.
pub(crate) fn post_copy(host: &Host) -> Line {
    let user = &host.qemu_user.user;
    let by_device = host.qemu.is_some_and(|version| version >= (8, 1, 0))
        && userfault::device_admits(&host.qemu_user) == Some(true);
    let is_guess = matches!(host.qemu_user.known, UserSource::Unreadable(_));
    let guess = |what: &str| format!("qemu.conf could not be read, so QEMU's user is not known; {what}");
    match (&host.userfault, userfault::is_open_to_all()) {
        (UserfaultAccess::Allowed, _) => line("post-copy", Status::Ok, format!("{user} may use userfaultfd"), ""),
        (_, _) if by_device => line(
            "post-copy",
            Status::Ok,
            format!("{user} may open {}", userfault::DEVICE),
            "",
        ),
        (UserfaultAccess::Refused(error), _) if is_guess => {
            line("post-copy", Status::NotKnown, guess(error), "run probe as root")
        }
        (UserfaultAccess::Refused(error), Some(false)) => {
            let why = format!("{user} may not use userfaultfd ({error}): vm.unprivileged_userfaultfd is 0");
            line("post-copy", Status::Fails, why, SYSCTL_REMEDY)
        }
        (UserfaultAccess::Refused(error), _) => {
            let why = format!("{user} may not use userfaultfd ({error}) although no setting forbids it");
            line(
                "post-copy",
                Status::Fails,
                why,
                "look for a seccomp profile of the container or the service",
            )
        }
        (UserfaultAccess::NotTried(why), Some(true)) => line(
            "post-copy",
            Status::Ok,
            format!("vm.unprivileged_userfaultfd is 1 ({why})"),
            "",
        ),
        (UserfaultAccess::NotTried(_), _) if is_guess => {
            let why = guess("unless it is root, it may not use userfaultfd, as vm.unprivileged_userfaultfd is not 1");
            line("post-copy", Status::NotKnown, why, "run probe as root")
        }
        (UserfaultAccess::NotTried(why), Some(false)) if user != "root" => {
            let why = format!("vm.unprivileged_userfaultfd is 0 and QEMU is not root ({why})");
            line("post-copy", Status::Fails, why, SYSCTL_REMEDY)
        }
        (UserfaultAccess::NotTried(why), _) => line("post-copy", Status::NotKnown, why.clone(), "run probe as root"),
    }
}

fn confinement() -> Line {
    let why = format!(
        "{}; the trials run without confinement of guests",
        Confinement::find().words()
    );
    line("confinement", Status::Ok, why, "")
}

fn cgroups() -> Line {
    let kind = if Path::new("/sys/fs/cgroup/cgroup.controllers").exists() {
        "version 2"
    } else if Path::new("/sys/fs/cgroup/memory").exists() {
        "version 1"
    } else {
        return line("cgroups", Status::NotKnown, "no cgroups are mounted", "");
    };
    line("cgroups", Status::Ok, format!("{kind}; the trials use no cgroups"), "")
}

fn memory() -> Line {
    let pages = fs::read_to_string("/proc/sys/vm/nr_hugepages")
        .ok()
        .and_then(|text| text.trim().parse::<u64>().ok());
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let locked = limits.lines().find_map(|line| line.strip_prefix("Max locked memory"));
    let locked = locked
        .and_then(|rest| rest.split_whitespace().next())
        .unwrap_or("not known");
    let why = format!("{} huge pages; locked memory: {locked} bytes", pages.unwrap_or(0));
    line("memory", Status::Ok, why, "")
}

fn namespaces(host: &Host) -> Line {
    if let Some(why) = programs::nameless() {
        return line("sandbox", Status::Fails, why, programs::NAMELESS_REMEDY);
    }
    if host.is_root {
        return line(
            "sandbox",
            Status::Ok,
            "as root: private namespaces, QEMU runs as the host's QEMU user",
            "",
        );
    }
    let number = |path: &str| {
        fs::read_to_string(path)
            .ok()
            .and_then(|text| text.trim().parse::<u64>().ok())
    };
    let off = number("/proc/sys/user/max_user_namespaces") == Some(0)
        || number("/proc/sys/kernel/unprivileged_userns_clone") == Some(0);
    if off {
        let why = "user namespaces are disabled: verify needs root here";
        return line(
            "sandbox",
            Status::Fails,
            why,
            "run verify as root, or sysctl user.max_user_namespaces=1000",
        );
    }
    let why = "as an ordinary user: QEMU runs as this user, not as the one named in the host's qemu.conf";
    line(
        "sandbox",
        Status::Warning,
        why,
        "run verify as root for a verdict on the host itself",
    )
}
