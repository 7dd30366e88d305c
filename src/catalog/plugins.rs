//! What each plugin of keystoneauth reads from the section whose `auth_type` names it, release by release.
//!
//! It knows the plugins that keystoneauth brings; others are unknown to it, and which plugin a file chooses it is given.

use super::Release;
use super::table::{Found, PLUGINS};

/// Whether the keystoneauth of `release` brings a plugin called `name`; the name exact, as `auth_type` takes it.
#[must_use]
pub fn is_known(name: &str, release: Release) -> bool {
    PLUGINS.rows_in(name).of(release).next().is_some()
}

/// Whether the plugin `name` reads `key` in `release`, by its own or an old name.
#[must_use]
pub fn reads(name: &str, key: &str, release: Release) -> bool {
    let found = PLUGINS.name(name, key);
    // Hyphens count as they are written: keystoneauth registers no other form of an old name.
    let old = found.old.of(release).filter(|_| !key.contains('-'));
    found.own.of(release).chain(old).next().is_some()
}

/// Whether some plugin of `release` reads `key`.
#[must_use]
pub fn some_reads(key: &str, release: Release) -> bool {
    let is_of = |found: Found| found.own.of(release).chain(found.old.of(release)).next().is_some();
    PLUGINS.in_any_group(key).any(is_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(number: u32) -> Release {
        Release::from_number(number).unwrap()
    }

    #[test]
    fn a_plugin_reads_its_own_options_and_no_other_plugins() {
        assert!(reads("password", "username", Release::ROCKY));
        assert!(reads("password", "user_name", Release::ROCKY));
        assert!(reads("password", "tenant_name", Release::NEWEST));
        assert!(!reads("password", "url", Release::NEWEST));
        assert!(reads("admin_token", "url", Release::NEWEST));
        assert!(reads("v3oidcpassword", "protocol", Release::NEWEST));
        assert!(!reads("v3password", "protocol", Release::NEWEST));
        assert!(!reads("password", "user-name", Release::NEWEST));
    }

    #[test]
    fn a_plugin_is_known_from_the_release_whose_keystoneauth_brings_it() {
        assert!(is_known("v3applicationcredential", Release::NEWEST));
        assert!(!is_known("v3applicationcredential", release(15)));
        assert!(is_known("none", release(16)) && !reads("none", "-", release(17)));
        assert!(!is_known("mine", Release::NEWEST));
        assert!(some_reads("application_credential_secret", Release::NEWEST));
        assert!(!some_reads("live_migration_uri", Release::NEWEST));
    }
}
