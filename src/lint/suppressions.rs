//! Suppressions in the file: `# novamend: ignore[rule-id] reason` on the line before.
//!
//! A comment behind a value would become part of the value, so only whole lines count. Ignores of `novamend.toml` are
//! in [`super::settings`].

use super::finding::{Effect, Finding, Location, Severity};
use super::{Context, Rule};
use crate::oslo::document::{Document, Item, ItemKind};
use crate::text::Span;

/// The rule about suppressions themselves; what it finds is added by [`super::run`], after all the others.
pub static UNUSED_SUPPRESSION: Rule = Rule {
    id: "unused-suppression",
    severity: Severity::Warning,
    effect: Effect::ToPlan,
    summary: "a `# novamend: ignore[…]` comment that suppresses nothing, or gives no reason",
    doc: include_str!("../../docs/rules/unused-suppression.md"),
    check: |_, _| {},
    yields_to: &[],
};

/// The rule about ignores of the settings; what it finds shows when all files are checked, and is added by `check`.
pub static UNUSED_IGNORE: Rule = Rule {
    id: "unused-ignore",
    severity: Severity::Warning,
    effect: Effect::ToPlan,
    summary: "an `[[ignore]]` of novamend.toml that hides nothing, or has expired",
    doc: include_str!("../../docs/rules/unused-ignore.md"),
    check: |_, _| {},
    yields_to: &[],
};

/// A finding that is not reported.
#[derive(Clone, Debug)]
pub struct Suppressed {
    /// What would have been reported.
    pub finding: Finding,
    /// Whose word keeps it out.
    pub by: By,
}

/// Why a finding is not reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// A comment in the file, on this line.
    Comment {
        /// From 1.
        line: usize,
        /// What it says behind the bracket.
        reason: String,
    },
    /// An `[[ignore]]` of `novamend.toml`.
    Settings {
        /// Its number among them.
        number: usize,
        /// Its reason.
        reason: String,
    },
    /// The rule is off in `novamend.toml`.
    RuleOff,
}

/// One suppressing comment.
#[derive(Debug)]
struct Suppression {
    layer: usize,
    /// The comment.
    span: Span,
    /// What follows the block of comment lines it stands in: the lines it speaks of.
    target: Span,
    rules: Vec<String>,
    reason: String,
    is_used: bool,
}

/// Takes out the findings that are suppressed and adds one for every suppression that is not used.
pub(super) fn apply(
    rules: &[&'static Rule],
    context: &Context<'_>,
    findings: &mut Vec<Finding>,
    suppressed: &mut Vec<Suppressed>,
) {
    let layers = context.stack.layers().iter().enumerate();
    let mut all: Vec<Suppression> = layers
        .flat_map(|(layer, file)| in_document(layer, &file.document))
        .collect();
    if all.is_empty() {
        return;
    }
    // Those that speak of one line stand side by side: a block of comments.
    all.sort_by_key(|suppression| (suppression.layer, suppression.target.start));
    for finding in std::mem::take(findings) {
        let mut by = None;
        for suppression in around(&mut all, &finding)
            .iter_mut()
            .filter(|suppression| suppression.covers(&finding))
        {
            suppression.is_used = true;
            by = by.or_else(|| Some(suppression.word(context)));
        }
        match by {
            Some(by) => suppressed.push(Suppressed { finding, by }),
            None => findings.push(finding),
        }
    }
    if rules.contains(&&UNUSED_SUPPRESSION) && !context.settings.is_off(&UNUSED_SUPPRESSION) {
        let unused = all.iter().filter(|suppression| !suppression.is_used);
        findings.extend(unused.map(|suppression| report(rules, context, suppression)));
    }
}

/// The suppressions whose lines may hold `finding`: those with the last target that starts no later.
fn around<'a>(all: &'a mut [Suppression], finding: &Finding) -> &'a mut [Suppression] {
    let Location::File { layer, span } = finding.location else {
        return &mut [];
    };
    let end = all.partition_point(|one| (one.layer, one.target.start) <= (layer, span.start));
    let Some(last) = all[..end].last().map(|one| (one.layer, one.target.start)) else {
        return &mut [];
    };
    let start = all.partition_point(|one| (one.layer, one.target.start) < last);
    &mut all[start..end]
}

