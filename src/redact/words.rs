//! Whether a name speaks of a secret: by a word between its underscores, by one glued to others, or by one misspelt.
//!
//! It knows no catalog: what nova's own names mean, [`super::names`] says.

mod letters;

use std::cell::RefCell;
use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::text::lossy;

use letters::Letters;
pub(super) use letters::{at_word, is_in_word, may_speak};

/// Words that make a value secret, wherever they stand between underscores.
const SECRET_WORDS: [&str; 28] = [
    "password",
    "passwords",
    "passwd",
    "passwds",
    "passphrase",
    "passcode",
    "pass",
    "paswd",
    "pswd",
    "pwd",
    "psw",
    "pw",
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
    "cookie",
    "psk",
    "authorization",
    "bearer",
];
/// The same within a word.
const GLUED: [&str; 15] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "credential",
    "apikey",
    "accesskey",
    "privatekey",
    "token",
    "pswd",
    "pwd",
    "kennwort",
    "motdepasse",
    "contrase",
];
/// Endings of a word that are words of their own: `adminpass`, `dbpw`, `accesskey`.
const GLUED_ENDS: [&str; 5] = ["pass", "pw", "key", "keys", "creds"];
/// Words with such an ending that are no secret.
const HARMLESS_WORDS: [&str; 22] = [
    "bypass",
    "compass",
    "trespass",
    "encompass",
    "surpass",
    "underpass",
    "overpass",
    "monkey",
    "turnkey",
    "hotkey",
    "hotkeys",
    "donkey",
    "jockey",
    "pubkey",
    "publickey",
    "sortkey",
    "cachekey",
    "foreignkey",
    "primarykey",
    "partitionkey",
    "routingkey",
    "whiskey",
];
/// Words that people misspell, and by how many letters; a name so close to one of them is meant for it.
const MISSPELT: [(&str, usize); 8] = [
    ("password", 2),
    ("passwords", 2),
    ("passphrase", 2),
    ("credential", 2),
    ("credentials", 2),
    ("passwd", 1),
    ("secret", 1),
    ("token", 1),
];
/// Words as close as that which mean themselves.
const MEANT: [&str; 8] = [
    "passed",
    "passes",
    "passport",
    "taken",
    "broken",
    "potential",
    "secrete",
    "woken",
];
/// Last words that make a name with a secret word harmless: it says where, how or how long, not what.
const HARMLESS_ENDS: [&str; 30] = [
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
    "role",
    "roles",
    "required",
    "name",
    "url",
    "uri",
    "length",
    "format",
    "interface",
    "class",
    "suffix",
    "prefix",
    "bind",
    "security",
    "keyring",
];
/// Names with a secret word that are no secret, known one by one.
const HARMLESS: [&str; 6] = [
    "key_manager",
    "use_token",
    "keystone",
    "keymap",
    "inject_key",
    "partition_key",
];
/// Longer words are no misspelling of anything.
const LONGEST: usize = 64;

/// So many names are kept, each with what it speaks of: those of nova's options come again and again.
const KEPT: usize = 2048;

/// Whether `name`, in lower case and with `_` between its words, speaks of a secret.
pub(super) fn look_secret(name: &str) -> bool {
    thread_local! {
        static KNOWN: RefCell<HashMap<Box<str>, bool, RandomState>> = RefCell::default();
    }
    if !may_speak(name.as_bytes()) || HARMLESS.contains(&name) {
        return false;
    }
    if name.len() > LONGEST {
        return is_of_secret(name);
    }
    KNOWN.with_borrow_mut(|known| {
        let found = known.get(name).copied();
        found.unwrap_or_else(|| {
            let found = is_of_secret(name);
            if known.len() < KEPT {
                known.insert(name.into(), found);
            }
            found
        })
    })
}

