//! Whether a value must not be shown: by its name, by nova's own mark, or for what stands in it.
//!
//! It masks too much rather than too little; what everybody can read in nova's lists (defaults, choices) is no secret.

use std::borrow::Cow;
use std::collections::HashMap;

use super::scan;
use super::words;
use crate::catalog::{self, OfCatalog, OptionFacts, Via};
use crate::oslo::types::OptionType;
use crate::plain;

/// What the lists say of one name that is secret, in any group and release: the group does not count, as a password in the
/// wrong section, or commented out far from its header, is a password all the same.
#[derive(Default)]
struct Known {
    /// Whether nova marks it as secret anywhere.
    is_marked: bool,
    /// The options that are called so, and those marked ones that have it for an old name.
    facts: Vec<OptionFacts>,
}

/// The added options whose names are looked up otherwise than they are written, with all their names as they are looked up.
static ODD: OfCatalog<HashMap<String, Vec<(OptionFacts, Via)>>> = OfCatalog::new(|| {
    let mut odd: HashMap<String, Vec<(OptionFacts, Via)>> = HashMap::new();
    for facts in catalog::added() {
        let old = facts.aliases().map(|old| (old.name, Via::Deprecated));
        for (name, via) in std::iter::once((facts.name(), Via::Current)).chain(old) {
            odd.entry(normal(name).into_owned()).or_default().push((facts, via));
        }
    }
    odd
});

impl Known {
    /// What is known of `name`, as it is looked up; `None` where it is no option's or no secret's.
    fn of(name: &str, looks: bool) -> Option<Self> {
        let is_marked = is_marked(name);
        if !is_marked && !looks {
            return None; // Nearly every name.
        }
        let odd = ODD.read().get(name).into_iter().flatten().copied();
        let all = catalog::called(name).chain(odd);
        let is_meant = |(facts, via): &(OptionFacts, Via)| facts.is_secret() || (looks && *via == Via::Current);
        let facts: Vec<_> = all.filter(is_meant).map(|(facts, _)| facts).collect();
        (!facts.is_empty()).then_some(Self { is_marked, facts })
    }

    /// Whether everybody can read `value` in nova's lists, or it is one that is no secret there.
    fn is_public(&self, value: &str) -> bool {
        let value = value.trim();
        let is_default = |facts: &OptionFacts| facts.default_text().is_some_and(|text| text.trim() == value);
        value.is_empty()
            || self.facts.iter().any(is_default)
            || (!self.is_marked && self.facts.iter().any(|facts| is_of_type(*facts, value)))
    }
}

/// What the names that nova marks are like, by the letter that they begin with.
#[derive(Clone, Copy, Default)]
struct Marked {
    /// Which letters come second.
    seconds: u32,
    /// Which letters they end with.
    lasts: u32,
    /// How long they are.
    lengths: u64,
}

static MARKED: OfCatalog<[Marked; 32]> = OfCatalog::new(|| {
    let mut marked = [Marked::default(); 32];
    let odd = ODD.read().keys().map(String::as_str);
    for name in catalog::marked_secret_names().chain(odd) {
        if let (Some(first), Some(last)) = (letter(name.as_bytes().first()), letter(name.as_bytes().last())) {
            marked[first].seconds |= letter(name.as_bytes().get(1)).map_or(!0, |second| 1 << second);
            marked[first].lasts |= 1 << last;
            marked[first].lengths |= length(name.len());
        }
    }
    marked
});

/// A bit for each length; all that are longer have one.
fn length(length: usize) -> u64 {
    1 << length.min(63)
}

/// A letter in any case, a digit, a sign that parts words, or another one; `None` where it is more than one look what it is.
fn letter(byte: Option<&u8>) -> Option<usize> {
    match *byte? {
        letter if letter.is_ascii_alphabetic() => Some(usize::from(letter & 31)),
        b'_' | b'-' | b'.' | b' ' => Some(27),
        digit if digit.is_ascii_digit() => Some(28),
        sign if sign.is_ascii_graphic() => Some(29),
        _ => None,
    }
}

/// Whether a name, as somebody wrote it, may be one for which [`is_secret_name`] is true. It is asked first, of nearly every word
/// that is looked at, and nearly always the last that is asked.
pub(super) fn may_be_secret(name: &[u8]) -> bool {
    may_be_marked(name) || words::may_speak(name)
}

