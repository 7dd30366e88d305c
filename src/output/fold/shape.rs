//! What findings have in common that differ in nothing but what they quote and in numbers.

use crate::lint::{Effect, Severity};
use crate::output::told::Text;

/// A finding without what it quotes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    rule: &'static str,
    severity: Severity,
    effect: Effect,
    option: Option<String>,
    message: String,
}

impl Shape {
    pub(super) fn of(text: &Text) -> Self {
        Self {
            rule: text.rule,
            severity: text.severity,
            effect: text.effect,
            option: text.option.as_deref().map(unquoted),
            message: unquoted(&text.message),
        }
    }
}

/// `text` with nothing between backticks, and `0` for each number.
fn unquoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_quoted = false;
    for c in text.chars() {
        match c {
            '`' => {
                is_quoted = !is_quoted;
                out.push(c);
            }
            _ if is_quoted => {}
            '0'..='9' if out.ends_with('0') => {}
            '0'..='9' => out.push('0'),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_and_numbers_make_no_difference() {
        assert_eq!(unquoted("line 12: `a` is not `b`"), "line 0: `` is not ``");
        assert_eq!(unquoted("host-10-2"), unquoted("host-9-300"));
        assert_ne!(unquoted("`a` is"), unquoted("`a` was"));
    }
}
