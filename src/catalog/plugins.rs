//! What each plugin of keystoneauth reads from the section whose `auth_type` names it, release by release.
//!
//! It knows the plugins that keystoneauth brings; others are unknown to it, and which plugin a file chooses it is given.

use std::sync::OnceLock;

use super::Release;
use super::table::Table;

const PLUGINS: &str = include_str!("data/plugins.txt");

/// The plugins as groups, their options as rows.
fn plugins() -> &'static Table {
    static PARSED: OnceLock<Table> = OnceLock::new();
    PARSED.get_or_init(|| Table::new(&[PLUGINS]))
}

/// Whether the keystoneauth of `release` brings a plugin called `name`; the name exact, as `auth_type` takes it.
#[must_use]
pub fn is_known(name: &str, release: Release) -> bool {
    plugins().rows_in(name).iter().any(|row| row.covers(release))
}

/// Whether the plugin `name` reads `key` in `release`, by its own or an old name.
#[must_use]
pub fn reads(name: &str, key: &str, release: Release) -> bool {
    let own = plugins().rows_of(name, key).iter();
    own.chain(plugins().rows_by_alias(name, key))
        .any(|row| row.covers(release))
}

/// Whether some plugin of `release` reads `key`.
#[must_use]
pub fn some_reads(key: &str, release: Release) -> bool {
    let own = plugins().rows.iter().filter(|row| row.name == key);
    let old = plugins().aliases.iter().filter(|(_, name, _)| *name == key);
    let old = old.map(|(_, _, row)| &plugins().rows[*row]);
    own.chain(old).any(|row| row.covers(release))
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
