//! What the evidence means for the nova.conf that was given, in words and as an exit code.
//!
//! It observes nothing and formats nothing; the reports do that.

mod host;

use novamend::migration::timeout::pause_seconds;
use serde::Serialize;

use crate::far::Far;
use crate::judgement::Action;
use crate::plan::Plan;
use crate::preflight::Host;
use crate::preflight::lines::SYSCTL_REMEDY;
use crate::preflight::userfault::{self, Try};
use crate::sandbox::Mode;
use crate::sandbox::pki::{Tls, Whose};
use crate::session::Session;
use crate::worker::Evidence;

/// What it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Result {
    /// What nova.conf asks for works here.
    Works,
    /// It does not.
    DoesNotWork,
}

/// The verdict.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// What it comes to.
    pub result: Result,
    /// One sentence.
    pub headline: String,
    /// What to do, where something is to be done.
    pub remedy: Option<String>,
    /// What else was shown, one sentence each.
    pub shown: Vec<String>,
    /// What was not proven, one sentence each.
    pub not_proven: Vec<String>,
}

impl Verdict {
    /// 0 works as configured, 1 does not.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        u8::from(self.result == Result::DoesNotWork)
    }
}

/// Draws the verdict.
#[must_use]
pub fn draw(plan: &Plan, host: &Host, session: &Session) -> Verdict {
    let shown = session.trials.iter().map(|trial| sentence(trial, session)).collect();
    let not_proven = not_proven(plan, session);
    let found = host::does_not_start(plan, host, session)
        .or_else(|| host::lacks_certificates(host, session))
        .or_else(|| cannot_start(plan, host, session))
        .or_else(|| does_not_act(plan, session))
        .or_else(|| never_acts(plan))
        .unwrap_or_else(|| does_act(plan, session));
    Verdict {
        result: found.result,
        headline: found.headline,
        remedy: found.remedy,
        shown,
        not_proven,
    }
}

/// The part of a verdict that the findings differ in.
struct Found {
    result: Result,
    headline: String,
    remedy: Option<String>,
}

/// The trial that decides: the configured action's, or where that was not asked for, the first.
fn decisive<'a>(plan: &Plan, session: &'a Session) -> Option<&'a Evidence> {
    let configured = plan.configured();
    let mut trials = session.trials.iter();
    trials
        .find(|trial| trial.judgement.action == configured)
        .or_else(|| session.trials.iter().find(|trial| !trial.judgement.holds()))
        .or_else(|| session.trials.first())
}

fn does_not_act(plan: &Plan, session: &Session) -> Option<Found> {
    let trial = decisive(plan, session).filter(|trial| !trial.judgement.holds())?;
    Some(Found {
        result: Result::DoesNotWork,
        headline: format!(
            "{} does not work {}: {}",
            name(trial),
            place(session),
            first_failure(trial)
        ),
        remedy: ran_out_of_time(trial).then(|| "run it again with a longer --patience".to_owned()),
    })
}

/// The migration neither failed nor ended, it was given up.
fn ran_out_of_time(trial: &Evidence) -> bool {
    trial.trace.returned.is_none() && trial.trace.broken.is_none()
}

/// With a completion timeout of 0 no action is ever taken; where one is configured, that is not what was meant.
fn never_acts(plan: &Plan) -> Option<Found> {
    if plan.can_act() {
        return None;
    }
    let meant = match (plan.force_complete, plan.post_copy) {
        (true, _) => Some("`live_migration_timeout_action = force_complete` never runs"),
        (false, true) => Some("post-copy is permitted but never starts"),
        (false, false) => None,
    };
    let goes_on = "a guest that does not converge is copied until somebody steps in";
    let zero = "`live_migration_completion_timeout` is 0";
    Some(match meant {
        Some(meant) => Found {
            result: Result::DoesNotWork,
            headline: format!("{meant}: {zero}, and {goes_on}"),
            remedy: Some("set live_migration_completion_timeout, for instance to nova's default of 800".to_owned()),
        },
        None => Found {
            result: Result::Works,
            headline: format!("as configured, no action is ever taken: {zero}, and {goes_on}"),
            remedy: None,
        },
    })
}

fn does_act(plan: &Plan, session: &Session) -> Found {
    Found {
        result: Result::Works,
        headline: decisive(plan, session).map_or_else(|| "nothing was tried".to_owned(), |trial| works(trial, session)),
        remedy: None,
    }
}

/// Where it was tried.
fn place(session: &Session) -> &'static str {
    if session.conditions.far.is_some() {
        "between these hosts"
    } else {
        "on this host"
    }
}

