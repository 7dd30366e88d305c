//! Indented lines that were left behind and became part of a value that has room for one line only: a number, an address, a
//! URL, a path.
//!
//! Lines that look like an option are for `line-swallowed`, comments for `comment-swallowed`, lists for `missing-comma`.

use std::net::IpAddr;

use crate::catalog::OptionFacts;
use crate::lint::{AssignmentId, Context, Effect, Finding, Rule, Severity};
use crate::oslo::types::OptionType;
use crate::rules::format::value_lines::{self, ValueLine};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "left-behind-line",
    severity: Severity::Warning,
    effect: Effect::MeansOther,
    summary: "an indented line that became part of a value which is one line by its nature",
    doc: include_str!("../../../docs/rules/left-behind-line.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for place in value_lines::of_several_lines(context) {
        if let Some(found) = found(context, place) {
            findings.push(report(context, place, &found));
        }
    }
}

/// What is wrong with a value of several lines.
enum Found {
    /// These lines go on with what is whole already.
    Left(Vec<ValueLine>),
    /// Nothing stands on the first line, so that the value begins with a line end.
    Below(ValueLine),
}

fn found(context: &Context<'_>, place: AssignmentId) -> Option<Found> {
    let (document, assignment) = (context.stack.document(place), context.stack.assignment(place));
    let option = context.to.option_at(place)?.option;
    let kind = option.option_type();
    let bytes = document.source().bytes();
    let is_told_elsewhere = !value_lines::comments_within(document, assignment).is_empty()
        || !value_lines::lines_within(&context.to, place).is_empty()
        || !value_lines::backslashes(document, assignment).is_empty();
    if is_told_elsewhere {
        return None;
    }
    let mut lines = value_lines::value_lines(document, assignment);
    let first = document.text(lines.next()?.text);
    let others: Vec<ValueLine> = lines.filter(|line| !line.text.of(bytes).is_empty()).collect();
    let second = document.text(others.first()?.text);
    let is_one_word = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
    if first.is_empty() {
        let is_wrong =
            matches!(others[..], [_]) && is_one_word(&second) && minds_a_line_end(context, place, option, &second);
        return is_wrong.then(|| Found::Below(others[0]));
    }
    let is_left = match kind {
        OptionType::Text(limits) if limits.choices.is_none() => is_same_kind(&first, &second),
        OptionType::List { .. } | OptionType::Dict { .. } | OptionType::Multi(_) | OptionType::Opaque => false,
        _ => value_lines::is_rejected(&context.to, place) && value_lines::takes(&context.to, option, &first),
    };
    is_left.then_some(Found::Left(others))
}

/// Whether a line end in front of `text` does harm: the type rejects it, or what reads it takes it for a part of a path, of the
/// name of a class or of a URL of a database.
fn minds_a_line_end(context: &Context<'_>, place: AssignmentId, option: OptionFacts, text: &str) -> bool {
    let key = context.stack.key(place);
    match option.option_type() {
        OptionType::List { .. } | OptionType::Dict { .. } | OptionType::Multi(_) | OptionType::Opaque => false,
        OptionType::Text(limits) if limits.choices.is_none() => {
            let is_database = key.ends_with("connection") && text.contains("://");
            let is_path = text.starts_with('/') && text.len() > 1 && !key.ends_with("command");
            let is_class = text.starts_with("nova.") || key == "compute_driver";
            is_database || is_path || is_class
        }
        _ => value_lines::is_rejected(&context.to, place) && value_lines::takes(&context.to, option, text),
    }
}

/// Whether both are whole values of one kind, so that no value goes on from one to the other.
fn is_same_kind(first: &str, second: &str) -> bool {
    let is_url = |text: &str| {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        scheme
            .is_some_and(|scheme| !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+'))
    };
    // `user:password@host` behind a URL that is whole.
    let is_host = |text: &str| text.contains('@') && !text.starts_with(['?', '&', ',']);
    let is_path = |text: &str| text.starts_with('/') && text.len() > 1;
    let is_address = |text: &str| text.parse::<IpAddr>().is_ok();
    let is_plain = |text: &str| !text.contains(char::is_whitespace) && !text.ends_with([',', '?', '&', '=', ':']);
    let kinds: [&dyn Fn(&str) -> bool; 3] = [&is_url, &is_path, &is_address];
    let is_more = is_url(first) && is_host(second);
    let is_same = kinds.iter().any(|is_one| is_one(first) && is_one(second));
    is_plain(first) && is_plain(second) && (is_more || is_same)
}

fn report(context: &Context<'_>, place: AssignmentId, found: &Found) -> Finding {
    let key = context.stack.key(place);
    let reason = "an indented line continues the value above it, with a line end between them";
    match found {
        Found::Left(lines) => {
            let (what, it) = match lines.len() {
                1 => ("the indented line below is".to_owned(), "it"),
                many => (format!("{many} indented lines below are"), "them"),
            };
            let message = format!("{what} part of the value of `{key}`, which is whole without {it}");
            value_lines::finding(&RULE, context, place, lines[0].text, message)
                .with_reason(reason)
                .with_help("keep the line that counts, and remove what is left of the other value")
        }
        Found::Below(line) => {
            let message = format!("the value of `{key}` begins with a line end, since it stands on the line below");
            value_lines::finding(&RULE, context, place, line.text, message)
                .with_reason(reason)
                .with_help(format!("write it on the line of `{key}`, behind the `=`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_whole_values_of_one_kind_are_found() {
        for (first, second) in [
            ("rabbit://a:b@h:5672/", "rabbit://a:b@i:5672/"),
            ("rabbit://a:b@h:5672/", "a:b@i:5672/"),
            ("/var/lib/nova", "/srv/nova"),
            ("192.0.2.1", "2001:db8::1"),
        ] {
            assert!(is_same_kind(first, second), "{first}");
        }
        for (first, second) in [
            ("rabbit://a:b@h:5672,", "rabbit://a:b@i:5672/"),
            ("mysql://h/nova?", "charset=utf8"),
            ("/usr/bin/env python3", "/usr/bin/x"),
            ("sudo nova-rootwrap", "/etc/nova/rootwrap.conf"),
            ("a", "b"),
        ] {
            assert!(!is_same_kind(first, second), "{first}");
        }
    }
}
