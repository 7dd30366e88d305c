//! Where paths are looked up: on this host, or below a directory such as that of an image, out of which no link leads.
//!
//! The kernel itself keeps a lookup inside (`openat2` with `RESOLVE_IN_ROOT`), so that whoever owns the image can swap no
//! link between the look and the opening; the directory is opened once and held.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustix::fs::{Access, AtFlags, CWD, Dir, Mode, OFlags, ResolveFlags, accessat, openat, openat2, readlinkat};
use rustix::io::Errno;
use rustix::path::DecInt;

use crate::links::{self, Followed};

/// How the kernel looks up what no link leads to.
const NO_LINKS: ResolveFlags = ResolveFlags::NO_SYMLINKS.union(ResolveFlags::NO_MAGICLINKS);

/// So often a lookup is tried that someone's renaming of directories disturbs.
const ATTEMPTS: usize = 128;

/// The file systems whose files the kernel makes up, by the numbers of `statfs`: proc, sysfs, debugfs, tracefs.
const KERNELS_OWN: [u32; 4] = [0x9fa0, 0x6265_6572, 0x6462_6720, 0x7472_6163];

/// Why a directory cannot stand for the root.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// It cannot be opened.
    #[error("cannot be opened: {0}")]
    Io(#[from] io::Error),
    /// The kernel, or a filter of system calls in front of it, has no `openat2`.
    #[error(
        "cannot be enforced: this kernel has no openat2 (Linux 5.6), and without it a link below the root could lead \
         outside; name the files by PATH, or run novamend inside that root"
    )]
    NotKept,
}

/// Where paths are looked up.
#[derive(Clone, Debug)]
pub struct Root {
    path: PathBuf,
    within: Option<Arc<Within>>,
}

/// A root that is not this host's.
#[derive(Debug)]
struct Within {
    handle: OwnedFd,
    /// The root's path from `/` on, as it was named and with its links followed.
    names: Vec<PathBuf>,
}

impl Default for Root {
    /// This host's.
    fn default() -> Self {
        Self {
            path: PathBuf::from("/"),
            within: None,
        }
    }
}

