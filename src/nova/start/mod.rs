//! Whether a service of nova starts with a stack of files, as far as the files decide it: the conditions under which it refuses
//! to, and nova's own readers of values that have a form of their own.
//!
//! What the conditions are, [`crate::catalog::refusals`] says; what hangs on the host (its libvirt, its devices) is not asked.

pub mod concerns;
pub mod condition;
pub mod cpu_set;
mod drivers;
pub mod huge_pages;
pub mod ignored;
pub mod json;
pub mod judged;
mod logs;
pub mod made;
pub mod mdev;
mod messages;
mod named;
pub mod pci_alias;
pub mod pci_spec;
pub mod pmem;
pub mod programs;
pub mod python;
mod python_format;
mod python_regex;
mod services;
pub mod values;
mod written;

use std::collections::HashMap;
use std::rc::Rc;

use foldhash::fast::RandomState;

use crate::catalog::refusals::{self, Refusal};
use crate::nova::{View, printed};

pub use written::Written;

use condition::{Condition, OptionName, Outcome};

/// A refusal that a view meets.
#[derive(Clone, Debug)]
pub struct Refused {
    /// What it is.
    pub fact: &'static Refusal,
    /// What was found there, in the order of the `{}` of the fact's texts.
    found: Vec<String>,
}

impl Refused {
    /// `text` of the fact with what was found in its `{}`, and the values of options in `{[group] name}`.
    #[must_use]
    pub fn filled(&self, view: &View<'_>, text: &str) -> String {
        let (mut out, mut rest) = (String::new(), text);
        let mut found = self.found.iter();
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((inner, behind)) = after.split_once('}') else {
                out.push('{');
                rest = after;
                continue;
            };
            if inner.is_empty() {
                out.push_str(found.next().map_or("…", String::as_str));
            } else {
                out.push_str(&shown(view, inner).unwrap_or_else(|| format!("{{{inner}}}")));
            }
            rest = behind;
        }
        out + rest
    }
}

/// The value of the option that `text` names, as Python prints it.
fn shown(view: &View<'_>, text: &str) -> Option<String> {
    let setting = OptionName::parse(text).ok()?.setting(view)?;
    view.value(&setting).ok().map(|value| printed(&value))
}

/// Every refusal of the release of `view` that it meets, the gravest first and then in the order of the facts; `written` is what it writes. What is missing
/// is asked for only where the stack `may_lack` it for one of the services. What is not known is none.
#[must_use]
pub fn refusals(view: &View<'_>, written: &Written, may_lack: impl Fn(&'static str) -> bool) -> Vec<Refused> {
    let facts = written
        .refusals()
        .into_iter()
        .map(|number| &refusals::all()[usize::from(number)]);
    let facts = facts.filter(|fact| fact.covers(view.release()));
    let mut known: HashMap<&str, bool, RandomState> = HashMap::default();
    let mut may_lack = |program: &&'static str| *known.entry(program).or_insert_with(|| may_lack(program));
    let is_asked = |fact: &&Refusal| match fact.options {
        [] => fact.programs.iter().any(&mut may_lack),
        options => options.iter().any(|option| is_written(view, written, *option)),
    };
    let meets = |fact: &'static Refusal| match condition(fact)?.outcome(view) {
        Outcome::Holds(found) => Some(Refused { fact, found }),
        Outcome::Fails | Outcome::Open => None,
    };
    let mut found: Vec<Refused> = facts.filter(is_asked).filter_map(meets).collect();
    found.sort_by_key(|refused| refused.fact.stops);
    found
}

/// Whether `fact` is met by `view`.
#[must_use]
pub fn meets(view: &View<'_>, fact: &'static Refusal) -> bool {
    fact.covers(view.release()) && Condition::holds(fact.when, view)
}

/// Whether anything sets the option, by any name: a cheap question before the condition.
fn is_written(view: &View<'_>, written: &Written, (group, name): (&str, &str)) -> bool {
    // A condition may ask for what the release no longer has.
    let is_there = |group: &str| view.stack().places_of(group, name).next().is_some();
    written.has(group, name) || (written.may_name(name) && (is_there(group) || is_there("DEFAULT")))
}

/// The first option that the condition of a fact asks for.
#[must_use]
pub fn first_asked(fact: &Refusal) -> Option<OptionName> {
    let condition = condition(fact)?;
    condition.options().first().map(|option| (*option).clone())
}

/// The condition of a fact; every one is read in the tests.
fn condition(fact: &Refusal) -> Option<Rc<Condition>> {
    Condition::of_fact(fact.when)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Release, option};
    use crate::oslo::Document;
    use crate::oslo::stack::Stack;
    use crate::text::Source;

    #[test]
    fn every_condition_is_read_and_asks_for_options_that_its_releases_have() {
        for fact in refusals::all() {
            let condition = Condition::parse(fact.when).unwrap_or_else(|error| panic!("{}: {error}", fact.id));
            let releases: Vec<Release> = Release::all().filter(|release| fact.covers(*release)).collect();
            assert!(!releases.is_empty(), "{}", fact.id);
            for name in condition.options() {
                let mut known = Release::all().filter(|release| releases.last().is_some_and(|last| release <= last));
                let is_there = known.any(|release| option(&name.group, &name.name, release).is_some());
                assert!(is_there, "{}: [{}] {}", fact.id, name.group, name.name);
            }
            for (group, name) in fact.options {
                let is_asked = condition
                    .options()
                    .iter()
                    .any(|asked| (&*asked.group, &*asked.name) == (*group, *name));
                assert!(is_asked, "{}: [{group}] {name} is not asked for", fact.id);
            }
        }
    }

    #[test]
    fn every_example_is_refused_by_the_releases_of_its_fact_and_by_no_other() {
        let mut wrong = Vec::new();
        for fact in refusals::all() {
            let stack = Stack::of(Document::parse(Source::new(
                "nova.conf",
                fact.example.as_bytes().to_vec(),
            )));
            for release in Release::all().filter(|release| release.is_complete()) {
                let view = View::new(&stack, release);
                let found = refusals(&view, &Written::of(&view), |_| true);
                let is_found = found.iter().any(|refused| refused.fact.id == fact.id);
                if is_found != fact.covers(release) {
                    wrong.push(format!("{} in {release}: {is_found}", fact.id));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
