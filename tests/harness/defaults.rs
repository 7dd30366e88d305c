//! Files that set what is so anyway.

use std::fmt::Write;

use novamend::catalog::{self, OptionFacts, Release};

/// A file that sets every option of `release` to its default, but for those that are announced to go.
pub(crate) fn all_defaults(release: Release) -> String {
    let (mut text, mut group) = (String::new(), "");
    for option in catalog::options(release) {
        let values = values(option);
        if values.is_empty() || option.is_deprecated_for_removal() {
            continue;
        }
        if option.group() != group {
            group = option.group();
            writeln!(text, "[{group}]").expect("a String takes it");
        }
        for value in values {
            writeln!(text, "{} = {value}", option.name()).expect("a String takes it");
        }
    }
    text
}

fn values(option: OptionFacts) -> Vec<String> {
    if option.is_host_dependent() {
        return Vec::new();
    }
    match option.default() {
        Some(serde_json::Value::Array(items)) if option.is_multi() => items
            .iter()
            .map(|item| item.as_str().unwrap_or_default().to_owned())
            .collect(),
        // A default need not be a value that the type takes: an empty text, a float of an int.
        Some(serde_json::Value::Number(number)) if option.kind() == "integer" && number.is_f64() => Vec::new(),
        _ => option
            .default_text()
            .into_iter()
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
            .collect(),
    }
}
