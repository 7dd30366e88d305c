//! Several options in a row under a header of another group, as when a section was put into the middle of another.
//!
//! One or two such lines are for `unknown-option`, and for `option-in-wrong-section` where they are of live migration.

use crate::lint::{Block, Context, Effect, Finding, Fix, LayerEdit, Location, Rule, Safety, Severity};
use crate::oslo::stack::Site;
use crate::oslo::value;
use crate::text::{Edit, Span};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "wrong-header",
    severity: Severity::Warning,
    effect: Effect::Ignored,
    summary: "several options in a row under a header that is not theirs",
    doc: include_str!("../../../docs/rules/wrong-header.md"),
    check,
    yields_to: &[],
};

/// Of more lines than this nobody can see at a glance what a header above them would do.
const MOST_FIXED: usize = 100;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    findings.extend(context.blocks().iter().filter_map(|block| report(context, block)));
}

fn report(context: &Context<'_>, block: &Block) -> Option<Finding> {
    let (stack, home) = (context.stack, block.home);
    let (&first, &last) = (block.places.first()?, block.places.last()?);
    let document = stack.document(first);
    let header = &document.sections()[stack.assignment(first).section()?];
    let name = document.text(header.name);
    let shown: Vec<String> = block
        .places
        .iter()
        .take(3)
        .map(|place| format!("`{}`", stack.key(*place)))
        .collect();
    let more = match block.places.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!(
        "nova ignores {} options in a row: they stand under `[{name}]` and belong in `[{home}]`",
        block.places.len()
    );
    let location = |span| Location::File {
        layer: first.layer,
        span,
    };
    let finding = Finding::new(&RULE, context.location(first), message)
        .with_reason(format!(
            "a header holds up to the next one; {}{more} are options of `[{home}]`, and `[{name}]` has none of them",
            shown.join(", ")
        ))
        .with_help(format!(
            "move the lines to `[{home}]`, or the header `[{name}]` with its own options behind them"
        ))
        .with_related(
            location(Span::new(header.name.start - 1, header.name.end + 1)),
            "this header holds for them",
        )
        .with_related(context.location(last), "up to here")
        .with_fix(fix(context, block));
    Some(finding)
}

/// The header that is missing before them, where they end their section, no other line opens theirs, and nova takes what they
/// say.
fn fix(context: &Context<'_>, block: &Block) -> Option<Fix> {
    let (stack, home) = (context.stack, block.home);
    let (&first, &last) = (block.places.first()?, block.places.last()?);
    let document = stack.document(first);
    let section = stack.assignment(first).section();
    let next = document.assignments().get(last.assignment + 1);
    let ends = next.is_none_or(|next| next.section() != section);
    let mut sections = stack.layers().iter().flat_map(|layer| layer.document.sections());
    let is_open = sections.any(|section| section.group == home);
    let is_taken = |place| {
        let setting = context.to.setting(home, &stack.key(place));
        setting.is_some_and(|setting| {
            let text = context.to.expanded(home, &stack.value(Site::File(place)));
            let kind = setting.facts.option_type();
            text.is_ok_and(|text| value::check(kind, &text, context.to.profile()).is_ok())
        })
    };
    if !ends || is_open || block.places.len() > MOST_FIXED || !block.places.iter().all(|place| is_taken(*place)) {
        return None;
    }
    let end = document.line_ending();
    let group = stack.group(first);
    let keys: Vec<_> = block.places.iter().map(|place| stack.key(*place)).collect();
    let moved = keys.iter().flat_map(|key| [(group, &**key), (home, &**key)]);
    Some(Fix {
        title: format!("write the header `[{home}]` above them"),
        safety: Safety::Unsafe,
        edits: vec![LayerEdit {
            layer: first.layer,
            edit: Edit::insert(stack.assignment(first).span().start, format!("{end}[{home}]{end}")),
        }],
        announces: context.moved_by(moved),
    })
}
