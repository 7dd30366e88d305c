//! Names follow their options: what today's release reads from a file is what the next one reads from the fixed file.
//!
//! Files are made up of the names that a release takes, current and old, in one or two files of a stack.

#[path = "oracle/random.rs"]
mod random;

use std::collections::BTreeMap;
use std::fmt::Write;

use novamend::catalog::{self, Fate, OptionFacts, Release, fate};
use novamend::fix::{FixPlan, FixedStack, Until, fix_stack};
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

fn fixed(stack: &Stack, from: Release, to: Release) -> FixedStack {
    let settings = Settings::default();
    let today = Today::said(from);
    let plan = FixPlan {
        rules: RULES,
        today: &today,
        to,
        settings: &settings,
        unsafe_fixes: false,
        until: Until::Upgrade,
    };
    fix_stack(stack, &plan)
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

/// How a value before the upgrade and after it compare.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Alike,
    Differs(String),
    /// Today's release cannot read it: there is nothing to keep.
    Unreadable,
    /// It refers to what is gone or read otherwise in the next release.
    Refers,
    /// The fix leaves the line as it is and a finding says so.
    Left,
    /// Two options become one: one of two values counts.
    Merged,
    /// Its old name is another option's, too: a line can follow only one of the two.
    Shared,
}

/// One upgrade of a stack.
struct Stacks<'a> {
    before: &'a Stack,
    fixed: &'a FixedStack,
    from: Release,
    to: Release,
}

impl Stacks<'_> {
    /// How `option` of the release before compares with what it is in the next one; `None` where it is not set.
    fn compare(&self, option: OptionFacts, counterpart: OptionFacts) -> Option<Verdict> {
        let (old, new) = (View::new(self.before, self.from), View::new(&self.fixed.stack, self.to));
        let setting = old.setting_of(option);
        if !setting.is_set() {
            return None;
        }
        let Ok(was) = old.texts(&setting) else {
            return Some(Verdict::Unreadable);
        };
        let now = new.texts(&new.setting_of(counterpart));
        if now.as_ref() == Ok(&was) {
            return Some(Verdict::Alike);
        }
        let mut sites = setting.found.effective.iter();
        Some(if sites.any(|site| self.before.value(*site).contains('$')) {
            Verdict::Refers
        } else if self.is_left(option, counterpart, &was) {
            Verdict::Left
        } else if self.is_merged(&old, counterpart) {
            Verdict::Merged
        } else if self.is_shared(option) {
            Verdict::Shared
        } else {
            Verdict::Differs(format!("{was:?} is {now:?}"))
        })
    }

    /// Whether today's release reads the same as before from the fixed stack, and a finding names the option.
    fn is_left(&self, option: OptionFacts, counterpart: OptionFacts, was: &[String]) -> bool {
        let still = View::new(&self.fixed.stack, self.from);
        let reads = still.texts(&still.setting_of(option));
        let titles = [option.title(), counterpart.title()];
        let mut findings = self.fixed.findings.iter();
        reads.is_ok_and(|reads| reads == was)
            && findings.any(|finding| titles.iter().any(|title| finding.message.contains(title)))
    }

    /// Whether an old name of the option is one of another option, too.
    fn is_shared(&self, option: OptionFacts) -> bool {
        let names = option.lookup_names();
        let mut others = catalog::options(self.from).filter(|other| other.title() != option.title());
        others.any(|other| other.lookup_names().iter().any(|name| names.contains(name)))
    }

    fn is_merged(&self, old: &View<'_>, counterpart: OptionFacts) -> bool {
        let merges = catalog::options(self.from).filter(|other| {
            old.setting_of(*other).is_set()
                && fate_of(*other, self.to).is_some_and(|now| now.title() == counterpart.title())
        });
        merges.count() > 1
    }
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
    let mut tally: BTreeMap<(Verdict, bool), usize> = BTreeMap::new();
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
        let outcome = fixed(&before, from, to);
        let context = || {
            format!(
                "{from} to {to}\n{}\n==>\n{}",
                files.join("---\n"),
                texts(&outcome.stack).join("---\n")
            )
        };
        assert!(outcome.refused.is_empty(), "{:?}\n{}", outcome.refused, context());

        let stacks = Stacks {
            before: &before,
            fixed: &outcome,
            from,
            to,
        };
        for option in catalog::options(from) {
            let Some(counterpart) = counterpart(option, from, to) else {
                continue;
            };
            let verdict = stacks.compare(option, counterpart);
            if let Some(Verdict::Differs(how)) = &verdict {
                panic!("{} is {}: {how}\n{}", option.title(), counterpart.title(), context());
            }
            let is_renamed = option.title() != counterpart.title();
            if let Some(verdict) = verdict {
                *tally.entry((verdict, is_renamed)).or_default() += 1;
            }
        }
        let again = fixed(&outcome.stack, from, to);
        assert_eq!(
            texts(&again.stack),
            texts(&outcome.stack),
            "fixing again changes something\n{}",
            context()
        );
    }
    let of = |wanted: &dyn Fn(&Verdict, bool) -> bool| -> usize {
        let counted = tally
            .iter()
            .filter(|((verdict, is_renamed), _)| wanted(verdict, *is_renamed));
        counted.map(|(_, count)| count).sum()
    };
    eprintln!("{FILES} stacks, {tally:?} (true: under a new name)");
    let is_alike = |verdict: &Verdict| *verdict == Verdict::Alike;
    assert!(
        of(&|verdict, is_renamed| is_alike(verdict) && is_renamed) > FILES / 10,
        "hardly any name changed: {tally:?}"
    );
    let all = of(&|_, _| true);
    assert!(
        of(&|verdict, _| is_alike(verdict)) * 2 > all,
        "hardly anything was compared: {tally:?}"
    );
    // nothing that is passed by may hide the rest
    for reason in [
        Verdict::Unreadable,
        Verdict::Refers,
        Verdict::Left,
        Verdict::Merged,
        Verdict::Shared,
    ] {
        assert!(
            of(&|verdict, _| *verdict == reason) * 4 < all,
            "too much is passed by as {reason:?}: {tally:?}"
        );
    }
}
