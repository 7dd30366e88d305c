//! The names of backups: `nova.conf.novamend-20261123T201500Z`, the newest of them, and the next.
//!
//! It neither makes nor removes one.

use std::ffi::{OsStr, OsString};
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use super::directory::Directory;

const MARK: &str = ".novamend-";

/// When a backup was made, in UTC, and its number within that second; ordered as the backups of one file were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stamp {
    /// `20261123201500`.
    time: u64,
    number: u32,
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
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            time: calendar(since.as_secs()),
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

/// `20261123201500` for seconds since 1970, UTC, by the Gregorian rule.
fn calendar(seconds: u64) -> u64 {
    let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let (mut days, rest) = (seconds / 86_400, seconds % 86_400);
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let date = year * 10_000 + month * 100 + days + 1;
    date * 1_000_000 + rest / 3600 * 10_000 + rest / 60 % 60 * 100 + rest % 60
}

/// The backups of the file `name`, newest first.
pub(super) fn list(directory: &Directory, name: &OsStr) -> io::Result<Vec<OsString>> {
    let mut found: Vec<(Stamp, OsString)> = directory
        .names()?
        .into_iter()
        .filter_map(|backup| Some((Stamp::of(name, &backup)?, backup)))
        .collect();
    found.sort_unstable_by(|a, b| b.cmp(a));
    Ok(found.into_iter().map(|(_, backup)| backup).collect())
}

/// A free name that sorts after every backup there is, even if the clock went back.
pub(super) fn next(directory: &Directory, name: &OsStr) -> io::Result<OsString> {
    let newest = list(directory, name)?;
    let newest = newest.first().and_then(|backup| Stamp::of(name, backup));
    let now = Stamp::now();
    let stamp = match newest {
        Some(newest) if newest >= now => Stamp {
            number: newest.number.saturating_add(1),
            ..newest
        },
        _ => now,
    };
    Ok(stamp.name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_a_date_by_the_gregorian_rule() {
        let known = [
            (0, 19_700_101_000_000),
            (951_782_399, 20_000_228_235_959),
            (951_782_400, 20_000_229_000_000),
            (1_795_464_900, 20_261_123_201_500),
            (4_107_542_399, 21_000_228_235_959),
            (4_107_542_400, 21_000_301_000_000),
        ];
        for (seconds, date) in known {
            assert_eq!(calendar(seconds), date);
        }
    }

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
            assert_eq!(Stamp::of(name, &stamp(number).name(name)), Some(stamp(number)));
        }
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
