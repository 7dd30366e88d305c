//! What `novamend-verify` prints as JSON is valid by the schemas in `docs/schema`, and what lacks a field or has another value is not.
//!
//! No trial is made; documents of real ones are held against the schemas where `real/` makes them.

mod documents;
#[path = "novas/mod.rs"]
mod environments;
#[path = "../../tests/harness/mod.rs"]
mod harness;
mod made;

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use novamend::catalog::Release;
use novamend::nova::migration::Ending;
use novamend::nova::today;
use novamend::output::envelope::{Envelope, Kind};
use novamend_verify::guest::Size;
use novamend_verify::guest::memory::Memory;
use novamend_verify::hypervisor::libvirt::{Off, Standing};
use novamend_verify::hypervisor::{End, Event, Intervention, Refusal};
use novamend_verify::nova_itself::{Found, NovaChoice};
use novamend_verify::report::rescue::Rescue;
use novamend_verify::report::{Machine, Report, Roles, Stacks, Today};
use novamend_verify::rescue::{Answer, Case, Judgement, Progress, Sighting, Watch};
use novamend_verify::shown;
use novamend_verify::speed::Link;
use novamend_verify::trial::checks::Silence;
use novamend_verify::trial::conditions::{AddressFrom, CertificateSource, Destination, Far, Tls};
use novamend_verify::trial::cost::Cost;
use novamend_verify::trial::cut::Cut;
use novamend_verify::trial::messages::{Evidence, Phase};
use novamend_verify::trial::migrate::{IssuedOrder, NovaRun, Sample, TimedEvent};
use novamend_verify::trial::monitor::{Order, Outcome};
use novamend_verify::trial::session::Session;
use novamend_verify::trial::shape::{Built, NotStarted};
use novamend_verify::trial::slow::SlowPhase;
use novamend_verify::verdict::draw;
use serde_json::{Value, json};

use documents::wrong;
use harness::tests;

/// Fields that may be missing: those that are only printed where there is something.
const OPTIONAL: [&str; 1] = ["cuts"];

/// What is printed for `words` of a shell's command line, in a directory with one nova.conf.
fn printed(words: &[&str]) -> Value {
    let at = tempfile::tempdir().unwrap();
    let conf = "[libvirt]\nlive_migration_with_native_tls = true\nlive_migration_inbound_addr = 192.0.2.1\n";
    fs::write(at.path().join("nova.conf"), conf).unwrap();
    fs::write(at.path().join("other.conf"), "[libvirt]\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_novamend-verify"))
        .args(words)
        .args(["--format", "json"])
        .current_dir(at.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {words:?}: {output:?}"))
}

/// What becomes of `value` when one field is taken away or is of another type, by where that is and what is beside it: once for
/// each object that has the same fields.
fn spoilt(value: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    match value {
        Value::Object(fields) => {
            let names: Vec<&str> = fields.keys().map(String::as_str).collect();
            let beside = names.join(",");
            let with = |name: &String, field: Option<Value>| {
                let mut fields = fields.clone();
                match field {
                    Some(field) => fields.insert(name.clone(), field),
                    None => fields.remove(name),
                };
                Value::Object(fields)
            };
            for (name, field) in fields {
                let other = json!({"of another type": 0});
                found.insert(format!("another {name} of {beside}"), with(name, Some(other)));
                if !OPTIONAL.contains(&name.as_str()) {
                    found.insert(format!("no {name} of {beside}"), with(name, None));
                }
                let inner = spoilt(field).into_iter();
                found.extend(inner.map(|(what, field)| (format!("{name}.{what}"), with(name, Some(field)))));
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                let mut inner = spoilt(item);
                inner.insert("another item".to_owned(), json!({"of another type": 0}));
                for (what, item) in inner {
                    found.entry(what).or_insert_with(|| {
                        let mut items = items.clone();
                        items[at] = item;
                        Value::Array(items)
                    });
                }
            }
        }
        _ => {}
    }
    found
}

