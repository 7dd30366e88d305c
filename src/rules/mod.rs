//! Every rule, one file each; adding one is a file, its lines in the `mod.rs` of its family, its page and its fixtures.
//!
//! How they are run is up to [`crate::lint`]. What a person must know of a rule stands on its page.

pub(crate) mod format;
pub(crate) mod migration;
pub(crate) mod options;
pub(crate) mod start;

use crate::lint::{Rule, suppressions};

pub use options::ACROSS;

/// All rules, in the order of their ids.
pub static RULES: &[&Rule] = &all();

/// The rules about live migration: what they find is said also where only an older release that may run today has it.
pub static LIVE_MIGRATION: &[&Rule] = &live_migration();

/// The family, and what nova itself refuses.
const fn live_migration() -> [&'static Rule; migration::RULES.len() + 1] {
    let mut rules = [&start::migrations_fail::RULE; migration::RULES.len() + 1];
    let mut index = 0;
    while index < migration::RULES.len() {
        rules[index] = migration::RULES[index];
        index += 1;
    }
    rules
}

/// The engine's own.
const OWN: &[&Rule] = &[&suppressions::UNUSED_SUPPRESSION, &suppressions::UNUSED_IGNORE];

/// How many there are: the families, and the engine's own.
const COUNT: usize =
    format::RULES.len() + migration::RULES.len() + options::RULES.len() + start::RULES.len() + OWN.len();

/// The families as one list, in the order of ids.
const fn all() -> [&'static Rule; COUNT] {
    let families = [format::RULES, migration::RULES, options::RULES, start::RULES, OWN];
    let mut all = [&suppressions::UNUSED_SUPPRESSION; COUNT];
    let (mut family, mut filled) = (0, 0);
    while family < families.len() {
        let mut index = 0;
        while index < families[family].len() {
            let rule = families[family][index];
            // Where it belongs among those that are in already.
            let mut place = filled;
            while place > 0 && is_before(rule.id.as_bytes(), all[place - 1].id.as_bytes()) {
                all[place] = all[place - 1];
                place -= 1;
            }
            all[place] = rule;
            filled += 1;
            index += 1;
        }
        family += 1;
    }
    all
}

/// Whether `one` comes before `other` in the alphabet.
const fn is_before(one: &[u8], other: &[u8]) -> bool {
    let mut index = 0;
    while index < one.len() && index < other.len() {
        if one[index] != other[index] {
            return one[index] < other[index];
        }
        index += 1;
    }
    one.len() < other.len()
}

/// The rule called `id`.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}

/// Names in a sentence: "a, b and c".
fn in_words(names: &[&str]) -> String {
    match names {
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
        [] => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_in_the_order_of_their_ids_and_none_is_there_twice() {
        let ids: Vec<_> = RULES.iter().map(|rule| rule.id).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
    }

    #[test]
    fn a_rule_yields_to_rules_that_are_there_and_not_back() {
        for rule in RULES {
            for yields in rule.yields_to {
                let other = by_id(yields.rule()).unwrap_or_else(|| panic!("{}: {yields:?}", rule.id));
                let back = other.yields_to.iter().any(|yields| yields.rule() == rule.id);
                assert!(!back && other.id != rule.id, "{} and {}", rule.id, other.id);
            }
        }
    }

    #[test]
    fn a_rule_that_speaks_of_live_migration_is_among_them() {
        let words = [
            "migration",
            "post-copy",
            "tunnelling",
            "timeout",
            "`force_complete`",
            "action",
            "converge",
            "native TLS",
            "transport",
            "sources",
        ];
        for rule in RULES {
            let speaks = words.iter().any(|word| rule.summary.contains(word));
            let is_listed = LIVE_MIGRATION.contains(rule);
            assert_eq!(speaks, is_listed, "{}: {}", rule.id, rule.summary);
        }
    }
}
