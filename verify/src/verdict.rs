//! What the evidence means for the nova.conf that was given, in words and as an exit code.
//!
//! It observes nothing and formats nothing; the reports do that.

mod cost;
pub mod cut;
mod guest;
mod host;
mod known;
mod not_proven;
mod nova;
mod roles;

use novamend::catalog::Release;
use novamend::nova::migration::{Ending, TimeoutAction};
use serde::Serialize;

pub use self::cost::{Guest, Left, Limit, Price};
use self::roles::{by_these_flags, every, place, source};
use crate::accident::is_refusal;
use crate::causes::{self, Cause};
use crate::guest::memory::Memory;
use crate::host::Host;
use crate::host::lines::SYSCTL_REMEDY;
use crate::host::userfault::{self, UserfaultAccess};
use crate::trial::checks::GUEST_LIVES;
use crate::trial::conditions::Mode;
use crate::trial::conditions::Tls;
use crate::trial::kind;
use crate::trial::messages::{Evidence, Phase};
use crate::trial::plan::Plan;
use crate::trial::session::Session;

/// Whether nova.conf works on this host, the verdict in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// What nova.conf asks for works here.
    Works,
    /// It does not work here.
    DoesNotWork,
    /// What was tried works, and something that decides could not be tried as it is here.
    NotProven,
}

/// The verdict.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Verdict {
    /// What it comes to.
    pub result: Conclusion,
    /// One sentence.
    pub headline: String,
    /// What to do, where something is to be done.
    pub remedy: Option<String>,
    /// Everything that keeps it from working, the first being the headline's.
    pub causes: Vec<Cause>,
    /// What else was shown, one sentence each.
    pub shown: Vec<String>,
    /// What was not proven, one sentence each.
    pub not_proven: Vec<String>,
    /// What a forced end costs a guest; null where nothing was forced.
    pub cost: Option<Price>,
}

impl Verdict {
    /// 0 works as configured, 1 does not, or it is not proven.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        u8::from(self.result != Conclusion::Works)
    }
}

/// Draws the verdict.
#[must_use]
pub fn draw(plan: &Plan, host: &Host, session: &Session) -> Verdict {
    let cost = cost::reckon(plan, session);
    let shown = session
        .trials
        .iter()
        .map(|trial| sentence(plan, trial, session, cost.as_ref()))
        .collect();
    let mut not_proven = not_proven::list(plan, session);
    let causes = causes(plan, host, session);
    let doubts = host::doubts(plan, host, session);
    let guess =
        cannot_start(plan, host, session).filter(|cause| is_about_post_copy(&cause.what) && is_a_guess(host, session));
    let unknown = decisive(plan, session).and_then(known::shows_nothing);
    not_proven.splice(0..0, unknown.as_ref().map(|cause| cause.what.clone()));
    let (result, headline, remedy) = match (causes.first(), guess.or(unknown)) {
        (Some(first), _) => (Conclusion::DoesNotWork, first.what.clone(), first.remedy.clone()),
        (None, Some(open)) => (Conclusion::NotProven, format!("not proven: {}", open.what), open.remedy),
        (None, None) => {
            let works = works_as_configured(plan, session, cost.as_ref());
            if doubts.is_empty() {
                (Conclusion::Works, works, None)
            } else {
                let open = doubts.join("; ");
                let headline = format!("not proven: {open}. As far as it could be tested: {works}");
                (Conclusion::NotProven, headline, None)
            }
        }
    };
    not_proven.extend(cost.as_ref().and_then(|cost| cost.not_known.clone()));
    not_proven.splice(0..0, doubts);
    Verdict {
        result,
        headline,
        remedy,
        causes,
        shown,
        not_proven,
        cost,
    }
}

/// Everything that keeps migrations from working as configured: what is known of nova, nova.conf and the host, then what the
/// trials showed.
fn causes(plan: &Plan, host: &Host, session: &Session) -> Vec<Cause> {
    let mut causes: Vec<Cause> = host::does_not_start(plan, host, session).into_iter().collect();
    causes.extend(causes::of_the_start(plan, host::qemu(host, session)));
    causes.extend(causes::of_nova_conf(plan, source(session)));
    if session.conditions.far.is_none() {
        causes.extend(causes::of_the_host(plan, host));
    }
    causes.extend(guest::does_not_start(plan, host, session));
    causes.extend(host::lacks_certificates(host, session));
    match cannot_start(plan, host, session) {
        Some(cause) if is_about_post_copy(&cause.what) => {
            causes.extend(Some(cause).filter(|_| !is_a_guess(host, session)));
        }
        other => {
            causes.extend(host::keeps_from_post_copy(plan, host, session));
            causes.extend(other);
        }
    }
    causes.extend(does_not_act(plan, session));
    causes.extend(never_acts(plan));
    causes
}

