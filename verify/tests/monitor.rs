//! Nova's monitor and the trial around it under a scripted hypervisor: every order of events, a failure at every step.
//!
//! No libvirt is asked; the clock is the script's own.

mod scripted_lab;

use std::time::Duration;

use novamend::catalog::Release;
use novamend::nova::migration::{Ending, Settings};
use novamend_verify::hypervisor::scripted::{Call, Scripted, Step};
use novamend_verify::hypervisor::{End, Event, GuestState, Intervention, JobKind, Refusal, Request};
use novamend_verify::trial::checks::{Observation, judge};
use novamend_verify::trial::kind;
use novamend_verify::trial::migrate::{Pace, Trace, migrate};
use novamend_verify::trial::monitor::{Order, Outcome};
use novamend_verify::trial::turns::Turn;

use crate::scripted_lab::{busy as busy_until_action, job};

const LIMIT: Duration = Duration::from_secs(20);

const ABORT: Call = Call::Intervene(Intervention::Abort);
const START_POST_COPY: Call = Call::Intervene(Intervention::StartPostCopy);
const PAUSE: Call = Call::Intervene(Intervention::Pause);
const RESUME: Call = Call::Intervene(Intervention::Resume);

fn call_of(ending: Ending) -> Call {
    Call::Intervene(kind::of(ending).intervention)
}

fn order_of(ending: Ending) -> Order {
    Order::Intervene(kind::of(ending).intervention)
}

fn returned(answer: Result<(), &str>) -> Step {
    Step::Hear(Event::Returned(answer.map_err(|message| Refusal {
        code: 1,
        message: message.to_owned(),
    })))
}

/// A migration that does not converge: passes from 300 ms on, a new one every 700 ms.
fn busy() -> Scripted {
    let mut script = Scripted::default().at(50, job(JobKind::Unbounded, 0, 0));
    for pass in 1..=20u32 {
        let at = 300 + 700 * u64::from(pass - 1);
        script = script
            .at(at, Step::Hear(Event::Pass(i64::from(pass))))
            .at(at, job(JobKind::Unbounded, i64::from(pass), 12 << 20));
    }
    script
}

/// The same, which ends as libvirt ends it once the action is taken.
fn ending(does: Ending) -> Scripted {
    let call = call_of(does);
    if !kind::of(does).moves {
        return busy().after(call, 60, job(JobKind::Cancelled, 2, 0)).after(
            call,
            200,
            returned(Err("canceled by client")),
        );
    }
    busy()
        .after(call, 200, Step::Stand(End::Source, GuestState::Absent))
        .after(call, 200, job(JobKind::Completed, 0, 0))
        .after(call, 201, Step::Stand(End::Destination, GuestState::Running))
        .after(call, 210, figures())
        .after(call, 220, returned(Ok(())))
}

fn figures() -> Step {
    Step::Hear(Event::Figures {
        downtime_ms: Some(3),
        transferred: None,
    })
}

fn settings(does: Ending) -> Settings {
    Settings {
        timeout_action: does.action(),
        post_copy: kind::of(does).switches(),
        ..Settings::defaults(Release::from_number(31).unwrap())
    }
}

fn run_with(script: &mut Scripted, settings: &Settings) -> Trace {
    let request = Request {
        post_copy: settings.post_copy,
        bandwidth: 20,
        ..Request::default()
    };
    let pace = Pace {
        interval: Duration::from_millis(25),
        act_after: Duration::from_millis(600),
        pass: 2,
        in_disk: false,
        limit: LIMIT,
    };
    let trace = migrate(script, &request, settings, pace, &Turn::alone());
    assert!(trace.ended <= LIMIT + Duration::from_secs(1), "it must end: {trace:?}");
    trace
}

fn run(script: &mut Scripted, does: Ending) -> Trace {
    run_with(script, &settings(does))
}

fn actions(trace: &Trace) -> Vec<Order> {
    let orders = trace.orders.iter().map(|given| given.order);
    orders.filter(|order| !matches!(order, Order::SetDowntime(_))).collect()
}

