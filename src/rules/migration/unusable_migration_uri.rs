//! A `live_migration_uri` of which nova cannot make the URI of a host.
//!
//! Whether a host listens there it does not know; a transport that libvirt does not have is for
//! [`super::invalid_migration_scheme`].

use super::written_uri::written_uri;
use crate::lint::{Context, Effect, Finding, Fix, Rule, Safety, Severity};
use crate::nova::migration::settings::{LIBVIRT, URI};
use crate::nova::migration::uri::{self, UriFault};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "unusable-migration-uri",
    severity: Severity::Error,
    effect: Effect::StopsWork,
    summary: "nova cannot put the host into `live_migration_uri`: every migration fails",
    doc: include_str!("../../../docs/rules/unusable-migration-uri.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(written) = written_uri(context) else {
        return;
    };
    let (Some(fault), Some(setting)) = (uri::fault(&written), context.to.setting(LIBVIRT, URI)) else {
        return;
    };
    let (message, help) = match fault {
        UriFault::Fails(failure) => (
            format!(
                "every live migration fails: nova cannot format `{URI}` ({})",
                failure.exception()
            ),
            format!(
                "write `%s` where the host belongs and `%%` for any other percent sign, or remove `{URI}`: \
                 `live_migration_scheme` and `live_migration_inbound_addr` have replaced it"
            ),
        ),
        UriFault::Distorts => (
            format!("`{URI}` leads to another host than intended"),
            "write `%s` where the host belongs, with nothing between the two letters".to_owned(),
        ),
    };
    let location = setting.winning_place().map_or_else(
        || context.winner_location(&setting),
        |place| context.value_location(place),
    );
    let finding = Finding::new(&RULE, location, message)
        .with_reason(format!("nova formats `{URI}` with Python's `%` operator: {fault}"))
        .with_help(help)
        .with_fix(escaped(context, &written));
    findings.push(context.with_sites(finding, &setting));
}

/// The URI with every percent sign doubled but that of its only `%s`, where nova can format it then.
fn escaped(context: &Context<'_>, written: &str) -> Option<Fix> {
    let setting = context.to.setting(LIBVIRT, URI)?;
    let raw = context.stack.value(setting.winner()?);
    let (head, tail) = written.split_once("%s").filter(|_| raw == written)?;
    let doubled = |part: &str| part.replace("%%", "%").replace('%', "%%");
    let text = format!("{}%s{}", doubled(head), doubled(tail));
    let title = format!("write `%%` for every percent sign in `{URI}` that is not the host's");
    let fix = context.setting_to(title, Safety::Unsafe, (LIBVIRT, URI, &text), None);
    fix.filter(|_| uri::fault(&text).is_none() && !text.contains('$'))
}
