//! A page for a wiki or a ticket: headings, tables, diffs between fences.

mod page;

use super::checked::{Checked, LISTED};
use super::fixed::{self, Batch, FixTotal, Fixes, Proof};
use super::hop::Hop;
use super::life::{self, Life};
use super::places::{Answer, Assignment};
use super::{Base, CheckTotal, Findings, Head, Part, Piece, Report, Style, Tail, address, shown_path};
use crate::lint::{Context, Finding, Rule, Safety};
use page::{Escaped, Page};

/// The format.
#[derive(Clone, Copy, Debug)]
pub struct Markdown;

/// The columns of findings.
const FINDING: [&str; 6] = ["place", "severity", "rule", "finding", "why it matters", "what to do"];

impl Report for Markdown {
    fn begin(&self, head: &Head<'_>) -> String {
        let mut page = Page::default();
        match head {
            Head::Check(checked) => header(&mut page, "novamend check", checked),
            Head::Fix(checked) => header(&mut page, "novamend fix", checked),
            Head::Where => page.heading(1, &Escaped::text("novamend where")),
            Head::Upgrade(from, to) => page.heading(1, &Escaped::text(&format!("Nova from {from} to {to}"))),
            Head::Rules => page.heading(1, &Escaped::text("Rules of novamend")),
            // The page of a rule has a heading of its own, and so has an option.
            Head::Option | Head::Explain => return String::new(),
        }
        page.into_text()
    }

    fn stack(&self, part: &Part<'_, '_>) -> Piece {
        let mut page = Page::default();
        match part {
            Part::Findings(found) => findings(&mut page, found),
            Part::Fixes(fixes) => stack_fixes(&mut page, fixes),
            Part::Answer(answer) => places(&mut page, answer),
            Part::Life(option) => spans(&mut page, option),
            Part::Hop(hop) => changes(&mut page, hop),
            Part::Rules(list) => rules(&mut page, list),
            Part::Page(rule) => page.own(rule.doc),
        }
        let text = page.into_text();
        match part {
            // It is the whole document.
            Part::Life(_) | Part::Page(_) => text.into(),
            _ if text.is_empty() => Piece::default(),
            _ => format!("\n{text}").into(),
        }
    }

    fn end(&self, tail: &Tail<'_>, _late: &[String]) -> String {
        let mut page = Page::default();
        match tail {
            Tail::Check(total) => check_end(&mut page, total),
            Tail::Fix(total) => fix_end(&mut page, total),
            Tail::Plain(_) => return String::new(),
        }
        format!("\n{}", page.into_text())
    }
}

fn header(page: &mut Page, title: &str, checked: &Checked) {
    page.heading(1, &Escaped::text(title));
    page.paragraph(&Escaped::prose(&checked.line()));
    let listing = checked.listing(LISTED);
    let stops: Vec<&str> = checked.stops().iter().map(|stop| stop.short()).collect();
    let hops = (!stops.is_empty()).then(|| format!("hops: {}", stops.join(", ")));
    let lines = listing.lines().map(str::to_owned).chain(hops);
    let lines: Vec<Escaped> = lines.map(|line| Escaped::prose(&line)).collect();
    page.list(&lines);
}

/// The name of a stack: its last file, which decides.
fn stack_heading(page: &mut Page, base: &Base, context: &Context<'_>) {
    let last = context.stack.layers().last();
    let name = last.map_or_else(
        || "no file".to_owned(),
        |layer| shown_path(&base.relative(layer.document.source().path())),
    );
    page.heading(2, &Escaped::code(&name));
}

fn findings(page: &mut Page, found: &Findings<'_, '_>) {
    if found.findings.is_empty() {
        return;
    }
    let base = &found.checked.base;
    stack_heading(page, base, found.context);
    let rows = found.findings.iter().map(|finding| row(base, found.context, finding));
    page.table(&FINDING, &rows.collect::<Vec<_>>());
}

fn row(base: &Base, context: &Context<'_>, finding: &Finding) -> Vec<Escaped> {
    let fix = fixed::fix_available(finding).map(|fix| format!("fix available: {fix}"));
    let help: Vec<String> = [finding.help.clone()]
        .into_iter()
        .chain(fix)
        .filter(|text| !text.is_empty())
        .collect();
    vec![
        Escaped::code(&address(Some(base), context.stack, finding.location)),
        Escaped::text(finding.severity.as_str()),
        Escaped::code(finding.rule.id),
        Escaped::prose(&finding.message),
        Escaped::prose(&finding.why),
        Escaped::prose(&help.join("; ")),
    ]
}

