//! What of the host decides before or beside the trials: versions and certificates.

use novamend::catalog::release::Version;

use super::roles::{by_these_flags, every, place};
use super::{guest, nova};
use crate::causes::{self, Cause};
use crate::host::Host;
use crate::host::confinement::Confinement;
use crate::host::lines::{Status, post_copy};
use crate::host::programs::from_number;
use crate::host::userfault;
use crate::host::versions::too_old;
use crate::trial::conditions::CertificateSource;
use crate::trial::conditions::Mode;
use crate::trial::plan::Plan;
use crate::trial::session::Session;

/// What the daemons told of libvirt and QEMU between two hosts, or the programs of this one.
fn versions(host: &Host, session: &Session) -> (Option<Version>, Option<Version>) {
    match (&session.conditions.far, session.versions) {
        (None, _) => (host.libvirt, host.qemu),
        (Some(_), Some((libvirt, qemu))) => (Some(from_number(libvirt)), Some(from_number(qemu))),
        (Some(_), None) => (None, None),
    }
}

/// QEMU's version, if it is known.
pub(super) fn qemu(host: &Host, session: &Session) -> Option<Version> {
    versions(host, session).1
}

/// Libvirt and QEMU that the release does not start with.
pub(super) fn does_not_start(plan: &Plan, host: &Host, session: &Session) -> Vec<Cause> {
    let release = plan.settings.release;
    let (libvirt, qemu) = versions(host, session);
    [
        ("libvirt", libvirt, release.minimum_libvirt()),
        ("QEMU", qemu, release.minimum_qemu()),
    ]
    .into_iter()
    .filter_map(|(name, found, least)| {
        let (why, remedy) = too_old(name, found, least, release)?;
        let what = format!("live migration will not be possible {}: {name} {why}", place(session));
        Some(Cause::new(what, &remedy))
    })
    .collect()
}

/// Native TLS with certificates that cannot serve, where the trials were run with ones made for them.
pub(super) fn lacks_certificates(host: &Host, session: &Session) -> Option<Cause> {
    session.conditions.tls.as_ref().filter(|tls| tls.is_made())?;
    let found = host.certificates.as_ref()?;
    let complaint = found.complaint()?;
    Some(Cause {
        what: format!(
            "{}: `live_migration_with_native_tls` is set, but {complaint}{}",
            every(session),
            by_these_flags(session)
        ),
        remedy: Some(found.remedy(&host.qemu_user)),
    })
}

/// A host whose QEMU may not use userfaultfd, where no trial came so far as to show it.
pub(super) fn keeps_from_post_copy(plan: &Plan, host: &Host, session: &Session) -> Option<Cause> {
    let is_asked =
        plan.settings.post_copy && session.conditions.far.is_none() && session.conditions.mode == Mode::System;
    let went = session
        .trials
        .iter()
        .any(|trial| trial.request.post_copy && trial.trace.pass(1).is_some());
    if !is_asked || went {
        return None;
    }
    let line = post_copy(host);
    (line.status == Status::Fails).then(|| Cause {
        what: format!(
            "{}: post-copy is permitted but {}{}",
            every(session),
            line.why,
            by_these_flags(session)
        ),
        remedy: line.remedy,
    })
}

/// What could not be found out or built as it is here, and so keeps the verdict from "works".
pub(super) fn doubts(plan: &Plan, host: &Host, session: &Session) -> Vec<String> {
    let conditions = &session.conditions;
    let mut doubts = Vec::new();
    if conditions.far.is_none() {
        doubts.extend(causes::doubts(plan, host));
        let may_be_kept = plan.settings.post_copy && userfault::is_open_to_all() != Some(true);
        if conditions.mode == Mode::Session && may_be_kept && userfault::device_admits(&host.qemu_user) != Some(true) {
            doubts.push(format!(
                "whether QEMU, as {}, may use userfaultfd: here it ran as the user who started novamend-verify",
                host.qemu_user.user
            ));
        }
    }
    if let Some(CertificateSource::Made { because }) = conditions.tls.as_ref().map(|tls| &tls.certificates) {
        doubts.push(format!("whether the host's own certificates work: {because}"));
    }
    doubts.extend(guest::doubts(plan, session));
    doubts.extend(conditions.not_alike.clone());
    doubts.extend(nova::doubts(session));
    doubts
}

/// What would help where TLS is refused.
pub(super) fn tls_remedy(plan: &Plan, host: &Host, session: &Session, said: &str) -> Option<String> {
    let said = said.to_lowercase();
    let is_about_it = ["tls", "x509", "certificate", "credentials"]
        .iter()
        .any(|word| said.contains(word));
    if !is_about_it {
        return None;
    }
    if !plan.settings.tls {
        return Some("set live_migration_with_native_tls = true, or migrate_tls_force = 0 in qemu.conf".to_owned());
    }
    if session.conditions.far.is_some() {
        let what = "check the certificates on both hosts: CA, names, dates, and whether QEMU may read them";
        return Some(what.to_owned());
    }
    if let Some(found) = host.certificates.as_ref().filter(|found| !found.faults.is_empty()) {
        return Some(found.remedy(&host.qemu_user));
    }
    let tls = session.conditions.tls.as_ref()?;
    Some(match &tls.certificates {
        CertificateSource::Host { directory, name } => format!(
            "fix the certificates in {}; the source expects the name {name}",
            directory.display()
        ),
        CertificateSource::Made { .. } => "upgrade QEMU, or set live_migration_with_native_tls = false".to_owned(),
    })
}

/// What may have refused it on this host, where it was tried on this host.
pub(super) fn suspicion(session: &Session, said: &str) -> Option<String> {
    let is_here = session.conditions.far.is_none();
    is_here.then(|| Confinement::find().suspicion(said)).flatten()
}
