//! Old names that the release to come still takes, for the rules about moved and about renamed options.

use crate::catalog::dropped_after;
use crate::catalog::{self, Fate, OptionFacts, Release, Via};
use crate::lint::{Context, Finding, NamedUse, Rule, hops};
use crate::oslo::stack::Site;
use crate::rules::options::rename::{self, Renaming};

/// Reports every old name whose group, compared with the option's own, `is_wanted`.
pub(in crate::rules) fn old_names(
    rule: &'static Rule,
    context: &Context<'_>,
    findings: &mut Vec<Finding>,
    is_wanted: impl Fn(&str, &str) -> bool,
) {
    if !context.to.release().is_complete() {
        return;
    }
    for seen in context.named_uses() {
        if let (Fate::Old(options), Site::File(_)) = (&seen.fate, seen.site)
            && is_wanted(&seen.group, options[0].group())
        {
            findings.push(report(rule, context, seen, options));
        }
    }
}

/// The first release of the unbroken run up to `to` that takes the name as an old one.
fn old_since(seen: &NamedUse<'_>, to: Release) -> Release {
    let is_old = |release: Release| {
        catalog::by_any_name(&seen.group, &seen.key, release).is_some_and(|named| named.via == Via::Deprecated)
    };
    let earlier = Release::all().rev().filter(|&release| release <= to);
    earlier.take_while(|&release| is_old(release)).last().unwrap_or(to)
}

fn report(rule: &'static Rule, context: &Context<'_>, seen: &NamedUse<'_>, options: &[OptionFacts]) -> Finding {
    let (from, to) = (context.from.release(), context.to.release());
    let new = options[0];
    let since = old_since(seen, to);
    let step = hops::step(from, to, since, |release| {
        catalog::option(new.group(), new.name(), release).is_some()
    });
    let life = match dropped_after(&seen.group, &seen.key, to) {
        Some(dropped) => format!("{} drops the old name", dropped.short()),
        None => format!("{} still reads the old name", to.short()),
    };
    let titles: Vec<String> = options.iter().map(|option| format!("`{}`", option.title())).collect();
    let message = format!("`{}` is now {}; {life}", seen.title(), titles.join(" and "));
    let finding = Finding::new(rule, context.site_location(seen.site), message).with_hop(step);
    if options.len() > 1 {
        return finding
            .with_reason("one old name sets several options")
            .with_help(format!("set each of them to the value you want, {}", step.when()));
    }
    let finding = match step.place() {
        place if place.is_empty() => finding.with_reason("nova logs a warning about the old name"),
        place => finding.with_reason(format!(
            "the name becomes an old one{place}; nova then logs a warning about it"
        )),
    };
    let order = format!("write `{}` instead, {}", new.title(), step.when());
    match rename::rename(context, seen, new) {
        Renaming::Dead(fix) => finding
            .with_reason("the new name, or a later line, of the same file takes precedence: this line has no effect")
            .with_help("remove the line")
            .with_fix(Some(fix)),
        Renaming::Renamed(fix) => finding.with_help(order).with_fix(Some(fix)),
        Renaming::Shown(reason) => finding.with_help(format!("{order}; do it by hand: {reason}")),
    }
}
