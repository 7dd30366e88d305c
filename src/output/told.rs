//! What a finding says by itself, and where it is: the parts of which equal ones are known.
//!
//! Nothing in it refers to its stack, so that stacks can go while reports are put together.

use std::sync::Arc;

use super::{Findings, fixed, shown_path};
use crate::lint::{Context, Effect, Finding, Location, Severity};
use crate::plain;
use crate::redact;

/// What a finding says, wherever it is found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Text {
    /// The rule's id.
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// What comes of it.
    pub effect: Effect,
    /// What is found, on one line, as it may be printed.
    pub message: String,
    /// Why it matters; may be empty.
    pub why: String,
    /// What to do; may be empty.
    pub help: String,
    /// `group.name` of the option it is about.
    pub option: Option<String>,
}

impl Text {
    /// Whether it names the file `name`, so that it is of no other.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        [&self.message, &self.why, &self.help]
            .iter()
            .any(|text| text.contains(name))
    }
}

/// Of what kind a finding is where a report for people may say many of a kind on one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any.
    Usual,
    /// A line of which nova takes no notice today, and will not: nothing is lost with it.
    Ignored,
    /// A default that changes under files that do not set the option.
    Default,
}

/// One finding of one stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What it says.
    pub text: Text,
    /// Of which kind it is.
    pub kind: Kind,
    /// The file, or what else it is about, as it may be printed.
    pub file: Arc<str>,
    /// The line in the file, from 1.
    pub line: Option<usize>,
}

/// The findings of one stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// In reading order.
    pub told: Arc<[Told]>,
    /// The file that they are about, where it is another than they say: one that holds the same.
    pub file: Option<Arc<str>>,
}

impl Told {
    /// Those of one stack.
    #[must_use]
    pub fn of(found: &Findings<'_, '_>) -> Batch {
        let layers = found.context.stack.layers().iter();
        let names: Vec<Arc<str>> = layers
            .map(|layer| shown_path(layer.document.source().path()).into())
            .collect();
        let findings = found.findings.iter();
        Batch {
            told: findings
                .map(|finding| Self::one(found.context, finding, &names))
                .collect(),
            file: None,
        }
    }

    fn one(context: &Context<'_>, finding: &Finding, names: &[Arc<str>]) -> Self {
        let (file, line) = match finding.location {
            Location::File { layer, span } => {
                let source = context.stack.layers()[layer].document.source();
                (Arc::clone(&names[layer]), Some(source.position(span.start).line))
            }
            Location::Environment(variable) => {
                let name = redact::hidden(&context.stack.environment()[variable].name);
                (format!("environment {}", plain::line(&name)).into(), None)
            }
            Location::Stack => (names.last().map_or_else(|| "no file".into(), Arc::clone), None),
        };
        let objection = fixed::objection(finding).map(|why| format!("; {why}"));
        let help = finding.help.clone() + &objection.unwrap_or_default();
        let shown = |text: &str| by_line(&plain::line(text), &file);
        Self {
            text: Text {
                rule: finding.rule.id,
                severity: finding.severity,
                effect: finding.effect,
                message: shown(&finding.message),
                why: shown(&finding.why),
                help: shown(&help),
                option: context.subject(finding),
            },
            kind: kind(finding),
            file,
            line,
        }
    }
}

/// `text` with `line 12` where it says `FILE:12` of the `file` that it is about: equal findings of other files say the same then.
fn by_line(text: &str, file: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(file).filter(|_| !file.is_empty()) {
        let (before, behind) = (&rest[..at], &rest[at + file.len()..]);
        let number = behind
            .strip_prefix(':')
            .filter(|number| number.starts_with(|c: char| c.is_ascii_digit()));
        let is_word = before.is_empty() || before.ends_with(' ');
        out.push_str(before);
        if let Some(number) = number.filter(|_| is_word) {
            out.push_str("line ");
            rest = number;
        } else {
            out.push_str(file);
            rest = behind;
        }
    }
    out + rest
}

/// Of which kind `finding` is. An error is never one of many; neither is a line for which a fix knows a better one, as somebody meant
/// something by it.
fn kind(finding: &Finding) -> Kind {
    let begins = finding.step.is_some_and(|step| step.hop.is_some());
    let fix = finding.fix.iter().flat_map(|fix| &fix.edits);
    let is_rewritten = || fix.clone().any(|edit| !edit.edit.text.is_empty());
    let is_missing = finding.location == Location::Stack && finding.option.is_some();
    match finding.effect {
        _ if finding.severity == Severity::Error || finding.condition.is_some() => Kind::Usual,
        Effect::Ignored if !begins && !is_rewritten() => Kind::Ignored,
        Effect::MeansOther if begins && is_missing => Kind::Default,
        _ => Kind::Usual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_same_file_is_a_line() {
        assert_eq!(
            by_line("see a/b.conf:12, a/b.conf:3", "a/b.conf"),
            "see line 12, line 3"
        );
        assert_eq!(by_line("a:1 data:2 a:b", "a"), "line 1 data:2 a:b");
        assert_eq!(by_line("see x/a.conf:1", "a.conf"), "see x/a.conf:1");
    }
}
