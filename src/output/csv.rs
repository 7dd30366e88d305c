//! A table for spreadsheets, one for each verb: a row for each finding, fix, place, release, change or rule.
//!
//! A cell that a spreadsheet would take for a formula is marked as text.

use csv::{QuoteStyle, WriterBuilder};

use super::entry::{Entry, PlaceEntry};
use super::envelope::Kind;
use super::fixed::{AppliedFix, Batch, Fixes, fix_available};
use super::hop::Hop;
use super::life::{self, Life};
use super::places::Answer;
use super::reported::{self, Reported, Unread};
use super::{CheckTotal, Findings, Head, Part, Piece, Report, Tail};
use crate::lint::{Moment, Rule};
use crate::plain;

/// The format.
#[derive(Clone, Copy, Debug)]
pub struct Csv;

/// The columns of findings, and of fixes with what they leave.
const FINDINGS: &[&str] = &[
    "file", "line", "column", "severity", "effect", "rule", "option", "message", "why", "help", "fix", "from", "to",
];
const FIXES: &[&str] = &["what", "file", "line", "rule", "safety", "moment", "text"];
const PLACES: &[&str] = &["file", "line", "section", "key", "value", "effect", "release"];
const CHANGES: &[&str] = &["from", "to", "change", "option", "detail"];
const RULES: &[&str] = &["rule", "severity", "effect", "summary"];

/// The first row of every kind of table.
pub(super) const HEADINGS: [&[&str]; 6] = [FINDINGS, FIXES, PLACES, &life::COLUMNS, CHANGES, RULES];

impl Report for Csv {
    fn begin(&self, head: &Head<'_>) -> String {
        let columns = match head.kind() {
            Kind::Fix => FIXES,
            Kind::Where => PLACES,
            Kind::Option => &life::COLUMNS,
            Kind::Upgrade => CHANGES,
            Kind::Rules | Kind::Explain => RULES,
            Kind::Check | Kind::Catalog | Kind::Probe | Kind::Verify | Kind::Rescue | Kind::Error => FINDINGS,
        };
        table(&[columns.iter().map(|column| (*column).to_owned()).collect()])
    }

    fn stack(&self, part: &Part<'_, '_>) -> Piece {
        let rows = match part {
            Part::Findings(found) => findings(found),
            Part::Fixes(fixes) => of_fix(fixes),
            Part::Answer(answer) => places(answer),
            Part::Life(option) => spans(option),
            Part::Hop(hop) => changes(hop),
            Part::Rules(rules) => rules.iter().map(|one| rule(one)).collect(),
            Part::Page(one) => vec![rule(one)],
        };
        table(&rows).into()
    }

    fn end(&self, tail: &Tail<'_>, _late: &[String]) -> String {
        match tail {
            Tail::Check(total) => unread(total),
            Tail::Fix(_) | Tail::Plain(_) => String::new(),
        }
    }
}

type Row = Vec<String>;