#[test]
fn each_action_is_taken_once_a_whole_pass_did_not_converge() {
    for does in Ending::ALL {
        let mut script = ending(does);
        let trace = run(&mut script, does);
        let acted = trace.done(kind::of(does).intervention).unwrap();
        assert!(acted >= Duration::from_secs(1), "not before pass 2: {acted:?}");
        assert!(acted <= Duration::from_millis(1100), "soon after it: {acted:?}");
        let wanted = if does == Ending::Abort {
            Outcome::Cancelled
        } else {
            Outcome::Completed
        };
        assert_eq!(trace.outcome, Some(wanted), "{does:?}");
        assert!(trace.returned.is_some() && trace.broken.is_none());
        assert!(
            actions(&trace).iter().all(|order| *order == order_of(does)),
            "nothing else is done: {trace:?}"
        );
    }
}

#[test]
fn abort_and_pause_are_repeated_until_the_job_ends_and_post_copy_is_not() {
    let count = |does| actions(&run(&mut ending(does), does)).len();
    assert!(count(Ending::Abort) > 1);
    assert!(count(Ending::Pause) > 1);
    assert_eq!(count(Ending::PostCopy), 1);
}

#[test]
fn the_allowed_downtime_rises_step_by_step_and_never_falls() {
    let trace = run(&mut ending(Ending::Pause), Ending::Pause);
    let steps: Vec<i64> = trace
        .orders
        .iter()
        .filter_map(|given| match given.order {
            Order::SetDowntime(milliseconds) => Some(milliseconds),
            _ => None,
        })
        .collect();
    assert_eq!(steps.first(), Some(&50));
    assert_eq!(steps.last(), Some(&500));
    assert!(steps.windows(2).all(|pair| pair[0] < pair[1]), "{steps:?}");
}

#[test]
fn nothing_is_ordered_before_the_first_pass() {
    for does in Ending::ALL {
        let mut script = ending(does);
        let trace = run(&mut script, does);
        let first = trace.pass(1).unwrap();
        assert!(trace.orders.iter().all(|given| given.at > first), "{does:?}");
    }
}

#[test]
fn a_migration_that_converges_by_itself_is_left_alone() {
    let mut script = Scripted::default()
        .at(50, job(JobKind::Unbounded, 0, 0))
        .at(300, Step::Hear(Event::Pass(1)))
        .at(300, job(JobKind::Unbounded, 1, 1 << 20))
        .at(600, Step::Stand(End::Source, GuestState::Absent))
        .at(600, job(JobKind::Completed, 0, 0))
        .at(601, figures())
        .at(602, returned(Ok(())));
    let trace = run(&mut script, Ending::Abort);
    assert_eq!(trace.outcome, Some(Outcome::Completed));
    assert_eq!(actions(&trace), []);
}

/// All orders of `items`.
fn orders_of<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for index in 0..items.len() {
        let mut rest = items.to_vec();
        let first = rest.remove(index);
        for mut order in orders_of(&rest) {
            order.insert(0, first.clone());
            all.push(order);
        }
    }
    all
}

#[test]
fn the_events_of_a_completed_migration_may_come_in_any_order() {
    let lifecycle = |end, what: &str| {
        Step::Hear(Event::Lifecycle {
            end,
            what: what.to_owned(),
        })
    };
    let events = [
        Step::Stand(End::Source, GuestState::Absent),
        job(JobKind::None, 0, 0),
        lifecycle(End::Source, "stopped: migrated"),
        lifecycle(End::Destination, "resumed: migrated"),
        figures(),
        returned(Ok(())),
    ];
    let orders = orders_of(&events);
    assert_eq!(orders.len(), 720);
    for does in [Ending::PostCopy, Ending::Pause] {
        for order in &orders {
            // close together, so that all lie within one look, and far apart, so that each has a look of its own
            for apart in [1, 40] {
                let mut script = busy_until_action();
                for (index, step) in order.iter().enumerate() {
                    script = script.after(call_of(does), 100 + apart * index as u64, step.clone());
                }
                let trace = run(&mut script, does);
                // a call that has returned and a job that is gone, with the guest still here, nova takes for a failure
                let place = |wanted: &dyn Fn(&Step) -> bool| order.iter().position(wanted).unwrap();
                let call = place(&|step| matches!(step, Step::Hear(Event::Returned(_))));
                let gone = place(&|step| matches!(step, Step::Job(_)));
                let left = place(&|step| matches!(step, Step::Stand(..)));
                let seen_between = apart > 25 && left > call.max(gone);
                let wanted = if seen_between {
                    Outcome::Failed
                } else {
                    Outcome::Completed
                };
                let has_figures = trace
                    .events
                    .iter()
                    .any(|heard| matches!(heard.event, Event::Figures { .. }));
                if apart > 25 || left < call.max(gone) {
                    assert_eq!(trace.outcome, Some(wanted), "{order:?}");
                } else {
                    assert!(
                        matches!(trace.outcome, Some(Outcome::Completed | Outcome::Failed)),
                        "{order:?}"
                    );
                }
                assert!(
                    has_figures && trace.returned == Some(Ok(())),
                    "nothing is missed: {order:?}"
                );
            }
        }
    }
}

