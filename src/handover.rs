//! What `fix --verify` reads of the JSON that `novamend-verify` prints: the verdict on one nova.conf, or why there is none.
//!
//! That program writes more (`docs/json.md`); the part here is what novamend decides by.

use serde::{Deserialize, Serialize};

use crate::output::envelope::{Kind, SCHEMA, VERSION};

/// What trials on this host come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// What nova.conf asks for works here.
    Works,
    /// It does not.
    DoesNotWork,
    /// What was tried works, and something that decides could not be tried as it is here.
    NotProven,
}

/// The verdict on one nova.conf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What it comes to.
    pub result: Judgement,
    /// The verdict in a sentence.
    pub headline: String,
    /// What to do, where something is to be done.
    pub remedy: Option<String>,
}

impl Verdict {
    /// Whether it works as configured; what is not proven does not.
    #[must_use]
    pub fn works(&self) -> bool {
        self.result == Judgement::Works
    }
}

/// The fields of a document of the kind `error`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Accident {
    /// What could not be done, and why.
    pub message: String,
}

/// Why a document holds no verdict.
#[derive(Debug, thiserror::Error)]
pub enum HandoverError {
    /// It is no document of this schema.
    #[error("it printed no verdict")]
    NotReadable(#[from] serde_json::Error),
    /// The two programs are of different versions.
    #[error("it prints version {found} of the JSON and novamend reads {VERSION}; install both programs of one version")]
    OtherVersion {
        /// The version.
        found: u64,
    },
    /// It is another document than was asked for.
    #[error("it printed no verdict, but another document")]
    OtherKind,
    /// The trials could not be run; the message says why.
    #[error("{0}")]
    NotRun(String),
}

/// What stands in every document.
#[derive(Deserialize)]
struct Head {
    schema: String,
    kind: Kind,
    version: u64,
}

/// The fields of a document of the kind `verify`.
#[derive(Deserialize)]
struct Trials {
    stacks: Vec<Stack>,
}

#[derive(Deserialize)]
struct Stack {
    verdict: Verdict,
}

/// Reads the verdict in `text`, what `novamend-verify verify --format json` printed for one nova.conf.
///
/// # Errors
/// The text is no such document, of another version, or says that the trials could not be run.
pub fn verdict(text: &[u8]) -> Result<Verdict, HandoverError> {
    let head: Head = serde_json::from_slice(text)?;
    if head.schema != SCHEMA || head.version != u64::from(VERSION) {
        return Err(HandoverError::OtherVersion { found: head.version });
    }
    match head.kind {
        Kind::Error => Err(HandoverError::NotRun(serde_json::from_slice::<Accident>(text)?.message)),
        Kind::Verify => {
            let Trials { mut stacks } = serde_json::from_slice(text)?;
            match (stacks.pop(), stacks.is_empty()) {
                (Some(only), true) => Ok(only.verdict),
                _ => Err(HandoverError::OtherKind),
            }
        }
        _ => Err(HandoverError::OtherKind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::envelope::Envelope;

    #[test]
    fn the_schema_of_an_error_is_that_of_its_type() {
        crate::output::schema::hold::<Accident>(Kind::Error);
    }

    #[test]
    fn a_document_of_another_version_is_not_taken_for_a_verdict() {
        let text = format!(
            "{{\"schema\":\"novamend\",\"kind\":\"verify\",\"version\":{},\"stacks\":[]}}",
            VERSION + 1
        );
        let error = verdict(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("install both programs of one version"), "{error}");
    }

    #[test]
    fn the_reason_of_an_accident_comes_over_as_it_was_said() {
        let message = "could not be run: \"no QEMU\"".to_owned();
        let accident = Envelope::new(
            Kind::Error,
            Accident {
                message: message.clone(),
            },
        );
        let text = serde_json::to_vec(&accident).unwrap();
        assert!(matches!(verdict(&text), Err(HandoverError::NotRun(said)) if said == message));
    }
}
