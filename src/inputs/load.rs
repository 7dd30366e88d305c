//! From paths to a [`Stack`]: named files, directories of `*.conf`, and the places where nova looks by itself.
//!
//! It reads and orders; it judges nothing that is in the files.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use crate::bounded::{self, Kinds, ReadRefusal, Root, Seen};
use crate::oslo::document::Document;
use crate::oslo::stack::{Layer, Origin, Stack, Variable};
use crate::text::Source;

/// The name standard input goes by in reports.
pub const STDIN: &str = "<stdin>";

/// One thing to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file.
    File(PathBuf),
    /// A file that a directory held which was looked through.
    Walked(PathBuf),
    /// A file where nova looks by itself.
    Default(PathBuf),
    /// A directory whose `*.conf` files are read in code-point order, as `--config-dir` does.
    Directory(PathBuf),
    /// Standard input.
    Stdin,
}

impl Input {
    /// `-` is standard input, a directory a directory, anything else a file.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        if path == Path::new("-") {
            Self::Stdin
        } else if Root::default().is_dir(path) {
            Self::Directory(path.to_owned())
        } else {
            Self::File(path.to_owned())
        }
    }
}

/// Why something could not be read; each names the path and what to do.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No such file or directory.
    #[error("`{0}` does not exist; check the path")]
    NotFound(PathBuf),
    /// A symbolic link that leads to nothing, and what it says.
    #[error(
        "`{}` is a symbolic link to `{}`, which does not exist (with `--root`: not inside it); check the link",
        .0.display(), .1.display()
    )]
    LeadsNowhere(PathBuf, PathBuf),
    /// No permission.
    #[error("`{0}` cannot be read by this user; run as root or as a member of the file's group")]
    Denied(PathBuf),
    /// A directory where a file is wanted: nova itself stops on it.
    #[error(
        "`{0}` is a directory, and nova stops on it with IsADirectoryError; rename it so that it does not end in \
         `.conf`"
    )]
    IsDirectory(PathBuf),
    /// Nothing came by standard input: what was to be piped in is not there.
    #[error("standard input is empty: nothing was checked; pipe a nova.conf in")]
    EmptyInput,
    /// A directory that was named and holds nothing to check.
    #[error("`{}` contains no *.conf file: nothing was checked there; name a file or another directory", .0.display())]
    NothingIn(PathBuf),
    /// A device, a pipe that nobody writes to, or too much.
    #[error("`{}` {why}", path.display())]
    Refused {
        /// The path.
        path: PathBuf,
        /// Why it is not read.
        #[source]
        why: ReadRefusal,
    },
    /// Anything else the system says.
    #[error("`{path}` could not be read: {source}")]
    Io {
        /// The path.
        path: PathBuf,
        /// The system's word.
        #[source]
        source: io::Error,
    },
}

impl LoadError {
    /// What the system's word `source` means of `path`.
    #[must_use]
    pub fn of(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => match std::fs::read_link(&path) {
                Ok(target) => Self::LeadsNowhere(path, target),
                Err(_) => Self::NotFound(path),
            },
            io::ErrorKind::PermissionDenied => Self::Denied(path),
            io::ErrorKind::IsADirectory => Self::IsDirectory(path),
            _ => Self::Io { path, source },
        }
    }

    fn refused(path: &Path, why: ReadRefusal) -> Self {
        match why {
            ReadRefusal::Io(source) => Self::of(path, source),
            why => Self::Refused {
                path: path.to_owned(),
                why,
            },
        }
    }
}

/// The files that `inputs` name on this host; see [`list_in`].
///
/// # Errors
/// A directory that cannot be listed.
pub fn list(inputs: &[Input]) -> Result<Vec<(PathBuf, Origin)>, LoadError> {
    list_in(&Root::default(), inputs)
}

