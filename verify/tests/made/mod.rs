//! Made plans, hosts and evidence for the tests of verdicts.
//!
//! It asserts nothing.

#![allow(dead_code, unreachable_pub)] // each test program uses a part of it

use std::path::{Path, PathBuf};
use std::time::Duration;

use novamend::catalog::Release;
use novamend::nova::View;
use novamend::nova::migration::Ending;
use novamend::oslo::document::Document;
use novamend::oslo::stack::Stack;
use novamend::text::Source;
use novamend_verify::guest::memory::Memory;
use novamend_verify::host::address::OwnName;
use novamend_verify::host::backing::Backing;
use novamend_verify::host::certificates::{CertificateFault, Certificates, TlsSettings};
use novamend_verify::host::qemu_conf::QemuConf;
use novamend_verify::host::qemu_user::{QemuUser, UserSource};
use novamend_verify::host::userfault::UserfaultAccess;
use novamend_verify::host::{Host, Kvm};
use novamend_verify::hypervisor::{Event, Refusal, Request};
use novamend_verify::nova_itself::NovaChoice;
use novamend_verify::trial::checks::{Check, Judgement};
use novamend_verify::trial::conditions::Conditions;
use novamend_verify::trial::conditions::Far;
use novamend_verify::trial::conditions::Mode;
use novamend_verify::trial::conditions::{CertificateSource, Tls};
use novamend_verify::trial::messages::Evidence;
use novamend_verify::trial::migrate::{TimedEvent, Trace};
use novamend_verify::trial::plan::Plan;
use novamend_verify::trial::session::Session;
use novamend_verify::trial::shape::ShapeUsed;
use novamend_verify::verdict::{Verdict, draw};

pub const FORCE: &str = "live_migration_timeout_action = force_complete";

/// What 2025.1 makes of a section `[libvirt]`.
pub fn plan(libvirt: &str) -> Plan {
    plan_in(31, libvirt)
}

/// What a release makes of it.
pub fn plan_in(release: u32, libvirt: &str) -> Plan {
    let text = format!("[libvirt]\n{libvirt}\n");
    let stack = Stack::of(Document::parse(Source::new(Path::new("nova.conf"), text.into_bytes())));
    Plan::of(&View::new(&stack, Release::from_number(release).unwrap())).unwrap()
}

pub fn host() -> Host {
    Host {
        daemon: None,
        libvirt: None,
        emulator: None,
        qemu: None,
        qemu_user: QemuUser {
            user: "root".to_owned(),
            group: "root".to_owned(),
            uid: Some(0),
            gid: Some(0),
            known: UserSource::Distribution,
        },
        userfault: UserfaultAccess::Allowed,
        kvm: Kvm::Missing,
        certificates: Some(Certificates {
            faults: vec![(
                PathBuf::from("/etc/pki/qemu/server-cert.pem"),
                CertificateFault::Missing,
            )],
            first_to_end: None,
            names: Vec::new(),
        }),
        tls: TlsSettings::of(&QemuConf::default(), Path::new("/nonexistent")),
        qemu_conf: QemuConf::default(),
        name: OwnName::default(),
        reach: None,
        own_certificates: None,
        backing: Backing::look(&QemuConf::of(b"memory_backing_dir = \"/nonexistent\"").unwrap()),
        is_root: true,
    }
}

/// A trial that does what it promises, or whose migrate call failed at its start with `refused`.
pub fn trial(action: Ending, post_copy: bool, refused: Option<&str>) -> Evidence {
    let answer = refused.map_or(Ok(()), |message| {
        Err(Refusal {
            code: 1,
            message: message.to_owned(),
        })
    });
    let heard = TimedEvent {
        at: Duration::from_secs(1),
        event: Event::Pass(1),
    };
    Evidence {
        request: Request {
            post_copy,
            ..Request::default()
        },
        trace: Trace {
            events: refused.is_none().then_some(heard).into_iter().collect(),
            returned: Some(answer),
            ..Trace::default()
        },
        judgement: Judgement {
            action,
            checks: vec![Check {
                what: "the action was taken".to_owned(),
                holds: refused.is_none(),
                seen: refused.unwrap_or_default().to_owned(),
            }],
            blackout_ms: Some(14.0),
            silence: None,
            slow: None,
            libvirt_downtime_ms: None,
            acted: None,
            remaining: Some(12 << 20),
            disk_remaining: None,
            refused_ms: None,
        },
        phase: None,
        cause: None,
        nova: None,
    }
}

pub fn verdict(libvirt: &str, trials: Vec<Evidence>) -> Verdict {
    verdict_of(None, libvirt, trials)
}

pub fn verdict_of(far: Option<Far>, libvirt: &str, trials: Vec<Evidence>) -> Verdict {
    let plan = plan(libvirt);
    draw(&plan, &host(), &session(&plan, far, trials))
}

/// What trials brought, of a guest of anonymous memory.
pub fn session(plan: &Plan, far: Option<Far>, trials: Vec<Evidence>) -> Session {
    Session {
        conditions: Conditions {
            mode: Mode::System,
            emulated: false,
            why_emulated: None,
            early: false,
            qemu_user: "root".to_owned(),
            memory_mib: 24,
            hot_mib: 12.0,
            bandwidth: 20,
            tls: plan.settings.tls.then(|| Tls {
                certificates: CertificateSource::Made {
                    because: "there is no /etc/pki/qemu/server-cert.pem".to_owned(),
                },
                verifies_clients: true,
                priority: None,
            }),
            far,
            memory: Memory::Anonymous,
            shape: ShapeUsed::plain(),
            not_alike: Vec::new(),
            nova: NovaChoice::Not(String::new()),
        },
        versions: None,
        ready_after: 0.1,
        trials,
        cuts: Vec::new(),
        cost: None,
        seconds: 4.0,
        left: None,
    }
}
