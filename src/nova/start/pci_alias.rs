//! What `[pci] alias` may hold: `nova/pci/request.py`, a JSON schema and what nova asks of all aliases together.

use std::collections::HashMap;

use super::json::{Json, JsonError};
use super::judged::Judged;
use super::python;
use crate::catalog::Release;
use crate::nova::repr::repr;

/// What is wrong with an alias, by what is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AliasFault {
    /// It is no JSON, or no object.
    Form,
    /// A key or a value that an alias does not have.
    Schema,
    /// Two of one name that differ.
    Mismatch,
    /// Several of one name with `[filter_scheduler] pci_in_placement`.
    Several,
    /// It does not say which devices are meant.
    Ids,
}

/// How `release` reads the values.
#[derive(Clone, Copy, Debug)]
pub struct AliasReader {
    /// The release.
    pub release: Release,
    /// `[filter_scheduler] pci_in_placement`; `None` where that is not known.
    pub in_placement: Option<bool>,
}

/// An alias that is well-formed.
struct Alias {
    name: String,
    policy: String,
    device_type: Option<String>,
    has_ids: bool,
    has_class: bool,
}

/// What the schema asks of a key's value.
enum Form {
    Text,
    Name,
    Hex,
    OneOf(&'static [&'static str]),
}

const POLICIES: &[&str] = &["required", "legacy", "preferred", "socket"];

impl AliasReader {
    /// Whether nova takes `values`; the first that it does not comes with its message.
    #[must_use]
    pub fn judge(self, values: &[String]) -> Judged<AliasFault> {
        let mut aliases: Vec<Alias> = Vec::new();
        let mut firsts = HashMap::new();
        for value in values {
            let alias = match self.alias(value) {
                Ok(alias) => alias,
                Err(judged) => return judged,
            };
            let first = *firsts.entry(alias.name.clone()).or_insert(aliases.len());
            if let Some(reason) = aliases.get(first).and_then(|first| difference(first, &alias)) {
                return invalid(AliasFault::Mismatch, &reason);
            }
            aliases.push(alias);
        }
        if self.release.number() < 31 {
            return Judged::Taken;
        }
        match self.in_placement {
            Some(true) => in_placement(&aliases),
            Some(false) => named(
                AliasFault::Ids,
                aliases.iter().filter(|alias| !alias.has_ids),
                |names| format!("The PCI alias(es) {names} does not have vendor_id and product_id fields set."),
            ),
            None => Judged::Open,
        }
    }

    fn alias(self, value: &str) -> Result<Alias, Judged<AliasFault>> {
        let spec = match Json::parse(value) {
            Ok(spec) => spec,
            Err(JsonError::Wrong(why)) => return Err(invalid(AliasFault::Form, &why)),
            Err(JsonError::Deep) => return Err(Judged::Open),
        };
        if let Some((fault, reason)) = self.schema_error(&spec) {
            return Err(invalid(fault, &reason));
        }
        if let Some(value) = spec.get("live_migratable")
            && let Err(why) = python::truth(value)
        {
            return Err(invalid(AliasFault::Schema, &why));
        }
        let text = |key| spec.get(key).map(python::shown);
        Ok(Alias {
            name: python::strip(&text("name").unwrap_or_default()).to_owned(),
            policy: text("numa_policy").unwrap_or_else(|| "legacy".to_owned()),
            device_type: text("device_type"),
            has_ids: spec.get("vendor_id").is_some() && spec.get("product_id").is_some(),
            has_class: spec.get("resource_class").is_some(),
        })
    }