/// The trial that decides: one of the configured action before any other, one that failed before one that did not, as a disk
/// that is copied makes two of an action; of equal ones the first.
fn decisive<'a>(plan: &Plan, session: &'a Session) -> Option<&'a Evidence> {
    let configured = plan.settings.ending();
    let trials = session.trials.iter();
    trials.min_by_key(|trial| (trial.judgement.action != configured, trial.judgement.holds()))
}

fn does_not_act(plan: &Plan, session: &Session) -> Option<Cause> {
    let fails = |trial: &&Evidence| !trial.judgement.holds() && !fails_at_start(trial);
    let trial = decisive(plan, session)
        .filter(fails)
        .filter(|trial| known::shows_nothing(trial).is_none())?;
    let (name, here) = (name(plan, trial), place(session));
    let failed = first_failure(trial);
    if let Some(lost) = trial.judgement.failed(GUEST_LIVES) {
        return Some(Cause::new(
            format!("{name} loses the guest {here}: {}", lost.seen),
            "set live_migration_permit_post_copy = false (force_complete then pauses the guest)",
        ));
    }
    Some(Cause::new(format!("{name} does not work {here}: {failed}"), ""))
}

/// With a completion timeout of 0 nobody ends a migration; where an action is configured, that is not what was meant.
fn never_acts(plan: &Plan) -> Option<Cause> {
    if plan.settings.ever_ends() {
        return None;
    }
    let meant = match (plan.settings.timeout_action, plan.settings.post_copy) {
        (TimeoutAction::ForceComplete, _) => "`live_migration_timeout_action = force_complete` never runs",
        (TimeoutAction::Abort, true) => "post-copy is permitted but never starts",
        (TimeoutAction::Abort, false) => return None,
    };
    Some(Cause::new(
        format!("{meant}: {}", nobody_ends_it(plan)),
        "set live_migration_completion_timeout, for instance to nova's default of 800",
    ))
}

/// What a completion timeout of 0 means.
fn nobody_ends_it(plan: &Plan) -> String {
    format!(
        "`live_migration_completion_timeout` is 0, so {} does not abort either: a guest that does not converge is \
         copied until somebody intervenes",
        plan.settings.release
    )
}

/// What is to be said where nothing keeps it from working.
fn works_as_configured(plan: &Plan, session: &Session, cost: Option<&Price>) -> String {
    if !plan.settings.ever_ends() {
        return format!("as configured, no action is ever taken: {}", nobody_ends_it(plan));
    }
    let decisive = decisive(plan, session);
    decisive.map_or_else(
        || "nothing was tested".to_owned(),
        |trial| works(plan, trial, session, cost),
    )
}

/// How long the guest was paused: by its heartbeats, or where those were not timed, by libvirt's own figure.
fn downtime(trial: &Evidence) -> Option<String> {
    let judgement = &trial.judgement;
    let by_libvirt = || {
        let time = judgement.libvirt_downtime_ms?;
        Some(format!("libvirt reports {time} ms of downtime"))
    };
    judgement
        .blackout_ms
        .map(|time| format!("the guest was paused for {time:.0} ms"))
        .or_else(by_libvirt)
}

/// The action, and what was copied meanwhile where that makes a difference.
fn name(plan: &Plan, evidence: &Evidence) -> String {
    evidence.name(plan.settings.release)
}

fn works(plan: &Plan, trial: &Evidence, session: &Session, cost: Option<&Price>) -> String {
    let (here, name) = (place(session), name(plan, trial));
    let kind = kind::of(trial.judgement.action);
    if !kind.moves {
        return format!(
            "{name} works {here}: the guest keeps running on the source and nothing is left on the destination"
        );
    }
    let refused = trial.judgement.refused_ms.map_or_else(String::new, |time| {
        format!("; nova's order was refused for {:.1} s before", time / 1000.0)
    });
    // what is measured at the network's speed is a switch while memory is copied
    let is_priced = kind.switches() && trial.phase.is_none_or(|phase| phase == Phase::Memory);
    if let Some(felt) = cost.filter(|_| is_priced).and_then(Price::headline) {
        return format!("{name} works {here}: {felt}{refused}");
    }
    let paused = downtime(trial).map_or_else(String::new, |downtime| format!(": {downtime}"));
    let rest = match trial.judgement.disk_remaining {
        Some(disk) if kind.pauses => format!(" ({:.0} MiB of the disk and all memory left)", mib(disk)),
        _ if kind.pauses => format!(" ({:.0} MiB left)", left(trial, session)),
        _ => String::new(),
    };
    let at_speed = cost
        .filter(|_| kind.pauses)
        .and_then(Price::of_a_pause)
        .map_or_else(String::new, |price| format!("; {price}"));
    format!("{name} works {here}{paused}{rest}{at_speed}{refused}")
}

