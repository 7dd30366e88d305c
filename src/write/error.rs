//! What can stop a write, in words an operator can act on: the path, what happened, what to do.
//!
//! No file's content is ever in it.

use std::fmt::{self, Write as _};
use std::io;
use std::path::{Path, PathBuf};

/// Why files were not written. But for [`WriteError::Incomplete`], every file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The path leads nowhere.
    #[error("`{0}` does not exist; check the path, and where its symbolic links lead")]
    NotFound(PathBuf),
    /// Only regular files are written.
    #[error("`{path}` is {kind}, not a regular file; name the file itself")]
    NotRegular {
        /// The path as given.
        path: PathBuf,
        /// "a directory", "a FIFO" …
        kind: &'static str,
    },
    /// Replacing it would part it from its other names.
    #[error(
        "`{path}` has {links} hard links, and replacing it would leave the other names with the old text; write it with `--in-place`, or copy it over itself first"
    )]
    HardLinked {
        /// The path as given.
        path: PathBuf,
        /// How many names the file has.
        links: u64,
    },
    /// A file mounted by itself, as into a container, cannot be renamed over.
    #[error(
        "`{0}` is mounted by itself and cannot be replaced from here; write it with `--in-place`, or outside the container"
    )]
    Mounted(PathBuf),
    /// `chattr +i` or `+a`.
    #[error("`{0}` is immutable or append-only; run `chattr -i -a` on it first")]
    Immutable(PathBuf),
    /// The bytes on disk are no longer those that were read.
    #[error("`{0}` was changed by someone else since it was read; run novamend again")]
    Changed(PathBuf),
    /// Another novamend writes in the same directory.
    #[error("another novamend is writing in `{0}`; run again when it has finished")]
    Locked(PathBuf),
    /// The new file would not be like the old one.
    #[error("the {what} of `{path}` cannot be kept: {source}; run as root or as the file's owner")]
    CannotKeep {
        /// The path as given.
        path: PathBuf,
        /// "owner", "group", "mode", or the name of an extended attribute.
        what: String,
        /// The system's word.
        #[source]
        source: io::Error,
    },
    /// Two of the paths are one file.
    #[error("`{first}` and `{second}` are the same file; name it once")]
    SameFile {
        /// The one named first.
        first: PathBuf,
        /// The other one.
        second: PathBuf,
    },
    /// `undo` found nothing that differs from the file.
    #[error("`{0}` has no backup that differs from it; nothing to bring back")]
    NoBackup(PathBuf),
    /// The system refused a step.
    #[error("`{path}`: {step} failed: {source}; {}", remedy(.source))]
    Io {
        /// The path as given, or the directory.
        path: PathBuf,
        /// What was being done.
        step: &'static str,
        /// The system's word.
        #[source]
        source: io::Error,
    },
    /// Some of several files could not be put back after a later one failed.
    #[error("{0}")]
    Incomplete(Box<Incomplete>),
}

impl WriteError {
    pub(super) fn io(path: &Path, step: &'static str, source: impl Into<io::Error>) -> Self {
        let (path, source) = (path.to_owned(), source.into());
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound(path),
            _ => Self::Io { path, step, source },
        }
    }
}

/// A write that failed half-way and what became of every file of it.
#[derive(Debug)]
pub struct Incomplete {
    /// What went wrong first.
    pub cause: WriteError,
    /// Files that hold the new text, or part of it, because the old could not be put back.
    pub left: Vec<Left>,
    /// Files that were written and have their old text again.
    pub restored: Vec<PathBuf>,
    /// Files that were not touched.
    pub not_written: Vec<PathBuf>,
}

/// A file that could not be put back.
#[derive(Debug)]
pub struct Left {
    /// The path as given.
    pub path: PathBuf,
    /// Where its old text is, whole.
    pub backup: Option<PathBuf>,
    /// Why it could not be put back.
    pub source: io::Error,
}

impl fmt::Display for Incomplete {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.cause)?;
        for left in &self.left {
            write!(
                out,
                "; `{}` could not be put back: {}",
                left.path.display(),
                left.source
            )?;
            if let Some(backup) = &left.backup {
                write!(out, " (its old text is in `{}`)", backup.display())?;
            }
        }
        write!(out, "{}", named("; put back", &self.restored))?;
        write!(out, "{}", named("; not written", &self.not_written))
    }
}

fn named(what: &str, paths: &[PathBuf]) -> String {
    let mut text = String::new();
    for (number, path) in paths.iter().enumerate() {
        let before = if number == 0 { what } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(text, "{before} `{}`", path.display());
    }
    text
}

fn remedy(source: &io::Error) -> &'static str {
    use io::ErrorKind as Kind;
    if source.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
        return "its symbolic links go in a circle";
    }
    match source.kind() {
        Kind::StorageFull => "free some space on its file system",
        Kind::QuotaExceeded => "free some of the user's quota",
        Kind::ReadOnlyFilesystem => "mount its file system read-write",
        Kind::PermissionDenied => "run as root or as the owner of the file and its directory",
        Kind::InvalidFilename => "its backup needs a name 26 bytes longer; use a shorter file name or `--no-backup`",
        _ => "nothing was changed",
    }
}
