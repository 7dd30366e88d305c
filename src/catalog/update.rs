//! The options of a release that came out after the program: a file, signed by whoever its reader trusts.
//!
//! It brings what the lists of a release hold (docs/catalog.md), and nothing that is reasoned about them: no reasons for what
//! went, no new meanings, no conditions of a start.

use std::sync::OnceLock;

use minisign_verify::{PublicKey, Signature};

use super::extra::{self, ExtraError};
use super::release::{HostMinima, Release, Version};
use super::table;

/// The first line of every such file.
const FIRST_LINE: &str = "novamend-catalog 1";

/// A release that a file brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRelease {
    /// Its number.
    pub number: u8,
    /// What it is called, lower case.
    pub series: String,
    /// The date it goes by.
    pub date: Option<String>,
    /// The nova whose options they are and its day, a blank between: `35.0.0 2027-03-31`.
    pub nova: String,
    /// The newest oslo.config that it is made with.
    pub oslo_config: (u16, u16),
    /// What it asks of the host.
    pub host: HostMinima,
}

/// What a file brings.
#[derive(Debug)]
pub struct Update {
    /// The release.
    pub release: NewRelease,
    /// Its rows, in the form of `options.txt`.
    rows: String,
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// The key is none.
    #[error("the key is not a public key of minisign")]
    Key,
    /// The signature is none.
    #[error("the signature is not one that minisign makes")]
    NoSignature,
    /// The signature is by another key, or of another text.
    #[error("the signature is not by this key, or the file is not what was signed; it is not used")]
    Signature,
    /// It does not begin as such a file does.
    #[error("it is no catalog of a release: its first line must be `{FIRST_LINE}`")]
    NoCatalog,
    /// It ends before its list of options.
    #[error("it ends within its head: the empty line and the options behind it are missing")]
    Cut,
    /// It calls its release as another one is called.
    #[error("it calls release {number} `{word}`, which is {other}")]
    Named {
        /// The release's number.
        number: u8,
        /// Its series or date.
        word: String,
        /// Whose that is.
        other: String,
    },
    /// Two files bring the same release.
    #[error("two files bring release {0}: give one of them")]
    Twice(u8),
    /// A line of its head is missing or wrong.
    #[error("`{0}:` is missing in its head, or is not what docs/catalog.md describes")]
    Head(&'static str),
    /// It is of a release too far ahead.
    #[error("it brings release {number}, and the release before it is not known: give the file of {} first", number - 1)]
    Gap {
        /// The release's number.
        number: u8,
    },
    /// Its list of options.
    #[error(transparent)]
    List(#[from] ExtraError),
    /// Its list holds a row about what was before.
    #[error("the row of `{0}` is about releases before {1} alone")]
    Old(String, u8),
}

static RELEASES: OnceLock<Vec<NewRelease>> = OnceLock::new();

/// The releases that came by files, oldest first.
#[must_use]
pub fn releases() -> &'static [NewRelease] {
    RELEASES.get().map_or(&[], Vec::as_slice)
}

/// Reads `text` where `signature` is that of the owner of `key` for it, all three being what `minisign` writes.
///
/// # Errors
/// The signature does not hold, or the text is none that can be taken.
pub fn read(text: &str, signature: &str, key: &str) -> Result<Update, UpdateError> {
    let key = PublicKey::decode(key.trim_end()).or_else(|_| PublicKey::from_base64(key.trim()));
    let key = key.map_err(|_| UpdateError::Key)?;
    let signature = Signature::decode(signature.trim_end()).map_err(|_| UpdateError::NoSignature)?;
    key.verify(text.as_bytes(), &signature, false)
        .map_err(|_| UpdateError::Signature)?;
    of(text)
}

/// Adds the releases of `updates`, in their order; those that the program itself knows are left out, and returned.
///
/// Once in a process, before anything is asked of the catalog: a release never changes later.
///
/// # Errors
/// A release between is missing. Nothing has been added then.
pub fn add(mut updates: Vec<Update>) -> Result<Vec<NewRelease>, UpdateError> {
    updates.sort_by_key(|update| update.release.number);
    let (known, new): (Vec<_>, Vec<_>) = updates
        .into_iter()
        .partition(|update| update.release.number <= Release::NEWEST.number());
    if let Some(pair) = new
        .windows(2)
        .find(|pair| pair[0].release.number == pair[1].release.number)
    {
        return Err(UpdateError::Twice(pair[0].release.number));
    }
    for (update, expected) in new.iter().zip(Release::NEWEST.number() + 1..) {
        if update.release.number != expected {
            return Err(UpdateError::Gap {
                number: update.release.number,
            });
        }
    }
    for (place, update) in new.iter().enumerate() {
        is_its_own_name(&update.release, new[..place].iter().map(|update| &update.release))?;
    }
    if !new.is_empty()
        && RELEASES
            .set(new.iter().map(|update| update.release.clone()).collect())
            .is_ok()
    {
        let rows: Vec<&str> = new.iter().map(|update| update.rows.as_str()).collect();
        table::update(&rows.join("\n"));
    }
    Ok(known.into_iter().map(|update| update.release).collect())
}

/// Whether no release of the program, nor one of `before`, is called as `release` is.
fn is_its_own_name<'a>(release: &NewRelease, before: impl Iterator<Item = &'a NewRelease>) -> Result<(), UpdateError> {
    let known = Release::all().filter(|known| known.came().is_none());
    let known = known.map(|known| (known.series(), known.date(), known.to_string()));
    let before = before.map(|new| (new.series.as_str(), new.date.as_deref(), new.number.to_string()));
    for (series, date, other) in known.chain(before) {
        let word = if series == release.series {
            series
        } else if date.is_some() && date == release.date.as_deref() {
            date.unwrap_or_default()
        } else {
            continue;
        };
        let (number, word) = (release.number, word.to_owned());
        return Err(UpdateError::Named { number, word, other });
    }
    Ok(())
}