fn check_end(page: &mut Page, total: &CheckTotal<'_>) {
    let times = total.checked.timetable(total.steps).into_iter();
    let times: Vec<Escaped> = times
        .map(|(when, options)| Escaped::prose(&format!("{when}: {options}")))
        .collect();
    if !times.is_empty() {
        page.heading(2, &Escaped::text("What to edit when"));
        page.list(&times);
    }
    page.paragraph(&Escaped::prose(total.summary.line(total.checked).trim_end()));
}

fn stack_fixes(page: &mut Page, fixes: &Fixes<'_>) {
    let proven = fixes.proven.iter().filter_map(Proof::line);
    let notes = proven.chain(fixes.objections.iter().cloned());
    let notes: Vec<Escaped> = notes.map(|line| Escaped::prose(&line)).collect();
    let has_fixes = !fixes.now.applied.is_empty() || !fixes.later.applied.is_empty();
    if notes.is_empty() && !has_fixes && fixes.left.is_empty() {
        return;
    }
    stack_heading(page, fixes.base, &fixes.written);
    page.list(&notes);
    batch(page, &fixes.now);
    batch(page, &fixes.later);
    if !fixes.left.is_empty() {
        page.heading(3, &Escaped::text("remaining findings"));
        let rows = fixes
            .left
            .iter()
            .map(|finding| row(fixes.base, &fixes.written, finding));
        page.table(&FINDING, &rows.collect::<Vec<_>>());
    }
}

fn batch(page: &mut Page, batch: &Batch) {
    if batch.applied.is_empty() {
        return;
    }
    page.heading(3, &Escaped::prose(batch.heading.trim_end_matches(':')));
    let rows = batch.applied.iter().map(|applied| {
        let (safety, title) = (applied.safety, format!("{}{}", applied.hop(), applied.title));
        let mark = if safety == Safety::Unsafe { "unsafe" } else { "safe" };
        vec![
            Escaped::code(applied.reason()),
            Escaped::text(mark),
            Escaped::prose(&title),
        ]
    });
    page.table(&["rule", "safety", "fix"], &rows.collect::<Vec<_>>());
    for file in &batch.changed {
        page.fence("diff", &file.diff.text(Style::default()));
        page.paragraph(&Escaped::prose(&file.doubt().unwrap_or_default()));
    }
}

fn fix_end(page: &mut Page, total: &FixTotal<'_>) {
    let lines: Vec<Escaped> = total.lines().iter().map(|line| Escaped::prose(line)).collect();
    page.list(&lines);
}

fn places(page: &mut Page, answer: &Answer) {
    if let Some(heading) = answer.heading() {
        page.heading(2, &Escaped::prose(&heading));
    }
    let rows = answer.assignments.iter().map(assignment).collect::<Vec<_>>();
    page.table(&["place", "assignment", "effect"], &rows);
}

fn assignment(assignment: &Assignment) -> Vec<Escaped> {
    vec![
        Escaped::code(&assignment.address()),
        Escaped::code(&assignment.text()),
        Escaped::text(assignment.effect()),
    ]
}

fn spans(page: &mut Page, option: &Life) {
    page.heading(1, &Escaped::code(&option.title()));
    let rows = option.spans.iter().map(|facts| {
        let row = life::row(*facts);
        row.iter().map(|cell| Escaped::prose(cell)).collect()
    });
    page.table(&life::COLUMNS, &rows.collect::<Vec<_>>());
    if let Some(release) = option.gone_in() {
        page.paragraph(&Escaped::prose(&format!("removed in {}", release.short())));
    }
    let notes = option.notes().into_iter();
    let notes = notes.map(|note| Escaped::prose(&note.text).and(&Escaped::text(&format!(" ({})", note.source))));
    let old = option.old_names().into_iter().map(|line| Escaped::prose(&line));
    page.list(&old.chain(notes).collect::<Vec<_>>());
    page.paragraph(&Escaped::prose(&option.pages().unwrap_or_default()));
}

fn changes(page: &mut Page, hop: &Hop) {
    page.heading(2, &Escaped::text(&hop.title()));
    if let Some(host) = &hop.host {
        page.paragraph(&Escaped::text(&format!("Hosts need {host}.")));
    }
    if hop.changes.is_empty() {
        page.paragraph(&Escaped::text("No option changes."));
    }
    let rows = hop.rows().into_iter().map(|row| {
        vec![
            Escaped::text(row.change),
            Escaped::code(&row.title),
            Escaped::prose(&row.detail),
        ]
    });
    page.table(&["change", "option", "detail"], &rows.collect::<Vec<_>>());
}

fn rules(page: &mut Page, rules: &[&Rule]) {
    let rows = rules.iter().map(|rule| {
        vec![
            Escaped::code(rule.id),
            Escaped::text(rule.severity.as_str()),
            Escaped::prose(rule.summary),
        ]
    });
    page.table(&["rule", "severity", "finding"], &rows.collect::<Vec<_>>());
}
