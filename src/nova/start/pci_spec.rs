//! What `[pci] device_spec` (before Zed `passthrough_whitelist`) may hold: `nova/pci/whitelist.py` and `devspec.py`.
//!
//! What hangs on the host (which devices there are) is not judged.

use super::json::{Json, JsonError};
use super::judged::Judged;
use super::python;
use crate::catalog::Release;

/// What is wrong with a value, by what is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecFault {
    /// It is no JSON, or not an object or a list of objects.
    Form,
    /// `vendor_id` or `product_id` is no hexadecimal number of four digits.
    Ids,
    /// `address` is none.
    Address,
    /// `devname` stands beside `address`.
    Both,
    /// A tag is no truth value.
    Tag,
    /// `one_time_use` without `[pci] report_in_placement`.
    OneTimeUse,
    /// `devname` with `[pci] report_in_placement`.
    NamedInPlacement,
}

/// The highest ids, and parts of an address.
const MAX_ID: i128 = 0xffff;
const MAX_DOMAIN: i128 = 0xffff;
const MAX_BUS: i128 = 0xff;
const MAX_SLOT: i128 = 0x1f;
const MAX_FUNCTION: i128 = 7;

/// How `release` reads the values.
#[derive(Clone, Copy, Debug)]
pub struct SpecReader {
    /// The release.
    pub release: Release,
    /// `[pci] report_in_placement`; `None` where that is not known.
    pub reports: Option<bool>,
}

impl SpecReader {
    /// Whether nova takes `values`; the first that it does not comes with its message.
    #[must_use]
    pub fn judge(self, values: &[String]) -> Judged<SpecFault> {
        let (mut is_open, mut named) = (false, None);
        for value in values {
            let specs = match self.specs(value) {
                Ok(specs) => specs,
                Err(refused @ Judged::Refused(..)) if !is_open => return refused,
                Err(_) => {
                    is_open = true;
                    continue;
                }
            };
            named = named.or(specs.into_iter().find(is_named));
        }
        match named {
            _ if is_open => Judged::Open,
            Some(spec) if self.reports == Some(true) => refused(
                SpecFault::NamedInPlacement,
                format!(
                    "Failed to gather or report PCI resources to Placement: Invalid [pci]device_spec configuration. PCI \
                     Placement reporting does not support 'devname' based device specification but we got {}. Please use \
                     PCI address in the configuration instead.",
                    python::shown(&spec)
                ),
            ),
            Some(_) if self.reports.is_none() => Judged::Open,
            _ => Judged::Taken,
        }
    }

    /// The specs of one value, all of which nova takes.
    fn specs(self, value: &str) -> Result<Vec<Json>, Judged<SpecFault>> {
        let form = |reason: &str| Err(self.config(SpecFault::Form, &format!("Invalid entry: '{reason}")));
        let specs = match Json::parse(value) {
            Ok(spec @ Json::Dict(_)) => vec![spec],
            Ok(Json::List(specs)) => specs,
            Ok(_) => return form(&format!("{value}'; Expecting list or dict")),
            Err(JsonError::Wrong(_)) => return form(&format!("{value}'")),
            Err(JsonError::Deep) => return Err(Judged::Open),
        };
        for spec in &specs {
            match spec {
                Json::Dict(_) => self.checked(spec)?,
                other => return form(&format!("{}'; Expecting dict", python::shown(other))),
            }
        }
        Ok(specs)
    }

    fn checked(self, spec: &Json) -> Result<(), Judged<SpecFault>> {
        match spec.get("vendor_id") {
            None => {}
            Some(Json::Text(id)) => self.number("vendor_id", python::strip(id), MAX_ID, SpecFault::Ids)?,
            Some(other) => {
                let kind = python::type_name(other);
                return Err(refused(
                    SpecFault::Ids,
                    format!("'{kind}' object has no attribute 'strip'"),
                ));
            }
        }
        match spec.get("product_id") {
            None => {}
            Some(Json::Text(id)) => self.number("product_id", id, MAX_ID, SpecFault::Ids)?,
            Some(_) => {
                let message = "int() can't convert non-string with explicit base".to_owned();
                return Err(refused(SpecFault::Ids, message));
            }
        }
        let address = spec.get("address").filter(|address| python::is_true(address));
        match address {
            Some(_) if is_named(spec) => {
                let message = "Invalid PCI Whitelist: The PCI whitelist can specify devname or address, but not both";
                return Err(refused(SpecFault::Both, message.to_owned()));
            }
            Some(Json::Text(address)) => self.glob(address)?,
            Some(address @ Json::Dict(_)) => patterns(address)?,
            Some(other) => return Err(wrong_format(&python::shown(other))),
            None => {}
        }
        self.tags(spec)
    }