/// As [`look_secret`], of a name whose letters allow it.
fn is_of_secret(name: &str) -> bool {
    let is_read_otherwise = || name.contains(STANDS_FOR_A_LETTER) && speaks(&as_read(name));
    if !speaks(name) && !is_read_otherwise() {
        return false; // Most.
    }
    let last = name.rsplit('_').find(|word| !word.is_empty()).unwrap_or(name);
    let is_place = |end: &str| last.ends_with(end) && (last == end || matches!(end, "file" | "path" | "dir"));
    !HARMLESS_ENDS.iter().any(|end| is_place(end))
}

fn speaks(name: &str) -> bool {
    let is_secret = |word: &str| {
        let letters = letters::of_bytes(word.as_bytes());
        letters::has_letters_of_word(letters) && is_secret_word(word.as_bytes(), letters)
    };
    has_glued(name) || name.split(|c: char| !c.is_alphanumeric()).any(is_secret)
}

fn has_glued(name: &str) -> bool {
    if name.is_ascii() {
        return letters::has_glued(name.as_bytes());
    }
    let glued: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
    letters::has_glued(glued.as_bytes())
}

/// Whether `word` of a name as somebody wrote it, with these `letters`, may be one that makes it secret, as it stands or as it is read.
fn may_be_secret_word(word: &[u8], letters: Letters) -> bool {
    if letters::is_plain(letters) {
        return is_secret_word(word, letters);
    }
    let is_hump = |pair: &[u8]| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase();
    if !word.is_ascii() || word.windows(2).any(is_hump) {
        return true;
    }
    let lower = lossy(word).to_ascii_lowercase();
    [&lower, &as_read(&lower)]
        .iter()
        .any(|word| is_secret_word(word.as_bytes(), letters))
}

/// Whether `word`, in which there are no others than these `letters`, makes a name secret.
fn is_secret_word(word: &[u8], letters: Letters) -> bool {
    let is_letter = |byte: &u8| !byte.is_ascii_digit();
    let Some(first) = word.iter().position(is_letter) else {
        return false;
    };
    let word = &word[first..=word.iter().rposition(is_letter).unwrap_or(first)];
    let is_whole = |(number, whole): (usize, &&str)| letters::has_all(letters, number) && whole.as_bytes() == word;
    let is_glued = |(number, end): (usize, &&str)| {
        let has_all = letters::has_all(letters, SECRET_WORDS.len() + number);
        has_all && word.len() > end.len() + 1 && word.ends_with(end.as_bytes())
    };
    let is_one = SECRET_WORDS.iter().enumerate().any(is_whole)
        || GLUED_ENDS.iter().enumerate().any(is_glued)
        || is_misspelt(word, letters);
    is_one && !is_in(&HARMLESS_WORDS, word)
}

fn is_in(words: &[&str], word: &[u8]) -> bool {
    words.iter().any(|known| known.as_bytes() == word)
}

/// Digits and signs that [`as_read`] knows.
const STANDS_FOR_A_LETTER: [char; 7] = ['0', '1', '3', '4', '@', '5', '$'];

/// `p4ssw0rd` as it is read: digits and signs that stand for letters.
fn as_read(name: &str) -> String {
    let letter = |c: char| match c {
        '0' => 'o',
        '1' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        c => c,
    };
    name.chars().map(letter).collect()
}

/// Whether `word`, in which there are no others than these `letters`, or a part of it at its start or end, is nearly one of the words
/// that people misspell.
fn is_misspelt(word: &[u8], letters: Letters) -> bool {
    if word.len() < 4 || word.len() > LONGEST {
        return false;
    }
    let is_it = |(number, &(meant, most)): (usize, &(&str, usize))| {
        let missing = letters::missing(letters, number);
        if missing > most {
            return false; // Nearly every word.
        }
        if is_near(word, meant, most) {
            return true;
        }
        // Glued to others, less counts: a long word is near to many.
        let glued = |length: usize| {
            length + 2 <= word.len()
                && [&word[..length], &word[word.len() - length..]]
                    .iter()
                    .any(|part| is_near(part, meant, 1) && !is_in(&MEANT, part))
        };
        missing <= 1 && meant.len() >= 6 && (meant.len() - 1..=meant.len() + 1).any(glued)
    };
    MISSPELT.iter().enumerate().any(is_it) && word.is_ascii() && !is_in(&MEANT, word)
}

