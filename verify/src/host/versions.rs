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
