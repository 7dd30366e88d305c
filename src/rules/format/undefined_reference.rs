//! References (`$name`) that lead to no option: whoever reads the value gets an error instead.
//!
//! A reference to an option whose own value is wrong is left to the rules about that value.

use std::borrow::Cow;
use std::collections::HashSet;

use super::value_lines;
use crate::catalog::outside::{self, Hints, Outside};
use crate::lint::{AssignmentId, Context, Effect, Finding, Fix, LayerEdit, Rule, Safety, Severity};
use crate::nova::reference::{self, ReferenceTarget};
use crate::oslo::lexer;
use crate::oslo::stack::Site;
use crate::oslo::substitution::Reference;
use crate::redact;
use crate::text::{Edit, Span};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "undefined-reference",
    severity: Severity::Error,
    effect: Effect::StopsService,
    summary: "a `$name` that leads to no option: reading the value fails",
    doc: include_str!("../../../docs/rules/undefined-reference.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.to.release().is_complete() {
        return; // Of Mitaka and Newton not every option is known.
    }
    let stack = context.stack;
    let mut asked: HashSet<(&str, Cow<'_, str>)> = HashSet::new();
    for place in stack.places() {
        let line = stack
            .assignment(place)
            .span()
            .of(stack.document(place).source().bytes());
        if memchr::memchr(b'$', line).is_none() {
            continue;
        }
        let (group, key) = (stack.group(place), stack.key(place));
        // Every option once, however many lines it has.
        if let Some(named) = context.to.option_at(place) {
            let (group, name) = (named.option.group(), named.option.name());
            if asked.insert((group, Cow::Borrowed(name))) {
                let sites = context.to.setting_of(named.option).found;
                findings.extend(
                    sites
                        .effective
                        .iter()
                        .filter_map(|&site| find(context, site, (group, name))),
                );
            }
        } else if outside::recognise(group, &key, &Hints::default(), context.to.release()) == Some(Outside::AuthPlugin)
            && asked.insert((group, key.clone()))
        {
            let sites = stack.find(&[(group, &key)], false, false);
            findings.extend(
                sites
                    .effective
                    .iter()
                    .filter_map(|&site| find(context, site, (group, &key))),
            );
        }
    }
}

fn find(context: &Context<'_>, site: Site, option: (&str, &str)) -> Option<Finding> {
    let Site::File(place) = site else {
        return None;
    };
    if context.stack.is_unknown(site) {
        return None; // What looks like a reference may be the template's.
    }
    let value = context.stack.value(site);
    // What stands in a comment that became part of the value goes with it.
    let end = value_lines::comment_behind(&context.to, place).map_or(value.len(), |behind| behind.value.len());
    let mut broken = reference::stray(option, &value, context.to.release());
    broken.retain(|(reference, _)| reference.range.end <= end);
    (!broken.is_empty()).then(|| report(context, place, option, &broken))
}

fn report(
    context: &Context<'_>,
    place: AssignmentId,
    option: (&str, &str),
    broken: &[(Reference, ReferenceTarget)],
) -> Finding {
    let (key, to) = (context.stack.key(place), context.to.release().short());
    let (Reference { name, .. }, target) = &broken[0];
    let is_secret = redact::is_secret_at(context.stack, place);
    let (message, help) = match target {
        // The name is a part of the secret.
        _ if is_secret => (
            format!("a `$` in the value of `{key}` starts a reference that leads to no option"),
            "write `$$` for a dollar sign".to_owned(),
        ),
        ReferenceTarget::Itself => (
            format!("the value of `{key}` refers to itself"),
            "write the value you mean in place of the reference".to_owned(),
        ),
        _ => (
            format!("the value of `{key}` refers to `{name}`, and {to} has no such option"),
            "refer to an option that nova has, or write `$$` for a dollar sign".to_owned(),
        ),
    };
    Finding::new(&RULE, context.value_location(place), message)
        .with_reason(format!(
            "reading `{key}` fails with an error such as \"no such option\", perhaps long after nova has started"
        ))
        .with_help(help)
        .with_fix(fix(context, place, option, broken, is_secret))
}

/// Every broken reference fixed, where all of them are plain: `$my_ip.` and `$MY_IP` mean an option, a `$` in a secret
/// means a dollar sign.
fn fix(
    context: &Context<'_>,
    place: AssignmentId,
    option: (&str, &str),
    broken: &[(Reference, ReferenceTarget)],
    is_secret: bool,
) -> Option<Fix> {
    let (document, assignment) = (context.stack.document(place), context.stack.assignment(place));
    let first = lexer::unquote(document.source().bytes(), assignment.first());
    if assignment.continuations() > 0 || std::str::from_utf8(first.of(document.source().bytes())).is_err() {
        return None;
    }
    let mut edits = Vec::with_capacity(broken.len());
    for (reference, _) in broken {
        let meant = reference::meant(option, reference, context.to.release());
        let span = Span::new(first.start + reference.range.start, first.start + reference.range.end);
        let edit = match (is_secret, meant) {
            (true, None) => Edit::insert(span.start, "$"),
            (false, Some(text)) => Edit::replace(span, text),
            _ => return None,
        };
        let layer = place.layer;
        edits.push(LayerEdit { layer, edit });
    }
    let key = context.stack.key(place);
    let title = if is_secret {
        format!("write `$$` for `$` in the value of `{key}`")
    } else {
        format!("fix the references in the value of `{key}`")
    };
    Some(Fix {
        title,
        safety: Safety::Unsafe,
        edits,
        announces: context.moved_by([(context.stack.group(place), &*key)]),
    })
}
