//! When each fix may be written, and whether it is as safe as its rule offers it.
//!
//! A rule knows what it wants to change; what the change does to the release that runs today is found out here, by the
//! proof, for every fix of every rule alike. A fix that a rule offers as safe stays so only
//!
//! * if the releases that may run today read the same values before and after (then it may be written *now*), or if a hop
//!   lies ahead with which the old text stops counting (then it belongs *with* that hop);
//! * and if it makes no value count that today's release does not read, nor one that the release to come rejects or has no
//!   code for.

use std::borrow::Borrow;

use crate::catalog::readers;
use crate::catalog::{OptionFacts, Release};
use crate::lint::{Context, EditWindow, Finding, Fix, LayerEdit, Moment, Safety};
use crate::nova::today::{Evidence, Today};
use crate::nova::{View, code};
use crate::oslo::stack::Stack;

use super::edited::{self, InBrief};
use super::effort::Effort;
use super::known::Tried;
use super::proof::{self, Change, Moved, Referring};

/// What is asked again for every fix of one stack.
#[derive(Debug)]
pub(super) struct Ground {
    /// See [`Referring`].
    pub(super) referring: Referring,
    /// Every release that may run today, the newest first.
    today: Vec<Release>,
    /// Every release that the upgrade stops at, and the one to come.
    stops: Vec<Release>,
}

impl Ground {
    pub(super) fn of(context: &Context<'_>) -> Self {
        let today = context.releases_of_today().rev().collect();
        let (from, to) = (context.from.release(), context.to.release());
        let mut stops = from.hops(to);
        if stops.is_empty() {
            stops.push(to);
        }
        Self {
            referring: Referring::of(context.stack),
            today,
            stops,
        }
    }

    /// Every release that may run today.
    pub(super) fn today(&self) -> &[Release] {
        &self.today
    }

    /// The releases that read the new text if it is written at `moment`, other than those of today.
    pub(super) fn after(&self, moment: Moment) -> Vec<Release> {
        let first = match moment {
            Moment::Now => return self.stops.clone(),
            Moment::With(first) => first,
        };
        let mut releases = vec![first];
        releases.extend(self.stops.iter().copied().filter(|&stop| stop > first));
        releases
    }
}

/// Gives every finding that has a fix its moment, and takes "safe" from the fixes that are not.
///
/// Of very many fixes only the first are tried: the others come once those are made.
pub fn grade(context: &Context<'_>, findings: &mut [Finding]) {
    // What it compares are values, and nobody sees the texts that it makes for that.
    each(
        context,
        findings,
        &mut Effort::of(context.stack),
        InBrief::of,
        |_, _| (),
    );
}

/// As [`grade`]; says whether the effort was enough for all fixes, and what came of the last that was tried.
pub(super) fn grade_within(
    context: &Context<'_>,
    findings: &mut [Finding],
    effort: &mut Effort,
) -> (bool, Option<Tried>) {
    let mut tried = None;
    let edited = |stack: &Stack, fix: &Fix| edited::whole(stack, &[fix]);
    let is_whole = each(context, findings, effort, edited, |edits, after| {
        tried = Some(Tried { edits, after });
    });
    (is_whole, tried)
}

/// Grades each finding by what `edited` makes of its fix, which `tried` comes to have; says whether the effort was enough for all.
fn each<T: Borrow<Stack>>(
    context: &Context<'_>,
    findings: &mut [Finding],
    effort: &mut Effort,
    edited: impl Fn(&Stack, &Fix) -> Result<T, Moved>,
    mut tried: impl FnMut(Vec<LayerEdit>, T),
) -> bool {
    if findings.iter().all(|finding| finding.fix.is_none()) {
        return true;
    }
    let ground = Ground::of(context);
    let mut is_whole = true;
    for finding in findings {
        let Some(fix) = &finding.fix else {
            continue;
        };
        if !effort.spend() {
            finding.fix = None;
            finding.help = format!(
                "{}; `fix` offers this once the fixes before it are applied",
                finding.help
            );
            is_whole = false;
            continue;
        }
        let Ok(after) = edited(context.stack, fix) else {
            finding.moment = Some(Moment::Now);
            continue;
        };
        let edits = fix.edits.clone();
        grade_one(context, &ground, finding, after.borrow());
        tried(edits, after);
    }
    is_whole
}

/// Grades a finding whose fix makes the stack `after`.
fn grade_one(context: &Context<'_>, ground: &Ground, finding: &mut Finding, after: &Stack) {
    let change = Change::new(context.stack, after, &ground.referring);
    let (moment, mut objection) = moment(context, ground, &change, finding);
    if is_pin(context, after, moment) {
        // Without the line the next run would take the file for another release, and change it once more.
        finding.fix = None;
        finding.help = format!(
            "{}; `fix` keeps the line unless `--from` is given, because the line shows what runs today",
            finding.help
        );
        return;
    }
    if is_safe(finding) {
        objection = objection.or_else(|| unkept(context, &change, finding));
    }
    finding.moment = Some(moment);
    if let (Some(objection), Some(fix)) = (objection.filter(|_| is_safe(finding)), &mut finding.fix) {
        fix.safety = Safety::Unsafe;
        finding.objection = Some(context.secrets().hide(&objection).into_owned());
    }
}