    /// The first thing that the schema forbids, those that concern the whole first.
    fn schema_error(self, spec: &Json) -> Option<(AliasFault, String)> {
        let Json::Dict(pairs) = spec else {
            let reason = format!("{} is not of type 'object'", python::quoted(spec));
            return Some((AliasFault::Form, reason));
        };
        let forms = self.forms();
        let of_key = |key: &str| forms.iter().find(|(known, _)| *known == key).map(|(_, form)| form);
        let mut extras: Vec<&str> = pairs.iter().map(|(key, _)| &**key).collect();
        extras.retain(|key| of_key(key).is_none());
        extras.sort_unstable();
        let schema = |reason| Some((AliasFault::Schema, reason));
        if !extras.is_empty() {
            let verb = if extras.len() == 1 { "was" } else { "were" };
            let names = extras.into_iter().map(repr).collect::<Vec<_>>();
            return schema(format!(
                "Additional properties are not allowed ({} {verb} unexpected)",
                names.join(", ")
            ));
        }
        if spec.get("name").is_none() {
            return schema("'name' is a required property".to_owned());
        }
        // Of several keys with an error jsonschema (since 4.20) shows the one that sorts last.
        let errors = forms
            .iter()
            .filter_map(|(key, form)| Some((key, form.error(spec.get(key)?)?)));
        errors
            .max_by_key(|(key, _)| **key)
            .and_then(|(_, reason)| schema(reason))
    }

    fn forms(self) -> Vec<(&'static str, Form)> {
        let number = self.release.number();
        let policies = if number < 23 { &POLICIES[..3] } else { POLICIES };
        let forms = [
            (15, "name", Form::Name),
            (15, "capability_type", Form::OneOf(&["pci"])),
            (15, "product_id", Form::Hex),
            (15, "vendor_id", Form::Hex),
            (15, "device_type", Form::OneOf(&["type-PCI", "type-PF", "type-VF"])),
            (17, "numa_policy", Form::OneOf(policies)),
            (27, "resource_class", Form::Text),
            (27, "traits", Form::Text),
            (31, "live_migratable", Form::Text),
        ];
        let known = forms.into_iter().filter(|(since, ..)| *since <= number);
        known.map(|(_, key, form)| (key, form)).collect()
    }
}

impl Form {
    fn error(&self, value: &Json) -> Option<String> {
        let shown = python::quoted(value);
        let Json::Text(text) = value else {
            return Some(format!("{shown} is not of type 'string'"));
        };
        match self {
            Self::Text => None,
            Self::Name if text.is_empty() => Some(format!("{shown} should be non-empty")),
            Self::Name => (text.chars().count() > 256).then(|| format!("{shown} is too long")),
            Self::Hex => {
                let digits = text.strip_suffix('\n').unwrap_or(text);
                let is_digit = |c: char| c.is_ascii_hexdigit() || (!c.is_ascii() && c.is_numeric());
                let is_id = digits.chars().count() == 4 && digits.chars().all(is_digit);
                (!is_id).then(|| format!("{shown} does not match '^([\\\\da-fA-F]{{4}})$'"))
            }
            Self::OneOf(words) => {
                let listed = words.iter().map(|word| repr(word)).collect::<Vec<_>>();
                (!words.contains(&&**text)).then(|| format!("{shown} is not one of [{}]", listed.join(", ")))
            }
        }
    }
}

/// How an alias differs from the first of its name so that nova rejects it.
fn difference(first: &Alias, other: &Alias) -> Option<String> {
    if first.policy != other.policy {
        return Some(format!("NUMA policy mismatch for alias '{}'", other.name));
    }
    if first.device_type.is_none() || other.device_type.is_none() {
        return Some("'dev_type'".to_owned());
    }
    (first.device_type != other.device_type).then(|| format!("Device type mismatch for alias '{}'", other.name))
}

