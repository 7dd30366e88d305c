//! Options of out-of-tree drivers: lists in the form of `options.txt`, or the output of oslo-config-generator as YAML or
//! JSON, turned into rows of the catalog.
//!
//! It adds options only: what nova has is as the lists say, whatever such a file says of it.

use serde_json::{Value, json};

use super::release::Release;
use crate::oslo::names::{normal_group, without_hyphens};

/// Why a list of options cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum ExtraError {
    /// It is YAML or JSON, but not well-formed.
    #[error("not well-formed: {0}")]
    Malformed(String),
    /// It has no `options` with groups in them.
    #[error("not the output of oslo-config-generator: it has no `options`")]
    NoOptions,
    /// A line that is not of the form of `options.txt`.
    #[error("line {0}: not an option; {1}")]
    Line(usize, &'static str),
}

/// The rows of `text`, in the form of `options.txt`, for [`super::add_extra`].
///
/// # Errors
/// What keeps the text from being either form.
pub fn read(text: &str) -> Result<String, ExtraError> {
    let start = text.trim_start();
    let is_generated =
        start.starts_with('{') || start.starts_with("---") || text.lines().any(|line| line == "options:");
    if !is_generated {
        return plain(text, Release::newest().number());
    }
    // JSON is YAML as well, and one reader gives one kind of message.
    let document: Value = if start.starts_with('{') {
        serde_json::from_str(text).map_err(|error| ExtraError::Malformed(error.to_string()))?
    } else {
        serde_yaml_ng::from_str(text).map_err(|error| ExtraError::Malformed(error.to_string()))?
    };
    generated(&document)
}

/// The rows of `text`, in the form of `options.txt`, which may name releases up to `newest`.
///
/// # Errors
/// A line that is not of that form.
pub(super) fn read_of(text: &str, newest: u8) -> Result<String, ExtraError> {
    plain(text, newest)
}

/// Checks a list that is in the form already.
fn plain(text: &str, newest: u8) -> Result<String, ExtraError> {
    for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line)) {
        let fail = |why| Err(ExtraError::Line(number, why));
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with('[') {
            if !line.ends_with(']') {
                return fail("a group header must end in `]`");
            }
            continue;
        }
        let words: Vec<&str> = line.split('\t').collect();
        let [_, span, kind, facts @ ..] = &words[..] else {
            return fail("name, releases, type and facts must be separated by tabs");
        };
        let known = Release::OLDEST.number()..=newest;
        let number_of = |word: &str| word.parse().ok().filter(|number: &u8| known.contains(number));
        let is_span = span.split_once('-').is_some_and(|(since, until)| {
            number_of(since).is_some() && (until.is_empty() || number_of(until).is_some())
        });
        if !is_span {
            return fail("the releases must be two numbers joined by `-`, such as `19-` or `15-18`");
        }
        if kind.is_empty() {
            return fail("the type is missing");
        }
        let is_fact = |fact: &&str| match fact.split_once('=') {
            Some(("aliases", _)) | None => true,
            Some((_, value)) => serde_json::from_str::<Value>(value).is_ok(),
        };
        if !facts.iter().all(is_fact) {
            return fail("a fact must be `key=JSON`, `aliases=group/name,…` or a word");
        }
    }
    Ok(text.to_owned())
}

fn generated(document: &Value) -> Result<String, ExtraError> {
    let groups = document["options"].as_object().ok_or(ExtraError::NoOptions)?;
    let mut text = String::new();
    for (group, described) in groups {
        text.push_str(&format!("[{}]\n", normal_group(group)));
        let own = described["opts"].as_array().into_iter().flatten();
        // Options that only one value of a driver option brings lie apart.
        let drivers = described["driver_opts"].as_object();
        let of_drivers = drivers.into_iter().flatten().filter_map(|(_, opts)| opts.as_array());
        let mut lines: Vec<String> = own.chain(of_drivers.flatten()).filter_map(row).collect();
        lines.sort_unstable();
        lines.dedup();
        text.extend(lines);
    }
    Ok(text)
}

