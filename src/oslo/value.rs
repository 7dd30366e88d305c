//! Whether a value is one that oslo.config takes for a type, and what it becomes (`oslo_config/types.py`).
//!
//! Which type an option has, [`crate::catalog`] says; references (`$name`) are replaced before in [`super::substitution`].

mod net;
mod number;

use std::borrow::Cow;

use crate::oslo::types::{OptionType, TextLimits};

/// What a value becomes.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Python's `None`: what an empty number becomes.
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number; one beyond 128 bits is held at the end of the range.
    Int(i128),
    /// A floating-point number.
    Float(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// Pairs in the order written.
    Dict(Vec<(String, Value)>),
    /// First and last number as written; the first may be the greater.
    Range(i128, i128),
}

/// Why a value is rejected. The messages never hold the value, which may be a secret.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ValueError {
    /// Not one of the eight words.
    #[error("not a boolean; it must be one of `true`, `false`, `yes`, `no`, `on`, `off`, `1`, `0`")]
    Bool,
    /// Not a whole number.
    #[error("not a whole number")]
    Int,
    /// Not a number.
    #[error("not a number")]
    Float,
    /// Less than the least value.
    #[error("must be at least {0}")]
    BelowMin(String),
    /// More than the greatest value.
    #[error("must be at most {0}")]
    AboveMax(String),
    /// Not one of the choices.
    #[error("must be one of {}", quoted(.0))]
    Choice(Vec<String>),
    /// The regular expression is not found in it.
    #[error("must match the regular expression `{0}`")]
    Regex(String),
    /// Too long.
    #[error("must not be longer than {0} characters")]
    TooLong(usize),
    /// A quote that is not closed.
    #[error("starts with a quote that is not closed")]
    Quote,
    /// The brackets around a list or a dict are missing.
    #[error("must be enclosed in `{0}` and `{1}`")]
    Bounds(char, char),
    /// A piece without the separator of key and value.
    #[error("must be `name:value` pairs separated by commas")]
    Pair,
    /// A pair without a name.
    #[error("has a pair without a name")]
    EmptyKey,
    /// A name twice.
    #[error("has the same name twice")]
    DuplicateKey,
    /// No range.
    #[error("not a range of whole numbers such as `1-5`")]
    Range,
    /// No IP address.
    #[error("not an IP{} address", .0.map_or(String::new(), |version| format!("v{version}")))]
    Ip(Option<u8>),
    /// No host name.
    #[error("not a valid host name or IP address")]
    Host,
    /// No URI.
    #[error("not a URI with a scheme and a host")]
    Uri,
    /// A URI with another scheme.
    #[error("the scheme must be one of {}", quoted(.0))]
    Scheme(Vec<String>),
}

fn quoted(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

/// What differs from one oslo.config to the next in reading values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// From 6.0.0: commas at the end of a list count for nothing.
    pub trailing_commas_dropped: bool,
    /// Before 6.2.0: what follows the path of a URI is judged as well.
    pub whole_uri_judged: bool,
    /// From 10.0.0: a lone quote is an unclosed one.
    pub lone_quote_rejected: bool,
}

impl Profile {
    /// Every one that a release has.
    pub const ALL: [Self; 4] = [Self::of((5, 0)), Self::of((6, 0)), Self::of((6, 2)), Self::of((10, 0))];

    /// The differences as of an oslo.config version, (major, minor).
    #[must_use]
    pub const fn of((major, minor): (u16, u16)) -> Self {
        Self {
            trailing_commas_dropped: major >= 6,
            whole_uri_judged: major < 6 || (major == 6 && minor < 2),
            lone_quote_rejected: major >= 10,
        }
    }

    /// Its place in [`Self::ALL`].
    #[must_use]
    pub fn place(self) -> Option<usize> {
        Self::ALL.iter().position(|profile| *profile == self)
    }
}