#[test]
fn the_events_of_a_cancelled_migration_may_come_in_any_order() {
    let stopped = Step::Hear(Event::Lifecycle {
        end: End::Destination,
        what: "stopped: failed".to_owned(),
    });
    for kind in [JobKind::Cancelled, JobKind::None, JobKind::Failed] {
        let events = [job(kind, 0, 0), stopped.clone(), returned(Err("canceled by client"))];
        for order in orders_of(&events) {
            for apart in [1, 40] {
                let mut script = busy_until_action();
                for (index, step) in order.iter().enumerate() {
                    script = script.after(ABORT, 60 + apart * index as u64, step.clone());
                }
                let trace = run(&mut script, Ending::Abort);
                let wanted = if kind == JobKind::Cancelled {
                    Outcome::Cancelled
                } else {
                    Outcome::Failed
                };
                assert_eq!(trace.outcome, Some(wanted), "{kind:?} {order:?}");
                assert!(matches!(trace.returned, Some(Err(_))), "{order:?}");
                assert!(
                    !actions(&trace).contains(&Order::ResumeIfPaused),
                    "nobody paused it: {order:?}"
                );
            }
        }
    }
}

#[test]
fn a_destination_that_dies_of_the_cancelled_stream_is_an_end_of_the_cancelled_job() {
    let cut_off = "internal error: qemu unexpectedly closed the monitor: qemu-system-x86_64: load of migration failed: \
                   Invalid argument";
    let ended = |said, aborts: bool, source, destination| {
        let mut script =
            busy_until_action()
                .after(ABORT, 60, job(JobKind::Failed, 2, 0))
                .after(ABORT, 80, returned(Err(said)));
        if !aborts {
            script = script
                .refusing(ABORT, "no such job")
                .at(1200, job(JobKind::Failed, 2, 0))
                .at(1210, returned(Err(said)));
        }
        let trace = run(&mut script, Ending::Abort);
        let observed = Observation {
            source: Some(source),
            destination: Some(destination),
            ..Observation::default()
        };
        let judged = judge(Ending::Abort, &trace, &observed);
        judged.failed("the job ended cancelled").is_none()
    };
    let (runs, gone) = (GuestState::Running, GuestState::Absent);
    assert!(ended(cut_off, true, runs, gone));
    for by_itself in [
        "operation failed: job 'migration out' failed: Unable to write to socket: Broken pipe",
        "operation failed: job 'migration out' failed: Cannot write to TLS channel: Broken pipe",
    ] {
        assert!(ended(by_itself, true, runs, gone), "{by_itself}");
        assert!(!ended(by_itself, false, runs, gone), "{by_itself}");
    }
    assert!(!ended(cut_off, false, runs, gone), "nobody had cancelled it");
    assert!(
        !ended(cut_off, true, GuestState::Paused, gone),
        "the guest does not go on"
    );
    assert!(!ended(cut_off, true, runs, GuestState::Paused), "something is left");
    for other in [
        "internal error: qemu unexpectedly closed the monitor",
        "Unable to read from monitor: Connection reset by peer",
    ] {
        assert!(!ended(other, true, runs, gone), "{other}");
    }
}