/// That `documents` are valid by the schema of `kind`, and that nothing of them could be missing or be of another type.
fn hold(kind: &str, documents: &[Value]) {
    let all: Vec<&Value> = documents.iter().collect();
    for (document, wrong) in documents.iter().zip(wrong(kind, &all)) {
        assert_eq!(wrong, None, "{document:#}");
    }
    let mut all = BTreeMap::new();
    for document in documents {
        for (what, document) in spoilt(document) {
            all.entry(what).or_insert(document);
        }
    }
    let wrong = wrong(kind, &all.values().collect::<Vec<_>>());
    let passed = all.keys().zip(wrong).filter(|(_, wrong)| wrong.is_none());
    let passed: Vec<&String> = passed.map(|(what, _)| what).collect();
    assert!(passed.is_empty(), "{kind}: {passed:#?}");
}

fn what_probe_prints_is_valid() {
    hold("probe", &[printed(&["probe", "nova.conf", "other.conf"])]);
}

fn why_there_is_no_result_is_valid() {
    let documents = [
        printed(&["verify", "no-such.conf"]),
        printed(&["rescue", "--connect", "no-such-driver:///"]),
    ];
    assert!(
        documents.iter().all(|document| document["kind"] == "error"),
        "{documents:?}"
    );
    hold("error", &documents);
}

fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

fn refusal() -> Refusal {
    Refusal {
        code: 38,
        message: "connection reset".to_owned(),
    }
}

/// A switch to post-copy in which everything happens that can be told.
fn eventful() -> Evidence {
    let mut trial = made::trial(Ending::PostCopy, true, None);
    let heard = |at, event| TimedEvent { at: ms(at), event };
    let changed = |at, end, what: &str| {
        let what = what.to_owned();
        heard(at, Event::Lifecycle { end, what })
    };
    trial.trace.events.extend([
        changed(1060, End::Source, "suspended: post-copy"),
        changed(1900, End::Destination, "resumed: migrated"),
        heard(
            1950,
            Event::Figures {
                downtime_ms: Some(76),
                transferred: None,
            },
        ),
        heard(1960, Event::Returned(Err(refusal()))),
        heard(1970, Event::Returned(Ok(()))),
    ]);
    let orders = [
        Order::SetDowntime(50),
        Order::Intervene(Intervention::StartPostCopy),
        Order::Intervene(Intervention::Abort),
        Order::Intervene(Intervention::Pause),
        Order::Intervene(Intervention::Resume),
        Order::ResumeIfPaused,
        Order::Finish(Outcome::MonitorDied),
        Order::Finish(Outcome::Cancelled),
    ];
    let answers = [Ok(()), Ok(()), Err(refusal())]
        .into_iter()
        .chain((0..5).map(|_| Ok(())));
    let orders = orders.into_iter().zip(answers);
    trial.trace.orders = orders
        .map(|(order, answer)| IssuedOrder {
            at: ms(1000),
            order,
            answer,
        })
        .collect();
    trial.trace.samples = vec![Sample {
        at: ms(300),
        remaining: 60 << 20,
        iteration: 1,
        disk_remaining: 0,
    }];
    trial.trace.outcome = Some(Outcome::Completed);
    trial.trace.broken = Some(refusal());
    trial.request.parallel = Some(4);
    trial.request.disks = vec!["vda".to_owned()];
    let (from, until) = (ms(1050), ms(1126));
    trial.judgement.acted = Some(ms(1000));
    trial.judgement.silence = Some(Silence { from, until });
    trial.judgement.slow = Some(SlowPhase {
        from: until,
        until: ms(1826),
        speed: 0.6,
        before: 500.0,
    });
    trial.judgement.libvirt_downtime_ms = Some(76);
    trial.judgement.disk_remaining = Some(1 << 20);
    trial.judgement.refused_ms = Some(120.0);
    trial.phase = Some(Phase::Memory);
    trial.cause = Some("the destination's QEMU ended".to_owned());
    trial.nova = Some(NovaRun {
        version: "31.3.1".to_owned(),
        flags: vec!["LIVE".to_owned()],
        looks: 12,
        differences: vec!["waits".to_owned()],
        not_passed_on: vec!["a parameter".to_owned()],
    });
    trial
}

