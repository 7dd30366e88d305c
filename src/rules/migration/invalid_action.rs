//! A timeout action that nova rejects.
//!
//! An action that nova takes may still be the wrong one; that is for other rules.

use crate::catalog::{Release, spelling};
use crate::lint::{Context, Effect, Finding, Rule, Safety, Severity, Yields};
use crate::nova::migration::TimeoutAction;
use crate::nova::migration::settings::{ACTION, LIBVIRT};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "invalid-action",
    severity: Severity::Error,
    effect: Effect::StopsService,
    summary: "a timeout action that is neither `abort` nor `force_complete`",
    doc: include_str!("../../../docs/rules/invalid-action.md"),
    check,
    yields_to: &[
        Yields::Line("backslash-continuation"),
        Yields::Line("comment-swallowed"),
        Yields::Line("inline-comment"),
        Yields::Line("left-behind-line"),
        Yields::Line("line-swallowed"),
        Yields::Line("option-swallowed"),
    ],
};

/// What people write for an action, letters only.
const MEANT: [(&str, TimeoutAction); 12] = [
    ("cancel", TimeoutAction::Abort),
    ("stop", TimeoutAction::Abort),
    ("fail", TimeoutAction::Abort),
    ("pause", TimeoutAction::ForceComplete),
    ("suspend", TimeoutAction::ForceComplete),
    ("postcopy", TimeoutAction::ForceComplete),
    ("complete", TimeoutAction::ForceComplete),
    ("completion", TimeoutAction::ForceComplete),
    ("force", TimeoutAction::ForceComplete),
    ("forced", TimeoutAction::ForceComplete),
    ("forcecompletion", TimeoutAction::ForceComplete),
    ("continue", TimeoutAction::ForceComplete),
];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.to.release() < Release::STEIN || !context.written_action().is_written() {
        return;
    }
    let Some(setting) = context.to.setting(LIBVIRT, ACTION) else {
        return;
    };
    // A reference that leads nowhere is another story.
    let Ok(Some(value)) = context.to.text(&setting) else {
        return;
    };
    if TimeoutAction::parse(&value).is_some() {
        return;
    }
    let location = setting.winning_place().map_or_else(
        || context.winner_location(&setting),
        |place| context.value_location(place),
    );
    let message = if value.is_empty() {
        format!("`{ACTION}` is empty; nova accepts `abort` or `force_complete`")
    } else {
        let shown: String = context.hidden(&value).chars().take(60).collect();
        format!("`{}` is not a timeout action", shown.escape_debug())
    };
    let mut finding = Finding::new(&RULE, location, message).with_reason(
        "oslo.config accepts only `abort` and `force_complete`, spelled exactly so; with anything else nova-compute \
         crashes when it starts and logs its options, or the monitor of the first migration that times out does",
    );
    finding = match meant(&value) {
        Some(action) => {
            let title = format!("write `{ACTION} = {action}`: the nearest that nova accepts");
            let fix = context.setting_to(title, Safety::Unsafe, (LIBVIRT, ACTION, action.as_str()), None);
            finding.with_help(format!("write `{action}`")).with_fix(fix)
        }
        None => finding.with_help("write `abort`, or `force_complete` if busy guests should migrate anyway"),
    };
    findings.push(context.with_sites(finding, &setting));
}

/// The action that whoever wrote `value` meant, as far as can be told.
fn meant(value: &str) -> Option<TimeoutAction> {
    // What stands behind `#` or `;` was meant for a comment.
    let value = value.trim().trim_matches(['\'', '"']);
    let word = value.split(['#', ';', '\n']).next().unwrap_or_default();
    let names = TimeoutAction::ALL.map(|action| (action.as_str(), action));
    spelling::word_meant(word, &names, &MEANT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_action_is_found_where_one_is_near() {
        let table = [
            ("Force_Complete", Some(TimeoutAction::ForceComplete)),
            ("force-complete", Some(TimeoutAction::ForceComplete)),
            ("force complete", Some(TimeoutAction::ForceComplete)),
            ("froce_complete", Some(TimeoutAction::ForceComplete)),
            ("'force_complete", Some(TimeoutAction::ForceComplete)),
            ("post-copy", Some(TimeoutAction::ForceComplete)),
            ("pause", Some(TimeoutAction::ForceComplete)),
            ("ABORT", Some(TimeoutAction::Abort)),
            ("abort # as before", Some(TimeoutAction::Abort)),
            ("abort\n# as before", Some(TimeoutAction::Abort)),
            ("none", None),
            ("", None),
        ];
        for (value, action) in table {
            assert_eq!(meant(value), action, "{value}");
        }
    }
}
