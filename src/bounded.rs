//! The door every file is read through: looked at before it is opened, never waited for without end, never more than can
//! be held. Regular files and pipes only; to open a device can have effects.
//!
//! It knows nothing of what is in them.

mod root;

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

pub use root::{Looked, Root, RootError, Seen, Way};

use crate::links::ForeignLink;
use crate::plain;
use crate::text::LONGEST;

/// The size beyond which nothing is read unless the operator says otherwise, in bytes: 64 MiB.
pub const LIMIT: u64 = 64 << 20;

/// How long a pipe that nobody has opened for writing is waited for.
const PATIENCE: Duration = Duration::from_millis(400);

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadRefusal {
    /// The system's word.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A device, a socket: what it is, with its article.
    #[error("is {0}; only regular files and pipes are read")]
    Kind(&'static str),
    /// A pipe that nobody named: reading it may wait for ever, and takes from whoever it is for.
    #[error("is a pipe, which is read only when it is named, as PATH or with `--config-file`")]
    Pipe,
    /// A file of the kernel that nobody named, such as one of `/proc`: reading some takes messages away, or waits.
    #[error(
        "is a file of the kernel (/proc, /sys), which is read only when it is named, as PATH or with \
             `--config-file`"
    )]
    Kernel,
    /// A symbolic link in the place of a file that nobody named.
    #[error("is a symbolic link, which is followed only when it is named")]
    Link,
    /// A file that nobody named and that somebody else than root has a hand in.
    #[error("{0}, and novamend runs as root")]
    Foreign(String),
    /// It is longer than the limit in bytes.
    #[error("{}", too_long(*.0))]
    TooLong(u64),
    /// A link on the way that somebody else than the file's owner made.
    #[error(
        "is reached through the symbolic link `{}` of user {}, who does not own its target (user {} does); root does \
         not follow it, because it could expose what that user may not read: name the file itself",
        plain::path(&.0.path), .0.owner, .0.of
    )]
    ForeignLink(ForeignLink),
    /// A pipe that nobody writes to.
    #[error("is a pipe that nobody writes to; start its writer, or name a file")]
    NoWriter,
}

/// Which kinds of files are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kinds {
    /// Regular files and pipes: what a person named, `<(…)` included.
    Named,
    /// Regular files only: what a directory holds.
    Regular,
}

/// The bytes of the file at `path` of this host, at most `limit` of them; see [`read_in`].
///
/// # Errors
/// As [`read_in`].
pub fn read(path: &Path, kinds: Kinds, limit: u64) -> Result<Vec<u8>, ReadRefusal> {
    read_in(&Root::default(), path, kinds, limit)
}

/// The bytes of the file at `path`, looked up in `root`, at most `limit` of them.
///
/// It is looked at before it is opened, and what is opened is what was looked at. No limit lets more than [`LONGEST`] in.
///
/// # Errors
/// It cannot be opened or read, is no regular file (nor a pipe, where `kinds` allows that), or is too long. A pipe that
/// has a writer is waited for; one without is given up after a moment.
pub fn read_in(root: &Root, path: &Path, kinds: Kinds, limit: u64) -> Result<Vec<u8>, ReadRefusal> {
    let limit = limit.min(LONGEST);
    let looked = root.look_for_links(path)?;
    let file = open(root, path, &looked, (kinds, limit))?;
    if looked.metadata().is_file() {
        read_file(file, looked.metadata().len(), limit)
    } else {
        read_pipe(file, limit)
    }
}

/// Finds out whether [`read_in`] would read the regular file at `path`, by the system's word where that is enough for what was `seen`
/// there, and else by opening it; what is none is left alone.
///
/// # Errors
/// As [`read_in`].
pub fn try_opening(
    root: &Root,
    (path, seen): (&Path, Option<&Seen>),
    kinds: Kinds,
    limit: u64,
) -> Result<(), ReadRefusal> {
    let limit = limit.min(LONGEST);
    let is_fit = |seen: &&Seen| seen.is_file && seen.length <= limit;
    let seen = seen.filter(|_| kinds == Kinds::Named).filter(is_fit);
    if seen.is_some_and(|seen| seen.may_be_read(path)) {
        return Ok(());
    }
    let looked = root.look_for_links(path)?;
    if looked.metadata().is_file() {
        open(root, path, &looked, (kinds, limit))?;
    }
    Ok(())
}

