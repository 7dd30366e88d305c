//! What cuts show: whether a migration that broke in post-copy can be brought back here, and what else did not come out.
//!
//! It observes nothing.

use super::{Conclusion, Verdict};
use crate::causes::Cause;
use crate::host::programs::from_number;
use crate::host::versions::dotted;
use crate::hypervisor::Answer;
use crate::trial::checks::Check;
use crate::trial::cut::{Cut, CutEvidence, FAST, Fate, SLOW};
use crate::trial::session::Session;

/// The first libvirt that resumes post-copy.
const RESUMES: (u16, u16, u16) = (8, 5, 0);

/// Draws the verdict of a session of cuts, `scheme` being how nova.conf has libvirt's daemons reach each other.
#[must_use]
pub fn draw(session: &Session, scheme: Option<&str>) -> Verdict {
    let mut causes: Vec<Cause> = too_old(session).into_iter().collect();
    let (open, failed): (Vec<_>, Vec<_>) = session
        .cuts
        .iter()
        .filter(|evidence| !evidence.holds())
        .partition(|evidence| is_open(evidence));
    causes.extend(failed.into_iter().map(cause));
    let open = open.into_iter().map(cause).next();
    let resumed = session.cuts.iter().find(|evidence| evidence.cut == Cut::ResetAndResume);
    let works = match (resumed, resumed.and_then(CutEvidence::recovery_seconds)) {
        (Some(_), Some(seconds)) => format!(
            "recovery works here: a guest whose post-copy migration broke was whole again {seconds:.1} s after \
             POSTCOPY_RESUME was called"
        ),
        (Some(_), None) => {
            "recovery works here: a guest whose post-copy migration broke was whole again after POSTCOPY_RESUME was called"
                .to_owned()
        }
        (None, _) => "what was cut came out as libvirt and QEMU promise; recovery was not tried".to_owned(),
    };
    let (result, headline, remedy) = match (causes.first(), open) {
        (Some(first), _) => (Conclusion::DoesNotWork, first.what.clone(), first.remedy.clone()),
        (None, Some(open)) => (Conclusion::NotProven, format!("not proven: {}", open.what), open.remedy),
        (None, None) => (Conclusion::Works, works, None),
    };
    Verdict {
        result,
        headline,
        remedy,
        shown: session.cuts.iter().map(sentence).collect(),
        cost: None,
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

/// Whether what does not hold tells nothing of the host: it could not be cut, or was not told or seen in time.
fn is_open(evidence: &CutEvidence) -> bool {
    let story = &evidence.story;
    let was_refused = story.switched.is_none() && matches!(story.call, Some(Answer::Refused(_)));
    let was_cut = story.cut.is_some() && story.not_done.is_none();
    let mut failed = evidence.checks.iter().filter(|check| !check.holds);
    !was_refused && (!was_cut || failed.all(Check::is_open))
}

fn cause(evidence: &CutEvidence) -> Cause {
    if let (None, Some(Answer::Refused(refusal))) = (evidence.story.switched, &evidence.story.call) {
        return Cause {
            what: format!(
                "a migration to post-copy fails here before it can be cut: {}",
                refusal.message
            ),
            remedy: Some("run verify without --cut to see why and what to do".to_owned()),
        };
    }
    if let Some(crash) = &evidence.story.crash {
        return Cause {
            what: format!(
                "libvirt's daemon on the destination ended when it was asked to resume a migration that broke in post-copy ({crash}): \
                 it cannot be resumed here"
            ),
            remedy: Some(
                "update libvirt and run this again; until then set live_migration_permit_post_copy = false".to_owned(),
            ),
        };
    }
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
        (true, Fate::Waits) => "the guest is stopped, split over both hosts, until somebody resumes the migration",
        (true, Fate::Lost) => "the guest is lost: what the destination's QEMU held is nowhere else",
    };
    format!("{}: {became}", evidence.cut.words())
}

fn not_proven(session: &Session, scheme: Option<&str>) -> Vec<String> {
    let conditions = &session.conditions;
    let mut list = vec![
        format!(
            "the speed of post-copy: {SLOW} to {FAST} MiB/s were sent unasked, so that there was something left to cut off; nova \
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
            "a break that comes from the network: libvirt had QEMU close the test guest's connections, as by `virsh \
             domjobabort --postcopy`"
                .to_owned(),
        );
        list.push(
            "a link that is down, and killed QEMUs and daemons: on hosts that are in use only the test guest's own stream is broken off"
                .to_owned(),
        );
    }
    if let Some(why) = &conditions.why_emulated {
        list.push(format!("KVM was not tested, only software emulation ({why})"));
    }
    list
}
