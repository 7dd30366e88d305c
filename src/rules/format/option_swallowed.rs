//! Options that stand behind another one on its line and became part of its value: `my_ip = 192.0.2.1 use_neutron = true`.

use crate::catalog;
use crate::lint::{AssignmentId, Context, Effect, Finding, Fix, LayerEdit, Rule, Safety, Severity};
use crate::oslo::lexer;
use crate::redact;
use crate::rules::format::neighbours::{self, Swallowed};
use crate::rules::format::value_lines;
use crate::rules::in_words;
use crate::text::{Edit, Span};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "option-swallowed",
    severity: Severity::Warning,
    effect: Effect::MeansOther,
    summary: "an option that became part of the value before it on the same line",
    doc: include_str!("../../../docs/rules/option-swallowed.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for place in context.stack.places() {
        let (document, assignment) = (context.stack.document(place), context.stack.assignment(place));
        let first = assignment.first().of(document.source().bytes());
        if memchr::memchr(b'=', first).is_none() && !first.ends_with(b"]") {
            continue; // Nearly every line.
        }
        let swallowed = neighbours::swallowed(context, place);
        if !swallowed.is_empty() {
            findings.push(report(context, place, &swallowed));
        }
    }
}

fn report(context: &Context<'_>, place: AssignmentId, swallowed: &[Swallowed]) -> Finding {
    let (document, key) = (context.stack.document(place), context.stack.key(place));
    let quoted = swallowed.iter().map(|one| format!("`{}`", document.text(one.name)));
    let quoted: Vec<String> = quoted.collect();
    let names = in_words(&quoted.iter().map(String::as_str).collect::<Vec<_>>());
    let are = if quoted.len() == 1 { "is" } else { "are" };
    let message = format!("{names} {are} part of the value of `{key}`, being on the same line");
    value_lines::finding(&RULE, context, place, swallowed[0].name, message)
        .with_reason("a value reaches to the end of its line, whatever stands there; nova reads no other option in it")
        .with_help("write each option on a line of its own")
        .with_fix(fix(context, place, swallowed))
}

/// Each option on a line of its own, where nothing else sets it and what is left is a value of the first one.
fn fix(context: &Context<'_>, place: AssignmentId, swallowed: &[Swallowed]) -> Option<Fix> {
    let (stack, document, assignment) = (
        context.stack,
        context.stack.document(place),
        context.stack.assignment(place),
    );
    let bytes = document.source().bytes();
    let first = assignment.first();
    let group = stack.group(place);
    let own = stack.key(place);
    let names: Vec<String> = swallowed
        .iter()
        .map(|one| document.text(one.name).into_owned())
        .collect();
    let is_set = |name: &String| {
        let is_own = catalog::by_any_name(group, name, context.to.release()).is_some();
        !is_own || *name == *own || stack.places_of(group, name).next().is_some()
    };
    if assignment.continuations() > 0 || redact::is_secret_at(stack, place) || names.iter().any(is_set) {
        return None;
    }
    let mut edits = Vec::with_capacity(swallowed.len());
    for one in swallowed {
        let kept = lexer::strip_end(bytes, Span::new(first.start, one.name.start));
        if kept == first.start {
            return None;
        }
        let gap = Span::new(if one.is_apart { kept } else { one.name.start }, one.name.start);
        edits.push(LayerEdit {
            layer: place.layer,
            edit: Edit::replace(gap, document.line_ending()),
        });
    }
    let head = document.text(Span::new(
        first.start,
        lexer::strip_end(bytes, Span::new(first.start, swallowed[0].name.start)),
    ));
    let option = context.to.option_at(place).map(|named| named.option);
    if !option.is_none_or(|option| value_lines::takes(&context.to, option, &head)) {
        return None;
    }
    Some(Fix {
        title: format!("write `{}` on a line of its own", names.join("` and `")),
        safety: Safety::Unsafe,
        edits,
        announces: context.moved_by(names.iter().map(|name| (group, &**name)).chain([(group, &*own)])),
    })
}
