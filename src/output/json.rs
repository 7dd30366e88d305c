//! One document for programs, as `docs/json.md` describes it: an [`Envelope`], then what the verb has to say.
//!
//! One element of its list stands on each line; commas and line ends of lists are nobody else's.

mod fields;

use serde::Serialize;

use super::entry::{Entry, SuppressedEntry};
use super::envelope::{Envelope, Kind};
use super::{Findings, Head, Part, Piece, Report, Tail};
use crate::plain;
use fields::{CheckedHead, FixRest, LifeEntry, RuleEntry, StackFixes, SummaryEntry, UpgradeHead};

/// The format.
#[derive(Clone, Copy, Debug)]
pub struct Json;

impl Report for Json {
    fn begin(&self, head: &Head<'_>) -> String {
        let kind = head.kind();
        let nothing = serde_json::Map::new();
        let (open, list) = match head {
            Head::Check(checked) => (opened(kind, &CheckedHead::of(checked)), "\"findings\":["),
            Head::Fix(checked) => (opened(kind, &CheckedHead::of(checked)), "\"stacks\":["),
            Head::Where => (opened(kind, &nothing), "\"assignments\":["),
            Head::Option => (opened(kind, &nothing), "\"option\":"),
            Head::Upgrade(from, to) => (opened(kind, &UpgradeHead::of(*from, *to)), "\"hops\":["),
            Head::Rules => (opened(kind, &nothing), "\"rules\":["),
            Head::Explain => (opened(kind, &nothing), "\"rule\":"),
        };
        format!("{open},{list}")
    }

    fn stack(&self, part: &Part<'_, '_>) -> Piece {
        match part {
            Part::Findings(found) => findings(found),
            Part::Fixes(fixes) => one(&StackFixes::of(fixes)),
            Part::Answer(answer) => lines(answer.assignments.iter().map(text)),
            Part::Life(life) => text(&LifeEntry::of(life)).into(),
            Part::Hop(hop) => one(hop),
            Part::Rules(rules) => lines(rules.iter().map(|rule| text(&RuleEntry::of(rule, None)))),
            Part::Page(rule) => text(&RuleEntry::of(rule, Some(rule.doc))).into(),
        }
    }

    fn between(&self, _kind: Kind) -> &'static str {
        ","
    }

    fn end(&self, tail: &Tail<'_>, late: &[String]) -> String {
        match tail {
            Tail::Check(total) => format!(
                "\n],\"suppressed\":[{}],\"summary\":{}}}\n",
                late.join(","),
                text(&SummaryEntry::of(total))
            ),
            Tail::Fix(total) => {
                let rest = FixRest::of(total);
                // The fields of it go into the object that is open.
                format!("\n],{}\n", &text(&rest)[1..])
            }
            Tail::Plain(Kind::Option | Kind::Explain) => "}\n".to_owned(),
            Tail::Plain(_) => "\n]}\n".to_owned(),
        }
    }
}

/// `value` as a text that no terminal and no log takes for more than it is: every control character is escaped.
fn text<T: Serialize + ?Sized>(value: &T) -> String {
    // Only a map whose keys are no strings can fail, and none is written here.
    let text = serde_json::to_string(value).unwrap_or_default();
    plain::json(&text).into_owned()
}

/// An envelope with `body`, still open.
fn opened(kind: Kind, body: &impl Serialize) -> String {
    let mut open = text(&Envelope::new(kind, body));
    open.pop();
    open
}

/// A piece of elements, a line each.
fn lines(elements: impl Iterator<Item = String>) -> Piece {
    let lines: Vec<String> = elements.map(|element| format!("\n{element}")).collect();
    lines.join(",").into()
}

fn one(element: &impl Serialize) -> Piece {
    lines(std::iter::once(text(element)))
}

fn findings(found: &Findings<'_, '_>) -> Piece {
    let entries = found.findings.iter();
    let piece = lines(entries.map(|finding| text(&Entry::of(found.context, finding))));
    let suppressed = found.suppressed.iter();
    let late: Vec<String> = suppressed
        .map(|suppressed| text(&SuppressedEntry::of(found.context, suppressed)))
        .collect();
    Piece {
        late: (!late.is_empty()).then(|| late.join(",")),
        ..piece
    }
}
