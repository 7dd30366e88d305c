//! Reports for programs; the schema is described in `docs/json.md` and numbered.
//!
//! A field may be added under the same number; one that goes or changes its meaning raises it.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde_json::{Value, json};

use super::{Checked, Compared, Summary, SuppressedCounts};
use crate::catalog::Release;
use crate::lint::{By, Condition, Context, Edited, Finding, Location, Moment, SettingsFile, Suppressed};
use crate::oslo::stack::Stack;
use crate::plain;
use crate::redact;
use crate::text::of_path;

/// The number of the schema.
pub const VERSION: u32 = 1;

/// `value` as a text that no terminal and no log takes for more than it is: every control character is escaped.
#[must_use]
pub fn text(value: &Value) -> String {
    plain::json(&value.to_string()).into_owned()
}

/// What every document holds: the schema's number and the program's version.
#[must_use]
pub fn head() -> Value {
    json!({"version": VERSION, "novamend": env!("CARGO_PKG_VERSION")})
}

/// Puts `path` into `object` as `field`; where it is not UTF-8, its bytes stand beside it in hex, as `<field>_hex`.
pub fn put_path(object: &mut Value, field: &str, path: &Path) {
    object[field] = json!(of_path(path));
    if path.to_str().is_none() {
        object[format!("{field}_hex")] = json!(hex(path));
    }
}

fn hex(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes().iter();
    bytes.fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// What every report holds: the schema's number, the program's version, what was checked.
#[must_use]
pub fn checked(checked: &Checked) -> Value {
    let from: Vec<Value> = checked.compared.iter().map(compared).collect();
    let not_read: Vec<Value> = checked
        .not_read
        .iter()
        .map(|left| {
            let mut object = json!({"file": null, "why": left.why});
            put_path(&mut object, "file", &left.path);
            object
        })
        .collect();
    let mut document = head();
    document["checked"] = json!({
        "files": checked.paths.len(),
        "paths": checked.paths.iter().map(|path| of_path(path)).collect::<Vec<_>>(),
        "not_read": not_read,
        "from": from,
        "to": {"release": checked.to.number(), "series": checked.to.series()},
        "compared": checked.not_compared() == 0,
        "hops": checked.stops().iter().map(|stop| stop.number()).collect::<Vec<u8>>(),
        "why": checked.why,
        "settings": checked.settings.as_ref().map(settings),
    });
    if checked.paths.iter().any(|path| path.to_str().is_none()) {
        let hexes = checked
            .paths
            .iter()
            .map(|path| path.to_str().is_none().then(|| hex(path)));
        document["checked"]["paths_hex"] = json!(hexes.collect::<Vec<_>>());
    }
    document
}

fn settings(file: &SettingsFile) -> Value {
    let mut object = json!({"file": null, "named": file.is_named, "says": file.says});
    put_path(&mut object, "file", &file.path);
    object
}

/// How many findings are not reported, or lowered, and by whose word.
#[must_use]
pub fn hidden(counts: SuppressedCounts) -> Value {
    json!({
        "ignores": counts.settings,
        "rules_off": counts.off,
        "comments": counts.comments,
        "lowered": counts.lowered,
    })
}

fn compared(compared: &Compared) -> Value {
    json!({
        "release": compared.newest.number(),
        "series": compared.newest.series(),
        "oldest": compared.oldest.number(),
        "newest": compared.newest.number(),
        "evidence": compared.evidence,
        "compared": compared.is_compared,
        "stacks": compared.stacks,
    })
}

/// What opens a report of findings, up to the first of them.
#[must_use]
pub fn open(what: &Checked) -> String {
    let mut text = text(&checked(what));
    text.pop();
    text.push_str(",\"findings\":[");
    text
}

/// What closes a report, with what is suppressed in every stack.
#[must_use]
pub fn close(summary: &Summary, suppressed: &[Value]) -> String {
    let counts = summary.counts;
    let summary = json!({
        "errors": counts.errors,
        "warnings": counts.warnings,
        "infos": counts.infos,
        "suppressed": summary.suppressed.total(),
        "hidden": hidden(summary.suppressed),
    });
    format!(
        "\n],\"suppressed\":{},\"summary\":{summary}}}\n",
        text(&json!(suppressed))
    )
}

/// A finding that is not reported, and by whose word.
#[must_use]
pub fn suppressed(context: &Context<'_>, suppressed: &Suppressed) -> Value {
    let finding = &suppressed.finding;
    let mut object = place(context.stack, finding.location);
    let (by, line, reason) = match &suppressed.by {
        By::Comment { line, reason } => ("comment", Some(*line), Some(reason)),
        By::Settings { reason } => ("settings", None, Some(reason)),
        By::RuleOff => ("rule-off", None, None),
    };
    let fields = [
        ("rule", json!(finding.rule.id)),
        ("severity", json!(finding.severity.as_str())),
        ("option", json!(context.subject(finding))),
        ("message", json!(finding.message)),
        ("by", json!(by)),
        ("comment_line", json!(line)),
        ("reason", json!(reason.map(|reason| context.hidden(reason)))),
    ];
    for (name, value) in fields {
        object[name] = value;
    }
    object
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
        ("condition", json!(finding.condition.map(condition))),
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

/// What must run today for it to hold.
fn condition(condition: Condition) -> Value {
    json!({
        "oldest": condition.oldest.number(),
        "newest": condition.newest.number(),
        "or_earlier": condition.is_or_earlier,
        "words": condition.in_words(),
    })
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
            let mut object = json!({});
            put_path(&mut object, "file", source.path());
            let numbers = [
                ("line", start.line),
                ("column", start.column),
                ("end_line", end.line),
                ("end_column", end.column),
            ];
            for (field, number) in numbers {
                object[field] = json!(number);
            }
            object
        }
        Location::Environment(variable) => json!({"variable": redact::hidden(&stack.environment()[variable].name)}),
        Location::Stack => json!({}),
    }
}