/// Whether nova may mark an option that is called so, or nearly so, as secret.
pub(super) fn may_be_marked(name: &[u8]) -> bool {
    let (Some(first), Some(last)) = (letter(name.first()), letter(name.last())) else {
        return !name.is_empty();
    };
    let marked = MARKED.read()[first];
    let is_alike = || {
        let is_second = letter(name.get(1)).is_none_or(|second| marked.seconds & (1 << second) != 0);
        is_second && marked.lengths & length(name.len()) != 0
    };
    // What cannot be seen makes a name longer, and what parts the words of `AdminPassword` shorter.
    let is_written_so = |byte: &u8| matches!(byte, b' '..=b'~') && !byte.is_ascii_uppercase();
    marked.lasts & (1 << last) != 0 && (is_alike() || !name.iter().all(is_written_so))
}

/// Whether `value` of `key` must not be shown, in whatever section it stands.
#[must_use]
pub fn is_secret(key: &str, value: &str) -> bool {
    is_secret_by_name(key, value) || holds_secret(value)
}

/// Whether the name alone says that a value is secret, in any release.
#[must_use]
pub fn is_secret_name(key: &str) -> bool {
    let key = key.trim();
    if !may_be_secret(key.as_bytes()) {
        return false;
    }
    let name = normal(key);
    is_marked(&name) || words::look_secret(&name)
}

/// Whether the name says that `value` is secret. A value that nova's lists show to everybody is not, nor is a number where
/// a number belongs: `inject_password = true`.
#[must_use]
pub fn is_secret_by_name(key: &str, value: &str) -> bool {
    let key = key.trim();
    if !may_be_secret(key.as_bytes()) {
        return false;
    }
    let name = normal(key);
    let looks = words::look_secret(&name);
    match Known::of(&name, looks) {
        Some(known) => !known.is_public(value),
        None => looks,
    }
}

/// Whether nova marks an option of that name, as it is looked up, as secret.
fn is_marked(name: &str) -> bool {
    let odd = || ODD.read().get(name).into_iter().flatten();
    catalog::is_marked_secret(name) || odd().any(|(facts, _)| facts.is_secret())
}

/// Whether something in `text`, whoever owns it, must not be shown: a URL with a password, `password = x` behind another
/// value or on a line of its own, a private key.
#[must_use]
pub fn holds_secret(text: &str) -> bool {
    !scan::secrets(text.as_bytes()).is_empty()
}

/// Whether `value` is one of the few that an option which nova does not call secret can have.
fn is_of_type(facts: OptionFacts, value: &str) -> bool {
    const FLAGS: [&str; 8] = ["true", "1", "on", "yes", "false", "0", "off", "no"];
    let mut kind = facts.option_type();
    while let OptionType::Multi(item) | OptionType::List { item, .. } = kind {
        kind = item;
    }
    let word = value.to_lowercase();
    let choices = facts.choices();
    let is_choice = |word: &str| choices.iter().any(|choice| choice.eq_ignore_ascii_case(word.trim()));
    match kind {
        OptionType::Bool => FLAGS.contains(&&*word),
        OptionType::Int { .. } | OptionType::Float { .. } => word.parse::<f64>().is_ok(),
        _ if !choices.is_empty() => word.split(',').all(is_choice),
        // A libvirt secret is named by its UUID, and a key file by its path.
        _ if facts.name().ends_with("uuid") => is_uuid(&word),
        _ => facts.name().ends_with("key") && value.starts_with('/') && !value.contains(char::is_whitespace),
    }
}

fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// The Latin letter that `c` looks like.
fn as_seen(c: char) -> char {
    match c {
        'а' | 'Α' | 'А' => 'a',
        'е' | 'Е' | 'Ε' => 'e',
        'о' | 'О' | 'ο' | 'Ο' => 'o',
        'р' | 'Р' | 'ρ' | 'Ρ' => 'p',
        'с' | 'С' => 'c',
        'у' => 'y',
        'ѕ' | 'Ѕ' => 's',
        'к' | 'К' | 'κ' | 'Κ' => 'k',
        'т' | 'Т' | 'Τ' => 't',
        'і' | 'І' | 'ι' => 'i',
        'ԁ' => 'd',
        'ԝ' => 'w',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        c => c,
    }
}

