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
    // What the first line takes is a prefix; what is below it has less room, or more.
    let first = table::wrapped(words, width - lead)
        .into_iter()
        .next()
        .unwrap_or_default();
    let rest = words[first.len()..].trim_start_matches(' ');
    let mut lines = vec![format!("{:lead$}{first}", "")];
    if !rest.is_empty() {
        let indent = indent.min(width / 2);
        let below = table::wrapped(rest, width - indent).into_iter();
        lines.extend(below.map(|line| format!("{:indent$}{line}", "")));
    }
    lines
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

/// `error[rule]`, the rule a link to its page.
pub(super) fn label(severity: Severity, rule: &str) -> String {
    format!("{}[{rule}]", severity.as_str())
}

/// `line`, which begins with the label of `severity` and `rule`, in colours.
pub(super) fn labelled(line: &str, severity: Severity, rule: &str, style: Style) -> String {
    let label = label(severity, rule);
    let Some(rest) = line.strip_prefix(&label) else {
        return line.to_owned();
    };
    let shown = format!("{}[{}]", severity.as_str(), style.linked(rule, rule));
    format!("{}{rest}", style.paint(paint(severity), &shown))
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
