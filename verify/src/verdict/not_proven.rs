//! What the trials leave open, whatever they showed.
//!
//! It judges nothing.

use novamend::catalog::Release;
use novamend::nova::migration::timeout::pause_seconds;

use super::guest;
use crate::nova_itself::NovaChoice;
use crate::trial::conditions::CertificateSource;
use crate::trial::conditions::Far;
use crate::trial::conditions::Mode;
use crate::trial::kind;
use crate::trial::plan::Plan;
use crate::trial::session::Session;

/// What trials between two hosts leave open.
fn between(far: &Far) -> Vec<String> {
    let mut list = vec![
        "only migrations from this source to this destination were tested; CPU models and storage of real guests were \
         not"
        .to_owned(),
        "the downtime was not measured: heartbeats come through libvirt's console, which opens too late for that; any \
         figure shown is libvirt's own, which is too small for post-copy"
            .to_owned(),
        "whether the guest ran on both hosts at once, or a heartbeat was lost or repeated, was not checked; where it \
         runs is what libvirt reports"
            .to_owned(),
    ];
    if far.peer_is_not_novas {
        list.push(
            "the URI that nova builds for the destination was not tested: `--dest` names no host, so the source's \
             libvirt was given `--dest` itself"
                .to_owned(),
        );
    }
    list.extend(
        far.by_nova_conf
            .not_known
            .iter()
            .map(|what| format!("not known: {what}")),
    );
    if !far.by_nova_conf.differs.is_empty() {
        let options = far.by_nova_conf.differs.join("`, `");
        list.push(format!(
            "migrations back, which follow the destination's nova.conf: it differs from the source's in `{options}`"
        ));
    }
    if let Some(fault) = &far.by_nova_conf.uri_fault {
        list.push(format!(
            "do not try migrations back: the destination's nova.conf gives a URI for them that is refused here: {fault}"
        ));
    }
    list
}

/// Whose code decided, and what that leaves open.
fn whose_code(session: &Session) -> String {
    const NOT_RUN: &str = "nova's own code was not run: its monitor is reimplemented here, with a faster clock";
    let is_novas = !session.trials.is_empty() && session.trials.iter().all(|trial| trial.nova.is_some());
    match &session.conditions.nova {
        NovaChoice::Run(_) if is_novas => {
            "of nova, its start of a migration and its monitor were run, with a faster clock and without a database; \
             novamend passed its calls of libvirt on, in the place of libvirt's Python binding"
                .to_owned()
        }
        NovaChoice::Not(why) if !why.is_empty() => format!("{NOT_RUN} ({why})"),
        NovaChoice::Run(_) | NovaChoice::Not(_) => NOT_RUN.to_owned(),
    }
}

pub(super) fn list(plan: &Plan, session: &Session) -> Vec<String> {
    let conditions = &session.conditions;
    let mut list = guest::not_proven(session);
    list.push(whose_code(session));
    match &conditions.far {
        None => list.extend([
            "only this host was tested: network, ports, host names, CPU models and shared storage were not".to_owned(),
            "the confinement of guests by AppArmor or SELinux, which was off".to_owned(),
            "migrations to this host from a source whose nova.conf has another URI, scheme, flags or timeouts: the \
             source's apply"
                .to_owned(),
        ]),
        Some(far) => list.extend(between(far)),
    }
    if let Some(why) = &conditions.why_emulated {
        list.push(format!("KVM was not tested, only software emulation ({why})"));
    }
    if conditions.early {
        list.push(
            "this QEMU's emulation may lose writes after the first pass, so the action was taken during it; that a \
             whole pass does not converge was not shown"
                .to_owned(),
        );
    }
    if conditions.mode == Mode::Session {
        list.push(
            "QEMU ran as the user who started novamend-verify, not as the one named in the host's qemu.conf".to_owned(),
        );
    }
    if plan.settings.release < Release::STEIN && plan.settings.progress_timeout > 0 {
        list.push(
            "`live_migration_progress_timeout` was not tested: with a faster clock, slow and stalled look the same"
                .to_owned(),
        );
    }
    match conditions.tls.as_ref().map(|tls| &tls.certificates) {
        Some(CertificateSource::Host { name, .. }) => list.push(format!(
            "other hosts' certificates were not tested: source and destination used this host's, and the source \
             expected {name}"
        )),
        Some(CertificateSource::Made { because }) => list.push(format!(
            "the host's own certificates were not tested ({because}); native TLS was, with certificates made for the \
             trials"
        )),
        None => {}
    }
    if let Some(seconds) = pause_seconds(1024.0, u64::try_from(plan.settings.bandwidth).unwrap_or(0)) {
        list.push(format!(
            "a paused guest stays paused for the rest of the copy: about {seconds:.0} s for each GiB left at {} MiB/s",
            plan.settings.bandwidth
        ));
    } else if kind::of(plan.settings.ending()).pauses {
        list.push(
            "a paused guest stays paused for the rest of the copy: the memory left divided by your network's speed"
                .to_owned(),
        );
    }
    list
}
