//! Values that oslo.config rejects for the type the release to come gives an option: nova stops, or fails at first use.
//!
//! The timeout action and negative timeouts have rules of their own; a reference that leads nowhere is not a value yet.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use crate::catalog::{self, Fate, OptionFacts, Release, spelling};
use crate::lint::{Announced, Context, Effect, Finding, Fix, NamedUse, Rule, Safety, Severity, hops};
use crate::nova::{Setting, View};
use crate::oslo::stack::Site;
use crate::oslo::value::{self, ValueError};
use crate::redact;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "invalid-value",
    severity: Severity::Error,
    effect: Effect::StopsService,
    summary: "a value that the release rejects",
    doc: include_str!("../../../docs/rules/invalid-value.md"),
    check,
    yields_to: super::REJECTED,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut told = HashSet::new();
    // Looked up once per option: a file may say the same thing a hundred thousand times.
    let mut effective: HashMap<(&str, &str), Effective, RandomState> = HashMap::default();
    for seen in context.named_uses() {
        let options: &[OptionFacts] = match &seen.fate {
            Fate::Known(option) => std::slice::from_ref(option),
            Fate::Old(options) => options,
            _ => continue,
        };
        for option in options {
            let effective = effective
                .entry((option.group(), option.name()))
                .or_insert_with(|| Effective::of(&context.to.setting_of(*option)));
            if effective.contains(seen.site)
                && let Some(error) = rejected(&context.to, *option, seen.site)
                && told.insert(seen.site)
            {
                findings.push(report(context, seen, *option, &error));
            }
        }
    }
}

/// The sites whose values count of one option.
enum Effective {
    /// Of nearly every one at most one.
    One(Option<Site>),
    Many(HashSet<Site>),
}

impl Effective {
    fn of(setting: &Setting) -> Self {
        match &setting.found.effective[..] {
            [] => Self::One(None),
            [site] => Self::One(Some(*site)),
            sites => Self::Many(sites.iter().copied().collect()),
        }
    }

    fn contains(&self, site: Site) -> bool {
        match self {
            Self::One(one) => *one == Some(site),
            Self::Many(sites) => sites.contains(&site),
        }
    }
}

/// Why the release of `view` rejects the value at `site`; `None` where it takes it, or a host decides.
fn rejected(view: &View<'_>, option: OptionFacts, site: Site) -> Option<ValueError> {
    let raw = view.stack().value(site);
    if view.stack().is_unknown(site) || view.depends_on_host(option.group(), &raw) {
        return None;
    }
    let text = view.expanded(option.group(), &raw).ok()?;
    value::check(option.option_type(), &text, view.profile()).err()
}

fn report(context: &Context<'_>, seen: &NamedUse<'_>, option: OptionFacts, error: &ValueError) -> Finding {
    let (from, to) = (context.from.release(), context.to.release());
    let since = since(context, option, seen.site);
    let message = format!("{} rejects the value of `{}`: {error}", to.short(), option.title());
    let step = hops::beginning(from, to, since);
    let why = match (since, step.hop) {
        (Some(release), Some((start, end))) => format!(
            "accepted until now; rejected from {} on, with the hop from {} to {}",
            release.short(),
            start.short(),
            end.short()
        ),
        _ => format!(
            "{} rejects it too: nova fails when it first uses the option",
            from.short()
        ),
    };
    let location = match seen.site {
        Site::File(place) => context.value_location(place),
        site @ Site::Environment(_) => context.site_location(site),
    };
    let finding = Finding::new(&RULE, location, message).with_reason(why);
    finding
        .with_help(help(error))
        .with_fix(choice_fix(context, seen, option, error))
        .with_hop(step)
}

/// The first release on the way that rejects the value; `None` where today's does already.
fn since(context: &Context<'_>, option: OptionFacts, site: Site) -> Option<Release> {
    let (from, to) = (context.from.release(), context.to.release());
    from.first_on_the_way(to, |release| {
        let facts = catalog::option(option.group(), option.name(), release);
        facts.is_some_and(|facts| rejected(&View::new(context.stack, release), facts, site).is_some())
    })
}

fn help(error: &ValueError) -> String {
    match error {
        ValueError::Choice(choices) => format!("write one of `{}`", choices.join("`, `")),
        ValueError::BelowMin(least) => format!("write {least} or more"),
        ValueError::AboveMax(most) => format!("write {most} or less"),
        ValueError::Bool => "write `true` or `false`".to_owned(),
        _ => "write a valid value, or remove the line to use the default".to_owned(),
    }
}

/// A choice that differs by case, hyphens or outer space only is plainly what was meant.
fn choice_fix(context: &Context<'_>, seen: &NamedUse<'_>, option: OptionFacts, error: &ValueError) -> Option<Fix> {
    let (Site::File(place), ValueError::Choice(choices)) = (seen.site, error) else {
        return None;
    };
    let value = context.stack.value(seen.site);
    if redact::is_secret_at(context.stack, place) || value.contains('$') {
        return None;
    }
    let meant = spelling::choice_meant(&value, choices)?;
    Some(Fix {
        title: format!("write `{} = {meant}`", seen.key),
        safety: Safety::Unsafe,
        edits: vec![context.replacement_of(place, meant)],
        announces: vec![context.name_at(place), Announced::new(option.group(), option.name())],
    })
}
