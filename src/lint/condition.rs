//! What is found only where an older release runs today than the one the upgrade is compared from.
//!
//! Where a range of releases may run, the upgrade is compared from the newest of them, and the rest is said with its
//! condition.

use std::collections::{HashMap, HashSet};

use super::finding::{Finding, Location, Severity};
use super::suppressions::UNUSED_SUPPRESSION;
use super::{Context, Found, Rule, Suppressed, run_some, run_whole};
use crate::catalog::Release;
use crate::nova::today::Today;

/// Which releases must run today for a finding to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The oldest of them.
    pub oldest: Release,
    /// The newest of them.
    pub newest: Release,
    /// Whether it holds for every release up to the newest that may run.
    pub is_or_earlier: bool,
}

impl Condition {
    /// `if this host runs rocky or earlier`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let (oldest, newest) = (self.oldest.short(), self.newest.short());
        if self.is_or_earlier {
            format!("if this host runs {newest} or earlier")
        } else if self.oldest == self.newest {
            format!("if this host runs {newest}")
        } else {
            format!("if this host runs {oldest} to {newest}")
        }
    }
}

/// What makes two findings of two runs one.
type Key = (&'static str, Location, Option<String>);

fn key(context: &Context<'_>, finding: &Finding) -> Key {
    (finding.rule.id, finding.location, context.subject(finding))
}

/// Something found for older releases alone, as the newest of them has it.
struct Older {
    found: Kept,
    releases: Vec<Release>,
}

enum Kept {
    Finding(Finding),
    Suppressed(Suppressed),
}

/// Runs `rules` for `context`, whose release of today is the newest of `today`; then, for every older one of it, those
/// that are `close` (the rules of live migration) and every error, and adds what only they find.
///
/// What holds only for older releases says so in its message, has a [`Condition`], and no fix: `fix` compares from the
/// newest release as well.
#[must_use]
pub fn run_today(rules: &[&'static Rule], close: &[&'static Rule], context: &Context<'_>, today: &Today) -> Found {
    with_older(run_whole(rules, context), rules, close, context, today)
}

/// As [`run_today`], where `found` is what [`run_whole`] finds for `context`.
#[must_use]
pub fn with_older(
    mut found: Found,
    rules: &[&'static Rule],
    close: &[&'static Rule],
    context: &Context<'_>,
    today: &Today,
) -> Found {
    if today.is_one() {
        return found;
    }
    let certain: HashSet<Key> = all(&found).map(|finding| key(context, finding)).collect();
    let mut unused: HashSet<Key> = certain
        .iter()
        .filter(|key| key.0 == UNUSED_SUPPRESSION.id)
        .cloned()
        .collect();
    let (mut older, mut places) = (Vec::new(), HashMap::new());
    let end = today.oldest.max(Release::FIRST_COMPLETE);
    for release in today.releases().rev().skip(1) {
        let context = context.starting_at(release);
        let is_close = |rule: &Rule| close.iter().any(|close| **close == *rule);
        // Of a release whose options are not all known, nothing but live migration is judged.
        // A rule may call some of what it finds an error and the rest not: such are asked at the oldest end alone.
        let is_graded = |rule: &Rule| rule.severity == Severity::Error || release == end;
        let is_asked = |rule: &Rule| is_close(rule) || (release.is_complete() && is_graded(rule));
        let is_kept = |finding: &Finding| {
            is_close(finding.rule) || finding.rule.severity == Severity::Error || finding.severity == Severity::Error
        };
        let found = run_some(rules, &context, is_asked, is_kept);
        let still: HashSet<Key> = all(&found).map(|finding| key(&context, finding)).collect();
        unused.retain(|key| still.contains(key));
        let findings = found.findings.into_iter().map(Kept::Finding);
        for kept in findings.chain(found.suppressed.into_iter().map(Kept::Suppressed)) {
            add((&mut older, &mut places), &certain, &context, kept);
        }
    }
    let is_unused = |finding: &Finding| finding.rule != &UNUSED_SUPPRESSION || unused.contains(&key(context, finding));
    found.findings.retain(is_unused);
    for older in older {
        let condition = older.condition(today);
        match older.found {
            Kept::Finding(finding) => found.findings.push(under(condition, finding)),
            Kept::Suppressed(Suppressed { finding, by }) => found.suppressed.push(Suppressed {
                finding: under(condition, finding),
                by,
            }),
        }
    }
    found.sort();
    found
}

fn all(found: &Found) -> impl Iterator<Item = &Finding> {
    let suppressed = found.suppressed.iter().map(|suppressed| &suppressed.finding);
    found.findings.iter().chain(suppressed)
}

/// Adds `kept` to what is found for older releases alone, or its release to what was found for a newer one of them.
fn add(
    (older, places): (&mut Vec<Older>, &mut HashMap<Key, usize>),
    certain: &HashSet<Key>,
    context: &Context<'_>,
    kept: Kept,
) {
    let (Kept::Finding(finding) | Kept::Suppressed(Suppressed { finding, .. })) = &kept;
    let (key, release) = (key(context, finding), context.from.release());
    if certain.contains(&key) || finding.rule == &UNUSED_SUPPRESSION {
        return;
    }
    let known = *places.entry(key).or_insert(older.len());
    match older.get_mut(known) {
        Some(known) if known.releases.last() != Some(&release) => known.releases.push(release),
        Some(_) => {}
        None => older.push(Older {
            found: kept,
            releases: vec![release],
        }),
    }
}

impl Older {
    fn condition(&self, today: &Today) -> Condition {
        // From the newest down, so the last is the oldest; never empty.
        let (newest, oldest) = (self.releases[0], self.releases[self.releases.len() - 1]);
        let first = today.oldest.max(Release::FIRST_COMPLETE);
        let mut run = Release::all().filter(|&release| first <= release && release <= newest);
        let is_whole = first <= newest && run.all(|release| self.releases.contains(&release));
        Condition {
            oldest,
            newest,
            is_or_earlier: is_whole || (oldest == today.oldest && newest < Release::FIRST_COMPLETE),
        }
    }
}

fn under(condition: Condition, mut finding: Finding) -> Finding {
    finding.message = format!("{}: {}", condition.in_words(), finding.message);
    if finding.fix.take().is_some() {
        let sentence = "pass `--from` with the release that runs today, and `novamend fix` can do it";
        finding.help = if finding.help.is_empty() {
            sentence.to_owned()
        } else {
            format!("{}; {sentence}", finding.help)
        };
    }
    finding.condition = Some(condition);
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::{By, Settings};
    use crate::oslo::Document;
    use crate::oslo::stack::Stack;
    use crate::rules::{LIVE_MIGRATION, RULES};
    use crate::text::Source;

    fn found(text: &str, settings: &Settings) -> Found {
        let stack = Stack::of(Document::parse(Source::new("nova.conf", text.as_bytes().to_vec())));
        let today = Today::of_options(&stack, None);
        let context = Context::of_today(&stack, &today, Release::NEWEST, settings);
        run_today(RULES, LIVE_MIGRATION, &context, &today)
    }

    fn words(findings: &[Finding], rule: &str) -> Vec<Option<String>> {
        let ours = findings.iter().filter(|finding| finding.rule.id == rule);
        ours.map(|finding| finding.condition.map(|condition| condition.in_words()))
            .collect()
    }

    const TRAP: &str = "live_migration_permit_post_copy = true\n";

    #[test]
    fn what_only_older_releases_have_is_said_once_with_its_condition() {
        let found = found(&format!("[libvirt]\n{TRAP}"), &Settings::default());
        let condition = Some("if this host runs rocky or earlier".to_owned());
        assert_eq!(words(&found.findings, "lost-auto-post-copy"), [condition]);
        assert_eq!(words(&found.findings, "post-copy-unused"), [None]);
        let lost = found
            .findings
            .iter()
            .find(|finding| finding.condition.is_some())
            .unwrap();
        assert!(lost.fix.is_none() && lost.message.starts_with("if this host runs rocky or earlier: "));
    }

    #[test]
    fn an_error_is_one_of_every_release_whatever_its_rule_is_called() {
        // A warning by its rule, an error where the release rejects the value; and changed defaults stay out of it.
        let found = found(
            "[libvirt]\nlive_migration_completion_timeout = 5 # s\n",
            &Settings::default(),
        );
        assert_eq!(words(&found.findings, "inline-comment"), [None]);
        assert!(words(&found.findings, "changed-default").is_empty());
    }

    #[test]
    fn what_is_suppressed_under_a_condition_is_counted_and_its_comment_is_of_use() {
        let comment = "# novamend: ignore[lost-auto-post-copy] known here";
        let by_comment = found(&format!("[libvirt]\n{comment}\n{TRAP}"), &Settings::default());
        assert!(words(&by_comment.findings, "lost-auto-post-copy").is_empty());
        assert!(words(&by_comment.findings, UNUSED_SUPPRESSION.id).is_empty());
        assert!(matches!(
            &by_comment.suppressed[..],
            [Suppressed {
                by: By::Comment { .. },
                ..
            }]
        ));
        let off = Settings {
            severities: vec![("lost-auto-post-copy".to_owned(), None)],
            ..Settings::default()
        };
        let by_setting = found(&format!("[libvirt]\n{TRAP}"), &off);
        assert!(matches!(
            &by_setting.suppressed[..],
            [Suppressed { by: By::RuleOff, .. }]
        ));
        // One that suppresses nothing in any release is a finding, once.
        let unused = found(
            &format!("[libvirt]\n{comment}\nvirt_type = kvm\n"),
            &Settings::default(),
        );
        assert_eq!(words(&unused.findings, UNUSED_SUPPRESSION.id), [None]);
    }
}
