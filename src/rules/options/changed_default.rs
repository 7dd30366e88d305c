//! Options that nothing sets and whose default changes on the way: nova does something else with the same file.
//!
//! The few that may break something are warnings; what the file sets is not touched by a default.

use std::collections::HashSet;

use foldhash::fast::RandomState;

use super::defaults::{shown, written};
use crate::catalog::moves::{self, NewDefault};
use crate::catalog::{self, ChangedDefault, OptionFacts, Release};
use crate::lint::{Announced, Context, Effect, Finding, Location, NamedUse, Rule, Severity, hops};
use crate::nova::migration::settings::{ACTION, BLOCK_FLAGS, FLAGS, LIBVIRT, PREFIX, PROGRESS_TIMEOUT};
use crate::nova::start::concerns;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "changed-default",
    severity: Severity::Info,
    effect: Effect::MeansOther,
    summary: "a default that changes under a file that does not set the option",
    doc: include_str!("../../../docs/rules/changed-default.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let (from, to) = (context.from.release(), context.to.release());
    if from == to || !from.is_complete() {
        return;
    }
    let names = context.named_uses().iter().filter(|seen| !is_migration_alone(seen));
    let mut groups: Vec<&str> = names.map(|seen| &*seen.group).collect();
    // Names come section by section.
    groups.dedup();
    let groups: HashSet<&str, RandomState> = groups.into_iter().collect();
    let widened = Widened::of(context);
    let matters = |new: OptionFacts| widened.concerns(new).unwrap_or_else(|| groups.contains(new.group()));
    for changed in catalog::changed_defaults(from, to, matters) {
        let (old, new) = (changed.old, changed.new);
        let is_idle = changed.known.is_some_and(|known| known.why.is_empty());
        let is_set = || {
            let is_set_today = context.from.setting_of(old).is_set();
            is_set_today || (changed.gone.is_none() && context.to.setting_of(new).is_set())
        };
        let is_read = context.settings.programs.may_read(new.group());
        if !is_idle && is_read && !is_set() {
            findings.push(report(context, &changed));
        }
    }
}

/// The changes of the upgrade of which it is known which files they concern, and whether these are such.
struct Widened(Vec<(&'static NewDefault, bool)>);

impl Widened {
    fn of(context: &Context<'_>) -> Self {
        let is_whole = is_whole(context);
        let facts = moves::moves().defaults.iter().rev();
        let facts = facts.filter(|fact| context.crosses(fact.release));
        let judged = facts.filter_map(|fact| {
            if !fact.when.is_empty() {
                return Some((fact, concerns::meets(context.stack, fact.release, fact.when)));
            }
            (fact.is_grave && is_whole).then_some((fact, true))
        });
        Self(judged.collect())
    }

    /// Whether the change of `option` concerns the files; `None` where their groups decide.
    fn concerns(&self, option: OptionFacts) -> Option<bool> {
        let mut facts = self.0.iter();
        let found = facts.find(|(fact, _)| fact.name == option.name() && fact.group == option.group());
        found.map(|(_, concerns)| *concerns)
    }
}

/// Whether the name is one that a file about live migration alone holds: it does not show that the rest of the section
/// matters to whoever wrote it.
fn is_migration_alone(seen: &NamedUse<'_>) -> bool {
    let is_misplaced = seen.key.starts_with(PREFIX) && seen.group != LIBVIRT;
    let names = [ACTION, PROGRESS_TIMEOUT, FLAGS, BLOCK_FLAGS];
    is_misplaced || names.contains(&&*seen.key)
}

/// Whether the files look like all that a nova service reads, and not like a part of it.
fn is_whole(context: &Context<'_>) -> bool {
    let is_set = |(group, name)| context.to.setting(group, name).is_some_and(|setting| setting.is_set());
    let whole = [
        ("DEFAULT", "transport_url"),
        ("database", "connection"),
        ("api_database", "connection"),
    ];
    whole.into_iter().any(is_set)
}

fn report(context: &Context<'_>, changed: &ChangedDefault) -> Finding {
    let &ChangedDefault { old, new, gone, known } = changed;
    let (from, to) = (context.from.release(), context.to.release());
    let first = first_with(old, new, from, gone.and_then(Release::previous).unwrap_or(to));
    let (was, is) = (shown(old), shown(new));
    let values = match (was, is) {
        (Some(was), Some(is)) => format!("from {was} to {is}"),
        _ => format!("(`novamend option {}.{}` shows both)", new.group(), new.name()),
    };
    let end = gone.map_or_else(String::new, |gone| {
        format!(", and {} no longer has the option", gone.short())
    });
    let message = format!(
        "the default of `{}` changes in {} {values}{end}",
        new.title(),
        first.short()
    );
    let step = hops::beginning(from, to, Some(first));
    let why = match known {
        Some(known) => known.why.to_owned(),
        None => format!("nothing sets it, so nova will use the new default{}", step.place()),
    };
    let severity = if known.is_some_and(|known| known.is_grave) {
        Severity::Warning
    } else {
        Severity::Info
    };
    Finding::new(&RULE, Location::Stack, message)
        .about_option(Announced::new(new.group(), new.name()))
        .with_severity(severity)
        .with_reason(why)
        .with_help(help(changed))
        .with_hop(step)
}

fn help(changed: &ChangedDefault) -> String {
    if let Some(gone) = changed.gone {
        return format!(
            "be ready for the new default before the upgrade: from {} on nothing brings back the old one",
            gone.short()
        );
    }
    match changed.old.default_text() {
        Some(_) => format!(
            "to keep the old default, write {} into `[{}]` before the upgrade",
            written(changed.old),
            changed.old.group()
        ),
        None => "set it before the upgrade if the new default does not suit you".to_owned(),
    }
}

/// The release from which on the default is the new one.
fn first_with(old: OptionFacts, new: OptionFacts, from: Release, to: Release) -> Release {
    let on_the_way = from.on_the_way(to).rev();
    let is_new = |release: &Release| {
        let there = catalog::option(old.group(), old.name(), *release);
        there.is_some_and(|facts| catalog::is_same_default(facts, new))
    };
    on_the_way.take_while(is_new).last().unwrap_or(to)
}