/// What oslo.config makes of `value`, given as it comes out of a file with references replaced.
///
/// For a multi-valued option `value` is one of its values.
///
/// # Errors
/// [`ValueError`] where oslo.config raises; nova stops, or fails at the first use of the option.
pub fn check(kind: &OptionType, value: &str, profile: Profile) -> Result<Value, ValueError> {
    let text = || Ok(Value::Text(value.to_owned()));
    match kind {
        OptionType::Bool => number::check_bool(value),
        OptionType::Int { min, max, choices } => number::check_int(value, *min, *max, choices.as_deref()),
        OptionType::Float { min, max } => number::check_float(value, *min, *max),
        OptionType::Range { min, max } => number::check_range(value, *min, *max),
        OptionType::Text(limits) => check_text(limits, value, profile),
        OptionType::List { item, bounds } => check_list(item, *bounds, value, profile),
        OptionType::Dict { value: item, bounds } => check_dict(item, *bounds, value, profile),
        OptionType::Multi(item) => check(item, value, profile),
        OptionType::Ip { version } if net::is_ip(value, *version) => text(),
        OptionType::Ip { version } => Err(ValueError::Ip(*version)),
        OptionType::Hostname => net::host_name(value, false).map(Value::Text),
        OptionType::HostAddress { version } => net::host_address(value, *version, false).map(Value::Text),
        OptionType::HostDomain { version } => net::host_address(value, *version, true).map(Value::Text),
        OptionType::Uri { schemes, max_length } => {
            net::check_uri(value, schemes.as_deref(), *max_length, profile.whole_uri_judged)
        }
        OptionType::Opaque => text(),
    }
}

fn check_text(limits: &TextLimits, value: &str, profile: Profile) -> Result<Value, ValueError> {
    let value = if limits.quotes { unquote(value, profile)? } else { value };
    if limits.max_length > 0 && value.chars().count() > limits.max_length {
        return Err(ValueError::TooLong(limits.max_length));
    }
    if let Some(pattern) = &limits.regex
        && !matches_regex(pattern, limits.ignore_case, value)
    {
        return Err(ValueError::Regex(pattern.clone()));
    }
    if let Some(choices) = &limits.choices {
        let fold = |text| fold_case(text, limits.ignore_case);
        let wanted = fold(value);
        if !choices.iter().any(|choice| fold(choice) == wanted) {
            return Err(ValueError::Choice(choices.clone()));
        }
    }
    Ok(Value::Text(value.to_owned()))
}