fn of(text: &str) -> Result<Update, UpdateError> {
    let rest = text.strip_prefix(FIRST_LINE).and_then(|rest| rest.strip_prefix('\n'));
    let (head, rows) = rest
        .ok_or(UpdateError::NoCatalog)?
        .split_once("\n\n")
        .ok_or(UpdateError::Cut)?;
    let line = |key: &'static str| {
        let found = head.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
        found.map(str::trim).ok_or(UpdateError::Head(key))
    };
    let number = line("release")?.parse().map_err(|_| UpdateError::Head("release"))?;
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_date = |date: &str| {
        date.split_once('.')
            .is_some_and(|(year, half)| year.len() == 4 && year.parse::<u16>().is_ok() && matches!(half, "1" | "2"))
    };
    let series = Some(line("series")?)
        .filter(is_word)
        .ok_or(UpdateError::Head("series"))?;
    let date = Some(line("date")?)
        .filter(|date| is_date(date))
        .ok_or(UpdateError::Head("date"))?;
    let oslo = version(line("oslo.config")?).ok_or(UpdateError::Head("oslo.config"))?;
    let (libvirt, next_libvirt) = two(line("libvirt")?).ok_or(UpdateError::Head("libvirt"))?;
    let (qemu, next_qemu) = two(line("qemu")?).ok_or(UpdateError::Head("qemu"))?;
    let nova = Some(line("nova")?)
        .filter(|nova| nova.split(' ').count() == 2)
        .ok_or(UpdateError::Head("nova"))?;
    let release = NewRelease {
        number,
        series: series.to_owned(),
        date: Some(date.to_owned()),
        nova: nova.to_owned(),
        oslo_config: (oslo.0, oslo.1),
        host: HostMinima {
            libvirt,
            qemu,
            next_libvirt,
            next_qemu,
        },
    };
    // lines are counted from the first of the file
    let above = "\n".repeat(head.lines().count() + 2);
    let rows = extra::read_of(&(above + rows), number)?;
    is_about(&rows, number)?;
    Ok(Update { release, rows })
}

/// Whether every row is of `number` or ends right before it: what older releases had is not for a later file to say.
fn is_about(rows: &str, number: u8) -> Result<(), UpdateError> {
    for line in rows
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with(['#', '[']))
    {
        let mut words = line.split('\t');
        let name = words.next().unwrap_or_default();
        let span = words.next().and_then(|span| span.split_once('-'));
        let ends = |until: &str| until.is_empty() || until.parse() == Ok(number) || until.parse() == Ok(number - 1);
        if !span.is_some_and(|(_, until)| ends(until)) {
            return Err(UpdateError::Old(name.to_owned(), number - 1));
        }
    }
    Ok(())
}

/// `8.0.0, later 10.0.0`.
fn two(text: &str) -> Option<(Version, Version)> {
    let (now, later) = text.split_once(", later ")?;
    Some((version(now)?, version(later)?))
}

/// `10.2` or `8.0.0`.
fn version(text: &str) -> Option<Version> {
    let numbers: Option<Vec<u16>> = text.split('.').map(|number| number.parse().ok()).collect();
    match numbers?[..] {
        [major, minor] => Some((major, minor, 0)),
        [major, minor, micro] => Some((major, minor, micro)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = include_str!("../../fixtures/catalog/nova-35.catalog");

    fn why(text: &str) -> String {
        of(text).unwrap_err().to_string()
    }

    fn with(number: u8, series: &str, date: &str) -> Update {
        let mut update = of(TEXT).unwrap();
        update.release = NewRelease {
            number,
            series: series.to_owned(),
            date: Some(date.to_owned()),
            ..update.release
        };
        update
    }

    #[test]
    fn what_is_wrong_in_a_file_is_named_by_its_line() {
        let row = TEXT.lines().position(|line| line.contains("\t35-\t")).unwrap() + 1;
        let said = why(&TEXT.replace("35-\t", "garbage\t"));
        assert!(said.starts_with(&format!("line {row}: not an option")), "{said}");
        assert!(why(&TEXT[..60]).contains("within its head"), "{}", why(&TEXT[..60]));
        assert!(why("[libvirt]\n\n").contains("first line"));
    }

    #[test]
    fn a_release_comes_once_and_by_a_name_of_its_own() {
        let cases = [
            (
                vec![with(35, "stein", "2027.1")],
                "calls release 35 `stein`, which is stein (19)",
            ),
            (
                vec![with(35, "ibex", "2026.2")],
                "`2026.2`, which is 2026.2 hibiscus (34)",
            ),
            (
                vec![with(35, "ibex", "2027.1"), with(36, "ibex", "2027.2")],
                "release 36 `ibex`, which is 35",
            ),
            (
                vec![with(35, "ibex", "2027.1"), with(35, "ibex", "2027.1")],
                "two files bring release 35",
            ),
            (vec![with(36, "jelly", "2027.2")], "give the file of 35 first"),
        ];
        for (updates, wanted) in cases {
            let said = add(updates).unwrap_err().to_string();
            assert!(said.contains(wanted), "{said}");
        }
        assert!(releases().is_empty());
    }
}
