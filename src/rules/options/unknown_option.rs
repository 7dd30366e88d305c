//! Names that no release from Ocata on knows, in sections that nova alone reads.
//!
//! Several in a row that another group alone has are for `wrong-header`. It keeps silent wherever something else may read
//! them: options of plugins, of other services, of foreign sections.

use crate::catalog::{self, Fate, OptionFacts, Release, before_ocata, libraries, spelling};
use crate::lint::{Announced, Context, Effect, Finding, Fix, LayerEdit, NamedUse, Rule, Safety, Severity};
use crate::oslo::stack::Site;
use crate::oslo::value;
use crate::text::Edit;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "unknown-option",
    severity: Severity::Warning,
    effect: Effect::Ignored,
    summary: "an option that neither the release nor any other from ocata on knows",
    doc: include_str!("../../../docs/rules/unknown-option.md"),
    check,
    yields_to: super::UNKNOWN,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.to.release().is_complete() {
        return;
    }
    let in_blocks = context.lines_of_blocks();
    for seen in context.named_uses() {
        if matches!(seen.site, Site::File(place) if in_blocks.contains(&place)) {
            continue;
        }
        if seen.outside.is_some() || matches!(seen.site, Site::Environment(_)) {
            continue;
        }
        match seen.fate {
            Fate::Unknown => findings.extend(unknown(context, seen)),
            Fate::Later(release) if seen.before.is_none() => findings.push(too_early(context, seen, release)),
            _ => {}
        }
    }
}

fn too_early(context: &Context<'_>, seen: &NamedUse<'_>, release: Release) -> Finding {
    let to = context.to.release().short();
    let message = format!("`{}` comes with {}; {to} ignores it", seen.title(), release.short());
    let option = catalog::by_any_name(&seen.group, &seen.key, release).map(|named| named.option);
    let library = option.and_then(|option| libraries::clause(option, context.to.release()));
    let why = "nova silently ignores options it does not know";
    Finding::new(&RULE, context.site_location(seen.site), message)
        .with_reason(library.map_or_else(|| why.to_owned(), |library| format!("{why}; {library}")))
        .with_help(format!("pass `--to {}` if the upgrade leads there", release.short()))
}

fn unknown(context: &Context<'_>, seen: &NamedUse<'_>) -> Option<Finding> {
    if seen.is_nobodys {
        return None;
    }
    let to = context.to.release();
    // In a file that is rejected it is a line of prose, and no name.
    let mut layers = context.stack.layers().iter();
    if seen.key.contains(char::is_whitespace) && layers.any(|l| !l.document.malformed().is_empty()) {
        return None;
    }
    let near = catalog::spelling::did_you_mean(&seen.group, &seen.key, to, |near| takes(context, seen, near))
        .filter(|near| is_likely(seen, *near));
    let confused = near
        .is_none()
        .then(|| catalog::spelling::confused(&seen.group, &seen.key, to))
        .flatten();
    let near = near.or(confused);
    // In a section that no release knows only an option that plainly belongs elsewhere is worth a word.
    if near.is_none() && !seen.is_group_known {
        return None;
    }
    let is_old = seen.group == "DEFAULT" && before_ocata::had(&seen.key);
    let (title, first) = (seen.title(), Release::FIRST_COMPLETE.short());
    let message = match near {
        Some(near) if confused.is_some() => format!("unknown option `{title}`: `{}` says that here", near.title()),
        Some(near) => format!("unknown option `{title}`; did you mean `{}`?", near.title()),
        None if is_old => format!(
            "`{title}` is an option of nova before {first}; {} ignores it",
            to.short()
        ),
        None => format!("unknown option `{title}`: no release from {first} on has it"),
    };
    let why = if context.is_today_known() {
        "nova silently ignores options it does not know".to_owned()
    } else {
        format!(
            "nova silently ignores options it does not know; what {} does with the line is not known",
            context.today_oldest.short()
        )
    };
    Some(
        Finding::new(&RULE, context.site_location(seen.site), message)
            .with_reason(why)
            .with_help(help(context, near))
            .with_fix(near.and_then(|near| correction(context, seen, near))),
    )
}

fn help(context: &Context<'_>, near: Option<OptionFacts>) -> String {
    let to = context.to.release().short();
    let when = if context.is_today_known() {
        String::new()
    } else {
        format!(" once {to} runs")
    };
    match near {
        Some(near) => format!(
            "write `{}` if that is what you mean, otherwise remove the line{when}",
            near.title()
        ),
        None => format!("remove the line{when}, or find out what else reads this section"),
    }
}

/// Whether `option` would take the value: a name whose value does not fit is not the one that was meant.
fn takes(context: &Context<'_>, seen: &NamedUse<'_>, option: OptionFacts) -> bool {
    let raw = context.stack.value(seen.site);
    let text = context.to.expanded(option.group(), &raw);
    text.is_ok_and(|text| value::check(option.option_type(), &text, context.to.profile()).is_ok())
}

/// A section that no release knows counts as mistyped only where its name is nearly a known one.
fn is_likely(seen: &NamedUse<'_>, near: OptionFacts) -> bool {
    if seen.is_group_known {
        return true;
    }
    spelling::nearest(&seen.group, std::iter::once(near.group())).is_some()
}

/// The right spelling, where only the name is wrong and nothing in the file sets the option yet.
fn correction(context: &Context<'_>, seen: &NamedUse<'_>, near: OptionFacts) -> Option<Fix> {
    let Site::File(place) = seen.site else {
        return None;
    };
    if near.group() != seen.group || !takes(context, seen, near) || context.to.setting_of(near).is_set() {
        return None;
    }
    let edit = Edit::replace(context.stack.assignment(place).key(), near.name());
    Some(Fix {
        title: format!("rename `{}` to `{}`", seen.key, near.name()),
        safety: Safety::Unsafe,
        edits: vec![LayerEdit {
            layer: place.layer,
            edit,
        }],
        announces: vec![context.name_at(place), Announced::new(near.group(), near.name())],
    })
}
