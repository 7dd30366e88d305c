//! Whether a value must not be shown: by its name, by nova's own mark, or because it is a URL with a password in it.
//!
//! It masks too much rather than too little; how a mask looks is the output's business.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::table::{field, table};
use super::without_hyphens;

/// Every name, current or old, that nova marks as secret in any group and release. The group does not count: a password
/// in the wrong section, or commented out far from its header, is a password all the same.
static MARKED: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let mut names = HashSet::new();
    for row in table().rows.iter().filter(|row| field(row.facts, "secret").is_some()) {
        names.insert(row.name.to_lowercase());
        let aliases = field(row.facts, "aliases").unwrap_or_default().split(',');
        let old = aliases.filter_map(|pair| pair.split_once('/'));
        names.extend(old.map(|(_, name)| without_hyphens(name).to_lowercase()));
    }
    names
});

/// Words in a name that make its value secret, wherever they stand between underscores.
const SECRET_WORDS: [&str; 18] = [
    "password",
    "passwd",
    "passphrase",
    "pass",
    "secret",
    "secrets",
    "token",
    "tokens",
    "key",
    "keys",
    "credential",
    "credentials",
    "cred",
    "creds",
    "privatekey",
    "apikey",
    "pwd",
    "cookie",
];
/// Last words that make a name with a secret word harmless: it says where, how or how long, not what.
const HARMLESS_ENDS: [&str; 24] = [
    "file",
    "files",
    "path",
    "paths",
    "dir",
    "ttl",
    "type",
    "manager",
    "strategy",
    "bits",
    "size",
    "timeout",
    "cache",
    "time",
    "expiration",
    "roles",
    "required",
    "name",
    "url",
    "uri",
    "length",
    "format",
    "interface",
    "manager_class",
];
/// Names with a secret word that are no secret, known one by one.
const HARMLESS: [&str; 7] = [
    "key_manager",
    "use_token",
    "keystone",
    "keymap",
    "inject_key",
    "api_class",
    "partition_key",
];

/// Whether `value` of `key` must not be shown, in whatever section it stands.
#[must_use]
pub fn is_secret(key: &str, value: &str) -> bool {
    is_secret_name(key) || holds_password(value) || holds_secret_line(value)
}

/// Whether a continuation line of `value` looks like the line of a secret: indented by mistake, it became a part of it.
fn holds_secret_line(value: &str) -> bool {
    let lines = value.split('\n').skip(1);
    let mut keys = lines.filter_map(|line| line.split_once(['=', ':'])).map(|(key, _)| key);
    keys.any(is_secret_name)
}

/// Whether the name alone says that its value is secret, in any release.
#[must_use]
pub fn is_secret_name(key: &str) -> bool {
    let name = key.trim().to_lowercase().replace(['-', '.', ' '], "_");
    looks_secret(&name) || MARKED.contains(&name)
}

fn looks_secret(name: &str) -> bool {
    if HARMLESS.contains(&name) {
        return false;
    }
    let glued = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "credential",
        "apikey",
        "token",
    ];
    let has_word =
        name.split('_').any(|word| SECRET_WORDS.contains(&word)) || glued.iter().any(|word| name.contains(word));
    let last = name.rsplit('_').next().unwrap_or(name);
    has_word && !HARMLESS_ENDS.contains(&last)
}

/// Whether `text` holds a URL with a password (`//user:password@host`).
#[must_use]
pub fn holds_password(text: &str) -> bool {
    let mut rest = text;
    while let Some(found) = rest.find("//") {
        rest = &rest[found + 2..];
        // Passwords are often written unescaped, so an `@` counts even behind a `/` or `?`.
        let end = rest.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(rest.len());
        if let Some(at) = rest[..end].rfind('@') {
            let user = &rest[..at];
            if user.contains(':') {
                return true;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_secret_are_and_paths_to_keys_are_not() {
        for name in [
            "password",
            "admin_password",
            "rabbit_password",
            "metadata_proxy_shared_secret",
            "admin_token",
            "Password",
            "memcache_secret_key",
            "encryption-key",
            "rbd_secret_uuid",
            "ldap_dns_password",
            "consumer_key",
            "api_key",
            "my_vendor_token",
            "dbpass_pass",
            "s3credentials",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "ssl_key_file",
            "keyfile",
            "key_manager",
            "virt_type",
            "keystone",
            "monkey_patch",
            "keyring",
            "bypass",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn what_nova_marks_secret_in_any_release_is() {
        for name in ["transport_url", "connection", "sql_connection", "asyncio_connection"] {
            assert!(is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn a_password_is_secret_wherever_it_stands() {
        for value in [
            "rabbit://openstack:s3cret@10.0.0.1:5672/",
            "rabbit://a:b@h1,c:d@h2/",
            "x mysql+pymysql://nova:p@ss/w@db/nova",
            "http://h/,http://u:p@h",
            "amqp://:p@h/",
            "kvm\nadmin_password = hunter2",
            "kvm\n# admin_password: hunter2",
        ] {
            assert!(is_secret("k", value), "{value}");
        }
        for value in [
            "http://10.0.0.1:5000/v3",
            "qemu+ssh://nova@%s/system",
            "//",
            "a@b:c",
            "",
        ] {
            assert!(!is_secret("k", value), "{value}");
        }
    }
}
