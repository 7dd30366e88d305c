//! What got into a value against its author's will: a comment behind it, a comment or another line inside it, a backslash
//! at a line's end.
//!
//! It finds where; what to say of it and how to fix it, the rules of these names know. Where a value may be meant as it
//! stands, nothing is found.

use crate::catalog::{self, OptionFacts};
use crate::lint::Rule;
use crate::lint::context::Context;
use crate::lint::finding::{AssignmentId, Effect, Finding, Location, Severity};
use crate::nova::View;
use crate::oslo::document::{Assignment, Document};
use crate::oslo::lexer::Line;
use crate::oslo::stack::Site;
use crate::oslo::types::OptionType;
use crate::oslo::{lexer, value};
use crate::redact;
use crate::text::{Span, line_end};

/// One line of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) struct ValueLine {
    /// The whole line, line end included; of the first line what stands behind the separator.
    pub(in crate::rules) whole: Span,
    /// What oslo.config takes of it.
    pub(in crate::rules) text: Span,
}

/// The lines of a value: the first, then those that continue it.
pub(in crate::rules) fn value_lines(document: &Document, assignment: &Assignment) -> impl Iterator<Item = ValueLine> {
    let bytes = document.source().bytes();
    let (mut at, end) = (assignment.separator() + 1, assignment.span().end);
    let mut is_over = false;
    std::iter::from_fn(move || {
        if is_over {
            return None;
        }
        let (text_end, next) = line_end(bytes, at);
        let line = ValueLine {
            whole: Span::new(at, next),
            text: lexer::strip(bytes, Span::new(at, text_end)),
        };
        (at, is_over) = (next, next >= end);
        Some(line)
    })
}

/// A comment on the line of a value, and what stands in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) struct CommentBehind {
    /// What was meant for the value; empty where the comment takes its place.
    pub(in crate::rules) value: Span,
    /// The comment, `#` or `;` included.
    pub(in crate::rules) comment: Span,
    /// Whether the option's type rejects the value for it.
    pub(in crate::rules) rejected: bool,
}

/// The comment behind the value at `place`, where it is surely one.
///
/// Sure is what the option's type rejects with the comment and takes without it. Where the type takes both, it is a `# `
/// behind a value that is one word, or a list of words, and no secret.
#[must_use]
pub(in crate::rules) fn comment_behind(view: &View<'_>, place: AssignmentId) -> Option<CommentBehind> {
    let (document, assignment) = (view.stack().document(place), view.stack().assignment(place));
    let bytes = document.source().bytes();
    let is_unknown = document.is_unknown(assignment);
    if assignment.continuations() > 0 || is_unknown || lexer::unquote(bytes, assignment.first()) != assignment.first() {
        return None;
    }
    let start = comment_start(assignment.first().of(bytes))? + assignment.first().start;
    let value = Span::new(
        assignment.first().start,
        lexer::strip_end(bytes, Span::new(assignment.first().start, start)),
    );
    let comment = Span::new(start, assignment.first().end);
    let option = view.option_at(place).map(|named| named.option);
    let head = document.text(lexer::unquote(bytes, value));
    let found = |rejected| CommentBehind {
        value,
        comment,
        rejected,
    };
    if redact::is_secret_up_to(view.stack(), place, comment.start) {
        return is_behind_a_url(&document.text(value), &document.text(comment)).then(|| found(false));
    }
    if let Some(option) = option.filter(|option| !takes(view, *option, &document.text(assignment.first()))) {
        // A reference may lead to a default that only the host knows.
        let is_reference = head.contains('$') && !head.contains(char::is_whitespace);
        let is_sure = value.is_empty() || is_reference || takes(view, option, &head);
        return is_sure.then(|| found(true));
    }
    let is_comment = comment.of(bytes).starts_with(b"# ");
    (is_comment && is_plain(&head, option.as_ref())).then(|| found(false))
}

/// Offset of the first `#` or `;` at the start of `text` or behind a blank.
fn comment_start(text: &[u8]) -> Option<usize> {
    memchr::memchr2_iter(b'#', b';', text).find(|&at| at == 0 || matches!(text[at - 1], b' ' | b'\t'))
}