/// A cut as the worker tells of one.
fn cut(cut: Cut) -> Value {
    let condition =
        |state: &str, reason: i32| json!({"state": state, "reason": reason, "words": "paused (post-copy failed)"});
    let standings = json!({
        "at": 3.0, "source": condition("paused", 13), "destination": condition("running", 11), "job": "unbounded",
        "source_qemu": true, "destination_qemu": false,
    });
    let trial = made::trial(Ending::PostCopy, true, None);
    json!({
        "cut": cut, "request": trial.request, "trace": trial.trace,
        "story": {
            "switched": 1.9, "cut": 2.0, "not_done": "it had ended", "after_cut": standings, "call": {"refused": refusal()},
            "call_ended": 2.5, "after_call": standings, "restored": 3.5, "resume_asked": 4.0, "resume": "done",
            "resume_ended": 4.5, "arrived": 4.4, "end": standings,
        },
        "signs": {
            "last": 5.0, "silence": {"from": 2.0, "until": 4.1}, "beats_whole": true, "memory_whole": null, "damaged": false,
        },
        "nova": "waits_on", "checks": trial.judgement.checks,
    })
}

fn destination(address_from: AddressFrom) -> Destination {
    Destination {
        files: Some(vec!["far.conf".to_owned()]),
        address: Some("192.0.2.2".to_owned()),
        address_from,
        not_known: Some("whether it resolves".to_owned()),
        differs: vec!["live_migration_bandwidth".to_owned()],
        uri_fault: Some("it has no %s".to_owned()),
    }
}

fn far(address_from: AddressFrom) -> Far {
    Far {
        source: "qemu+ssh://one/system".to_owned(),
        destination: "qemu+ssh://two/system".to_owned(),
        peer: "qemu+tcp://two/system".to_owned(),
        migration: Some("tcp://192.0.2.2".to_owned()),
        peer_is_not_novas: false,
        by_nova_conf: destination(address_from),
        image: "/probe.rom".into(),
        guest: "novamend-probe-1".to_owned(),
    }
}

/// What becomes of a session before its verdict is drawn.
type Change = fn(&mut Session);

/// What `verify` prints after the trials of a section `[libvirt]`.
fn reported(libvirt: &str, change: Change) -> Value {
    let plan = made::plan(libvirt);
    let trials = vec![eventful(), made::trial(Ending::Abort, false, Some("refused"))];
    let mut session = made::session(&plan, None, trials);
    change(&mut session);
    let mut verdict = draw(&plan, &made::host(), &session);
    verdict.not_proven.push("something".to_owned());
    let files = ["nova.conf".to_owned()];
    let report = Report {
        verdict: &verdict,
        plan: &plan,
        made_at: "2026-11-24 17:38 UTC".to_owned(),
        files: &files,
        today: &Today::of(&today::Today::said(Release::ROCKY)),
        roles: Roles::of(&files, &session),
        machine: Machine::of(&made::host(), &session),
        session: &session,
    };
    let document = Envelope::new(Kind::Verify, Stacks { stacks: vec![report] });
    serde_json::from_str(&shown::json(&document).unwrap()).unwrap()
}

const POST_COPY: &str = "live_migration_timeout_action = force_complete\nlive_migration_permit_post_copy = true";
const TLS: &str = "live_migration_with_native_tls = true\nlive_migration_uri = qemu+tcp://%s/system";

fn in_the_sandbox(session: &mut Session) {
    session.versions = Some((9_000_000, 7_002_022));
    let link = Link {
        interface: Some("eth0".to_owned()),
        ..Link::said("1G".parse().unwrap())
    };
    let mut felt = eventful();
    felt.judgement.checks.truncate(1);
    session.cost = Some(Cost::over(link).with(Box::new(felt), Size::with_hot_mib(60)));
    session.conditions.memory = Memory::Files {
        directory: "/var/lib/libvirt/qemu/ram".into(),
        file_system: "ext4".to_owned(),
        made_in: Some("/tmp".into()),
        owner: (64055, 108),
        discards: true,
    };
    session.conditions.shape.refused.push(NotStarted {
        built: Built::WithoutDevices,
        why: "no such model".to_owned(),
    });
    session.conditions.not_alike.push("no vTPM".to_owned());
    session.conditions.nova = NovaChoice::Run(Found {
        interpreter: "/usr/bin/python3".into(),
        version: "31.3.1".to_owned(),
        release: Release::from_number(31).unwrap(),
    });
}

