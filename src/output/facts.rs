//! Options in words: type, limits, default and marks, as the tables of `option` and `upgrade` show them.
//!
//! How the tables are laid out is up to the commands.

use crate::catalog::OptionFacts;
use crate::oslo::types::OptionType;
use crate::redact;

/// The type as a person calls it.
#[must_use]
pub fn kind(facts: OptionFacts) -> String {
    type_name(facts.option_type(), facts.kind())
}

fn type_name(kind: &OptionType, word: &str) -> String {
    match kind {
        OptionType::Bool => "true or false".to_owned(),
        OptionType::Int { .. } if word == "port" => "port".to_owned(),
        OptionType::Int { .. } => "whole number".to_owned(),
        OptionType::Float { .. } => "number".to_owned(),
        OptionType::Text(_) => "text".to_owned(),
        OptionType::List { item, .. } => format!("list of {}", type_name(item, "")),
        OptionType::Dict { value, .. } => format!("name:value pairs, each value {}", type_name(value, "")),
        OptionType::Multi(item) => format!("{}, may be repeated", type_name(item, "")),
        OptionType::Range { .. } => "range of numbers".to_owned(),
        OptionType::Ip { version } => match version {
            Some(version) => format!("IPv{version} address"),
            None => "IP address".to_owned(),
        },
        OptionType::Hostname => "host name".to_owned(),
        OptionType::HostAddress { .. } | OptionType::HostDomain { .. } => "host name or IP address".to_owned(),
        OptionType::Uri { .. } => "URI".to_owned(),
        OptionType::Opaque => "custom type (not checked)".to_owned(),
    }
}

/// Least, greatest, choices and the other limits, a phrase each.
#[must_use]
pub fn limits(facts: OptionFacts) -> Vec<String> {
    let mut words = Vec::new();
    match (facts.min(), facts.max()) {
        (Some(min), Some(max)) => words.push(format!("{min} to {max}")),
        (Some(min), None) => words.push(format!("at least {min}")),
        (None, Some(max)) => words.push(format!("at most {max}")),
        (None, None) => {}
    }
    let choices = facts.choices();
    if !choices.is_empty() {
        let choices: Vec<String> = choices.iter().map(|choice| format!("`{choice}`")).collect();
        words.push(format!("one of {}", choices.join(", ")));
    }
    let mut kind = facts.option_type();
    while let OptionType::Multi(item) | OptionType::List { item, .. } = kind {
        kind = item;
    }
    match kind {
        OptionType::Text(limits) => {
            words.extend(limits.regex.as_ref().map(|regex| format!("must match `{regex}`")));
            if limits.max_length > 0 {
                words.push(format!("at most {} characters", limits.max_length));
            }
        }
        OptionType::Uri {
            schemes: Some(schemes), ..
        } => words.push(format!("scheme one of {}", schemes.join(", "))),
        _ => {}
    }
    words
}

/// The default as it would be written, secrets masked.
#[must_use]
pub fn default(facts: OptionFacts) -> String {
    if facts.is_host_dependent() {
        return "from the host".to_owned();
    }
    match facts.default_text() {
        None => "unset".to_owned(),
        Some("") => "empty".to_owned(),
        Some(text) => format!("`{}`", redact::shown(facts.name(), text)),
    }
}

/// Whether it is announced to go, taken up while running, secret and so on, a word each.
#[must_use]
pub fn marks(facts: OptionFacts) -> Vec<String> {
    let mut words = Vec::new();
    if facts.is_deprecated_for_removal() {
        words.push(match facts.deprecated_since() {
            Some(since) => format!("deprecated for removal since {since}"),
            None => "deprecated for removal".to_owned(),
        });
    }
    let flags = [
        (facts.is_mutable(), "mutable"),
        (facts.is_secret(), "secret"),
        (facts.is_required(), "required"),
        (facts.is_advanced(), "advanced"),
    ];
    words.extend(
        flags
            .iter()
            .filter(|(is_set, _)| *is_set)
            .map(|(_, word)| (*word).to_owned()),
    );
    words
}
