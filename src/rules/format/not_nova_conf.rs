//! Files that are no configuration of nova: another service's, a paste deployment file, YAML and the like.
//!
//! What nova would say of such a file is noise, so this is all that is said of it.

use crate::lint::{Context, Effect, Finding, Rule, Severity};
use crate::nova::nature::Nature;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "not-nova-conf",
    severity: Severity::Warning,
    effect: Effect::MeansOther,
    summary: "a file that is not a nova.conf: it is not checked",
    doc: include_str!("../../../docs/rules/not-nova-conf.md"),
    check,
    yields_to: &[],
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
            "it is recognised by its name and the options in it; nova's meaning of these options does not apply to it"
        } else {
            "it is recognised by its form and content; nothing in it is an option of nova"
        };
        let mut finding = Finding::new(&RULE, context.first_line(layer), message)
            .with_reason(why)
            .with_help("leave it out; if it is a nova.conf after all, switch this rule off in novamend.toml");
        if !is_alone && !is_read {
            // nova-api reads its paste deployment file together with nova.conf.
            finding = finding.with_severity(Severity::Info);
        }
        findings.push(finding.saying_all());
    }
}