/// Whether `word` becomes `meant` by at most `most` letters put in, left out, changed or swapped; its first letter counts.
fn is_near(word: &[u8], meant: &str, most: usize) -> bool {
    let is_start = word.first() == meant.as_bytes().first();
    if !is_start || word.len().abs_diff(meant.len()) > most {
        return false;
    }
    may_become(word, meant.as_bytes(), most)
        && str::from_utf8(word).is_ok_and(|word| strsim::osa_distance(word, meant) <= most)
}

/// Whether `word` may become `meant` by `most` such changes, whatever the order of its letters: each puts in one of them at most, and takes
/// one away.
fn may_become(word: &[u8], meant: &[u8], most: usize) -> bool {
    let mut more = [0_i8; 32];
    for byte in word {
        more[usize::from(byte & 31)] += 1;
    }
    for byte in meant {
        more[usize::from(byte & 31)] -= 1;
    }
    let in_all = |of: fn(i8) -> i8| more.iter().map(|&more| of(more)).sum::<i8>();
    let (put_in, taken) = (in_all(|more| more.max(0)), in_all(|more| (-more).max(0)));
    usize::from(put_in.max(taken).unsigned_abs()) <= most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_secret_are_and_paths_to_keys_are_not() {
        for name in [
            "password",
            "admin_password",
            "metadata_proxy_shared_secret",
            "admin_token",
            "encryption_key",
            "ldap_dns_password",
            "api_key",
            "my_vendor_token",
            "dbpass_pass",
            "s3credentials",
            "password2",
            "key1",
        ] {
            assert!(look_secret(name), "{name}");
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
            "password_file",
            "compute_driver",
        ] {
            assert!(!look_secret(name), "{name}");
        }
    }

    #[test]
    fn the_look_at_letters_passes_every_name_that_speaks_of_a_secret() {
        let mut random = fastrand::Rng::with_seed(13);
        let words = [&SECRET_WORDS[..], &GLUED, &MISSPELT.map(|(word, _)| word)].concat();
        let signs: Vec<char> = "abdeiknoprstwy0134589@$_-.é".chars().collect();
        let mut speaking = 0;
        for _ in 0..60_000 {
            let mut name: Vec<char> = words[random.usize(..words.len())].chars().collect();
            for _ in 0..random.usize(..4) {
                let at = random.usize(..name.len());
                let letter = signs[random.usize(..signs.len())];
                match random.u8(..4) {
                    0 => name.insert(at, letter),
                    1 if name.len() > 1 => drop(name.remove(at)),
                    2 if at > 0 => name.swap(at - 1, at),
                    _ => name[at] = letter,
                }
            }
            let name: String = name.into_iter().collect();
            let name = format!(
                "{}{name}{}",
                ["", "x", "my_", "db"][random.usize(..4)],
                ["", "s", "_x", "1"][random.usize(..4)]
            );
            if speaks(&name) || speaks(&as_read(&name)) {
                speaking += 1;
                assert!(letters::may_speak(name.as_bytes()), "{name}");
            }
        }
        assert!(speaking > 20_000, "{speaking}");
    }

    #[test]
    fn misspelt_and_glued_names_are_meant() {
        for name in [
            "passwrd",
            "pasword",
            "passowrd",
            "passwod",
            "secert",
            "scret",
            "toekn",
            "tokn",
            "credentail",
            "adminpass",
            "dbpw",
            "admin_pw",
            "accesskey",
            "adminpasword",
            "paswordadmin",
            "mysecert",
            "p4ssw0rd",
            "s3cret",
            "pass_word",
            "api__key",
            "passwort",
        ] {
            assert!(look_secret(name), "{name}");
        }
        for name in [
            "passed",
            "taken",
            "forward",
            "sector",
            "section",
            "selected",
            "passive",
            "passthrough",
        ] {
            assert!(!look_secret(name), "{name}");
        }
    }
}
