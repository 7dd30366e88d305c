//! The nova releases: number, series name, date, order, SLURP steps and what each asks of the host.
//!
//! It knows no option; those are in the tables beside it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::series::{FIRST, KNOWN, RELEASES, SERIES};
use super::spelling::hint;
use super::update::{self, NewRelease};

/// A nova release series, known by its major version; ordered by age, never out of range. In JSON it is that number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(into = "u32", try_from = "u32")]
pub struct Release(u8);

/// A version of libvirt or QEMU: major, minor, micro.
pub type Version = (u16, u16, u16);

/// What a release asks of the host: the least libvirt and QEMU, and the least of the next rise it announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostMinima {
    /// The least libvirt it runs with.
    pub libvirt: Version,
    /// The least QEMU it runs with.
    pub qemu: Version,
    /// The least libvirt of a later release, as announced.
    pub next_libvirt: Version,
    /// The least QEMU of a later release, as announced.
    pub next_qemu: Version,
}

/// No release that is known goes by a name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{what}known: {}", known())]
pub struct UnknownRelease {
    /// What is wrong with the name, up to what follows.
    what: String,
}

/// The newest oslo.config of each release, from the series' upper constraints in openstack/requirements; only the steps where
/// the dialect changed count.
const OSLO_CONFIG: [(u16, u16); KNOWN] = [
    (3, 22), // 13
    (3, 22), // 14
    (3, 22), // 15
    (4, 11), // 16
    (5, 2),  // 17
    (6, 4),  // 18
    (6, 8),  // 19
    (6, 8),  // 20
    (8, 0),  // 21
    (8, 0),  // 22
    (8, 5),  // 23
    (8, 5),  // 24
    (8, 5),  // 25
    (8, 5),  // 26
    (9, 1),  // 27
    (9, 1),  // 28
    (9, 1),  // 29
    (9, 1),  // 30
    (9, 7),  // 31
    (9, 7),  // 32
    (10, 0), // 33
    (10, 0), // 34
];

/// The releases before the first known one, as (series, date): the last of them is 12.
const OLDER: [(&str, &str); 12] = [
    ("austin", "2010.1"),
    ("bexar", "2011.1"),
    ("cactus", "2011.2"),
    ("diablo", "2011.3"),
    ("essex", "2012.1"),
    ("folsom", "2012.2"),
    ("grizzly", "2013.1"),
    ("havana", "2013.2"),
    ("icehouse", "2014.1"),
    ("juno", "2014.2"),
    ("kilo", "2015.1"),
    ("liberty", "2015.2"),
];

impl Release {
    /// Mitaka, the oldest release anything is known about.
    pub const OLDEST: Self = Self(FIRST);
    /// Newton, the first release without the migration flags.
    pub const NEWTON: Self = Self(14);
    /// Ocata, the first release whose options are all known.
    pub const FIRST_COMPLETE: Self = Self(15);
    /// Rocky, the last release with the progress timeout and with post-copy that starts by itself.
    pub const ROCKY: Self = Self(18);
    /// Stein, the first release with `live_migration_timeout_action`.
    pub const STEIN: Self = Self(19);

    /// The newest release that the program itself knows.
    pub const NEWEST: Self = Self(*RELEASES.end());

    /// The newest known release, with those that came by [`update`].
    #[must_use]
    pub fn newest() -> Self {
        Self(Self::NEWEST.0 + update::releases().len() as u8)
    }