/// Whether the option's type takes `text`.
pub(in crate::rules) fn takes(view: &View<'_>, option: OptionFacts, text: &str) -> bool {
    let text = view.expanded(option.group(), text);
    text.is_ok_and(|text| value::check(option.option_type(), &text, view.profile()).is_ok())
}

/// Whether what stands in front of a comment is so plain that nothing with a `#` can have been meant.
pub(in crate::rules) fn is_plain(head: &str, option: Option<&OptionFacts>) -> bool {
    let is_list = option.is_some_and(|option| matches!(option.option_type(), OptionType::List { .. }));
    let is_format = option.is_some_and(|option| option.name().contains("format"));
    let is_word = |text: &str| !text.contains(char::is_whitespace);
    let is_plain = is_word(head) || (is_list && head.split(',').all(|item| is_word(item.trim())));
    is_plain && !is_format
}

/// A URL ends at the first blank; only a password could hold one, and that stands before an `@`.
fn is_behind_a_url(head: &str, comment: &str) -> bool {
    let is_url = head.contains("://") && !head.contains(char::is_whitespace);
    is_url && comment.starts_with("# ") && !comment.contains('@') && head.rsplit('@').next() != Some("")
}

/// The places of values that go on over several lines and are known.
pub(in crate::rules) fn of_several_lines<'c>(context: &'c Context<'_>) -> impl Iterator<Item = AssignmentId> + 'c {
    let stack = context.stack;
    let goes_on = |place: &AssignmentId| stack.assignment(*place).continuations() > 0;
    stack
        .places()
        .filter(goes_on)
        .filter(|place| !stack.is_unknown(Site::File(*place)))
}

/// The comment lines inside a value: all continuation lines that start with `#` or `;`.
#[must_use]
pub(in crate::rules) fn comments_within(document: &Document, assignment: &Assignment) -> Vec<ValueLine> {
    if assignment.continuations() == 0 {
        return Vec::new();
    }
    let bytes = document.source().bytes();
    value_lines(document, assignment)
        .skip(1)
        .filter(|line| matches!(line.text.of(bytes).first(), Some(b'#' | b';')))
        .collect()
}

/// The lines of a value that end in a backslash and are not its last.
#[must_use]
pub(in crate::rules) fn backslashes(document: &Document, assignment: &Assignment) -> Vec<ValueLine> {
    if assignment.continuations() == 0 {
        return Vec::new();
    }
    let bytes = document.source().bytes();
    value_lines(document, assignment)
        .take(assignment.continuations())
        .filter(|line| line.text.of(bytes).ends_with(b"\\"))
        .collect()
}

/// A line inside a value that looks like one of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rules) struct SwallowedLine {
    /// Where.
    pub(in crate::rules) line: ValueLine,
    /// The option it names; `None` for a section header.
    pub(in crate::rules) key: Option<String>,
}

/// The continuation lines of the value at `place` that name an option, or are a header of a group of nova's.
#[must_use]
pub(in crate::rules) fn lines_within(view: &View<'_>, place: AssignmentId) -> Vec<SwallowedLine> {
    let (document, assignment) = (view.stack().document(place), view.stack().assignment(place));
    if assignment.continuations() == 0 {
        return Vec::new();
    }
    let (bytes, group) = (document.source().bytes(), view.stack().group(place));
    let looks_like = |line: ValueLine| match lexer::classify(bytes, line.text) {
        Line::Header(name) if catalog::is_group_known(&document.text(name)) => Some(SwallowedLine { line, key: None }),
        Line::Assignment { key, .. } => {
            let key = document.text(key).into_owned();
            // In another group only what is no common word.
            let is_elsewhere = || key.contains('_') && !catalog::groups_with(&key, view.release()).is_empty();
            let is_known = catalog::by_any_name(group, &key, view.release()).is_some() || is_elsewhere();
            let key = Some(key);
            is_known.then_some(SwallowedLine { line, key })
        }
        _ => None,
    };
    value_lines(document, assignment)
        .skip(1)
        .filter_map(looks_like)
        .collect()
}

