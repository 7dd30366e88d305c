//! Values in a stack of files that one release announces to go or does not have: facts about values, and code that values name.
//!
//! A value that oslo.config rejects is looked at as it is written.

use crate::catalog::code::{self, Use};
use crate::catalog::values::{self, Stage, ValueFact};
use crate::catalog::{self, Release};
use crate::nova::{Setting, Unusable, View, printed};
use crate::oslo::value::Value;

use super::Written;
use super::condition::Condition;

/// So many items are named; a list that has more has gone wrong as a whole.
pub const MOST: usize = 20;

/// Values of one option to which the same happened.
#[derive(Debug)]
pub struct Found {
    /// The option and what sets it.
    pub setting: Setting,
    /// What happened.
    pub stage: Stage,
    /// The items, in their order, each once; of very many the first [`MOST`].
    pub items: Vec<String>,
    /// What is known of them.
    pub fact: Option<&'static ValueFact>,
    /// How they name code, where they do and the release does not have it.
    pub code: Option<&'static Use>,
}

/// All that the release of `view` deprecates or does not have, by option; `written` is what it writes. What is not known is not there.
#[must_use]
pub fn found(view: &View<'_>, written: &Written) -> Vec<Found> {
    let mut found = Vec::new();
    if !view.release().is_complete() {
        return found;
    }
    let mut asked: Vec<(&str, &str)> = if written.is_by_environment() {
        options().collect()
    } else {
        let is_asked = |written: &(&str, &str)| options().any(|option| option == *written);
        written.options().filter(is_asked).collect()
    };
    asked.sort_unstable();
    asked.dedup();
    for (group, name) in asked {
        if let Some(facts) = catalog::option(group, name, view.release()) {
            of_option(view, &view.setting_of(facts), &mut found);
        }
    }
    found
}

/// Whether `release` does to some item of the option what is done to it in `to`.
#[must_use]
pub fn comes(view: &View<'_>, to: &Found) -> bool {
    let (group, name) = (to.setting.facts.group(), to.setting.facts.name());
    let Some(setting) = view.setting(group, name) else {
        return false;
    };
    let mut found = Vec::new();
    of_option(view, &setting, &mut found);
    let of_stage = found.iter().filter(|found| found.stage == to.stage);
    of_stage
        .flat_map(|found| &found.items)
        .any(|item| to.items.contains(item))
}

/// Every option that is worth asking about.
fn options() -> impl Iterator<Item = (&'static str, &'static str)> {
    let of_facts = values::all().iter().flat_map(|fact| fact.options).copied();
    code::options().chain(of_facts)
}

fn of_option(view: &View<'_>, setting: &Setting, found: &mut Vec<Found>) {
    let (group, name) = (setting.facts.group(), setting.facts.name());
    let uses: Vec<&'static Use> = code::of_option(group, name).collect();
    let mut groups: Vec<Found> = Vec::new();
    for item in items(view, setting, &uses) {
        let Some((stage, fact, code)) = verdict(view, (group, name), &uses, &item) else {
            continue;
        };
        let is_same = |known: &&mut Found| {
            known.stage == stage
                && known.fact.map(std::ptr::from_ref) == fact.map(std::ptr::from_ref)
                && known.code.map(std::ptr::from_ref) == code.map(std::ptr::from_ref)
        };
        match groups.iter_mut().find(is_same) {
            Some(known) if known.items.len() == MOST || known.items.contains(&item) => {}
            Some(known) => known.items.push(item),
            None => groups.push(Found {
                setting: setting.clone(),
                stage,
                items: vec![item],
                fact,
                code,
            }),
        }
    }
    found.append(&mut groups);
}

/// What of the effective value may be deprecated or gone: its items, or the schemes of URLs.
fn items(view: &View<'_>, setting: &Setting, uses: &[&'static Use]) -> Vec<String> {
    if !setting.is_set() {
        return Vec::new();
    }
    let texts = if setting.facts.is_multi() {
        view.texts(setting).unwrap_or_default()
    } else {
        match view.value(setting) {
            Ok(Value::List(items)) => items.iter().map(printed).collect(),
            Ok(value) => vec![printed(&value)],
            // Known values are worth a word of their own.
            Err(Unusable::Rejected(_)) => view.text(setting).ok().flatten().into_iter().collect(),
            Err(_) => Vec::new(),
        }
    };
    match uses {
        [known] => texts.iter().map(|text| known.named(text).to_owned()).collect(),
        _ => texts,
    }
}