    /// An address with `*` for any part.
    fn glob(self, address: &str) -> Result<(), Judged<SpecFault>> {
        let (left, function) = address.split_once('.').unwrap_or((address, ""));
        if !function.is_empty() {
            self.number("func", python::strip(function), MAX_FUNCTION, SpecFault::Address)?;
        }
        if left.is_empty() {
            return Ok(());
        }
        let mut parts: Vec<&str> = left.split(':').map(python::strip).collect();
        if parts.len() > 3 {
            return Err(wrong_format(address));
        }
        while parts.len() < 3 {
            parts.insert(0, "*");
        }
        let names = [("domain", MAX_DOMAIN), ("bus", MAX_BUS), ("slot", MAX_SLOT)];
        for ((name, most), part) in names.into_iter().zip(parts) {
            let part = if part.is_empty() { "*" } else { part };
            self.number(name, part, most, SpecFault::Address)?;
        }
        Ok(())
    }

    fn number(self, property: &str, text: &str, most: i128, fault: SpecFault) -> Result<(), Judged<SpecFault>> {
        if text == "*" {
            return Ok(());
        }
        let early = format!("invalid {property} {text}");
        let is_early = self.release.number() < 17;
        match python::hex(text) {
            Some(number) if number <= most => Ok(()),
            _ if is_early => Err(self.config(fault, &early)),
            Some(_) => {
                let reason =
                    format!("property {property} ({text}) is greater than the maximum allowable value ({most:X}).");
                Err(self.config(fault, &reason))
            }
            None => {
                let reason = format!("property {property} ('{text}') does not parse as a hex number.");
                Err(self.config(fault, &reason))
            }
        }
    }

    fn tags(self, spec: &Json) -> Result<(), Judged<SpecFault>> {
        let mut is_once = false;
        for (tag, since) in [("managed", 31), ("live_migratable", 31), ("one_time_use", 32)] {
            let value = spec.get(tag).filter(|value| **value != Json::Null);
            let Some(value) = value.filter(|_| self.release.number() >= since) else {
                continue;
            };
            match python::truth(value) {
                Ok(truth) => is_once = tag == "one_time_use" && truth,
                Err(why) => return Err(self.config(SpecFault::Tag, &format!("Cannot parse tag '{tag}': {why}"))),
            }
        }
        match self.reports {
            Some(true) => Ok(()),
            _ if !is_once => Ok(()),
            None => Err(Judged::Open),
            Some(false) => {
                let reason = "one_time_use=true requires pci.report_in_placement to be enabled";
                Err(self.config(SpecFault::OneTimeUse, reason))
            }
        }
    }

    /// What nova says of most of it.
    fn config(self, fault: SpecFault, reason: &str) -> Judged<SpecFault> {
        let start = match self.release.number() {
            ..=16 => "Invalid PCI devices Whitelist config",
            17..=25 => "Invalid PCI devices Whitelist config:",
            _ => "Invalid [pci]device_spec config:",
        };
        refused(fault, format!("{start} {reason}"))
    }
}

fn is_named(spec: &Json) -> bool {
    spec.get("devname").is_some_and(python::is_true)
}

fn refused(fault: SpecFault, message: String) -> Judged<SpecFault> {
    Judged::Refused(fault, message)
}

fn wrong_format(address: &str) -> Judged<SpecFault> {
    refused(
        SpecFault::Address,
        format!("The PCI address {address} has an incorrect format."),
    )
}

/// An address whose parts are regular expressions, of which only those are judged that are surely none of Python's.
fn patterns(address: &Json) -> Result<(), Judged<SpecFault>> {
    for key in ["domain", "bus", "slot", "function"] {
        match address.get(key) {
            Some(Json::Text(pattern)) if is_surely_wrong(pattern) => return Err(wrong_format(&python::shown(address))),
            None | Some(Json::Text(_)) => {}
            Some(other @ (Json::List(_) | Json::Dict(_))) => {
                let kind = python::type_name(other);
                return Err(refused(SpecFault::Address, format!("unhashable type: '{kind}'")));
            }
            Some(_) => {
                let message = "first argument must be string or compiled pattern".to_owned();
                return Err(refused(SpecFault::Address, message));
            }
        }
    }
    Ok(())
}