    /// Every known release, oldest first.
    #[must_use]
    pub fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        (0..SERIES.len() + update::releases().len()).map(|row| Self(FIRST + row as u8))
    }

    /// Those that an upgrade to `to` leads over, the last included, oldest first.
    #[must_use]
    pub fn on_the_way(self, to: Self) -> impl DoubleEndedIterator<Item = Self> + use<> {
        Self::all().filter(move |&release| self < release && release <= to)
    }

    /// The first release on the way to `to` of which `is_so` is true; `None` where it is true of this one already.
    #[must_use]
    pub fn first_on_the_way(self, to: Self, is_so: impl Fn(Self) -> bool) -> Option<Self> {
        if is_so(self) {
            return None;
        }
        self.on_the_way(to).find(|&release| is_so(release))
    }

    /// The release with major version `number`, if known.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        let number = u8::try_from(number).ok();
        let known = FIRST..=Self::newest().0;
        number.filter(|number| known.contains(number)).map(Self)
    }

    /// The release with major version `number`, which the tables hold only where there is one.
    pub(super) const fn numbered(number: u8) -> Self {
        Self(number)
    }

    /// The release called `name`: a number (`18`, `18.3.0`), a series (`rocky`), a date (`2025.1`), or date and series.
    ///
    /// # Errors
    /// [`UnknownRelease`], which lists what is known and names the nearest.
    pub fn parse(name: &str) -> Result<Self, UnknownRelease> {
        let words = name.trim().to_lowercase();
        let words = words.strip_prefix("nova-").unwrap_or(&words).to_owned();
        let mut parts = words.split_whitespace();
        let found = match (parts.next(), parts.next(), parts.next()) {
            (Some(word), None, _) => Self::by_word(word),
            (Some(first), Some(second), None) => {
                let second = second.trim_matches(['(', ')']);
                Self::by_word(first).filter(|release| Self::by_word(second) == Some(*release))
            }
            _ => None,
        };
        found.ok_or_else(|| UnknownRelease::new(name))
    }

    fn by_word(word: &str) -> Option<Self> {
        Self::all()
            .find(|release| release.series() == word || release.date() == Some(word))
            .or_else(|| {
                let mut numbers = word.split('.');
                let major = numbers.next()?;
                let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
                let whole = digits(major) && numbers.clone().count() <= 2 && numbers.all(digits);
                whole.then(|| major.parse().ok().and_then(Self::from_number)).flatten()
            })
    }

    /// The major version: 18 for Rocky.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    fn row(self) -> (&'static str, Option<&'static str>) {
        match self.came() {
            None => SERIES[usize::from(self.0 - FIRST)],
            Some(new) => (&new.series, new.date.as_deref()),
        }
    }

    /// What a file says of it, where it came by one.
    #[must_use]
    pub fn came(self) -> Option<&'static NewRelease> {
        update::releases().get(usize::from(self.0.checked_sub(Self::NEWEST.0 + 1)?))
    }

    /// The series name, lower case: `rocky`.
    #[must_use]
    pub fn series(self) -> &'static str {
        self.row().0
    }

    /// The date a release from 27 on goes by: `2026.1`.
    #[must_use]
    pub fn date(self) -> Option<&'static str> {
        self.row().1
    }

    /// The word people call it by: the date where it has one, else the series.
    #[must_use]
    pub fn short(self) -> &'static str {
        self.date().unwrap_or(self.series())
    }

    /// The release after it, if known.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        (self < Self::newest()).then_some(Self(self.0 + 1))
    }

    /// The release before it, if known.
    #[must_use]
    pub fn previous(self) -> Option<Self> {
        (self > Self::OLDEST).then_some(Self(self.0 - 1))
    }

    /// Whether every option of it is known; of 13 and 14 only those of live migration are.
    #[must_use]
    pub fn is_complete(self) -> bool {
        self >= Self::FIRST_COMPLETE
    }

    /// Whether an upgrade may go from it to the next SLURP release without a stop: 2023.1, 2024.1, 2025.1, 2026.1.
    #[must_use]
    pub fn is_slurp(self) -> bool {
        self.date().is_some_and(|date| date.ends_with(".1"))
    }

    /// The releases an upgrade from `self` to `to` stops at, `self` left out and `to` the last; empty where there is no way up.
    ///
    /// From a SLURP release it goes to the next one in a single step, else one release at a time.
    #[must_use]
    pub fn hops(self, to: Self) -> Vec<Self> {
        let mut stops = Vec::new();
        let mut at = self;
        while at < to {
            let slurp = at.is_slurp() && at.0 + 2 <= to.0;
            at = Self(at.0 + if slurp { 2 } else { 1 });
            stops.push(at);
        }
        stops
    }

    /// What it asks of the host (`MIN_LIBVIRT_VERSION` and its neighbours in `nova/virt/libvirt/driver.py`); `None` before 15.
    #[must_use]
    pub fn host_minima(self) -> Option<HostMinima> {
        if let Some(new) = self.came() {
            return Some(new.host);
        }
        let (libvirt, qemu, next_libvirt, next_qemu) = match self.0 {
            15 => ((1, 2, 1), (1, 5, 3), (1, 2, 9), (2, 1, 0)),
            16..=17 => ((1, 2, 9), (2, 1, 0), (1, 3, 1), (2, 5, 0)),
            18 => ((1, 3, 1), (2, 5, 0), (3, 0, 0), (2, 8, 0)),
            19..=20 => ((3, 0, 0), (2, 8, 0), (4, 0, 0), (2, 11, 0)),
            21 => ((4, 0, 0), (2, 11, 0), (5, 0, 0), (4, 0, 0)),
            22 => ((5, 0, 0), (4, 0, 0), (6, 0, 0), (4, 2, 0)),
            23..=27 => ((6, 0, 0), (4, 2, 0), (7, 0, 0), (5, 2, 0)),
            28..=30 => ((7, 0, 0), (5, 2, 0), (8, 0, 0), (6, 2, 0)),
            31..=34 => ((8, 0, 0), (6, 2, 0), (10, 0, 0), (8, 2, 2)),
            _ => return None,
        };
        Some(HostMinima {
            libvirt,
            qemu,
            next_libvirt,
            next_qemu,
        })
    }

    /// The least libvirt it runs with; `None` where that is not known.
    #[must_use]
    pub fn minimum_libvirt(self) -> Option<Version> {
        self.host_minima().map(|minima| minima.libvirt)
    }

    /// The least QEMU it runs with; `None` where that is not known.
    #[must_use]
    pub fn minimum_qemu(self) -> Option<Version> {
        self.host_minima().map(|minima| minima.qemu)
    }

    /// The least libvirt a later release will ask for, as this one announces; `None` where that is not known.
    #[must_use]
    pub fn next_minimum_libvirt(self) -> Option<Version> {
        self.host_minima().map(|minima| minima.next_libvirt)
    }

    /// The least QEMU a later release will ask for, as this one announces; `None` where that is not known.
    #[must_use]
    pub fn next_minimum_qemu(self) -> Option<Version> {
        self.host_minima().map(|minima| minima.next_qemu)
    }

    /// The newest oslo.config this release was made with, as (major, minor): which of its dialects nova reads.
    #[must_use]
    pub fn oslo_config(self) -> (u16, u16) {
        match self.came() {
            None => OSLO_CONFIG[usize::from(self.0 - FIRST)],
            Some(new) => new.oslo_config,
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row() {
            (series, None) => write!(f, "{series} ({})", self.0),
            (series, Some(date)) => write!(f, "{date} {series} ({})", self.0),
        }
    }
}