/// A name as it is looked up: lower case, words apart by `_`, nothing in it that cannot be seen.
fn normal(key: &str) -> Cow<'_, str> {
    let key = key.trim();
    let stays = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase() && !matches!(byte, b'-' | b'.');
    if key.bytes().all(stays) {
        return Cow::Borrowed(key);
    }
    let (mut name, mut was_lower) = (String::with_capacity(key.len() + 4), false);
    let mut add = |c: char| {
        if was_lower && c.is_uppercase() {
            name.push('_');
        }
        was_lower = c.is_lowercase();
        match c {
            '-' | '.' | ' ' => name.push('_'),
            c if c.is_ascii() => name.push(c.to_ascii_lowercase()),
            c => name.extend(c.to_lowercase()),
        }
    };
    if key.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        key.bytes().for_each(|byte| add(char::from(byte)));
    } else {
        key.chars().filter(|&c| !plain::is_unsafe(c)).map(as_seen).for_each(add);
    }
    Cow::Owned(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_nova_is_looked_up_as_it_is_written() {
        for facts in catalog::all() {
            assert_eq!(normal(facts.name()), facts.name());
            for old in facts.aliases() {
                assert_eq!(normal(old.name), old.name.replace('-', "_"));
            }
        }
    }

    #[test]
    fn what_is_ruled_out_first_is_no_secret_and_every_other_spelling_is_asked_about() {
        let spelt = |name: &str| {
            let camel: String = name
                .split('_')
                .map(|word| word[..1.min(word.len())].to_uppercase() + &word[1.min(word.len())..])
                .collect();
            [
                name.to_owned(),
                name.to_uppercase(),
                name.replace('_', "-"),
                name.replace('_', "."),
                camel,
            ]
        };
        let (mut secret, mut harmless) = (0, 0);
        for facts in catalog::all() {
            let old = facts.aliases().map(|old| old.name);
            for name in std::iter::once(facts.name()).chain(old).flat_map(spelt) {
                let read = normal(&name);
                let is_secret = is_marked(&read) || words::look_secret(&read);
                assert!(!is_secret || may_be_secret(name.as_bytes()), "{name}");
                secret += usize::from(is_secret);
                harmless += usize::from(!may_be_secret(name.as_bytes()));
            }
        }
        assert!(secret > 300 && harmless > 10 * secret, "{secret} {harmless}");
    }

    proptest::proptest! {
        /// A name that is passed over says no secret, however it is written.
        #[test]
        fn a_name_that_is_passed_over_is_no_secrets(
            name in "(pass|word|wrd|phrase|tok|en|sec|ret|Key|KEY|key|pw|PW|psk|cred|entials|api|x|Admin|my|s|_|-|\\.| |\u{200b}|\u{1}|\
                     \u{e9}|\u{455}|0|1|3|4|5|7|@|\\$|transport|url|Url|connection|blob|\"){1,6}",
        ) {
            let name = name.trim();
            let read = normal(name);
            if is_marked(&read) || words::look_secret(&read) {
                proptest::prop_assert!(may_be_secret(name.as_bytes()), "{}", name);
            }
        }
    }

    #[test]
    fn what_nova_marks_secret_in_any_release_is() {
        for name in [
            "transport_url",
            "connection",
            "sql_connection",
            "asyncio_connection",
            "AdminPassword",
            "pаssword",
            "ｐassword",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn flags_numbers_choices_and_defaults_are_no_secrets_and_a_password_in_their_place_is() {
        for (key, value) in [
            ("inject_password", "true"),
            ("allow_credentials", "False"),
            ("key_pairs", "100"),
            ("enforce_token_bind", "permissive"),
            ("supported_tpm_secret_security", "user, host"),
            ("rbd_secret_uuid", "457eb676-33da-42ec-9a8c-9293d545c337"),
            ("vencrypt_client_key", "/etc/pki/nova/client-key.pem"),
            ("rabbit_password", "guest"),
            ("token_role", "admin"),
            ("password", " "),
        ] {
            assert!(!is_secret(key, value), "{key} = {value}");
        }
        for (key, value) in [
            ("inject_password", "hunter2"),
            ("key_pairs", "hunter2"),
            ("rbd_secret_uuid", "hunter2"),
            ("vencrypt_client_key", "hunter2"),
            ("ssl_client_key_password", "hunter2"),
            ("rabbit_password", "guest2"),
        ] {
            assert!(is_secret(key, value), "{key} = {value}");
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
            "kvm # admin_password = hunter2",
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
