//! A live-migration option in a section where nova does not look for it.
//!
//! Section names that only look right (`[ libvirt ]`, `[default]`) are for another rule, and so are the migration flags
//! of Mitaka, see [`super::removed_migration_flags`], and several options in a row that another group alone has.

use std::collections::BTreeMap;

use crate::catalog;
use crate::lint::{AssignmentId, Context, Effect, Finding, Fix, Rule, Safety, Severity, Yields};
use crate::nova::Setting;
use crate::nova::migration::settings::{ACTION, LIBVIRT, PREFIX};
use crate::oslo::stack::{Site, Stack};
use crate::oslo::value;
use crate::redact;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "option-in-wrong-section",
    severity: Severity::Warning,
    effect: Effect::Ignored,
    summary: "a live-migration option in a section where nova does not look for it",
    doc: include_str!("../../../docs/rules/option-in-wrong-section.md"),
    check,
    yields_to: &[Yields::Line("removed-migration-flags")],
};

/// The groups that have such options.
const HOMES: [&str; 3] = [LIBVIRT, "DEFAULT", "compute"];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let in_blocks = context.lines_of_blocks();
    let mut misplaced: BTreeMap<(&str, String), Vec<AssignmentId>> = BTreeMap::new();
    for place in context.stack.places().filter(|&place| has_prefix(context.stack, place)) {
        if let Some(home) = home_of(context, place).filter(|_| !in_blocks.contains(&place)) {
            let key = context.stack.key(place).into_owned();
            misplaced.entry((home, key)).or_default().push(place);
        }
    }
    for ((home, key), places) in &misplaced {
        report(context, (home, key), places, findings);
    }
}

fn has_prefix(stack: &Stack, place: AssignmentId) -> bool {
    stack.key(place).starts_with(PREFIX)
}

/// The group that the option at `place` belongs in, if it does not stand there and no release in question reads it.
fn home_of(context: &Context<'_>, place: AssignmentId) -> Option<&'static str> {
    let (group, key) = (context.stack.group(place), context.stack.key(place));
    let home = HOMES.into_iter().find(|home| !catalog::life(home, &key).is_empty())?;
    let is_read =
        context.may_read_today(group, &key) || catalog::by_any_name(group, &key, context.to.release()).is_some();
    let looks_right = group == home || catalog::spelling::group_meant(group).as_deref() == Some(home);
    (!is_read && !looks_right && is_plausible(group)).then_some(home)
}

/// Whether a section is one that a person who configures nova would put it in.
fn is_plausible(group: &str) -> bool {
    let lower = group.to_lowercase();
    let words = ["libvirt", "nova", "compute", "migration", "default"];
    catalog::is_group_known(group) || words.iter().any(|word| lower.contains(word))
}

fn report(context: &Context<'_>, (home, key): (&str, &str), places: &[AssignmentId], findings: &mut Vec<Finding>) {
    let Some((&last, others)) = places.split_last() else {
        return;
    };
    let to = context.to.release();
    let setting = context.to.setting(home, key);
    let (help, fix) = match &setting {
        Some(setting) => {
            let fix = moved(context, setting, places);
            let title = fix.as_ref().map(|fix| fix.title.clone());
            (title.unwrap_or_else(|| format!("move it to `[{home}]`")), fix)
        }
        None if catalog::life(home, key).iter().any(|facts| facts.since() > to) => (
            format!("move it to `[{home}]`; {} does not know it there either", to.short()),
            None,
        ),
        None => {
            let title = format!("remove `{key}`: {} does not know it even in `[{home}]`", to.short());
            (title.clone(), Some(context.removal_of_all(title, Safety::Safe, places)))
        }
    };
    for &place in others {
        let help = format!("see the last one, at {}", context.address(last));
        findings.push(finding(context, place, (home, key), setting.as_ref()).with_help(help));
    }
    let last = finding(context, last, (home, key), setting.as_ref());
    findings.push(last.with_help(help).with_fix(fix));
}

fn finding(
    context: &Context<'_>,
    place: AssignmentId,
    (home, key): (&str, &str),
    setting: Option<&Setting>,
) -> Finding {
    let document = context.stack.document(place);
    let section = document.section_name(context.stack.assignment(place));
    let message = format!("nova ignores `{key}` in `[{section}]`; it belongs in `[{home}]`");
    let finding = Finding::new(&RULE, context.location(place), message);
    let Some(setting) = setting else {
        return finding;
    };
    let text = context.to.text(setting).ok().flatten().unwrap_or_default();
    let shown = redact::shown(key, &text);
    match setting.winner() {
        Some(winner) => finding
            .with_reason(format!("nova silently ignores it and uses `[{home}]`: `{shown}`"))
            .with_related(context.site_location(winner), "this one takes effect"),
        None if text.is_empty() => finding.with_reason("nova silently ignores it, as if it were not set"),
        None => finding.with_reason(format!("nova silently ignores it and uses the default, `{shown}`")),
    }
}

/// Takes the value of the last of `places` to the option's own group and removes them all.
fn moved(context: &Context<'_>, setting: &Setting, places: &[AssignmentId]) -> Option<Fix> {
    let (stack, &last) = (context.stack, places.last()?);
    let (home, key) = (setting.facts.group(), setting.facts.name());
    let value = stack.value(Site::File(last));
    let is_unanimous = places.iter().all(|&place| stack.value(Site::File(place)) == value);
    if is_unanimous && setting.winner().is_some_and(|winner| stack.value(winner) == value) {
        let title = format!("remove `{key}`: `[{home}]` sets the same");
        return Some(context.removal_of_all(title, Safety::Safe, places));
    }
    // A written action keeps other rules from writing one, even where it is the default.
    let is_safe = is_unanimous && key != ACTION && context.is_in_force(setting, &value);
    let (title, safety) = match objection(context, setting, &value, is_unanimous) {
        _ if is_safe => (
            format!("move `{key}` to `[{home}]`, whose default is the same"),
            Safety::Safe,
        ),
        Some(objection) => (format!("move `{key}` to `[{home}]`, {objection}"), Safety::Unsafe),
        None => (
            format!("move `{key}` to `[{home}]`, where it takes effect"),
            Safety::Unsafe,
        ),
    };
    context.moving(title, safety, places, setting)
}

/// What makes it a risk to let `value` count.
fn objection(context: &Context<'_>, setting: &Setting, value: &str, is_unanimous: bool) -> Option<&'static str> {
    let facts = setting.facts;
    let text = context.to.expanded(facts.group(), value);
    let coming = context.coming_action().filter(|_| facts.name() == ACTION);
    if setting.is_set() {
        Some("replacing another value")
    } else if !is_unanimous {
        Some("the last of several that differ")
    } else if text.is_ok_and(|text| value::check(facts.option_type(), &text, context.to.profile()).is_ok()) {
        let contradicts = coming.is_some_and(|action| action.as_str() != value);
        contradicts.then_some("against the action that keeps what the old settings meant")
    } else {
        Some("though nova rejects the value")
    }
}
