//! What stands below the findings: what many of them come to, what to edit when, and what to do next.
//!
//! It decides nothing about findings.

use anstyle::AnsiColor;

use super::lines::{painted, paragraph, width, wrapped};
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
        out.push_str(&command(&format!("next: `{}`", plain::line(next)), style));
    }
    out
}

/// A command on lines of the terminal's width that can be copied: broken between two words, behind a backslash, and so within one only
/// where that is longer than a line and in no quotes, where a shell joins it again.
fn command(text: &str, style: Style) -> String {
    let room = if style.wraps { width(style) } else { usize::MAX };
    let (mut out, mut line) = (String::new(), String::new());
    for word in words(text) {
        // A blank before the word, and ` \\` behind it.
        if line.is_empty() || table::columns(&line) + table::columns(word) + 3 <= room {
            let blank = if line.is_empty() { "" } else { " " };
            line = line + blank + word;
            continue;
        }
        out = out + &line + " \\\n";
        "  ".clone_into(&mut line);
        if table::columns(word) + 4 <= room || word.contains('\'') {
            line.push_str(word);
            continue;
        }
        for c in word.chars() {
            line.push(c);
            // Room for the backslash, and for a character of two columns before it.
            if table::columns(&line) + 3 > room {
                out = out + &line + "\\\n";
                line.clear();
            }
        }
    }
    out + &line + "\n"
}

/// The words of a command, with their quotes.
fn words(text: &str) -> Vec<&str> {
    let (mut words, mut start, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            // Between `'` and `'` a backslash is one but in `$'…'`, which knows no other quote.
            '\\' if !is_quoted || text[..at].contains("$'") => is_escaped = true,
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => {
                words.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    words.push(&text[start..]);
    words
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_breaks_between_words_alone_so_that_a_shell_takes_all_its_lines() {
        let style = Style {
            width: 30,
            wraps: true,
            ..Style::default()
        };
        let text = "next: `novamend fix --from rocky 'a b'\\''s.conf' $'\\033 \\'x'`";
        assert_eq!(words(text).len(), 7);
        let lines = command(text, style);
        assert!(lines.lines().all(|line| table::columns(line) <= 30), "{lines}");
        assert!(lines.lines().count() > 2, "{lines}");
        assert_eq!(lines.replace(" \\\n ", ""), format!("{text}\n"));
        assert_eq!(command(text, Style::default()), format!("{text}\n"));
        let text = format!("next: `novamend fix {}/nova.conf`", "long".repeat(20));
        let lines = command(&text, style);
        assert!(lines.lines().all(|line| table::columns(line) <= 30), "{lines}");
        assert_eq!(lines.replace("\\\n  ", "").replace("\\\n", ""), text + "\n");
    }
}
