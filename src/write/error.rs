//! What can stop a write, in words an operator can act on: the path, what happened, what to do.
//!
//! No file's content is ever in it.

use std::fmt::{self, Write as _};
use std::io;
use std::path::{Path, PathBuf};

/// Why files were not written. But for [`WriteError::Incomplete`], every file is as it was, and nothing is left behind.
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
        "`{path}` has {links} hard links, and replacing it would leave the other names with the old text; write it \
         with `--in-place`, or copy it over itself first"
    )]
    HardLinked {
        /// The path as given.
        path: PathBuf,
        /// How many names the file has.
        links: u64,
    },
    /// A file mounted by itself, as into a container, cannot be renamed over.
    #[error(
        "`{0}` is mounted by itself and cannot be replaced from here; write it with `--in-place`, or outside the \
         container"
    )]
    Mounted(PathBuf),
    /// `chattr +i` or `+a`.
    #[error("`{0}` is immutable or append-only; run `chattr -i -a` on it first")]
    Immutable(PathBuf),
    /// The bytes on disk are no longer those that were read.
    #[error("`{0}` was changed by someone else since it was read; run novamend again")]
    Changed(PathBuf),
    /// The path is a symbolic link, where none is followed.
    #[error("`{0}` is a symbolic link, and its target is not overwritten; name the file itself, or remove the link")]
    Link(PathBuf),
    /// The path is a symbolic link to what is not there.
    #[error(
        "`{0}` is a symbolic link whose target does not exist, and no file is created through it; remove the link, or \
         name the file itself"
    )]
    DanglingLink(PathBuf),
    /// Root would follow a link of somebody else's to what that user could not write.
    #[error(
        "`{path}` leads through a symbolic link made by user {maker} to a file of user {owner}, which root does not \
         follow; name the file itself if it is the right one"
    )]
    PlantedLink {
        /// The path as given.
        path: PathBuf,
        /// Who made the link.
        maker: u32,
        /// Whose the file is.
        owner: u32,
    },
    /// The file is somebody else's, and nobody asked for it to be replaced.
    #[error("`{path}` belongs to user {owner} and is not replaced; remove it, or choose another name")]
    NotOwn {
        /// The path.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// The file holds something else than what novamend keeps under that name.
    #[error("`{path}` exists and is not {what}, so it is not replaced; move it away, or choose another name")]
    Foreign {
        /// The path.
        path: PathBuf,
        /// What it would have to be, with its article.
        what: &'static str,
    },
    /// It is too long to be read.
    #[error("`{0}` is longer than 64 MiB and is not read")]
    TooLong(PathBuf),
    /// The directory for backups is none.
    #[error("`{0}` is not a directory; name an existing directory for the backups")]
    NoDirectory(PathBuf),
    /// A backup beside a file that is mounted by itself would lie in another place than the file.
    #[error(
        "`{0}` is mounted by itself: a backup beside it would be in the container's own layer and be lost with the \
         container; name a directory that outlives it with `--backup-dir`, keep none with `--no-backup`, or write the \
         file outside the container"
    )]
    BackupInLayer(PathBuf),
    /// The text that would be lost is not what novamend wrote.
    #[error(
        "`{0}` is not, or is not known to be, as novamend last wrote it, and `--no-backup` would lose what was \
         changed since; run `novamend undo` without it, which keeps the current text as a backup"
    )]
    EditWindow(PathBuf),
    /// Another novamend writes in the same directory.
    #[error("another novamend is writing in `{directory}`{}; run again when it has finished", in_brackets(.holder.as_deref()))]
    Locked {
        /// The directory.
        directory: PathBuf,
        /// Who holds the lock, as far as that can be known.
        holder: Option<String>,
    },
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
    #[error("`{path}` has no backup that differs from it; there is nothing to restore{}", each(.passed_over))]
    NoBackup {
        /// The path as given.
        path: PathBuf,
        /// What has the name of a backup, and why it is none.
        passed_over: Vec<String>,
    },
    /// The system refused a step.
    #[error("`{path}`: {step} failed: {source}{}", remedy(.source))]
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

    /// Whether nothing can be made in the directory.
    pub(super) fn is_refused_writing(&self) -> bool {
        use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        matches!(self, Self::Io { source, .. } if matches!(source.kind(), PermissionDenied | ReadOnlyFilesystem))
    }

    /// The error, and what it left of the files that were to be written: every message about a write ends with that.
    #[must_use]
    pub fn with_state(&self) -> String {
        match self {
            Self::Incomplete(said) if !said.left.is_empty() => self.to_string(),
            Self::Incomplete(_) => format!("{self}; no file was changed"),
            _ => format!("{self}; nothing was changed"),
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
    /// Backups that were made and could not be removed again.
    pub extra: Vec<PathBuf>,
}

impl Incomplete {
    pub(super) fn new(cause: WriteError) -> Self {
        Self {
            cause,
            left: Vec::new(),
            restored: Vec::new(),
            not_written: Vec::new(),
            extra: Vec::new(),
        }
    }
}

/// A file that could not be put back.
#[derive(Debug)]
pub struct Left {
    /// The path as given.
    pub path: PathBuf,
    /// Whether there was such a file before.
    pub was_there: bool,
    /// Where its old text is, whole.
    pub backup: Option<PathBuf>,
    /// Why it could not be put back.
    pub source: io::Error,
}

impl fmt::Display for Incomplete {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.cause)?;
        for left in &self.left {
            let done = if left.was_there { "put back" } else { "removed again" };
            let path = left.path.display();
            write!(out, "; `{path}` is written and could not be {done}: {}", left.source)?;
            if let Some(backup) = &left.backup {
                write!(out, " (its old text is in `{}`)", backup.display())?;
            }
        }
        write!(out, "{}", named("; put back", &self.restored))?;
        write!(out, "{}", named("; not written", &self.not_written))?;
        write!(out, "{}", named("; left, as it could not be removed:", &self.extra))
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

/// What to do, after a semicolon; what became of the files the caller says.
fn remedy(source: &io::Error) -> &'static str {
    use io::ErrorKind as Kind;
    if source.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
        return "; its symbolic links form a loop";
    }
    match source.kind() {
        Kind::StorageFull => "; free some space on its file system",
        Kind::QuotaExceeded => "; free some of the user's quota",
        Kind::ReadOnlyFilesystem => "; mount its file system read-write",
        Kind::PermissionDenied => "; run as root or as the owner of the file and its directory",
        Kind::InvalidFilename => "; its backup needs a name 26 bytes longer; use a shorter file name or `--no-backup`",
        _ => "",
    }
}

fn in_brackets(words: Option<&str>) -> String {
    words.map_or_else(String::new, |words| format!(" ({words})"))
}

fn each(reasons: &[String]) -> String {
    reasons.iter().flat_map(|reason| ["; ", reason]).collect()
}
