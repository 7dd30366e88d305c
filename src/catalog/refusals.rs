//! The conditions under which a service of nova refuses to start, or cannot do what it is for, though every value is one that
//! oslo.config takes. Hand-written in `data/refusals.toml`, each entry with its source.
//!
//! What a condition means and whether files meet it, [`crate::nova::start`] finds out.

use super::Release;

/// What a refusal stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stops {
    /// The service: it ends with an error when it starts.
    Service,
    /// Live migrations.
    Migrations,
    /// Instances: they cannot be built, or not be used.
    Instances,
    /// Nothing, but nova does not do what the settings ask for together.
    Sense,
    /// Nothing by itself: what the file does not show decides.
    Nothing,
}

/// A condition under which nova refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Words that name it; never reused.
    pub id: &'static str,
    /// The services that refuse: `nova-compute`.
    pub programs: &'static [&'static str],
    /// The first release that refuses so.
    pub since: Release,
    /// The last; `None` where the newest still does.
    pub until: Option<Release>,
    /// What it stops.
    pub stops: Stops,
    /// The options whose being written makes it worth asking, the one to blame first; none where it is about what is missing.
    pub options: &'static [(&'static str, &'static str)],
    /// The condition.
    pub when: &'static str,
    /// What is so, a clause.
    pub what: &'static str,
    /// Nova's own message, or what it raises, with `{}` for what it fills in.
    pub message: &'static str,
    /// What to do, an order.
    pub instead: &'static str,
    /// A nova.conf that meets it in every release that refuses so.
    pub example: &'static str,
    /// Where that is said.
    pub source: &'static str,
}

impl Refusal {
    /// Whether `release` refuses so.
    #[must_use]
    pub fn covers(&self, release: Release) -> bool {
        self.since <= release && self.until.is_none_or(|until| release <= until)
    }
}

/// The file as it was when the program was built.
static REFUSALS: &[Refusal] = include!(concat!(env!("OUT_DIR"), "/refusals.rs"));

/// The numbers of those that ask for an option of a name, by the names.
static BY_NAME: &[(&str, u16)] = include!(concat!(env!("OUT_DIR"), "/refusals_by_name.rs"));

/// The numbers, in [`all`], of those that are worth asking where an option called `name` is written, in whatever group.
pub fn asking_for(name: &str) -> impl Iterator<Item = u16> {
    let start = BY_NAME.partition_point(|(asked, _)| *asked < name);
    let numbers = BY_NAME[start..].iter().take_while(move |(asked, _)| *asked == name);
    numbers.map(|(_, number)| *number)
}

/// The numbers of those that are about what is missing.
pub fn about_missing() -> impl Iterator<Item = u16> {
    // They come first, as they ask for no name. To compare empty texts byte by byte is dear on processors with AVX-512.
    let numbers = BY_NAME.iter().take_while(|(asked, _)| asked.is_empty());
    numbers.map(|(_, number)| *number)
}

/// All of them, in the order of the file.
#[must_use]
pub fn all() -> &'static [Refusal] {
    REFUSALS
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_entry_is_found_by_the_names_of_its_options() {
        for (number, fact) in (0..).zip(all()) {
            assert_eq!(
                about_missing().any(|found| found == number),
                fact.options.is_empty(),
                "{}",
                fact.id
            );
            for (_, name) in fact.options {
                assert!(asking_for(name).any(|found| found == number), "{}: {name}", fact.id);
            }
        }
        assert_eq!(asking_for("no_such_option").count(), 0);
    }

    #[test]
    fn each_entry_has_its_own_id_and_a_source() {
        let mut ids = HashSet::new();
        for fact in all() {
            assert!(ids.insert(fact.id), "{}", fact.id);
            assert!(fact.source.starts_with("https://"), "{}", fact.id);
            assert!(!fact.programs.is_empty() && !fact.what.ends_with('.'), "{}", fact.id);
        }
        assert!(ids.len() > 3);
    }
}
