//! Indented lines that look like an option or a section of their own and continue the value above them.
//!
//! Indented comments are up to `comment-swallowed`, indented lines where no value is open to `malformed-line`.

use crate::catalog;
use crate::lint::{AssignmentId, Context, Effect, Finding, Fix, LayerEdit, Rule, Safety, Severity};
use crate::redact;
use crate::rules::format::value_lines::{self, SwallowedLine};
use crate::text::{Edit, Span};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "line-swallowed",
    severity: Severity::Warning,
    effect: Effect::MeansOther,
    summary: "an indented option or section header that became part of the value above it",
    doc: include_str!("../../../docs/rules/line-swallowed.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for place in context.stack.places() {
        let lines = value_lines::lines_within(&context.to, place);
        if let Some(first) = lines.first() {
            findings.push(report(context, place, first, &lines));
        }
    }
}

fn report(context: &Context<'_>, place: AssignmentId, first: &SwallowedLine, lines: &[SwallowedLine]) -> Finding {
    let key = context.stack.key(place);
    let what = match &first.key {
        Some(name) => format!("the indented `{name}`"),
        None => "an indented section header".to_owned(),
    };
    let (what, are) = match lines.len() {
        1 => (what, "is"),
        2 => (format!("{what} and another line"), "are"),
        many => (format!("{what} and {} more lines", many - 1), "are"),
    };
    let message = format!("{what} {are} part of the value of `{key}`");
    value_lines::finding(&RULE, context, place, first.line.text, message)
        .with_reason(
            "an indented line continues the value above it, whatever it looks like; nova does not read it as a line \
             of its own",
        )
        .with_help(help(context, place, lines))
        .with_fix(fix(context, place, lines))
}

/// Where the lines belong: an option of another group below its own header.
fn help(context: &Context<'_>, place: AssignmentId, lines: &[SwallowedLine]) -> String {
    let (group, to) = (context.stack.group(place), context.to.release());
    let foreign = lines.iter().find_map(|line| {
        let key = line
            .key
            .as_deref()
            .filter(|key| catalog::by_any_name(group, key, to).is_none())?;
        match catalog::groups_with(key, to)[..] {
            [home] => Some(format!("move the line to the first column, and `{key}` to `[{home}]`")),
            _ => Some(format!(
                "move the line to the first column, and `{key}` below its own header"
            )),
        }
    });
    foreign.unwrap_or_else(|| "move the line to the first column".to_owned())
}

/// The lines move to the first column where nothing but they continues the value, and nothing else sets their options.
fn fix(context: &Context<'_>, place: AssignmentId, lines: &[SwallowedLine]) -> Option<Fix> {
    let (document, assignment) = (context.stack.document(place), context.stack.assignment(place));
    let group = context.stack.group(place);
    let keys: Option<Vec<&str>> = lines.iter().map(|line| line.key.as_deref()).collect();
    let keys = keys.filter(|_| assignment.continuations() == lines.len())?;
    let is_set = |key: &&str| context.stack.places_of(group, key).next().is_some();
    let is_foreign = |key: &&str| catalog::by_any_name(group, key, context.to.release()).is_none();
    if redact::is_secret_at(context.stack, place) || keys.iter().any(|key| is_set(key) || is_foreign(key)) {
        return None;
    }
    let own = document.key(assignment);
    let layer = place.layer;
    let indents = lines
        .iter()
        .map(|SwallowedLine { line, .. }| Edit::delete(Span::new(line.whole.start, line.text.start)));
    Some(Fix {
        title: format!("move the lines below `{own}` to the first column"),
        safety: Safety::Unsafe,
        edits: indents.map(|edit| LayerEdit { layer, edit }).collect(),
        announces: context.moved_by(keys.iter().map(|key| (group, *key)).chain([(group, &*own)])),
    })
}
