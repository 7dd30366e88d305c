//! Which release of each library a release of nova runs with, as the upper constraints of its series say.
//!
//! What options the libraries bring is in the lists of the releases.

use super::{OptionFacts, Release};

/// A library.
#[derive(Debug)]
struct Library {
    name: &'static str,
    /// Its version in each release from [`Release::FIRST_COMPLETE`] on; `-` where nova runs without it.
    versions: &'static [&'static str],
}

static LIBRARIES: &[Library] = include!(concat!(env!("OUT_DIR"), "/libraries.rs"));

/// The groups whose options nova lists as its own, though a library defines them.
const LISTED_BY_NOVA: [(&str, &str); 6] = [
    ("api_database", "oslo.db"),
    ("barbican", "castellan"),
    ("cache", "oslo.cache"),
    ("database", "oslo.db"),
    ("key_manager", "castellan"),
    ("vault", "castellan"),
];

/// The library that brings `option`; `None` for nova's own.
#[must_use]
pub fn of(option: OptionFacts) -> Option<&'static str> {
    let source = option.source().replace('_', "-");
    let brings = |name: &str| {
        let rest = source.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if let Some(library) = LIBRARIES.iter().find(|library| brings(library.name)) {
        return Some(library.name);
    }
    let mut listed = LISTED_BY_NOVA.iter();
    let (_, name) = listed.find(|(group, _)| source == "nova.conf" && *group == option.group())?;
    Some(name)
}

/// The version of `library` that `release` runs with: the newest that its constraints allow.
#[must_use]
pub fn version(library: &str, release: Release) -> Option<&'static str> {
    let place = release.number().checked_sub(Release::FIRST_COMPLETE.number())?;
    let library = LIBRARIES.iter().find(|known| known.name == library)?;
    let version = library.versions.get(usize::from(place)).copied();
    version.filter(|version| *version != "-")
}

/// Of which library `option` is and which version `release` runs with: a clause; `None` for nova's own.
#[must_use]
pub fn clause(option: OptionFacts, release: Release) -> Option<String> {
    let library = of(option)?;
    let version = version(library, release)?;
    Some(format!(
        "it is an option of {library}, of which {} has {version}",
        release.short()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;

    #[test]
    fn every_library_has_a_version_for_each_release() {
        let complete = Release::all().filter(|release| release.is_complete()).count();
        for library in LIBRARIES {
            assert_eq!(library.versions.len(), complete, "{}", library.name);
            assert!(version(library.name, Release::NEWEST).is_some(), "{}", library.name);
        }
        assert_eq!(version("oslo.messaging", Release::STEIN), Some("9.5.2"));
        assert_eq!(version("oslo.limit", Release::STEIN), None);
        assert_eq!(version("nova", Release::STEIN), None);
    }

    #[test]
    fn an_option_that_is_not_novas_is_of_a_library_that_its_release_runs_with() {
        // Of these nothing but one option each is read.
        let others = ["os_win", "pycadf"];
        for option in catalog::all().filter(|option| option.since().is_complete()) {
            match of(option) {
                Some(library) => {
                    let since = version(library, option.since());
                    assert!(since.is_some(), "{} of {library}", option.title());
                }
                None => assert!(
                    option.source() == "nova.conf" || others.contains(&option.source()),
                    "{} of {}",
                    option.title(),
                    option.source()
                ),
            }
        }
    }
}
