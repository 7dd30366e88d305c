//! What the verbs besides `check` and `fix` say on a terminal: places, lives of options, hops, rules and their pages.

use anstyle::AnsiColor;

use super::lines::{bold, dim, paint, painted, paragraph};
use crate::lint::Rule;
use crate::output::hop::Hop;
use crate::output::life::{self, Life, Note};
use crate::output::places::{Answer, Assignment};
use crate::output::{Style, table};
use crate::plain;

/// Of `where`: what an option comes to, and every place that sets it; or every assignment.
pub(super) fn places(answer: &Answer, style: Style) -> String {
    let assignments = answer.assignments.iter();
    let Some(headline) = &answer.headline else {
        let heading = answer.heading().map(|heading| painted(&heading, 2, bold(), style));
        let each = assignments.map(|one| assignment(one, style));
        return heading.into_iter().chain(each).collect();
    };
    let lines = assignments.map(|one| {
        let text = match &one.place.variable {
            Some(_) => format!(" = {}", plain::line(&one.value)),
            None => format!(": {}", one.text()),
        };
        let line = format!("  {}{text}  ({})", one.address(), one.effect());
        painted(&line, 4, of_effect(one), style)
    });
    painted(&plain::line(headline), 2, bold(), style) + &lines.collect::<String>()
}

/// One of all the assignments of a stack.
fn assignment(assignment: &Assignment, style: Style) -> String {
    let mark = if assignment.effective { "" } else { "  (without effect)" };
    let line = format!("{}: {}{mark}", assignment.address(), assignment.text());
    painted(&line, 2, of_effect(assignment), style)
}

/// What is without effect matters less.
fn of_effect(assignment: &Assignment) -> anstyle::Style {
    if assignment.effective {
        anstyle::Style::new()
    } else {
        dim()
    }
}

/// Of `option`.
pub(super) fn life(life: &Life, style: Style) -> String {
    let mut out = painted(&life.title(), 2, bold(), style);
    if !life.spans.is_empty() {
        let mut rows = vec![life::COLUMNS.map(str::to_owned).to_vec()];
        rows.extend(life.spans.iter().map(|facts| life::row(*facts).to_vec()));
        let table = table::aligned(&rows, style);
        let (heads, cells) = table.split_once('\n').unwrap_or((&table, ""));
        out.push_str(&format!("\n{}\n{cells}", style.paint(bold(), heads)));
    }
    let gone = life.gone_in().map(|release| format!("removed in {}", release.short()));
    let notes = life.notes();
    let lines = gone
        .into_iter()
        .chain(life.old_names())
        .chain(notes.iter().map(Note::lines));
    for line in lines.chain(life.pages()) {
        out.push_str(&format!("\n{}", paragraph(&line, 2, style)));
    }
    out
}

/// Of `upgrade`.
pub(super) fn hop(hop: &Hop, style: Style) -> String {
    let mut out = painted(&hop.title(), 2, bold(), style);
    if let Some(host) = &hop.host {
        out.push_str(&paragraph(&format!("hosts need {host}"), 2, style));
    }
    if hop.changes.is_empty() {
        out.push_str("no option changes\n");
    }
    let rows = hop.rows().into_iter();
    let rows: Vec<Vec<String>> = rows
        .map(|row| vec![row.change.to_owned(), row.title, row.detail])
        .collect();
    // What begins a row stands in its first column.
    let firsts: Vec<String> = rows.iter().filter_map(|row| row.first().cloned()).collect();
    let cyan = AnsiColor::Cyan.on_default();
    out + &marked(&table::aligned(&rows, style), &firsts, |first| style.paint(cyan, first))
}

/// Of `rules`.
pub(super) fn rules(rules: &[&Rule], style: Style) -> String {
    let cells = |rule: &&Rule| {
        [rule.id, rule.severity.as_str(), rule.summary]
            .map(str::to_owned)
            .to_vec()
    };
    let rows: Vec<Vec<String>> = rules.iter().map(cells).collect();
    let firsts: Vec<String> = rules.iter().map(|rule| rule.id.to_owned()).collect();
    let shown = |id: &str| {
        let rule = rules.iter().find(|rule| rule.id == id);
        let paint = rule.map_or_else(bold, |rule| paint(rule.severity));
        style.paint(paint, &style.linked(id, id))
    };
    marked(&table::aligned(&rows, style), &firsts, shown)
}

/// `table` with the first cell of each row as `shown` has it; `firsts` are these cells, in order.
fn marked(table: &str, firsts: &[String], shown: impl Fn(&str) -> String) -> String {
    let mut coming = firsts.iter().peekable();
    let mut out = String::with_capacity(table.len());
    for line in table.split_inclusive('\n') {
        match coming.next_if(|first| {
            line.strip_prefix(first.as_str())
                .is_some_and(|rest| rest.starts_with(' '))
        }) {
            Some(first) => {
                out.push_str(&shown(first));
                out.push_str(&line[first.len()..]);
            }
            None => out.push_str(line),
        }
    }
    out
}

/// Of `explain`: the page as it is written; on a terminal its headings stand out and its sentences wrap.
pub(super) fn page(rule: &Rule, style: Style) -> String {
    let mut is_example = false;
    let mut out = String::with_capacity(rule.doc.len());
    for line in rule.doc.lines() {
        let is_fence = line.starts_with("```");
        if line.is_empty() {
            out.push('\n');
        } else if is_fence || is_example {
            is_example ^= is_fence;
            out.push_str(&painted(line, 0, dim(), style));
        } else if line.starts_with('#') {
            out.push_str(&painted(line, 2, bold(), style));
        } else {
            out.push_str(&paragraph(line, if line.starts_with("* ") { 2 } else { 0 }, style));
        }
    }
    out
}
