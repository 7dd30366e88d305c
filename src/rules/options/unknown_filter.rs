//! A scheduler filter that the release to come does not have: nova-scheduler does not start.
//!
//! Filters that the operator makes available by names of their own are not judged, and files that only other services read neither.

use crate::catalog::spelling::mistyped;
use crate::catalog::{self, Release, code};
use crate::lint::{Context, Effect, Finding, Rule, Severity, Step, hops};
use crate::nova::{Setting, View, code as named};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "unknown-filter",
    severity: Severity::Error,
    effect: Effect::StopsService,
    summary: "a scheduler filter that the release does not have: nova-scheduler does not start",
    doc: include_str!("../../../docs/rules/unknown-filter.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.settings.programs.may_be("nova-scheduler") {
        return;
    }
    for name in ["available_filters", "enabled_filters"] {
        let Some(setting) = context.to.setting("filter_scheduler", name).filter(Setting::is_set) else {
            continue;
        };
        let missing = named::missing_filters(&context.to, setting.facts);
        if missing.is_empty() {
            continue;
        }
        let location = setting.winning_place().map_or_else(
            || context.winner_location(&setting),
            |place| context.value_location(place),
        );
        let message = format!(
            "nova-scheduler does not start: {} has no filter {}",
            context.to.release().short(),
            quoted(&missing)
        );
        let finding = Finding::new(&RULE, location, message)
            .with_reason(
                "nova-scheduler looks up every filter that `[filter_scheduler]` names when it starts, and stops with \
                 an error at the first that it does not find",
            )
            .with_help(help(&missing, context.to.release()))
            .with_hop(step(context, name));
        findings.push(context.with_sites(finding, &setting));
    }
}

fn quoted(names: &[String]) -> String {
    let quoted = |name: &String| format!("`{}`", name.escape_debug());
    let more = if names.len() == named::MOST {
        " and maybe more"
    } else {
        ""
    };
    names.iter().map(quoted).collect::<Vec<_>>().join(", ") + more
}

/// What became of each filter.
fn help(missing: &[String], to: Release) -> String {
    let of_one = |name: &String| {
        let known = code::last(name).filter(|&last| last < to).and_then(Release::next);
        let class = name.rsplit('.').next().unwrap_or(name);
        let shown = name.escape_debug();
        if let Some(gone) = known {
            format!("`{shown}` was removed in {}: remove it from the list", gone.short())
        } else if class != name && code::filters(to).any(|filter| filter == class) {
            format!("write `{class}` for `{shown}`: filters are enabled by the name of the class alone")
        } else if name.contains('\n') {
            format!("`{shown}` stands on two lines: end the first with a comma")
        } else if !name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
        {
            format!("`{shown}` is not the name of a class: leave only the filter's name between the commas")
        } else if let Some(near) = mistyped(name, code::filters(to)) {
            format!("`{shown}` may be a misspelling of `{near}`")
        } else {
            format!(
                "nova has no `{shown}`: if it is your own, name its class in `available_filters`, otherwise remove it \
                 from the list"
            )
        }
    };
    missing.iter().map(of_one).collect::<Vec<_>>().join("; ")
}

/// The hop at which the scheduler first fails.
fn step(context: &Context<'_>, name: &str) -> Step {
    let (from, to) = (context.from.release(), context.to.release());
    let first = from.first_on_the_way(to, |release| {
        let facts = catalog::option("filter_scheduler", name, release);
        facts.is_some_and(|facts| !named::missing_filters(&View::new(context.stack, release), facts).is_empty())
    });
    hops::beginning(from, to, first)
}
