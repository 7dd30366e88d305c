//! Versions of libvirt and QEMU beside those that a release of nova wants.

use novamend::catalog::Release;
use novamend::catalog::release::Version;

/// A version as people write it.
#[must_use]
pub fn dotted((major, minor, micro): Version) -> String {
    format!("{major}.{minor}.{micro}")
}

/// Why nova-compute of `release` does not start with what was found, and what to do; none where it does, as far as is known.
#[must_use]
pub fn too_old(
    about: &str,
    found: Option<Version>,
    least: Option<Version>,
    release: Release,
) -> Option<(String, String)> {
    let (found, least) = (found?, least?);
    (found < least).then(|| {
        let why = format!(
            "{} is older than {}, the minimum for {release}: nova-compute does not start",
            dotted(found),
            dotted(least)
        );
        (why, format!("upgrade {about} before nova"))
    })
}

/// What Stein, Train and Ussuri want for native TLS, without a word where the host has less.
const NATIVE_TLS: (Version, Version) = ((4, 4, 0), (2, 11, 0));

/// That `release` leaves native TLS out without a word with what was found, and what to do; none where it does not, as far as is
/// known.
#[must_use]
pub fn in_clear(release: Release, libvirt: Option<Version>, qemu: Option<Version>) -> Option<(String, &'static str)> {
    let (least_libvirt, least_qemu) = NATIVE_TLS;
    let is_below = |found: Option<Version>, least| found.is_some_and(|found| found < least);
    if !(19..=21).contains(&release.number()) || !(is_below(libvirt, least_libvirt) || is_below(qemu, least_qemu)) {
        return None;
    }
    let told = |found: Option<Version>| found.map_or_else(|| "not known".to_owned(), dotted);
    Some((
        format!(
            "guests that leave this host are migrated unencrypted: {release} silently ignores \
             `live_migration_with_native_tls` below libvirt {} or QEMU {}, and this host has libvirt {} and QEMU {}",
            dotted(least_libvirt),
            dotted(least_qemu),
            told(libvirt),
            told(qemu)
        ),
        "upgrade libvirt and QEMU",
    ))
}
