//! What cuts show: whether a migration that broke in post-copy can be brought back here, and what else did not come out.
//!
//! It observes nothing.

use super::{Conclusion, Verdict};
use crate::causes::Cause;
use crate::host::programs::from_number;
use crate::host::versions::dotted;
use crate::trial::cut::{Cut, CutEvidence, Fate, SLOWED};
use crate::trial::session::Session;

/// The first libvirt that resumes post-copy.
const RESUMES: (u16, u16, u16) = (8, 5, 0);

/// Draws the verdict of a session of cuts, `scheme` being how nova.conf has libvirt's daemons reach each other.
#[must_use]
pub fn draw(session: &Session, scheme: Option<&str>) -> Verdict {
    let mut causes: Vec<Cause> = too_old(session).into_iter().collect();
    let failed = session.cuts.iter().filter(|evidence| !evidence.holds());
    causes.extend(failed.map(cause));
    let resumed = session.cuts.iter().find(|evidence| evidence.cut == Cut::ResetAndResume);
    let works = match resumed.and_then(CutEvidence::recovery_seconds) {
        Some(seconds) => format!(
            "recovery works here: a guest whose post-copy migration broke was whole again {seconds:.1} s after \
             POSTCOPY_RESUME was called"
        ),
        None => "what was cut came out as libvirt and QEMU promise; recovery was not tried".to_owned(),
    };
    let first = causes.first();
    Verdict {
        result: if first.is_some() {
            Conclusion::DoesNotWork
        } else {
            Conclusion::Works
        },
        headline: first.map_or(works, |cause| cause.what.clone()),
        remedy: first.and_then(|cause| cause.remedy.clone()),
        shown: session.cuts.iter().map(sentence).collect(),
        not_proven: not_proven(session, scheme),
        causes,
    }
}

fn too_old(session: &Session) -> Option<Cause> {
    let (libvirt, _) = session.versions?;
    let version = from_number(libvirt);
    (version < RESUMES).then(|| Cause {
        what: format!(
            "libvirt {} cannot bring back a migration that broke in post-copy: that needs 8.5 or newer on both hosts",
            dotted(version)
        ),
        remedy: Some("upgrade libvirt, or set live_migration_permit_post_copy = false".to_owned()),
    })
}

fn cause(evidence: &CutEvidence) -> Cause {
    let failed = evidence.checks.iter().find(|check| !check.holds);
    let seen = failed.map_or_else(String::new, |check| {
        if check.seen.is_empty() {
            format!("not so: {}", check.what)
        } else {
            format!("not so: {} ({})", check.what, check.seen)
        }
    });
    Cause {
        what: format!("{}: {seen}", evidence.cut.words()),
        remedy: None,
    }
}

fn sentence(evidence: &CutEvidence) -> String {
    let became = match (evidence.holds(), evidence.cut.fate()) {
        (false, _) => "did not come out as it must",
        (true, Fate::Whole) => "the guest is whole on the destination",
        (true, Fate::Waits) => "the guest stands still in two halves until somebody resumes the migration",
        (true, Fate::Lost) => "the guest is lost: what the destination's QEMU held is nowhere else",
    };
    format!("{}: {became}", evidence.cut.words())
}

fn not_proven(session: &Session, scheme: Option<&str>) -> Vec<String> {
    let conditions = &session.conditions;
    let mut list = vec![
        format!(
            "the speed of post-copy: {SLOWED} MiB/s were sent unasked, so that there was something left to cut off; nova \
             sets no limit"
        ),
        "nova's own code was not run: its monitor is reimplemented here, with a faster clock, and what nova's record \
         ends as is inferred from it"
            .to_owned(),
    ];
    if conditions.far.is_none() {
        list.push("the network between your hosts: the two daemons were joined by a link made for this".to_owned());
        if let Some(scheme) = scheme.filter(|scheme| *scheme != "tcp") {
            list.push(format!(
                "libvirt's own connection by `{scheme}`: the two daemons reached each other by tcp"
            ));
        }
    } else {
        list.push(
            "a link that is down, and killed QEMUs and daemons: on hosts that are in use only the test guest's own \
             connection is broken"
                .to_owned(),
        );
    }
    if let Some(why) = &conditions.why_emulated {
        list.push(format!("KVM was not tested, only software emulation ({why})"));
    }
    list
}