/// The files that `inputs` name in `root`, in the order they apply, without reading them.
///
/// # Errors
/// A directory that cannot be listed.
pub fn list_in(root: &Root, inputs: &[Input]) -> Result<Vec<(PathBuf, Origin)>, LoadError> {
    let mut files = Vec::new();
    for input in inputs {
        match input {
            Input::File(path) => files.push((path.clone(), Origin::Named)),
            Input::Walked(path) => files.push((path.clone(), Origin::Walked)),
            Input::Default(path) => files.push((path.clone(), Origin::Default)),
            Input::Stdin => files.push((PathBuf::from("-"), Origin::Named)),
            Input::Directory(path) => {
                let paths = list_directory(root, path)?.into_iter();
                files.extend(paths.map(|path| (path, Origin::Directory)));
            }
        }
    }
    Ok(files)
}

/// `sorted(glob('*.conf'))`: no dot files, no recursion, code-point order of the whole path.
fn list_directory(root: &Root, directory: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let mut names = root
        .names(directory, usize::MAX)
        .map_err(|error| LoadError::of(directory, error))?;
    names.retain(|name| {
        let bytes = name.as_encoded_bytes();
        bytes.ends_with(b".conf") && !bytes.starts_with(b".")
    });
    names.sort_by(|a, b| a.as_encoded_bytes().cmp(b.as_encoded_bytes()));
    Ok(names.into_iter().map(|name| directory.join(name)).collect())
}

/// Reads `inputs` of this host into one stack; no file may be longer than [`bounded::LIMIT`].
///
/// # Errors
/// The first input that cannot be read.
pub fn load(inputs: &[Input], environment: Vec<Variable>) -> Result<Stack, LoadError> {
    load_in(&Root::default(), inputs, environment, bounded::LIMIT)
}

/// Reads the files of `inputs` and drops what they hold: what cannot be read is known before a report begins.
///
/// # Errors
/// The first file that cannot be read.
pub fn try_reading(root: &Root, inputs: &[Input], limit: u64) -> Result<(), LoadError> {
    for (path, origin) in list_in(root, inputs)? {
        bounded::read_in(root, &path, kinds(origin), limit).map_err(|error| LoadError::refused(&path, error))?;
    }
    Ok(())
}

/// As [`try_reading`], of one file that was named or found and where something was `seen`, which is only asked after; what is no regular
/// file is left alone.
pub(super) fn try_opening(
    root: &Root,
    (path, origin): (&Path, Origin),
    seen: Option<&Seen>,
    limit: u64,
) -> Result<(), LoadError> {
    let tried = bounded::try_opening(root, (path, seen), kinds(origin), limit);
    tried.map_err(|error| LoadError::refused(path, error))
}

/// Reads `inputs`, looked up in `root`, into one stack; no file may be longer than `limit` bytes.
///
/// # Errors
/// The first input that cannot be read.
pub fn load_in(root: &Root, inputs: &[Input], environment: Vec<Variable>, limit: u64) -> Result<Stack, LoadError> {
    let mut layers = Vec::new();
    for (path, origin) in list_in(root, inputs)? {
        layers.push(Layer {
            document: read(root, &path, origin, limit)?.into(),
            origin,
        });
    }
    Ok(Stack::new(layers, environment))
}

/// Reads one file of at most `limit` bytes, `-` being standard input.
fn read(root: &Root, path: &Path, origin: Origin, limit: u64) -> Result<Document, LoadError> {
    if path == Path::new("-") {
        let name = Path::new(STDIN);
        let bytes = bounded::read_whole(io::stdin().lock(), limit).map_err(|error| LoadError::refused(name, error))?;
        if bytes.is_empty() {
            return Err(LoadError::EmptyInput);
        }
        return Ok(Document::parse(Source::new(name, bytes)));
    }
    let bytes = read_bytes(root, path, origin, limit)?;
    Ok(Document::parse(Source::new(path, bytes)))
}

/// Reads the bytes of a file of at most `limit` bytes.
pub(super) fn read_bytes(root: &Root, path: &Path, origin: Origin, limit: u64) -> Result<Vec<u8>, LoadError> {
    bounded::read_in(root, path, kinds(origin), limit).map_err(|error| LoadError::refused(path, error))
}

fn kinds(origin: Origin) -> Kinds {
    match origin {
        Origin::Named => Kinds::Named,
        Origin::Walked | Origin::Directory | Origin::Default => Kinds::Regular,
    }
}

