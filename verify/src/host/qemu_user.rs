//! Which user QEMU runs as on this host: what qemu.conf says, otherwise what the distribution built in.
//!
//! It changes to nobody; see [`super::userfault`] for what that user may do.

use std::ffi::{OsStr, OsString};

use uzers::{get_group_by_name, get_user_by_name, get_user_groups};

use super::qemu_conf::QemuConf;
use crate::shown;

/// Where the user that QEMU runs as is known from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserSource {
    /// Written in qemu.conf.
    Written,
    /// It does not say so; the distribution's account is there.
    Distribution,
    /// Nothing of qemu.conf is known; why, as a clause.
    Unreadable(String),
}

/// User and group of QEMU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QemuUser {
    /// The user as qemu.conf takes it: a name or `+uid`.
    pub user: String,
    /// The group, likewise.
    pub group: String,
    /// The user's number, if there is such a user.
    pub uid: Option<u32>,
    /// The group's number, if there is such a group.
    pub gid: Option<u32>,
    /// Where this is known from.
    pub known: UserSource,
}

/// Accounts that distributions build into libvirt: Debian and Ubuntu, then Fedora, RHEL, SUSE, Arch and Gentoo.
const BUILT_IN: [(&str, &str); 3] = [("libvirt-qemu", "libvirt-qemu"), ("qemu", "qemu"), ("nobody", "nobody")];

/// The user that QEMU runs as, by the host's qemu.conf.
#[must_use]
pub fn find(conf: &QemuConf) -> QemuUser {
    let (built_in_user, built_in_group) = BUILT_IN
        .into_iter()
        .find(|(user, _)| get_user_by_name(user).is_some())
        .unwrap_or(("root", "root"));
    let written = |name: &str| conf.path(name).map(OsString::from);
    let known = match (conf.fault(), written("user")) {
        (Some(fault), _) => UserSource::Unreadable(shown::chain(fault)),
        (None, Some(_)) => UserSource::Written,
        (None, None) => UserSource::Distribution,
    };
    let user = written("user").unwrap_or_else(|| built_in_user.into());
    let group = written("group").unwrap_or_else(|| built_in_group.into());
    QemuUser {
        uid: number_of(&user, |name| get_user_by_name(name).map(|found| found.uid())),
        gid: number_of(&group, |name| get_group_by_name(name).map(|found| found.gid())),
        user: user.to_string_lossy().into_owned(),
        group: group.to_string_lossy().into_owned(),
        known,
    }
}

/// The number of a user or group as libvirt finds it: after a plus sign it is one, a name that nobody has may be one.
fn number_of(name: &OsStr, look_up: impl FnOnce(&OsStr) -> Option<u32>) -> Option<u32> {
    let text = name.to_str();
    if let Some(number) = text.and_then(|text| text.strip_prefix('+')) {
        return number.parse().ok();
    }
    look_up(name).or_else(|| text?.parse().ok())
}

/// The groups that a user is a member of, by its name.
#[must_use]
pub fn groups_of(user: &str) -> Vec<u32> {
    let Some(found) = get_user_by_name(user) else {
        return Vec::new();
    };
    let groups = get_user_groups(user, found.primary_group_id()).unwrap_or_default();
    groups.iter().map(uzers::Group::gid).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &[u8]) -> QemuUser {
        find(&QemuConf::of(text).unwrap())
    }

    #[test]
    fn numbers_need_no_account() {
        let found = of(b"user = \"+107\"\ngroup = \"108\"\n");
        assert_eq!((found.uid, found.gid), (Some(107), Some(108)));
        assert_eq!(found.known, UserSource::Written);
        assert_eq!(of(b"user = \"root\"\n").uid, Some(0));
    }

    #[test]
    fn a_name_that_is_no_text_is_nobody_and_not_the_distributions_account() {
        let found = of(b"user = \"\xff\xfe\"\n");
        assert_eq!((found.uid, found.known), (None, UserSource::Written));
    }
}