fn sentence(plan: &Plan, trial: &Evidence, session: &Session, cost: Option<&Price>) -> String {
    let is_made = session.conditions.tls.as_ref().is_some_and(Tls::is_made);
    if trial.judgement.holds() {
        let with = if is_made {
            ", with certificates made for the trial"
        } else {
            ""
        };
        works(plan, trial, session, cost) + with
    } else {
        format!("{} failed: {}", name(plan, trial), first_failure(trial))
    }
}

fn first_failure(trial: &Evidence) -> String {
    let failed = trial.judgement.checks.iter().find(|check| !check.holds);
    failed.map_or_else(String::new, |check| {
        let seen = trial.cause.as_ref().unwrap_or(&check.seen);
        format!("{} ({seen})", check.failure())
    })
}

/// The migration ended by itself with an error before any pass began.
fn fails_at_start(evidence: &Evidence) -> bool {
    matches!(evidence.trace.returned, Some(Err(_))) && evidence.trace.pass(1).is_none()
}

/// Whether the host's own QEMU may be allowed what the QEMU of these trials, run by an ordinary user, was refused.
fn is_a_guess(host: &Host, session: &Session) -> bool {
    let by_a_user = session.conditions.far.is_none() && session.conditions.mode == Mode::Session;
    by_a_user && !host.is_refused_by_what_is_known()
}

/// A trial with the configured flags that ended at its start: so would every live migration, busy or not.
fn cannot_start(plan: &Plan, host: &Host, session: &Session) -> Option<Cause> {
    let mut failed = session.trials.iter().filter(|trial| fails_at_start(trial));
    let evidence = failed.find(|trial| trial.request.post_copy == plan.settings.post_copy)?;
    let Some(Err(refusal)) = &evidence.trace.returned else {
        return None;
    };
    let said = evidence.cause.as_ref().unwrap_or(&refusal.message);
    if !is_refusal(refusal.code, said) {
        return None;
    }
    let is_the_memory =
        matches!(session.conditions.memory, Memory::Files { .. }) && host.backing.takes_post_copy == Some(false);
    if !is_about_post_copy(said) || is_the_memory {
        return Some(Cause {
            what: format!("{} at its start: {said}", every(session)),
            remedy: host::tls_remedy(plan, host, session, said).or_else(|| host::suspicion(session, said)),
        });
    }
    let (why, fix) = why_no_post_copy(host, session, said);
    let every = if is_a_guess(host, session) {
        "live migrations will fail where QEMU has no more privileges than this user"
    } else {
        every(session)
    };
    let pauses = instead(plan, session);
    Some(Cause {
        what: format!("{every}: post-copy is permitted but {why}{}", by_these_flags(session)),
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
            Some("on the destination, set vm.unprivileged_userfaultfd = 1, or look for a seccomp profile".to_owned()),
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
        (UserfaultAccess::Allowed, _) => (
            format!("QEMU, as {user}, refuses it although that user may use userfaultfd ({said})"),
            Some("look for a seccomp profile of the service".to_owned()),
        ),
        _ => (
            why,
            Some("look for a seccomp profile of the container or the service".to_owned()),
        ),
    }
}

/// What the operator may do without post-copy, and whether that worked here.
fn instead(plan: &Plan, session: &Session) -> String {
    const INSTEAD: &str = "set live_migration_permit_post_copy = false";
    if plan.settings.release < Release::STEIN {
        return format!("{INSTEAD} (then nova aborts at the completion timeout)");
    }
    let is_pause = |trial: &&Evidence| trial.judgement.action == Ending::Pause && trial.judgement.holds();
    let Some(trial) = session.trials.iter().find(is_pause) else {
        return INSTEAD.to_owned();
    };
    format!(
        "{INSTEAD} (force_complete then pauses the guest; this worked here: {}, {:.0} MiB left)",
        downtime(trial).unwrap_or_else(|| "its downtime was not measured".to_owned()),
        left(trial, session),
    )
}

/// MiB that were left to copy when the guest was paused.
fn left(trial: &Evidence, session: &Session) -> f64 {
    let remaining = trial.judgement.remaining;
    remaining.map_or(session.conditions.hot_mib, mib)
}

fn mib(bytes: i64) -> f64 {
    bytes as f64 / 1_048_576.0
}