/// `rows` as CSV, each on a line.
fn table(rows: &[Row]) -> String {
    let mut builder = WriterBuilder::new();
    let mut writer = builder
        .quote_style(QuoteStyle::Necessary)
        .flexible(true)
        .from_writer(Vec::new());
    for row in rows {
        // Memory takes whatever is written to it.
        let _ = writer.write_record(row.iter().map(|cell| as_text(cell)));
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

/// `cell` on one line, and as text where a spreadsheet would run it.
fn as_text(cell: &str) -> String {
    let line = plain::line(cell).replace('\t', " ");
    // Some look behind blanks and quotes, and take the wide signs for the narrow ones.
    let first = line
        .trim_start_matches([' ', '"', '\'', '\u{a0}', '\u{3000}'])
        .chars()
        .next();
    let is_formula = first.is_some_and(|c| "=+-@|%＝＋－＠".contains(c));
    if is_formula { format!("'{line}") } else { line }
}

/// The file, or the variable, and the line.
fn place(place: &PlaceEntry) -> [String; 2] {
    let file = match (&place.file, &place.variable) {
        (Some(file), _) => file.clone(),
        (None, Some(variable)) => format!("environment {variable}"),
        (None, None) => String::new(),
    };
    [file, number(place.line)]
}

fn number(number: Option<usize>) -> String {
    number.map_or_else(String::new, |number| number.to_string())
}

fn findings(found: &Findings<'_, '_>) -> Vec<Row> {
    let reported = reported::all(found);
    let row = |one: &Reported<'_>| {
        let entry = Entry::of(&found.checked.base, found.context, one.finding);
        let (file, line) = match place(&one.place) {
            [file, line] if one.place.file.is_none() && one.place.variable.is_some() => (file, line),
            [_, line] => (one.file.clone(), line),
        };
        let subject = &entry.subject;
        vec![
            file,
            line,
            number(one.place.column),
            subject.severity.as_str().to_owned(),
            subject.effect.to_owned(),
            subject.rule.to_owned(),
            subject.option.clone().unwrap_or_default(),
            subject.message.to_owned(),
            entry.why.to_owned(),
            entry.help.to_owned(),
            fix_available(one.finding).unwrap_or_default(),
            entry.from.short().to_owned(),
            entry.to.short().to_owned(),
        ]
    };
    reported.iter().map(row).collect()
}

fn unread(total: &CheckTotal<'_>) -> String {
    let rows = reported::unread(total).map(|left| {
        let mut row = vec![String::new(); FINDINGS.len()];
        for (column, word) in [
            (0, left.file),
            (3, "error".to_owned()),
            (5, Unread::ID.to_owned()),
            (7, left.why),
        ] {
            row[column] = word;
        }
        row
    });
    table(&rows.collect::<Vec<_>>())
}

fn of_fix(fixes: &Fixes<'_>) -> Vec<Row> {
    let mut rows = batch(&fixes.now, "fix now");
    rows.extend(batch(&fixes.later, "fix later"));
    rows.extend(fixes.objections.iter().map(|text| {
        let mut row = vec![String::new(); FIXES.len()];
        "objection".clone_into(&mut row[0]);
        row[FIXES.len() - 1].clone_from(text);
        row
    }));
    rows.extend(fixes.left.iter().map(|finding| {
        let [file, line] = place(&PlaceEntry::of(fixes.base, fixes.written.stack, finding.location));
        let text = finding.message.clone();
        vec![
            format!("left: {}", finding.severity.as_str()),
            file,
            line,
            finding.rule.id.to_owned(),
            String::new(),
            String::new(),
            text,
        ]
    }));
    rows
}

fn batch(batch: &Batch, what: &str) -> Vec<Row> {
    let row = |applied: &AppliedFix| {
        let file = applied.edits.first().map_or_else(String::new, |edit| edit.file.clone());
        let moment = match applied.moment {
            Moment::Now => "now".to_owned(),
            Moment::With(release) => format!("with {}", release.short()),
        };
        vec![
            what.to_owned(),
            file,
            String::new(),
            applied.reason().to_owned(),
            applied.safety.as_str().to_owned(),
            moment,
            applied.title.clone(),
        ]
    };
    batch.applied.iter().map(row).collect()
}

fn places(answer: &Answer) -> Vec<Row> {
    let rows = answer.assignments.iter().map(|one| {
        let [file, line] = place(&one.place);
        vec![
            file,
            line,
            one.section.clone(),
            one.key.clone(),
            one.value.clone(),
            one.effect().to_owned(),
            one.release.to_string(),
        ]
    });
    rows.collect()
}

fn spans(option: &Life) -> Vec<Row> {
    option.spans.iter().map(|facts| life::row(*facts).to_vec()).collect()
}

fn changes(hop: &Hop) -> Vec<Row> {
    let (from, to) = (hop.from.short(), hop.to.short());
    let host = hop.host.iter().map(|host| {
        let detail = format!("hosts need {host}");
        vec![from.into(), to.into(), "host".into(), String::new(), detail]
    });
    let rows = hop.rows().into_iter();
    let rows = rows.map(|row| vec![from.into(), to.into(), row.change.into(), row.title, row.detail]);
    host.chain(rows).collect()
}

fn rule(rule: &Rule) -> Row {
    let (severity, effect) = (rule.severity.as_str(), rule.effect.as_str());
    vec![rule.id.into(), severity.into(), effect.into(), rule.summary.into()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for cell in [
            "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\"=1", "|cmd", "＝1", "%0A=1",
        ] {
            let text = as_text(cell);
            assert!(text.starts_with('\'') || text.starts_with('\\'), "{cell:?}: {text:?}");
        }
        assert_eq!(as_text("a = 1"), "a = 1");
        assert_eq!(as_text("[libvirt]"), "[libvirt]");
    }

    #[test]
    fn a_cell_cannot_end_its_row() {
        let row = ["a\nb", "c,d", "e\"f"].map(str::to_owned).to_vec();
        assert_eq!(table(&[row]), "a\\nb,\"c,d\",\"e\"\"f\"\n");
    }
}
