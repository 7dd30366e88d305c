//! What the releases are called; the build script reads it too.

use std::ops::RangeInclusive;

/// The number of the first release.
pub(super) const FIRST: u8 = 13;
/// How many releases are known: every table of releases has as many rows, or does not compile.
pub(super) const KNOWN: usize = 22;
/// The numbers of all releases.
pub(super) const RELEASES: RangeInclusive<u8> = FIRST..=FIRST + KNOWN as u8 - 1;

/// Series name and, from 27 on, date; the first row is release 13.
pub(super) const SERIES: [(&str, Option<&str>); KNOWN] = [
    ("mitaka", None),
    ("newton", None),
    ("ocata", None),
    ("pike", None),
    ("queens", None),
    ("rocky", None),
    ("stein", None),
    ("train", None),
    ("ussuri", None),
    ("victoria", None),
    ("wallaby", None),
    ("xena", None),
    ("yoga", None),
    ("zed", None),
    ("antelope", Some("2023.1")),
    ("bobcat", Some("2023.2")),
    ("caracal", Some("2024.1")),
    ("dalmatian", Some("2024.2")),
    ("epoxy", Some("2025.1")),
    ("flamingo", Some("2025.2")),
    ("gazpacho", Some("2026.1")),
    ("hibiscus", Some("2026.2")),
];