fn in_placement(aliases: &[Alias]) -> Judged<AliasFault> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for alias in aliases {
        *counts.entry(&alias.name).or_default() += 1;
    }
    let names = aliases.iter().map(|alias| &*alias.name);
    // Each once, where it first comes.
    let several: Vec<&str> = names
        .filter(|name| counts.remove(name).is_some_and(|count| count > 1))
        .collect();
    if !several.is_empty() {
        return Judged::Refused(
            AliasFault::Several,
            format!(
                "The PCI alias(es) {} have multiple specs but [filter_scheduler]pci_in_placement is True. The PCI in \
                 Placement feature only supports one spec per alias. You can assign the same resource_class to multiple \
                 [pci]device_spec matchers to allow using different devices for the same alias.",
                several.join(",")
            ),
        );
    }
    let lacking = aliases.iter().filter(|alias| !alias.has_ids && !alias.has_class);
    named(AliasFault::Ids, lacking, |names| {
        format!(
            "The PCI alias(es) {names} does not have vendor_id and product_id fields set or resource_class field set."
        )
    })
}

/// A refusal that names aliases, where there are any.
fn named<'a>(
    fault: AliasFault,
    aliases: impl Iterator<Item = &'a Alias>,
    message: impl Fn(String) -> String,
) -> Judged<AliasFault> {
    let mut names: Vec<&str> = aliases.map(|alias| &*alias.name).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        Judged::Taken
    } else {
        Judged::Refused(fault, message(names.join(",")))
    }
}

fn invalid(fault: AliasFault, reason: &str) -> Judged<AliasFault> {
    Judged::Refused(fault, format!("Invalid PCI alias definition: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(number: u8, in_placement: bool, values: &[&str]) -> Judged<AliasFault> {
        let release = Release::all().find(|release| release.number() == number).unwrap();
        let values: Vec<String> = values.iter().map(|&value| value.to_owned()).collect();
        AliasReader {
            release,
            in_placement: Some(in_placement),
        }
        .judge(&values)
    }

    const FINE: &str = r#"{"name": "a", "vendor_id": "8086", "product_id": "1515", "device_type": "type-PF"}"#;

    #[test]
    fn what_nova_takes_is_taken() {
        assert_eq!(
            judged(34, true, &[r#"{"name": "a", "resource_class": "GPU"}"#]),
            Judged::Taken
        );
        assert_eq!(judged(34, false, &[FINE, FINE]), Judged::Taken);
        assert_eq!(judged(30, false, &[r#"{"name": "a"}"#]), Judged::Taken);
    }

    #[test]
    fn what_it_rejects_is_said_in_its_words() {
        let start = "Invalid PCI alias definition: ";
        for (number, values, fault, words) in [
            (
                34,
                &[r#"{"name": "a", }"#][..],
                AliasFault::Form,
                "Expecting property name enclosed in double quotes: line 1 column 15 (char 14)",
            ),
            (34, &[r#"["a"]"#], AliasFault::Form, "['a'] is not of type 'object'"),
            (
                34,
                &[r#"{"x": 1, "address": "0"}"#],
                AliasFault::Schema,
                "Additional properties are not allowed ('address', 'x' were unexpected)",
            ),
            (34, &["{}"], AliasFault::Schema, "'name' is a required property"),
            (
                34,
                &[r#"{"name": "a", "vendor_id": "808"}"#],
                AliasFault::Schema,
                "'808' does not match '^([\\\\da-fA-F]{4})$'",
            ),
            (
                34,
                &[r#"{"name": "a", "vendor_id": 8086}"#],
                AliasFault::Schema,
                "8086 is not of type 'string'",
            ),
            (
                22,
                &[r#"{"name": "a", "numa_policy": "socket"}"#],
                AliasFault::Schema,
                "'socket' is not one of ['required', 'legacy', 'preferred']",
            ),
            (34, &[FINE, r#"{"name": " a "}"#], AliasFault::Mismatch, "'dev_type'"),
        ] {
            assert_eq!(
                judged(number, false, values),
                Judged::Refused(fault, format!("{start}{words}"))
            );
        }
        assert!(matches!(
            judged(34, true, &[FINE, FINE]),
            Judged::Refused(AliasFault::Several, _)
        ));
        assert!(matches!(
            judged(31, false, &[r#"{"name": "a"}"#]),
            Judged::Refused(AliasFault::Ids, _)
        ));
    }
}