/// Whether Python's `re` surely rejects the pattern: something is not closed, or there is nothing to repeat.
fn is_surely_wrong(pattern: &str) -> bool {
    if pattern.contains("(?") || pattern.contains('\\') {
        return false;
    }
    let mut rest = pattern.chars().peekable();
    let (mut depth, mut is_start) = (0_usize, true);
    while let Some(c) = rest.next() {
        match c {
            '*' | '+' | '?' if is_start => return true,
            '(' => depth += 1,
            ')' if depth == 0 => return true,
            ')' => depth -= 1,
            '[' => {
                rest.next_if_eq(&'^');
                // A bracket that comes first stands for itself.
                rest.next_if_eq(&']');
                if !rest.any(|c| c == ']') {
                    return true;
                }
            }
            _ => {}
        }
        is_start = matches!(c, '(' | '|');
    }
    depth > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(number: u8, value: &str) -> Judged<SpecFault> {
        let release = Release::all().find(|release| release.number() == number).unwrap();
        let reader = SpecReader {
            release,
            reports: Some(false),
        };
        reader.judge(&[value.to_owned()])
    }

    #[test]
    fn what_nova_takes_is_taken() {
        for value in [
            "{}",
            "[]",
            r#"{"vendor_id": " * ", "product_id": "0x1515"}"#,
            r#"{"address": "0a:00.1"}"#,
            r#"{"address": "*:0a:00.*", "physical_network": "physnet1"}"#,
            r#"{"address": ""}"#,
            r#"{"address": {"domain": ".*", "bus": "02", "slot": "01", "function": "[0-2]"}}"#,
            r#"[{"devname": "eth0", "trusted": "true"}]"#,
            r#"{"one_time_use": false, "managed": "no"}"#,
        ] {
            assert_eq!(judged(34, value), Judged::Taken, "{value}");
        }
        assert_eq!(judged(30, r#"{"managed": "maybe"}"#), Judged::Taken);
    }

    #[test]
    fn what_it_rejects_is_said_in_its_words() {
        let start = "Invalid [pci]device_spec config: ";
        for (value, fault, words) in [
            (
                "{ vendor_id: 8086 }",
                SpecFault::Form,
                "Invalid entry: '{ vendor_id: 8086 }'",
            ),
            ("1", SpecFault::Form, "Invalid entry: '1'; Expecting list or dict"),
            ("[null]", SpecFault::Form, "Invalid entry: 'None'; Expecting dict"),
            (
                r#"{"vendor_id": "zz86"}"#,
                SpecFault::Ids,
                "property vendor_id ('zz86') does not parse as a hex number.",
            ),
            (
                r#"{"product_id": "10000"}"#,
                SpecFault::Ids,
                "property product_id (10000) is greater than the maximum allowable value (FFFF).",
            ),
            (
                r#"{"address": "0000:0a:00.8"}"#,
                SpecFault::Address,
                "property func (8) is greater than the maximum allowable value (7).",
            ),
            (
                r#"{"one_time_use": "yes"}"#,
                SpecFault::OneTimeUse,
                "one_time_use=true requires pci.report_in_placement to be enabled",
            ),
        ] {
            assert_eq!(judged(34, value), Judged::Refused(fault, format!("{start}{words}")));
        }
        for (value, words) in [
            (
                r#"{"address": "0:0:0:0.1"}"#,
                "The PCI address 0:0:0:0.1 has an incorrect format.",
            ),
            (
                r#"{"address": {"bus": "*"}}"#,
                "The PCI address {'bus': '*'} has an incorrect format.",
            ),
            (
                r#"{"address": {"bus": 2}}"#,
                "first argument must be string or compiled pattern",
            ),
        ] {
            assert_eq!(judged(34, value), Judged::Refused(SpecFault::Address, words.to_owned()));
        }
        assert_eq!(
            judged(16, r#"{"vendor_id": "x"}"#),
            Judged::Refused(
                SpecFault::Ids,
                "Invalid PCI devices Whitelist config invalid vendor_id x".to_owned()
            )
        );
    }
}
