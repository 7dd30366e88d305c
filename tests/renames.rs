//! Names follow their options: what today's release reads from a file is what the next one reads from the mended file.
//!
//! Files are made up of the names that a release takes, current and old, in one or two files of a stack.

#[path = "oracle/random.rs"]
mod random;

use std::fmt::Write;

use novamend::catalog::{self, Fate, OptionFacts, Release, fate};
use novamend::fix::{Mended, Plan, Until, mend};
use novamend::lint::Settings;
use novamend::nova::View;
use novamend::nova::today::Today;
use novamend::oslo::Document;
use novamend::oslo::stack::{Layer, Origin, Stack};
use novamend::rules::RULES;
use novamend::text::Source;

use random::Random;

const FILES: usize = 120;

/// The names that `release` takes, each with its group: options' own and old ones.
fn names(release: Release) -> Vec<(String, String)> {
    let mut names = Vec::new();
    for option in catalog::options(release) {
        for (group, name) in option.lookup_names() {
            // What the live-migration rules do to their options is theirs to test.
            if !name.contains("migration") {
                names.push((group.to_string(), name.clone()));
            }
        }
    }
    names
}

/// A file of some names, options with several names preferred.
fn file(random: &mut Random, names: &[(String, String)], renamed: &[(String, String)]) -> String {
    let mut text = String::new();
    let mut written: Vec<&(String, String)> = Vec::new();
    for _ in 0..=random.below(14) {
        let name = if renamed.is_empty() || random.once_in(3) {
            random.one(names)
        } else {
            random.one(renamed)
        };
        written.push(name);
    }
    for (number, (group, name)) in written.iter().enumerate() {
        if number == 0 || random.once_in(2) || written[number - 1].0 != *group {
            writeln!(text, "[{group}]").expect("a String takes it");
        }
        let value = match random.below(10) {
            0 => format!("x{number}\n  and more"),
            1 => format!("${{{}}}", random.one(&written).1),
            2 => format!("${{{}.{}}}", random.one(&written).0, random.one(&written).1),
            _ => format!("value {}", random.below(1000)),
        };
        writeln!(text, "{name} = {value}").expect("a String takes it");
    }
    text
}

fn stack(texts: &[String]) -> Stack {
    let layers = texts.iter().enumerate().map(|(number, text)| Layer {
        document: Document::parse(Source::new(format!("{number}.conf"), text.as_bytes().to_vec())).into(),
        origin: Origin::Named,
    });
    Stack::new(layers.collect(), Vec::new())
}

fn mended(stack: &Stack, from: Release, to: Release) -> Mended {
    let settings = Settings::default();
    let today = Today::said(from);
    let plan = Plan {
        rules: RULES,
        today: &today,
        to,
        settings: &settings,
        unsafe_fixes: false,
        until: Until::Upgrade,
    };
    mend(stack, &plan)
}

/// The option of `to` that `old` is; `None` where there are several.
fn fate_of(old: OptionFacts, to: Release) -> Option<OptionFacts> {
    let new = match fate(old.group(), old.name(), to) {
        Fate::Known(new) => return Some(new),
        Fate::Old(new) => new,
        Fate::Gone(gone) => gone.successors,
        Fate::Later(_) | Fate::Unknown => return None,
    };
    let [new] = new[..] else { return None };
    Some(new)
}

/// The option of `to` that `old` of `from` is; `None` also where `from` has it already as another.
fn counterpart(old: OptionFacts, from: Release, to: Release) -> Option<OptionFacts> {
    let new = fate_of(old, to)?;
    let is_same = (new.group(), new.name()) == (old.group(), old.name());
    (is_same || catalog::option(new.group(), new.name(), from).is_none()).then_some(new)
}

fn texts(stack: &Stack) -> Vec<String> {
    let layers = stack.layers().iter();
    layers
        .map(|layer| String::from_utf8_lossy(layer.document.source().bytes()).into_owned())
        .collect()
}

#[test]
fn what_a_release_reads_the_next_one_reads_from_the_mended_file() {
    let mut random = Random::new(20_261_124);
    let complete: Vec<Release> = Release::all().filter(|release| release.is_complete()).collect();
    let (mut compared, mut renamed_values) = (0, 0);
    for _ in 0..FILES {
        let from = *random.one(&complete[..complete.len() - 1]);
        let later: Vec<Release> = complete.iter().copied().filter(|release| *release > from).collect();
        let to = *random.one(&later);
        let names = names(from);
        let is_moved = |(group, name): &&(String, String)| !matches!(fate(group, name, to), Fate::Known(_));
        let renamed: Vec<(String, String)> = names.iter().filter(is_moved).cloned().collect();
        let files: Vec<String> = (0..=random.below(2))
            .map(|_| file(&mut random, &names, &renamed))
            .collect();
        let before = stack(&files);
        let outcome = mended(&before, from, to);
        let context = || {
            format!(
                "{from} to {to}\n{}\n==>\n{}",
                files.join("---\n"),
                texts(&outcome.stack).join("---\n")
            )
        };
        assert!(outcome.refused.is_empty(), "{:?}\n{}", outcome.refused, context());

        let (old, new) = (View::new(&before, from), View::new(&outcome.stack, to));
        for option in catalog::options(from) {
            let setting = old.setting_of(option);
            let Some(counterpart) = counterpart(option, from, to).filter(|_| setting.is_set()) else {
                continue;
            };
            // A value that today's release cannot read, or one that refers to something gone, has nothing to keep.
            let (Ok(was), now) = (old.texts(&setting), new.texts(&new.setting_of(counterpart))) else {
                continue;
            };
            let refers = setting
                .found
                .effective
                .iter()
                .any(|site| before.value(*site).contains('$'));
            if refers && now.is_err() {
                continue;
            }
            // What is left is unsafe or only shown: a reference that leads nowhere today, two options of one name.
            let is_ours = |id: &str| matches!(id, "dropped-alias" | "moved-option" | "renamed-option");
            let mut left = outcome.findings.iter().filter(|finding| is_ours(finding.rule.id));
            let is_left = left.any(|finding| finding.message.contains(&counterpart.title()));
            if is_left || (refers && now.as_ref().ok() != Some(&was)) {
                continue;
            }
            let merges = catalog::options(from).filter(|other| {
                old.setting_of(*other).is_set()
                    && fate_of(*other, to).is_some_and(|now| now.title() == counterpart.title())
            });
            if merges.count() > 1 {
                // Two options become one: one of two values counts.
                continue;
            }
            compared += 1;
            renamed_values += usize::from(option.title() != counterpart.title());
            assert_eq!(
                now,
                Ok(was),
                "{} is {}\n{}",
                option.title(),
                counterpart.title(),
                context()
            );
        }
        let again = mended(&outcome.stack, from, to);
        assert_eq!(
            texts(&again.stack),
            texts(&outcome.stack),
            "mending again changes something\n{}",
            context()
        );
    }
    eprintln!("{FILES} stacks, {compared} values compared, {renamed_values} of them under a new name");
    assert!(renamed_values > FILES / 10, "hardly any name changed");
}
