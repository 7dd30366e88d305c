//! The ground the tests stand on: files, mounts, other users and child processes.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use novamend::write::{Links, Options, Planned, WriteError, Written, write_all};
use tempfile::TempDir;

use crate::{harness, other};

/// The user and group that own nothing.
pub(crate) const NOBODY: u32 = 65534;

pub(crate) const BACKUP: Options = Options {
    root: None,
    in_place: false,
    backup: true,
    backup_directory: None,
};
pub(crate) const NO_BACKUP: Options = Options {
    root: None,
    in_place: false,
    backup: false,
    backup_directory: None,
};
pub(crate) const IN_PLACE: Options = Options {
    root: None,
    in_place: true,
    backup: true,
    backup_directory: None,
};

/// A directory that everybody may enter.
pub(crate) fn directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    directory
}

/// A file `name` that holds `text`.
pub(crate) fn file(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, text).unwrap();
    path
}

pub(crate) fn planned(path: &Path, before: &str, after: &str) -> Planned {
    Planned {
        path: path.to_owned(),
        before: Some(before.into()),
        after: after.into(),
        links: Links::Follow,
    }
}

/// Writes `after` over the file that now holds what it holds.
pub(crate) fn replace(path: &Path, after: &str, options: &Options) -> Result<Written, WriteError> {
    let before = fs::read_to_string(path).unwrap_or_default();
    let mut written = write_all(&[planned(path, &before, after)], options)?;
    assert_eq!(written.len(), 1);
    Ok(written.remove(0))
}

pub(crate) fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// The names in `directory`, sorted.
pub(crate) fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    names
}

/// Every extended attribute of `path` but the mark of a backup.
pub(crate) fn attributes(path: &Path) -> Vec<(String, Vec<u8>)> {
    let names = xattr::list(path).unwrap();
    let mut found: Vec<_> = names
        .filter(|name| name != "user.novamend" && name != "trusted.novamend")
        .map(|name| {
            let value = xattr::get(path, &name).unwrap().unwrap();
            (name.into_string().unwrap(), value)
        })
        .collect();
    found.sort_unstable();
    found
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Skips the test that calls it; root on CI can do everything, so there it fails.
pub(crate) fn skip(why: &str) -> ! {
    if is_root() {
        harness::skip(why)
    }
    harness::skip_anywhere(why)
}

/// Skips the test that calls it where this is not root.
pub(crate) fn need_root(what: &str) {
    if !is_root() {
        skip(&format!("{what} needs root"));
    }
}

pub(crate) fn run(program: &str, arguments: &[&OsStr]) -> bool {
    let status = Command::new(program).args(arguments).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Something mounted on a directory or file, until it is dropped.
pub(crate) struct Mount(PathBuf);

impl Mount {
    /// A small file system of its own on `on`; here as below, where it cannot be mounted, the test is skipped.
    pub(crate) fn tmpfs(on: &Path, options: &str) -> Self {
        let arguments = ["-t", "tmpfs", "-o", options, "none"].map(OsStr::new);
        Self::of(&[&arguments[..], &[on.as_os_str()]].concat(), on)
    }

    /// A file system on `on` where each user may have 8 kB; not every kernel has such quotas, and none need have them.
    pub(crate) fn with_quota(on: &Path) -> Self {
        let options = "size=1m,usrquota,usrquota_block_hardlimit=8k";
        let arguments = ["-t", "tmpfs", "-o", options, "none"].map(OsStr::new);
        if !run("mount", &[&arguments[..], &[on.as_os_str()]].concat()) {
            harness::skip_anywhere("this kernel has no quotas on tmpfs");
        }
        Self(on.to_owned())
    }

    /// `what` mounted a second time on `on`.
    pub(crate) fn bind(what: &Path, on: &Path) -> Self {
        Self::of(&[OsStr::new("--bind"), what.as_os_str(), on.as_os_str()], on)
    }

    /// The layers of a container: `lower` below, changes in `upper`.
    pub(crate) fn overlay(lower: &Path, upper: &Path, work: &Path, on: &Path) -> Self {
        let [lower, upper, work] = [lower, upper, work].map(|path| path.display().to_string());
        let options = format!("lowerdir={lower},upperdir={upper},workdir={work}");
        let arguments = ["-t", "overlay", "-o", &options, "none"].map(OsStr::new);
        Self::of(&[&arguments[..], &[on.as_os_str()]].concat(), on)
    }

    pub(crate) fn make_read_only(&self) {
        let arguments = [OsStr::new("-o"), OsStr::new("remount,ro"), self.0.as_os_str()];
        assert!(run("mount", &arguments));
    }

    fn of(arguments: &[&OsStr], on: &Path) -> Self {
        if !run("mount", arguments) {
            skip(&format!("`mount` refuses {arguments:?}"));
        }
        Self(on.to_owned())
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        run("umount", &[self.0.as_os_str()]);
    }
}

/// A `chattr` flag on a file or directory, until it is dropped.
pub(crate) struct Flag(PathBuf, &'static str);

impl Flag {
    /// `letter` is `i` (immutable) or `a` (append-only).
    pub(crate) fn set(path: &Path, letter: &'static str) -> Self {
        if !run("chattr", &[OsStr::new(&format!("+{letter}")), path.as_os_str()]) {
            skip("`chattr` does not work here");
        }
        Self(path.to_owned(), letter)
    }
}

impl Drop for Flag {
    fn drop(&mut self) {
        run("chattr", &[OsStr::new(&format!("-{}", self.1)), self.0.as_os_str()]);
    }
}

/// Gives `path` to nobody.
pub(crate) fn give_to_nobody(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
}

/// This program once more, doing `work` on `path` (see `other::work`), as `user` if one is given.
pub(crate) fn child(work: &str, path: &Path, user: Option<u32>) -> Child {
    // By this way even a user to whom the build directory is closed can start it.
    let mut command = Command::new("/proc/self/exe");
    command
        .args([other::ARGUMENT, work])
        .arg(path)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(user) = user {
        command.uid(user).gid(user);
    }
    command.spawn().unwrap()
}

/// What an ordinary user is told who writes "new" to `path`, or "written".
pub(crate) fn write_as_nobody(path: &Path) -> String {
    let output = child("replace", path, Some(NOBODY)).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = said.lines().find_map(|line| line.split_once("outcome: "));
    found.unwrap_or_else(|| panic!("no outcome in {said}")).1.to_owned()
}
