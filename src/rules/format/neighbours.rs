//! Options and headers that stand behind a value on its own line, and so became part of it.
//!
//! It finds where; what to say of them and how to fix it the rules know.

use crate::catalog::{self, spelling};
use crate::lint::{AssignmentId, Context};
use crate::oslo::lexer;
use crate::oslo::stack::Site;
use crate::oslo::types::OptionType;
use crate::rules::format::value_lines;
use crate::text::Span;

/// A longer word holds no name, in bytes: those of nova have half of that.
const LONGEST: usize = 120;

/// A name inside a value.
pub(in crate::rules) struct Swallowed {
    /// The bytes of the name; of a header with its brackets.
    pub(in crate::rules) name: Span,
    /// Whether a blank stands before it.
    pub(in crate::rules) is_apart: bool,
}

/// The options that stand behind the value at `place`, and a header of one of nova's groups.
pub(in crate::rules) fn swallowed(context: &Context<'_>, place: AssignmentId) -> Vec<Swallowed> {
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
    let mut starts = (0..=head.len().saturating_sub(LONGEST)).rev();
    let tail = starts.find(|&start| head.is_char_boundary(start))?;
    let mut signs = head[tail..].char_indices().rev();
    let start = match signs.find(|(_, sign)| sign.is_whitespace()) {
        Some((blank, sign)) => tail + blank + sign.len_utf8(),
        None if tail == 0 => 0,
        None => return None,
    };
    let word = &head[start..];
    let is_known = |name: &str| catalog::is_known_anywhere(group, name);
    // In another group only what is no common word.
    let is_elsewhere = |name: &str| name.contains('_') && catalog::called(name).next().is_some();
    if start > 0 && word.len() > 2 && spelling::is_plain(word) && (is_known(word) || is_elsewhere(word)) {
        return Some((start, head.len(), true));
    }
    // `192.0.2.1use_neutron`, `Defaultproject_name`: a name of several words, with nothing of a name before it.
    if word.contains(['?', '&', '"', '\'', '$', '%', '(']) {
        return None;
    }
    let is_end = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b',');
    let starts = word.char_indices().skip(1).map(|(at, _)| at);
    let name = starts
        .filter(|&at| is_end(word.as_bytes()[at - 1]))
        .find(|&at| word[at..].contains('_') && spelling::is_plain(&word[at..]) && is_known(&word[at..]))?;
    Some((start + name, head.len(), false))
}

/// Where a header of one of nova's groups ends `text`, behind something else.
fn header(text: &str) -> Option<usize> {
    let start = text.rfind('[')?;
    let name = text[start + 1..].strip_suffix(']')?;
    let is_apart = text[..start].ends_with(char::is_whitespace);
    (is_apart && !text[..start].trim().is_empty() && catalog::is_group_known(name)).then_some(start)
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
        assert_eq!(at("trueuse_neutron = true"), Some("use_neutron"));
        assert_eq!(at("true debug=true"), Some("debug"));
        assert_eq!(at("true\u{3000}debug=true"), Some("debug"));
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
        let long = "x".repeat(2 * LONGEST);
        assert_eq!(at(&format!("{long}use_neutron = true")), None);
        assert_eq!(at(&format!("{long} use_neutron = true")), Some("use_neutron"));
        assert_eq!(header("[vnc]"), None);
        assert_eq!(header("x [vnc]"), Some(2));
        assert_eq!(header("x[vnc]"), None);
        assert_eq!(header("x [1]"), None);
    }
}