impl Root {
    /// The root at `path`; `/` is this host's.
    ///
    /// # Errors
    /// It is no directory that can be opened, or the kernel cannot keep lookups inside.
    pub fn open(path: &Path) -> Result<Self, RootError> {
        if path == Path::new("/") {
            return Ok(Self::default());
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = openat(CWD, path, flags, Mode::empty()).map_err(io::Error::from)?;
        match lookup(&handle, Path::new("."), flags, ResolveFlags::IN_ROOT) {
            // Filters of system calls that were written before it answer EPERM.
            Err(error) if matches!(Errno::from_io_error(&error), Some(Errno::NOSYS | Errno::PERM)) => {
                return Err(RootError::NotKept);
            }
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        // A root behind `/proc/PID/root` is `/` there, which here is another one.
        let real = link_of(&handle).filter(|real| real != Path::new("/"));
        let names = std::iter::once(absolute).chain(real).collect();
        Ok(Self {
            path: path.to_owned(),
            within: Some(Arc::new(Within { handle, names })),
        })
    }

    /// The path it was opened by.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is this host's.
    #[must_use]
    pub fn is_host(&self) -> bool {
        self.within.is_none()
    }

    /// The path of `path`, which starts at the root, on this host.
    #[must_use]
    pub fn join(&self, path: &str) -> PathBuf {
        self.path.join(path.trim_start_matches('/'))
    }

    /// What lies at `path`, looked at without being opened; below this root no link of the way leads out of it, while a
    /// path elsewhere is one of the host.
    ///
    /// # Errors
    /// The system's word.
    pub fn look(&self, path: &Path) -> io::Result<Looked> {
        Looked::of(self.at(path, OFlags::PATH)?, false)
    }

    /// As [`Root::look`]; where no link lies on the way, the kernel itself says so in the same call.
    ///
    /// # Errors
    /// The system's word.
    pub(super) fn look_for_links(&self, path: &Path) -> io::Result<Looked> {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let direct = match (&self.within, self.below(path)) {
            (Some(within), Some(rest)) => openat2(
                &within.handle,
                &rest,
                flags,
                Mode::empty(),
                NO_LINKS | ResolveFlags::IN_ROOT,
            ),
            _ => openat2(CWD, path, flags, Mode::empty(), NO_LINKS),
        };
        match direct {
            Ok(file) => Looked::of(file, true),
            // A link, or a kernel without this call: what is there, and what is wrong with it, the usual way says.
            Err(_) => self.look(path),
        }
    }

    /// What is known of what lies at `path`, all links followed.
    ///
    /// # Errors
    /// The system's word.
    pub fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        if self.is_host() {
            return path.metadata();
        }
        self.look(path).map(|looked| looked.metadata)
    }

    /// Whether something is there, all links followed, as `os.path.exists` has it.
    #[must_use]
    pub fn exists(&self, path: &Path) -> bool {
        self.metadata(path).is_ok()
    }

    /// Whether a regular file is there, all links followed.
    #[must_use]
    pub fn is_file(&self, path: &Path) -> bool {
        self.metadata(path).is_ok_and(|found| found.is_file())
    }

    /// Whether a directory is there, all links followed.
    #[must_use]
    pub fn is_dir(&self, path: &Path) -> bool {
        self.metadata(path).is_ok_and(|found| found.is_dir())
    }

    /// The name on this host of what lies at `path`, all links followed; `None` where nothing is there.
    #[must_use]
    pub fn real(&self, path: &Path) -> Option<PathBuf> {
        let looked = self.look(path).ok()?;
        link_of(&looked.file).or_else(|| path.canonicalize().ok().filter(|_| self.below(path).is_none()))
    }

    /// The names in the directory at `path`, at most `most` of them, in no order.
    ///
    /// # Errors
    /// The system's word.
    pub fn names(&self, path: &Path, most: usize) -> io::Result<Vec<OsString>> {
        let directory = self.at(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let mut names = Vec::new();
        for entry in Dir::new(directory)? {
            let name = OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned();
            if name != "." && name != ".." {
                names.push(name);
            }
            if names.len() == most {
                break;
            }
        }
        Ok(names)
    }

    /// What is at `path`, all links followed, seen without opening it. Whether a link leads there is found out on the `way`, which is
    /// what was learnt of the directory that was asked about before.
    ///
    /// # Errors
    /// The system's word.
    pub fn see(&self, path: &Path, way: Option<&mut Way>) -> io::Result<Seen> {
        let Some(way) = way.filter(|_| self.is_host()) else {
            return Ok(Seen::of(&self.metadata(path)?, false));
        };
        let found = path.symlink_metadata()?;
        if found.is_symlink() {
            return Ok(Seen::of(&path.metadata()?, false));
        }
        Ok(Seen::of(&found, way.leads_to(path)))
    }

    /// Opens `looked`, which was found at `path`, for reading and without waiting for anybody: that very file.
    ///
    /// # Errors
    /// The system's word, and where another file lies there by now.
    pub(super) fn open_looked(&self, path: &Path, looked: &Looked) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let opened = own_files().and_then(|own| openat(own, DecInt::from_fd(&looked.file), flags, Mode::empty()));
        match opened {
            // Without `/proc` the way is gone once more, and what lies at its end compared.
            Err(Errno::NOENT) => {
                let file = File::from(self.at(path, flags)?);
                let found = file.metadata()?;
                if (found.dev(), found.ino()) == (looked.metadata.dev(), looked.metadata.ino()) {
                    Ok(file)
                } else {
                    Err(io::Error::other("another file took its place meanwhile"))
                }
            }
            opened => Ok(File::from(opened?)),
        }
    }

    /// Where `path` leads, followed by hand; below this root no link leads out of it. What is swapped for a link later is for
    /// whoever opens the target to refuse.
    ///
    /// # Errors
    /// The system's word, and where the root has no name any more.
    pub fn follow(&self, path: &Path) -> io::Result<Followed> {
        let (Some(within), Some(rest)) = (&self.within, self.below(path)) else {
            return links::follow(Path::new("/"), &std::path::absolute(path)?);
        };
        let base = link_of(&within.handle).ok_or_else(|| io::Error::other("the root has no name"))?;
        links::follow(&base, &rest)
    }

    fn at(&self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let flags = flags | OFlags::CLOEXEC;
        match (&self.within, self.below(path)) {
            (Some(within), Some(rest)) => lookup(&within.handle, &rest, flags, ResolveFlags::IN_ROOT),
            _ => Ok(openat(CWD, path, flags, Mode::empty())?),
        }
    }

    /// `path` from this root on, where it lies below it and the root is not this host's.
    fn below(&self, path: &Path) -> Option<PathBuf> {
        let within = self.within.as_ref()?;
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let rest = within.names.iter().find_map(|name| absolute.strip_prefix(name).ok())?;
        let mut depth = 0_usize;
        for part in rest.components() {
            // A path that says itself that it leads out means what lies there.
            depth = match part {
                Component::ParentDir => depth.checked_sub(1)?,
                _ => depth + 1,
            };
        }
        Some(or_here(rest).to_owned())
    }
}

/// Something that was found and not opened.
#[derive(Debug)]
pub struct Looked {
    file: File,
    metadata: Metadata,
    is_direct: bool,
}

/// What was seen at a path.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Its device and inode.
    pub id: (u64, u64),
    /// Its length in bytes.
    pub length: u64,
    /// Whether it is a regular file.
    pub is_file: bool,
    /// Whether it is a directory.
    pub is_dir: bool,
    /// Whether no link leads to it; `false` where that is not known.
    is_direct: bool,
}

