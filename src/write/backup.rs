//! The names of backups: `nova.conf.novamend-20261123T201500Z`, the newest of them, and the next.
//!
//! It neither makes nor removes one. A name is only text, and anybody who may write in the directory can give one: which
//! of them count is asked of the file, and where a name is taken there is always another.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;

use jiff::Timestamp;

use super::directory::Directory;

const MARK: &str = ".novamend-";

/// When a backup was made, in UTC, and its number within that second; ordered as the backups of one file were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stamp {
    /// `20261123201500`.
    time: u64,
    number: u64,
}

impl Stamp {
    /// That of the backup `backup` of the file `name`.
    fn of(name: &OsStr, backup: &OsStr) -> Option<Self> {
        let end = backup.as_encoded_bytes().strip_prefix(name.as_encoded_bytes())?;
        let end = std::str::from_utf8(end).ok()?.strip_prefix(MARK)?;
        let (time, number) = end.split_once('-').unwrap_or((end, "1"));
        let digits = time.strip_suffix('Z')?.replacen('T', "", 1);
        if time.len() != 16 || digits.len() != 14 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Some(Self {
            time: digits.parse().ok()?,
            number: number.parse().ok()?,
        })
    }

    fn now() -> Self {
        let time = Timestamp::now().strftime("%Y%m%d%H%M%S").to_string();
        Self {
            // Digits only, as the clock cannot be before the year 1000.
            time: time.parse().unwrap_or_default(),
            number: 1,
        }
    }

    /// The name it gives to the backup of the file `name`.
    fn name(self, name: &OsStr) -> OsString {
        let (day, second) = (self.time / 1_000_000, self.time % 1_000_000);
        let mut backup = name.to_owned();
        backup.push(format!("{MARK}{day:08}T{second:06}Z"));
        if self.number > 1 {
            backup.push(format!("-{}", self.number));
        }
        backup
    }
}

/// So many names are tried that somebody else may have taken.
const MOST_TAKEN: u64 = 100_000;

/// What a directory holds under the names of backups, listed once for all files of one write.
///
/// Nobody but the holder of the directory's lock makes a backup there; what somebody else puts under such a name
/// afterwards is met when the name is taken.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// By the name of the file that they are of.
    of: HashMap<OsString, Vec<OsString>>,
    /// The newest backup of a file that has been given a name since.
    given: RefCell<HashMap<OsString, Stamp>>,
}

impl Listing {
    /// Takes in the name `backup`, if it is that of a backup of one of the files `wanted`.
    pub(super) fn add(&mut self, backup: &OsStr, wanted: &HashSet<OsString>) {
        let name = original(backup).and_then(|name| wanted.get(name));
        if let Some(name) = name
            && Stamp::of(name, backup).is_some()
        {
            self.of.entry(name.clone()).or_default().push(backup.to_owned());
        }
    }

    /// The backups of the file `name`, newest first.
    pub(super) fn newest_first(&self, name: &OsStr) -> Vec<&OsStr> {
        let backups = self.of.get(name).into_iter().flatten();
        let mut found: Vec<(Stamp, &OsStr)> = backups
            .filter_map(|backup| Some((Stamp::of(name, backup)?, backup.as_os_str())))
            .collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.into_iter().map(|(_, backup)| backup).collect()
    }

    /// A name that is free in `directory` and sorts after every backup that `counts`, even if the clock went back; and
    /// after those that were given before.
    pub(super) fn next(
        &self,
        directory: &Directory,
        name: &OsStr,
        counts: impl Fn(&OsStr) -> bool,
    ) -> io::Result<OsString> {
        let given = self.given.borrow().get(name).copied();
        let newest = given.or_else(|| {
            let newest = self.newest_first(name).into_iter().find(|backup| counts(backup))?;
            Stamp::of(name, newest)
        });
        let now = Stamp::now();
        let first = match newest {
            Some(newest) if newest >= now => newest
                .number
                .checked_add(1)
                .map_or(now, |number| Stamp { number, ..newest }),
            _ => now,
        };
        let last = first.number.saturating_add(MOST_TAKEN);
        let mut stamps = (first.number..=last).map(|number| Stamp { number, ..first });
        let free = stamps.find(|stamp| directory.look(&stamp.name(name)).is_err());
        let free = free.ok_or_else(|| io::Error::other("every name for it is taken"))?;
        self.given.borrow_mut().insert(name.to_owned(), free);
        Ok(free.name(name))
    }
}

/// The name of the file that `backup` is of, if it is a backup.
fn original(backup: &OsStr) -> Option<&OsStr> {
    let at = memchr::memmem::rfind(backup.as_bytes(), MARK.as_bytes())?;
    Some(OsStr::from_bytes(&backup.as_bytes()[..at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_name_is_read_back_as_its_stamp() {
        let name = OsStr::new("nova.conf");
        let stamp = |number| Stamp {
            time: 20_261_123_201_500,
            number,
        };
        assert_eq!(stamp(1).name(name), "nova.conf.novamend-20261123T201500Z");
        assert_eq!(stamp(12).name(name), "nova.conf.novamend-20261123T201500Z-12");
        for number in [1, 2, 12] {
            let backup = stamp(number).name(name);
            assert_eq!(
                (Stamp::of(name, &backup), original(&backup)),
                (Some(stamp(number)), Some(name))
            );
        }
        // A backup is a file too, and may have backups.
        let backup = stamp(1).name(name);
        assert_eq!(original(&stamp(2).name(&backup)), Some(backup.as_os_str()));
        assert!(stamp(9) < stamp(12));
    }

    #[test]
    fn other_files_are_no_backups() {
        let name = OsStr::new("nova.conf");
        for other in [
            "nova.conf",
            "nova.conf.bak",
            "nova.conf.novamend-",
            "nova.conf.novamend-20261123",
            "nova.conf.novamend-2026-1123T201500Z",
            "nova.conf.novamend-20261123T201500Z-",
            "nova.conf.novamend-20261123T201500Z-x",
            "nova-compute.conf.novamend-20261123T201500Z",
        ] {
            assert_eq!(Stamp::of(name, OsStr::new(other)), None, "{other}");
        }
    }
}
