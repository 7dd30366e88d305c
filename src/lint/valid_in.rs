//! A file that must serve several releases at once: what they do not read alike, and what is wrong with it in any of them.

use std::collections::{BTreeSet, HashMap};

use super::finding::{Finding, Location, Severity};
use super::suppressions::UNUSED_SUPPRESSION;
use super::{Context, Found, Rule, run_some};
use crate::catalog::Release;

/// Which findings are one: rule, place, words.
type Key = (&'static str, Location, String);

/// Runs `rules` for each of `releases`, oldest first, and `across` for each two that follow each other. Fixes are for an upgrade,
/// and there is none: they are left out.
#[must_use]
pub fn run_valid_in(
    rules: &[&'static Rule],
    across: &[&'static Rule],
    context: &Context<'_>,
    releases: &[Release],
) -> Found {
    let is_across = |rule: &Rule| across.iter().any(|one| **one == *rule);
    let mut found = Found::default();
    let mut known: HashMap<Key, usize> = HashMap::new();
    let of = |release: &Release| Context::new(context.stack, *release, *release, context.settings);
    let contexts: Vec<Context<'_>> = releases.iter().map(of).collect();
    for (older, newer) in releases.iter().zip(contexts.iter().skip(1)) {
        let context = newer.starting_at(*older);
        add(&mut found, &mut known, run_some(rules, &context, is_across, |_| true));
    }
    let mut in_one: Vec<(Finding, BTreeSet<Release>)> = Vec::new();
    let mut places: HashMap<Key, usize> = HashMap::new();
    for (release, context) in releases.iter().zip(&contexts) {
        let is_asked = |rule: &Rule| !is_across(rule);
        let of_release = run_some(rules, context, is_asked, |finding| finding.severity == Severity::Error);
        for finding in said(of_release.findings) {
            let place = *places.entry(key(&finding)).or_insert(in_one.len());
            match in_one.get_mut(place) {
                Some((_, seen)) => drop(seen.insert(*release)),
                None => in_one.push((finding, BTreeSet::from([*release]))),
            }
        }
        found.suppressed.extend(of_release.suppressed);
    }
    found.findings.extend(in_one.into_iter().map(|(mut finding, seen)| {
        if seen.len() < releases.len() {
            let names: Vec<&str> = seen.iter().map(|release| release.short()).collect();
            finding.message = format!("in {}: {}", names.join(", "), finding.message);
        }
        finding
    }));
    for finding in &mut found.findings {
        finding.fix = None;
        finding.step = None;
    }
    let mut seen = BTreeSet::new();
    found.suppressed.retain(|one| seen.insert(key(&one.finding)));
    found.sort();
    found
}

fn key(finding: &Finding) -> Key {
    (finding.rule.id, finding.location, finding.message.clone())
}

/// `findings` without unused suppressions: what other rules find, and these are for, is not asked.
fn said(findings: Vec<Finding>) -> impl Iterator<Item = Finding> {
    findings
        .into_iter()
        .filter(|finding| finding.rule != &UNUSED_SUPPRESSION)
}

/// Adds what `more` has and `found` has not.
fn add(found: &mut Found, known: &mut HashMap<Key, usize>, more: Found) {
    for finding in said(more.findings) {
        let number = found.findings.len();
        if *known.entry(key(&finding)).or_insert(number) == number {
            found.findings.push(finding);
        }
    }
    found.suppressed.extend(more.suppressed);
}