/// What a migration that cannot start stands for.
fn every(session: &Session) -> &'static str {
    if session.conditions.far.is_some() {
        "every live migration from this source to this destination will fail"
    } else {
        "every live migration to this host will fail"
    }
}

/// How long the guest stood still: by its heartbeats, or where those were not timed, by libvirt's own figure.
fn stood(trial: &Evidence) -> Option<String> {
    let judgement = &trial.judgement;
    let by_libvirt = || {
        let time = judgement.libvirt_downtime_ms?;
        Some(format!("{time} ms of standstill by libvirt's own figure"))
    };
    judgement
        .blackout_ms
        .map(|time| format!("{time:.0} ms of standstill"))
        .or_else(by_libvirt)
}

fn name(evidence: &Evidence) -> &'static str {
    evidence.judgement.action.words()
}

fn works(trial: &Evidence, session: &Session) -> String {
    let stood = stood(trial).map_or_else(String::new, |stood| format!(": {stood}"));
    let here = place(session);
    match trial.judgement.action {
        Action::Abort => format!("abort works {here}: the guest goes on at the source, nothing is left behind"),
        Action::PostCopy => format!("force_complete by post-copy works {here}{stood}"),
        Action::Pause => {
            let left = trial
                .judgement
                .remaining
                .map_or(session.conditions.hot_mib, |bytes| bytes as f64 / 1_048_576.0);
            format!("force_complete by a pause works {here}{stood} for {left:.0} MiB")
        }
    }
}

fn sentence(trial: &Evidence, session: &Session) -> String {
    let is_made = session.conditions.tls.as_ref().is_some_and(Tls::is_made);
    if trial.judgement.holds() {
        let with = if is_made {
            ", with certificates made for the trial"
        } else {
            ""
        };
        works(trial, session) + with
    } else {
        format!("{} failed: {}", name(trial), first_failure(trial))
    }
}

fn first_failure(trial: &Evidence) -> String {
    let failed = trial.judgement.checks.iter().find(|check| !check.holds);
    failed.map_or_else(String::new, |check| {
        let seen = trial.cause.as_ref().unwrap_or(&check.seen);
        format!("not so: {} ({seen})", check.what)
    })
}

/// The migration ended by itself with an error before any pass began.
fn fails_at_start(evidence: &Evidence) -> bool {
    matches!(evidence.trace.returned, Some(Err(_))) && evidence.trace.pass(1).is_none()
}

/// A trial with the configured flags that ended at its start: so would every live migration, busy or not.
fn cannot_start(plan: &Plan, host: &Host, session: &Session) -> Option<Found> {
    let mut failed = session.trials.iter().filter(|trial| fails_at_start(trial));
    let evidence = failed.find(|trial| trial.request.post_copy == plan.post_copy)?;
    let Some(Err(refusal)) = &evidence.trace.returned else {
        return None;
    };
    let said = evidence.cause.as_ref().unwrap_or(&refusal.message);
    if !is_about_post_copy(said) {
        return Some(Found {
            result: Result::DoesNotWork,
            headline: format!("{} at its start: {said}", every(session)),
            remedy: host::tls_remedy(plan, host, session, said).or_else(|| host::suspicion(session, said)),
        });
    }
    let (why, fix) = why_no_post_copy(host, session, said);
    let every = if session.conditions.far.is_none()
        && session.conditions.mode == Mode::Session
        && !host.is_refused_by_what_is_known()
    {
        "live migrations will fail where QEMU may do no more than this user"
    } else {
        every(session)
    };
    let pause = session
        .trials
        .iter()
        .find(|trial| trial.judgement.action == Action::Pause && trial.judgement.holds());
    let pauses = instead(pause, session);
    Some(Found {
        result: Result::DoesNotWork,
        headline: format!("{every}: post-copy is permitted but {why}"),
        remedy: Some(fix.map_or_else(|| pauses.clone(), |fix| format!("{fix}, or {pauses}"))),
    })
}

/// QEMU's own refusal (libvirt's of flags that do not go together is spelt `post-copy`).
fn is_about_post_copy(message: &str) -> bool {
    let message = message.to_lowercase();
    message.contains("postcopy is not supported") || message.contains("userfault")
}