/// One option of the generator as a line; `None` where it has no name.
fn row(option: &Value) -> Option<String> {
    let name = option["dest"].as_str().or(option["name"].as_str())?;
    let (kind, choices) = (kind(option), choices(option));
    let mut words = vec![
        without_hyphens(name).into_owned(),
        format!("{}-", Release::OLDEST.number()),
        kind.to_owned(),
    ];
    let mut fact = |key: &str, value: &Value| {
        if !value.is_null() {
            words.push(format!("{key}={value}"));
        }
    };
    fact("default", &option["default"]);
    fact("min", &option["min"]);
    fact("max", &option["max"]);
    if !choices.is_empty() {
        let key = if kind.contains('<') { "item" } else { "choices" };
        let value = if kind.contains('<') {
            json!({"choices": choices})
        } else {
            json!(choices)
        };
        fact(key, &value);
    }
    fact("deprecated_since", &option["deprecated_since"]);
    let old = option["deprecated_opts"].as_array().into_iter().flatten();
    let old: Vec<String> = old
        .filter_map(|old| Some(format!("{}/{}", old["group"].as_str()?, old["name"].as_str()?)))
        .collect();
    if !old.is_empty() {
        words.push(format!("aliases={}", old.join(",")));
    }
    for flag in ["mutable", "secret", "advanced", "required", "deprecated_for_removal"] {
        if option[flag] == json!(true) {
            words.push(flag.to_owned());
        }
    }
    words.push("source=\"extra\"".to_owned());
    Some(words.join("\t") + "\n")
}

/// The generator's word for a type in the words of the lists; one that it does not know is not judged.
fn kind(option: &Value) -> &'static str {
    match option["type"].as_str().unwrap_or_default() {
        "boolean value" => "boolean",
        "integer value" => "integer",
        "floating point value" => "float",
        "string value" => "string",
        "port value" => "port",
        "list value" => "list<string>",
        "dict value" => "dict<string>",
        "multi valued" | "multi-valued" => "multi<string>",
        "ip address value" => "ip",
        "host address value" => "host-address",
        "host domain value" => "host-domain",
        "hostname value" => "hostname",
        "uri value" | "URI value" => "uri",
        "range value" => "range",
        _ => "custom:unknown",
    }
}

/// The choices; newer generators pair each with its description.
fn choices(option: &Value) -> Vec<Value> {
    let choices = option["choices"].as_array().into_iter().flatten();
    choices
        .map(|choice| match choice.as_array() {
            Some(pair) => pair.first().cloned().unwrap_or(Value::Null),
            None => choice.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_generator_writes_becomes_rows() {
        let yaml = "options:\n  mydriver:\n    driver_opts: {}\n    opts:\n    - choices:\n      - - fast\n        - \
                    ''\n      - - slow\n        - ''\n      default: fast\n      deprecated_opts:\n      - group: \
                    DEFAULT\n        name: my-mode\n      dest: mode\n      max: null\n      mutable: true\n      \
                    type: string value\n";
        let rows = read(yaml).unwrap();
        let wanted = "[mydriver]\nmode\t13-\tstring\tdefault=\"fast\"\tchoices=[\"fast\",\"slow\"]\taliases=DEFAULT/my-mode\tmutable\tsource=\"extra\"\n";
        assert_eq!(rows, wanted);
        let json = serde_yaml_ng::from_str::<Value>(yaml).unwrap().to_string();
        assert_eq!(read(&json).unwrap(), wanted);
        assert!(plain(&rows, Release::newest().number()).is_ok());
    }

    #[test]
    fn a_line_of_another_form_is_named() {
        for (text, words) in [
            ("[a]\nb = 1\n", "line 2: not an option; name, releases"),
            ("[a]\nb\t12-\tstring\n", "line 2: not an option; the releases"),
            ("[a\n", "line 1: not an option; a group header"),
            ("[a]\nb\t15-\tstring\tdefault=x\n", "line 2: not an option; a fact"),
            ("{\"a\": 1}", "no `options`"),
            ("{\"a\"", "not well-formed"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