/// A finding about `span` of the value at `place`: an error, and said so, where the release to come rejects the value.
#[must_use]
pub(in crate::rules) fn finding(
    rule: &'static Rule,
    context: &Context<'_>,
    place: AssignmentId,
    span: Span,
    message: String,
) -> Finding {
    let layer = place.layer;
    let location = Location::File { layer, span };
    if !is_rejected(&context.to, place) {
        return Finding::new(rule, location, message);
    }
    let to = context.to.release().short();
    Finding::new(rule, location, format!("{message}, and {to} rejects it"))
        .with_severity(Severity::Error)
        .with_effect(effect_of_rejected(context, place))
}

/// What comes of the value at `place`, which the release to come rejects: a service reads every option when it starts, but
/// not what another place overrides.
#[must_use]
pub(in crate::rules) fn effect_of_rejected(context: &Context<'_>, place: AssignmentId) -> Effect {
    let option = context.to.option_at(place).map(|named| named.option);
    let is_read = |option| {
        context
            .to
            .setting_of(option)
            .found
            .effective
            .contains(&Site::File(place))
    };
    if option.is_some_and(is_read) {
        Effect::StopsService
    } else {
        Effect::MeansOther
    }
}

/// Whether the release of `view` knows the option at `place` and rejects its value.
pub(in crate::rules) fn is_rejected(view: &View<'_>, place: AssignmentId) -> bool {
    let option = view.option_at(place).map(|named| named.option);
    let is_known = !view.stack().is_unknown(Site::File(place));
    option.is_some_and(|option| is_known && !takes(view, option, &view.stack().value(Site::File(place))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Release;
    use crate::oslo::stack::Stack;
    use crate::text::Source;

    /// What `comment_behind` makes of `line` in `section`: the value and whether it is rejected as it stands.
    fn behind(section: &str, line: &str) -> Option<(String, bool)> {
        let text = format!("[{section}]\n{line}\n");
        let stack = Stack::of(Document::parse(Source::new("nova.conf", text.into_bytes())));
        let place = stack.places().next()?;
        let found = comment_behind(&View::new(&stack, Release::STEIN), place)?;
        Some((stack.document(place).text(found.value).into_owned(), found.rejected))
    }

    #[test]
    fn a_comment_behind_a_value_is_found_where_it_is_surely_one() {
        for (section, line, value, rejected) in [
            ("DEFAULT", "debug = true # for now", "true", true),
            ("DEFAULT", "debug = true ;for now", "true", true),
            ("DEFAULT", "debug = \"true\" # for now", "\"true\"", true),
            ("libvirt", "virt_type = kvm #qemu", "kvm", true),
            ("libvirt", "live_migration_completion_timeout = 800 # s", "800", true),
            ("DEFAULT", "my_ip = 10.0.0.1\t# management", "10.0.0.1", false),
            ("vnc", "server_listen = $my_ip # management", "$my_ip", true),
            ("DEFAULT", "state_path = /srv/nova # big disk", "/srv/nova", false),
            (
                "libvirt",
                "cpu_model_extra_flags = pcid, ssbd # meltdown",
                "pcid, ssbd",
                false,
            ),
            ("DEFAULT", "debug = # true", "", true),
            (
                "keystone_authtoken",
                "auth_url = http://k:5000/v3 # keystone",
                "http://k:5000/v3",
                false,
            ),
            (
                "DEFAULT",
                "transport_url = rabbit://u:p@h/ # one host",
                "rabbit://u:p@h/",
                false,
            ),
        ] {
            assert_eq!(behind(section, line), Some((value.to_owned(), rejected)), "{line}");
        }
    }

    #[test]
    fn a_value_that_may_be_meant_so_is_left_alone() {
        for (section, line) in [
            ("DEFAULT", "debug = true"),
            ("DEFAULT", "debug = maybe # later"),
            ("DEFAULT", "state_path = /srv/nova#1"),
            ("DEFAULT", "state_path = /srv/nova #1"),
            ("DEFAULT", "state_path = /srv/big disk # 1"),
            ("DEFAULT", "state_path = /srv/nova ; ls"),
            ("DEFAULT", "state_path = \"/srv # nova\""),
            ("DEFAULT", "logging_default_format_string = %(asctime)s # %(message)s"),
            ("keystone_authtoken", "password = abc # def"),
            ("DEFAULT", "transport_url = rabbit://u:p # q@h/"),
            ("DEFAULT", "transport_url = rabbit://u:p#q@h/"),
        ] {
            assert_eq!(behind(section, line), None, "{line}");
        }
    }
}
