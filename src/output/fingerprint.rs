//! What a finding is known by from run to run: its rule, file, option, and which of several such it is.
//!
//! Never its text nor its line: a value could be guessed by a digest of it, and a line moves with every edit above it.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

/// Numbers the findings of one stack that would else be known by the same.
#[derive(Debug, Default)]
pub(super) struct Fingerprints {
    seen: HashMap<[u8; 16], u32>,
}

impl Fingerprints {
    /// The fingerprint of the next finding of `rule` about `option` in the file `path`, 32 digits of hex.
    pub(super) fn next(&mut self, rule: &str, path: &str, option: Option<&str>) -> String {
        let same = digest(&[rule, path, option.unwrap_or_default()]);
        let number = self.seen.entry(same).and_modify(|number| *number += 1).or_insert(0);
        let own = digest(&[rule, path, option.unwrap_or_default(), &number.to_string()]);
        own.iter()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }
}

fn digest(parts: &[&str]) -> [u8; 16] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.len().to_le_bytes());
        hasher.update(part);
    }
    let whole = hasher.finalize();
    std::array::from_fn(|at| whole[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_findings_differ_by_their_number_alone() {
        let (mut one, mut other) = (Fingerprints::default(), Fingerprints::default());
        let all: Vec<String> = (0..3).map(|_| one.next("rule", "a.conf", Some("a.b"))).collect();
        assert!(all[0] != all[1] && all[1] != all[2] && all[0].len() == 32);
        assert_eq!(other.next("rule", "a.conf", Some("a.b")), all[0]);
        assert_ne!(other.next("rule", "b.conf", Some("a.b")), all[0]);
    }
}