#[test]
fn a_refusal_at_any_step_comes_to_an_end_that_says_so() {
    for does in Ending::ALL {
        for call in [
            Call::Start,
            Call::Job,
            ABORT,
            START_POST_COPY,
            PAUSE,
            RESUME,
            Call::SetMaxDowntime,
            Call::GuestState,
        ] {
            let mut script = ending(does).refusing(call, "no");
            let trace = run(&mut script, does);
            let said = trace.broken.as_ref().map(|refusal| refusal.message.as_str());
            match call {
                Call::Start | Call::Job => {
                    assert_eq!((said, trace.outcome), (Some("no"), None), "{does:?} {call:?}");
                    assert_eq!(actions(&trace), []);
                }
                ABORT if does == Ending::Abort => assert_eq!(trace.outcome, Some(Outcome::MonitorDied)),
                _ if call == call_of(does) => {
                    assert_eq!(
                        trace.outcome, None,
                        "{does:?}: nova tries for ever and the trial is given up"
                    );
                    let tried = actions(&trace);
                    assert!(
                        tried.len() > 10 && tried.iter().all(|order| *order == order_of(does)),
                        "{tried:?}"
                    );
                }
                _ => {
                    let wanted = if does == Ending::Abort {
                        Outcome::Cancelled
                    } else {
                        Outcome::Completed
                    };
                    assert_eq!((said, trace.outcome), (None, Some(wanted)), "{does:?} {call:?}");
                }
            }
        }
    }
}

#[test]
fn a_refused_switch_to_post_copy_never_becomes_a_pause() {
    let trace = run(&mut busy().refusing(START_POST_COPY, "no"), Ending::PostCopy);
    assert!(!actions(&trace).contains(&Order::Intervene(Intervention::Pause)));
    assert_eq!(trace.done(Intervention::StartPostCopy), None);
}

fn failing_pause() -> Scripted {
    busy()
        .after(PAUSE, 1, Step::Stand(End::Source, GuestState::Paused))
        .after(PAUSE, 300, returned(Err("connection reset")))
        .after(PAUSE, 300, job(JobKind::Failed, 0, 0))
        .after(RESUME, 1, Step::Stand(End::Source, GuestState::Running))
}

#[test]
fn a_guest_that_nova_paused_is_resumed_when_the_migration_fails() {
    let mut script = failing_pause();
    let trace = run(&mut script, Ending::Pause);
    assert_eq!(trace.outcome, Some(Outcome::Failed));
    assert_eq!(actions(&trace).last(), Some(&Order::ResumeIfPaused));
    assert!(script.calls.iter().any(|(_, call)| *call == RESUME));

    // libvirt resumes by itself after an abort; then nova finds it running and does nothing
    let mut script = failing_pause().after(PAUSE, 299, Step::Stand(End::Source, GuestState::Running));
    run(&mut script, Ending::Pause);
    assert!(!script.calls.iter().any(|(_, call)| *call == RESUME));

    let mut script = failing_pause().refusing(RESUME, "no");
    let trace = run(&mut script, Ending::Pause);
    assert_eq!(
        trace.outcome,
        Some(Outcome::Failed),
        "a refused resume does not keep the monitor"
    );
    let last = trace.orders.last().unwrap();
    assert!(last.order == Order::ResumeIfPaused && last.answer.is_err());
}

#[test]
fn a_job_that_never_ends_is_given_up_at_the_limit() {
    let trace = run(&mut busy(), Ending::Pause);
    assert_eq!((trace.outcome, trace.returned.clone()), (None, None));
    assert!(trace.ended >= LIMIT);
}

fn rocky(post_copy: bool, progress_timeout: i64, completion_timeout: i64) -> Settings {
    Settings {
        post_copy,
        progress_timeout,
        completion_timeout,
        ..Settings::defaults(Release::ROCKY)
    }
}

#[test]
fn rocky_switches_to_post_copy_without_any_timeout() {
    let mut script = ending(Ending::PostCopy);
    let trace = run_with(&mut script, &rocky(true, 0, 0));
    assert_eq!(actions(&trace), [Order::Intervene(Intervention::StartPostCopy)]);
    assert_eq!(trace.outcome, Some(Outcome::Completed));
}

#[test]
fn rocky_aborts_without_progress_or_at_the_timeout_and_never_otherwise() {
    for (progress, completion, aborts) in [(1, 0, true), (0, 800, true), (0, 0, false)] {
        let mut script = ending(Ending::Abort);
        let trace = run_with(&mut script, &rocky(false, progress, completion));
        assert_eq!(
            actions(&trace).contains(&Order::Intervene(Intervention::Abort)),
            aborts,
            "{progress} {completion}"
        );
    }
}