fn with_tls(session: &mut Session) {
    session.conditions.memory = Memory::HugePages { size_kib: 2048 };
    session.conditions.tls = Some(Tls {
        certificates: CertificateSource::Host {
            directory: "/etc/pki/qemu".into(),
            name: "one.example".to_owned(),
        },
        verifies_clients: true,
        priority: Some("NORMAL".to_owned()),
    });
}

fn cuts(session: &mut Session) {
    session.trials.clear();
    session.conditions.memory = Memory::Memfd;
    session.cuts = Cut::ALL.map(|one| serde_json::from_value(cut(one)).unwrap()).to_vec();
}

fn what_verify_prints_is_valid() {
    let between: [Change; 4] = [
        |session| session.conditions.far = Some(far(AddressFrom::InboundAddress)),
        |session| session.conditions.far = Some(far(AddressFrom::HostOption)),
        |session| session.conditions.far = Some(far(AddressFrom::DestinationUri)),
        |session| {
            session.conditions.far = Some(far(AddressFrom::Nothing));
            session.left = Some("a guest is left".to_owned());
        },
    ];
    let mut documents = vec![
        reported(POST_COPY, in_the_sandbox),
        reported(TLS, with_tls),
        reported(TLS, |_| {}),
        reported("", cuts),
    ];
    documents.extend(between.map(|change| reported(POST_COPY, change)));
    hold("verify", &documents);
}

fn what_rescue_prints_is_valid() {
    let judgements = [
        Judgement::Resumable(0),
        Judgement::StillWaiting(0),
        Judgement::UnderWay,
        Judgement::RunsThere(0),
        Judgement::Lost(0),
        Judgement::Ended(0, Off::Saved),
        Judgement::OffThere(0),
        Judgement::Odd(0),
        Judgement::Several,
        Judgement::Nowhere,
        Judgement::NotReached(1),
        Judgement::NoDestination,
        Judgement::TooOld(None, 8_000_000),
        Judgement::TooOld(Some(0), 8_000_000),
        Judgement::CrashesThere(0, 11_003_000),
        Judgement::NotBroken,
        Judgement::Gone,
    ];
    let watches = [
        Watch::Goes,
        Watch::ComputeRestarted,
        Watch::DaemonRestarted,
        Watch::NoCompute,
        Watch::NotKnown,
    ];
    let progress = [Progress::None, Progress::Resuming, Progress::Whole];
    let sighting = |answer| Sighting {
        uri: "qemu+tcp://two/system".to_owned(),
        answer,
    };
    let cases = judgements
        .into_iter()
        .zip(Standing::ALL.into_iter().cycle())
        .enumerate();
    let cases = cases.map(|(at, (judgement, standing))| Case {
        uuid: "e1c0e6a4-0f5b-4f0e-9d58-3f1c2f7f5f10".to_owned(),
        name: "instance-00000001".to_owned(),
        source: standing,
        seen: vec![
            sighting(Answer::Stands {
                standing,
                version: 9_000_000,
            }),
            sighting(Answer::Silent("no route".to_owned())),
        ],
        judgement,
        progress: progress[at % progress.len()],
        seconds: (at > 0).then_some(12),
        remaining: (at > 1).then_some(1 << 30),
        watch: watches[at % watches.len()],
        refused: (at > 2).then(|| "busy".to_owned()),
    });
    let document = |case: Case| {
        let document = Envelope::new(Kind::Rescue, Rescue::of("qemu:///system", false, &[&case]));
        serde_json::from_str(&shown::json(&document).unwrap()).unwrap()
    };
    hold("rescue", &cases.map(document).collect::<Vec<_>>());
}

fn main() -> ExitCode {
    harness::run(&[tests![
        what_probe_prints_is_valid,
        why_there_is_no_result_is_valid,
        what_verify_prints_is_valid,
        what_rescue_prints_is_valid,
    ]])
}
