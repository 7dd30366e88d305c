//! Workflow commands of GitHub Actions, which show findings at their lines in a pull request; all else are lines of the log.
//!
//! What a message holds is escaped as GitHub reads it, so that it can start no command of its own; `plain::commands` is the
//! gate that lets these lines through, and no others.

use super::checked::LISTED;
use super::reported::{self, Reported, Unread};
use super::{CheckTotal, Head, Part, Piece, Report, Tail};
use crate::lint::Severity;
use crate::plain;

/// The format.
#[derive(Clone, Copy, Debug)]
pub struct Github;

impl Report for Github {
    fn begin(&self, head: &Head<'_>) -> String {
        match head {
            Head::Check(checked) => format!("{}\n{}", checked.line(), checked.listing(LISTED)),
            _ => String::new(),
        }
    }

    fn stack(&self, part: &Part<'_, '_>) -> Piece {
        match part {
            Part::Findings(found) => reported::all(found).iter().map(command).collect::<String>().into(),
            // It is a format of findings alone.
            _ => Piece::default(),
        }
    }

    fn end(&self, tail: &Tail<'_>, _late: &[String]) -> String {
        match tail {
            Tail::Check(total) => end(total),
            _ => String::new(),
        }
    }
}

fn end(total: &CheckTotal<'_>) -> String {
    let unread = reported::unread(total).map(not_read);
    unread.collect::<String>() + &total.summary.line(total.checked)
}

fn command(reported: &Reported<'_>) -> String {
    let word = match reported.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let place = &reported.place;
    let mut properties = vec![("file", reported.file.clone())];
    let mut numbers = vec![("line", place.line), ("endLine", place.end_line)];
    if place.line == place.end_line {
        // GitHub takes columns of one line alone.
        numbers.extend([("col", place.column), ("endColumn", place.end_column)]);
    }
    let numbers = numbers.into_iter();
    properties.extend(numbers.filter_map(|(name, number)| Some((name, number?.to_string()))));
    properties.push(("title", reported.rule.id.to_owned()));
    line(word, &properties, &reported.text())
}

fn not_read(left: Unread) -> String {
    let text = left.text();
    line(
        "error",
        &[("file", left.file), ("title", "not checked".to_owned())],
        &text,
    )
}

fn line(word: &str, properties: &[(&str, String)], text: &str) -> String {
    let properties: Vec<String> = properties
        .iter()
        .map(|(name, value)| format!("{name}={}", property(value)))
        .collect();
    format!("::{word} {}::{}\n", properties.join(","), data(text))
}

/// `text` as GitHub reads the message of a command.
fn data(text: &str) -> String {
    let text = plain::lines(text);
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// `value` as GitHub reads a property of a command.
fn property(value: &str) -> String {
    data(value).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_message_or_its_property() {
        let line = line("error", &[("file", "a,b:c%\n::x".to_owned())], "one\n::error::two %0A");
        assert_eq!(line, "::error file=a%2Cb%3Ac%25%0A%3A%3Ax::one%0A::error::two %250A\n");
    }
}
