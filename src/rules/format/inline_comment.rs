//! A comment behind a value, which oslo.config takes for a part of the value.
//!
//! A `#` that may be meant (in a password, a URL, a format) is left alone.

use crate::lint::{AssignmentId, Context, Effect, Finding, Fix, LayerEdit, Location, Rule, Safety, Severity};
use crate::redact;
use crate::rules::format::value_lines::{self, CommentBehind};
use crate::text::{Edit, Span};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "inline-comment",
    severity: Severity::Warning,
    effect: Effect::MeansOther,
    summary: "a comment after a value, which becomes part of the value",
    doc: include_str!("../../../docs/rules/inline-comment.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for place in context.stack.places() {
        let first = context.stack.assignment(place).first();
        let bytes = first.of(context.stack.document(place).source().bytes());
        if memchr::memchr2(b'#', b';', bytes).is_none() {
            continue;
        }
        if let Some(behind) = value_lines::comment_behind(&context.to, place) {
            findings.push(report(context, place, &behind));
        }
    }
}

fn report(context: &Context<'_>, place: AssignmentId, behind: &CommentBehind) -> Finding {
    let key = context.stack.key(place);
    let (message, severity, effect) = if behind.rejected {
        let to = context.to.release().short();
        (
            format!("the comment is part of the value of `{key}`, and {to} rejects it"),
            Severity::Error,
            value_lines::effect_of_rejected(context, place),
        )
    } else {
        (
            format!("the comment is part of the value of `{key}`"),
            Severity::Warning,
            RULE.effect,
        )
    };
    let location = Location::File {
        layer: place.layer,
        span: behind.comment,
    };
    Finding::new(&RULE, location, message)
        .with_severity(severity)
        .with_effect(effect)
        .with_reason(
            "only a line that starts with `#` or `;` in the first column is a comment; after a value it is part \
                  of the value",
        )
        .with_help("write the comment on a line of its own, above")
        .with_fix(fix(context, place, behind))
}

/// The comment moves to a line above. Where there is no value in front of it, what was meant is unclear; what stands in a
/// secret stays there.
fn fix(context: &Context<'_>, place: AssignmentId, behind: &CommentBehind) -> Option<Fix> {
    if behind.value.is_empty() || redact::is_secret_up_to(context.stack, place, behind.comment.start) {
        return None;
    }
    let (document, assignment) = (context.stack.document(place), context.stack.assignment(place));
    let mut line = behind.comment.of(document.source().bytes()).to_vec();
    line.extend_from_slice(document.line_ending().as_bytes());
    let edits = [
        Edit::insert(assignment.span().start, line),
        Edit::delete(Span::new(behind.value.end, behind.comment.end)),
    ];
    let key = context.stack.key(place);
    Some(Fix {
        title: format!("write the comment above `{key}`"),
        safety: Safety::Unsafe,
        edits: edits
            .map(|edit| LayerEdit {
                layer: place.layer,
                edit,
            })
            .into(),
        announces: context.moved_by([(context.stack.group(place), &*key)]),
    })
}
