//! For people on a terminal: findings with their lines and a caret, diffs in colours, tables as wide as the terminal.

mod finding;
mod lines;
mod screen;
mod tail;
mod verbs;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::checked::{Checked, LISTED, LISTED_FIRST};
use super::envelope::Kind;
use super::fixed::{self, Batch, FixTotal, Fixes};
use super::fold::{self, Fold, Told};
use super::{Findings, Head, Part, Piece, Report, Style, Tail, short};
use crate::lint::{Finding, Safety};
use crate::plain;

/// The format.
#[derive(Debug)]
pub struct Pretty {
    style: Style,
    /// What is found, equal findings once.
    fold: Mutex<Fold>,
    /// How many lines are printed already.
    printed: AtomicUsize,
}

impl Pretty {
    /// The format, as it looks on this terminal.
    #[must_use]
    pub fn new(style: Style) -> Self {
        Self {
            style,
            fold: Mutex::default(),
            printed: AtomicUsize::new(0),
        }
    }
}

impl Report for Pretty {
    fn begin(&self, head: &Head<'_>) -> String {
        let text = match head {
            Head::Check(checked) | Head::Fix(checked) => self.header(checked),
            Head::Where | Head::Option | Head::Upgrade(..) | Head::Rules | Head::Explain => String::new(),
        };
        self.printed.store(text.lines().count(), Ordering::Relaxed);
        text
    }

    fn stack(&self, part: &Part<'_, '_>) -> Piece {
        let text = match part {
            Part::Findings(found) => return self.findings(found),
            Part::Fixes(fixes) => self.fixes(fixes),
            Part::Answer(answer) => verbs::places(answer, self.style),
            Part::Life(life) => verbs::life(life, self.style),
            Part::Hop(hop) => verbs::hop(hop, self.style),
            Part::Rules(rules) => verbs::rules(rules, self.style),
            Part::Page(rule) => verbs::page(rule, self.style),
        };
        text.into()
    }

    fn between(&self, kind: Kind) -> &'static str {
        if kind == Kind::Upgrade { "\n" } else { "" }
    }

    fn keep(&self, told: fold::Batch) {
        let detail = self.style.detail;
        let mut fold = self.fold.lock().unwrap_or_else(PoisonError::into_inner);
        fold.add(&told, |kind| screen::folds(kind, detail));
    }

    fn end(&self, tail: &Tail<'_>, _late: &[String]) -> String {
        match tail {
            Tail::Check(total) => {
                let fold = self.fold.lock().unwrap_or_else(PoisonError::into_inner);
                screen::end(&fold, total, self.printed.load(Ordering::Relaxed), self.style)
            }
            Tail::Fix(total) => self.fix_end(total),
            Tail::Plain(_) => String::new(),
        }
    }
}

impl Pretty {
    fn findings(&self, found: &Findings<'_, '_>) -> Piece {
        let detail = self.style.detail;
        let each = found
            .findings
            .iter()
            .filter(|_| detail.is_verbose && !detail.statistics);
        Piece {
            text: each
                .map(|finding| finding::finding(found.context, finding, self.style))
                .collect(),
            told: Told::of(found),
            ..Piece::default()
        }
    }

    fn fixes(&self, fixes: &Fixes<'_>) -> String {
        let mut out = String::new();
        for line in fixes
            .proven
            .iter()
            .filter_map(fixed::Proof::line)
            .chain(fixes.objections.iter().cloned())
        {
            out.push_str(&lines::paragraph(&plain::line(&line), 2, self.style));
        }
        let batches = [&fixes.now, &fixes.later].into_iter();
        let mut parts: Vec<String> = batches
            .filter(|batch| !batch.applied.is_empty())
            .map(|batch| self.batch(batch))
            .collect();
        let left: String = fixes.left.iter().map(|finding| self.left(fixes, finding)).collect();
        if !left.is_empty() {
            let heading = self.style.paint(lines::bold(), "remaining findings:");
            parts.push(format!("{heading}\n{left}"));
        }
        out.push_str(&parts.join("\n"));
        if !out.is_empty() {
            out.push('\n');
        }
        out
    }

    /// What is done, a line each, and the diffs.
    fn batch(&self, batch: &Batch) -> String {
        let mut out = lines::painted(&batch.heading, 2, lines::bold(), self.style);
        for applied in &batch.applied {
            let unsafe_mark = if applied.safety == Safety::Unsafe {
                " (unsafe)"
            } else {
                ""
            };
            let (hop, rule, title) = (applied.hop(), applied.reason(), plain::line(&applied.title));
            let line = format!("  {hop}{rule}{unsafe_mark}: {title}");
            out.push_str(&lines::paragraph(&line, 4, self.style));
        }
        for file in &batch.changed {
            out.push_str(&format!("\n{}", file.diff.text(self.style)));
            if let Some(doubt) = file.doubt() {
                out.push_str(&lines::paragraph(&plain::line(&doubt), 2, self.style));
            }
        }
        out
    }

    /// A finding that remains, on a line, and why its fix was not made.
    fn left(&self, fixes: &Fixes<'_>, finding: &Finding) -> String {
        let text = short::finding(None, fixes.written.stack, finding);
        let label = lines::label(finding.severity, finding.rule.id);
        let shown = lines::shown_label(finding.severity, finding.rule.id, self.style);
        let mut out = lines::paragraph(&text, 2, self.style).replacen(&label, &shown, 1);
        if let Some(objection) = fixed::objection(finding) {
            out.push_str(&lines::paragraph(
                &format!("  {}", plain::line(&objection)),
                4,
                self.style,
            ));
        }
        out
    }

    /// The first lines of a report, and a blank one.
    fn header(&self, checked: &Checked) -> String {
        let stops: Vec<&str> = checked.stops().iter().map(|stop| stop.short()).collect();
        // Of many files those are named in which something is found.
        let is_told = !self.style.detail.is_verbose && checked.paths.len() > LISTED_FIRST;
        let most = if is_told { 0 } else { LISTED };
        let mut text = format!("{}\n{}", checked.line(), checked.listing(most));
        if !stops.is_empty() {
            text.push_str(&tail::hops(&stops, self.style));
        }
        lines::paragraph(&text, 2, self.style) + "\n"
    }

    fn fix_end(&self, total: &FixTotal<'_>) -> String {
        let each = total.lines().into_iter();
        each.map(|line| lines::paragraph(&line, 2, self.style)).collect()
    }
}
