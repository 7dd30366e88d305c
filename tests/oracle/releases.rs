//! No release is forgotten by the environments: these tests read `make-venvs` and need none of them.

use std::collections::BTreeSet;

use novamend::catalog::Release;

use crate::harness::{Test, tests};
use crate::novas;

fn numbers(names: impl Iterator<Item = &'static str>) -> BTreeSet<u8> {
    let first = |name: &str| name.split(['.', ':']).next().and_then(|number| number.parse().ok());
    names.map(|name| first(name).expect("a release's number")).collect()
}

fn every_release_of_the_catalog_has_its_wheel() {
    let complete = Release::all().filter(|release| release.is_complete());
    assert_eq!(
        numbers(novas::words("wheels")),
        complete.map(Release::number).collect::<BTreeSet<u8>>(),
        "`wheels` of tests/oracle/make-venvs"
    );
}

fn the_newest_release_is_compared_with_its_own_nova() {
    let novas = numbers(novas::words("novas"));
    assert_eq!(
        novas.last(),
        Some(&Release::NEWEST.number()),
        "`novas` of tests/oracle/make-venvs"
    );
}

/// The tests of this file.
pub(crate) const TESTS: &[Test] = tests![
    every_release_of_the_catalog_has_its_wheel,
    the_newest_release_is_compared_with_its_own_nova,
];
