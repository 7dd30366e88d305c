//! Names with hyphens or capitals of options that nova looks up in lower case and with underscores.
//!
//! An old name that oslo.config takes with hyphens is left alone, and so is a name that nova does not have at all.

use crate::catalog;
use crate::lint::{AssignmentId, Context, Effect, Finding, Fix, LayerEdit, Rule, Safety, Severity};
use crate::text::Edit;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "key-ignored",
    severity: Severity::Warning,
    effect: Effect::Ignored,
    summary: "a name with hyphens or capitals, under which nova does not look for the option",
    doc: include_str!("../../../docs/rules/key-ignored.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let stack = context.stack;
    for place in stack.places() {
        // Nearly every name is plain, and the catalog is not asked about it.
        if catalog::spelling::is_plain(stack.key_bytes(place)) {
            continue;
        }
        let (group, key) = (stack.group(place), stack.key(place));
        let (from, to) = (context.from.release(), context.to.release());
        // What one of the releases reads is a matter of renaming.
        let is_read = catalog::by_any_name(group, &key, from).is_some()
            && catalog::spelling::key_meant(group, &key, from).is_none();
        if let Some(meant) = catalog::spelling::key_meant(group, &key, to).filter(|_| !is_read) {
            findings.push(report(context, place, &meant));
        }
    }
}

fn report(context: &Context<'_>, place: AssignmentId, meant: &str) -> Finding {
    let (group, key) = (context.stack.group(place), context.stack.key(place));
    let what = if key.contains('-') { "hyphens" } else { "capitals" };
    Finding::new(
        &RULE,
        context.location(place),
        format!("nova ignores `{key}`: it looks for `{meant}`"),
    )
    .with_reason(format!(
        "oslo.config looks up an option by its name with underscores and in lower case; a line with {what} in the \
         name sets nothing"
    ))
    .with_help(format!("write `{meant}`"))
    .with_fix(fix(context, place, group, &key, meant))
}

/// The right name where nothing sets the option yet; else the line goes, which nova does not read anyway.
fn fix(context: &Context<'_>, place: AssignmentId, group: &str, key: &str, meant: &str) -> Option<Fix> {
    let named = catalog::by_any_name(group, meant, context.to.release())?;
    if context.to.is_written(named.option) {
        let title = format!("remove `{key}`, since the option is set under its right name");
        return (!named.option.is_multi()).then(|| context.removal(title, Safety::Unsafe, &[place]));
    }
    Some(Fix {
        title: format!("write `{meant}` for `{key}`"),
        safety: Safety::Unsafe,
        edits: vec![LayerEdit {
            layer: place.layer,
            edit: Edit::replace(context.stack.assignment(place).key(), meant),
        }],
        announces: context.moved_by([(group, key), (group, meant)]),
    })
}
