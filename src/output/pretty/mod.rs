//! For people on a terminal: findings with their lines and a caret, diffs in colours, tables as wide as the terminal.

mod finding;

use super::checked::Checked;
use super::envelope::Kind;
use super::fixed::{self, Batch, FixTotal, Fixes};
use super::hop::Hop;
use super::life::{self, Life, Note};
use super::places::{Answer, Assignment};
use super::{CheckTotal, Findings, Head, Part, Piece, Report, Style, Tail, short, table};
use crate::lint::{Rule, Safety};
use crate::plain;

/// The format.
#[derive(Clone, Copy, Debug)]
pub struct Pretty {
    /// How it looks on this terminal.
    pub style: Style,
}

impl Report for Pretty {
    fn begin(&self, head: &Head<'_>) -> String {
        match head {
            Head::Check(checked) | Head::Fix(checked) => header(checked),
            Head::Where | Head::Option | Head::Upgrade(..) | Head::Rules | Head::Explain => String::new(),
        }
    }

    fn stack(&self, part: &Part<'_, '_>) -> Piece {
        let text = match part {
            Part::Findings(found) => self.findings(found),
            Part::Fixes(fixes) => self.fixes(fixes),
            Part::Answer(answer) => places(answer),
            Part::Life(life) => self.life(life),
            Part::Hop(hop) => self.hop(hop),
            Part::Rules(rules) => self.rules(rules),
            Part::Page(rule) => rule.doc.to_owned(),
        };
        text.into()
    }

    fn between(&self, kind: Kind) -> &'static str {
        if kind == Kind::Upgrade { "\n" } else { "" }
    }

    fn end(&self, tail: &Tail<'_>, _late: &[String]) -> String {
        match tail {
            Tail::Check(total) => check_end(total),
            Tail::Fix(total) => fix_end(total),
            Tail::Plain(_) => String::new(),
        }
    }
}

impl Pretty {
    fn findings(self, found: &Findings<'_, '_>) -> String {
        let findings = found.findings.iter();
        findings
            .map(|finding| finding::finding(found.context, finding, self.style))
            .collect()
    }

    fn fixes(self, fixes: &Fixes<'_>) -> String {
        let mut out = String::new();
        for line in fixes
            .proven
            .iter()
            .filter_map(fixed::Proof::line)
            .chain(fixes.objections.iter().cloned())
        {
            out.push_str(&format!("{}\n", plain::line(&line)));
        }
        let batches = [&fixes.now, &fixes.later].into_iter();
        let mut parts: Vec<String> = batches
            .filter(|batch| !batch.applied.is_empty())
            .map(|batch| self.batch(batch))
            .collect();
        let left: String = fixes.left.iter().map(|finding| left(fixes, finding)).collect();
        if !left.is_empty() {
            parts.push(format!("remaining findings:\n{left}"));
        }
        out.push_str(&parts.join("\n"));
        if !out.is_empty() {
            out.push('\n');
        }
        out
    }

    /// What is done, a line each, and the diffs.
    fn batch(self, batch: &Batch) -> String {
        let mut out = format!("{}\n", batch.heading);
        for applied in &batch.applied {
            let unsafe_mark = if applied.safety == Safety::Unsafe {
                " (unsafe)"
            } else {
                ""
            };
            let (hop, rule, title) = (applied.hop(), applied.reason(), plain::line(&applied.title));
            out.push_str(&format!("  {hop}{rule}{unsafe_mark}: {title}\n"));
        }
        for file in &batch.changed {
            out.push_str(&format!("\n{}", file.diff.text(self.style)));
            if let Some(doubt) = file.doubt() {
                out.push_str(&format!("{}\n", plain::line(&doubt)));
            }
        }
        out
    }

    fn life(self, life: &Life) -> String {
        let mut out = format!("{}\n", life.title());
        if !life.spans.is_empty() {
            let mut rows = vec![life::COLUMNS.map(str::to_owned).to_vec()];
            rows.extend(life.spans.iter().map(|facts| life::row(*facts).to_vec()));
            out.push_str(&format!("\n{}", table::aligned(&rows, self.style)));
        }
        let gone = life.gone_in().map(|release| format!("removed in {}", release.short()));
        let notes = life.notes();
        let lines = gone
            .into_iter()
            .chain(life.old_names())
            .chain(notes.iter().map(Note::lines));
        for line in lines.chain(life.pages()) {
            out.push_str(&format!("\n{line}\n"));
        }
        out
    }

    fn hop(self, hop: &Hop) -> String {
        let mut out = format!("{}\n", hop.title());
        if let Some(host) = &hop.host {
            out.push_str(&format!("hosts need {host}\n"));
        }
        if hop.changes.is_empty() {
            out.push_str("no option changes\n");
        }
        let rows = hop.rows().into_iter();
        let rows: Vec<Vec<String>> = rows
            .map(|row| vec![row.change.to_owned(), row.title, row.detail])
            .collect();
        out + &table::aligned(&rows, self.style)
    }

    fn rules(self, rules: &[&Rule]) -> String {
        let cells = |rule: &&Rule| {
            [rule.id, rule.severity.as_str(), rule.summary]
                .map(str::to_owned)
                .to_vec()
        };
        let rows: Vec<Vec<String>> = rules.iter().map(cells).collect();
        table::aligned(&rows, self.style)
    }
}

/// The first lines of a report, and a blank one.
fn header(checked: &Checked) -> String {
    let stops: Vec<&str> = checked.stops().iter().map(|stop| stop.short()).collect();
    let hops = if stops.is_empty() {
        String::new()
    } else {
        format!("hops: {}\n", stops.join(", "))
    };
    format!("{}\n{}{hops}\n", checked.line(), checked.listing())
}

fn check_end(total: &CheckTotal<'_>) -> String {
    let times = total.checked.timetable(total.steps).into_iter();
    let plan: Vec<String> = times
        .map(|(when, options)| format!("  {when}: {}\n", plain::line(&options)))
        .collect();
    let summary = total.summary.line(total.checked);
    let plan = plan.concat();
    if plan.is_empty() {
        summary
    } else {
        format!("what to edit when:\n{plan}\n{summary}")
    }
}

fn fix_end(total: &FixTotal<'_>) -> String {
    let lines = total.lines().into_iter();
    lines.map(|line| line + "\n").collect()
}

/// A finding that remains, on a line, and why its fix was not made.
fn left(fixes: &Fixes<'_>, finding: &crate::lint::Finding) -> String {
    let mut out = short::finding(fixes.written.stack, finding);
    if let Some(objection) = fixed::objection(finding) {
        out.push_str(&format!("  {}\n", plain::line(&objection)));
    }
    out
}

fn places(answer: &Answer) -> String {
    let assignments = answer.assignments.iter();
    let Some(headline) = &answer.headline else {
        let heading = answer.heading().map(|heading| heading + "\n");
        return heading.into_iter().chain(assignments.map(assignment)).collect();
    };
    let lines = assignments.map(|assignment| {
        let text = match &assignment.place.variable {
            Some(_) => format!(" = {}", plain::line(&assignment.value)),
            None => format!(": {}", assignment.text()),
        };
        format!("  {}{text}  ({})\n", assignment.address(), assignment.effect())
    });
    format!("{}\n{}", plain::line(headline), lines.collect::<String>())
}

/// One of all the assignments of a stack.
fn assignment(assignment: &Assignment) -> String {
    let mark = if assignment.effective { "" } else { "  (without effect)" };
    format!("{}: {}{mark}\n", assignment.address(), assignment.text())
}
