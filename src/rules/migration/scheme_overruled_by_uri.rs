//! A `live_migration_scheme` beside a `live_migration_uri`, which alone counts.
//!
//! The inbound address counts beside a URI as well: nova puts it where `%s` stands.

use super::written_uri::written_uri;
use crate::lint::{Context, Effect, Finding, Rule, Severity};
use crate::nova::migration::settings::{LIBVIRT, SCHEME, URI};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "scheme-overruled-by-uri",
    severity: Severity::Warning,
    effect: Effect::Ignored,
    summary: "`live_migration_scheme` has no effect while `live_migration_uri` is set",
    doc: include_str!("../../../docs/rules/scheme-overruled-by-uri.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.sets(SCHEME) {
        return;
    }
    let (Some(uri), Some(scheme)) = (
        written_uri(context),
        context.to.word(LIBVIRT, SCHEME).filter(|scheme| !scheme.is_empty()),
    ) else {
        return;
    };
    let used = uri.split_once("://").map(|(before, _)| before);
    let is_same = used.is_some_and(|used| used == format!("qemu+{scheme}"));
    let (goes_by, severity) = match used {
        Some(_) if is_same => ("the URI has the same transport".to_owned(), Severity::Info),
        Some(used) => (format!("libvirt is reached by `{used}`"), Severity::Warning),
        None => ("only the URI is used".to_owned(), Severity::Warning),
    };
    let message = format!("`{SCHEME}` has no effect while `{URI}` is set: {goes_by}");
    let finding = context
        .about(&RULE, SCHEME, message)
        .with_severity(severity)
        .with_reason(format!(
            "nova builds the URI of a migration from `{SCHEME}` only where `{URI}` is not set"
        ))
        .with_help(format!(
            "remove `{URI}`, which is deprecated since ocata, if you mean `{SCHEME}`; otherwise remove `{SCHEME}`"
        ));
    findings.push(context.along_with(finding, (LIBVIRT, URI), "this one takes effect"));
}