/// Whether what the options of the files tell of today's release would be another after the change.
fn is_pin(context: &Context<'_>, after: &Stack, moment: Moment) -> bool {
    let Some(Today {
        oldest,
        newest,
        evidence: Evidence::Options { to, .. },
    }) = context.today
    else {
        return false;
    };
    let now = Today::of_options(after, *to);
    now.newest != *newest || (moment == Moment::Now && now.oldest != *oldest)
}

fn is_safe(finding: &Finding) -> bool {
    finding.fix.as_ref().is_some_and(|fix: &Fix| fix.safety == Safety::Safe)
}

/// When the change may be written, and what speaks against calling it safe where no moment suits.
fn moment(context: &Context<'_>, ground: &Ground, change: &Change<'_>, finding: &Finding) -> (Moment, Option<String>) {
    let Some(&reading) = ground.today.iter().find(|&&release| !change.is_neutral(release)) else {
        return (Moment::Now, None);
    };
    if reading < context.from.release() {
        // A newer one may run as well, to which the old text is nothing: the hop that ends it is the next.
        let next = reading.next().unwrap_or(reading);
        return (Moment::With(next), None);
    }
    let stated = finding.step.and_then(|step| match step.edited {
        EditWindow::With(release) | EditWindow::Between(release, _) => Some(release),
        EditWindow::Before => None,
    });
    let mut stops = ground.stops.iter().copied().filter(|&stop| stop > reading);
    let found = stated.filter(|&release| release > reading);
    let hop = found.or_else(|| stops.find(|&stop| change.is_neutral(stop) || is_over(change, stop)));
    if let Some(release) = hop {
        return (Moment::With(release), None);
    }
    let reads = change.moved(reading);
    let what = reads
        .first()
        .map_or_else(String::new, |facts| format!(" of `{}`", facts.title()));
    let objection = format!("it changes the value{what} that {} reads today", reading.short());
    (Moment::Now, Some(objection))
}

/// Whether the old lines set nothing any more in `stop`.
fn is_over(change: &Change<'_>, stop: Release) -> bool {
    let is_old = |(group, key): &(&str, &str)| change.before.places_of(group, key).next().is_some();
    let mut old = change.names().filter(is_old);
    change.is_known(stop) && old.all(|(group, key)| readers(group, key, stop).is_empty())
}

/// What speaks against a safe fix though it is written at the right moment: a value that counts in the release to come
/// and is none that today's release reads, or that the release to come does not take.
fn unkept(context: &Context<'_>, change: &Change<'_>, finding: &Finding) -> Option<String> {
    let to = context.to.release();
    let (old, new) = (View::new(change.before, to), View::new(change.after, to));
    for facts in change.moved(to) {
        let (was, is) = (old.setting_of(facts), new.setting_of(facts));
        if !is.is_set() {
            continue;
        }
        let title = facts.title();
        let is_rejected = proof::is_rejected(&new, &is) && !(was.is_set() && proof::is_rejected(&old, &was));
        if is_rejected {
            return Some(format!("{} rejects the value for `{title}`", to.short()));
        }
        let missing = code::missing_filters(&new, facts);
        if !missing.is_empty() {
            let names: Vec<String> = missing
                .iter()
                .map(|name| format!("`{}`", name.escape_debug()))
                .collect();
            return Some(format!(
                "{} has no filter {}: nova-scheduler does not start with {}",
                to.short(),
                names.join(", "),
                if names.len() == 1 { "it" } else { "them" }
            ));
        }
        let texts = new.texts(&is).unwrap_or_default();
        if !finding.is_reasoned && !is_read_today(context, change, &texts) {
            let today = context.today_oldest.short();
            return Some(format!(
                "it gives effect to a value of `{title}` that {today} is not known to read"
            ));
        }
    }
    None
}

/// Whether every release of today has an option, set by a line that the change touches, with the values `texts`.
fn is_read_today(context: &Context<'_>, change: &Change<'_>, texts: &[String]) -> bool {
    let has = |stack: &Stack, release: Release| {
        let view = View::new(stack, release);
        let mut options: Vec<OptionFacts> = Vec::new();
        for (group, key) in change.names() {
            options.extend(readers(group, key, release));
        }
        options.iter().any(|facts| {
            let setting = view.setting_of(*facts);
            setting.is_set() && view.texts(&setting).is_ok_and(|read| read == texts)
        })
    };
    context.releases_of_today().all(|release| has(change.before, release))
}
