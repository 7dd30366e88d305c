//! Findings about what nova does otherwise from a release on with the same file: shared by the rules about options that mean
//! something else and about new ones.

use crate::catalog::moves::NewBehaviour;
use crate::catalog::{self, Fate};
use crate::lint::{Announced, Context, Finding, Location, Rule, Severity, hops};
use crate::nova::View;
use crate::nova::start::concerns;
use crate::rules::in_words;

/// Those of `facts` that the upgrade brings and that concern the files.
pub(super) fn concerning<'c>(
    context: &'c Context<'_>,
    facts: &'static [NewBehaviour],
) -> impl Iterator<Item = &'static NewBehaviour> + 'c {
    let comes = |fact: &&NewBehaviour| {
        context.from.release().is_complete() && !fact.when.is_empty() && context.crosses(fact.release)
    };
    facts.iter().filter(comes).filter(|fact| {
        let served = &context.settings.programs;
        let is_served = fact.programs.is_empty() || fact.programs.iter().any(|program| served.may_be(program));
        let stays = || {
            let fate = catalog::fate(fact.group, fact.name, context.to.release());
            matches!(fate, Fate::Known(_) | Fate::Old(_))
        };
        is_served
            && (!fact.is_quiet || context.settings.pedantic)
            && concerns::meets(context.stack, fact.release, fact.when)
            && stays()
    })
}

/// Whether something sets the option of `fact`, as its release or the last one reads the files.
pub(super) fn is_set(context: &Context<'_>, fact: &NewBehaviour) -> bool {
    let set_in = |view: &View<'_>| {
        view.setting(fact.group, fact.name)
            .is_some_and(|setting| setting.is_set())
    };
    set_in(&context.to) || set_in(&View::new(context.stack, fact.release))
}

/// The finding: `message`, what the fact says, where the option is set, and at which hop it begins.
pub(super) fn report(
    context: &Context<'_>,
    rule: &'static Rule,
    fact: &'static NewBehaviour,
    message: String,
    help: String,
) -> Finding {
    let step = hops::beginning(context.from.release(), context.to.release(), Some(fact.release));
    let severity = if fact.is_grave {
        Severity::Warning
    } else {
        rule.severity
    };
    let finding = Finding::new(rule, place(context, fact), message)
        .about_option(Announced::new(fact.group, fact.name))
        .with_severity(severity)
        .with_reason(reason(context, fact))
        .with_help(help)
        .with_hop(step);
    let others = fact.concerns.iter();
    others.fold(finding, |finding, option| {
        context.along_with(finding, *option, "this belongs to it")
    })
}

/// Why it matters, and to whom of those that the files serve.
fn reason(context: &Context<'_>, fact: &NewBehaviour) -> String {
    let served = &context.settings.programs;
    let programs = fact.programs.iter().copied().filter(|program| served.may_be(program));
    match &programs.collect::<Vec<_>>()[..] {
        [] => fact.why.to_owned(),
        named => format!("{}; this is about {}", fact.why, in_words(named)),
    }
}

/// Where the option is set; the files as a whole where nothing sets it.
fn place(context: &Context<'_>, fact: &NewBehaviour) -> Location {
    let setting = context.to.setting(fact.group, fact.name);
    match setting {
        Some(setting) if setting.is_set() => context.winner_location(&setting),
        _ => Location::Stack,
    }
}

/// What the option is called in messages.
pub(super) fn title(fact: &NewBehaviour) -> String {
    format!("[{}] {}", fact.group, fact.name)
}

/// The options that belong to it, for messages; empty where there are none.
pub(super) fn along(fact: &NewBehaviour) -> String {
    let names: Vec<String> = fact.concerns.iter().map(|(_, name)| format!("`{name}`")).collect();
    if names.is_empty() {
        return String::new();
    }
    format!(" (with {})", names.join(" and "))
}

/// Every fact is found by its example on the hop that brings it, and on no other.
#[cfg(test)]
pub(super) fn examples_are_found_at_their_hop(rule: &'static Rule, facts: &'static [NewBehaviour]) {
    use crate::catalog::Release;
    use crate::lint::Settings;
    use crate::oslo::Document;
    use crate::oslo::stack::Stack;
    use crate::text::Source;

    let settings = Settings {
        pedantic: true,
        ..Settings::default()
    };
    for fact in facts {
        assert_eq!(fact.when.is_empty(), fact.example.is_empty(), "{}", title(fact));
        let text = Source::new("nova.conf", fact.example.as_bytes().to_vec());
        let stack = Stack::of(Document::parse(text));
        for to in Release::all().filter(|release| *release > Release::FIRST_COMPLETE) {
            let from = to.previous().expect("a release before");
            let context = Context::new(&stack, from, to, &settings);
            let found = crate::lint::run(&[rule], &context);
            let is_found = found
                .iter()
                .any(|finding| finding.why.starts_with(fact.why) && finding.message.contains(&title(fact)));
            let comes = to == fact.release && !fact.when.is_empty();
            assert_eq!(is_found, comes, "{} from {from} to {to}: {found:#?}", title(fact));
            let context = Context::new(&stack, to, to, &settings);
            assert!(
                crate::lint::run(&[rule], &context).is_empty(),
                "{} in {to}",
                title(fact)
            );
        }
    }
}
