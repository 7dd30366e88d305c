//! Sections whose name a person takes for a group of nova's and oslo.config does not: `[default]`, `[ libvirt ]`.
//!
//! Names that are merely misspelled are not its business.

use crate::catalog;
use crate::lint::{Context, Effect, Finding, Fix, LayerEdit, Location, Rule, Safety, Severity};
use crate::oslo::Document;
use crate::oslo::document::{Assignment, Section};
use crate::text::{Edit, Span};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "section-name-ignored",
    severity: Severity::Warning,
    effect: Effect::Ignored,
    summary: "a section such as `[default]` or `[ libvirt ]`, which is not the group it seems: nova ignores it",
    doc: include_str!("../../../docs/rules/section-name-ignored.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (layer, file) in context.stack.layers().iter().enumerate() {
        let document = &file.document;
        for (index, section) in document.sections().iter().enumerate() {
            if section.malformed {
                continue;
            }
            if let Some(meant) = catalog::spelling::group_meant(&document.text(section.name)) {
                let assignments = assignments_of(document, index);
                if !assignments.is_empty() {
                    findings.push(report(context, layer, section, assignments, &meant));
                }
            }
        }
    }
}

fn assignments_of(document: &Document, section: usize) -> &[Assignment] {
    let all = document.assignments();
    let before = |a: &Assignment, bound: usize| a.section().is_none_or(|index| index < bound);
    let start = all.partition_point(|a| before(a, section));
    let end = all.partition_point(|a| before(a, section + 1));
    &all[start..end]
}

fn report(context: &Context<'_>, layer: usize, section: &Section, assignments: &[Assignment], meant: &str) -> Finding {
    let document = &context.stack.layers()[layer].document;
    let keys: Vec<_> = assignments.iter().map(|assignment| document.key(assignment)).collect();
    let what = match &keys[..] {
        [only] => format!("`{only}`"),
        many => format!("the {} options", many.len()),
    };
    let written = document.text(section.name);
    let message = format!("`[{written}]` is not `[{meant}]`: nova ignores {what} in it");
    let why = if meant == "DEFAULT" {
        "the name `DEFAULT` must be spelled exactly so; every other spelling is a section of its own, which nova \
         never reads"
    } else {
        "oslo.config takes everything between the first `[` and the last `]` as the name; nova never reads a section \
         of that name"
    };
    let clash = keys.iter().find(|key| is_set(context, meant, key));
    let finding = Finding::new(
        &RULE,
        Location::File {
            layer,
            span: Span::new(section.name.start - 1, section.name.end + 1),
        },
        message,
    )
    .with_reason(why);
    if let Some(key) = clash {
        return finding.with_help(format!(
            "write `[{meant}]` once you have decided which `{key}` to keep: `[{meant}]` sets it too"
        ));
    }
    let lines = keys.iter().flat_map(|key| [(&*section.group, &**key), (meant, &**key)]);
    finding.with_help(format!("write `[{meant}]`")).with_fix(Some(Fix {
        title: format!("write `[{meant}]` for `[{written}]`"),
        safety: Safety::Unsafe,
        edits: vec![LayerEdit {
            layer,
            edit: Edit::replace(section.name, meant),
        }],
        announces: context.moved_by(lines),
    }))
}

/// Whether the right group sets the option already, by any of its names.
fn is_set(context: &Context<'_>, group: &str, key: &str) -> bool {
    if context.stack.places_of(group, key).next().is_some() {
        return true;
    }
    [context.from, context.to].iter().any(|view| {
        let named = catalog::by_any_name(group, key, view.release());
        named.is_some_and(|named| !named.option.is_multi() && view.is_written(named.option))
    })
}