impl Seen {
    fn of(metadata: &Metadata, is_direct: bool) -> Self {
        Self {
            id: (metadata.dev(), metadata.ino()),
            length: metadata.len(),
            is_file: metadata.is_file(),
            is_dir: metadata.is_dir(),
            is_direct,
        }
    }

    /// Whether the regular file that was seen at `path` can be read, as the system says without opening it. `false` where it is not
    /// asked, too. It is a forecast: what is read later is looked at once more.
    pub(super) fn may_be_read(&self, path: &Path) -> bool {
        let flags = AtFlags::EACCESS | AtFlags::SYMLINK_NOFOLLOW;
        self.is_direct && accessat(CWD, path, Access::READ_OK, flags).is_ok()
    }
}

/// A directory, and whether a link lies on the way to it: the files of a fleet mostly lie in one.
#[derive(Debug, Default)]
pub struct Way {
    directory: Option<PathBuf>,
    is_direct: bool,
}

impl Way {
    /// Whether no link lies on the way to what is at `path`.
    fn leads_to(&mut self, path: &Path) -> bool {
        let directory = path.parent().unwrap_or(Path::new("/"));
        if self.directory.as_deref() != Some(directory) {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            self.is_direct = openat2(CWD, or_here(directory), flags, Mode::empty(), NO_LINKS).is_ok();
            self.directory = Some(directory.to_owned());
        }
        self.is_direct
    }
}

impl Looked {
    fn of(file: OwnedFd, is_direct: bool) -> io::Result<Self> {
        let file = File::from(file);
        Ok(Self {
            metadata: file.metadata()?,
            file,
            is_direct,
        })
    }

    /// Whether it is known that no link led to it.
    pub(super) fn is_direct(&self) -> bool {
        self.is_direct
    }

    /// What it is.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// What lies at `path` of this host, a link not followed, and the directory it lies in; `None` where there is nothing,
    /// or this user may not even look.
    pub(super) fn found(path: &Path) -> io::Result<Option<(Self, Metadata)>> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(None);
        };
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let found = openat(CWD, or_here(parent), flags | OFlags::DIRECTORY, Mode::empty()).and_then(|directory| {
            let file = openat(&directory, name, flags | OFlags::NOFOLLOW, Mode::empty())?;
            Ok((file, File::from(directory)))
        });
        match found {
            Ok((file, directory)) => Ok(Some((Self::of(file, false)?, directory.metadata()?))),
            Err(Errno::NOENT | Errno::ACCESS) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the kernel makes its content up, and to read it may have effects.
    pub(super) fn is_of_the_kernel(&self) -> io::Result<bool> {
        let magic = rustix::fs::fstatfs(&self.file)?.f_type;
        Ok(KERNELS_OWN
            .iter()
            .any(|own| i128::from(magic) & 0xffff_ffff == i128::from(*own)))
    }
}

