//! Backslashes at the ends of lines of a value, where an indented line would continue it anyway.
//!
//! A backslash at the very end of a value is left alone: it may be a path.

use crate::lint::{AssignmentId, Context, Effect, Finding, Fix, LayerEdit, Rule, Safety, Severity};
use crate::oslo::lexer;
use crate::oslo::types::OptionType;
use crate::rules::format::value_lines::{self, ValueLine};
use crate::text::{Edit, Span};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "backslash-continuation",
    severity: Severity::Warning,
    effect: Effect::MeansOther,
    summary: "a backslash at the end of a line, which becomes part of the value",
    doc: include_str!("../../../docs/rules/backslash-continuation.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for place in context.stack.places() {
        let (document, assignment) = (context.stack.document(place), context.stack.assignment(place));
        let lines = value_lines::backslashes(document, assignment);
        if let Some(first) = lines.first() {
            findings.push(report(context, place, first, &lines));
        }
    }
}

fn report(context: &Context<'_>, place: AssignmentId, first: &ValueLine, lines: &[ValueLine]) -> Finding {
    let key = context.stack.key(place);
    let what = match lines.len() {
        1 => "the backslash at the end of the line is".to_owned(),
        many => format!("the backslashes at the ends of {many} lines are"),
    };
    let message = format!("{what} part of the value of `{key}`");
    value_lines::finding(
        &RULE,
        context,
        place,
        Span::new(first.text.end - 1, first.text.end),
        message,
    )
    .with_reason(
        "oslo.config has no backslash continuation: indentation alone continues a value, so the backslash and the \
         newline become part of it",
    )
    .with_help("remove the backslash, or write the value on one line")
    .with_fix(fix(context, place, lines))
}

/// Without its backslashes the value is plain where a line end counts for nothing: between the items of a list, within
/// brackets, and in front of all of the value.
fn fix(context: &Context<'_>, place: AssignmentId, lines: &[ValueLine]) -> Option<Fix> {
    let bytes = context.stack.document(place).source().bytes();
    let without: Vec<Span> = lines
        .iter()
        .map(|line| {
            let head = Span::new(line.text.start, line.text.end - 1);
            Span::new(line.text.start, lexer::strip_end(bytes, head))
        })
        .collect();
    let edits = if is_within_brackets(context, place, &without) || is_between_items(context, place, &without) {
        let behind = without.iter().zip(lines);
        let first = context.stack.assignment(place).separator() + 1;
        behind
            .map(|(kept, line)| removal(*kept, line, line.whole.start == first))
            .collect()
    } else {
        vec![joined(context, place, &without)?]
    };
    let key = context.stack.key(place);
    let layer = place.layer;
    Some(Fix {
        title: format!("remove the backslashes from the value of `{key}`"),
        safety: Safety::Unsafe,
        edits: edits.into_iter().map(|edit| LayerEdit { layer, edit }).collect(),
        announces: context.moved_by([(context.stack.group(place), &*key)]),
    })
}

/// A line of nothing but the backslash goes as a whole: left blank it would end the value.
fn removal(kept: Span, line: &ValueLine, is_first: bool) -> Edit {
    Edit::delete(match (kept.is_empty(), is_first) {
        (false, _) => Span::new(kept.end, line.text.end),
        (true, true) => Span::new(line.whole.start, line.text.end),
        (true, false) => line.whole,
    })
}

fn is_between_items(context: &Context<'_>, place: AssignmentId, without: &[Span]) -> bool {
    let bytes = context.stack.document(place).source().bytes();
    let option = context.to.option_at(place).map(|named| named.option.option_type());
    let is_list = matches!(option, Some(OptionType::List { .. } | OptionType::Dict { .. }));
    is_list
        && without
            .iter()
            .all(|kept| kept.is_empty() || kept.of(bytes).ends_with(b","))
}

fn is_within_brackets(context: &Context<'_>, place: AssignmentId, without: &[Span]) -> bool {
    let bytes = context.stack.document(place).source().bytes();
    let value = context.stack.assignment(place).value_span(bytes).of(bytes);
    let is_bracketed = matches!(
        (value.first(), value.last()),
        (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']'))
    );
    let is_between = |kept: &Span| matches!(kept.of(bytes).last(), Some(b',' | b'{' | b'[' | b':'));
    is_bracketed && without.iter().all(is_between)
}

/// `key = \` with the whole value on the next line: the value moves up.
fn joined(context: &Context<'_>, place: AssignmentId, without: &[Span]) -> Option<Edit> {
    let (document, assignment) = (context.stack.document(place), context.stack.assignment(place));
    let ([kept], 1) = (without, assignment.continuations()) else {
        return None;
    };
    let next = value_lines::value_lines(document, assignment).nth(1)?;
    let bytes = document.source().bytes();
    let is_quoted = matches!(next.text.of(bytes).first(), Some(b'"' | b'\''));
    (kept.is_empty() && !is_quoted).then(|| Edit::delete(Span::new(kept.start, next.text.start)))
}
