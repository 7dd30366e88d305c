//! Rules, findings and fixes: what a rule is given, what it says, and how a set of rules is run.
//!
//! It knows no rule: the slice comes from [`crate::rules`].

mod about;
mod blocks;
pub mod condition;
pub mod context;
pub mod finding;
mod hidden;
pub mod hops;
pub mod ignores;
mod location;
mod precedence;
mod reach;
pub mod references;
mod rendered;
pub mod settings;
pub mod suppressions;
mod today;
pub mod uses;
mod valid_in;

pub use blocks::Block;
pub use condition::{Condition, run_today, with_older};
pub use context::Context;
pub use finding::{
    Announced, AssignmentId, EditWindow, Effect, Finding, Fix, LayerEdit, Location, Moment, Related, Safety, Severity,
    Step,
};
pub use ignores::{Ignore, Ignores};
pub use precedence::Yields;
pub use settings::{ActionChoice, FailOn, Settings, SettingsFile};
pub use suppressions::{By, Suppressed};
pub use uses::NamedUse;
pub use valid_in::run_valid_in;

use crate::redact::Secrets;
use precedence::Said;

/// One thing novamend looks for.
#[derive(Debug)]
pub struct Rule {
    /// Words that name the defect; never reused.
    pub id: &'static str,
    /// How bad a finding is unless the settings say otherwise.
    pub severity: Severity,
    /// What comes of it where it is found, unless the finding says otherwise.
    pub effect: Effect,
    /// One line for `novamend rules`: lower case, no full stop.
    pub summary: &'static str,
    /// The page: `docs/rules/<id>.md`.
    pub doc: &'static str,
    /// Adds what it finds.
    pub check: fn(&Context<'_>, &mut Vec<Finding>),
    /// Which rules say it better where they speak of the same thing: what they find there this one does not report.
    pub yields_to: &'static [Yields],
}

/// Two rules are one when their ids are.
impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// What a run found, and what it would have reported but for the operator's word.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// What is reported, in reading order.
    pub findings: Vec<Finding>,
    /// What is not, and by whose word.
    pub suppressed: Vec<Suppressed>,
}

impl Found {
    /// Whether something in it names the file `name`, so that it is of no other.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        let suppressed = self.suppressed.iter().map(|one| &one.finding);
        self.findings
            .iter()
            .chain(suppressed)
            .any(|finding| finding.names(name))
    }
}

/// Runs `rules` and returns what is neither suppressed in a file nor ignored by the settings: in reading order.
#[must_use]
pub fn run(rules: &[&'static Rule], context: &Context<'_>) -> Vec<Finding> {
    run_whole(rules, context).findings
}

/// Runs `rules` and returns what they find, with what is suppressed.
#[must_use]
pub fn run_whole(rules: &[&'static Rule], context: &Context<'_>) -> Found {
    run_some(rules, context, |_| true, |_| true)
}

/// As [`run_whole`], but only those of `rules` that `is_asked`, and of what they find only what `is_kept` as the rule
/// grades it; a suppression may name any of them.
fn run_some(
    rules: &[&'static Rule],
    context: &Context<'_>,
    is_asked: impl Fn(&Rule) -> bool,
    is_kept: impl Fn(&Finding) -> bool,
) -> Found {
    let asked = rules.iter().copied().filter(|rule| is_asked(rule));
    let (off, on): (Vec<&Rule>, Vec<&Rule>) = asked.partition(|rule| context.settings.is_off(rule));
    let others = precedence::others(rules, &[&on[..], &off].concat());
    let [mut findings, mut off] = heard(context, [&on, &off, &others]);
    findings.retain(&is_kept);
    off.retain(&is_kept);
    let mut suppressed: Vec<Suppressed> = off
        .into_iter()
        .map(|finding| Suppressed {
            finding,
            by: By::RuleOff,
        })
        .collect();
    for finding in &mut findings {
        let wanted = context.settings.severity(finding.rule, finding.severity);
        finding.lowered_from = (wanted < finding.severity).then_some(finding.severity);
        finding.severity = wanted;
    }
    suppressions::apply(rules, context, &mut findings, &mut suppressed);
    let mut kept = Vec::with_capacity(findings.len());
    let mut ignoring = context.settings.ignores.ignoring();
    for finding in findings {
        match ignoring.next(context, &finding) {
            Some(number) => {
                let reason = context.settings.ignores.reason(number);
                suppressed.push(Suppressed {
                    finding,
                    by: By::Settings { number, reason },
                });
            }
            None => kept.push(finding),
        }
    }
    let mut found = Found {
        findings: kept,
        suppressed,
    };
    // All are run all the same: what one leaves to another, and which comments are of use, hangs on all of them.
    let asked = &context.settings.asked;
    found.findings.retain(|finding| asked.includes(finding.rule));
    found
        .suppressed
        .retain(|suppressed| asked.includes(suppressed.finding.rule));
    if !found.findings.is_empty() || !found.suppressed.is_empty() {
        // Only what is said has to be held against them.
        found.hide(context.secrets());
    }
    found.sort();
    found
}

/// What the rules that are on and those that are off find, without what they leave to each other and to `others`.
fn heard(context: &Context<'_>, [on, off, others]: [&[&'static Rule]; 3]) -> [Vec<Finding>; 2] {
    let [mut by_on, mut by_off, by_others] = [on, off, others].map(|rules| rendered::findings(rules, context));
    let all = by_on.iter().chain(&by_off).chain(&by_others);
    let said = Said::of(context, &[on, off].concat(), all);
    by_on.retain(|finding| !said.covers(context, finding));
    by_off.retain(|finding| !said.covers(context, finding));
    [by_on, by_off]
}

impl Found {
    /// Hides every secret of the stack in every text: no rule need know where its words came from.
    fn hide(&mut self, secrets: &Secrets) {
        let suppressed = self.suppressed.iter_mut().map(|suppressed| &mut suppressed.finding);
        self.findings
            .iter_mut()
            .chain(suppressed)
            .for_each(|finding| finding.hide(secrets));
    }

    fn sort(&mut self) {
        self.findings.sort_by(|a, b| a.order().cmp(&b.order()));
        self.suppressed
            .sort_by(|a, b| a.finding.order().cmp(&b.finding.order()));
    }
}
