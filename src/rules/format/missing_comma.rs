//! Lists over several lines with no comma at the end of one: oslo.config reads the items on either side as one.

use crate::lint::{AssignmentId, Context, Effect, Finding, Fix, LayerEdit, Rule, Safety, Severity};
use crate::oslo::Document;
use crate::oslo::types::OptionType;
use crate::redact;
use crate::rules::format::value_lines::{self, ValueLine};
use crate::text::Edit;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "missing-comma",
    severity: Severity::Warning,
    effect: Effect::MeansOther,
    summary: "a list whose line ends without a comma: two items are read as one",
    doc: include_str!("../../../docs/rules/missing-comma.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for place in value_lines::of_several_lines(context) {
        let kind = context.to.option_at(place).map(|named| named.option.option_type());
        if matches!(kind, Some(OptionType::List { .. } | OptionType::Dict { .. })) {
            let ends = unended(context, place);
            if let Some(first) = ends.first() {
                findings.push(report(context, place, first, &ends));
            }
        }
    }
}

/// A line without its comma, and the one that goes on.
struct Unended {
    line: ValueLine,
    next: ValueLine,
}

/// The lines whose last item goes on in the next; none where something else is wrong with the value.
fn unended(context: &Context<'_>, place: AssignmentId) -> Vec<Unended> {
    let (document, assignment) = (context.stack.document(place), context.stack.assignment(place));
    let is_told_elsewhere = !value_lines::comments_within(document, assignment).is_empty()
        || !value_lines::lines_within(&context.to, place).is_empty()
        || !value_lines::backslashes(document, assignment).is_empty();
    if is_told_elsewhere {
        return Vec::new();
    }
    let bytes = document.source().bytes();
    let lines: Vec<ValueLine> = value_lines::value_lines(document, assignment)
        .filter(|line| !line.text.of(bytes).is_empty())
        .collect();
    let pairs = lines.windows(2).filter_map(|pair| match *pair {
        [line, next] => Some(Unended { line, next }),
        _ => None,
    });
    pairs.filter(|pair| is_plain(&items(document, pair))).collect()
}

/// The item before the line end and the one behind it.
fn items(document: &Document, pair: &Unended) -> [String; 2] {
    let (line, next) = (document.text(pair.line.text), document.text(pair.next.text));
    let last = line.rsplit(',').next().unwrap_or_default().trim().to_owned();
    let first = next.split(',').next().unwrap_or_default().trim().to_owned();
    [last, first]
}

/// Whether both are words, and nothing that a line end might stand in.
fn is_plain(items: &[String; 2]) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_.:/@+-=*%$".contains(c);
    items.iter().all(|item| !item.is_empty() && item.chars().all(is_part))
}

fn report(context: &Context<'_>, place: AssignmentId, first: &Unended, ends: &[Unended]) -> Finding {
    let document = context.stack.document(place);
    let key = context.stack.key(place);
    let message = if redact::is_secret_at(context.stack, place) {
        format!("two items of `{key}` are read as one: the first line has no comma at its end")
    } else {
        let [last, next] = items(document, first);
        format!("`{last}` and `{next}` are read as one item of `{key}`: no comma stands between them")
    };
    value_lines::finding(&RULE, context, place, first.line.text, message)
        .with_reason("commas alone separate items; a line end becomes part of the item")
        .with_help("end the line with a comma")
        .with_fix(fix(context, place, ends))
}

fn fix(context: &Context<'_>, place: AssignmentId, ends: &[Unended]) -> Option<Fix> {
    if redact::is_secret_at(context.stack, place) {
        return None;
    }
    let key = context.stack.key(place);
    let layer = place.layer;
    let edits = ends.iter().map(|pair| Edit::insert(pair.line.text.end, ","));
    Some(Fix {
        title: format!("write the missing commas into the value of `{key}`"),
        safety: Safety::Unsafe,
        edits: edits.map(|edit| LayerEdit { layer, edit }).collect(),
        announces: context.moved_by([(context.stack.group(place), &*key)]),
    })
}
