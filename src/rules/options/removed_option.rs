//! Options that a release no longer has, and that nothing took the place of under another name.
//!
//! Names with a successor are for `dropped-alias`; the old live-migration options have rules of their own.

use crate::catalog::libraries;
use crate::catalog::moves::{self, Outgoing};
use crate::catalog::readers;
use crate::catalog::{Fate, OptionFacts, Release};
use crate::lint::{Announced, Context, EditWindow, Effect, Finding, NamedUse, Rule, Safety, Severity, Step, hops};
use crate::oslo::stack::Site;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "removed-option",
    severity: Severity::Warning,
    effect: Effect::Ignored,
    summary: "an option that the release no longer has",
    doc: include_str!("../../../docs/rules/removed-option.md"),
    check,
    yields_to: super::MIGRATION,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.to.release().is_complete() {
        return;
    }
    for seen in context.named_uses().iter().filter(|seen| seen.outside.is_none()) {
        match &seen.fate {
            Fate::Gone(gone) if gone.successors.is_empty() => {
                findings.push(report(context, seen, Some((gone.last, gone.release))));
            }
            Fate::Unknown if early(seen).is_some() => findings.push(report(context, seen, None)),
            _ => {}
        }
    }
}

/// What is known of an option that went before the first complete list.
fn early(seen: &NamedUse<'_>) -> Option<&'static Outgoing> {
    let known = moves::has_early(&seen.group).then(|| moves::gone(&seen.group, &seen.key))?;
    known.filter(|entry| entry.is_early)
}

fn report(context: &Context<'_>, seen: &NamedUse<'_>, gone: Option<(OptionFacts, Release)>) -> Finding {
    let (from, to) = (context.from.release(), context.to.release());
    let known = moves::gone(&seen.group, &seen.key);
    let title = format!("`{}`", seen.title());
    let message = match gone {
        Some((_, release)) if release == to && from < to => format!("{title} was removed in {}", to.short()),
        Some((_, release)) => format!("{title} was removed in {}; {} ignores it", release.short(), to.short()),
        None => format!(
            "{title} was removed before {}; {} ignores it",
            Release::FIRST_COMPLETE.short(),
            to.short()
        ),
    };
    let step = hops::beginning(from, to, gone.map(|(_, release)| release));
    let step = match step.hop {
        Some((_, end)) => Step {
            edited: EditWindow::With(end),
            ..step
        },
        None => step,
    };
    let help = help(context, seen, known, step);
    Finding::new(&RULE, context.site_location(seen.site), message)
        .with_reason(why(gone, known, step))
        .with_help(help)
        .with_fix(fix(context, seen, known))
        .with_hop(step)
}

fn why(gone: Option<(OptionFacts, Release)>, known: Option<&Outgoing>, step: Step) -> String {
    let mut words = Vec::new();
    if let Some((last, release)) = gone {
        let place = step.place();
        if !place.is_empty() {
            words.push(format!("nova stops reading it{place}"));
        }
        match last.deprecated_since() {
            Some(since) if last.is_deprecated_for_removal() => words.push(format!(
                "it was deprecated for removal in \
                                                                                   {since}"
            )),
            _ if last.is_deprecated_for_removal() => words.push("it was deprecated for removal before".to_owned()),
            _ => {}
        }
        words.extend(libraries::clause(last, release));
    }
    words.extend(known.map(|known| known.why.to_owned()));
    if words.is_empty() {
        words.push("nova silently ignores options it does not know".to_owned());
    }
    words.join("; ")
}

fn help(context: &Context<'_>, seen: &NamedUse<'_>, known: Option<&Outgoing>, step: Step) -> String {
    let when = match step.edited {
        EditWindow::Before => String::new(),
        _ => format!(" {}: {} still reads it", step.when(), context.from.release().short()),
    };
    let is_read_today = seen.before.is_some();
    let remove = if is_read_today && matches!(seen.site, Site::File(_)) {
        format!("remove the line{when}")
    } else if is_read_today {
        format!("unset the variable{when}")
    } else if context.may_read_today(&seen.group, &seen.key) {
        remove_later(context)
    } else {
        "remove the line: it has no effect today".to_owned()
    };
    match known {
        Some(known) if !known.instead.is_empty() => format!("{}, and {remove}", known.instead),
        _ => remove,
    }
}

/// Whether today's release reads the line is open: it is too old, or not known for certain.
fn remove_later(context: &Context<'_>) -> String {
    let to = context.to.release().short();
    let may_be = if context.is_today_known() {
        "today's release may still read it".to_owned()
    } else {
        format!("whether {} reads it is not known", context.today_oldest.short())
    };
    format!("remove the line once {to} runs: {may_be}")
}

/// The line goes where nothing takes its place, or what does is written already.
fn fix(context: &Context<'_>, seen: &NamedUse<'_>, known: Option<&Outgoing>) -> Option<crate::lint::Fix> {
    let Site::File(place) = seen.site else {
        return None;
    };
    let is_done =
        |(group, name): &(&str, &str)| context.to.setting(group, name).is_some_and(|setting| setting.is_set());
    let is_left_to_do = known.is_some_and(|known| !known.instead.is_empty() && !known.becomes.iter().any(is_done));
    if is_left_to_do || context.is_referred_to(&seen.group, &seen.key) {
        return None;
    }
    let today = context.from.release();
    let title = format!("remove `{}`", seen.title());
    let mut fix = context.removal(title, Safety::Safe, &[place]);
    let options = readers(&seen.group, &seen.key, today);
    fix.announces.extend(
        options
            .iter()
            .map(|option| Announced::new(option.group(), option.name())),
    );
    Some(fix)
}
