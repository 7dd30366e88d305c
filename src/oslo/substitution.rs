//! References to other options inside a value: `$name`, `${name}`, `$group.name`.
//!
//! It finds and replaces them as `ConfigOpts._substitute` does; what an option's value is, the caller says.

use std::borrow::Cow;

/// One reference in a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Byte range in the value, `$` and braces included.
    pub range: std::ops::Range<usize>,
    /// The name, dots and all: the pattern is greedy, so `$my_ip.` names `my_ip.`.
    pub name: String,
    /// Whether it is written with braces.
    pub braced: bool,
}

impl Reference {
    /// The group and option it asks for first; without a dot the group is the one of the value's own option.
    #[must_use]
    pub fn target(&self) -> (Option<&str>, &str) {
        match self.name.split_once('.') {
            Some((group, option)) => (Some(group), option),
            None => (None, &self.name),
        }
    }
}

/// Every reference in `value`, in order; `$$` and `\$` are none, nor is `$` before anything that cannot start a name.
#[must_use]
pub fn references(value: &str) -> Vec<Reference> {
    let mut found = Vec::new();
    if !value.contains('$') {
        return found;
    }
    scan(value, |piece| {
        if let Piece::Reference(reference) = piece {
            found.push(reference);
        }
        true
    });
    found
}

/// `value` with every reference replaced by what `lookup` says.
///
/// # Errors
/// The first reference that `lookup` does not know, boxed with its place; oslo.config then raises `NoSuchOptError`.
pub fn substitute(
    value: &str,
    mut lookup: impl FnMut(&Reference) -> Option<String>,
) -> Result<Cow<'_, str>, Box<Reference>> {
    if !value.contains('$') {
        return Ok(Cow::Borrowed(value));
    }
    let mut out = String::with_capacity(value.len());
    let mut unknown = None;
    // What comes behind the first unknown one is not looked at: a value that leads back to itself could do so often.
    scan(value, |piece| {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Dollar => out.push('$'),
            Piece::Reference(reference) => match lookup(&reference) {
                Some(text) => out.push_str(&text),
                None => unknown = Some(Box::new(reference)),
            },
        }
        unknown.is_none()
    });
    unknown.map_or(Ok(Cow::Owned(out)), Err)
}

enum Piece<'a> {
    Text(&'a str),
    Dollar,
    Reference(Reference),
}

/// Cuts `value` as Python's `string.Template` does with oslo.config's pattern, `\$` first made `$$`.
///
/// Both are two bytes long, so the ranges are those of the value as written. It ends early where `each` says no.
fn scan(value: &str, mut each: impl FnMut(Piece<'_>) -> bool) {
    let value = value.replace("\\$", "$$");
    let mut at = 0;
    while let Some(found) = value[at..].find('$') {
        let dollar = at + found;
        let goes_on = each(Piece::Text(&value[at..dollar]));
        at = dollar + 1;
        let rest = &value[at..];
        let (piece, width) = if rest.starts_with('$') {
            (Piece::Dollar, 1)
        } else if let Some((name, width, braced)) = name_at(rest) {
            let range = dollar..at + width;
            let name = name.to_owned();
            (Piece::Reference(Reference { range, name, braced }), width)
        } else {
            (Piece::Dollar, 0)
        };
        at += width;
        if !(goes_on && each(piece)) {
            return;
        }
    }
    each(Piece::Text(&value[at..]));
}

/// The name that follows a `$`, the bytes it takes, and whether it stands in braces.
fn name_at(rest: &str) -> Option<(&str, usize, bool)> {
    if let Some(inner) = rest.strip_prefix('{') {
        let name = name_prefix(inner)?;
        return inner[name.len()..]
            .starts_with('}')
            .then_some((name, name.len() + 2, true));
    }
    name_prefix(rest).map(|name| (name, name.len(), false))
}

/// The longest prefix that is `[_a-z][\._a-z0-9]*`, ignoring case as Python does.
fn name_prefix(text: &str) -> Option<&str> {
    // Python's `[a-z]` with IGNORECASE also takes the four characters that fold into it.
    let letter = |c: char| c == '_' || c.is_ascii_alphabetic() || "\u{130}\u{131}\u{17f}\u{212a}".contains(c);
    text.starts_with(letter).then(|| {
        let end = text
            .find(|c: char| !(letter(c) || c == '.' || c.is_ascii_digit()))
            .unwrap_or(text.len());
        &text[..end]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(value: &str) -> Vec<String> {
        references(value).into_iter().map(|reference| reference.name).collect()
    }

    #[test]
    fn a_name_is_greedy_over_dots() {
        assert_eq!(names("http://$my_ip:80/$my_ip./x ${a.b}c"), ["my_ip", "my_ip.", "a.b"]);
    }

    #[test]
    fn escapes_and_lone_dollars_are_no_references() {
        for value in ["$$x", "\\$x", "$1", "$", "a$", "${x", "$-"] {
            assert_eq!(names(value), Vec::<String>::new(), "{value}");
        }
    }

    #[test]
    fn substitution_replaces_names_and_unescapes_dollars() {
        let known = |reference: &Reference| (reference.name == "x").then(|| "1".to_owned());
        assert_eq!(substitute("a$x${x}$$\\$x$", known).unwrap(), "a11$$x$");
        assert_eq!(substitute("$y", known).unwrap_err().name, "y");
    }
}
