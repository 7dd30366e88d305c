//! What the evidence means for the nova.conf that was given, in words and as an exit code.
//!
//! It observes nothing and formats nothing; the reports do that.

use novamend::migration::timeout::pause_seconds;
use serde::Serialize;

use crate::judgement::{Action, Judgement};
use crate::plan::Plan;
use crate::preflight::Host;
use crate::preflight::lines::SYSCTL_REMEDY;
use crate::preflight::userfault::{self, Try};
use crate::sandbox::Mode;
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
    let failed: Vec<&Evidence> = session.trials.iter().filter(|trial| !trial.judgement.holds()).collect();
    let not_proven = not_proven(plan, session);
    let shown: Vec<String> = session.trials.iter().map(|trial| sentence(trial, session)).collect();
    // The configured action decides; where it was not among those asked for, all that were tried do.
    let configured = plan.configured();
    let decisive = failed
        .iter()
        .find(|trial| trial.judgement.action == configured)
        .or_else(|| {
            failed
                .first()
                .filter(|_| !session.trials.iter().any(|trial| trial.judgement.action == configured))
        });
    if let Some(evidence) = failed
        .iter()
        .find(|trial| trial.request.post_copy && fails_at_start(trial))
        && plan.post_copy
    {
        return cannot_migrate(host, session, evidence, shown, not_proven);
    }
    if let Some(evidence) = decisive {
        let headline = format!(
            "{} does not work on this host: {}",
            name(evidence),
            first_failure(&evidence.judgement)
        );
        return Verdict {
            result: Result::DoesNotWork,
            headline,
            remedy: None,
            shown,
            not_proven,
        };
    }
    if !plan.can_act() {
        let result = if plan.force_complete {
            Result::DoesNotWork
        } else {
            Result::Works
        };
        let headline =
            "the timeout action never runs: `live_migration_completion_timeout` is 0, a guest that does not \
                        converge is copied for ever"
                .to_owned();
        let remedy = Some("set live_migration_completion_timeout, for instance to nova's default of 800".to_owned());
        return Verdict {
            result,
            headline,
            remedy,
            shown,
            not_proven,
        };
    }
    let proven = session
        .trials
        .iter()
        .find(|trial| trial.judgement.action == configured)
        .or(session.trials.first());
    Verdict {
        result: Result::Works,
        headline: proven.map_or_else(|| "nothing was tried".to_owned(), |trial| works(trial, session)),
        remedy: None,
        shown,
        not_proven,
    }
}

fn name(evidence: &Evidence) -> &'static str {
    evidence.judgement.action.words()
}

fn works(trial: &Evidence, session: &Session) -> String {
    let stood = trial
        .judgement
        .blackout_ms
        .map_or_else(String::new, |time| format!(": {time:.0} ms of standstill"));
    match trial.judgement.action {
        Action::Abort => "abort works on this host: the guest goes on at the source, nothing is left behind".to_owned(),
        Action::PostCopy => format!("force_complete by post-copy works on this host{stood}"),
        Action::Pause => {
            format!(
                "force_complete by a pause works on this host{stood} for {:.0} MiB",
                session.conditions.hot_mib
            )
        }
    }
}

fn sentence(trial: &Evidence, session: &Session) -> String {
    if trial.judgement.holds() {
        works(trial, session)
    } else {
        format!("{} failed: {}", name(trial), first_failure(&trial.judgement))
    }
}

fn first_failure(judgement: &Judgement) -> String {
    judgement
        .checks
        .iter()
        .find(|check| !check.holds)
        .map_or_else(String::new, |check| format!("not so: {} ({})", check.what, check.seen))
}

/// The migration ended by itself with an error before any pass began.
fn fails_at_start(evidence: &Evidence) -> bool {
    matches!(evidence.trace.returned, Some(Err(_))) && evidence.trace.pass(1).is_none()
}

fn cannot_migrate(
    host: &Host,
    session: &Session,
    evidence: &Evidence,
    shown: Vec<String>,
    not_proven: Vec<String>,
) -> Verdict {
    let said = match &evidence.trace.returned {
        Some(Err(refusal)) => refusal.message.clone(),
        _ => String::new(),
    };
    let user = &session.conditions.qemu_user;
    let open = userfault::is_open_to_all();
    let (why, fix) = match (&host.userfault, open) {
        _ if !said.to_lowercase().replace('-', "").contains("postcopy") => (said.clone(), None),
        (_, Some(false)) if host.qemu_user.user != "root" || session.conditions.mode == Mode::Session => (
            format!("QEMU, as {user}, may not use userfaultfd ({said})"),
            Some(format!("set vm.unprivileged_userfaultfd = 1 ({SYSCTL_REMEDY})")),
        ),
        (Try::Refused(_), _) => (
            format!("QEMU, as {user}, may not use userfaultfd ({said})"),
            Some("look for a seccomp profile of the container or the service".to_owned()),
        ),
        _ => (format!("QEMU, as {user}, refuses it ({said})"), None),
    };
    let pause = session
        .trials
        .iter()
        .find(|trial| trial.judgement.action == Action::Pause && trial.judgement.holds());
    let instead = "live_migration_permit_post_copy = false";
    let pauses = match pause {
        Some(trial) => format!(
            "{instead} (then force_complete pauses; shown to work here: {:.0} ms for {:.0} MiB)",
            trial.judgement.blackout_ms.unwrap_or_default(),
            session.conditions.hot_mib,
        ),
        None => instead.to_owned(),
    };
    Verdict {
        result: Result::DoesNotWork,
        headline: format!("every live migration to this host will fail: post-copy is permitted but {why}"),
        remedy: Some(fix.map_or_else(|| pauses.clone(), |fix| format!("{fix}, or {pauses}"))),
        shown,
        not_proven,
    }
}

fn not_proven(plan: &Plan, session: &Session) -> Vec<String> {
    let conditions = &session.conditions;
    let mut list = vec![
        "one host is not two: network, ports, names, CPU models and shared storage were not tried".to_owned(),
        "the probe guest has no devices and little memory".to_owned(),
        "nova's own code was not run; its monitor was rebuilt and its clock shortened".to_owned(),
        "the confinement of guests by AppArmor or SELinux was off".to_owned(),
    ];
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
    if plan.tls {
        list.push("native TLS was left out: the sandbox has no certificates".to_owned());
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
