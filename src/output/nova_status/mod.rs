//! The table and the JSON of `nova-status upgrade check`, for those whose scripts read these: a check for each thing that comes
//! of findings, whether there are any or not.
//!
//! An error is a Failure, a warning a Warning; what is good to know is said in the details of a Success.

mod wrap;

use serde::{Deserialize, Serialize};
use unicode_width::UnicodeWidthStr;

use super::reported::{self, Reported};
use super::{CheckTotal, Head, Part, Piece, Report, Tail};
use crate::lint::{Effect, Severity};
use crate::plain;

/// The format.
#[derive(Clone, Copy, Debug)]
pub struct NovaStatus {
    /// Whether it is the JSON.
    pub is_json: bool,
}

/// What the table is called.
const TITLE: &str = "Upgrade Check Results";
/// So many findings are named in the details of one check.
const MOST: usize = 10;
/// The names of the checks, in the order of [`Effect::ALL`], and of what was read at all.
const CHECKS: [&str; 5] = [
    "Services start",
    "Live migrations and instances work",
    "Settings mean what they did",
    "Settings nova reads",
    "Settings with a future",
];
const READ: &str = "Files read";

/// One check.
#[derive(Serialize)]
struct Check<'a> {
    #[serde(rename = "check")]
    name: &'a str,
    result: u8,
    details: Option<String>,
}

/// What one stack, or all, have for one check.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Found {
    result: u8,
    count: usize,
    lines: Vec<String>,
}

impl Report for NovaStatus {
    fn begin(&self, _head: &Head<'_>) -> String {
        String::new()
    }

    fn stack(&self, part: &Part<'_, '_>) -> Piece {
        let Part::Findings(found) = part else {
            // It is a format of findings alone.
            return Piece::default();
        };
        let mut checks = <[Found; 5]>::default();
        for one in reported::all(found) {
            let number = Effect::ALL.iter().position(|effect| *effect == one.finding.effect);
            checks[number.unwrap_or_default()].add(&one);
        }
        Piece {
            text: String::new(),
            // Its end has to be told first what came of all.
            late: (!found.findings.is_empty()).then(|| serde_json::to_string(&checks).unwrap_or_default()),
            ..Piece::default()
        }
    }

    fn end(&self, tail: &Tail<'_>, late: &[String]) -> String {
        let Tail::Check(total) = tail else {
            return String::new();
        };
        let mut checks = <[Found; 5]>::default();
        for stack in late {
            let stack: [Found; 5] = serde_json::from_str(stack).unwrap_or_default();
            for (all, one) in checks.iter_mut().zip(stack) {
                all.join(one);
            }
        }
        let checks = checks.iter().zip(CHECKS).map(|(found, name)| found.check(name));
        let checks: Vec<Check<'_>> = std::iter::once(read(total)).chain(checks).collect();
        if self.is_json { json(&checks) } else { table(&checks) }
    }
}

impl Found {
    fn add(&mut self, reported: &Reported<'_>) {
        self.result = self.result.max(match reported.severity {
            Severity::Error => 2,
            Severity::Warning => 1,
            Severity::Info => 0,
        });
        self.count += 1;
        if self.lines.len() < MOST {
            let (address, rule) = (reported.address(), reported.rule.id);
            self.lines.push(format!("{address}: {} ({rule})", reported.message));
        }
    }

    fn join(&mut self, other: Self) {
        self.result = self.result.max(other.result);
        self.count += other.count;
        let room = MOST.saturating_sub(self.lines.len());
        self.lines.extend(other.lines.into_iter().take(room));
    }

    fn check<'a>(&self, name: &'a str) -> Check<'a> {
        let more = self.count - self.lines.len();
        let more = (more > 0).then(|| format!("and {more} more"));
        let lines: Vec<String> = self.lines.iter().cloned().chain(more).collect();
        Check {
            name,
            result: self.result,
            details: (!lines.is_empty()).then(|| lines.join("; ")),
        }
    }
}

/// Whether all was read that was to be.
fn read(total: &CheckTotal<'_>) -> Check<'static> {
    let lines = reported::unread(total).map(|left| format!("{} {}", left.file, left.why));
    let lines: Vec<String> = lines.take(MOST).collect();
    Check {
        name: READ,
        result: if lines.is_empty() { 0 } else { 2 },
        details: (!lines.is_empty()).then(|| lines.join("; ")),
    }
}

/// As Python's `json.dumps` writes it.
fn json(checks: &[Check<'_>]) -> String {
    let string = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let each = checks.iter().map(|check| {
        let details = check
            .details
            .as_ref()
            .map_or_else(|| "null".to_owned(), |text| string(text));
        let (name, result) = (string(check.name), check.result);
        format!("{{\"check\": {name}, \"result\": {result}, \"details\": {details}}}")
    });
    let each: Vec<String> = each.collect();
    let text = format!("{{\"name\": \"{TITLE}\", \"checks\": [{}]}}", each.join(", "));
    plain::json(&text).into_owned() + "\n"
}

/// As prettytable draws it.
fn table(checks: &[Check<'_>]) -> String {
    let cell = |check: &Check<'_>| {
        let word = ["Success", "Warning", "Failure"][usize::from(check.result.min(2))];
        let details = check.details.as_ref();
        let details = details.map_or_else(|| "None".to_owned(), |text| wrap::wrap(text).join("\n"));
        let text = format!("Check: {}\nResult: {word}\nDetails: {details}", check.name);
        text.split('\n').map(str::to_owned).collect::<Vec<String>>()
    };
    let cells: Vec<Vec<String>> = std::iter::once(vec![TITLE.to_owned()])
        .chain(checks.iter().map(cell))
        .collect();
    let width = cells.iter().flatten().map(|line| line.width()).max().unwrap_or(0);
    let rule = format!("+{}+\n", "-".repeat(width + 2));
    let mut out = rule.clone();
    for cell in cells {
        for line in cell {
            let blanks = " ".repeat(width - line.width());
            out.push_str(&format!("| {line}{blanks} |\n"));
        }
        out.push_str(&rule);
    }
    out
}