fn lookup(root: &OwnedFd, path: &Path, flags: OFlags, resolve: ResolveFlags) -> io::Result<OwnedFd> {
    let resolve = resolve | ResolveFlags::NO_MAGICLINKS;
    let mut attempts = 0;
    loop {
        match openat2(root, path, flags, Mode::empty(), resolve) {
            Err(Errno::AGAIN | Errno::INTR) if attempts < ATTEMPTS => attempts += 1,
            opened => return Ok(opened?),
        }
    }
}

fn or_here(path: &Path) -> &Path {
    if path == Path::new("") { Path::new(".") } else { path }
}

/// The open files of this process, each by its number: to come there by name takes as long as to open one of them.
fn own_files() -> rustix::io::Result<&'static OwnedFd> {
    static OWN: OnceLock<OwnedFd> = OnceLock::new();
    if let Some(own) = OWN.get() {
        return Ok(own);
    }
    // What failed once, as where no more files can be open, is tried again.
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = openat(CWD, "/proc/self/fd", flags, Mode::empty())?;
    Ok(OWN.get_or_init(|| opened))
}

/// What `/proc` calls an open file; `None` where it has no name any more, or there is no `/proc`.
fn link_of(file: &impl AsFd) -> Option<PathBuf> {
    let link = readlinkat(own_files().ok()?, DecInt::from_fd(file), Vec::new()).ok()?;
    Some(OsString::from_vec(link.into_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounded::{Kinds, LIMIT, read_in};
    use std::fs;
    use std::os::unix::fs::symlink;

    fn image() -> (tempfile::TempDir, PathBuf, Root) {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("img");
        fs::create_dir_all(root.join("etc/nova")).unwrap();
        fs::create_dir_all(root.join("srv")).unwrap();
        fs::write(root.join("srv/nova.conf"), "inside").unwrap();
        fs::write(directory.path().join("outside"), "outside").unwrap();
        let opened = Root::open(&root).unwrap();
        (directory, root, opened)
    }

    fn text(root: &Root, path: &Path) -> Option<String> {
        let bytes = read_in(root, path, Kinds::Named, LIMIT).ok()?;
        Some(String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn links_are_followed_and_none_leads_out() {
        let (directory, at, root) = image();
        symlink("/srv/nova.conf", at.join("etc/nova/nova.conf")).unwrap();
        symlink("../../../../../../srv", at.join("etc/up")).unwrap();
        symlink("circle", at.join("etc/circle")).unwrap();
        symlink(directory.path().join("outside"), at.join("etc/out")).unwrap();
        for path in ["etc/nova/nova.conf", "etc/up/nova.conf", "etc/nova/../up/nova.conf"] {
            assert_eq!(text(&root, &at.join(path)).as_deref(), Some("inside"), "{path}");
        }
        for path in ["etc/circle/x", "etc/out", "etc/none"] {
            assert_eq!(text(&root, &at.join(path)), None, "{path}");
        }
        // What is not below it is the host's, however it is written.
        for path in [directory.path().join("outside"), at.join("../outside")] {
            assert_eq!(text(&root, &path).as_deref(), Some("outside"));
        }
    }

    #[test]
    fn the_root_by_another_name_is_the_root_still() {
        let (directory, at, _) = image();
        symlink("/outside", at.join("srv/link")).unwrap();
        fs::write(at.join("outside"), "inside").unwrap();
        let alias = directory.path().join("alias");
        symlink(&at, &alias).unwrap();
        let root = Root::open(&alias).unwrap();
        for path in [at.join("srv/link"), alias.join("srv/link"), alias.join("./srv//link")] {
            assert_eq!(text(&root, &path).as_deref(), Some("inside"), "{}", path.display());
        }
    }

    #[test]
    fn a_root_that_is_swapped_for_another_one_is_still_the_one_that_was_opened() {
        let (directory, at, root) = image();
        let away = directory.path().join("away");
        fs::rename(&at, &away).unwrap();
        symlink("/", &at).unwrap();
        assert_eq!(text(&root, &at.join("srv/nova.conf")).as_deref(), Some("inside"));
        assert!(!root.exists(&at.join("proc/self")));
    }
}
