//! Templates of a nova.conf: how their lines were read is said once.
//!
//! The findings in them are those of the other rules.

use crate::lint::{Context, Effect, Finding, Location, Rule, Severity};
use crate::oslo::stack::{Layer, Origin};
use crate::oslo::template::{Language, Template};
use crate::text::{Span, line_end};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "template-file",
    severity: Severity::Warning,
    effect: Effect::MeansOther,
    summary: "a template of a nova.conf: read as far as possible before it is rendered",
    doc: include_str!("../../../docs/rules/template-file.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (layer, file) in context.stack.layers().iter().enumerate() {
        if let Some(template) = file.document.template().filter(|_| context.natures()[layer].is_nova()) {
            findings.push(report(context, layer, file, template));
        }
    }
}

fn report(context: &Context<'_>, layer: usize, file: &Layer, template: &Template) -> Finding {
    let document = &file.document;
    let location = template.evidence().map_or_else(
        || context.first_line(layer),
        |start| {
            let (end, _) = line_end(document.source().bytes(), start);
            let span = Span::new(start, end);
            Location::File { layer, span }
        },
    );
    let message = format!("this is {}, not what nova reads", template.language());
    let why = if template.has_statements() {
        "statements and comments of the template are skipped, a value with a placeholder is treated as unknown, and \
         every branch is checked as if it were taken"
    } else {
        "a value with a placeholder is treated as unknown; nova itself would use the placeholder as the value"
    };
    let help = if template.language() == Language::Marks {
        "fill in the placeholders and check the result; novamend does not write to such a file"
    } else {
        "check the rendered file as well; novamend does not write to templates"
    };
    let severity = match file.origin {
        // Nova itself reads the file as it is.
        Origin::Default => Severity::Error,
        _ if template.is_named_so() => Severity::Info,
        _ => Severity::Warning,
    };
    Finding::new(&RULE, location, message)
        .with_reason(why)
        .with_help(help)
        .with_severity(severity)
        .of_file()
}
