//! Findings about what nova refuses, from the facts about it: shared by the rules, which differ in what is stopped.

use crate::catalog::refusals::{Refusal, Stops};
use crate::lint::{Announced, Context, Effect, Finding, Location, Rule, Severity, Step, hops};
use crate::nova::View;
use crate::nova::start::condition::Condition;
use crate::nova::start::programs::Programs;
use crate::nova::start::{self, Refused};
use crate::rules::in_words;

/// What the release to come refuses of the stack, and is stopped by it.
pub(super) fn findings<'c>(
    context: &'c Context<'_>,
    rule: &'static Rule,
    stops: Stops,
) -> impl Iterator<Item = Finding> + 'c {
    let refused = context.refused().iter();
    let refused = refused.filter(move |refused| refused.fact.stops == stops && !is_said(context, refused));
    refused.filter_map(move |refused| {
        let meant = meant(context, refused.fact)?;
        Some(report(context, rule, refused, &meant))
    })
}

/// Whether something graver follows from what is missing, too, or the same: one word about it is enough.
fn is_said(context: &Context<'_>, refused: &Refused) -> bool {
    if !refused.fact.options.is_empty() {
        return false;
    }
    let missing = start::first_asked(refused.fact);
    let graver = context
        .refused()
        .iter()
        .take_while(|other| !std::ptr::eq(*other, refused));
    let mut same = graver.filter(|other| other.fact.options.is_empty() && start::first_asked(other.fact) == missing);
    same.any(|other| meant(context, other.fact).is_some())
}

/// Whom a refusal concerns, and how that is known.
struct Meant<'f> {
    /// The services.
    programs: Vec<&'f str>,
    /// What shows that the files are theirs, where something missing is to blame.
    because: Option<String>,
    /// Whether nobody said so.
    is_guess: bool,
}

/// Whom `fact` concerns of those that the files serve; `None` where it is none of them.
fn meant<'f>(context: &Context<'_>, fact: &'f Refusal) -> Option<Meant<'f>> {
    let served = &context.settings.programs;
    let names = fact.programs.iter().copied();
    if !fact.options.is_empty() {
        let programs: Vec<&str> = names.filter(|name| served.may_be(name)).collect();
        return (!programs.is_empty()).then_some(Meant {
            programs,
            because: None,
            is_guess: false,
        });
    }
    let mut because = None;
    let programs = names.filter(|name| {
        let sign = served.wholly(&context.to, name);
        let is_whole = sign.is_some();
        because = because.take().or(sign);
        is_whole
    });
    let programs: Vec<&str> = programs.collect();
    (!programs.is_empty()).then_some(Meant {
        programs,
        because,
        is_guess: *served == Programs::Guessed,
    })
}

fn report(context: &Context<'_>, rule: &'static Rule, refused: &Refused, meant: &Meant<'_>) -> Finding {
    let (fact, to) = (refused.fact, context.to.release());
    let programs = in_words(&meant.programs);
    let filled = |text: &str| refused.filled(&context.to, text);
    let message = match fact.stops {
        Stops::Service => format!(
            "{programs} of {} {} not start: {}",
            to.short(),
            verb(meant, "do"),
            filled(fact.what)
        ),
        Stops::Migrations => format!("live migrations fail in {}: {}", to.short(), filled(fact.what)),
        Stops::Instances => format!("instances fail in {}: {}", to.short(), filled(fact.what)),
        Stops::Sense | Stops::Nothing => format!("in {} {}", to.short(), filled(fact.what)),
    };
    let (location, blamed) = place(context, fact);
    let step = step(context, fact);
    let finding = Finding::new(rule, location, message)
        .with_reason(step.begin() + &reason(&filled(fact.message), meant))
        .with_help(filled(fact.instead))
        .with_hop(step);
    let finding = if meant.is_guess || fact.stops == Stops::Nothing {
        finding.with_severity(Severity::Info).with_effect(Effect::ToPlan)
    } else {
        finding
    };
    let others = fact.options.iter().filter(|option| Some(**option) != blamed);
    let finding = others.fold(finding, |finding, (group, name)| {
        context.along_with(finding, (group, name), "this belongs to it")
    });
    match blamed {
        Some(_) => finding,
        None => about_missing(context, fact, finding),
    }
}

/// With the option that is missing, where no line is to blame.
fn about_missing(context: &Context<'_>, fact: &Refusal, finding: Finding) -> Finding {
    let asked = Condition::of_fact(fact.when);
    let asked = asked.iter().flat_map(|condition| condition.options());
    let mut missing = asked.filter(|name| name.setting(&context.to).is_none_or(|setting| !setting.is_set()));
    match missing.next() {
        Some(name) => finding.about_option(Announced::new(name.group.clone(), name.name.clone())),
        None => finding,
    }
}

/// What the services do, by the verb for several.
fn verb(meant: &Meant<'_>, several: &str) -> String {
    match (&meant.programs[..], several) {
        ([_], "do") => "does".to_owned(),
        ([_], _) => format!("{several}s"),
        _ => several.to_owned(),
    }
}

/// Nova's own words, and how it is known that they concern the files.
fn reason(message: &str, meant: &Meant<'_>) -> String {
    let programs = in_words(&meant.programs);
    let said = if message.is_empty() {
        format!("nothing in the log of {programs} tells of it")
    } else {
        format!("{programs} {}: {message}", verb(meant, "say"))
    };
    match &meant.because {
        Some(because) if meant.is_guess => format!(
            "{said}; the files look like all that it reads ({because}): where another of its files sets it, this is no \
             concern, and `--program` says for sure"
        ),
        Some(because) => format!("{said}; {because}"),
        None => said,
    }
}

/// Where the first of the fact's options that is set is set, and which that is; what the release no longer reads comes last.
fn place<'f>(context: &Context<'_>, fact: &'f Refusal) -> (Location, Option<(&'f str, &'f str)>) {
    let set = fact.options.iter().find_map(|option| {
        let setting = context.to.setting(option.0, option.1)?;
        setting
            .is_set()
            .then(|| (context.winner_location(&setting), Some(*option)))
    });
    let written = || {
        fact.options.iter().find_map(|option| {
            let place = context.stack.places_of(option.0, option.1).next_back()?;
            Some((context.value_location(place), Some(*option)))
        })
    };
    set.or_else(written).unwrap_or((Location::Stack, None))
}

/// The hop at which it begins; none where today's release refuses already.
fn step(context: &Context<'_>, fact: &'static Refusal) -> Step {
    let (from, to) = (context.from.release(), context.to.release());
    let first = from.first_on_the_way(to, |release| start::meets(&View::new(context.stack, release), fact));
    hops::beginning(from, to, first)
}