impl FromStr for Release {
    type Err = UnknownRelease;

    fn from_str(name: &str) -> Result<Self, UnknownRelease> {
        Self::parse(name)
    }
}

impl From<Release> for u32 {
    fn from(release: Release) -> Self {
        release.0.into()
    }
}

impl TryFrom<u32> for Release {
    type Error = UnknownRelease;

    fn try_from(number: u32) -> Result<Self, UnknownRelease> {
        Self::from_number(number).ok_or_else(|| UnknownRelease::new(&number.to_string()))
    }
}

impl UnknownRelease {
    fn new(name: &str) -> Self {
        let lower = name.trim().to_lowercase();
        let first = lower.split_whitespace().next().unwrap_or_default();
        let what = if is_older(first) {
            let oldest = Release::OLDEST;
            format!("`{name}` is older than {oldest}, the oldest release known; ")
        } else if is_newer(first) {
            format!(
                "`{name}` is newer than {}, the newest release known; ",
                Release::newest()
            )
        } else {
            let words = Release::all().flat_map(|release| [Some(release.series()), release.date()]);
            let hint = hint(&lower, words.flatten());
            format!("unknown nova release `{name}`; {hint}")
        };
        Self { what }
    }
}

/// Whether `word` names a release before the first known one: by series, date, or number, which nova counts from 12 on.
fn is_older(word: &str) -> bool {
    let is_named = |(series, date): &(&str, &str)| *series == word || word == *date || is_micro_of(word, date);
    OLDER.iter().any(is_named) || whole_version(word).is_some_and(|major| (1..u32::from(FIRST)).contains(&major))
}

fn is_newer(word: &str) -> bool {
    whole_version(word).is_some_and(|major| (u32::from(Release::newest().0) + 1..100).contains(&major))
}

