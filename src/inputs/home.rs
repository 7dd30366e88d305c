//! The home directory in which nova looks for its files, as Python's `os.path.expanduser("~")` has it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

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
    // With `HOME` unset `home_dir` is `getpwuid_r`; with an empty one it is so in some versions of Rust only.
    let home = variable.or_else(|| std::env::home_dir().map(OsString::from));
    let home = home.map_or_else(|| OsString::from("~"), |home| expanded(&home));
    std::path::absolute(home).map(|path| normalised(&path))
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
    fn dots_are_taken_out_as_python_does() {
        for (path, expected) in [("/a/../b/./c", "/b/c"), ("/..", "/"), ("/", "/")] {
            assert_eq!(normalised(Path::new(path)), Path::new(expected));
        }
    }
}