/// What nova reads when started as `program` (`nova-compute`) without `--config-file` and `--config-dir`.
///
/// `oslo_config.cfg.find_config_files` and `find_config_dirs`: of `nova.conf` and of `<program>.conf` the first that is
/// there, whatever it is, in `~/.nova`, `~`, `/etc/nova`, `/etc`; the same for `nova.conf.d` and `<program>.conf.d`.
/// The absolute places are those of `root`.
#[must_use]
pub fn default_files(root: &Root, home: Option<&Path>, program: &str) -> Vec<Input> {
    search(root, home, program, "", Root::exists)
        .into_iter()
        .map(Input::Default)
        .collect()
}

/// The `*.conf.d` directories nova reads by itself; see [`default_files`].
#[must_use]
pub fn default_directories(root: &Root, home: Option<&Path>, program: &str) -> Vec<Input> {
    search(root, home, program, ".d", Root::is_dir)
        .into_iter()
        .map(Input::Directory)
        .collect()
}

fn search(
    root: &Root,
    home: Option<&Path>,
    program: &str,
    end: &str,
    is_there: fn(&Root, &Path) -> bool,
) -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> = Vec::new();
    if let Some(home) = home {
        places.extend([home.join(".nova"), home.to_owned()]);
    }
    places.extend([root.join("etc/nova"), root.join("etc")]);
    let first = |name: &str| {
        let mut paths = places.iter().map(|place| place.join(name));
        paths.find(|path| is_there(root, path))
    };
    let mut found: Vec<PathBuf> = Vec::new();
    for stem in ["nova", program] {
        found.extend(first(&format!("{stem}.conf{end}")).filter(|path| !found.contains(path)));
    }
    found
}

/// Every variable of the form `OS_<GROUP>__<NAME>`; one that is not UTF-8 is left out, as no option can be meant.
#[must_use]
pub fn environment(variables: impl Iterator<Item = (impl AsRef<OsStr>, impl AsRef<OsStr>)>) -> Vec<Variable> {
    let mut found: Vec<Variable> = variables
        .filter_map(|(name, value)| {
            let (name, value) = (name.as_ref().to_str()?, value.as_ref().to_str()?);
            let named = name.strip_prefix("OS_").is_some_and(|rest| rest.contains("__"));
            named.then(|| Variable {
                name: name.to_owned(),
                value: value.to_owned(),
            })
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_directory_gives_conf_files_in_code_point_order() {
        let directory = tempfile::tempdir().unwrap();
        for name in [
            "b.conf",
            "10-a.conf",
            "9-b.conf",
            "B.conf",
            ".hidden.conf",
            "x.conf.bak",
            "notes",
        ] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        let files = list(&[Input::of(directory.path())]).unwrap();
        let names: Vec<_> = files
            .iter()
            .map(|(path, _)| path.file_name().unwrap().to_str().unwrap())
            .collect();
        assert_eq!(names, ["10-a.conf", "9-b.conf", "B.conf", "b.conf"]);
    }

    #[test]
    fn a_directory_called_like_a_file_is_named_in_the_error() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("x.conf")).unwrap();
        let error = load(&[Input::of(directory.path())], Vec::new()).unwrap_err();
        assert!(matches!(error, LoadError::IsDirectory(path) if path.ends_with("x.conf")));
    }

    #[test]
    fn nova_compute_reads_both_of_its_files_and_the_first_place_wins() {
        let root = tempfile::tempdir().unwrap();
        let home = root.path().join("home");
        for directory in ["etc/nova", "home/.nova"] {
            fs::create_dir_all(root.path().join(directory)).unwrap();
        }
        for file in [
            "etc/nova/nova.conf",
            "etc/nova/nova-compute.conf",
            "home/.nova/nova.conf",
        ] {
            fs::write(root.path().join(file), "").unwrap();
        }
        let within = Root::open(root.path()).unwrap();
        let files = default_files(&within, Some(&home), "nova-compute");
        let expected = ["home/.nova/nova.conf", "etc/nova/nova-compute.conf"];
        assert_eq!(files, expected.map(|file| Input::Default(root.path().join(file))));
    }
}
