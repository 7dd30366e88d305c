//! A Code Quality report of GitLab: a list of findings, each with its place and what it is known by from run to run.

use serde::Serialize;

use super::envelope::Kind;
use super::reported::{self, Reported, Unread};
use super::{CheckTotal, Head, Part, Piece, Report, Tail};
use crate::lint::Severity;
use crate::plain;

/// The format.
#[derive(Clone, Copy, Debug)]
pub struct Gitlab;

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: &'a str,
    severity: &'static str,
    location: Place<'a>,
    content: Content,
    categories: [&'static str; 1],
    r#type: &'static str,
}

#[derive(Serialize)]
struct Place<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

#[derive(Serialize)]
struct Content {
    body: String,
}

impl Report for Gitlab {
    fn begin(&self, _head: &Head<'_>) -> String {
        "[".to_owned()
    }

    fn stack(&self, part: &Part<'_, '_>) -> Piece {
        match part {
            Part::Findings(found) => {
                let issues: Vec<String> = reported::all(found).iter().map(issue).collect();
                Piece {
                    // So that the end knows whether a comma is wanted.
                    late: (!issues.is_empty()).then(String::new),
                    text: issues.join(","),
                    ..Piece::default()
                }
            }
            // It is a format of findings alone.
            _ => Piece::default(),
        }
    }

    fn between(&self, _kind: Kind) -> &'static str {
        ","
    }

    fn end(&self, tail: &Tail<'_>, late: &[String]) -> String {
        match tail {
            Tail::Check(total) => end(total, late.is_empty()),
            _ => "]\n".to_owned(),
        }
    }
}

fn issue(reported: &Reported<'_>) -> String {
    let begin = reported.place.line.unwrap_or(1);
    text(&Issue {
        description: reported.message.clone(),
        check_name: reported.rule.id,
        fingerprint: &reported.fingerprint,
        severity: match reported.severity {
            Severity::Error if reported.stops_service() => "blocker",
            Severity::Error => "critical",
            Severity::Warning => "major",
            Severity::Info => "info",
        },
        location: Place {
            path: &reported.file,
            lines: Lines {
                begin,
                end: reported.place.end_line.unwrap_or(begin),
            },
        },
        content: Content {
            body: reported.more.join("\n\n"),
        },
        categories: ["Compatibility"],
        r#type: "issue",
    })
}

/// What was not checked, and the end of the list.
fn end(total: &CheckTotal<'_>, is_first: bool) -> String {
    let unread: Vec<String> = reported::unread(total).map(|left| not_read(&left)).collect();
    let comma = if is_first || unread.is_empty() { "" } else { "," };
    format!("{comma}{}\n]\n", unread.join(","))
}

fn not_read(left: &Unread) -> String {
    let fingerprint = super::fingerprint::Fingerprints::default().next(Unread::ID, &left.file, None);
    text(&Issue {
        description: left.text(),
        check_name: Unread::ID,
        fingerprint: &fingerprint,
        severity: "blocker",
        location: Place {
            path: &left.file,
            lines: Lines { begin: 1, end: 1 },
        },
        content: Content { body: String::new() },
        categories: ["Compatibility"],
        r#type: "issue",
    })
}

fn text(issue: &Issue<'_>) -> String {
    // Only a map whose keys are no strings can fail, and none is written here.
    let text = serde_json::to_string(issue).unwrap_or_default();
    format!("\n{}", plain::json(&text))
}
