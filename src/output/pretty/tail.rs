//! What stands below the findings: what many of them come to, what to edit when, and what to do next.
//!
//! It decides nothing about findings.

use anstyle::AnsiColor;

use super::lines::{painted, paragraph, wrapped};
use crate::lint::Severity;
use crate::output::fold::Fold;
use crate::output::{CheckTotal, Style, counted_word, table};
use crate::plain;

/// What is said on one line: what nova ignores already, and defaults that change.
pub(super) fn folded(fold: &Fold, served: Option<&str>, style: Style) -> String {
    let mut out = String::new();
    if fold.ignored > 0 {
        let lines = if fold.ignored == 1 { "line" } else { "lines" };
        let text = format!(
            "{} {lines} nova ignores already; `--show ignored`",
            number(fold.ignored)
        );
        out.push_str(&paragraph(&text, 2, style));
    }
    if !fold.defaults.is_empty() {
        out.push_str(&paragraph(&defaults(fold, served), 2, style));
    }
    out
}

/// Which of the changed defaults may break something, and how many there are.
fn defaults(fold: &Fold, served: Option<&str>) -> String {
    let count = fold.defaults.len();
    let verb = if count == 1 {
        "default changes"
    } else {
        "defaults change"
    };
    let grave = fold.defaults.iter().filter(|(_, severity)| **severity > Severity::Info);
    let grave: Vec<String> = grave.map(|(option, _)| format!("`{}`", plain::line(option))).collect();
    let warned = match &grave[..] {
        [] => String::new(),
        grave => format!(", {} of which may break something: {}", grave.len(), grave.join(", ")),
    };
    let whose = served.map_or_else(String::new, |served| format!(" for {served}"));
    format!("{count} {verb}{whose}{warned}; `--show defaults`")
}

/// Counts per rule.
pub(super) fn statistics(fold: &Fold, style: Style) -> String {
    let rows = fold
        .statistics()
        .into_iter()
        .map(|(rule, count)| vec![number(count.total()), rule.to_owned(), count.in_words()]);
    table::aligned(&rows.collect::<Vec<_>>(), style)
}

/// What to edit when, where the upgrade has several hops; only how much where there `is_little` room.
pub(super) fn plan(total: &CheckTotal<'_>, is_little: bool, style: Style) -> String {
    let times = total.checked.timetable(total.steps);
    if times.is_empty() {
        return String::new();
    }
    if is_little {
        let count = times.iter().map(|(_, options)| options.split(", ").count()).sum();
        let text = format!(
            "what to edit when: {}; `--verbose` names them",
            counted_word(count, "option")
        );
        return paragraph(&text, 2, style);
    }
    let rows = times.into_iter();
    let rows = rows.map(|(when, options)| paragraph(&format!("  {when}: {}", plain::line(&options)), 4, style));
    format!("what to edit when:\n{}", rows.collect::<String>())
}

/// How many there are, which rules the errors are of, in each of so many `files` that are alike, and the next command.
pub(super) fn last_lines(fold: &Fold, total: &CheckTotal<'_>, files: usize, style: Style) -> String {
    let mut out = String::new();
    let errors = fold.errors();
    if !errors.is_empty() {
        let named = errors.iter().map(|(rule, count)| match count / files {
            1 => (*rule).to_owned(),
            count => format!("{rule} ({})", number(count)),
        });
        let text = format!("errors: {}", named.collect::<Vec<_>>().join(", "));
        out.push_str(&painted(&text, 2, AnsiColor::Red.on_default(), style));
    }
    let summary = total.summary.line(total.checked);
    out.push_str(&paragraph(summary.trim_end(), 2, style));
    if let Some(next) = total.next {
        out.push_str(&paragraph(&format!("next: `{}`", plain::line(next)), 2, style));
    }
    out
}

/// The releases on the way; where they take more than a line the first two and the last, unless `--verbose` asks for all.
pub(super) fn hops(stops: &[&str], style: Style) -> String {
    let all = format!("hops: {}", stops.join(", "));
    match stops {
        [first, second, .., last] if !style.detail.is_verbose && wrapped(&all, 2, style).len() > 1 => {
            let count = stops.len() - 1;
            unicode(&format!("hops: {first}, {second} … {last}, {count} in all\n"), style)
        }
        _ => all + "\n",
    }
}

/// `text` without what is beyond ASCII, where the terminal shows none of it.
pub(super) fn unicode(text: &str, style: Style) -> String {
    if style.unicode {
        return text.to_owned();
    }
    text.replace('…', "...").replace('→', "->")
}

/// `1,000`.
pub(super) fn number(count: usize) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
