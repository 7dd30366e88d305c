//! What of the host decides before or beside the trials: versions and certificates.

use novamend::catalog::Release;

use super::{Found, Result, every, place};
use crate::plan::Plan;
use crate::preflight::Host;
use crate::preflight::confinement::Confinement;
use crate::preflight::programs::from_number;
use crate::preflight::versions::too_old;
use crate::sandbox::pki::Whose;
use crate::session::Session;

/// Libvirt or QEMU that the release does not start with.
pub(super) fn does_not_start(plan: &Plan, host: &Host, session: &Session) -> Option<Found> {
    let release = Release::from_number(plan.release)?;
    let (libvirt, qemu) = match (&session.conditions.far, session.versions) {
        (None, _) => (host.libvirt, host.qemu),
        (Some(_), Some((libvirt, qemu))) => (Some(from_number(libvirt)), Some(from_number(qemu))),
        (Some(_), None) => return None,
    };
    let (name, (why, remedy)) = [
        ("libvirt", libvirt, release.minimum_libvirt()),
        ("QEMU", qemu, release.minimum_qemu()),
    ]
    .into_iter()
    .find_map(|(name, found, least)| Some((name, too_old(name, found, least, release)?)))?;
    Some(Found {
        result: Result::DoesNotWork,
        headline: format!("there will be no live migration {}: {name} {why}", place(session)),
        remedy: Some(remedy),
    })
}

/// Native TLS with certificates that cannot serve, where the trials were run with ones made for them.
pub(super) fn lacks_certificates(host: &Host, session: &Session) -> Option<Found> {
    session.conditions.tls.as_ref().filter(|tls| tls.is_made())?;
    let found = host.certificates.as_ref()?;
    let complaint = found.complaint()?;
    Some(Found {
        result: Result::DoesNotWork,
        headline: format!(
            "{}: `live_migration_with_native_tls` is set, but {complaint}",
            every(session)
        ),
        remedy: Some(found.remedy(&host.qemu_user)),
    })
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
    if !plan.tls {
        return Some("set live_migration_with_native_tls = true, or migrate_tls_force = 0 in qemu.conf".to_owned());
    }
    if session.conditions.far.is_some() {
        let what = "look at the certificates of both hosts: authority, names, dates, and whether QEMU may read them";
        return Some(what.to_owned());
    }
    if let Some(found) = host.certificates.as_ref().filter(|found| !found.faults.is_empty()) {
        return Some(found.remedy(&host.qemu_user));
    }
    let tls = session.conditions.tls.as_ref()?;
    Some(match &tls.certificates {
        Whose::Host { directory, name } => format!(
            "correct the certificates in {}; the source asks for the name {name}",
            directory.display()
        ),
        Whose::Made { .. } => "upgrade QEMU, or set live_migration_with_native_tls = false".to_owned(),
    })
}

/// What may have refused it on this host, where it was tried on this host.
pub(super) fn suspicion(session: &Session, said: &str) -> Option<String> {
    let is_here = session.conditions.far.is_none();
    is_here.then(|| Confinement::find().suspicion(said)).flatten()
}
