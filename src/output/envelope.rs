//! The head of every JSON document that both programs print: whose it is, of what kind, in which version.
//!
//! `docs/json.md` describes every kind. A field may be added under the same version; one that goes, or changes its
//! meaning, raises it.

use serde::{Deserialize, Serialize};

/// What `schema` says in every document.
pub const SCHEMA: &str = "novamend";
/// The version of all kinds.
pub const VERSION: u32 = 2;

/// What a document holds: the verb that prints it, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `novamend check`.
    Check,
    /// `novamend fix`.
    Fix,
    /// `novamend where`.
    Where,
    /// `novamend option`.
    Option,
    /// `novamend upgrade`.
    Upgrade,
    /// `novamend rules`.
    Rules,
    /// `novamend explain`.
    Explain,
    /// `novamend catalog`.
    Catalog,
    /// `novamend-verify probe`.
    Probe,
    /// `novamend-verify verify`.
    Verify,
    /// `novamend-verify rescue`.
    Rescue,
    /// What could not be done: `message` says what.
    Error,
}

/// A document: `schema`, `kind`, `version` and `novamend` in this order, then the fields of `body`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub struct Envelope<T> {
    schema: &'static str,
    kind: Kind,
    version: u32,
    novamend: &'static str,
    #[serde(flatten)]
    body: T,
}

impl<T> Envelope<T> {
    /// `body`, which is written as an object, under the head of its `kind`.
    pub fn new(kind: Kind, body: T) -> Self {
        Self {
            schema: SCHEMA,
            kind,
            version: VERSION,
            novamend: env!("CARGO_PKG_VERSION"),
            body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_comes_first_and_in_one_order() {
        #[derive(Serialize)]
        struct Body {
            rules: Vec<u8>,
        }
        let text = serde_json::to_string(&Envelope::new(Kind::Rules, Body { rules: vec![1] })).unwrap();
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            text,
            format!(
                "{{\"schema\":\"novamend\",\"kind\":\"rules\",\"version\":2,\"novamend\":\"{version}\",\"rules\":[1]}}"
            )
        );
    }
}
