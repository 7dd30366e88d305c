//! A timeout action that nova rejects.
//!
//! An action that nova takes may still be the wrong one; that is for other rules.

use crate::catalog::{Release, spelling};
use crate::lint::context::{ACTION, LIBVIRT};
use crate::lint::{Context, Finding, Rule, Safety, Severity};
use crate::nova::migration::Action;
use crate::rules::format::value_lines;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "invalid-action",
    severity: Severity::Error,
    summary: "a timeout action that is neither `abort` nor `force_complete`",
    doc: include_str!("../../../docs/rules/invalid-action.md"),
    check,
};

/// What people write for an action, letters only.
const MEANT: [(&str, Action); 12] = [
    ("cancel", Action::Abort),
    ("stop", Action::Abort),
    ("fail", Action::Abort),
    ("pause", Action::ForceComplete),
    ("suspend", Action::ForceComplete),
    ("postcopy", Action::ForceComplete),
    ("complete", Action::ForceComplete),
    ("completion", Action::ForceComplete),
    ("force", Action::ForceComplete),
    ("forced", Action::ForceComplete),
    ("forcecompletion", Action::ForceComplete),
    ("continue", Action::ForceComplete),
];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.to.release() < Release::STEIN || !context.after.is_action_written {
        return;
    }
    let Some(setting) = context.to.setting(LIBVIRT, ACTION) else {
        return;
    };
    // A reference that leads nowhere is another story.
    let Ok(Some(value)) = context.to.text(&setting) else {
        return;
    };
    if Action::parse(&value).is_some() {
        return;
    }
    // The rules about comments and backslashes in values say more of a value that is rejected for one.
    if setting
        .winning_place()
        .is_some_and(|place| value_lines::swallows_something(&context.to, place))
    {
        return;
    }
    let location = setting.winning_place().map_or_else(
        || context.winner_location(&setting),
        |place| context.value_location(place),
    );
    let message = if value.is_empty() {
        format!("`{ACTION}` is empty; nova takes `abort` and `force_complete`")
    } else {
        let shown: String = context.hidden(&value).chars().take(60).collect();
        format!("`{}` is no timeout action", shown.escape_debug())
    };
    let mut finding = Finding::new(&RULE, location, message).because(
        "oslo.config takes `abort` and `force_complete` only, letter by letter; on anything else nova-compute dies when \
         it starts and logs its options, or in the monitor of the first migration that times out",
    );
    finding = match meant(&value) {
        Some(action) => {
            let title = format!("write `{ACTION} = {action}`: the nearest that nova takes");
            let fix = context.setting_to(title, Safety::Unsafe, (LIBVIRT, ACTION, action.as_str()), None);
            finding.with_help(format!("write `{action}`")).with_fix(fix)
        }
        None => finding.with_help("write `abort`, or `force_complete` if busy guests are to move all the same"),
    };
    findings.push(context.with_sites(finding, &setting));
}

/// The action that whoever wrote `value` meant, as far as can be told.
fn meant(value: &str) -> Option<Action> {
    // What stands behind `#` or `;` was meant for a comment.
    let value = value.trim().trim_matches(['\'', '"']);
    let word = value.split(['#', ';', '\n']).next().unwrap_or_default();
    let names = Action::ALL.map(|action| (action.as_str(), action));
    spelling::word_meant(word, &names, &MEANT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_action_is_found_where_one_is_near() {
        let table = [
            ("Force_Complete", Some(Action::ForceComplete)),
            ("force-complete", Some(Action::ForceComplete)),
            ("force complete", Some(Action::ForceComplete)),
            ("froce_complete", Some(Action::ForceComplete)),
            ("'force_complete", Some(Action::ForceComplete)),
            ("post-copy", Some(Action::ForceComplete)),
            ("pause", Some(Action::ForceComplete)),
            ("ABORT", Some(Action::Abort)),
            ("abort # as before", Some(Action::Abort)),
            ("abort\n# as before", Some(Action::Abort)),
            ("none", None),
            ("", None),
        ];
        for (value, action) in table {
            assert_eq!(meant(value), action, "{value}");
        }
    }
}