/// `text`, in lower case where that makes no difference.
fn fold_case(text: &str, ignore_case: bool) -> Cow<'_, str> {
    if ignore_case {
        Cow::Owned(text.to_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

fn unquote(value: &str, profile: Profile) -> Result<&str, ValueError> {
    let Some(quote) = value.chars().next().filter(|first| matches!(first, '"' | '\'')) else {
        return Ok(value);
    };
    if value.len() == 1 {
        return if profile.lone_quote_rejected {
            Err(ValueError::Quote)
        } else {
            Ok("")
        };
    }
    value[1..].strip_suffix(quote).ok_or(ValueError::Quote)
}

/// Whether Python's `re.search` would find `pattern`; a pattern this cannot read (look-around) counts as found.
fn matches_regex(pattern: &str, ignore_case: bool, value: &str) -> bool {
    regex::RegexBuilder::new(&python_pattern(pattern))
        .case_insensitive(ignore_case)
        .build()
        .map_or(true, |regex| regex.is_match(value))
}

/// `$` in Python also matches before a final newline.
fn python_pattern(pattern: &str) -> Cow<'_, str> {
    if !pattern.contains('$') {
        return Cow::Borrowed(pattern);
    }
    let (mut out, mut escaped, mut in_class) = (String::with_capacity(pattern.len() + 8), false, false);
    for c in pattern.chars() {
        match c {
            '$' if !escaped && !in_class => out.push_str("(?:\\n?\\z)"),
            _ => out.push(c),
        }
        match c {
            '[' if !escaped => in_class = true,
            ']' if !escaped => in_class = false,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    Cow::Owned(out)
}

fn check_list(item: &OptionType, bounds: bool, value: &str, profile: Profile) -> Result<Value, ValueError> {
    let mut text = strip(value);
    if profile.trailing_commas_dropped {
        text = text.trim_end_matches(',');
    }
    let text = if bounds { unbound(text, '[', ']')? } else { text };
    if text.is_empty() {
        return Ok(Value::List(Vec::new()));
    }
    let mut items = Vec::new();
    let mut pieces = text.split(',');
    while let Some(piece) = pieces.next() {
        // An item that its type rejects is glued to the next with the comma between, as often as it takes.
        let mut glued = Cow::Borrowed(piece);
        let item = loop {
            match check(item, strip(&glued), profile) {
                Ok(found) => break found,
                Err(error) => match pieces.next() {
                    Some(next) => glued = Cow::Owned(format!("{glued},{next}")),
                    None => return Err(error),
                },
            }
        };
        items.push(item);
    }
    Ok(Value::List(items))
}

fn check_dict(item: &OptionType, bounds: bool, value: &str, profile: Profile) -> Result<Value, ValueError> {
    let text = strip(value);
    let text = if bounds { unbound(text, '{', '}')? } else { text };
    let mut pairs: Vec<(String, Value)> = Vec::new();
    if text.is_empty() {
        return Ok(Value::Dict(pairs));
    }
    let mut pieces = text.split(',');
    while let Some(piece) = pieces.next() {
        let mut glued = Cow::Borrowed(piece);
        let (key, value) = loop {
            let pair = glued.split_once(':').ok_or(ValueError::Pair);
            match pair.and_then(|(key, value)| Ok((strip(key).to_owned(), check(item, strip(value), profile)?))) {
                Ok(found) => break found,
                Err(error) => match pieces.next() {
                    Some(next) => glued = Cow::Owned(format!("{glued},{next}")),
                    None => return Err(error),
                },
            }
        };
        if key.is_empty() {
            return Err(ValueError::EmptyKey);
        }
        if pairs.iter().any(|(known, _)| *known == key) {
            return Err(ValueError::DuplicateKey);
        }
        pairs.push((key, value));
    }
    Ok(Value::Dict(pairs))
}

fn unbound(text: &str, open: char, close: char) -> Result<&str, ValueError> {
    let inner = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    inner.ok_or(ValueError::Bounds(open, close))
}

/// Without white space at either end, as Python's `str.strip`.
fn strip(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: Profile = Profile {
        trailing_commas_dropped: true,
        whole_uri_judged: false,
        lone_quote_rejected: true,
    };

    fn list_of(item: OptionType) -> OptionType {
        OptionType::List {
            item: Box::new(item),
            bounds: false,
        }
    }

    #[test]
    fn an_item_that_fails_is_glued_to_the_next() {
        let choices = Some(vec!["a,b".to_owned(), "c".to_owned()]);
        let kind = list_of(OptionType::Text(TextLimits {
            choices,
            ..TextLimits::default()
        }));
        let texts = ["a,b", "c"].map(|text| Value::Text(text.to_owned()));
        assert_eq!(check(&kind, "a,b,c", NEW), Ok(Value::List(texts.to_vec())));
        assert!(check(&kind, "a,c", NEW).is_err());
    }

    #[test]
    fn commas_at_the_end_counted_before_oslo_config_6() {
        let count = |profile| match check(&list_of(OptionType::text()), "a,b,,", profile) {
            Ok(Value::List(items)) => items.len(),
            other => panic!("{other:?}"),
        };
        assert_eq!((count(NEW), count(Profile::of((3, 24)))), (2, 4));
    }

    #[test]
    fn a_dict_glues_a_piece_without_a_separator_to_the_following_one() {
        let kind = OptionType::Dict {
            value: Box::new(OptionType::text()),
            bounds: false,
        };
        let Ok(Value::Dict(pairs)) = check(&kind, "a:1,2,b:3", NEW) else {
            panic!("no dict")
        };
        let keys: Vec<_> = pairs.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["a", "2,b"]);
        assert_eq!(check(&kind, "a:1,a:2", NEW), Err(ValueError::DuplicateKey));
        assert_eq!(check(&kind, "a:1,", NEW), Err(ValueError::Pair));
    }

    #[test]
    fn a_regex_is_searched_and_its_dollar_lets_a_newline_pass() {
        let kind = |regex: &str| {
            OptionType::Text(TextLimits {
                regex: Some(regex.to_owned()),
                ..TextLimits::default()
            })
        };
        assert!(check(&kind("\\d+:\\d+"), "x1:2y", NEW).is_ok());
        assert!(check(&kind("^\\d+:\\d+$"), "1:2\n", NEW).is_ok());
        assert!(check(&kind("^\\d+:\\d+$"), "1:2\nx", NEW).is_err());
        assert!(check(&kind("^[$]\\$$"), "$$", NEW).is_ok());
    }

    #[test]
    fn no_message_holds_the_value() {
        let kinds = [
            OptionType::Bool,
            OptionType::port(None, None, None),
            OptionType::HostAddress { version: None },
        ];
        for kind in kinds {
            let error = check(&kind, "hunter2 !", NEW).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
