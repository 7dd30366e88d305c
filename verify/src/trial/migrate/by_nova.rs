//! One test migration in which nova's own code decides: it is started as nova starts it, and nova's monitor steers it.
//!
//! The monitor that is rebuilt here looks on: it sees what nova sees, and where it would have ordered something else, that is
//! kept as a difference. What is carried out is nova's.

use std::time::Duration;

use serde_json::{Value, json};

use super::run::{NovaRun, flag_names, words};
use super::{Running, Trace};
use crate::hypervisor::libvirt::{NO_DOMAIN, gone};
use crate::hypervisor::{End, GuestState, Hypervisor, Intervention, Job, JobKind, Refusal, Request};
use crate::nova_itself::{Call, Ended, MigrationParameters, Seat, SeatError, TrialOptions};
use crate::trial::messages::TrialOrder;
use crate::trial::migrate::IssuedOrder;
use crate::trial::monitor::{Look, Order, Outcome};
use crate::trial::turns::Turn;

/// Runs the migration of `trial` to its end or to the limit, nova's code deciding; waits `patience` for each of its calls.
///
/// # Errors
/// Nova's Python ended, or cannot import nova: no word about the host.
pub fn migrate_by_nova(
    seat: &mut Seat,
    hypervisor: &mut dyn Hypervisor,
    trial: &TrialOrder,
    turn: &Turn,
    patience: Duration,
) -> Result<(Trace, NovaRun), SeatError> {
    let version = seat.version(patience)?;
    let mut by = ByNova {
        running: Running::new(hypervisor, &trial.settings, trial.pace, turn),
        trial,
        nova: NovaRun {
            version,
            ..NovaRun::default()
        },
        pass: None,
        definition: None,
        has_begun: false,
    };
    seat.begin(&TrialOptions::of(&trial.settings, trial.settings.release))?;
    let served = by.serve(seat, hypervisor, patience);
    let ByNova { running, nova, .. } = by;
    let trace = running.end(hypervisor);
    served.map(|()| (trace, nova))
}

/// One pass of nova's loop: what it saw, and what it did then with what answer.
struct Pass {
    look: Look,
    made: Vec<(Order, bool)>,
}

struct ByNova<'a> {
    running: Running<'a>,
    trial: &'a TrialOrder,
    nova: NovaRun,
    pass: Option<Pass>,
    /// The guest's definition as nova got it.
    definition: Option<String>,
    /// Whether libvirt has been called to migrate.
    has_begun: bool,
}

