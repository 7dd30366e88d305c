//! Which files must not be written, and why.
//!
//! It judges the files of one stack, before and after; whether the new text is right, the proof and the witness say.

use std::sync::Arc;

use super::witness::{self, Unreadable, Witnessed};
use super::{FixPlan, FixedStack, Known};
use crate::lint::{self, ActionChoice, Rule, Settings};
use crate::nova::nature::{Nature, nature};
use crate::oslo::document::{Document, Rejection};
use crate::oslo::stack::Stack;

/// Why a file must not be written. `Display` goes on from the file's name and a colon.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A template: nova reads what it is rendered to.
    #[error("it is {0}, and novamend does not write to templates: change it by hand")]
    Template(String),
    /// Not nova's: another service's configuration, a flagfile, another format.
    #[error("it is {0}, and novamend writes to nova.conf only")]
    Foreign(String),
    /// nova does not start with the file as it is.
    #[error(
        "nova rejects the file as it is ({0}), so what a change does is not known; repair it first, by hand or, where \
         a finding offers a fix, with `--unsafe-fixes`"
    )]
    Rejected(String),
    /// The repair leaves a file that nova does not read either.
    #[error("nova would still reject the file after the repair ({0}); repair the rest by hand")]
    StillRejected(String),
    /// The independent parser could not compare the old text with the new one.
    #[error("no second, independent parser confirms the change: {0}; write it anyway with `--allow-unwitnessed`")]
    Unwitnessed(Unreadable),
}

/// What the operator allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// `--unsafe-fixes`: a file that nova rejects may be made readable.
    pub repairs: bool,
    /// `--allow-unwitnessed`: what the independent parser cannot read may be written.
    pub unwitnessed: bool,
}

/// Why files of `before` must not be written as they stand in `after`, each with its layer; empty where all may be.
///
/// `witnessed` holds what the witness says of each changed layer. A file that nova rejects, or that is a template or a
/// flagfile, refuses the whole stack even where it does not change: what the stack means today is not known then. Another
/// file that is not nova's refuses only a change of itself, or a stack of nothing else.
#[must_use]
pub fn refusals(
    before: &Stack,
    after: &Stack,
    witnessed: &[(usize, Witnessed)],
    allowed: Permissions,
) -> Vec<(usize, Refusal)> {
    let natures: Vec<Nature> = before.layers().iter().map(|layer| nature(&layer.document)).collect();
    let has_own = natures.iter().any(|nature| nature.is_nova());
    let layers = before.layers().iter().zip(after.layers()).enumerate();
    let found = layers.filter_map(|(index, (old, new))| {
        let (old, new) = (&old.document, &new.document);
        let said = witnessed
            .iter()
            .find(|(layer, _)| *layer == index)
            .map(|(_, said)| said);
        let is_changed = old.source().bytes() != new.source().bytes();
        let refusal = match natures[index] {
            Nature::Nova => of_form(old).or_else(|| of_text(old, new, said, allowed)),
            Nature::Flagfile => Some(Refusal::Foreign(natures[index].to_string())),
            other => (is_changed || !has_own).then(|| Refusal::Foreign(other.to_string())),
        };
        refusal.map(|refusal| (index, refusal))
    });
    found.collect()
}

fn of_form(old: &Document) -> Option<Refusal> {
    let template = old.template()?;
    Some(Refusal::Template(template.language().to_string()))
}

fn of_text(old: &Document, new: &Document, said: Option<&Witnessed>, allowed: Permissions) -> Option<Refusal> {
    if let Some(rejection) = old.rejection() {
        if !allowed.repairs || old.source().bytes() == new.source().bytes() {
            return Some(Refusal::Rejected(words(old, rejection)));
        }
        if let Some(rejection) = new.rejection() {
            return Some(Refusal::StillRejected(words(new, rejection)));
        }
        // The witness cannot compare with a text that nobody reads; it must read the new one.
        let unread = witness::reads(new.source().bytes()).err();
        return unread.filter(|_| !allowed.unwitnessed).map(Refusal::Unwitnessed);
    }
    match said {
        Some(Witnessed::NotWitnessed(reason)) if !allowed.unwitnessed => Some(Refusal::Unwitnessed(*reason)),
        _ => None,
    }
}

fn words(document: &Document, rejection: Rejection) -> String {
    match rejection {
        Rejection::Undecodable(offset) => {
            let line = document.source().position(offset).line;
            format!("line {line} is not UTF-8")
        }
        Rejection::Malformed(line) => format!("line {}: {}", line.line, line.kind),
    }
}

/// Whether nova rejects a file of `stack`: then nothing but repairs may be written.
#[must_use]
pub fn needs_repair(stack: &Stack) -> bool {
    stack.layers().iter().any(|layer| layer.document.rejection().is_some())
}

/// Whether the fixes of `rule` make a file readable that nova rejects.
fn is_repair(rule: &Rule) -> bool {
    matches!(rule.id, "byte-order-mark" | "malformed-line" | "undecodable-text")
}

