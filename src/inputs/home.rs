//! The home directory in which nova looks for its files, as Python's `os.path.expanduser("~")` has it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use crate::bounded::{self, Kinds};

/// What `getent` ends with where it does not find what it is asked for.
const UNKNOWN: i32 = 2;
/// The longest file of users that is read, in bytes.
const MOST: u64 = 1 << 24;

/// The home of this process; see [`of`].
///
/// # Errors
/// As of [`of`].
pub fn home() -> io::Result<PathBuf> {
    of(std::env::var_os("HOME"))
}

/// The absolute path of `~` where `HOME` is `variable`: that, `/` where it is empty; where it is not set what the name
/// service says of this user (`getpwuid`), and a directory called `~` of a user that it does not know.
///
/// `oslo_config.cfg._fixpath`: `os.path.abspath(os.path.expanduser("~"))`. So a relative `HOME` counts from the current
/// directory, and `..` in it is taken out without a look at links.
///
/// # Errors
/// The path is relative, and there is no current directory.
pub fn of(variable: Option<OsString>) -> io::Result<PathBuf> {
    let home = variable.or_else(of_name_service);
    let home = home.map_or_else(|| OsString::from("~"), |home| expanded(&home));
    std::path::absolute(home).map(|path| normalised(&path))
}

/// What the name service says of the user of this process. It is asked through the host's own program: a program that is linked without
/// libraries cannot be sure to be able to load those of the host's name service, and would end where they are of another C library.
fn of_name_service() -> Option<OsString> {
    let user = rustix::process::getuid().as_raw();
    let mut asking = Command::new("/usr/bin/getent");
    asking.args(["passwd", &user.to_string()]);
    let users = match asking.stdin(Stdio::null()).stderr(Stdio::null()).output() {
        Ok(said) if said.status.success() => said.stdout,
        Ok(said) if said.status.code() == Some(UNKNOWN) => return None,
        _ => bounded::read(Path::new("/etc/passwd"), Kinds::Regular, MOST).ok()?,
    };
    home_in(&users, user)
}

/// The home of `user` in `users`, which are as in `/etc/passwd`.
fn home_in(users: &[u8], user: u32) -> Option<OsString> {
    let of_line = |line: &[u8]| {
        let mut fields = line.split(|&byte| byte == b':');
        let number = std::str::from_utf8(fields.nth(2)?).ok()?;
        let home = fields.nth(2)?;
        (number.parse() == Ok(user)).then(|| OsString::from_vec(home.to_vec()))
    };
    users.split(|&byte| byte == b'\n').find_map(of_line)
}

/// `userhome.rstrip("/") or "/"`.
fn expanded(home: &OsStr) -> OsString {
    let bytes = home.as_bytes();
    let end = bytes.iter().rposition(|&byte| byte != b'/').map_or(0, |last| last + 1);
    let kept = if end == 0 { b"/" } else { &bytes[..end] };
    OsString::from_vec(kept.to_vec())
}

/// `os.path.normpath` of an absolute path: without `.` and `..`.
fn normalised(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_at_the_end_go_and_nothing_is_the_root() {
        for (home, expected) in [
            ("", "/"),
            ("/", "/"),
            ("//", "/"),
            ("/root/", "/root"),
            ("rel//", "rel"),
        ] {
            assert_eq!(expanded(OsStr::new(home)), *expected, "{home}");
        }
    }

    #[test]
    fn the_home_is_that_of_the_first_line_with_the_users_number() {
        let users = "root:x:0:0:root:/root:/bin/sh\n#x\nnova:x:64:64:Nova:/var/lib/nova:/bin/false\nlate:x:64:64::/else:/bin/sh\n";
        let users = users.as_bytes();
        assert_eq!(home_in(users, 64), Some("/var/lib/nova".into()));
        assert_eq!(home_in(users, 6), None);
    }

    #[test]
    fn dots_are_taken_out_as_python_does() {
        for (path, expected) in [("/a/../b/./c", "/b/c"), ("/..", "/"), ("/", "/")] {
            assert_eq!(normalised(Path::new(path)), Path::new(expected));
        }
    }
}
