//! Old names that the release to come no longer takes, though the option goes on under another name.
//!
//! Names it still takes are for `renamed-option` and `moved-option`.

use crate::catalog::{Fate, Gone, OptionFacts};
use crate::lint::{Context, Effect, Finding, NamedUse, Rule, Severity, hops};
use crate::oslo::stack::{Site, variable_name};
use crate::rules::options::rename::{self, Renaming};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "dropped-alias",
    severity: Severity::Error,
    effect: Effect::Ignored,
    summary: "an old name that the release no longer reads: the value is silently ignored",
    doc: include_str!("../../../docs/rules/dropped-alias.md"),
    check,
    yields_to: super::MIGRATION,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.to.release().is_complete() {
        return;
    }
    for seen in context.named_uses().iter().filter(|seen| seen.outside.is_none()) {
        match (&seen.fate, seen.site) {
            (Fate::Gone(gone), Site::File(_)) if !gone.successors.is_empty() => {
                findings.push(in_file(context, seen, gone));
            }
            (Fate::Gone(gone), Site::Environment(_)) if !gone.successors.is_empty() => {
                findings.push(in_environment(context, seen, &gone.successors));
            }
            (Fate::Old(options), Site::Environment(_)) => findings.push(in_environment(context, seen, options)),
            _ => {}
        }
    }
}

fn titles(options: &[OptionFacts]) -> String {
    let titles: Vec<String> = options.iter().map(|option| format!("`{}`", option.title())).collect();
    titles.join(" and ")
}

fn in_file(context: &Context<'_>, seen: &NamedUse<'_>, gone: &Gone) -> Finding {
    let (from, to) = (context.from.release(), context.to.release());
    let new = gone.successors[0];
    let step = hops::step(from, to, gone.release, |release| {
        crate::catalog::option(new.group(), new.name(), release).is_some()
    });
    let since = if gone.release == to {
        format!("{} no longer reads the old name", to.short())
    } else {
        format!(
            "{} dropped the old name, and {} ignores it",
            gone.release.short(),
            to.short()
        )
    };
    let message = format!("`{}` is now {}: {since}", seen.title(), titles(&gone.successors));
    let finding = Finding::new(&RULE, context.site_location(seen.site), message).with_hop(step);
    let why = match step.place() {
        place if place.is_empty() => "nova has been silently ignoring it".to_owned(),
        place => {
            format!(
                "nova stops reading the old name{place}: the line is then silently ignored, and the option falls back \
                 to its default"
            )
        }
    };
    let finding = finding.with_reason(why);
    if gone.successors.len() > 1 {
        return finding.with_help(format!("set each of them to the value you want, {}", step.when()));
    }
    match rename::rename(context, seen, new) {
        Renaming::Dead(fix) => finding
            .with_severity(Severity::Warning)
            .with_reason("the new name, in this file, or a later line takes precedence: this line has no effect")
            .with_help("remove the line")
            .with_fix(Some(fix)),
        Renaming::Renamed(fix) => finding
            .with_help(format!("write `{}` instead, {}", new.title(), step.when()))
            .with_fix(Some(fix)),
        Renaming::Shown(reason) => finding.with_help(format!(
            "write `{}` instead, {}; do it by hand: {reason}",
            new.title(),
            step.when()
        )),
    }
}

fn in_environment(context: &Context<'_>, seen: &NamedUse<'_>, options: &[OptionFacts]) -> Finding {
    let (old, to) = (variable_name(&seen.group, &seen.key), context.to.release());
    let message = format!(
        "`{old}` has no effect in {}: the option is now {}",
        to.short(),
        titles(options)
    );
    let new = variable_name(options[0].group(), options[0].name());
    Finding::new(&RULE, context.site_location(seen.site), message)
        .with_reason("nova reads environment variables only by an option's current name, never by an old one")
        .with_help(format!("set `{new}` instead"))
}