/// Opens what was `looked` at, a regular file or a pipe.
fn open(root: &Root, path: &Path, looked: &Looked, (kinds, limit): (Kinds, u64)) -> Result<File, ReadRefusal> {
    if kinds == Kinds::Regular && looked.is_of_the_kernel()? {
        return Err(ReadRefusal::Kernel);
    }
    readable(looked.metadata(), kinds, limit)?;
    if let Some(link) = foreign(root, path, looked) {
        return Err(ReadRefusal::ForeignLink(link));
    }
    // Without blocking: to open a pipe that has no writer would otherwise never return.
    Ok(root.open_looked(path, looked)?)
}

/// A link on the way to `path` that root does not follow.
fn foreign(root: &Root, path: &Path, target: &Looked) -> Option<ForeignLink> {
    if target.is_direct() || !rustix::process::geteuid().is_root() {
        return None;
    }
    // What cannot be followed by hand has no link of a file system on its way.
    let followed = root.follow(path).ok()?;
    followed.foreign(target.metadata().uid())
}

/// Whether it may be read: a regular file that is not too long, or a pipe where `kinds` allows that.
fn readable(metadata: &Metadata, kinds: Kinds, limit: u64) -> Result<(), ReadRefusal> {
    if metadata.is_file() {
        return if metadata.len() > limit {
            Err(ReadRefusal::TooLong(limit))
        } else {
            Ok(())
        };
    }
    match kind(metadata) {
        None if metadata.is_dir() => Err(io::Error::from(io::ErrorKind::IsADirectory).into()),
        None if kinds == Kinds::Named => Ok(()),
        None => Err(ReadRefusal::Pipe),
        Some(kind) => Err(ReadRefusal::Kind(kind)),
    }
}

/// The text of the regular file at `path` of which nobody spoke, so that whoever put it there must be one to listen to;
/// `None` where there is none.
///
/// # Errors
/// It is no regular file itself, is too long or no UTF-8, or, where root asks, somebody else can write or replace it.
pub fn read_found(path: &Path, limit: u64) -> Result<Option<String>, ReadRefusal> {
    let limit = limit.min(LONGEST);
    let Some((looked, directory)) = Looked::found(path)? else {
        return Ok(None);
    };
    if looked.metadata().is_symlink() {
        return Err(ReadRefusal::Link);
    }
    readable(looked.metadata(), Kinds::Regular, limit)?;
    if rustix::process::geteuid().is_root() {
        trusted(looked.metadata(), &directory)?;
    }
    let file = Root::default().open_looked(path, &looked)?;
    utf8(read_file(file, looked.metadata().len(), limit)?).map(Some)
}

/// Whether nobody but root can have written the file, or can put another in its place.
///
/// The bits of the mode hold for access lists as well: the group's are the most that any entry of a list gives.
fn trusted(file: &Metadata, directory: &Metadata) -> Result<(), ReadRefusal> {
    let foreign = |why: String| Err(ReadRefusal::Foreign(why));
    let (mode, place) = (file.mode() & 0o7777, directory.mode() & 0o7777);
    if file.uid() != 0 {
        foreign(format!("belongs to user {}", file.uid()))
    } else if mode & 0o022 != 0 {
        foreign(format!("is writable by others (mode {mode:04o})"))
    } else if directory.uid() != 0 {
        foreign(format!("is in a directory of user {}", directory.uid()))
    } else if place & 0o022 != 0 && place & 0o1000 == 0 {
        foreign(format!(
            "is in a directory where others can replace it (mode {place:04o})"
        ))
    } else {
        Ok(())
    }
}

/// The text of the file at `path`, as [`read`] reads what was named.
///
/// # Errors
/// As [`read`], or it is not UTF-8.
pub fn read_text(path: &Path, limit: u64) -> Result<String, ReadRefusal> {
    utf8(read(path, Kinds::Named, limit)?)
}

fn utf8(bytes: Vec<u8>) -> Result<String, ReadRefusal> {
    String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error).into())
}

/// Everything from `source` to its end, at most `limit` bytes, and at most [`LONGEST`].
///
/// # Errors
/// It cannot be read, or is longer.
pub fn read_whole(source: impl Read, limit: u64) -> Result<Vec<u8>, ReadRefusal> {
    read_to_end(source, Vec::new(), limit.min(LONGEST))
}

