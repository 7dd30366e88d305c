//! Values that stand alone in the first column, where oslo.config takes them for options: a URL, an address, a piece of JSON.
//!
//! Those without a `:` or `=` are rejected and up to `malformed-line`.

use crate::lint::{AssignmentId, Context, Effect, Finding, Fix, LayerEdit, Rule, Safety, Severity};
use crate::oslo::stack::Site;
use crate::oslo::types::OptionType;
use crate::oslo::value;
use crate::rules::format::first_column::{self, Kind};
use crate::text::{Edit, Span};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "value-in-first-column",
    severity: Severity::Warning,
    effect: Effect::MeansOther,
    summary: "a value in the first column of a line, which is read as an option",
    doc: include_str!("../../../docs/rules/value-in-first-column.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for place in context.stack.places() {
        if let Some(kind) = first_column::kind(context, place) {
            findings.push(report(context, place, &kind));
        }
    }
}

fn report(context: &Context<'_>, place: AssignmentId, kind: &Kind) -> Finding {
    let (what, name) = match kind {
        Kind::Url(scheme) => ("a URL", format!(" called `{scheme}`")),
        Kind::Address => ("an address", String::new()),
        Kind::Json => ("a piece of JSON", String::new()),
        Kind::Word(word) => ("a value", format!(" called `{word}`")),
    };
    let message = format!("{what} in the first column is read as an option{name}, which nova ignores");
    let finding = Finding::new(&RULE, context.location(place), message);
    let reason = "a value goes on only in lines that are indented";
    let Some(above) = first_column::above(context, place) else {
        return finding
            .with_reason(reason)
            .with_help("write the name of its option and `=` before it, or remove the line");
    };
    let key = context.stack.key(above);
    if context.stack.value(Site::File(above)).is_empty() {
        finding
            .with_reason(format!("{reason}: `{key}` in the line above is empty"))
            .with_help(format!("write it on the line of `{key}`, behind the `=`"))
            .with_related(context.location(above), "this value is empty")
            .with_fix(joined(context, above, place))
    } else {
        finding
            .with_reason(reason)
            .with_help(format!(
                "where it belongs to `{key}` above, write it on that line; otherwise remove it"
            ))
            .with_related(context.location(above), "this value ends here")
    }
}

/// The value moves up to the option that is empty, where that takes it.
fn joined(context: &Context<'_>, above: AssignmentId, place: AssignmentId) -> Option<Fix> {
    let (stack, document) = (context.stack, context.stack.document(place));
    let (empty, line) = (stack.assignment(above), stack.assignment(place));
    let bytes = document.source().bytes();
    let whole = Span::new(line.key().start, line.first().end);
    let text = document.text(whole).into_owned();
    let is_multi = |kind: &OptionType| matches!(kind, OptionType::Multi(_));
    let takes = |release: &crate::nova::View<'_>| {
        let option = release.option_at(above).map(|named| named.option);
        option.is_none_or(|option| {
            let kind = option.option_type();
            is_multi(kind) || value::check(kind, &text, release.profile()).is_ok()
        })
    };
    if line.continuations() > 0
        || empty.continuations() > 0
        || !takes(&context.to)
        || bytes.get(line.key().start) == Some(&b'"')
    {
        return None;
    }
    let group = stack.group(place);
    let (name, scheme) = (stack.key(above), stack.key(place));
    Some(Fix {
        title: format!("write the value on the line of `{name}`"),
        safety: Safety::Unsafe,
        edits: vec![LayerEdit {
            layer: place.layer,
            edit: Edit::replace(Span::new(empty.separator() + 1, line.key().start), " "),
        }],
        announces: context.moved_by([(group, &*name), (group, &*scheme)]),
    })
}
