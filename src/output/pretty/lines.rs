//! Text on lines of the terminal's width: wrapped at blanks, with what goes on below indented.

use anstyle::{AnsiColor, Style as Paint};

use crate::lint::Severity;
use crate::output::Style;
use crate::output::table;

/// No report is laid out for fewer columns, or for more.
const NARROWEST: usize = 20;
const WIDEST: usize = 120;

/// The columns of a report.
pub(super) fn width(style: Style) -> usize {
    style.width.clamp(NARROWEST, WIDEST)
}

/// `text` on lines of the report's width; all but the first are indented by `indent`.
pub(super) fn wrapped(text: &str, indent: usize, style: Style) -> Vec<String> {
    let width = width(style);
    if table::columns(text) <= width {
        return vec![text.to_owned()];
    }
    let words = text.trim_start_matches(' ');
    let lead = (text.len() - words.len()).min(width / 2);
    let indent = indent.min(width / 2);
    let lines = table::wrapped_below(words.trim_end_matches(' '), width - lead, width - indent);
    let indented = lines.into_iter().enumerate().map(|(number, line)| {
        let blanks = if number == 0 { lead } else { indent };
        format!("{:blanks$}{line}", "")
    });
    indented.collect()
}

/// The lines of `text`, each as wide as it is where a pipe takes them.
pub(super) fn paragraph(text: &str, indent: usize, style: Style) -> String {
    let fits = |line: &str| -> Vec<String> {
        if style.wraps {
            wrapped(line, indent, style)
        } else {
            vec![line.to_owned()]
        }
    };
    let lines = text.lines().flat_map(fits);
    lines.map(|line| line + "\n").collect()
}

/// The same in `paint`.
pub(super) fn painted(text: &str, indent: usize, paint: Paint, style: Style) -> String {
    let lines = paragraph(text, indent, style);
    lines.lines().map(|line| style.paint(paint, line) + "\n").collect()
}

/// Of headings.
pub(super) fn bold() -> Paint {
    Paint::new().bold()
}

/// Of what matters less.
pub(super) fn dim() -> Paint {
    Paint::new().dimmed()
}

/// The colour of a severity.
pub(super) fn paint(severity: Severity) -> Paint {
    match severity {
        Severity::Error => AnsiColor::Red.on_default().bold(),
        Severity::Warning => AnsiColor::Yellow.on_default().bold(),
        Severity::Info => AnsiColor::Cyan.on_default().bold(),
    }
}

/// `error[rule]`.
pub(super) fn label(severity: Severity, rule: &str) -> String {
    format!("{}[{rule}]", severity.as_str())
}

/// The same in colours, the rule a link to its page.
pub(super) fn shown_label(severity: Severity, rule: &str, style: Style) -> String {
    let shown = format!("{}[{}]", severity.as_str(), style.linked(rule, rule));
    style.paint(paint(severity), &shown)
}

/// `text` behind the label of `severity` and `rule`, which is in colours.
pub(super) fn labelled(severity: Severity, rule: &str, text: &str, style: Style) -> Vec<String> {
    let label = label(severity, rule);
    let mut lines = wrapped(&format!("{label} {text}"), 2, style);
    if let Some(first) = lines.first_mut()
        && let Some(rest) = first.strip_prefix(&label)
    {
        *first = shown_label(severity, rule, style) + rest;
    }
    lines
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn what_goes_on_is_indented_and_nothing_is_lost_or_wider() {
        let style = Style {
            width: 24,
            ..Style::default()
        };
        for text in [
            "error[x] one two three four five seven-and-twenty-letters-here six",
            "  why: one two three four five six seven eight",
            "seven-and-twenty-letters-here",
        ] {
            let lines = wrapped(text, 4, style);
            assert!(lines.iter().all(|line| line.width() <= 24), "{lines:?}");
            assert!(lines[1..].iter().all(|line| line.starts_with("    ")), "{lines:?}");
            assert!(lines[0].starts_with(&text[..2]), "{lines:?}");
            let glued: String = lines.concat().chars().filter(|c| *c != ' ').collect();
            assert_eq!(glued, text.replace(' ', ""));
        }
    }
}
