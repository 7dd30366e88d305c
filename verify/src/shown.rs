//! What leaves the program: without any secret of nova.conf, without credentials in a URI, and with nothing that could
//! rule a terminal, a log or a page, whoever wrote it: nova.conf, libvirt, QEMU, a guest, another host.
//!
//! A process reads the nova.conf of one host or two; their secrets are remembered for its whole life.

use std::error::Error;
use std::sync::{Mutex, PoisonError};

use novamend::plain;
use novamend::redact::{self, Secrets};
use serde::Serialize;
use serde_json::Value;

static KNOWN: Mutex<Vec<Secrets>> = Mutex::new(Vec::new());

/// Remembers the secrets of a nova.conf; what is shown from now on holds none of them.
pub fn remember(secrets: Secrets) {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner).push(secrets);
}

fn hidden(text: &str) -> String {
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let text = known
        .iter()
        .fold(text.to_owned(), |text, secrets| secrets.hide(&text).into());
    redact::hidden(&text)
}

/// A text of several lines, for a terminal or a log.
#[must_use]
pub fn text(text: &str) -> String {
    plain::output(&hidden(text), false).into_owned()
}

/// A part of one line: a sentence, a name, an error's words.
#[must_use]
pub fn line(text: &str) -> String {
    plain::line(&hidden(text)).into_owned()
}

/// An error with what it came of, in one line of words: `it failed: why: why that`.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let (mut text, mut below) = (error.to_string(), error.source());
    while let Some(source) = below {
        text.push_str(&format!(": {source}"));
        below = source.source();
    }
    text
}

/// The same, and what may help behind it.
#[must_use]
pub fn with_remedy(error: &dyn Error, remedy: Option<&str>) -> String {
    remedy.map_or_else(|| chain(error), |remedy| format!("{}; {remedy}", chain(error)))
}

/// `value` as JSON over several lines, with a line end behind it.
///
/// # Errors
/// It cannot be written as JSON.
pub fn json(value: &impl Serialize) -> serde_json::Result<String> {
    let mut value = serde_json::to_value(value)?;
    hide_in(&mut value);
    let text = serde_json::to_string_pretty(&value)?;
    Ok(plain::json(&text).into_owned() + "\n")
}

fn hide_in(value: &mut Value) {
    match value {
        Value::String(text) => {
            let shown = hidden(text);
            *text = shown;
        }
        Value::Array(items) => items.iter_mut().for_each(hide_in),
        Value::Object(fields) => fields.values_mut().for_each(hide_in),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_and_control_characters_of_a_uri_do_not_leave() {
        let said =
            "unable to connect to 'qemu+ssh://nova:hush@h\u{1b}[2J/system?keyfile=/root/k&password=hush': no\u{9b}1m";
        let shown = line(said);
        assert!(!shown.contains("hush") && !shown.contains(plain::is_unsafe), "{shown}");
        assert!(
            shown.contains("qemu+ssh://nova:***@h") && shown.contains("keyfile=/root/k"),
            "{shown}"
        );
        let document = json(&serde_json::json!({"said": [said]})).unwrap();
        assert!(!document.contains("hush") && !document.contains('\u{9b}'), "{document}");
    }
}
