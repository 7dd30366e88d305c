//! Files that are no configuration of nova: another service's, a paste deployment file, YAML and the like.
//!
//! What nova would say of such a file is noise, so this is all that is said of it.

use crate::lint::{Context, Finding, Location, Rule, Severity};
use crate::nova::nature::Nature;
use crate::text::{Span, line_end};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "not-nova-conf",
    severity: Severity::Warning,
    summary: "a file that is no nova.conf: it is not checked",
    doc: include_str!("../../../docs/rules/not-nova-conf.md"),
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let is_alone = context.natures().len() == 1;
    for (layer, nature) in context.natures().iter().enumerate() {
        let (of, is_read) = match nature {
            Nature::Nova | Nature::Flagfile => continue,
            Nature::Service(_) => (", not of nova", true),
            Nature::Other(_) => ("", false),
        };
        let message = format!("novamend does not check this file: it is {nature}{of}");
        let why = if is_read {
            "it is recognised by what it sets and what it is called; what nova would make of its options says nothing of it"
        } else {
            "it is recognised by its form and by what it holds; nothing in it is an option of nova"
        };
        let mut finding = Finding::new(&RULE, first_line(context, layer), message)
            .because(why)
            .with_help("leave it out; if it is a nova.conf all the same, switch this rule off in novamend.toml");
        if !is_alone && !is_read {
            // nova-api reads its paste deployment file together with nova.conf.
            finding = finding.graded(Severity::Info);
        }
        findings.push(finding.saying_all());
    }
}

/// The first line of a file that is not empty.
pub(in crate::rules) fn first_line(context: &Context<'_>, layer: usize) -> Location {
    let bytes = context.stack.layers()[layer].document.source().bytes();
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(0);
    let (end, _) = line_end(bytes, start);
    Location::File {
        layer,
        span: Span::new(start, end),
    }
}
