//! A transport for migrations that libvirt does not have, or that leads to no other host.
//!
//! Whether libvirt listens for it on the hosts it does not know.

use super::written_uri::written_uri;
use crate::lint::{Context, Effect, Finding, Rule, Severity};
use crate::nova::migration::settings::{SCHEME, URI};
use crate::nova::migration::uri;

pub(in crate::rules) static RULE: Rule = Rule {
    id: "invalid-migration-scheme",
    severity: Severity::Error,
    effect: Effect::StopsWork,
    summary: "libvirt has no such transport: every migration fails",
    doc: include_str!("../../../docs/rules/invalid-migration-scheme.md"),
    check,
    yields_to: &[],
};

/// The transports by which libvirt reaches another host, in any case.
const REMOTE: [&str; 5] = ["tls", "tcp", "ssh", "libssh", "libssh2"];
/// What it has besides; `ext` needs a `command=` in the URI.
const OTHERS: [&str; 2] = ["ext", "unix"];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.sets(URI) {
        // Of one that cannot be formatted `unusable-migration-uri` speaks.
        if let Some(uri) = written_uri(context).filter(|uri| uri::fault(uri).is_none())
            && let Some(transport) = transport(&uri)
            && !is_one_of(&REMOTE, transport)
            && !is_one_of(&OTHERS, transport)
        {
            findings.push(report(context, URI, transport));
        }
    } else if let Some(scheme) = &context.after().scheme
        && context.after().runs_qemu()
        && !scheme.contains(['{', '<', '$'])
        && !is_one_of(&REMOTE, scheme)
    {
        findings.push(report(context, SCHEME, scheme));
    }
}

fn report(context: &Context<'_>, name: &str, transport: &str) -> Finding {
    let shown: String = context.hidden(transport).chars().take(60).collect();
    let shown = shown.escape_debug();
    let message = if is_one_of(&OTHERS, transport) {
        format!("every live migration fails: the transport `{shown}` does not reach another host")
    } else {
        format!("every live migration fails: libvirt has no transport `{shown}`")
    };
    let help = match transport.rsplit_once('+').or(transport.split_once("://")) {
        Some((_, rest)) if is_one_of(&REMOTE, rest) => format!("write `{}` alone", rest.to_lowercase()),
        _ => "write `tcp`, `tls` or `ssh`".to_owned(),
    };
    let why = if name == SCHEME {
        "nova appends it to `qemu+` and passes the URI to libvirt, which must know the transport"
    } else {
        "nova passes the URI to libvirt, which must know the transport after `qemu+`"
    };
    context.about(&RULE, name, message).with_reason(why).with_help(help)
}

fn is_one_of(known: &[&str], transport: &str) -> bool {
    known.iter().any(|known| known.eq_ignore_ascii_case(transport))
}

/// The transport of a URI of QEMU; none where it names none.
fn transport(uri: &str) -> Option<&str> {
    let (scheme, _) = uri.split_once("://")?;
    let (driver, transport) = scheme.split_once('+')?;
    driver.eq_ignore_ascii_case("qemu").then_some(transport)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transport_of_a_uri_stands_behind_the_driver() {
        assert_eq!(transport("qemu+ssh://nova@%s/system?no_tty=1"), Some("ssh"));
        assert_eq!(transport("qemu+qemu+tls://%s/system"), Some("qemu+tls"));
        assert_eq!(transport("qemu://%s/system"), None);
        assert_eq!(transport("xenmigr://%s/system"), None);
    }
}
