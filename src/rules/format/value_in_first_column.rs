//! Values that stand alone in the first column, where oslo.config takes them for options: a URL, an address, a piece of JSON.
//!
//! Those without a `:` or `=` are rejected and up to `malformed-line`.

use std::net::IpAddr;

use crate::catalog;
use crate::lint::{AssignmentId, Context, Effect, Finding, Fix, LayerEdit, Rule, Safety, Severity};
use crate::oslo::stack::Site;
use crate::oslo::types::OptionType;
use crate::oslo::value;
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
        if let Some(kind) = kind(context, place) {
            findings.push(report(context, place, &kind));
        }
    }
}

/// What a value is that stands where an option belongs.
enum Kind {
    /// A URL; with its scheme, which is read as the name.
    Url(String),
    /// An address with a port.
    Address,
    /// An object of JSON.
    Json,
}

/// What the line at `place` is instead of an option; `None` where it may be one.
fn kind(context: &Context<'_>, place: AssignmentId) -> Option<Kind> {
    let (document, assignment) = (context.stack.document(place), context.stack.assignment(place));
    let bytes = document.source().bytes();
    if bytes.get(assignment.separator()) != Some(&b':') {
        return None;
    }
    let (key, value) = (document.key(assignment), assignment.first().of(bytes));
    let is_scheme = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'+' | b'.' | b'-');
    // `name://…` and nothing between them, as URLs are written.
    let is_url = value.starts_with(b"//")
        && value.len() > 2
        && assignment.key().end == assignment.separator()
        && assignment.first().start == assignment.separator() + 1
        && key.bytes().all(is_scheme);
    let kind = if is_url {
        Kind::Url(key.clone().into_owned())
    } else if key.starts_with(['{']) && key.ends_with(['"', '\'']) {
        Kind::Json
    } else if key.parse::<IpAddr>().is_ok() && value.first().is_some_and(u8::is_ascii_digit) {
        Kind::Address
    } else {
        return None;
    };
    (!catalog::is_known_anywhere(context.stack.group(place), &key)).then_some(kind)
}

fn report(context: &Context<'_>, place: AssignmentId, kind: &Kind) -> Finding {
    let (what, name) = match kind {
        Kind::Url(scheme) => ("a URL", format!(" called `{scheme}`")),
        Kind::Address => ("an address", String::new()),
        Kind::Json => ("a piece of JSON", String::new()),
    };
    let message = format!("{what} in the first column is read as an option{name}, which nova ignores");
    let finding = Finding::new(&RULE, context.location(place), message);
    let reason = "a value goes on only in lines that are indented";
    let Some(above) = above(context, place) else {
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

/// The assignment of the same section right above, only blank lines between.
fn above(context: &Context<'_>, place: AssignmentId) -> Option<AssignmentId> {
    let assignment = place.assignment.checked_sub(1)?;
    let above = AssignmentId { assignment, ..place };
    let (document, one, next) = (
        context.stack.document(place),
        context.stack.assignment(above),
        context.stack.assignment(place),
    );
    let between = Span::new(one.span().end, next.span().start);
    let is_blank = between
        .of(document.source().bytes())
        .iter()
        .all(u8::is_ascii_whitespace);
    (one.section() == next.section() && is_blank).then_some(above)
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