/// `2015.1.4` of `2015.1`.
fn is_micro_of(word: &str, date: &str) -> bool {
    word.strip_prefix(date).is_some_and(|rest| rest.starts_with('.'))
}

/// The major number of `12`, `12.0` or `12.0.6`.
fn whole_version(word: &str) -> Option<u32> {
    let numbers: Option<Vec<u32>> = word.split('.').map(|part| part.parse().ok()).collect();
    numbers.filter(|numbers| numbers.len() <= 3)?.first().copied()
}

fn known() -> String {
    let names: Vec<String> = Release::all().map(|release| release.to_string()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_goes_by_number_series_and_date_alike() {
        for name in [
            "18",
            "18.3.0",
            "18.3",
            "rocky",
            " Rocky ",
            "ROCKY",
            "nova-18",
            "rocky (18)",
        ] {
            assert_eq!(Release::parse(name), Ok(Release::ROCKY), "{name}");
        }
        for name in [
            "31",
            "2025.1",
            "epoxy",
            "2025.1 epoxy",
            "2025.1 Epoxy",
            "epoxy 2025.1",
            "31.3.1",
        ] {
            assert_eq!(Release::parse(name).map(Release::number), Ok(31), "{name}");
        }
    }

    #[test]
    fn every_release_is_found_by_what_it_prints_of_itself() {
        for release in Release::all() {
            let printed = release.to_string();
            let words = printed.split(" (").next().unwrap();
            assert_eq!(Release::parse(words), Ok(release), "{printed}");
        }
        assert_eq!(Release::NEWEST.to_string(), "2026.2 hibiscus (34)");
    }

    #[test]
    fn a_wrong_name_lists_what_is_known_and_the_nearest() {
        let error = Release::parse("rocki").unwrap_err().to_string();
        assert!(error.contains("did you mean `rocky`?"), "{error}");
        assert!(error.contains("stein (19), train (20)"), "{error}");
        for name in [
            "",
            "12",
            "35",
            "1",
            "18.x",
            "18.",
            ".18",
            "2025.3",
            "2025.1 rocky",
            "18.1.2.3",
            "+18",
            "rocky 2 3",
        ] {
            assert!(Release::parse(name).is_err(), "{name}");
        }
    }

    #[test]
    fn of_an_older_or_newer_release_the_nearest_end_is_named() {
        for name in ["liberty", "Kilo", "12", "12.0.6", "2015.1", "2015.1.4", "1"] {
            let error = Release::parse(name).unwrap_err().to_string();
            assert!(
                error.contains("is older than mitaka (13), the oldest release known"),
                "{error}"
            );
        }
        for name in ["35", "35.0.0"] {
            let error = Release::parse(name).unwrap_err().to_string();
            assert!(error.contains("is newer than 2026.2 hibiscus (34)"), "{error}");
        }
    }

    #[test]
    fn upgrades_skip_only_from_one_slurp_release_to_the_next() {
        let hops = |from: &str, to: &str| -> Vec<u8> {
            let (from, to) = (Release::parse(from).unwrap(), Release::parse(to).unwrap());
            from.hops(to).into_iter().map(Release::number).collect()
        };
        assert_eq!(hops("yoga", "2024.1"), [26, 27, 29]);
        assert_eq!(hops("2023.2", "2026.2"), [29, 31, 33, 34]);
        assert_eq!(hops("2024.1", "2024.2"), [30]);
        assert_eq!(hops("rocky", "rocky"), [0; 0]);
        assert_eq!(hops("stein", "rocky"), [0; 0]);
    }

    #[test]
    fn what_a_release_asks_of_the_host_never_falls() {
        let known = Release::all().filter(|release| release.is_complete());
        let minima: Vec<_> = known
            .map(|release| release.host_minima().expect("a row for each"))
            .collect();
        for pair in minima.windows(2) {
            assert!(pair[0].libvirt <= pair[1].libvirt && pair[0].qemu <= pair[1].qemu);
        }
        assert!(
            minima
                .iter()
                .all(|m| m.libvirt < m.next_libvirt && m.qemu < m.next_qemu)
        );
        assert_eq!(Release::parse("14").unwrap().host_minima(), None);
    }
}
