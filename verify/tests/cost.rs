//! What a forced end costs, as it is reckoned and told: made evidence in; headline, table, chart and page out.
//!
//! Nothing is started; `real/cost.rs` measures.

mod made;

use std::time::Duration;

use novamend::catalog::Release;
use novamend::nova::migration::Ending;
use novamend::nova::today;
use novamend_verify::guest::Size;
use novamend_verify::hypervisor::{End, Event, Intervention};
use novamend_verify::report::{Machine, Report, Roles, Today, chart, html, text};
use novamend_verify::speed::Link;
use novamend_verify::trial::checks::Silence;
use novamend_verify::trial::cost::Cost;
use novamend_verify::trial::messages::Evidence;
use novamend_verify::trial::migrate::{IssuedOrder, Sample, TimedEvent};
use novamend_verify::trial::monitor::{Order, Outcome};
use novamend_verify::trial::plan::Plan;
use novamend_verify::trial::session::Session;
use novamend_verify::trial::slow::SlowPhase;
use novamend_verify::verdict::{Conclusion, Limit, draw};

const POST_COPY: &str = "live_migration_timeout_action = force_complete\nlive_migration_permit_post_copy = true";

fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

fn ordered(at: u64, order: Order) -> IssuedOrder {
    IssuedOrder {
        at: ms(at),
        order,
        answer: Ok(()),
    }
}

/// Ordered after 1 s, still for 76 ms, then slow for 700 ms.
fn switched() -> Evidence {
    let mut trial = made::trial(Ending::PostCopy, true, None);
    let heard = |at, end, what: &str| TimedEvent {
        at: ms(at),
        event: Event::Lifecycle {
            end,
            what: what.to_owned(),
        },
    };
    trial.trace.events.extend([
        heard(1060, End::Source, "suspended: post-copy"),
        heard(1900, End::Destination, "resumed: migrated"),
    ]);
    trial.trace.orders = vec![
        ordered(100, Order::SetDowntime(50)),
        ordered(500, Order::SetDowntime(500)),
        ordered(1000, Order::Intervene(Intervention::StartPostCopy)),
    ];
    trial.trace.samples = [(300, 60), (700, 64), (1200, 57), (1700, 1)]
        .map(|(at, mib)| Sample {
            at: ms(at),
            remaining: mib << 20,
            iteration: 1,
            disk_remaining: 0,
        })
        .to_vec();
    trial.trace.ended = ms(2000);
    trial.trace.outcome = Some(Outcome::Completed);
    trial.request.bandwidth = 20;
    let (from, until) = (ms(1050), ms(1126));
    trial.judgement.acted = Some(ms(1000));
    trial.judgement.silence = Some(Silence { from, until });
    trial.judgement.blackout_ms = Some(76.0);
    trial.judgement.slow = Some(SlowPhase {
        from: until,
        until: ms(1826),
        speed: 0.6,
        before: 500.0,
    });
    trial
}

fn link() -> Link {
    Link::said("1G".parse().unwrap())
}

fn session(plan: &Plan, trials: Vec<Evidence>, cost: Cost) -> Session {
    Session {
        cost: Some(cost),
        ..made::session(plan, None, trials)
    }
}

#[test]
fn the_headline_tells_the_downtime_and_the_slow_phase() {
    let plan = made::plan(POST_COPY);
    let cost = Cost::over(link()).with(Box::new(switched()), Size::with_hot_mib(60));
    let found = draw(&plan, &made::host(), &session(&plan, vec![switched()], cost));
    assert_eq!(found.result, Conclusion::Works);
    assert_eq!(
        found.headline,
        "force_complete by post-copy works on this host: the guest was paused for 76 ms, then 0.7 s at 60 % speed (61 MiB \
         left, 1 Gbit/s)"
    );
    let cost = found.cost.unwrap();
    let felt = cost.felt.unwrap();
    assert!((felt.order_to_downtime_ms - 50.0).abs() < 0.1, "{felt:?}");
    // 61 MiB from the last heartbeat here until the guest was as fast as before
    assert!((felt.mib_per_second - 61.0 / 0.776).abs() < 0.1, "{felt:?}");
    assert!(
        (cost.reckoned_s.unwrap() - 61.0 / 113.25).abs() < 0.01,
        "{:?}",
        cost.reckoned_s
    );
}

