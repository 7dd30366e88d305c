//! Values that nova announces to go, or no longer takes, though the option stays. Hand-written in `data/values.toml`, each
//! entry with its source.
//!
//! Whether files have such a value, [`crate::nova::start::values`] finds out.

use super::Release;

/// What became of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// It works, and there is a better one, or it is to go.
    Deprecated,
    /// It does not work.
    Gone,
}

/// What follows where the value is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Follows {
    /// A service does not start.
    NoService,
    /// Requests or calls fail.
    NoRequests,
    /// Nova goes on without it.
    Without,
    /// That hangs on more than the file: it may be right all the same.
    Open,
}

/// What became of values of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueFact {
    /// The options.
    pub options: &'static [(&'static str, &'static str)],
    /// The values, or items of a list, `*` for any text and `!` before what it must not be; of a URL of a message bus, its scheme.
    pub values: &'static [&'static str],
    /// The release from which on it is deprecated; `None` where it went without a word.
    pub deprecated: Option<Release>,
    /// The release that no longer takes it; `None` where the newest does.
    pub gone: Option<Release>,
    /// The last release of which this is true; `None` where it is of the newest.
    pub until: Option<Release>,
    /// A condition that must hold, too; empty where none must.
    pub when: &'static str,
    /// The services that look at it.
    pub programs: &'static [&'static str],
    /// What is so of it while it is deprecated, a clause; empty where it is deprecated and no more.
    pub what: &'static str,
    /// What follows once it is gone, a clause; empty where the list of code says it.
    pub effect: &'static str,
    /// Of which kind that is; `None` where the list of code says it.
    pub follows: Option<Follows>,
    /// What nova says of it while it is deprecated; empty where nova is silent about it.
    pub warning: &'static str,
    /// What nova says of it once it is gone; empty where nova is silent about it, or the list of code says it.
    pub message: &'static str,
    /// Why it matters, a clause.
    pub why: &'static str,
    /// What to do, an order.
    pub instead: &'static str,
    /// A nova.conf with all of the values.
    pub example: &'static str,
    /// Where that is said.
    pub source: &'static str,
}

impl ValueFact {
    /// What became of the value in `release`; `None` where nothing did, as far as this says.
    #[must_use]
    pub fn stage(&self, release: Release) -> Option<Stage> {
        let has_come = |since: Option<Release>| since.is_some_and(|since| since <= release);
        if self.until.is_some_and(|until| until < release) {
            None
        } else if has_come(self.gone) {
            Some(Stage::Gone)
        } else {
            has_come(self.deprecated).then_some(Stage::Deprecated)
        }
    }

    /// Whether it is about `item`.
    #[must_use]
    pub fn is_about(&self, item: &str) -> bool {
        self.values.iter().any(|value| matches(value, item))
    }
}

/// Whether `text` is what `pattern` writes, `*` for any text; after a `!`, whether it is not.
fn matches(pattern: &str, text: &str) -> bool {
    if let Some(pattern) = pattern.strip_prefix('!') {
        return !text.is_empty() && !matches(pattern, text);
    }
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        match text.split_once(part) {
            Some((_, after)) => text = after,
            None => return false,
        }
    }
    text.ends_with(end)
}

/// The file as it was when the program was built.
static VALUES: &[ValueFact] = include!(concat!(env!("OUT_DIR"), "/values.rs"));

/// All of them, in the order of the file.
#[must_use]
pub fn all() -> &'static [ValueFact] {
    VALUES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::code;

    #[test]
    fn each_entry_has_a_source_and_says_what_to_do() {
        for fact in all() {
            let title = format!("{:?} {:?}", fact.options, fact.values);
            assert!(fact.source.starts_with("https://"), "{title}");
            assert!(fact.deprecated.is_some() || fact.gone.is_some(), "{title}");
            assert!(fact.gone.is_none_or(|gone| fact.deprecated < Some(gone)), "{title}");
            assert_eq!(fact.effect.is_empty(), fact.follows.is_none(), "{title}");
            for text in [fact.why, fact.instead, fact.effect, fact.what] {
                assert!(!text.ends_with('.'), "{title}: {text}");
            }
            assert!(
                !fact.why.is_empty() && !fact.instead.is_empty() && !fact.programs.is_empty(),
                "{title}"
            );
        }
    }

    #[test]
    fn what_follows_is_said_of_all_that_is_gone_and_the_list_of_code_agrees() {
        for fact in all() {
            let Some(gone) = fact.gone else { continue };
            for (group, name) in fact.options {
                if (*group, *name) == ("filter_scheduler", "enabled_filters") {
                    for value in fact.values {
                        assert_eq!(code::last(value).and_then(Release::next), Some(gone), "{value}");
                    }
                    continue;
                }
                let mut uses = code::of_option(group, name).peekable();
                assert!(uses.peek().is_some() || !fact.effect.is_empty(), "{:?}", fact.values);
                for known in uses {
                    for value in fact.values.iter().filter(|value| !value.contains(['*', '!'])) {
                        let last = known.span(value).map(|(_, last)| last.and_then(Release::next));
                        assert!(last.is_none_or(|last| last == Some(gone)), "{value}: {last:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_star_stands_for_any_text_and_a_mark_for_all_others() {
        for (pattern, text, wanted) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("*b", "ab", true),
            ("*/v2/*", "http://h/v2/x", true),
            ("*/v2/*", "http://h/v3/x", false),
            ("a*b*c", "a-b-c", true),
            ("a*a", "a", false),
            ("!http*://*", "h:9292", true),
            ("!http*://*", "https://h:9292", false),
        ] {
            assert_eq!(matches(pattern, text), wanted, "{pattern} {text}");
        }
    }
}