/// The bytes of a regular file that was `length` bytes long when it was looked at.
fn read_file(file: File, length: u64, limit: u64) -> Result<Vec<u8>, ReadRefusal> {
    let length = length.min(limit) as usize;
    // Room for one byte more: that it stays free says that this is the end.
    let mut bytes = Vec::with_capacity(length + 1);
    let count = match rustix::io::read(&file, spare_capacity(&mut bytes)) {
        Err(Errno::INTR) => 0,
        count => count.map_err(io::Error::from)?,
    };
    if count == length && count > 0 {
        return Ok(bytes);
    }
    // It is another one by now, or one of the kernel, whose length nobody knows before.
    read_to_end(file, bytes, limit)
}

/// `bytes`, and everything from `source` to its end.
fn read_to_end(source: impl Read, mut bytes: Vec<u8>, limit: u64) -> Result<Vec<u8>, ReadRefusal> {
    let room = limit.saturating_add(1).saturating_sub(bytes.len() as u64);
    source.take(room).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(ReadRefusal::TooLong(limit));
    }
    Ok(bytes)
}

/// What a file is that is never read, with its article; `None` for a regular file, a directory and a pipe.
#[must_use]
pub fn kind(metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    if kind.is_char_device() || kind.is_block_device() {
        Some("a device")
    } else if kind.is_socket() {
        Some("a socket")
    } else {
        None
    }
}

