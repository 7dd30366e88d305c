//! Indented comments that continue the value above them.
//!
//! An indented comment where no value is open is up to `malformed-line`.

use crate::lint::{AssignmentId, Context, Effect, Finding, Fix, LayerEdit, Rule, Safety, Severity};
use crate::oslo::Document;
use crate::oslo::document::Assignment;
use crate::redact;
use crate::rules::format::value_lines::{self, ValueLine};
use crate::text::{Edit, Span};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "comment-swallowed",
    severity: Severity::Warning,
    effect: Effect::MeansOther,
    summary: "an indented comment that became part of the value above it",
    doc: include_str!("../../../docs/rules/comment-swallowed.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for place in context.stack.places() {
        let (document, assignment) = (context.stack.document(place), context.stack.assignment(place));
        let comments = value_lines::comments_within(document, assignment);
        if let Some(first) = comments.first() {
            findings.push(report(context, place, first, &comments));
        }
    }
}

fn report(context: &Context<'_>, place: AssignmentId, first: &ValueLine, comments: &[ValueLine]) -> Finding {
    let key = context.stack.key(place);
    let (what, them) = match comments.len() {
        1 => ("an indented comment is".to_owned(), "the comment"),
        many => (format!("{many} indented comments are"), "the comments"),
    };
    let message = format!("{what} part of the value of `{key}`");
    value_lines::finding(&RULE, context, place, first.text, message)
        .with_reason("an indented line continues the value above it, whatever it starts with")
        .with_help(format!(
            "move {them} to the first column, above `{key}` where more of the value follows"
        ))
        .with_fix(fix(context, place, comments))
}

/// Comments at the end of the value move to the first column where they are; the others go above the assignment, since a
/// comment ends a value. What stands in a secret stays there.
fn fix(context: &Context<'_>, place: AssignmentId, comments: &[ValueLine]) -> Option<Fix> {
    if redact::is_secret_at(context.stack, place) {
        return None;
    }
    let (document, assignment) = (context.stack.document(place), context.stack.assignment(place));
    let last = last_line_of_value(document, assignment, comments);
    let mut above = Vec::new();
    let mut edits = Vec::with_capacity(comments.len() + 1);
    for comment in comments {
        if comment.whole.start > last {
            edits.push(Edit::delete(Span::new(comment.whole.start, comment.text.start)));
        } else {
            above.extend_from_slice(comment.text.of(document.source().bytes()));
            above.extend_from_slice(document.line_ending().as_bytes());
            edits.push(Edit::delete(comment.whole));
        }
    }
    if !above.is_empty() {
        edits.push(Edit::insert(assignment.span().start, above));
    }
    let key = context.stack.key(place);
    let layer = place.layer;
    Some(Fix {
        title: format!("move the comments out of the value of `{key}`"),
        safety: Safety::Unsafe,
        edits: edits.into_iter().map(|edit| LayerEdit { layer, edit }).collect(),
        announces: context.moved_by([(context.stack.group(place), &*key)]),
    })
}

/// Where the last line starts that is no comment.
fn last_line_of_value(document: &Document, assignment: &Assignment, comments: &[ValueLine]) -> usize {
    let mut comments = comments.iter().peekable();
    let mut last = assignment.span().start;
    for line in value_lines::value_lines(document, assignment) {
        if comments.next_if(|comment| comment.whole == line.whole).is_none() {
            last = line.whole.start;
        }
    }
    last
}