#[test]
fn a_machine_that_sends_less_than_the_network_carries_is_what_is_reckoned_with() {
    let plan = made::plan(POST_COPY);
    let mut slow = switched();
    slow.trace.samples[1].remaining = 53 << 20;
    let cost = Cost::over(link()).with(Box::new(slow), Size::with_hot_mib(60));
    let found = draw(&plan, &made::host(), &session(&plan, vec![switched()], cost));
    assert!(
        found
            .headline
            .ends_with("(61 MiB left, 1 Gbit/s, of which this machine uses 0.7 Gbit/s)"),
        "{}",
        found.headline
    );
    let price = found.cost.unwrap();
    // 52 MiB in 0.65 s
    assert!(
        matches!(price.limited_by, Some(Limit::Machine(sends)) if (sends - 80.0).abs() < 0.001),
        "{price:?}"
    );
    assert!((price.reckoned_s.unwrap() - 61.0 / 80.0).abs() < 0.001, "{price:?}");
    assert!(
        price.assumptions[1].contains("that is this machine's speed"),
        "{price:?}"
    );
}

#[test]
fn what_a_busy_machine_shows_is_told_as_such_and_not_reckoned_with() {
    let plan = made::plan(POST_COPY);
    let mut busy = switched();
    busy.judgement.slow.as_mut().unwrap().before = 130.0;
    let cost = Cost::over(link()).with(Box::new(busy), Size::with_hot_mib(60));
    let found = draw(&plan, &made::host(), &session(&plan, vec![switched()], cost));
    assert!(
        found
            .headline
            .ends_with("(61 MiB left, 1 Gbit/s; this machine was busy)"),
        "{}",
        found.headline
    );
    let price = found.cost.unwrap();
    assert!(
        (price.guests[0].left[1].post_copy_s - 4096.0 / 113.25).abs() < 0.01,
        "{:?}",
        price.guests
    );
    assert!(
        price.assumptions[1].contains("run it again on a quiet one"),
        "{:?}",
        price.assumptions
    );
}

#[test]
fn what_was_not_measured_is_not_told() {
    let plan = made::plan(POST_COPY);
    let cost = Cost::unknown(None, "the interface eth0 does not report its speed".to_owned());
    let found = draw(&plan, &made::host(), &session(&plan, vec![switched()], cost));
    assert_eq!(
        found.headline,
        "force_complete by post-copy works on this host: the guest was paused for 76 ms"
    );
    let open = found.not_proven.last().unwrap();
    assert!(
        open.contains("the interface eth0 does not report its speed; give its speed"),
        "{open}"
    );
    let price = found.cost.unwrap();
    assert!(price.guests.is_empty() && price.felt.is_none() && price.assumptions.is_empty());
    // a trial that failed over the network shows no cost, either
    let mut failed = switched();
    failed.judgement.checks[0].holds = false;
    let cost = Cost::over(link()).with(Box::new(failed), Size::with_hot_mib(60));
    let found = draw(&plan, &made::host(), &session(&plan, vec![switched()], cost));
    assert!(!found.headline.contains("Gbit/s"), "{}", found.headline);
    let open = found.not_proven.last().unwrap();
    assert!(
        open.contains("at 1 Gbit/s was not measured: the trial over a network of that speed failed"),
        "{open}"
    );
    assert_eq!(found.cost.unwrap().guests.len(), 3, "reckoned by the network alone");
}

