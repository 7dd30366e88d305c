//! Lines that the releases of `--valid-in` do not read alike: a file that serves several of them at once cannot hold them.
//!
//! Compared is what each comes to read of the option, by whatever name: two lines, each for one of the releases, are as good as
//! one for both.

use crate::catalog::{self, Fate, OptionFacts};
use crate::lint::{Context, Effect, Finding, Rule, Severity};
use crate::nova::{Setting, Unusable, View, printed};
use crate::oslo::stack::{AssignmentId, Site};
use crate::redact;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "read-differently",
    severity: Severity::Error,
    effect: Effect::MeansOther,
    summary: "a line that the releases of `--valid-in` do not read alike",
    doc: include_str!("../../../docs/rules/read-differently.md"),
    check,
    yields_to: &[],
};

/// What a release makes of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reading {
    /// The release has no such option, and nothing else sets what took its place.
    Ignored,
    /// The first use of the value fails.
    Refused,
    /// A template fills it in.
    NotKnown,
    /// What the release comes to read, of this line or another.
    Value(String),
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let releases = &context.settings.valid_in;
    // All of them are compared at once: with the first two is enough.
    if releases.len() < 2 || context.from.release() != releases[0] {
        return;
    }
    let views: Vec<View<'_>> = releases
        .iter()
        .map(|release| View::new(context.stack, *release))
        .collect();
    for place in context.stack.places() {
        if context.stack.assignment(place).section().is_none() {
            continue;
        }
        let read: Vec<(Reading, bool)> = views.iter().map(|view| reading(view, place)).collect();
        let is_alike = read.windows(2).all(|pair| pair[0].0 == pair[1].0);
        let takes_effect = read.iter().any(|(_, takes_effect)| *takes_effect);
        let is_known = !read.iter().any(|(reading, _)| *reading == Reading::NotKnown);
        if !is_alike && takes_effect && is_known {
            findings.push(report(context, place, &views, &read));
        }
    }
}

/// What the release of `view` makes of the line at `place`, and whether the line itself takes effect.
fn reading(view: &View<'_>, place: AssignmentId) -> (Reading, bool) {
    if let Some(named) = view.option_at(place) {
        let setting = view.setting_of(named.option);
        let takes_effect = setting.found.effective.contains(&Site::File(place));
        return (of_setting(view, &setting), takes_effect);
    }
    let stack = view.stack();
    let counterparts: Vec<OptionFacts> =
        match catalog::known(stack.group(place), &stack.key(place)).fate(view.release()) {
            Fate::Gone(gone) => gone.successors,
            Fate::Later(first) => older_names(view, place, first),
            Fate::Known(_) | Fate::Old(_) | Fate::Unknown => Vec::new(),
        };
    let mut set = counterparts.into_iter().map(|option| view.setting_of(option));
    let set = set.find(Setting::is_set);
    (
        set.map_or(Reading::Ignored, |setting| of_setting(view, &setting)),
        false,
    )
}

/// The options of an older release that the line at `place`, which the release `first` is the first to read, has taken the place of.
fn older_names(view: &View<'_>, place: AssignmentId, first: catalog::Release) -> Vec<OptionFacts> {
    let Some(named) = View::new(view.stack(), first).option_at(place) else {
        return Vec::new();
    };
    let known_as = named.option.lookup_names().iter();
    let older = known_as.filter_map(|(group, name)| catalog::option(group, name, view.release()));
    older.collect()
}

fn of_setting(view: &View<'_>, setting: &Setting) -> Reading {
    let value = if setting.facts.is_multi() {
        view.texts(setting).map(|texts| texts.join(", "))
    } else {
        view.value(setting).map(|value| printed(&value))
    };
    match value {
        Ok(value) => Reading::Value(value),
        Err(Unusable::Template) => Reading::NotKnown,
        Err(_) => Reading::Refused,
    }
}

fn report(context: &Context<'_>, place: AssignmentId, views: &[View<'_>], read: &[(Reading, bool)]) -> Finding {
    let stack = context.stack;
    let (group, key) = (stack.group(place), stack.key(place));
    let words = views.iter().zip(read).map(|(view, (reading, _))| {
        let release = view.release().short();
        match reading {
            Reading::Ignored => format!("{release} ignores it"),
            Reading::Refused | Reading::NotKnown => format!("{release} refuses its value"),
            Reading::Value(value) => format!("{release} reads `{}`", redact::shown(&key, value)),
        }
    });
    let words: Vec<String> = words.collect();
    let message = format!("`[{group}] {key}` is not read alike: {}", words.join(", "));
    let is_ignored = read.iter().any(|(reading, _)| *reading == Reading::Ignored);
    let help = if is_ignored {
        "where the releases have it under different names, set each of them to the same value; else what it says must be left \
         to the defaults, or the file be another one for each release"
    } else {
        "write a value, and by names, that all of them read alike"
    };
    Finding::new(&RULE, context.location(place), message)
        .with_reason("services of these releases run from the same file and do different things")
        .with_help(help)
}