impl Suppression {
    fn covers(&self, finding: &Finding) -> bool {
        let Location::File { layer, span } = finding.location else {
            return false;
        };
        self.layer == layer
            && self.target.start <= span.start
            && span.start < self.target.end.max(self.target.start + 1)
            && !self.reason.is_empty()
            && self.rules.iter().any(|rule| rule == finding.rule.id)
    }

    fn word(&self, context: &Context<'_>) -> By {
        let source = context.stack.layers()[self.layer].document.source();
        By::Comment {
            line: source.position(self.span.start).line,
            reason: self.reason.clone(),
        }
    }
}

fn report(rules: &[&'static Rule], context: &Context<'_>, suppression: &Suppression) -> Finding {
    let unknown = suppression
        .rules
        .iter()
        .find(|id| !rules.iter().any(|rule| rule.id == **id));
    let (message, help) = if suppression.rules.is_empty() {
        (
            "suppression does not name a rule".to_owned(),
            "write `# novamend: ignore[rule-id] reason`",
        )
    } else if let Some(id) = unknown {
        (
            format!("suppression of an unknown rule, `{id}`"),
            "`novamend rules` lists all rules",
        )
    } else if !suppression.reason.is_empty() {
        (
            format!("unused suppression of `{}`", suppression.rules.join(", ")),
            "remove the comment",
        )
    } else {
        (
            format!(
                "suppression of `{}` gives no reason and is ignored",
                suppression.rules.join(", ")
            ),
            "add a reason after the bracket",
        )
    };
    let location = Location::File {
        layer: suppression.layer,
        span: suppression.span,
    };
    let mut finding = Finding::new(&UNUSED_SUPPRESSION, location, message).with_help(help);
    finding.severity = context
        .settings
        .severity(&UNUSED_SUPPRESSION, UNUSED_SUPPRESSION.severity);
    let own = UNUSED_SUPPRESSION.severity;
    finding.lowered_from = (finding.severity < own).then_some(own);
    finding
}

fn in_document(layer: usize, document: &Document) -> Vec<Suppression> {
    let mut found = Vec::new();
    // Most files hold none, and one search of the bytes says so.
    if memchr::memmem::find(document.source().bytes(), b"novamend:").is_none() {
        return found;
    }
    for (index, item) in document.items().iter().enumerate() {
        if item.kind() != ItemKind::Comment {
            continue;
        }
        // Statements of a template stand for nothing that could be suppressed.
        let mut following = document.items()[index + 1..].iter();
        let next = following
            .find(|next| next.kind() != ItemKind::Template)
            .filter(|next| next.kind() != ItemKind::Blank);
        let target = next.map_or(Span::at(item.span().end), Item::span);
        for (_, span) in document.lines_of(item) {
            if let Some((rules, reason)) = read(&document.text(span)) {
                found.push(Suppression {
                    layer,
                    span,
                    target,
                    rules,
                    reason,
                    is_used: false,
                });
            }
        }
    }
    found
}

/// The rules a comment names, and why, which may be empty; `None` where it is no suppression.
fn read(comment: &str) -> Option<(Vec<String>, String)> {
    let body = comment.trim_start_matches(['#', ';']).trim();
    let rest = body.strip_prefix("novamend:")?.trim_start().strip_prefix("ignore")?;
    let (inside, reason) = rest.trim_start().strip_prefix('[')?.split_once(']')?;
    let rules = inside.split(',').map(str::trim).filter(|rule| !rule.is_empty());
    Some((rules.map(str::to_owned).collect(), reason.trim().to_owned()))
}