impl ByNova<'_> {
    /// Answers nova's calls until its monitor has ended.
    fn serve(&mut self, seat: &mut Seat, hypervisor: &mut dyn Hypervisor, patience: Duration) -> Result<(), SeatError> {
        loop {
            let call = seat.call(patience)?;
            if let Call::End { outcome, why } = call {
                self.ended(outcome, why.as_deref().unwrap_or_default());
                return Ok(());
            }
            let answer = self.answer(call, hypervisor);
            seat.answer(answer)?;
        }
    }

    fn answer(&mut self, call: Call, hypervisor: &mut dyn Hypervisor) -> Result<Value, Refusal> {
        match call {
            Call::Migrate { flags, params, .. } => self.migrate(flags, &params, hypervisor),
            Call::Job => self.job(hypervisor),
            Call::State => self.state(hypervisor),
            Call::IsActive => self.is_active(hypervisor),
            Call::Xml { flags } => {
                let definition = hypervisor.definition(flags)?;
                self.definition = Some(definition.clone());
                Ok(definition.into())
            }
            Call::Abort => self.intervene(Intervention::Abort, hypervisor),
            Call::StartPostCopy => self.intervene(Intervention::StartPostCopy, hypervisor),
            Call::Suspend => self.intervene(Intervention::Pause, hypervisor),
            Call::Resume => {
                let answer = hypervisor.intervene(Intervention::Resume);
                if let Some(last) = self.running.trace.orders.last_mut() {
                    last.answer.clone_from(&answer);
                }
                answer.map(|()| Value::Null)
            }
            Call::SetDowntime { milliseconds } => {
                let (at, answer) = (hypervisor.now(), hypervisor.set_max_downtime(milliseconds));
                self.made(at, Order::SetDowntime(milliseconds), answer)
            }
            Call::Time => Ok(json!(self.pass.as_ref().map_or(0.0, |pass| pass.look.elapsed))),
            Call::Sleep => Ok(self.sleep(hypervisor)),
            Call::End { .. } => Ok(Value::Null),
        }
    }

    /// Starts the migration with nova's flags, at the trial's bandwidth and in its place.
    fn migrate(
        &mut self,
        flags: u64,
        params: &MigrationParameters,
        hypervisor: &mut dyn Hypervisor,
    ) -> Result<Value, Refusal> {
        self.nova.flags = flag_names(flags);
        self.nova.compare_call(self.trial, params, self.definition.as_deref());
        let has = |name: &str| self.nova.flags.iter().any(|flag| flag == name);
        let request = Request {
            post_copy: has("POSTCOPY"),
            auto_converge: has("AUTO_CONVERGE"),
            tunnelled: has("TUNNELLED"),
            tls: has("TLS"),
            parallel: has("PARALLEL").then(|| params.connections.unwrap_or(1).clamp(1, i32::MAX.into()) as u32),
            ..self.trial.request.clone()
        };
        let started = hypervisor.start(&request);
        self.has_begun = started.is_ok();
        if let Err(refusal) = &started {
            self.running.trace.broken = Some(refusal.clone());
        }
        started.map(|()| Value::Null)
    }

    /// Nova looks at the job: a pass begins.
    fn job(&mut self, hypervisor: &mut dyn Hypervisor) -> Result<Value, Refusal> {
        self.nova.looks += 1;
        let told = hypervisor.job_as_told();
        let job = match told.clone().or_else(gone) {
            Ok(job) => job,
            Err(refusal) => {
                self.running.trace.broken = Some(refusal.clone());
                return Err(refusal);
            }
        };
        match self.running.look_at(job, hypervisor) {
            Ok(look) => {
                self.pass = Some(Pass { look, made: Vec::new() });
                told.map(|job| figures(&job))
            }
            Err(refusal) => {
                self.running.trace.broken = Some(refusal.clone());
                Err(refusal)
            }
        }
    }

    /// How the guest stands, as the rebuilt monitor was told where it asked too, so that both see the same.
    fn standing(&self, hypervisor: &mut dyn Hypervisor) -> Result<GuestState, Refusal> {
        match &self.pass {
            Some(Pass { look, .. }) if look.job.kind == JobKind::None && look.returned => Ok(look.source),
            _ => hypervisor.standing(End::Source),
        }
    }

    fn is_active(&self, hypervisor: &mut dyn Hypervisor) -> Result<Value, Refusal> {
        match self.standing(hypervisor)? {
            GuestState::Absent => Err(no_domain()),
            GuestState::Off => Ok(json!(0)),
            GuestState::Running | GuestState::Paused | GuestState::Broken => Ok(json!(1)),
        }
    }

    /// Nova asks so where it would let a guest go on that it has paused.
    fn state(&mut self, hypervisor: &mut dyn Hypervisor) -> Result<Value, Refusal> {
        let (at, standing) = (hypervisor.now(), hypervisor.standing(End::Source));
        let answer = standing.as_ref().map(|_| ()).map_err(Clone::clone);
        // it asks as often as it has paused the guest, which does no more than once
        let last = self.pass.as_ref().and_then(|pass| pass.made.last());
        if last.is_none_or(|(order, _)| *order != Order::ResumeIfPaused) {
            self.made(at, Order::ResumeIfPaused, answer)?;
        }
        match standing? {
            GuestState::Absent => Err(no_domain()),
            GuestState::Running => Ok(json!(1)),
            GuestState::Paused => Ok(json!(3)),
            GuestState::Off => Ok(json!(5)),
            GuestState::Broken => Ok(json!(6)),
        }
    }

    fn intervene(&mut self, what: Intervention, hypervisor: &mut dyn Hypervisor) -> Result<Value, Refusal> {
        let (at, answer) = (hypervisor.now(), hypervisor.intervene(what));
        self.made(at, Order::Intervene(what), answer)
    }

    /// Takes note of what nova did.
    fn made(&mut self, at: Duration, order: Order, answer: Result<(), Refusal>) -> Result<Value, Refusal> {
        if let Some(pass) = &mut self.pass {
            pass.made.push((order, answer.is_ok()));
        }
        self.running.trace.orders.push(IssuedOrder {
            at,
            order,
            answer: answer.clone(),
        });
        answer.map(|()| Value::Null)
    }

    /// A pass is over; what happens until nova's next look is heard meanwhile.
    fn sleep(&mut self, hypervisor: &mut dyn Hypervisor) -> Value {
        self.compare(None);
        let running = &mut self.running;
        if running.is_past_action(hypervisor.now()) {
            running.turn.give_back();
        }
        let is_late = hypervisor.now().saturating_sub(running.trace.began) >= running.pace.limit;
        let stop = is_late || running.is_over_for_all_but_nova(hypervisor);
        if !stop {
            running.hear(hypervisor);
        }
        let returned = running.trace.returned.as_ref().map(|result| match result {
            Ok(()) => json!({ "done": null }),
            Err(refused) => json!({ "refused": refused }),
        });
        json!({ "returned": returned, "stop": stop })
    }

    fn ended(&mut self, how: Ended, why: &str) {
        let outcome = match how {
            Ended::Completed => Some(Outcome::Completed),
            Ended::Failed => Some(Outcome::Failed),
            Ended::Cancelled => Some(Outcome::Cancelled),
            Ended::Died => Some(Outcome::MonitorDied),
            Ended::GivenUp | Ended::NotStarted => None,
        };
        if self.running.trace.broken.is_some() {
            return;
        }
        self.running.trace.outcome = outcome;
        if !self.has_begun {
            self.differs(&format!("stops before it calls libvirt: {why}"));
            self.running.trace.broken = Some(Refusal {
                code: 0,
                message: format!("nova's own code stopped before it called libvirt: {why}"),
            });
        } else if let Some(outcome) = outcome {
            self.compare(Some((outcome, why)));
        }
    }

    /// Holds a pass of nova's against what is expected of it; only until they first differ, as all that follows would, too.
    fn compare(&mut self, end: Option<(Outcome, &str)>) {
        let Some(pass) = self.pass.take() else { return };
        if self.nova.differences.iter().any(|sentence| sentence.starts_with(AFTER)) {
            return;
        }
        let expected = self.expected(&pass);
        let mut made: Vec<Order> = pass.made.iter().map(|(order, _)| *order).collect();
        made.extend(end.map(|(outcome, _)| Order::Finish(outcome)));
        if made != expected {
            let why = end.map(|(_, why)| why).filter(|why| !why.is_empty());
            let why = why.map_or_else(String::new, |why| format!(" ({why})"));
            let sentence = format!(
                "{AFTER} {:.0} s of its clock {}{why} where novamend expected that it {}",
                pass.look.elapsed,
                words(&made),
                words(&expected)
            );
            self.differs(&sentence);
        }
    }

    /// What the rebuilt monitor orders in that pass, given the answers that nova got.
    fn expected(&mut self, pass: &Pass) -> Vec<Order> {
        let monitor = &mut self.running.monitor;
        let mut all = Vec::new();
        for half in 0..2 {
            let orders = if half == 0 {
                monitor.begin(&pass.look)
            } else {
                monitor.decide(&pass.look)
            };
            for order in orders {
                all.push(order);
                let answer = pass.made.iter().find(|(made, _)| *made == order);
                let died = monitor.answered(order, answer.is_none_or(|(_, done)| *done));
                if let Some(outcome) = died {
                    all.push(Order::Finish(outcome));
                }
                if matches!(all.last(), Some(Order::Finish(_))) {
                    return all;
                }
            }
        }
        all
    }

    fn differs(&mut self, sentence: &str) {
        self.nova.differences.push(sentence.to_owned());
    }
}

/// How a difference begins that is one of the monitor's.
const AFTER: &str = "after";

/// A job as libvirt's binding shows it; nova takes what is missing for 0.
fn figures(job: &Job) -> Value {
    let kind = match job.kind {
        JobKind::None => 0,
        JobKind::Unbounded => 2,
        JobKind::Completed => 3,
        JobKind::Failed => 4,
        JobKind::Cancelled => 5,
    };
    json!({ "type": kind, "data_remaining": job.remaining, "memory_iteration": job.iteration })
}

fn no_domain() -> Refusal {
    Refusal {
        code: NO_DOMAIN,
        message: "Domain not found".to_owned(),
    }
}