/// Why the destination's QEMU cannot do post-copy, and what would help, as far as it is known.
fn why_no_post_copy(host: &Host, session: &Session, said: &str) -> (String, Option<String>) {
    if session.conditions.far.is_some() {
        return (
            format!("the destination's QEMU refuses it ({said})"),
            Some("at the destination set vm.unprivileged_userfaultfd = 1, or look for a seccomp profile".to_owned()),
        );
    }
    let user = &session.conditions.qemu_user;
    let is_root = session.conditions.mode == Mode::System && host.qemu_user.uid == Some(0);
    let why = format!("QEMU, as {user}, may not use userfaultfd ({said})");
    match (&host.userfault, userfault::is_open_to_all()) {
        (_, Some(false)) if !is_root => (
            why,
            Some(format!("set vm.unprivileged_userfaultfd = 1 ({SYSCTL_REMEDY})")),
        ),
        (Try::Allowed, _) => (
            format!("QEMU, as {user}, refuses it although that user may use userfaultfd ({said})"),
            Some("look for a seccomp profile of the service".to_owned()),
        ),
        _ => (
            why,
            Some("look for a seccomp profile of the container or the service".to_owned()),
        ),
    }
}

fn instead(pause: Option<&Evidence>, session: &Session) -> String {
    const INSTEAD: &str = "live_migration_permit_post_copy = false";
    match pause {
        Some(trial) => format!(
            "{INSTEAD} (then force_complete pauses; shown to work here: {} for {:.0} MiB)",
            trial.judgement.blackout_ms.map_or_else(
                || stood(trial).unwrap_or_else(|| "not timed".to_owned()),
                |time| format!("{time:.0} ms")
            ),
            trial
                .judgement
                .remaining
                .map_or(session.conditions.hot_mib, |bytes| bytes as f64 / 1_048_576.0),
        ),
        None => INSTEAD.to_owned(),
    }
}

/// What trials between two hosts leave open.
fn not_proven_between(far: &Far) -> Vec<String> {
    let mut list = vec![
        "only this source and this destination in this direction were tried; CPU models of real guests and their storage \
         were not"
            .to_owned(),
        "the standstill was not measured: the guest is heard through libvirt's console, which opens too late for that; a \
         figure of it is libvirt's own, and for post-copy too small"
            .to_owned(),
        "whether the guest ran at both ends at once, or a heartbeat was lost or repeated, was not seen; where it runs is \
         what libvirt says"
            .to_owned(),
    ];
    if far.peer_is_not_novas {
        list.push(
            "the URI that nova makes of the destination was not tried: `--dest` names no host, so the source's libvirt \
             was told that of `--dest`"
                .to_owned(),
        );
    }
    list
}

fn not_proven(plan: &Plan, session: &Session) -> Vec<String> {
    let conditions = &session.conditions;
    let mut list = vec![
        "the probe guest has no devices and little memory".to_owned(),
        "nova's own code was not run; its monitor was rebuilt and its clock shortened".to_owned(),
    ];
    match &conditions.far {
        None => list.extend([
            "one host is not two: network, ports, names, CPU models and shared storage were not tried".to_owned(),
            "the confinement of guests by AppArmor or SELinux was off".to_owned(),
        ]),
        Some(far) => list.extend(not_proven_between(far)),
    }
    if let Some(why) = &conditions.why_emulated {
        list.push(format!("software emulation is not KVM ({why})"));
    }
    if conditions.early {
        list.push(
            "this QEMU's emulation may lose writes after the first pass, so the action was taken within it; that a whole \
             pass does not converge was not shown"
                .to_owned(),
        );
    }
    if conditions.mode == Mode::Session {
        list.push("QEMU ran as the user who started this, not as the one that the host's qemu.conf names".to_owned());
    }
    if plan.release < 19 && plan.progress_timeout > 0 {
        list.push(
            "`live_migration_progress_timeout` was left out: a shortened clock cannot tell slow from stalled"
                .to_owned(),
        );
    }
    match conditions.tls.as_ref().map(|tls| &tls.certificates) {
        Some(Whose::Host { name, .. }) => list.push(format!(
            "other hosts' certificates were not seen: both ends used this host's, and the source asked for {name}"
        )),
        Some(Whose::Made { because }) => list.push(format!(
            "the host's own certificates were not tried ({because}); native TLS was, with some made for it"
        )),
        None => {}
    }
    if let Some(seconds) = pause_seconds(1024.0, u64::try_from(plan.bandwidth).unwrap_or(0)) {
        list.push(format!(
            "a pause lasts as long as the rest of the copy: about {seconds:.0} s for each GiB left at {} MiB/s",
            plan.bandwidth
        ));
    } else if plan.configured() == Action::Pause {
        list.push(
            "a pause lasts as long as the rest of the copy: what is left divided by your network's speed".to_owned(),
        );
    }
    list
}