/// Fixes `stack`; where nova rejects a file of it, nothing but that: what else a fix would do is not known yet.
///
/// `known` is what is known of `stack` under `plan`.
#[must_use]
pub fn fix_stack(stack: &Stack, plan: &FixPlan<'_>, known: Known) -> FixedStack {
    if !needs_repair(stack) {
        return super::fix_known(stack, plan, Some(known));
    }
    let rules: Vec<_> = plan.rules.iter().copied().filter(|rule| is_repair(rule)).collect();
    let settings = Settings {
        action: ActionChoice::Auto,
        explicit: false,
        ..plan.settings.clone()
    };
    let repair = FixPlan {
        rules: &rules,
        settings: &settings,
        ..*plan
    };
    let mut fixed = super::fix_stack(stack, &repair);
    let is_unchanged = fixed.applied.is_empty();
    let context = plan.context(&fixed.stack);
    let known = if is_unchanged {
        known
    } else {
        Known::of(lint::run_whole(plan.rules, &context), &context)
    };
    let context = plan.context(&fixed.stack).knowing(Some(Arc::clone(&known.secrets)));
    let mut findings = known.found.findings.clone();
    super::grade(&context, &mut findings);
    (fixed.known, fixed.findings) = (Some(known), findings);
    fixed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Release;
    use crate::text::Source;

    fn stack(name: &str, text: &str) -> Stack {
        Stack::of(Document::parse(Source::new(name, text.as_bytes().to_vec())))
    }

    fn refused(name: &str, before: &str, after: &str, allowed: Permissions) -> Vec<Refusal> {
        let (old, new) = (stack(name, before), stack(name, after));
        let said = witness::witness(before.as_bytes(), after.as_bytes(), &[], [Release::STEIN; 2]);
        let found = refusals(&old, &new, &[(0, said)], allowed).into_iter();
        found.map(|(_, refusal)| refusal).collect()
    }

    const NOTHING: Permissions = Permissions {
        repairs: false,
        unwitnessed: false,
    };
    const ALL: Permissions = Permissions {
        repairs: true,
        unwitnessed: true,
    };

    #[test]
    fn a_nova_conf_that_is_witnessed_may_be_written() {
        assert_eq!(refused("nova.conf", "[DEFAULT]\na = 1\n", "[DEFAULT]\n", NOTHING), []);
    }

    #[test]
    fn what_is_not_nova_conf_is_never_written_whatever_is_allowed() {
        for (name, text) in [
            ("nova.conf", "[DEFAULT]\n{% if a %}\ndebug = true\n{% endif %}\n"),
            ("nova.conf.j2", "[DEFAULT]\ndebug = true\n"),
            ("nova.conf", "--verbose\n"),
            ("cinder.conf", "[DEFAULT]\nenabled_backends = x\n"),
            ("values.yaml", "a: 1\n"),
        ] {
            for after in [text.to_owned(), text.replace("true", "false")] {
                assert_eq!(refused(name, text, &after, ALL).len(), 1, "{name}: {text}");
            }
        }
    }

    #[test]
    fn a_rejected_file_is_written_only_where_the_repair_makes_it_readable() {
        let (broken, repaired) = ("[DEFAULT]\n  # c\na = 1\n", "[DEFAULT]\n# c\na = 1\n");
        let repairs = Permissions {
            repairs: true,
            ..NOTHING
        };
        let rejected = |found: &[Refusal]| matches!(found, [Refusal::Rejected(_)]);
        assert!(rejected(&refused("nova.conf", broken, repaired, NOTHING)));
        assert!(rejected(&refused("nova.conf", broken, broken, ALL)));
        assert_eq!(refused("nova.conf", broken, repaired, repairs), []);
        let half = refused(
            "nova.conf",
            "[DEFAULT]\n  # c\nnonsense\n",
            "[DEFAULT]\n# c\nnonsense\n",
            ALL,
        );
        assert!(matches!(&half[..], [Refusal::StillRejected(_)]));
        let unread = "[DEFAULT]\n# c\na = 1, \\\n  2\n";
        let found = refused("nova.conf", &unread.replace("# c", "  # c"), unread, repairs);
        assert_eq!(found, [Refusal::Unwitnessed(Unreadable::Backslash(3))]);
    }

    #[test]
    fn what_the_witness_cannot_read_is_written_only_when_allowed() {
        let (before, after) = ("[DEFAULT]\na = 1, \\\n  2\nb = 1\n", "[DEFAULT]\na = 1, \\\n  2\n");
        let unwitnessed = Permissions {
            unwitnessed: true,
            ..NOTHING
        };
        assert_eq!(
            refused("nova.conf", before, after, NOTHING),
            [Refusal::Unwitnessed(Unreadable::Backslash(2))]
        );
        assert_eq!(refused("nova.conf", before, after, unwitnessed), []);
    }
}
