//! Real nova of several releases, those that `make-venvs` makes.
//!
//! A test compares with all of them but those it names, so a release that is added there is asked everywhere.

use novamend::catalog::Release;

/// An environment with real nova.
pub(crate) struct Nova {
    /// The name of its environment.
    pub(crate) environment: String,
    /// What it is of.
    pub(crate) release: Release,
}

/// Each nova of `make-venvs` but those of the releases `left_out`, which must be among them.
pub(crate) fn all_but(left_out: &[u32]) -> Vec<Nova> {
    let all: Vec<u32> = words("novas")
        .map(|entry| {
            let number = entry.split(':').next().expect("a first part");
            number.parse().expect("a release's number")
        })
        .collect();
    assert!(left_out.iter().all(|number| all.contains(number)), "{left_out:?}");
    let asked = all.iter().filter(|number| !left_out.contains(number));
    asked
        .map(|&number| Nova {
            environment: format!("nova-{number}"),
            release: Release::from_number(number).expect("a release"),
        })
        .collect()
}

/// The words that the variable `name` of `make-venvs` holds.
pub(crate) fn words(name: &str) -> impl Iterator<Item = &'static str> {
    let script = include_str!("make-venvs");
    let start = format!("\n{name}='");
    let (_, rest) = script.split_once(&start).expect("the variable is set");
    rest.split('\'').next().expect("a first part").split_whitespace()
}
