//! Options that stand behind another one on its line and became part of its value: `my_ip = 192.0.2.1 use_neutron = true`.

use crate::catalog;
use crate::lint::{AssignmentId, Context, Effect, Finding, Fix, LayerEdit, Rule, Safety, Severity};
use crate::oslo::lexer;
use crate::oslo::stack::Site;
use crate::oslo::types::OptionType;
use crate::redact;
use crate::rules::format::value_lines;
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
        let swallowed = swallowed(context, place);
        if !swallowed.is_empty() {
            findings.push(report(context, place, &swallowed));
        }
    }
}

/// A name inside a value.
struct Swallowed {
    /// The bytes of the name; of a header with its brackets.
    name: Span,
    /// Whether a blank stands before it.
    is_apart: bool,
}

/// The options that stand behind the value at `place`, and a header of one of nova's groups.
fn swallowed(context: &Context<'_>, place: AssignmentId) -> Vec<Swallowed> {
    let (document, assignment) = (context.stack.document(place), context.stack.assignment(place));
    let bytes = document.source().bytes();
    let first = assignment.first();
    let option = context.to.option_at(place).map(|named| named.option);
    let kind = option.map(|option| option.option_type());
    let is_quoted = lexer::unquote(bytes, first) != first || matches!(bytes[first.start], b'{' | b'[' | b'"' | b'\'');
    let takes_pairs = match kind {
        Some(OptionType::Dict { .. } | OptionType::Opaque) => true,
        _ => context.stack.key(place) == "default_log_levels",
    };
    if is_quoted || takes_pairs || context.stack.is_unknown(Site::File(place)) {
        return Vec::new();
    }
    let text = document.text(first);
    if text.len() != first.len() {
        return Vec::new(); // Not UTF-8: offsets would not be those of the file.
    }
    let end = text.find(" #").or_else(|| text.find(" ;")).unwrap_or(text.len());
    let group = context.stack.group(place);
    let equals = text[..end].match_indices('=').map(|(at, _)| at);
    let mut found: Vec<Swallowed> = equals
        .filter_map(|at| name_before(group, &text, at))
        .map(|(start, end, is_apart)| Swallowed {
            name: Span::new(first.start + start, first.start + end),
            is_apart,
        })
        .collect();
    found.extend(header(&text).map(|start| Swallowed {
        name: Span::new(first.start + start, first.end),
        is_apart: true,
    }));
    // Behind words of a command or a sentence anything may stand.
    let is_alone = found.first().is_some_and(|one| {
        let head = text[..one.name.start - first.start].trim_end();
        value_lines::is_plain(head, option.as_ref())
    });
    if is_alone { found } else { Vec::new() }
}

/// Where the option is named that `text` sets at the `=` at `at`: start, end, and whether a blank stands before it.
fn name_before(group: &str, text: &str, at: usize) -> Option<(usize, usize, bool)> {
    let head = text[..at].trim_end();
    let start = head.rfind(char::is_whitespace).map_or(0, |blank| blank + 1);
    let word = &head[start..];
    let is_known = |name: &str| catalog::is_known_anywhere(group, name);
    let is_name = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    // In another group only what is no common word.
    let is_elsewhere = |name: &str| name.contains('_') && catalog::called(name).next().is_some();
    if start > 0 && word.len() > 2 && is_name(word) && (is_known(word) || is_elsewhere(word)) {
        return Some((start, head.len(), true));
    }
    // `192.0.2.1use_neutron`: behind a digit, and a name of several words.
    if word.contains(['?', '&', '"', '\'', '$', '%']) {
        return None;
    }
    let starts = word.char_indices().skip(1).map(|(at, _)| at);
    let name = starts
        .filter(|&at| word.as_bytes()[at - 1].is_ascii_digit() || matches!(word.as_bytes()[at - 1], b'/' | b','))
        .find(|&at| word[at..].contains('_') && is_name(&word[at..]) && is_known(&word[at..]))?;
    Some((start + name, head.len(), false))
}

/// Where a header of one of nova's groups ends `text`, behind something else.
fn header(text: &str) -> Option<usize> {
    let start = text.rfind('[')?;
    let name = text[start + 1..].strip_suffix(']')?;
    let is_apart = text[..start].ends_with(char::is_whitespace);
    (is_apart && !text[..start].trim().is_empty() && catalog::is_group_known(name)).then_some(start)
}

fn report(context: &Context<'_>, place: AssignmentId, swallowed: &[Swallowed]) -> Finding {
    let (document, key) = (context.stack.document(place), context.stack.key(place));
    let names: Vec<String> = swallowed
        .iter()
        .map(|one| format!("`{}`", document.text(one.name)))
        .collect();
    let (names, are) = match &names[..] {
        [one] => (one.clone(), "is"),
        [most @ .., last] => (format!("{} and {last}", most.join(", ")), "are"),
        [] => return Finding::new(&RULE, context.value_location(place), String::new()),
    };
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<&str> {
        let equals = text.match_indices('=').map(|(at, _)| at);
        let mut found = equals.filter_map(|at| name_before("DEFAULT", text, at));
        found.next().map(|(start, end, _)| &text[start..end])
    }

    #[test]
    fn an_option_behind_a_value_is_found() {
        assert_eq!(at("192.0.2.1 use_neutron = true"), Some("use_neutron"));
        assert_eq!(at("192.0.2.1use_neutron=true"), Some("use_neutron"));
        assert_eq!(at("true debug=true"), Some("debug"));
    }

    #[test]
    fn what_may_be_meant_is_left_alone() {
        for text in [
            "mysql+pymysql://u:p@h/nova?read_timeout=1&use_neutron=1",
            "192.0.2.1 host_x = 1",
            "amqp=WARN, amqplib=WARN",
            "a9debug=1",
            "debug = true",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
        assert_eq!(header("[vnc]"), None);
        assert_eq!(header("x [vnc]"), Some(2));
        assert_eq!(header("x[vnc]"), None);
        assert_eq!(header("x [1]"), None);
    }
}
