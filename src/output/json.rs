//! Reports for programs; the schema is described in `docs/json.md` and numbered.
//!
//! A field may be added under the same number; one that goes or changes its meaning raises it.

use serde_json::{Value, json};

use super::{Checked, Counts};
use crate::catalog::Release;
use crate::conf::layers::Stack;
use crate::lint::{Context, Edited, Finding, Location, Moment};

/// The number of the schema.
pub const VERSION: u32 = 1;

/// What every document holds: the schema's number and the program's version.
#[must_use]
pub fn head() -> Value {
    json!({"version": VERSION, "novamend": env!("CARGO_PKG_VERSION")})
}

/// What every report holds: the schema's number, the program's version, what was checked.
#[must_use]
pub fn checked(checked: &Checked) -> Value {
    let from: Vec<Value> = checked
        .from
        .iter()
        .map(|(release, stacks)| json!({"release": release.number(), "series": release.series(), "stacks": stacks}))
        .collect();
    let mut document = head();
    document["checked"] = json!({
        "files": checked.files,
        "from": from,
        "to": {"release": checked.to.number(), "series": checked.to.series()},
        "hops": checked.stops().iter().map(|stop| stop.number()).collect::<Vec<u8>>(),
        "why": checked.why,
    });
    document
}

/// What opens a report of findings, up to the first of them.
#[must_use]
pub fn open(what: &Checked) -> String {
    let mut text = checked(what).to_string();
    text.pop();
    text.push_str(",\"findings\":[");
    text
}

/// What closes a report.
#[must_use]
pub fn close(counts: Counts) -> String {
    let summary = json!({"errors": counts.errors, "warnings": counts.warnings, "infos": counts.infos});
    format!("\n],\"summary\":{summary}}}\n")
}

/// One finding.
#[must_use]
pub fn finding(context: &Context<'_>, finding: &Finding) -> Value {
    let stack = context.stack;
    let mut object = place(stack, finding.location);
    let fix = finding.fix.as_ref().map(|fix| {
        json!({
            "title": fix.title,
            "safety": fix.safety.as_str(),
            "moment": finding.moment.map(moment),
            "unsafe_because": finding.objection,
        })
    });
    let related: Vec<Value> = finding
        .related
        .iter()
        .map(|related| {
            let mut object = place(stack, related.location);
            object["note"] = json!(related.note);
            object
        })
        .collect();
    let fields = [
        ("rule", json!(finding.rule.id)),
        ("severity", json!(finding.severity.as_str())),
        ("option", json!(context.subject(finding))),
        ("message", json!(finding.message)),
        ("why", json!(finding.why)),
        ("help", json!(finding.help)),
        ("related", json!(related)),
        ("fix", json!(fix)),
        ("hop", json!(finding.step.and_then(|step| step.hop).map(hop))),
        ("edit", json!(finding.step.map(|step| edited(step.edited)))),
        ("from", json!(context.from.release().number())),
        ("to", json!(context.to.release().number())),
    ];
    for (name, value) in fields {
        object[name] = value;
    }
    object
}

fn hop((from, to): (Release, Release)) -> Value {
    json!({"from": from.number(), "to": to.number()})
}

/// When an edit may be written: `now`, or `with` the hop to a release.
#[must_use]
pub fn moment(moment: Moment) -> Value {
    match moment {
        Moment::Now => json!({"when": "now"}),
        Moment::With(release) => json!({"when": "with", "release": release.number()}),
    }
}

/// When to edit: `before` the upgrade, `between` two hops, or `with` one.
fn edited(edited: Edited) -> Value {
    match edited {
        Edited::Before => json!({"when": "before"}),
        Edited::Between(after, before) => {
            json!({"when": "between", "after": after.number(), "before": before.number()})
        }
        Edited::With(release) => json!({"when": "with", "release": release.number()}),
    }
}

fn place(stack: &Stack, location: Location) -> Value {
    match location {
        Location::File { layer, span } => {
            let source = stack.layers()[layer].document.source();
            let (start, end) = (source.position(span.start), source.position(span.end));
            json!({
                "file": source.path().to_string_lossy(),
                "line": start.line, "column": start.column,
                "end_line": end.line, "end_column": end.column,
            })
        }
        Location::Environment(variable) => json!({"variable": stack.environment()[variable].name}),
        Location::Stack => json!({}),
    }
}
