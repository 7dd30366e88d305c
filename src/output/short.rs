//! One line for each finding, fix, place or change, such as `path:line:column: severity[rule]: message`: for logs and `grep`.
//!
//! Why it matters and what to do is left to the other formats.

use std::sync::{Mutex, PoisonError};

use super::checked::LISTED;
use super::fixed::{Batch, Fixes, Proof};
use super::fold::{self, Fold, Told};
use super::hop::Hop;
use super::life::{self, Life};
use super::places::{Answer, Assignment};
use super::{Base, Checked, Head, Part, Piece, Report, Style, Tail, address};
use crate::catalog::Release;
use crate::lint::{Finding, Moment, Rule, Safety};
use crate::oslo::stack::Stack;
use crate::plain;

/// The format.
#[derive(Debug)]
pub struct Short {
    style: Style,
    /// What is found, for counts per rule.
    fold: Mutex<Fold>,
}

impl Short {
    /// The format; of `style` counts per rule alone are heeded.
    #[must_use]
    pub fn new(style: Style) -> Self {
        let fold = Mutex::default();
        Self { style, fold }
    }
}

impl Report for Short {
    fn begin(&self, head: &Head<'_>) -> String {
        match head {
            Head::Check(checked) | Head::Fix(checked) => header(checked),
            Head::Where | Head::Option | Head::Upgrade(..) | Head::Rules | Head::Explain => String::new(),
        }
    }

    fn stack(&self, part: &Part<'_, '_>) -> Piece {
        let text = match part {
            Part::Findings(found) if self.style.detail.statistics => {
                return Piece {
                    told: Told::of(found),
                    ..Piece::default()
                };
            }
            Part::Findings(found) => found
                .findings
                .iter()
                .map(|one| finding(Some(&found.checked.base), found.context.stack, one))
                .collect(),
            Part::Fixes(fixes) => stack_fixes(fixes),
            Part::Answer(answer) => places(answer),
            Part::Life(option) => spans(option),
            Part::Hop(hop) => changes(hop),
            Part::Rules(rules) => rules.iter().map(|one| rule(one)).collect(),
            Part::Page(one) => rule(one),
        };
        text.into()
    }

    fn keep(&self, told: fold::Batch) {
        if self.style.detail.statistics {
            let mut fold = self.fold.lock().unwrap_or_else(PoisonError::into_inner);
            fold.add(&told, |_| true);
        }
    }

    fn end(&self, tail: &Tail<'_>, _late: &[String]) -> String {
        match tail {
            Tail::Check(total) => {
                let fold = self.fold.lock().unwrap_or_else(PoisonError::into_inner);
                let rules = fold.statistics().into_iter();
                let rules = rules.map(|(rule, count)| format!("{} {rule}: {}\n", count.total(), count.in_words()));
                rules.collect::<String>() + &total.summary.line(total.checked)
            }
            Tail::Fix(total) => lines(total.lines()),
            Tail::Plain(_) => String::new(),
        }
    }
}

fn header(checked: &Checked) -> String {
    format!("{}\n{}", checked.line(), checked.listing(LISTED))
}

/// One finding, its path as [`address`] has it, with its line end.
#[must_use]
pub fn finding(base: Option<&Base>, stack: &Stack, finding: &Finding) -> String {
    let fix = match (&finding.fix, finding.moment) {
        (None, _) => String::new(),
        (Some(fix), _) if fix.safety == Safety::Unsafe => " (fixable: unsafe)".to_owned(),
        (Some(_), Some(Moment::With(release))) => format!(" (fixable with {})", release.short()),
        (Some(_), _) => " (fixable)".to_owned(),
    };
    let message = finding.message.replace('\n', " ");
    let message = plain::line(&message);
    let address = address(base, stack, finding.location);
    let (severity, rule) = (finding.severity.as_str(), finding.rule.id);
    [&*address, ": ", severity, "[", rule, "]: ", &*message, &*fix, "\n"].concat()
}

/// `texts` on one line each.
fn lines(texts: impl IntoIterator<Item = String>) -> String {
    let each = texts.into_iter();
    each.map(|text| plain::line(&text).into_owned() + "\n").collect()
}

fn stack_fixes(fixes: &Fixes<'_>) -> String {
    let proven = fixes.proven.iter().filter_map(Proof::line);
    let mut out = lines(proven.chain(fixes.objections.iter().cloned()));
    out.push_str(&batch(&fixes.now, "file changes"));
    out.push_str(&batch(&fixes.later, "file changes with the upgrade"));
    out.extend(
        fixes
            .left
            .iter()
            .map(|one| finding(Some(fixes.base), fixes.written.stack, one)),
    );
    out
}

/// `path: fix[rule]: title` for each fix, `path: what` for each file.
fn batch(batch: &Batch, what: &str) -> String {
    let fixes = batch.applied.iter().map(|applied| {
        let file = applied.edits.first().map_or("no file", |edit| &edit.file);
        let unsafe_mark = if applied.safety == Safety::Unsafe {
            " (unsafe)"
        } else {
            ""
        };
        let (hop, title) = (applied.hop(), applied.title.replace('\n', " "));
        format!("{file}: fix[{}]: {hop}{title}{unsafe_mark}", applied.reason())
    });
    let changed = batch.changed.iter().map(|file| {
        let doubt = file.doubt().map(|doubt| format!(", {doubt}"));
        format!("{}: {what}{}", file.file, doubt.unwrap_or_default())
    });
    lines(fixes.chain(changed))
}

fn places(answer: &Answer) -> String {
    match &answer.headline {
        Some(headline) if answer.assignments.is_empty() => lines([headline.clone()]),
        _ => {
            let lines = answer.assignments.iter().map(|line| assignment(line, answer.reader));
            lines.collect()
        }
    }
}

fn assignment(assignment: &Assignment, reader: Option<Release>) -> String {
    let (address, text, effect) = (assignment.address(), assignment.text(), assignment.effect());
    let reader = reader.map_or(String::new(), |release| format!("{}: ", release.short()));
    format!("{address}: {text} ({reader}{effect})\n")
}

fn spans(option: &Life) -> String {
    let spans = option.spans.iter().map(|facts| {
        let row = life::row(*facts);
        let named = life::COLUMNS.iter().zip(&row).skip(1);
        let known = named.filter(|(_, cell)| !cell.is_empty() && *cell != "-");
        let known: Vec<String> = known.map(|(column, cell)| format!("{column} {cell}")).collect();
        format!("{}: {}: {}", option.title(), row[0], known.join("; "))
    });
    let more = option.old_names().into_iter();
    let more = more.chain(option.notes().into_iter().map(|note| note.text));
    lines(spans.chain(more.map(|text| format!("{}: {text}", option.title()))))
}

fn changes(hop: &Hop) -> String {
    let (from, to) = (hop.from.short(), hop.to.short());
    let host = hop.host.iter().map(|host| format!("{from} to {to}: hosts need {host}"));
    let rows = hop.rows().into_iter().map(|row| {
        let detail = if row.detail.is_empty() {
            String::new()
        } else {
            format!(": {}", row.detail)
        };
        format!("{from} to {to}: {}: {}{detail}", row.change, row.title)
    });
    let none = hop
        .changes
        .is_empty()
        .then(|| format!("{from} to {to}: no option changes"));
    lines(host.chain(rows).chain(none))
}

fn rule(rule: &Rule) -> String {
    format!("{}[{}]: {}\n", rule.severity.as_str(), rule.id, rule.summary)
}
