//! What a person plainly meant by a section or a name that oslo.config takes for another: `[ libvirt ]`, `Live-Migration-Uri`.
//!
//! White space, case, brackets, quotes and hyphens only; for slips of the pen see [`super::did_you_mean`].

use super::{Release, Via, by_any_name, is_group_known, normal_group};

/// The group that a section called `name` was plainly meant for, though oslo.config reads another one.
///
/// `None` where nova knows the group as written, and where it knows neither.
#[must_use]
pub fn group_meant(name: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.bytes().all(is_plain) && !name.eq_ignore_ascii_case("default") {
        return None; // Nearly every name; a group of nova's holds no other letters.
    }
    let bare = name.trim_matches(|c: char| c.is_whitespace() || "[]\"'".contains(c));
    let lower = bare.to_lowercase();
    let meant = if lower == "default" { "DEFAULT" } else { &*lower };
    let read = normal_group(name);
    if *read == *meant && !meant.contains('-') || is_group_known(&read) {
        return None;
    }
    let with_underscores = meant.replace('-', "_");
    [meant, &with_underscores]
        .into_iter()
        .find(|group| is_group_known(group))
        .map(str::to_owned)
}

/// The name that `key` in `group` was plainly meant for in `release`, though oslo.config looks for it in vain.
///
/// `None` where the release takes `key` as written, and where it knows neither.
#[must_use]
pub fn key_meant(group: &str, key: &str, release: Release) -> Option<String> {
    if !key.contains(|c: char| c == '-' || c.is_uppercase()) || is_read(group, key, release) {
        return None;
    }
    let meant = key.to_lowercase().replace('-', "_");
    by_any_name(group, &meant, release).map(|_| meant)
}

/// Whether the release finds a line `key = …`; an old name counts with hyphens only where it was declared with them.
fn is_read(group: &str, key: &str, release: Release) -> bool {
    let Some(named) = by_any_name(group, key, release) else {
        return false;
    };
    named.via == Via::Current || !key.contains('-') || named.option.aliases().any(|alias| alias.name == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_meant_through_spaces_case_and_brackets() {
        for (written, meant) in [
            ("default", Some("DEFAULT")),
            ("Default", Some("DEFAULT")),
            ("DEFAULT ", Some("DEFAULT")),
            (" libvirt ", Some("libvirt")),
            ("libvirt]", Some("libvirt")),
            ("[libvirt", Some("libvirt")),
            ("\"vnc\"", Some("vnc")),
            ("oslo-concurrency", Some("oslo_concurrency")),
            ("DEFAULT", None),
            ("LibVirt", None),
            ("libvirt", None),
            ("mine", None),
            (" mine ", None),
            ("", None),
        ] {
            assert_eq!(group_meant(written).as_deref(), meant, "{written:?}");
        }
    }

    #[test]
    fn a_name_is_meant_through_hyphens_and_case() {
        let of = |key| key_meant("libvirt", key, Release::STEIN);
        assert_eq!(
            of("live-migration-timeout-action").as_deref(),
            Some("live_migration_timeout_action")
        );
        assert_eq!(
            of("Live_Migration_Timeout_Action").as_deref(),
            Some("live_migration_timeout_action")
        );
        for key in ["live_migration_timeout_action", "no-such-thing", "Other", ""] {
            assert_eq!(of(key), None, "{key}");
        }
    }

    #[test]
    fn an_old_name_that_was_declared_with_hyphens_takes_them_from_pike_on() {
        let of = |key, release| key_meant("DEFAULT", key, Release::from_number(release).unwrap());
        assert_eq!(of("log-config", 16), None);
        assert_eq!(of("log-config", 15).as_deref(), Some("log_config"));
        assert_eq!(of("log-dir", 16).as_deref(), Some("log_dir"));
        assert_eq!(of("osapi-max-limit", 16).as_deref(), Some("osapi_max_limit"));
        assert_eq!(
            key_meant("DATABASE", "sql-connection", Release::STEIN).as_deref(),
            Some("sql_connection")
        );
    }
}