type Verdict = (Stage, Option<&'static ValueFact>, Option<&'static Use>);

fn verdict(view: &View<'_>, option: (&str, &str), uses: &[&'static Use], item: &str) -> Option<Verdict> {
    let release = view.release();
    let of_option = |fact: &&ValueFact| fact.options.contains(&option);
    let mut facts = values::all().iter().filter(of_option);
    // The last word counts.
    let fact = facts.rfind(|fact| fact.is_about(item) && fact.stage(release).is_some() && holds(view, fact));
    let verdicts = uses
        .iter()
        .filter_map(|known| Some((*known, known.has(item, release)?)));
    let verdicts: Vec<_> = verdicts.collect();
    let is_there = verdicts.iter().any(|(_, has)| *has);
    let missing = verdicts.first().filter(|_| !is_there).map(|(known, _)| *known);
    match (fact, missing) {
        (fact, Some(code)) => Some((
            Stage::Gone,
            fact.filter(|fact| fact.stage(release) == Some(Stage::Gone)),
            Some(code),
        )),
        (Some(fact), None) => Some((fact.stage(release)?, Some(fact), None)),
        (None, None) => None,
    }
}

/// Whether the condition of a fact holds, where it has one.
fn holds(view: &View<'_>, fact: &ValueFact) -> bool {
    fact.when.is_empty() || Condition::holds(fact.when, view)
}

/// The first release after `from`, up to `to`, in which what was found in `to` comes; `None` where `from` has it already.
#[must_use]
pub fn first(view: &View<'_>, from: Release, to: &Found) -> Option<Release> {
    from.first_on_the_way(view.release(), |release| comes(&View::new(view.stack(), release), to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oslo::Document;
    use crate::oslo::stack::Stack;
    use crate::text::Source;

    fn stack(text: &str) -> Stack {
        Stack::of(Document::parse(Source::new("nova.conf", text.as_bytes().to_vec())))
    }

    #[test]
    fn every_condition_is_read_and_asks_for_options_of_some_release() {
        for fact in values::all().iter().filter(|fact| !fact.when.is_empty()) {
            let condition = Condition::parse(fact.when).unwrap_or_else(|error| panic!("{}: {error}", fact.when));
            for name in condition.options() {
                let is_there =
                    Release::all().any(|release| catalog::option(&name.group, &name.name, release).is_some());
                assert!(is_there, "{}", fact.when);
            }
        }
    }

    #[test]
    fn every_example_is_found_by_the_releases_of_its_fact_and_by_no_other() {
        for fact in values::all() {
            let stack = stack(fact.example);
            let mut times = 0;
            for release in Release::all().filter(|release| release.is_complete()) {
                let view = View::new(&stack, release);
                let found = found(&view, &Written::of(&view));
                let stages = found
                    .iter()
                    .filter(|found| found.fact.is_some_and(|known| std::ptr::eq(known, fact)));
                let stages: Vec<Stage> = stages.map(|found| found.stage).collect();
                let mut options = fact.options.iter();
                let is_option = options.any(|(group, name)| {
                    let setting = view.setting(group, name);
                    setting.is_some_and(|setting| setting.is_set())
                });
                let wanted: Vec<Stage> = fact.stage(release).filter(|_| is_option).into_iter().collect();
                assert_eq!(stages, wanted, "{:?} in {release}", fact.values);
                times += stages.len();
            }
            assert!(times > 0, "{:?} is never found", fact.values);
        }
    }

    #[test]
    fn code_that_nobody_has_is_found_without_a_fact_and_a_stranger_s_is_not() {
        let text = "[filter_scheduler]\nweight_classes = nova.scheduler.weights.ram.RAMWeigher,mine.Weigher,nova.scheduler.weights.ram.Ram\n";
        let stack = stack(text);
        let view = View::new(&stack, Release::NEWEST);
        let found = found(&view, &Written::of(&view));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].items, ["nova.scheduler.weights.ram.Ram"]);
        assert!(found[0].stage == Stage::Gone && found[0].fact.is_none() && found[0].code.is_some());
    }
}