#[test]
fn guests_are_reckoned_by_what_nova_conf_and_the_network_allow() {
    let limited = format!("{POST_COPY}\nlive_migration_bandwidth = 32\nlive_migration_completion_timeout = 20");
    let plan = made::plan(&limited);
    let cost = Cost::over(link()).with(Box::new(switched()), Size::with_hot_mib(60));
    let price = draw(&plan, &made::host(), &session(&plan, vec![switched()], cost))
        .cost
        .unwrap();
    let guest = &price.guests[1];
    assert_eq!((guest.memory_gib, guest.nova_acts_after_s), (16, Some(320)));
    let near = |seen: f64, wanted: f64| assert!((seen / wanted - 1.0).abs() < 0.001, "{seen} is not {wanted}");
    near(guest.one_pass_s, 512.0);
    let measured = 61.0 / 0.776;
    near(guest.left[0].post_copy_s, 1638.4 / measured);
    near(guest.left[0].pause_s, 51.2);
    near(guest.left[1].post_copy_s, 16384.0 / measured);
    near(guest.left[1].pause_s, 512.0);
    let never = made::plan("live_migration_timeout_action = force_complete\nlive_migration_completion_timeout = 0");
    let trials = vec![made::trial(Ending::Pause, false, None)];
    let price = draw(&never, &made::host(), &session(&never, trials, Cost::over(link())))
        .cost
        .unwrap();
    assert_eq!(price.guests[0].nova_acts_after_s, None);
    near(price.guests[0].one_pass_s, 4096.0 / 113.25);
}

#[test]
fn the_chart_shows_the_threshold_the_order_the_switch_and_the_slow_phase() {
    let drawn = chart::draw(&switched(), chart::WIDE).unwrap();
    for wanted in [
        "threshold 10.0 MiB = 20 MiB/s × 500 ms",
        "post-copy ordered",
        "switch",
        "paused for 76 ms",
        "0.7 s at 60 % speed",
        "completed",
        "class=\"fill-slow\"",
        "stroke-threshold",
    ] {
        assert!(drawn.contains(wanted), "{wanted}: {drawn}");
    }
    assert!(!drawn.contains('#'), "a colour is no class: {drawn}");
}

#[test]
fn what_the_machine_does_beside_is_in_no_chart() {
    let mut trial = made::trial(Ending::Abort, false, None);
    trial.trace.samples = switched().trace.samples;
    trial.trace.ended = ms(2000);
    let mut shown = |length: u32| {
        trial.judgement.blackout_ms = Some(f64::from(length));
        trial.judgement.silence = Some(Silence {
            from: ms(800),
            until: ms(800 + u64::from(length)),
        });
        let plan = made::plan("live_migration_timeout_action = abort");
        let session = made::session(&plan, None, vec![trial.clone()]);
        page(&plan, &session)
    };
    let (html, text) = shown(19);
    assert!(!text.contains("19 ms") && !text.contains("no heartbeat came"), "{text}");
    assert!(!html.contains("19 ms") && !html.contains("fill-silence\""), "{html}");
    let (html, text) = shown(300);
    assert!(text.contains("for 300 ms no heartbeat came"), "{text}");
    assert!(
        html.contains("For 300 ms no heartbeat came") && html.contains("fill-silence\""),
        "{html}"
    );
}

/// As a page and as text.
fn page(plan: &Plan, session: &Session) -> (String, String) {
    let files = ["nova.conf".to_owned()];
    let verdict = draw(plan, &made::host(), session);
    let report = Report {
        verdict: &verdict,
        plan,
        made_at: String::new(),
        files: &files,
        today: &Today::of(&today::Today::said(Release::ROCKY)),
        roles: Roles::of(&files, session),
        machine: Machine::of(&made::host(), session),
        session,
    };
    (html::page(&report).unwrap(), text::report(&report))
}

#[test]
fn page_and_text_have_the_table_and_what_it_assumes() {
    let plan = made::plan(POST_COPY);
    let cost = Cost::over(link()).with(Box::new(switched()), Size::with_hot_mib(60));
    let (html, text) = page(&plan, &session(&plan, vec![switched()], cost));
    for shown in [&html, &text] {
        for wanted in ["64 GiB", "14.2 h", "79 MiB/s", "nothing else is sent over it meanwhile"] {
            assert!(shown.contains(wanted), "{wanted}: {shown}");
        }
    }
    assert!(html.contains("What a forced end costs a guest at 1 Gbit/s"), "{html}");
    assert!(text.contains("    slow after that: 0.7 s at 60 % speed\n"), "{text}");
    // no line of ours is longer than the others
    assert!(
        text.lines()
            .filter(|line| line.contains("GiB  "))
            .all(|line| line.len() < 80),
        "{text}"
    );
}