fn read_pipe(mut pipe: File, limit: u64) -> Result<Vec<u8>, ReadRefusal> {
    let (mut bytes, mut chunk) = (Vec::new(), vec![0; 1 << 16]);
    let until = Instant::now() + PATIENCE;
    let mut is_late = false;
    loop {
        match pipe.read(&mut chunk) {
            // Nothing, and nobody who writes: either all of them are done, or none has come yet.
            Ok(0) if !bytes.is_empty() => return Ok(bytes),
            Ok(0) if is_late => return Err(ReadRefusal::NoWriter),
            Ok(0) => match wait(&pipe, Some(until))? {
                Waited::Ready => {}
                Waited::HungUp => return Ok(bytes),
                // One that has come meanwhile and has not written yet is not told of: to read shows it.
                Waited::TooLong => is_late = true,
            },
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            // A writer holds it open and has not written yet: it is waited for, as any program would.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                is_late = false;
                wait(&pipe, None)?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
        if bytes.len() as u64 > limit {
            return Err(ReadRefusal::TooLong(limit));
        }
    }
}

/// What came of waiting.
enum Waited {
    Ready,
    HungUp,
    TooLong,
}

fn wait(pipe: &File, until: Option<Instant>) -> io::Result<Waited> {
    let timeout = until.map(|until| {
        let left = until.saturating_duration_since(Instant::now());
        Timespec {
            tv_sec: left.as_secs().cast_signed(),
            tv_nsec: left.subsec_nanos().into(),
        }
    });
    let mut asked = [PollFd::new(pipe, PollFlags::IN)];
    match poll(&mut asked, timeout.as_ref()) {
        Ok(0) => Ok(Waited::TooLong),
        Ok(_) if asked[0].revents().contains(PollFlags::IN) => Ok(Waited::Ready),
        Ok(_) => Ok(Waited::HungUp),
        Err(Errno::INTR) => Ok(Waited::Ready),
        Err(error) => Err(error.into()),
    }
}

fn too_long(limit: u64) -> String {
    if limit >= LONGEST {
        return "is 4 GiB long or longer, which is more than can be read".to_owned();
    }
    format!("is longer than {}; raise the limit with `--max-size`", in_words(limit))
}

/// `64 MiB`; bytes where it is no whole number of MiB.
fn in_words(size: u64) -> String {
    match (size >> 20, size % (1 << 20)) {
        (mebibytes, 0) if mebibytes > 0 => format!("{mebibytes} MiB"),
        _ => format!("{size} bytes"),
    }
}

/// A size in bytes: `1048576`, `64M`, `64MiB`, `1G`; each unit is 1024 of the one before.
///
/// # Errors
/// The text is no such size, or 0; the message says what is.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a size; write bytes, or a number with K, M or G such as `64M`");
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let shift = match unit
        .trim()
        .to_ascii_lowercase()
        .trim_end_matches("ib")
        .trim_end_matches('b')
    {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number
        .checked_mul(1 << shift)
        .filter(|&size| size > 0)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};

    fn pipe() -> (tempfile::TempDir, std::path::PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pipe");
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        (directory, path)
    }

    #[test]
    fn a_device_is_refused_before_a_byte_of_it_is_read() {
        let refused = read(Path::new("/dev/zero"), Kinds::Named, LIMIT);
        assert!(matches!(refused, Err(ReadRefusal::Kind("a device"))), "{refused:?}");
    }

    #[test]
    fn a_pipe_without_a_writer_is_given_up_and_one_with_a_writer_is_read_to_its_end() {
        let (_directory, path) = pipe();
        let refused = read(&path, Kinds::Named, LIMIT);
        assert!(matches!(refused, Err(ReadRefusal::NoWriter)), "{refused:?}");
        let to = path.clone();
        let writer = std::thread::spawn(move || std::fs::write(to, "x".repeat(300_000)));
        // The writer waits for a reader, however late the reader comes; where it comes too late the next one takes it.
        let text = (0..50).find_map(|_| read(&path, Kinds::Named, LIMIT).ok()).unwrap();
        writer.join().unwrap().unwrap();
        assert_eq!(text.len(), 300_000);
    }

    #[test]
    fn a_writer_that_comes_late_and_is_slow_is_waited_for() {
        let (_directory, path) = pipe();
        let reader = {
            let path = path.clone();
            std::thread::spawn(move || read(&path, Kinds::Named, LIMIT))
        };
        // It opens only once somebody reads.
        let mut options = File::options();
        let options = options.write(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
        let mut writer = loop {
            match options.open(&path) {
                Ok(writer) => break writer,
                Err(_) if !reader.is_finished() => std::thread::yield_now(),
                Err(error) => panic!("nobody reads: {error}"),
            }
        };
        std::thread::sleep(PATIENCE + PATIENCE / 2);
        writer.write_all(b"[a]\n").unwrap();
        drop(writer);
        assert_eq!(reader.join().unwrap().unwrap(), b"[a]\n");
    }

    #[test]
    fn a_pipe_that_a_directory_holds_is_not_read() {
        let (_directory, path) = pipe();
        assert!(matches!(read(&path, Kinds::Regular, LIMIT), Err(ReadRefusal::Pipe)));
    }

    #[test]
    fn what_root_takes_unasked_nobody_else_can_have_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        std::fs::write(&path, "x").unwrap();
        let (file, place) = (path.metadata().unwrap(), directory.path().metadata().unwrap());
        // an ordinary user's file is none of root's
        assert_eq!(trusted(&file, &place).is_ok(), file.uid() == 0);
        if file.uid() != 0 {
            return;
        }
        let set = |path: &Path, mode| {
            std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
            path.metadata().unwrap()
        };
        for mode in [0o664, 0o646] {
            assert!(trusted(&set(&path, mode), &place).is_err(), "{mode:o}");
        }
        assert!(trusted(&file, &set(directory.path(), 0o777)).is_err());
        assert!(trusted(&file, &set(directory.path(), 0o1777)).is_ok());
        std::os::unix::fs::chown(directory.path(), Some(1), None).unwrap();
        assert!(trusted(&file, &directory.path().metadata().unwrap()).is_err());
        std::os::unix::fs::chown(&path, Some(1), None).unwrap();
        assert!(trusted(&path.metadata().unwrap(), &place).is_err());
    }

    #[test]
    fn what_is_longer_than_the_limit_is_refused_and_what_is_as_long_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, Kinds::Named, 5).unwrap(), b"12345");
        assert!(matches!(read(&path, Kinds::Named, 4), Err(ReadRefusal::TooLong(4))));
        // Files of /proc give no size beforehand.
        assert!(matches!(
            read(Path::new("/proc/self/status"), Kinds::Named, 4),
            Err(ReadRefusal::TooLong(4))
        ));
    }

    #[test]
    fn what_is_longer_than_a_text_can_be_is_refused_whatever_the_limit() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        File::create(&path).unwrap().set_len(LONGEST + 1).unwrap();
        let refused = read(&path, Kinds::Named, u64::MAX).unwrap_err();
        assert!(refused.to_string().contains("4 GiB"), "{refused}");
    }

    #[test]
    fn sizes_are_read_with_and_without_units() {
        for (text, size) in [
            ("5", 5),
            ("1k", 1024),
            ("64M", LIMIT),
            ("64MiB", LIMIT),
            ("1 GB", 1 << 30),
        ] {
            assert_eq!(parse_size(text), Ok(size), "{text}");
        }
        for text in ["", "0", "M", "-1", "1.5M", "1x", "99999999999G"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
