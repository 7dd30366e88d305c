//! A `live_migration_uri` by which the source's libvirt runs a command, as root as a rule.
//!
//! A `live_migration_scheme` of `ext` runs none, as nova gives it no command: it is for [`super::invalid_migration_scheme`].

use super::written_uri::written_uri;
use crate::lint::{Context, Effect, Finding, Rule, Severity};
use crate::nova::migration::connection::{Connection, Origin, UnsafeConnection};
use crate::nova::migration::settings::URI;
use crate::nova::migration::uri;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "migration-uri-runs-a-command",
    severity: Severity::Warning,
    effect: Effect::MeansOther,
    summary: "libvirt runs a command that `live_migration_uri` names, usually as root",
    doc: include_str!("../../../docs/rules/migration-uri-runs-a-command.md"),
    check,
    yields_to: &[],
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(written) = written_uri(context) else {
        return;
    };
    // one that nova cannot format runs nothing today, and would once that is corrected
    let uri = uri::formatted(&written, "host").unwrap_or(written);
    let Err(why) = Connection::parse(&uri, Origin::File) else {
        return;
    };
    let message = match why {
        why if why.runs_a_command() => {
            format!("`{URI}` makes libvirt run a command at every live migration from this host")
        }
        UnsafeConnection::HostIsAnOption => {
            format!(
                "the host in `{URI}` begins with `-`: older libvirt versions pass it to ssh as an option, which \
                     can run a command"
            )
        }
        _ => return,
    };
    let finding = context
        .about(&RULE, URI, message)
        .with_reason(format!(
            "libvirt usually runs as root, so whoever can write this file can become root: {why}"
        ))
        .with_help(format!(
            "find out who wrote it; remove `{URI}` and set `live_migration_scheme` to tcp, tls or ssh"
        ));
    findings.push(finding);
}
