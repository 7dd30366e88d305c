//! Which user QEMU runs as on this host: what qemu.conf says, otherwise what the distribution built in.
//!
//! It changes to nobody; see [`super::userfault`] for what that user may do.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the user is known from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// Written in this file.
    Written(PathBuf),
    /// No file says so; the distribution's account is there.
    Distribution,
    /// The file may not be read.
    Unreadable(PathBuf),
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
    pub known: Known,
}

/// Accounts that distributions build into libvirt: Debian and Ubuntu, then Fedora, RHEL, SUSE, Arch and Gentoo.
const BUILT_IN: [(&str, &str); 3] = [("libvirt-qemu", "libvirt-qemu"), ("qemu", "qemu"), ("nobody", "nobody")];

/// The user that QEMU runs as, `text` being that of the host's qemu.conf at `conf`; none where it may not be read.
#[must_use]
pub fn find(conf: &Path, text: Option<&str>) -> QemuUser {
    let (built_in_user, built_in_group) = BUILT_IN
        .into_iter()
        .find(|(user, _)| uid_of(user).is_some())
        .unwrap_or(("root", "root"));
    let written = setting(text.unwrap_or_default(), "user");
    let known = match (text, &written) {
        (None, _) => Known::Unreadable(conf.to_owned()),
        (Some(_), Some(_)) => Known::Written(conf.to_owned()),
        (Some(_), None) => Known::Distribution,
    };
    let user = written.unwrap_or_else(|| built_in_user.to_owned());
    let group = setting(text.unwrap_or_default(), "group").unwrap_or_else(|| built_in_group.to_owned());
    QemuUser {
        uid: uid_of(&user),
        gid: gid_of(&group),
        user,
        group,
        known,
    }
}

/// The value of a setting in libvirt's configuration language; the last line that is no comment counts.
pub(super) fn setting(text: &str, name: &str) -> Option<String> {
    text.lines().rev().find_map(|line| {
        let value = line.trim().strip_prefix(name)?.trim_start().strip_prefix('=')?.trim();
        let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''));
        match quote {
            Some(quote) => value[1..].split(quote).next().map(str::to_owned),
            None => value.split(['#', ' ', '\t']).next().map(str::to_owned),
        }
    })
}

fn uid_of(user: &str) -> Option<u32> {
    id_in("/etc/passwd", user)
}

fn gid_of(group: &str) -> Option<u32> {
    id_in("/etc/group", group)
}

fn id_in(file: &str, name: &str) -> Option<u32> {
    if let Some(number) = name.strip_prefix('+') {
        return number.parse().ok();
    }
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name))
            .then(|| fields.nth(1)?.parse().ok())
            .flatten()
    })
}

/// The groups beside its own that a user is a member of.
#[must_use]
pub fn groups_of(user: &str) -> Vec<u32> {
    let text = fs::read_to_string("/etc/group").unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split(':').skip(2);
            let gid = fields.next()?.parse().ok()?;
            fields.next()?.split(',').any(|member| member == user).then_some(gid)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_that_is_no_comment_counts() {
        let text = "#user = \"root\"\nuser = \"qemu\"\n group='kvm'\nuser=\"nova\" # since\nuser_x = \"no\"\n";
        assert_eq!(setting(text, "user").as_deref(), Some("nova"));
        assert_eq!(setting(text, "group").as_deref(), Some("kvm"));
        assert_eq!(setting("# user = \"x\"", "user"), None);
    }

    #[test]
    fn numbers_need_no_account() {
        let conf = Path::new("/etc/libvirt/qemu.conf");
        let found = find(conf, Some("user = \"+107\"\ngroup = \"+108\"\n"));
        assert_eq!((found.uid, found.gid), (Some(107), Some(108)));
        assert_eq!(found.known, Known::Written(conf.to_owned()));
    }
}
