//! A finding in full: what is found, the lines with a mark under the place, why it matters, what to do, where else.

use anstyle::AnsiColor;
use unicode_width::UnicodeWidthStr;

use super::lines::{dim, labelled, width, wrapped};
use crate::lint::{Context, Finding, Location};
use crate::oslo::stack::Stack;
use crate::output::excerpt::{Excerpt, excerpt};
use crate::output::fixed::fix_available;
use crate::output::{Style, address};
use crate::plain;

/// So many lines are shown before and after the place.
const AROUND: usize = 2;
/// What a tab is shown as.
const TAB: &str = "    ";

/// One finding, and a blank line.
pub(super) fn finding(context: &Context<'_>, finding: &Finding, style: Style) -> String {
    let (severity, rule) = (finding.severity, finding.rule.id);
    let mut place = address(None, context.stack, finding.location);
    let mut frame = Vec::new();
    if let Location::File { layer, span } = finding.location {
        let document = &context.stack.layers()[layer].document;
        let last = document.source().position(span.end).line + AROUND;
        let gutter = last.to_string().len();
        let room = width(style).saturating_sub(gutter + 3);
        let excerpt = excerpt(document, span, AROUND, context.secrets(), room);
        frame = framed(&excerpt, gutter, style);
        place = format!("{:gutter$}{}{place}", "", corner(style));
    }
    let mut lines = labelled(severity, rule, &plain::line(&finding.message), style);
    lines.extend(wrapped(&place, 4, style));
    lines.extend(frame);
    for (label, text) in notes(context.stack, finding) {
        lines.extend(note(label, &plain::line(&text), style));
    }
    lines.join("\n") + "\n\n"
}

/// What leads from the gutter to the place.
fn corner(style: Style) -> &'static str {
    if style.unicode { " ╭─ " } else { " --> " }
}

/// The lines of `excerpt` behind their numbers, the place underlined.
fn framed(excerpt: &Excerpt, gutter: usize, style: Style) -> Vec<String> {
    let (bar, under) = if style.unicode { ("│", "─") } else { ("|", "^") };
    let (start, end) = excerpt.label;
    // A place of several lines is marked on its first.
    let end = excerpt.text[start..end].find('\n').map_or(end, |length| start + length);
    let mut lines = Vec::new();
    let mut offset = 0;
    for (index, line) in excerpt.text.split('\n').enumerate() {
        let number = excerpt.first_line + index;
        let numbered = style.paint(dim(), &format!("{number:>gutter$} {bar}"));
        lines.push(format!("{numbered} {}", line.replace('\t', TAB)).trim_end().to_owned());
        let place = start.checked_sub(offset).filter(|from| *from <= line.len());
        if let Some(from) = place.filter(|_| start < end || offset + line.len() >= start) {
            let wide = |text: &str| text.replace('\t', TAB).width();
            let marked = wide(&line[from..(end - offset).min(line.len())]).max(1);
            let mark = style.paint(AnsiColor::Magenta.on_default(), &under.repeat(marked));
            let empty = style.paint(dim(), &format!("{:gutter$} {bar}", ""));
            lines.push(format!("{empty} {:1$}{mark}", "", wide(&line[..from])));
        }
        offset += line.len() + 1;
    }
    lines
}

/// Why, what to do, where else, and what `fix` would do: each with its label.
fn notes(stack: &Stack, finding: &Finding) -> Vec<(&'static str, String)> {
    let mut notes = Vec::new();
    if !finding.why.is_empty() {
        notes.push(("why", finding.why.clone()));
    }
    if !finding.help.is_empty() {
        notes.push(("help", finding.help.clone()));
    }
    for related in &finding.related {
        notes.push((
            "see",
            format!("{}: {}", address(None, stack, related.location), related.note),
        ));
    }
    if let Some(fix) = fix_available(finding) {
        notes.push(("fix available", fix));
    }
    notes
}

/// A note on lines of the report's width, indented below its label.
fn note(label: &str, text: &str, style: Style) -> Vec<String> {
    let indent = label.len() + 4;
    let mut lines = wrapped(&format!("  {label}: {text}"), indent, style);
    if let Some(first) = lines.first_mut()
        && let Some(rest) = first.strip_prefix(&format!("  {label}:"))
    {
        let shown = style.paint(AnsiColor::Cyan.on_default(), &format!("{label}:"));
        *first = format!("  {shown}{rest}");
    }
    lines
}
